"""The rules for ECS Exec: whether a session can be opened, and whether it is logged.

Requirements: docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from aws.client import Json, items, part
from release.task import EXEC_AGENT
from story.doctor.context import short_id
from story.doctor.finding import Finding, Severity, ok, unknown
from story.doctor.permissions import Allowed, RolePermissions
from story.live_stack import APP

EXEC = "exec"
AGENT_STARTS_WITHIN = timedelta(minutes=3)
"""Time after the start of a task until its agent has to run."""
CHANNELS = (
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
)
LOG_PERMISSIONS = ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
NO_SHELL = "`story exec` cannot open a shell"
UP = "run `pulumi up --stack {stack}` to restore the settings of the program"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """How the cluster encrypts and logs sessions.

    Attributes:
        logging: `NONE`, `DEFAULT` or `OVERRIDE`; "" if ECS does not return it.
        key: Key that encrypts them; "" for none.
        log_group: Log group; "" for none.
        log_is_encrypted: Whether the cluster requires an encrypted log group.
    """

    logging: str
    key: str
    log_group: str
    log_is_encrypted: bool


def sessions_of(cluster: Json) -> Sessions:
    """How a cluster encrypts and logs sessions, from DescribeClusters with CONFIGURATIONS."""
    configuration = part(part(cluster, "configuration"), "executeCommandConfiguration")
    log = part(configuration, "logConfiguration")
    return Sessions(
        logging=str(configuration.get("logging", "")),
        key=str(configuration.get("kmsKeyId", "")),
        log_group=str(log.get("cloudWatchLogGroupName", "")),
        log_is_encrypted=bool(log.get("cloudWatchEncryptionEnabled")),
    )


def evaluate_service(name: str, service: Json, stack: str) -> Finding:
    """Whether new tasks of a service have ECS Exec."""
    if service.get("enableExecuteCommand"):
        return ok(EXEC, name, "new tasks have ECS Exec")
    return Finding(
        area=EXEC,
        subject=name,
        severity=Severity.WARNING,
        what="ECS Exec is off for this service, although it is on for the stack",
        why=f"{NO_SHELL} in its tasks",
        fix=UP.format(stack=stack),
    )


def evaluate_tasks(name: str, tasks: Sequence[Json], now: datetime, cluster: str) -> list[Finding]:
    """Whether the agent is running in each running task. It is unknown for tasks whose agents ECS does not list.

    Args:
        name: The service.
        tasks: Tasks whose desired status is RUNNING.
        now: The current time.
        cluster: Name of the cluster.
    """
    running = [task for task in tasks if task.get("lastStatus") == "RUNNING"]
    if not running:
        return [unknown(EXEC, name, "the agents: no task is running")]
    found: list[Finding] = []
    without = [task for task in running if task.get("enableExecuteCommand") is False]
    unlisted = [task for task in running if task not in without and not _agents(task)]
    listed = [task for task in running if task not in unlisted and task not in without]
    if unlisted:
        found.append(
            unknown(EXEC, name, f"the agents of {len(unlisted)} of {len(running)} tasks: ECS does not list them")
        )
    if without:
        found.append(
            Finding(
                area=EXEC,
                subject=name,
                severity=Severity.WARNING,
                what=f"{len(without)} of {len(running)} tasks are running without ECS Exec: {_ids(without)}",
                why=f"{NO_SHELL} in them: they were started before ECS Exec was turned on",
                fix=f"`aws ecs update-service --cluster {cluster} --service {name} --force-new-deployment`",
            )
        )
    stopped = [task for task in listed if not _agent_runs(task) and not _is_young(task, now)]
    if stopped:
        found.append(
            Finding(
                area=EXEC,
                subject=name,
                severity=Severity.WARNING,
                what=f"the agent is not running in {len(stopped)} of {len(running)} tasks: {_agent_states(stopped)}",
                why=f"{NO_SHELL} in them; ECS does not restart the agent of a task",
                fix=f"`aws ecs stop-task --cluster {cluster} --task <id>`; the service then starts a new task",
            )
        )
    elif listed:
        starting = sum(not _agent_runs(task) for task in listed)
        young = f", starting in {starting}" if starting else ""
        count = len(listed) - starting
        found.append(ok(EXEC, name, f"agents are running in {count} {'task' if count == 1 else 'tasks'}{young}"))
    return found


def evaluate_permissions(
    name: str, permissions: RolePermissions, sessions: Sessions, log_group_arn: str, key_arn: str
) -> list[Finding]:
    """Whether the task role has the permissions for a logged, encrypted session.

    Args:
        name: The service.
        permissions: Those of its task role.
        sessions: How the cluster encrypts and logs sessions.
        log_group_arn: ARN of the log group, without `:*`; "" if sessions are not logged.
        key_arn: ARN of the key; "" for none.
    """
    stream = f"{log_group_arn}:log-stream:session"
    needed: list[tuple[str, str]] = [(action, "*") for action in CHANNELS]
    if sessions.logging == "OVERRIDE" and log_group_arn:
        needed += [("logs:DescribeLogGroups", "*"), *((action, stream) for action in LOG_PERMISSIONS)]
    if key_arn:
        needed.append(("kms:Decrypt", key_arn))
    answers = {action: permissions.evaluate(action, resource) for action, resource in needed}
    missing = [action for action, answer in answers.items() if answer is Allowed.NO]
    undecided = [action for action, answer in answers.items() if answer is Allowed.UNKNOWN]
    found: list[Finding] = []
    if missing:
        found.append(
            Finding(
                area=EXEC,
                subject=name,
                severity=Severity.WARNING,
                what=f"the task role {permissions.role} is not allowed to call {', '.join(missing)}",
                why=f"{NO_SHELL} in its tasks, or the session is not logged",
                fix="run `pulumi up` to restore the role's policy; the permissions boundary must allow the same",
            )
        )
    if undecided:
        found.append(
            unknown(EXEC, name, f"{', '.join(undecided)} of the role {permissions.role}: it depends on a condition")
        )
    return found or [ok(EXEC, name, f"the task role has all {len(needed)} permissions that a session needs")]


def evaluate_key(key_id: str, key: Json) -> Finding:
    """Whether the key that encrypts sessions, logs and secrets is enabled."""
    state = str(key.get("KeyState", ""))
    if key.get("Enabled"):
        return ok(EXEC, "", f"the key for sessions is enabled ({key_id})")
    is_scheduled = state == "PendingDeletion"
    fix = "`aws kms cancel-key-deletion` and `aws kms enable-key`" if is_scheduled else "`aws kms enable-key`"
    return Finding(
        area=EXEC,
        severity=Severity.ERROR,
        what=f"the stack's key is {state or 'not enabled'}",
        why="sessions cannot be opened, tasks cannot read secrets, and encrypted log groups take no events",
        fix=f"{fix} --key-id {key_id}",
    )


def evaluate_cluster_key(sessions: Sessions, key_arn: str, stack: str) -> Finding:
    """Whether the cluster uses the stack's key, the only one that the task roles may use."""
    if sessions.key and sessions.key == key_arn:
        return ok(EXEC, "", "the cluster encrypts sessions with the stack's key")
    used = f"with {sessions.key}, not with the stack's key {key_arn}" if sessions.key else "without the stack's key"
    return Finding(
        area=EXEC,
        severity=Severity.WARNING,
        what=f"the cluster encrypts sessions {used}",
        why="the task roles may use only the stack's key, so sessions cannot be opened",
        fix=UP.format(stack=stack),
    )


def evaluate_log(sessions: Sessions, groups: Sequence[Json], stack: str) -> Finding:
    """Whether sessions are logged in a group that is encrypted and has a retention period.

    Args:
        sessions: How the cluster encrypts and logs sessions.
        groups: The log groups whose names begin with the name of the group.
        stack: Name of the stack.
    """
    if sessions.logging != "OVERRIDE" or not sessions.log_group:
        return _log_problem(f"sessions are not logged (logging is {sessions.logging or 'not set'})", stack)
    if not sessions.log_is_encrypted:
        return _log_problem("the cluster does not require encrypted session logs (cloudWatchEncryptionEnabled)", stack)
    group = {str(one.get("logGroupName")): one for one in groups}.get(sessions.log_group)
    if group is None:
        return _log_problem(f"the log group for sessions does not exist: {sessions.log_group}", stack)
    if not group.get("kmsKeyId"):
        return _log_problem(f"{sessions.log_group} is not encrypted with a KMS key", stack)
    if not group.get("retentionInDays"):
        return _log_problem(f"{sessions.log_group} has no retention period", stack)
    return ok(EXEC, "", f"sessions are logged in {sessions.log_group}, encrypted, for {group['retentionInDays']} days")


def evaluate_plugin(version: str | None) -> Finding:
    """Whether this machine can open a session.

    Args:
        version: Version of session-manager-plugin; None if it is not installed.
    """
    if version is not None:
        return ok(EXEC, "", f"session-manager-plugin {version or 'of unknown version'} is installed here")
    return Finding(
        area=EXEC,
        severity=Severity.NOTE,
        what="session-manager-plugin is not installed on this machine",
        why=f"{NO_SHELL} from this machine",
        fix="install it: "
        "docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html",
    )


def evaluate_route(subnets: Mapping[str, str], endpoint_state: str) -> list[Finding]:
    """Whether tasks can reach ssmmessages, through an interface endpoint or a NAT gateway.

    Args:
        subnets: Target of the default route by subnet: `nat-...`, `blackhole`, `igw-...`; "" for no such route.
        endpoint_state: State of the VPC's interface endpoint with private DNS; "" if there is none.
    """
    if endpoint_state == "available":
        return [ok(EXEC, "", "tasks can reach ssmmessages through the VPC's endpoint")]
    closed = sorted(subnet for subnet, target in subnets.items() if target in ("", "blackhole"))
    public = sorted(subnet for subnet, target in subnets.items() if target.startswith("igw-"))
    other = sorted(
        subnet for subnet in subnets if subnet not in (*closed, *public) and not subnets[subnet].startswith("nat-")
    )
    found = [
        Finding(
            area=EXEC,
            severity=Severity.WARNING,
            what=f"no route from {', '.join(where)} to ssmmessages: {problem}",
            why=f"{NO_SHELL} in tasks there",
            fix="set network.nat, or add `ssmmessages` to network.endpoints in the stack file; then run `pulumi up`",
        )
        for where, problem in (
            (closed, "there is no working default route"),
            (public, "the default route is an internet gateway, and tasks have no public addresses"),
        )
        if where
    ]
    if other:
        found.append(
            unknown(EXEC, "", f"the route from {', '.join(other)} to ssmmessages: it depends on {subnets[other[0]]}")
        )
    return found or [ok(EXEC, "", "tasks can reach ssmmessages through a NAT gateway")]


def _log_problem(what: str, stack: str) -> Finding:
    return Finding(
        area=EXEC,
        severity=Severity.WARNING,
        what=what,
        why="the log of what was done in a shell is missing, readable by others, or kept without limit",
        fix=UP.format(stack=stack),
    )


def _agents(task: Json) -> list[str]:
    """The status of the agent in the application container; in every container if no one has that name."""
    containers = items(task, "containers")
    own = [one for one in containers if one.get("name") == APP] or containers
    return [
        str(agent.get("lastStatus", ""))
        for container in own
        for agent in items(container, "managedAgents")
        if agent.get("name") == EXEC_AGENT
    ]


def _agent_runs(task: Json) -> bool:
    return "RUNNING" in _agents(task)


def _is_young(task: Json, now: datetime) -> bool:
    began = cast(Any, task.get("startedAt") or task.get("createdAt"))
    return began is not None and now - began < AGENT_STARTS_WITHIN


def _agent_states(tasks: Sequence[Json]) -> str:
    return ", ".join(f"{short_id(task)} {'/'.join(sorted(set(_agents(task))))}" for task in tasks[:5])


def _ids(tasks: Sequence[Json]) -> str:
    return ", ".join(map(short_id, tasks[:5])) + (" ..." if len(tasks) > 5 else "")

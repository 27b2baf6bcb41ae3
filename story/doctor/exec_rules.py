"""The rules for ECS Exec: whether a shell in a task opens, and whether its record is kept.

What it needs: docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
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
"""So long a young task may be without its agent before it is worth a word."""
CHANNELS = (
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
)
LOG_PERMISSIONS = ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
NO_SHELL = "`story exec` opens no shell"
UP = "`pulumi up --stack {stack}` puts back what the program says"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """How the cluster says that shell sessions are encrypted and recorded.

    Attributes:
        logging: `NONE`, `DEFAULT` or `OVERRIDE`; "" if ECS does not tell.
        key: Key that encrypts them; "" for none.
        log_group: Where they are recorded; "" for nowhere.
        log_is_encrypted: The cluster demands a log group with a key of its own.
    """

    logging: str
    key: str
    log_group: str
    log_is_encrypted: bool


def sessions_of(cluster: Json) -> Sessions:
    """How a cluster treats shell sessions, as DescribeClusters tells it with CONFIGURATIONS."""
    told = part(part(cluster, "configuration"), "executeCommandConfiguration")
    log = part(told, "logConfiguration")
    return Sessions(
        logging=str(told.get("logging", "")),
        key=str(told.get("kmsKeyId", "")),
        log_group=str(log.get("cloudWatchLogGroupName", "")),
        log_is_encrypted=bool(log.get("cloudWatchEncryptionEnabled")),
    )


def evaluate_service(name: str, service: Json, stack: str) -> Finding:
    """Whether new tasks of a service come with Exec."""
    if service.get("enableExecuteCommand"):
        return ok(EXEC, name, "new tasks come with ECS Exec")
    return Finding(
        area=EXEC,
        subject=name,
        severity=Severity.WARNING,
        what="ECS Exec is off for this service, although it is on for the stack",
        why=f"{NO_SHELL} in its tasks",
        fix=UP.format(stack=stack),
    )


def evaluate_tasks(name: str, tasks: Sequence[Json], now: datetime, cluster: str) -> list[Finding]:
    """Whether the agent runs in each running task. Without an answer about agents nothing can be said.

    Args:
        name: The service.
        tasks: Those that should run.
        now: The time that counts as now.
        cluster: Name of the cluster.
    """
    running = [task for task in tasks if task.get("lastStatus") == "RUNNING"]
    if not running:
        return [unknown(EXEC, name, "the agents: no task runs")]
    found: list[Finding] = []
    without = [task for task in running if task.get("enableExecuteCommand") is False]
    silent = [task for task in running if task not in without and not _agents(task)]
    told = [task for task in running if task not in silent and task not in without]
    if silent:
        found.append(
            unknown(EXEC, name, f"the agents of {len(silent)} of {len(running)} tasks: ECS does not list them")
        )
    if without:
        found.append(
            Finding(
                area=EXEC,
                subject=name,
                severity=Severity.WARNING,
                what=f"{len(without)} of {len(running)} tasks run without ECS Exec: {_ids(without)}",
                why=f"{NO_SHELL} in them: they started before Exec was on",
                fix=f"`aws ecs update-service --cluster {cluster} --service {name} --force-new-deployment`",
            )
        )
    stopped = [task for task in told if not _agent_runs(task) and not _is_young(task, now)]
    if stopped:
        found.append(
            Finding(
                area=EXEC,
                subject=name,
                severity=Severity.WARNING,
                what=f"the agent does not run in {len(stopped)} of {len(running)} tasks: {_agents_told(stopped)}",
                why=f"{NO_SHELL} in them; the agent is not started again within a task",
                fix=f"`aws ecs stop-task --cluster {cluster} --task <id>`: the service starts another one",
            )
        )
    elif told:
        starting = sum(not _agent_runs(task) for task in told)
        young = f", start in {starting}" if starting else ""
        count = len(told) - starting
        found.append(ok(EXEC, name, f"agents run in {count} {'task' if count == 1 else 'tasks'}{young}"))
    return found


def evaluate_permissions(
    name: str, permissions: RolePermissions, sessions: Sessions, log_group_arn: str, key_arn: str
) -> list[Finding]:
    """Whether the task role may do what a recorded, encrypted session needs.

    Args:
        name: The service.
        permissions: Of its task role.
        sessions: What the cluster demands.
        log_group_arn: ARN of the record's log group, without `:*`; "" if nothing is recorded.
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
                what=f"the task role {permissions.role} may not {', '.join(missing)}",
                why=f"{NO_SHELL} in its tasks, or keeps no record of it",
                fix="`pulumi up` puts the role's policy back; a permissions boundary must allow the same",
            )
        )
    if undecided:
        found.append(
            unknown(EXEC, name, f"{', '.join(undecided)} of the role {permissions.role}: it hangs on a condition")
        )
    return found or [ok(EXEC, name, f"the task role may do all {len(needed)} things that a session needs")]


def evaluate_key(key_id: str, key: Json) -> Finding:
    """Whether the key that encrypts sessions, logs and secrets works."""
    state = str(key.get("KeyState", ""))
    if key.get("Enabled"):
        return ok(EXEC, "", f"the key of the sessions is enabled ({key_id})")
    dying = state == "PendingDeletion"
    fix = "`aws kms cancel-key-deletion` and `aws kms enable-key`" if dying else "`aws kms enable-key`"
    return Finding(
        area=EXEC,
        severity=Severity.ERROR,
        what=f"the stack's key is {state or 'not enabled'}",
        why="no session opens, no task reads its secrets, and no log line is written that it encrypts",
        fix=f"{fix} --key-id {key_id}",
    )


def evaluate_sides(sessions: Sessions, key_arn: str, stack: str) -> Finding:
    """Whether the cluster names the key that the task roles may use, which is the stack's."""
    if sessions.key and sessions.key == key_arn:
        return ok(EXEC, "", "the cluster encrypts sessions with the stack's key")
    told = f"with {sessions.key}, not with the stack's key {key_arn}" if sessions.key else "with no key of the stack"
    return Finding(
        area=EXEC,
        severity=Severity.WARNING,
        what=f"the cluster encrypts sessions {told}",
        why="a task role may decrypt with the stack's key alone, so that no session opens",
        fix=UP.format(stack=stack),
    )


def evaluate_record(sessions: Sessions, groups: Sequence[Json], stack: str) -> Finding:
    """Whether sessions are recorded in a group that is encrypted and forgets.

    Args:
        sessions: What the cluster says.
        groups: What CloudWatch Logs lists under the name of the group.
        stack: Name of the stack.
    """
    if sessions.logging != "OVERRIDE" or not sessions.log_group:
        return _record(f"shell sessions are not recorded (logging is {sessions.logging or 'not set'})", stack)
    group = {str(one.get("logGroupName")): one for one in groups}.get(sessions.log_group)
    if group is None:
        return _record(f"the log group of the sessions does not exist: {sessions.log_group}", stack)
    if not group.get("kmsKeyId"):
        return _record(f"{sessions.log_group} is not encrypted with a key", stack)
    if not group.get("retentionInDays"):
        return _record(f"{sessions.log_group} keeps its records for ever", stack)
    return ok(
        EXEC, "", f"sessions are recorded in {sessions.log_group}, encrypted, for {group['retentionInDays']} days"
    )


def evaluate_plugin(version: str | None) -> Finding:
    """Whether this machine can open a session.

    Args:
        version: Of session-manager-plugin; None if it is not installed.
    """
    if version is not None:
        return ok(EXEC, "", f"session-manager-plugin {version or 'of unknown version'} is installed here")
    return Finding(
        area=EXEC,
        severity=Severity.NOTE,
        what="session-manager-plugin is not installed on this machine",
        why=f"{NO_SHELL} from here; elsewhere it may",
        fix="docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html",
    )


def evaluate_way_out(subnets: Mapping[str, str], endpoint_state: str) -> list[Finding]:
    """Whether tasks reach ssmmessages, through an interface endpoint or a route to the internet.

    Args:
        subnets: Target of the default route by subnet: `nat-...`, `blackhole`, `igw-...`; "" for no such route.
        endpoint_state: Of the VPC's interface endpoint with private DNS; "" if there is none.
    """
    if endpoint_state == "available":
        return [ok(EXEC, "", "tasks reach ssmmessages through the VPC's endpoint")]
    closed = sorted(subnet for subnet, target in subnets.items() if target in ("", "blackhole"))
    public = sorted(subnet for subnet, target in subnets.items() if target.startswith("igw-"))
    other = sorted(
        subnet for subnet in subnets if subnet not in (*closed, *public) and not subnets[subnet].startswith("nat-")
    )
    found = [
        Finding(
            area=EXEC,
            severity=Severity.WARNING,
            what=f"no way from {', '.join(where)} to ssmmessages: the default route {told}",
            why=f"{NO_SHELL} in tasks there",
            fix="network.nat, or `ssmmessages` among network.endpoints, in the stack's file; then `pulumi up`",
        )
        for where, told in ((closed, "leads nowhere"), (public, "is for public addresses, which tasks do not have"))
        if where
    ]
    if other:
        found.append(unknown(EXEC, "", f"the way from {', '.join(other)} to ssmmessages: {subnets[other[0]]} decides"))
    return found or [ok(EXEC, "", "tasks reach ssmmessages through a NAT gateway")]


def _record(what: str, stack: str) -> Finding:
    return Finding(
        area=EXEC,
        severity=Severity.WARNING,
        what=what,
        why="nobody can see later who did what in a shell, or others can read it",
        fix=UP.format(stack=stack),
    )


def _agents(task: Json) -> list[str]:
    """The status of the Exec agent in the application's container, or in every one where none is called so."""
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


def _agents_told(tasks: Sequence[Json]) -> str:
    return ", ".join(f"{short_id(task)} {'/'.join(sorted(set(_agents(task))))}" for task in tasks[:5])


def _ids(tasks: Sequence[Json]) -> str:
    return ", ".join(map(short_id, tasks[:5])) + (" ..." if len(tasks) > 5 else "")

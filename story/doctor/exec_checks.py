"""The checks of ECS Exec: the cluster, the roles, the route to Session Manager, and this machine."""

import shutil
import subprocess
from collections.abc import Iterator, Sequence

from aws.client import Json, items, part
from settings.partition import interface_endpoint_service
from story.doctor import exec_rules as rules
from story.doctor.context import DoctorContext
from story.doctor.finding import CannotCheckError, Finding, Severity, ok, unknown
from story.doctor.permissions import permissions_of
from story.doctor.routes import default_target, tables_of

PLUGIN = "session-manager-plugin"
PLUGIN_SECONDS = 10


def is_on(context: DoctorContext) -> bool:
    """Whether ECS Exec is on for the stack: only then it has a log group for it."""
    return bool(context.output("execLogGroup"))


def check_stack(context: DoctorContext) -> Iterator[Finding]:
    """Whether ECS Exec is on for the stack."""
    if is_on(context):
        yield ok(rules.EXEC, "", "ECS Exec is on for the stack")
        return
    yield Finding(
        area=rules.EXEC,
        severity=Severity.NOTE,
        what="ECS Exec is off for the stack",
        why=rules.NO_SHELL,
        fix="set cluster.exec: true in the stack file, then run `pulumi up`",
    )


def check_service(context: DoctorContext, name: str) -> Iterator[Finding]:
    """Whether new tasks of a service have ECS Exec."""
    yield rules.evaluate_service(name, context.service(name), context.live.location.stack)


def check_tasks(context: DoctorContext, name: str) -> Iterator[Finding]:
    """Whether the agents are running."""
    if context.service(name).get("desiredCount"):
        yield from rules.evaluate_tasks(name, context.tasks(name), context.now, context.cluster)


def check_permissions(context: DoctorContext, name: str) -> Iterator[Finding]:
    """Whether the task role has the permissions for a session."""
    role = str(context.definition_of(name).get("taskRoleArn") or "")
    if not role:
        raise CannotCheckError("the task definition names no task role")
    sessions = rules.sessions_of(_cluster(context))
    group, key = _log_group_arn(context, sessions.log_group), context.output("key")
    yield from rules.evaluate_permissions(name, permissions_of(context.aws, role), sessions, group, key)


def check_route(context: DoctorContext) -> Iterator[Finding]:
    """Whether the tasks' subnets have a route to Session Manager."""
    subnets = context.subnets()
    vpc = str(next(iter(subnets.values()))["VpcId"])
    targets = {subnet: default_target(table) for subnet, table in tables_of(context, vpc, sorted(subnets)).items()}
    yield from rules.evaluate_route(targets, _endpoint_state(context, vpc))


def check_key(context: DoctorContext) -> Iterator[Finding]:
    """Whether the key is enabled, and used by the cluster."""
    key = context.output("key")
    if not key:
        raise CannotCheckError("the stack has no output key; the next `pulumi up` adds it")
    yield rules.evaluate_cluster_key(rules.sessions_of(_cluster(context)), key, context.live.location.stack)
    yield rules.evaluate_key(key, part(context.aws.call("kms", "describe_key", KeyId=key), "KeyMetadata"))


def check_log(context: DoctorContext) -> Iterator[Finding]:
    """Whether sessions are recorded."""
    sessions = rules.sessions_of(_cluster(context))
    group = sessions.log_group
    groups = _groups(context, group) if group else ()
    yield rules.evaluate_log(sessions, groups, context.live.location.stack)


def check_plugin(_context: DoctorContext) -> Iterator[Finding]:
    """Whether this machine can open a session."""
    program = shutil.which(PLUGIN)
    if program is None:
        yield rules.evaluate_plugin(None)
        return
    try:
        finished = subprocess.run(
            [program, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PLUGIN_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        yield unknown(rules.EXEC, "", f"{PLUGIN}: {' '.join(str(error).split())}")
        return
    yield rules.evaluate_plugin(finished.stdout.strip())


def _cluster(context: DoctorContext) -> Json:
    response = context.aws.call("ecs", "describe_clusters", clusters=[context.cluster], include=["CONFIGURATIONS"])
    found = items(response, "clusters")
    if not found:
        raise CannotCheckError(f"the cluster {context.cluster} does not exist")
    return found[0]


def _groups(context: DoctorContext, name: str) -> Sequence[Json]:
    return context.aws.paginate("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name)


def _log_group_arn(context: DoctorContext, name: str) -> str:
    """ARN of a log group, without `:*` at its end; "" if it does not exist."""
    if not name:
        return ""
    arns = {str(one.get("logGroupName")): str(one.get("arn", "")) for one in _groups(context, name)}
    return arns.get(name, "").removesuffix(":*")


def _endpoint_state(context: DoctorContext, vpc: str) -> str:
    """State of the VPC's endpoint for ssmmessages with private DNS; "" if there is none."""
    found = context.aws.paginate(
        "ec2",
        "describe_vpc_endpoints",
        "VpcEndpoints",
        Filters=[
            {"Name": "vpc-id", "Values": [vpc]},
            {"Name": "service-name", "Values": [interface_endpoint_service(context.region, "ssmmessages")]},
        ],
    )
    return next((str(one.get("State", "")).lower() for one in found if one.get("PrivateDnsEnabled")), "")

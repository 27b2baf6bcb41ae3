"""ECS Exec, looked at: the cluster, the roles, the way to Session Manager, and this machine."""

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
    """Whether the stack has ECS Exec: then it has a log group for it."""
    return bool(context.output("execLogGroup"))


def check_stack(context: DoctorContext) -> Iterator[Finding]:
    """Whether the stack has ECS Exec at all."""
    if is_on(context):
        yield ok(rules.EXEC, "", "ECS Exec is on for the stack")
        return
    yield Finding(
        area=rules.EXEC,
        severity=Severity.NOTE,
        what="ECS Exec is off for the stack",
        why=rules.NO_SHELL,
        fix="cluster.exec: true in the stack's file, then `pulumi up`",
    )


def check_service(context: DoctorContext, name: str) -> Iterator[Finding]:
    """Whether new tasks of a service come with Exec."""
    yield rules.evaluate_service(name, context.service(name), context.live.place.stack)


def check_tasks(context: DoctorContext, name: str) -> Iterator[Finding]:
    """Whether the agents run."""
    if context.service(name).get("desiredCount"):
        yield from rules.evaluate_tasks(name, context.tasks(name), context.now, context.cluster)


def check_permissions(context: DoctorContext, name: str) -> Iterator[Finding]:
    """Whether the task role may do what a session needs."""
    role = str(context.definition_of(name).get("taskRoleArn") or "")
    if not role:
        raise CannotCheckError("the task definition names no task role")
    sessions = rules.sessions_of(_cluster(context))
    group, key = _log_group_arn(context, sessions.log_group), context.output("key")
    yield from rules.evaluate_permissions(name, permissions_of(context.aws, role), sessions, group, key)


def check_way_out(context: DoctorContext) -> Iterator[Finding]:
    """Whether the subnets of the tasks lead to Session Manager."""
    subnets = context.subnets()
    vpc = str(next(iter(subnets.values()))["VpcId"])
    targets = {subnet: default_target(table) for subnet, table in tables_of(context, vpc, sorted(subnets)).items()}
    yield from rules.evaluate_way_out(targets, _endpoint_state(context, vpc))


def check_key(context: DoctorContext) -> Iterator[Finding]:
    """Whether the key works, and the cluster names it."""
    key = context.output("key")
    if not key:
        raise CannotCheckError("the stack has no output key; the next `pulumi up` brings it")
    yield rules.evaluate_sides(rules.sessions_of(_cluster(context)), key, context.live.place.stack)
    yield rules.evaluate_key(key, part(context.aws.call("kms", "describe_key", KeyId=key), "KeyMetadata"))


def check_record(context: DoctorContext) -> Iterator[Finding]:
    """Whether sessions are recorded."""
    sessions = rules.sessions_of(_cluster(context))
    group = sessions.log_group
    groups = _groups(context, group) if group else ()
    yield rules.evaluate_record(sessions, groups, context.live.place.stack)


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
    answer = context.aws.call("ecs", "describe_clusters", clusters=[context.cluster], include=["CONFIGURATIONS"])
    found = items(answer, "clusters")
    if not found:
        raise CannotCheckError(f"there is no cluster {context.cluster}")
    return found[0]


def _groups(context: DoctorContext, name: str) -> Sequence[Json]:
    return context.aws.paginate("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name)


def _log_group_arn(context: DoctorContext, name: str) -> str:
    """ARN of a log group, without `:*` at its end; "" if there is none."""
    if not name:
        return ""
    arns = {str(one.get("logGroupName")): str(one.get("arn", "")) for one in _groups(context, name)}
    return arns.get(name, "").removesuffix(":*")


def _endpoint_state(context: DoctorContext, vpc: str) -> str:
    """State of the endpoint whose private DNS name every subnet of the VPC resolves."""
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

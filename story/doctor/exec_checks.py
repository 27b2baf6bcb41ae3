"""ECS Exec, looked at: the cluster, the roles, the way to Session Manager, and this machine."""

import shutil
import subprocess
from collections.abc import Iterator, Sequence

from aws.client import Json, items, part
from settings.partition import interface_endpoint_service
from story.doctor import exec_rules as rules
from story.doctor.finding import CannotCheckError, Finding, Severity, ok, unknown
from story.doctor.patient import Patient
from story.doctor.rights import rights_of
from story.doctor.routes import default_target, tables_of

PLUGIN = "session-manager-plugin"
PLUGIN_SECONDS = 10


def is_on(patient: Patient) -> bool:
    """Whether the stack has ECS Exec: then it has a log group for it."""
    return bool(patient.output("execLogGroup"))


def look_at_stack(patient: Patient) -> Iterator[Finding]:
    """Whether the stack has ECS Exec at all."""
    if is_on(patient):
        yield ok(rules.EXEC, "", "ECS Exec is on for the stack")
        return
    yield Finding(
        area=rules.EXEC,
        severity=Severity.NOTE,
        what="ECS Exec is off for the stack",
        why=rules.NO_SHELL,
        cure="cluster.exec: true in the stack's file, then `pulumi up`",
    )


def look_at_service(patient: Patient, name: str) -> Iterator[Finding]:
    """Whether new tasks of a service come with Exec."""
    yield rules.judge_service(name, patient.service(name), patient.live.location.stack)


def look_at_tasks(patient: Patient, name: str) -> Iterator[Finding]:
    """Whether the agents run."""
    if patient.service(name).get("desiredCount"):
        yield from rules.judge_tasks(name, patient.tasks(name), patient.now, patient.cluster)


def look_at_rights(patient: Patient, name: str) -> Iterator[Finding]:
    """Whether the task role may do what a session needs."""
    role = str(patient.definition_of(name).get("taskRoleArn") or "")
    if not role:
        raise CannotCheckError("the task definition names no task role")
    sessions = rules.sessions_of(_cluster(patient))
    group, key = _log_group_arn(patient, sessions.log_group), patient.output("key")
    yield from rules.judge_rights(name, rights_of(patient.asking, role), sessions, group, key)


def look_at_way_out(patient: Patient) -> Iterator[Finding]:
    """Whether the subnets of the tasks lead to Session Manager."""
    subnets = patient.subnets()
    vpc = str(next(iter(subnets.values()))["VpcId"])
    targets = {subnet: default_target(table) for subnet, table in tables_of(patient, vpc, sorted(subnets)).items()}
    yield from rules.judge_way_out(targets, _endpoint_state(patient, vpc))


def look_at_key(patient: Patient) -> Iterator[Finding]:
    """Whether the key works, and the cluster names it."""
    key = patient.output("key")
    if not key:
        raise CannotCheckError("the stack has no output key; the next `pulumi up` brings it")
    yield rules.judge_sides(rules.sessions_of(_cluster(patient)), key, patient.live.location.stack)
    yield rules.judge_key(key, part(patient.asking.call("kms", "describe_key", KeyId=key), "KeyMetadata"))


def look_at_record(patient: Patient) -> Iterator[Finding]:
    """Whether sessions are recorded."""
    sessions = rules.sessions_of(_cluster(patient))
    group = sessions.log_group
    groups = _groups(patient, group) if group else ()
    yield rules.judge_record(sessions, groups, patient.live.location.stack)


def look_at_plugin(_patient: Patient) -> Iterator[Finding]:
    """Whether this machine can open a session."""
    program = shutil.which(PLUGIN)
    if program is None:
        yield rules.judge_plugin(None)
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
    yield rules.judge_plugin(finished.stdout.strip())


def _cluster(patient: Patient) -> Json:
    answer = patient.asking.call("ecs", "describe_clusters", clusters=[patient.cluster], include=["CONFIGURATIONS"])
    found = items(answer, "clusters")
    if not found:
        raise CannotCheckError(f"there is no cluster {patient.cluster}")
    return found[0]


def _groups(patient: Patient, name: str) -> Sequence[Json]:
    return patient.asking.paginate("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name)


def _log_group_arn(patient: Patient, name: str) -> str:
    """ARN of a log group, without `:*` at its end; "" if there is none."""
    if not name:
        return ""
    arns = {str(one.get("logGroupName")): str(one.get("arn", "")) for one in _groups(patient, name)}
    return arns.get(name, "").removesuffix(":*")


def _endpoint_state(patient: Patient, vpc: str) -> str:
    """State of the endpoint whose private DNS name every subnet of the VPC resolves."""
    found = patient.asking.paginate(
        "ec2",
        "describe_vpc_endpoints",
        "VpcEndpoints",
        Filters=[
            {"Name": "vpc-id", "Values": [vpc]},
            {"Name": "service-name", "Values": [interface_endpoint_service(patient.region, "ssmmessages")]},
        ],
    )
    return next((str(one.get("State", "")).lower() for one in found if one.get("PrivateDnsEnabled")), "")

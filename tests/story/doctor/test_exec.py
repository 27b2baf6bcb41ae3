"""`story doctor`: what keeps a shell from opening, or its record from being kept."""

import subprocess
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from story.doctor.finding import Finding, Severity
from story.doctor.permissions import Allowed, RolePermissions, evaluate_policies
from tests.story.doctor.healthy import (
    ACCOUNT,
    CLUSTER,
    EXEC_GROUP,
    KEY,
    NOW,
    PERMISSIONS,
    S3_ENDPOINT,
    S3_ROUTE,
    World,
    healthy,
    task,
)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return healthy(monkeypatch)


def agent(status: str, **changes: Any) -> dict[str, Any]:
    """A task of web whose agent has this status."""
    agents = [{"name": "ExecuteCommandAgent", "lastStatus": status}]
    return task("web", 0, containers=[{"name": "app", "managedAgents": agents}], **changes)


def sessions(world: World, **changes: Any) -> None:
    """Changes how the cluster treats sessions."""
    answer = deepcopy(world.said["ecs", "describe_clusters"])
    answer["clusters"][0]["configuration"]["executeCommandConfiguration"] |= changes
    world.said["ecs", "describe_clusters"] = answer


def main_route(world: World, route: dict[str, str]) -> None:
    table = {"Associations": [{"Main": True}], "Routes": [route, S3_ROUTE]}
    world.said["ec2", "describe_route_tables"] = {"RouteTables": [table]}


def is_warning(finding: Finding, what: str) -> None:
    assert (finding.area, finding.severity) == ("exec", Severity.WARNING)
    assert what in finding.what


def test_a_stack_without_exec_is_a_note_and_nothing_more_is_asked(world: World) -> None:
    del world.outputs["execLogGroup"]
    world.services["web"]["enableExecuteCommand"] = False
    world.running["web"] = [agent("STOPPED"), *world.running["web"][1:]]
    assert world.wrong() == []
    assert "ECS Exec is off for the stack" in [one.what for one in world.findings() if one.severity is Severity.NOTE]


def test_a_service_with_exec_disabled_is_found(world: World) -> None:
    world.services["web"]["enableExecuteCommand"] = False
    is_warning(world.one(), "ECS Exec is off for this service")


def test_a_task_that_started_before_exec_was_on_is_found(world: World) -> None:
    world.running["web"][0] = task("web", 0, enableExecuteCommand=False)
    is_warning(world.one(), "1 of 3 tasks are running without ECS Exec: web00000")
    assert f"--cluster {CLUSTER} --service web --force-new-deployment" in world.one().fix


def test_an_agent_that_stopped_is_found_with_its_task(world: World) -> None:
    world.running["web"][0] = agent("STOPPED")
    is_warning(world.one(), "the agent is not running in 1 of 3 tasks: web00000 STOPPED")


def test_an_agent_of_a_young_task_may_still_start(world: World) -> None:
    world.running["web"][0] = agent("PENDING", startedAt=NOW - timedelta(minutes=1))
    assert world.wrong() == []
    world.running["web"][0] = agent("PENDING", startedAt=NOW - timedelta(minutes=9))
    is_warning(world.one(), "web00000 PENDING")


def test_a_side_container_that_ended_does_not_count(world: World) -> None:
    one = agent("RUNNING")
    one["containers"].append({"name": "log-router", "managedAgents": [{"name": "ExecuteCommandAgent"}]})
    world.running["web"][0] = one
    assert world.wrong() == []
    other = agent("STOPPED")
    running = [{"name": "ExecuteCommandAgent", "lastStatus": "RUNNING"}]
    other["containers"].append({"name": "log-router", "managedAgents": running})
    world.running["web"][0] = other
    is_warning(world.one(), "web00000 STOPPED")


def test_no_task_running_is_said_once_and_its_agents_are_unknown(world: World) -> None:
    world.running["scheduler"] = []
    world.services["scheduler"]["runningCount"] = 0
    found = {(one.area, one.severity) for one in world.wrong()}
    assert found == {("drift", Severity.ERROR), ("exec", Severity.UNKNOWN)}


def test_agents_that_ecs_does_not_list_are_unknown(world: World) -> None:
    world.running["web"][0] = task("web", 0, containers=[{"name": "app"}])
    finding = world.one()
    assert (finding.severity, finding.subject) == (Severity.UNKNOWN, "web")
    assert "the agents of 1 of 3 tasks" in finding.what


@pytest.mark.parametrize("number", range(len(PERMISSIONS["Statement"])))
def test_a_right_that_the_task_role_lacks_is_named(world: World, number: int) -> None:
    permissions = deepcopy(PERMISSIONS)
    taken = permissions["Statement"].pop(number)
    world.said["iam", "get_role_policy"] = {"PolicyDocument": permissions}
    for finding in world.wrong():
        is_warning(finding, "the task role story-prod-")
        assert taken["Action"][-1].replace("*", "CreateControlChannel") in finding.what
    assert {one.subject for one in world.wrong()} == {"scheduler", "web"}


BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"


def test_a_boundary_that_does_not_allow_it_counts(world: World) -> None:
    world.said["iam", "get_role"] = {"Role": {"PermissionsBoundary": {"PermissionsBoundaryArn": BOUNDARY}}}
    world.said["iam", "get_policy"] = {"Policy": {"DefaultVersionId": "v1"}}
    only_logs = {"Statement": {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}}
    world.said["iam", "get_policy_version"] = {"PolicyVersion": {"Document": only_logs}}
    assert {one.subject for one in world.wrong()} == {"scheduler", "web"}
    assert "ssmmessages:OpenDataChannel, kms:Decrypt" in world.wrong()[0].what


def test_rights_that_depend_on_a_condition_are_unknown(world: World) -> None:
    permissions = deepcopy(PERMISSIONS)
    permissions["Statement"][2]["Condition"] = {"StringEquals": {"kms:ViaService": "x"}}
    world.said["iam", "get_role_policy"] = {"PolicyDocument": permissions}
    assert {one.severity for one in world.wrong()} == {Severity.UNKNOWN}
    assert "kms:Decrypt of the role story-prod-web-task: it depends on a condition" in world.wrong()[-1].what


@pytest.mark.parametrize(
    ("statements", "answer"),
    [
        ([], Allowed.NO),
        ([{"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:a/*"}], Allowed.YES),
        ([{"Effect": "Allow", "Action": "S3:GETOBJECT", "Resource": ["arn:b/*", "arn:a/?"]}], Allowed.YES),
        ([{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}], Allowed.NO),
        ([{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:b/*"}], Allowed.NO),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], Allowed.YES),
        ([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}], Allowed.NO),
        ([{"Effect": "Allow", "Action": "*", "NotResource": "arn:a/*"}], Allowed.NO),
        (
            [
                {"Effect": "Allow", "Action": "*", "Resource": "*"},
                {"Effect": "Deny", "Action": "s3:*", "Resource": "*"},
            ],
            Allowed.NO,
        ),
        (
            [
                {"Effect": "Allow", "Action": "*", "Resource": "*"},
                {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {}}},
            ],
            Allowed.UNKNOWN,
        ),
    ],
)
def test_statements_are_weighed_as_iam_does(statements: list[Any], answer: Allowed) -> None:
    assert evaluate_policies([{"Statement": statements}], "s3:GetObject", "arn:a/b") is answer


def test_a_role_may_do_what_both_its_policies_and_its_boundary_allow() -> None:
    everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    assert (
        RolePermissions(role="r", policies=[everything], boundary={"Statement": []}).evaluate("kms:Decrypt")
        is Allowed.NO
    )
    assert RolePermissions(role="r", policies=[everything], boundary=everything).evaluate("kms:Decrypt") is Allowed.YES


@pytest.mark.parametrize(
    ("route", "told"),
    [
        ({"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}, "there is no working default route"),
        (
            {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "blackhole"},
            "there is no working default route",
        ),
        ({"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}, "tasks have no public addresses"),
    ],
)
def test_tasks_without_a_way_to_session_manager_are_found_unless_there_is_an_endpoint(
    world: World, route: dict[str, str], told: str
) -> None:
    main_route(world, route)
    is_warning(world.one(), "no route from subnet-a, subnet-c, subnet-d to ssmmessages")
    assert told in world.one().what
    endpoint = {"VpcEndpointId": S3_ENDPOINT, "State": "available", "PrivateDnsEnabled": True}
    world.said["ec2", "describe_vpc_endpoints"] = {"VpcEndpoints": [endpoint]}
    assert world.wrong() == []


def test_a_subnet_goes_by_its_own_route_table_before_the_main_one(world: World) -> None:
    [main] = world.said["ec2", "describe_route_tables"]["RouteTables"]
    own = {"Associations": [{"SubnetId": "subnet-c"}], "Routes": [S3_ROUTE]}
    world.said["ec2", "describe_route_tables"] = {"RouteTables": [main, own]}
    is_warning(world.one(), "no route from subnet-c to")


def test_a_way_through_somebody_elses_gateway_is_unknown(world: World) -> None:
    route = {"DestinationCidrBlock": "0.0.0.0/0", "TransitGatewayId": "tgw-1", "State": "active"}
    main_route(world, route)
    assert world.one().severity is Severity.UNKNOWN
    assert "it depends on tgw-1" in world.one().what


@pytest.mark.parametrize(("state", "fix"), [("Disabled", "enable-key"), ("PendingDeletion", "cancel-key-deletion")])
def test_a_key_that_does_not_work_is_an_error(world: World, state: str, fix: str) -> None:
    world.said["kms", "describe_key"] = {"KeyMetadata": {"Enabled": False, "KeyState": state}}
    finding = world.one()
    assert (finding.severity, finding.what) == (Severity.ERROR, f"the stack's key is {state}")
    assert fix in finding.fix
    assert KEY in finding.fix


@pytest.mark.parametrize(
    ("key", "told"), [("arn:aws:kms:other", "with arn:aws:kms:other, not with"), ("", "without the stack's key")]
)
def test_a_cluster_that_names_another_key_is_found(world: World, key: str, told: str) -> None:
    sessions(world, kmsKeyId=key)
    is_warning(world.one(), told)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"logGroups": []}, "does not exist"),
        ({"logGroups": [{"logGroupName": EXEC_GROUP, "arn": "a", "retentionInDays": 1}]}, "is not encrypted"),
        ({"logGroups": [{"logGroupName": EXEC_GROUP, "arn": "a", "kmsKeyId": KEY}]}, "no retention period"),
    ],
)
def test_a_record_that_others_read_or_that_is_kept_for_ever_is_found(
    world: World, change: dict[str, Any], told: str
) -> None:
    world.said["logs", "describe_log_groups"] = change
    found = [one for one in world.wrong() if one.subject == ""]
    assert len(found) == 1
    is_warning(found[0], told)


def test_sessions_that_nobody_records_are_found(world: World) -> None:
    sessions(world, logging="NONE", logConfiguration={})
    is_warning(world.one(), "sessions are not logged (logging is NONE)")


def test_session_logs_that_need_no_encryption_are_found(world: World) -> None:
    sessions(world, logConfiguration={"cloudWatchLogGroupName": EXEC_GROUP, "cloudWatchEncryptionEnabled": False})
    is_warning(world.one(), "does not require encrypted session logs")


def test_a_machine_without_the_plugin_is_a_note(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    [note] = [one for one in world.findings() if "session-manager-plugin" in one.what]
    assert (note.severity, note.what) == (Severity.NOTE, "session-manager-plugin is not installed on this machine")
    assert note.fix.startswith("install it: docs.aws.amazon.com/systems-manager/")


def test_the_plugins_version_is_told(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "session-manager-plugin"
    program.write_text("#!/bin/sh\necho 1.2.707.0\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    told = [one for one in world.findings() if "session-manager-plugin" in one.what]
    assert [(one.severity, one.what) for one in told] == [
        (Severity.OK, "session-manager-plugin 1.2.707.0 is installed here")
    ]


def test_a_plugin_that_does_not_answer_is_unknown(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "session-manager-plugin"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    def hangs(*_: Any, **__: Any) -> Any:
        raise subprocess.TimeoutExpired("session-manager-plugin", 10)

    monkeypatch.setattr(subprocess, "run", hangs)
    assert "timed out after 10 seconds" in world.one().what

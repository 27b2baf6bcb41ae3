"""How a deployment is judged, for every answer that AWS's model allows."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import botocore.session
import pytest

from release.deployment import (
    DeploymentState,
    Verdict,
    bringing,
    evaluate,
    is_gone,
    is_over,
    primary,
    rollback_reason,
    with_id,
)

OWN, OTHER = "ecs-svc/1", "ecs-svc/2"
NEW, OLD = "arn:aws:ecs:ap-northeast-1:1:task-definition/web:2", "arn:aws:ecs:ap-northeast-1:1:task-definition/web:1"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
STATUSES = {
    "PENDING",
    "SUCCESSFUL",
    "STOPPED",
    "STOP_REQUESTED",
    "IN_PROGRESS",
    "ROLLBACK_REQUESTED",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_SUCCESSFUL",
    "ROLLBACK_FAILED",
}
ROLLOUT_STATES = {"COMPLETED", "FAILED", "IN_PROGRESS"}
UNKNOWN = ""
DONE, GOING_ON, FAILED = DeploymentState.DONE, DeploymentState.GOING_ON, DeploymentState.FAILED


def enum(shape: str) -> set[str]:
    untyped: Any = botocore.session.get_session()
    return set(untyped.get_service_model("ecs").shape_for(shape).enum)


def deployment(
    identifier: str = OWN, status: str = "PRIMARY", rollout: str = "IN_PROGRESS", **more: Any
) -> dict[str, Any]:
    made = {"id": identifier, "status": status, "taskDefinition": NEW if identifier == OWN else OLD, "createdAt": NOW}
    return {**made, "rolloutState": rollout, **more}


def service(*deployments: dict[str, Any], status: str = "ACTIVE", **more: Any) -> dict[str, Any]:
    return {"status": status, "deployments": list(deployments), **more}


def test_every_status_that_aws_may_answer_is_judged_here() -> None:
    assert enum("ServiceDeploymentStatus") == STATUSES, "evaluate and is_over must learn the new one"
    assert enum("DeploymentRolloutState") == ROLLOUT_STATES, "evaluate and `story status` must learn the new one"


BY_STATUS = {
    # What DescribeServiceDeployments says: the verdict by what DescribeServices says of the same deployment.
    UNKNOWN: {"IN_PROGRESS": GOING_ON, "COMPLETED": DONE, "FAILED": FAILED},
    "PENDING": {"IN_PROGRESS": GOING_ON, "COMPLETED": DONE, "FAILED": FAILED},
    "IN_PROGRESS": {"IN_PROGRESS": GOING_ON, "COMPLETED": DONE, "FAILED": FAILED},
    "SUCCESSFUL": {"IN_PROGRESS": DONE, "COMPLETED": DONE, "FAILED": FAILED},
    "STOP_REQUESTED": {"IN_PROGRESS": FAILED, "COMPLETED": FAILED, "FAILED": FAILED},
    "STOPPED": {"IN_PROGRESS": FAILED, "COMPLETED": FAILED, "FAILED": FAILED},
    "ROLLBACK_REQUESTED": {"IN_PROGRESS": FAILED, "COMPLETED": FAILED, "FAILED": FAILED},
    "ROLLBACK_IN_PROGRESS": {"IN_PROGRESS": FAILED, "COMPLETED": FAILED, "FAILED": FAILED},
    "ROLLBACK_SUCCESSFUL": {"IN_PROGRESS": FAILED, "COMPLETED": FAILED, "FAILED": FAILED},
    "ROLLBACK_FAILED": {"IN_PROGRESS": FAILED, "COMPLETED": FAILED, "FAILED": FAILED},
}


def test_the_table_has_every_pair() -> None:
    assert set(BY_STATUS) == STATUSES | {UNKNOWN}
    assert all(set(row) == ROLLOUT_STATES for row in BY_STATUS.values())


@pytest.mark.parametrize(("status", "rollout"), sorted(product(BY_STATUS, ROLLOUT_STATES)))
def test_a_leading_deployment_is_judged_by_both_of_aws_s_answers(status: str, rollout: str) -> None:
    verdict = evaluate(service(deployment(rollout=rollout)), OWN, {"status": status} if status else {})
    assert verdict.state is BY_STATUS[status][rollout]
    assert bool(verdict.reason) == (verdict.state is FAILED), "a failure always has a reason, and nothing else has"


@pytest.mark.parametrize("status", sorted(BY_STATUS))
@pytest.mark.parametrize("listed", [True, False])
def test_another_deployment_in_the_lead_is_a_failure_unless_ecs_says_otherwise(status: str, listed: bool) -> None:
    own = [deployment(status="ACTIVE")] if listed else []
    leading = deployment(OTHER, rolloutStateReason="it was chosen")
    verdict = evaluate(service(leading, *own), OWN, {"status": status} if status else {})
    if status in ("PENDING", "IN_PROGRESS"):
        assert verdict == Verdict(state=GOING_ON), "the deployments of DescribeServices may lag behind"
    elif status == "SUCCESSFUL":
        assert verdict == Verdict(state=DONE)
    else:
        assert verdict.state is FAILED
        if not status.startswith("ROLLBACK"):
            assert verdict.reason == ("another deployment replaced it: ecs-svc/2, which deploys web:1 (it was chosen)")


@pytest.mark.parametrize("status", sorted(BY_STATUS))
@pytest.mark.parametrize("gone", ["DRAINING", "INACTIVE"])
def test_a_deleted_service_is_a_failure_whatever_else_is_said(status: str, gone: str) -> None:
    verdict = evaluate(service(deployment(rollout="COMPLETED"), status=gone), OWN, {"status": status})
    assert verdict == Verdict(state=FAILED, reason="the service was deleted")


def test_a_service_without_any_deployment_is_waited_for() -> None:
    assert evaluate(service(), OWN, {}).state is GOING_ON


def test_a_stop_tells_who_stopped_it_if_ecs_does() -> None:
    told = {"status": "STOPPED", "statusReason": "stopped by a person"}
    assert evaluate(service(deployment()), OWN, told).reason == "it was stopped: stopped by a person"
    assert evaluate(service(deployment()), OWN, {"status": "STOPPED"}).reason == "it was stopped: ECS gives no reason"


def test_a_failed_rollout_tells_ecs_own_reason_if_there_is_one() -> None:
    broken = deployment(rollout="FAILED", rolloutStateReason="tasks failed to start")
    assert evaluate(service(broken), OWN, {}).reason == "tasks failed to start"
    assert evaluate(service(deployment(rollout="FAILED")), OWN, {}).reason == "ECS gives no reason"


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({}, "ECS gives no reason"),
        ({"statusReason": "circuit breaker"}, "circuit breaker"),
        ({"rollback": {"reason": "alarm"}, "statusReason": "alarm"}, "alarm"),
        ({"rollback": {"reason": "alarm"}, "statusReason": "more"}, "alarm; more"),
        ({"alarms": {"alarmNames": ["a"]}}, "ECS gives no reason"),
        ({"alarms": {"triggeredAlarmNames": ["a", "b"]}, "statusReason": "x"}, "x; alarms: a, b"),
        ({"rollback": None, "alarms": None, "statusReason": None}, "ECS gives no reason"),
    ],
)
def test_the_reason_of_a_rollback_is_all_that_is_told_once(told: dict[str, Any], reason: str) -> None:
    assert rollback_reason(told) == reason
    verdict = evaluate(service(deployment()), OWN, {"status": "ROLLBACK_IN_PROGRESS", **told})
    assert verdict.reason == f"ECS rolled it back: {reason}"


def test_nothing_more_happens_only_after_a_final_status() -> None:
    over = {status for status in STATUSES if is_over({"status": status})}
    assert over == {"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"}
    assert not is_over({})


def test_only_an_active_service_is_there() -> None:
    assert [is_gone({"status": status}) for status in ("ACTIVE", "DRAINING", "INACTIVE")] == [False, True, True]
    assert is_gone({})


def test_deployments_are_found_by_role_by_id_and_by_what_they_bring() -> None:
    leading, own = deployment(OTHER), deployment(status="ACTIVE")
    made = service(leading, own)
    assert (primary(made), with_id(made, OWN), bringing(made, NEW)) == (leading, own, own)
    assert (primary(service()), with_id(made, "ecs-svc/9"), bringing(made, "arn:other")) == ({}, {}, {})


def test_of_several_deployments_that_bring_the_same_the_leading_one_counts_then_the_newest() -> None:
    later, earlier = (deployment(OWN, "ACTIVE", createdAt=NOW + timedelta(seconds=seconds)) for seconds in (1, 0))
    leading = {**deployment(OWN), "createdAt": NOW - timedelta(seconds=1)}
    assert bringing(service(earlier, later, deployment(OTHER)), NEW) == later
    assert bringing(service(leading, earlier, later), NEW) == leading

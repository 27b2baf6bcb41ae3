"""Rollouts that fail: what counts as a failure, the circuit breaker, the way back."""

from typing import Any

import pytest

from emulator.services.ecs.deployments import threshold
from tests.emulator.rolling import (
    BREAKER,
    BREAKER_WITHOUT_ROLLBACK,
    HEALTH_CHECK,
    briefs,
    listed,
    messages,
    primary,
    stopped_tasks,
    until_primary,
    until_status,
    update,
)
from tests.emulator.support import (
    Behave,
    Client,
    described,
    service,
    subnets,
    task_definition,
    until_completed,
    until_stopped,
    wait_for,
)

pytestmark = pytest.mark.timed


@pytest.mark.parametrize(
    ("desired", "expected"), [(1, 3), (6, 3), (7, 4), (8, 4), (25, 13), (400, 200), (500, 200), (0, 3)]
)
def test_the_threshold_is_half_of_the_tasks_within_3_and_200(desired: int, expected: int) -> None:
    assert threshold(desired) == expected


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [("COUNT", 2, 2), ("BOUNDED_PERCENT", 10, 3), ("BOUNDED_PERCENT", 100, 8), ("UNBOUNDED_PERCENT", 10, 1)],
)
def test_a_threshold_can_be_configured(kind: str, value: int, expected: int) -> None:
    assert threshold(8, {"thresholdConfiguration": {"type": kind, "value": value}}) == expected


def test_the_circuit_breaker_returns_to_the_last_completed_deployment(client: Client, behave: Behave) -> None:
    service(client, deploymentConfiguration=BREAKER)
    old = until_completed(client)["deployments"][0]
    (old_task,) = listed(client)
    behave(image="bad", exits=1)
    update(client, "bad")
    deployment = until_status(client, "ROLLBACK_SUCCESSFUL")
    now = until_completed(client)
    assert (now["deployments"][0]["id"], now["taskDefinition"]) == (old["id"], old["taskDefinition"])
    assert listed(client) == [old_task], "the old task ran all the time"
    reason = "Service deployment rolled back because the circuit breaker threshold was exceeded."
    assert deployment["statusReason"] == deployment["rollback"]["reason"] == reason
    assert deployment["rollback"]["serviceRevisionArn"] == deployment["sourceServiceRevisions"][0]["arn"]
    assert deployment["deploymentCircuitBreaker"] == {"status": "TRIGGERED", "failureCount": 3, "threshold": 3}
    failed = [task for task in stopped_tasks(client) if task["containers"][0]["image"] == "bad"]
    assert len(failed) == 3
    assert {task["stopCode"] for task in failed} == {"EssentialContainerExited"}
    texts = messages(client)
    first = texts.index("(service web) (deployment X) deployment failed: tasks failed to start.")
    assert texts[first:] == [
        "(service web) (deployment X) deployment failed: tasks failed to start.",
        "(service web) rolling back to deployment X.",
        "(service web) (deployment X) deployment completed.",
        "(service web) has reached a steady state.",
    ]


def test_a_rollback_under_way_is_seen_in_the_deployments(client: Client, behave: Behave) -> None:
    limits = {"minimumHealthyPercent": 0, "maximumPercent": 100}
    service(client, deploymentConfiguration={**BREAKER, **limits})
    old = until_completed(client)["deployments"][0]
    behave(image="bad", cannot_be_pulled=True)
    behave(image="nginx", healthy_after_seconds=2)
    update(client, "bad")
    until_status(client, "ROLLBACK_IN_PROGRESS")
    now = described(client)
    assert (now["deployments"][0]["id"], now["deployments"][0]["rolloutState"]) == (old["id"], "IN_PROGRESS")
    reason = f"ECS deployment circuit breaker: rolling back to deploymentId {old['id']}."
    assert now["deployments"][0]["rolloutStateReason"] == reason
    until_status(client, "ROLLBACK_SUCCESSFUL")
    assert until_completed(client)["runningCount"] == 1


@pytest.mark.parametrize(
    ("configuration", "status", "reason"),
    [
        (BREAKER, "ROLLBACK_FAILED", "No rollback candidate was found to run the rollback."),
        (
            BREAKER_WITHOUT_ROLLBACK,
            "STOPPED",
            "Service deployment stopped because the circuit breaker threshold was exceeded.",
        ),
    ],
)
def test_without_an_earlier_deployment_a_failed_one_stays_and_starts_no_more_tasks(
    client: Client, behave: Behave, configuration: dict[str, Any], status: str, reason: str
) -> None:
    behave(exits=1)
    service(client, deploymentConfiguration=configuration)
    failed = until_primary(client, rolloutState="FAILED")
    assert failed["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."
    assert failed["failedTasks"] == 3
    assert [(item["status"], item["statusReason"]) for item in briefs(client)] == [(status, reason)]
    until_stopped(client, client("ecs").list_tasks(cluster="site", desiredStatus="STOPPED")["taskArns"][-1])
    assert len(stopped_tasks(client)) == 3
    assert listed(client) == []


def test_a_deployment_that_may_not_roll_back_leaves_the_old_tasks(client: Client, behave: Behave) -> None:
    service(client, deploymentConfiguration=BREAKER_WITHOUT_ROLLBACK)
    until_completed(client)
    old = listed(client)
    behave(image="bad", exits=1)
    update(client, "bad")
    until_status(client, "STOPPED")
    assert listed(client) == old
    assert [item["rolloutState"] for item in described(client)["deployments"]] == ["FAILED", "COMPLETED"]
    definition = update(client, "good")
    assert until_completed(client)["taskDefinition"] == definition


def test_without_a_circuit_breaker_a_deployment_goes_on_for_ever(client: Client, behave: Behave) -> None:
    service(client)
    until_completed(client)
    behave(image="bad", exits=1, times=6)
    definition = update(client, "bad")
    now = wait_for(lambda: primary(client), lambda found: found["failedTasks"] >= 4)
    assert (now["rolloutState"], now["taskDefinition"]) == ("IN_PROGRESS", definition)
    text = "(service web) is unable to consistently start tasks successfully."
    assert messages(client).count(text) == 1
    assert until_completed(client)["taskDefinition"] == definition, "the seventh task was well"


def test_a_healthy_task_starts_the_count_of_failures_again(client: Client, behave: Behave) -> None:
    behave(exits=1, times=2)
    service(client, deploymentConfiguration=BREAKER)
    assert until_completed(client)["deployments"][0]["failedTasks"] == 0


def test_failures_add_up_if_a_healthy_task_is_not_to_start_the_count_again(client: Client, behave: Behave) -> None:
    behave(exits=1, times=2)
    breaker = {"enable": True, "rollback": True, "resetOnHealthyTask": False}
    service(client, deploymentConfiguration={"deploymentCircuitBreaker": breaker})
    assert until_completed(client)["deployments"][0]["failedTasks"] == 2


def test_a_task_that_exits_before_it_is_healthy_has_failed_and_one_that_does_later_has_not(
    client: Client, behave: Behave
) -> None:
    behave(exits=1, after_seconds=0.1, times=1)
    service(client)
    until_primary(client, failedTasks=1)
    until_completed(client)
    behave(image="later", exits=1, after_seconds=0.4, times=1)
    update(client, "later")
    wait_for(lambda: len(stopped_tasks(client)), lambda count: count >= 3)
    assert until_completed(client)["deployments"][0]["failedTasks"] == 0


def test_an_image_that_is_not_there_is_named_in_the_events(client: Client, behave: Behave) -> None:
    behave(cannot_be_pulled=True)
    service(client, deploymentConfiguration=BREAKER)
    until_primary(client, rolloutState="FAILED", failedTasks=3)
    assert sum("was unable to place a task. Reason: CannotPull" in text for text in messages(client)) == 3


def test_a_task_whose_container_check_fails_is_stopped_by_the_service(client: Client, behave: Behave) -> None:
    behave(image="bad", never_healthy=True)
    service(client, deploymentConfiguration=BREAKER, taskDefinition=task_definition(client, app=HEALTH_CHECK))
    until_completed(client)
    update(client, "bad", app=HEALTH_CHECK)
    until_status(client, "ROLLBACK_SUCCESSFUL")
    failed = [task for task in stopped_tasks(client) if task["containers"][0]["image"] == "bad"]
    assert len(failed) == 3
    for task in failed:
        assert task["stopCode"] == "ServiceSchedulerInitiated"
        assert task["stoppedReason"] == "Task failed container health checks"
        assert 0.49 < (task["stoppingAt"] - task["startedAt"]).total_seconds() < 0.51
    assert messages(client).count("(service web) (task X) failed container health checks.") == 3


def test_a_service_whose_network_is_gone_fails_to_start_tasks_and_nothing_else_does(client: Client) -> None:
    network = subnets(client)
    configuration = {"awsvpcConfiguration": {"subnets": network, "securityGroups": []}}
    service(client, desiredCount=0, networkConfiguration=configuration, deploymentConfiguration=BREAKER)
    for subnet in network:
        client("ec2").delete_subnet(SubnetId=subnet)
    client("ecs").update_service(cluster="site", service="web", desiredCount=1)
    update(client)
    assert until_status(client, "ROLLBACK_FAILED")["deploymentCircuitBreaker"]["status"] == "TRIGGERED"
    assert any("was unable to place a task. Reason: The subnet ID" in text for text in messages(client))
    assert listed(client) == []


def test_a_check_that_nobody_has_does_not_fail(client: Client, behave: Behave) -> None:
    behave(never_healthy=True)
    service(client)
    assert until_completed(client)["runningCount"] == 1

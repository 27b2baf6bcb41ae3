"""Services of the emulated ECS: rollouts, their failures and rollbacks, and what tells of them."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.services.ecs.deployments import threshold
from tests.emulator.support import (
    Client,
    RunningEmulator,
    described,
    described_task,
    service,
    subnets,
    task_definition,
    until_completed,
    until_stopped,
    wait_for,
)

pytestmark = pytest.mark.timed

Behave = Callable[..., Any]
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
BREAKER_WITHOUT_ROLLBACK = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
HEALTH_CHECK = {"healthCheck": {"command": ["CMD", "true"]}}


@pytest.fixture
def behave(emulator: RunningEmulator) -> Behave:
    """`behave(exits=1)` posts a behaviour of the container `app`."""
    return lambda **behaviour: emulator.post("/emulator/behaviours", container="app", **behaviour)


def update(client: Client, image: str = "nginx", **changes: Any) -> str:
    """Let the service run another image, and return its task definition."""
    definition = task_definition(client, app={"image": image, **changes.pop("app", {})})
    client("ecs").update_service(cluster="site", service="web", taskDefinition=definition, **changes)
    return definition


def primary(client: Client) -> dict[str, Any]:
    return described(client)["deployments"][0]


def until_primary(client: Client, **wanted: Any) -> dict[str, Any]:
    return wait_for(lambda: primary(client), lambda now: {name: now[name] for name in wanted} == wanted)


def messages(client: Client) -> list[str]:
    """The texts of the service's events, oldest first, with every id as X."""
    texts = [event["message"] for event in reversed(described(client)["events"])]
    return [re.sub(r"ecs-svc/\d+|(?<=task )[0-9a-f]{32}", "X", text) for text in texts]


def listed(client: Client, **filters: Any) -> list[str]:
    return client("ecs").list_tasks(cluster="site", serviceName="web", **filters)["taskArns"]


def stopped_tasks(client: Client) -> list[dict[str, Any]]:
    arns = listed(client, desiredStatus="STOPPED")
    return client("ecs").describe_tasks(cluster="site", tasks=arns)["tasks"] if arns else []


def briefs(client: Client, **filters: Any) -> list[dict[str, Any]]:
    return client("ecs").list_service_deployments(cluster="site", service="web", **filters)["serviceDeployments"]


def statuses(client: Client) -> list[str]:
    """The statuses of the service's deployments, newest first."""
    return [brief["status"] for brief in briefs(client)]


def newest(client: Client) -> dict[str, Any]:
    arn = briefs(client)[0]["serviceDeploymentArn"]
    return client("ecs").describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"][0]


def until_status(client: Client, status: str) -> dict[str, Any]:
    return wait_for(lambda: newest(client), lambda now: now["status"] == status)


# Rolling updates


def test_a_new_revision_replaces_the_old_tasks_once_its_own_are_healthy(client: Client, behave: Behave) -> None:
    service(client, desiredCount=2)
    old = until_completed(client)["deployments"][0]
    behave(image="slow", healthy_after_seconds=1.5)
    definition = update(client, "slow")
    both = described(client)["deployments"]
    assert [item["status"] for item in both] == ["PRIMARY", "ACTIVE"]
    assert [item["rolloutState"] for item in both] == ["IN_PROGRESS", "COMPLETED"]
    assert both[0]["taskDefinition"] == definition
    assert both[1]["id"] == old["id"] != both[0]["id"]
    wait_for(lambda: described(client), lambda now: now["runningCount"] == 4)  # until the new ones are healthy
    now = until_completed(client)
    assert (now["runningCount"], now["deployments"][0]["taskDefinition"]) == (2, definition)
    tasks = client("ecs").describe_tasks(cluster="site", tasks=listed(client))["tasks"]
    assert {task["taskDefinitionArn"] for task in tasks} == {definition}


def test_an_unhindered_rollout_takes_less_than_a_second_of_the_emulators_time(client: Client) -> None:
    service(client)
    until_completed(client)
    update(client)
    until_completed(client)
    deployment = newest(client)
    assert (deployment["finishedAt"] - deployment["startedAt"]).total_seconds() < 1


@pytest.mark.parametrize(
    ("minimum", "maximum", "least", "most"), [(100, 200, 4, 8), (100, 150, 4, 6), (50, 100, 2, 4), (0, 100, 0, 4)]
)
def test_a_rollout_keeps_within_its_limits(
    client: Client, behave: Behave, minimum: int, maximum: int, least: int, most: int
) -> None:
    behave(starts_after_seconds=0.4)
    limits = {"minimumHealthyPercent": minimum, "maximumPercent": maximum}
    service(client, desiredCount=4, deploymentConfiguration=limits)
    until_completed(client)
    update(client)
    seen = []

    def look() -> dict[str, Any]:
        now = described(client)
        seen.append((now["runningCount"], now["runningCount"] + now["pendingCount"]))
        return now

    wait_for(look, lambda now: [item["rolloutState"] for item in now["deployments"]] == ["COMPLETED"])
    assert min(running for running, _ in seen) >= least
    assert max(every for _, every in seen) <= most
    assert (min(running for running, _ in seen) < 4) == (maximum == 100), "it makes room only if it has to"


def test_where_two_are_never_to_run_the_old_task_has_stopped_before_the_new_one_is_made(client: Client) -> None:
    service(client, deploymentConfiguration={"minimumHealthyPercent": 0, "maximumPercent": 100})
    until_completed(client)
    (old,) = listed(client)
    update(client)
    until_completed(client)
    (new,) = listed(client)
    assert described_task(client, old)["stoppedAt"] <= described_task(client, new)["createdAt"]


def test_a_task_of_a_service_knows_its_service_and_deployment(emulator: RunningEmulator, client: Client) -> None:
    tags = [{"key": "stack", "value": "dev"}]
    service(client, enableECSManagedTags=True, propagateTags="SERVICE", tags=tags, enableExecuteCommand=True)
    deployment = until_completed(client)["deployments"][0]
    task = client("ecs").describe_tasks(cluster="site", tasks=listed(client), include=["TAGS"])["tasks"][0]
    assert (task["startedBy"], task["group"]) == (deployment["id"], "service:web")
    assert (task["capacityProviderName"], task["enableExecuteCommand"]) == ("FARGATE", True)
    assert {tag["key"]: tag["value"] for tag in task["tags"]} == {
        "stack": "dev",
        "aws:ecs:serviceName": "web",
        "aws:ecs:clusterName": "site",
    }
    details = {item["name"]: item["value"] for item in task["attachments"][0]["details"]}
    found = client("ec2").describe_network_interfaces(NetworkInterfaceIds=[details["networkInterfaceId"]])
    address = task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"]
    assert found["NetworkInterfaces"][0]["PrivateIpAddress"] == address
    assert emulator.names("ecs", "task") == emulator.names("ec2", "network-interface") == []


def test_a_service_without_tasks_is_complete_at_once(client: Client) -> None:
    created = service(client, desiredCount=0)
    assert [item["rolloutState"] for item in created["deployments"]] == ["COMPLETED"]
    assert statuses(client) == ["SUCCESSFUL"]
    update(client)
    assert [item["rolloutState"] for item in described(client)["deployments"]] == ["COMPLETED"]
    assert listed(client, desiredStatus="STOPPED") == []


def test_a_new_count_scales_without_a_deployment(client: Client) -> None:
    service(client)
    first = until_completed(client)["deployments"][0]["id"]
    client("ecs").update_service(cluster="site", service="web", desiredCount=3)
    wait_for(lambda: described(client), lambda now: now["runningCount"] == 3)
    client("ecs").update_service(cluster="site", service="web", desiredCount=1)
    wait_for(lambda: described(client), lambda now: now["runningCount"] == 1)
    assert [item["id"] for item in described(client)["deployments"]] == [first]
    assert len(briefs(client)) == 1
    assert {task["stopCode"] for task in stopped_tasks(client)} == {"ServiceSchedulerInitiated"}


def test_a_task_that_dies_is_replaced(client: Client) -> None:
    service(client)
    first = until_completed(client)["deployments"][0]["id"]
    (arn,) = listed(client)
    client("ecs").stop_task(cluster="site", task=arn)
    wait_for(lambda: described(client), lambda now: now["runningCount"] == 1 and listed(client) != [arn])
    assert [(item["id"], item["failedTasks"]) for item in described(client)["deployments"]] == [(first, 0)]
    assert described(client)["deployments"][0]["rolloutState"] == "COMPLETED"
    wait_for(lambda: messages(client).count("(service web) has reached a steady state."), lambda times: times == 2)


def test_a_newer_deployment_displaces_one_that_is_under_way(client: Client, behave: Behave) -> None:
    service(client)
    until_completed(client)
    behave(image="stuck", stays="PENDING")
    update(client, "stuck")
    (stuck,) = [arn for arn in listed(client) if described_task(client, arn)["containers"][0]["image"] == "stuck"]
    definition = update(client, "good")
    assert statuses(client) == ["IN_PROGRESS", "STOPPED", "SUCCESSFUL"]
    assert until_completed(client)["taskDefinition"] == definition
    assert statuses(client) == ["SUCCESSFUL", "STOPPED", "SUCCESSFUL"]
    assert until_stopped(client, stuck)["stopCode"] == "ServiceSchedulerInitiated"


def test_a_service_that_is_deleted_while_it_rolls_out_stops_its_tasks(
    emulator: RunningEmulator, client: Client, behave: Behave
) -> None:
    service(client)
    until_completed(client)
    behave(image="slow", healthy_after_seconds=60)
    update(client, "slow")
    tasks = listed(client)
    assert len(tasks) == 2
    gone = client("ecs").delete_service(cluster="site", service="web", force=True)["service"]
    assert gone["status"] == described(client)["status"] == "INACTIVE"
    for arn in tasks:
        until_stopped(client, arn)
    assert listed(client) == []
    assert described(client)["deployments"] == []
    assert client("ec2").describe_network_interfaces()["NetworkInterfaces"] == []
    client("ecs").delete_cluster(cluster="site")
    assert emulator.names("ecs", "cluster") == []


def test_a_service_needs_a_network(client: Client) -> None:
    client("ecs").create_cluster(clusterName="site")
    definition = task_definition(client)
    with pytest.raises(ClientError, match="Network Configuration must be provided"):
        client("ecs").create_service(cluster="site", serviceName="web", taskDefinition=definition)
    assert client("ecs").list_services(cluster="site")["serviceArns"] == []


# Failures, the circuit breaker and rollbacks


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


# Target groups


def target_group(client: Client, name: str = "web") -> str:
    vpc = client("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    made = client("elbv2").create_target_group(Name=name, Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="ip")
    return made["TargetGroups"][0]["TargetGroupArn"]


def behind(group: str) -> dict[str, Any]:
    return {"loadBalancers": [{"targetGroupArn": group, "containerName": "app", "containerPort": 8080}]}


def health(client: Client, group: str) -> list[dict[str, Any]]:
    return client("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]


def states(client: Client, group: str) -> list[str]:
    return [target["TargetHealth"]["State"] for target in health(client, group)]


def test_tasks_are_registered_with_their_target_group_and_become_healthy(client: Client, behave: Behave) -> None:
    group = target_group(client)
    behave(healthy_after_seconds=1.5)
    service(client, desiredCount=2, **behind(group))
    wait_for(lambda: states(client, group), lambda found: found == ["initial", "initial"])
    assert primary(client)["rolloutState"] == "IN_PROGRESS"
    wait_for(lambda: states(client, group), lambda found: found == ["healthy", "healthy"])
    until_completed(client)
    tasks = client("ecs").describe_tasks(cluster="site", tasks=listed(client))["tasks"]
    addresses = {task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"] for task in tasks}
    assert {(target["Target"]["Id"], target["Target"]["Port"]) for target in health(client, group)} == {
        (address, 8080) for address in addresses
    }
    assert f"(service web) registered 2 targets in (target-group {group})" in messages(client)


def test_tasks_that_stop_are_deregistered(client: Client) -> None:
    group = target_group(client)
    service(client, **behind(group))
    until_completed(client)
    first = health(client, group)[0]["Target"]["Id"]
    update(client)
    until_completed(client)
    assert len(health(client, group)) == 1
    assert health(client, group)[0]["Target"]["Id"] != first
    client("ecs").delete_service(cluster="site", service="web", force=True)
    assert health(client, group) == []


def test_a_task_that_its_target_group_finds_unhealthy_is_stopped_by_the_service(client: Client, behave: Behave) -> None:
    group = target_group(client)
    service(client, deploymentConfiguration=BREAKER, **behind(group))
    until_completed(client)
    behave(image="bad", never_healthy=True)
    update(client, "bad")
    wait_for(lambda: states(client, group), lambda found: "unhealthy" in found)
    deployment = until_status(client, "ROLLBACK_SUCCESSFUL")
    assert deployment["deploymentCircuitBreaker"]["failureCount"] == 3
    failed = [task for task in stopped_tasks(client) if task["containers"][0]["image"] == "bad"]
    assert {task["stoppedReason"] for task in failed} == {f"Task failed ELB health checks in (target-group {group})"}
    text = f"(service web) (port 8080) is unhealthy in (target-group {group}) due to (reason Health checks failed)"
    assert messages(client).count(text) == 3
    wait_for(lambda: states(client, group), lambda found: found == ["healthy"])


def test_an_unhealthy_target_says_why(client: Client, behave: Behave) -> None:
    group = target_group(client)
    behave(never_healthy=True)
    service(client, **behind(group))
    found = wait_for(lambda: health(client, group), lambda now: now and now[0]["TargetHealth"]["State"] == "unhealthy")
    assert found[0]["TargetHealth"] == {
        "State": "unhealthy",
        "Reason": "Target.FailedHealthChecks",
        "Description": "Health checks failed",
    }


# Events


def test_the_events_tell_of_a_rollout_newest_first(client: Client) -> None:
    service(client, desiredCount=2)
    until_completed(client)
    wait_for(lambda: messages(client)[-1], lambda text: text.endswith("steady state."))
    assert messages(client) == [
        "(service web) has started 2 tasks: (task X) (task X).",
        "(service web) (deployment X) deployment completed.",
        "(service web) has reached a steady state.",
    ]
    events = described(client)["events"]
    assert len({event["id"] for event in events}) == 3
    assert [event["createdAt"] for event in events] == sorted((event["createdAt"] for event in events), reverse=True)


def test_a_service_keeps_100_events(client: Client) -> None:
    service(client, desiredCount=0)
    first = described(client)["events"][-1]["id"]
    for _ in range(50):
        client("ecs").update_service(cluster="site", service="web", forceNewDeployment=True)
    events = described(client)["events"]
    assert len(events) == 100
    assert first not in {event["id"] for event in events}


# Service deployments and revisions


def test_a_deployment_is_recorded_with_its_revisions(client: Client) -> None:
    service(client, deploymentConfiguration=BREAKER)
    until_completed(client)
    definition = update(client, "second")
    until_completed(client)
    now = described(client)
    deployment = newest(client)
    assert now["currentServiceDeployment"] == deployment["serviceDeploymentArn"]
    assert deployment["status"] == "SUCCESSFUL"
    assert deployment["deploymentCircuitBreaker"] == {
        "status": "MONITORING_COMPLETE",
        "failureCount": 0,
        "threshold": 3,
    }
    assert deployment["alarms"]["status"] == "DISABLED"
    target = deployment["targetServiceRevision"]
    assert (target["requestedTaskCount"], target["runningTaskCount"], target["pendingTaskCount"]) == (1, 1, 0)
    assert [item["arn"] for item in now["currentServiceRevisions"]] == [target["arn"]]
    assert target["arn"].endswith(now["deployments"][0]["id"].removeprefix("ecs-svc/"))
    (source,) = deployment["sourceServiceRevisions"]
    asked = [target["arn"], source["arn"], "arn:unknown"]
    answer = client("ecs").describe_service_revisions(serviceRevisionArns=asked)
    revision = answer["serviceRevisions"][0]
    assert revision["taskDefinition"] == definition
    assert revision["containerImages"] == [
        {"containerName": "app", "image": "second"},
        {"containerName": "agent", "image": "agent"},
    ]
    assert len(answer["serviceRevisions"]) == 2
    assert answer["failures"] == [{"arn": "arn:unknown", "reason": "MISSING"}]


def test_deployments_are_listed_newest_first_by_status_and_time_and_in_pages(client: Client) -> None:
    service(client)
    until_completed(client)
    for image in ("second", "third"):
        update(client, image)
        until_completed(client)
    every = briefs(client)
    assert [brief["createdAt"] for brief in every] == sorted((item["createdAt"] for item in every), reverse=True)
    assert len(every) == 3
    earlier, later = every[-1]["createdAt"] - timedelta(days=1), every[0]["createdAt"] + timedelta(days=1)
    assert briefs(client, createdAt={"after": earlier}) == briefs(client, createdAt={"before": later}) == every
    assert briefs(client, createdAt={"after": later}) == briefs(client, createdAt={"before": earlier}) == []
    assert briefs(client, status=["STOPPED"]) == []
    assert briefs(client, status=["SUCCESSFUL"]) == every
    asked = {"cluster": "site", "service": "web", "maxResults": 2}
    page = client("ecs").list_service_deployments(**asked)
    rest = client("ecs").list_service_deployments(**asked, nextToken=page["nextToken"])
    assert page["serviceDeployments"] + rest["serviceDeployments"] == every
    assert "nextToken" not in rest


def test_unknown_deployments_are_named_and_can_not_be_stopped(client: Client) -> None:
    answer = client("ecs").describe_service_deployments(serviceDeploymentArns=["arn:unknown"])
    assert answer == {
        "serviceDeployments": [],
        "failures": [{"arn": "arn:unknown", "reason": "MISSING"}],
        "ResponseMetadata": answer["ResponseMetadata"],
    }
    with pytest.raises(ClientError, match="ServiceDeploymentNotFoundException"):
        client("ecs").stop_service_deployment(serviceDeploymentArn="arn:unknown")


def test_a_stopped_deployment_rolls_back(client: Client, behave: Behave) -> None:
    service(client)
    old = until_completed(client)
    behave(image="stuck", stays="PENDING")
    update(client, "stuck")
    arn = newest(client)["serviceDeploymentArn"]
    assert client("ecs").stop_service_deployment(serviceDeploymentArn=arn)["serviceDeploymentArn"] == arn
    deployment = until_status(client, "ROLLBACK_SUCCESSFUL")
    assert deployment["rollback"]["serviceRevisionArn"] == old["currentServiceRevisions"][0]["arn"]
    assert until_completed(client)["taskDefinition"] == old["taskDefinition"]
    with pytest.raises(ClientError, match="ConflictException"):
        client("ecs").stop_service_deployment(serviceDeploymentArn=arn)


def test_an_aborted_deployment_stays_as_it_is(client: Client, behave: Behave) -> None:
    service(client)
    until_completed(client)
    behave(image="stuck", stays="PENDING")
    definition = update(client, "stuck")
    arn = newest(client)["serviceDeploymentArn"]
    client("ecs").stop_service_deployment(serviceDeploymentArn=arn, stopType="ABORT")
    deployment = until_status(client, "STOPPED")
    assert deployment["stoppedAt"] == deployment["finishedAt"]
    assert "rollback" not in deployment
    assert described(client)["taskDefinition"] == definition
    assert described(client)["runningCount"] == 1, "the old task"


def test_a_request_to_stop_is_seen_before_it_is_obeyed(client: Client, behave: Behave) -> None:
    service(client)
    until_completed(client)
    behave(image="stuck", stays="PENDING")
    update(client, "stuck")
    client("ecs").stop_service_deployment(serviceDeploymentArn=newest(client)["serviceDeploymentArn"])
    seen = []
    wait_for(lambda: seen.append(newest(client)["status"]) or seen[-1], lambda status: status == "ROLLBACK_SUCCESSFUL")
    order = ["ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"]
    assert [order.index(status) for status in seen] == sorted(order.index(status) for status in seen)


# Alarms


def alarm(client: Client, state: str) -> None:
    cloudwatch = client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="errors",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        MetricName="HTTPCode_Target_5XX_Count",
        Namespace="AWS/ApplicationELB",
        Period=60,
        Statistic="Sum",
        Threshold=1,
    )
    cloudwatch.set_alarm_state(AlarmName="errors", StateValue=state, StateReason="a test")


def watched(*, rollback: bool = True) -> dict[str, Any]:
    return {"alarms": {"alarmNames": ["errors"], "enable": True, "rollback": rollback}}


def test_an_alarm_during_a_deployment_rolls_it_back(client: Client, behave: Behave) -> None:
    alarm(client, "OK")
    service(client, deploymentConfiguration=watched())
    old = until_completed(client)
    behave(image="bad", healthy_after_seconds=60)
    update(client, "bad")
    assert newest(client)["alarms"] == {
        "status": "MONITORING",
        "alarmNames": ["errors"],
        "triggeredAlarmNames": [],
    }
    alarm(client, "ALARM")
    deployment = until_status(client, "ROLLBACK_SUCCESSFUL")
    assert deployment["alarms"]["status"] == "TRIGGERED"
    assert deployment["alarms"]["triggeredAlarmNames"] == ["errors"]
    assert "errors" in deployment["statusReason"]
    assert until_completed(client)["taskDefinition"] == old["taskDefinition"]
    assert "(service web) (deployment X) deployment failed: alarm detected." in messages(client)


def test_an_alarm_without_rollback_stops_the_deployment(client: Client, behave: Behave) -> None:
    alarm(client, "OK")
    service(client, deploymentConfiguration=watched(rollback=False))
    until_completed(client)
    behave(image="bad", healthy_after_seconds=60)
    update(client, "bad")
    alarm(client, "ALARM")
    assert "errors" in until_status(client, "STOPPED")["statusReason"]
    assert primary(client)["rolloutState"] == "FAILED"


def test_an_alarm_that_is_on_at_the_start_is_not_watched(client: Client) -> None:
    alarm(client, "ALARM")
    service(client, deploymentConfiguration=watched())
    until_completed(client)
    assert statuses(client) == ["SUCCESSFUL"]


def test_alarms_are_watched_for_a_while_after_the_old_tasks_are_gone(client: Client) -> None:
    alarm(client, "OK")
    service(client, deploymentConfiguration=watched())
    until_completed(client)
    deployment = newest(client)
    assert deployment["alarms"]["status"] == "MONITORING_COMPLETE"
    assert 0.85 < (deployment["finishedAt"] - deployment["startedAt"]).total_seconds() < 1


# Blue/green, linear, canary


def rule_and_groups(client: Client) -> tuple[str, list[str]]:
    """A listener rule that sends all to the first of two target groups."""
    elb = client("elbv2")
    balancer = elb.create_load_balancer(Name="site", Subnets=subnets(client))["LoadBalancers"][0]["LoadBalancerArn"]
    groups = [target_group(client, name) for name in ("blue", "green")]
    answer = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
    listener = elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=answer)
    rule = elb.create_rule(
        ListenerArn=listener["Listeners"][0]["ListenerArn"],
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["/*"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": groups[0]}],
    )
    return rule["Rules"][0]["RuleArn"], groups


def weights(client: Client, rule: str) -> dict[str, int]:
    (action,) = client("elbv2").describe_rules(RuleArns=[rule])["Rules"][0]["Actions"]
    return {group["TargetGroupArn"]: group["Weight"] for group in action["ForwardConfig"]["TargetGroups"]}


def in_two_colours(client: Client, **configuration: Any) -> tuple[str, str, str]:
    """A service with two target groups: the rule, and the groups in the order of their use."""
    rule, (blue, green) = rule_and_groups(client)
    balancer = behind(blue)["loadBalancers"][0]
    advanced = {
        "alternateTargetGroupArn": green,
        "productionListenerRule": rule,
        "roleArn": "arn:aws:iam::123456789012:role/ecs",
    }
    service(
        client,
        loadBalancers=[{**balancer, "advancedConfiguration": advanced}],
        deploymentConfiguration={"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 2, **configuration},
    )
    until_completed(client)
    return rule, blue, green


def test_a_blue_green_deployment_goes_through_its_stages(client: Client, behave: Behave) -> None:
    rule, blue, green = in_two_colours(client, bakeTimeInMinutes=3)
    behave(image="second", healthy_after_seconds=1)
    definition = update(client, "second")
    seen: list[str] = []

    def look() -> str:
        now = newest(client)
        seen.append(now["lifecycleStage"])
        return now["status"]

    wait_for(look, lambda status: status == "SUCCESSFUL")
    order = [
        "PRE_SCALE_UP",
        "SCALE_UP",
        "POST_SCALE_UP",
        "TEST_TRAFFIC_SHIFT",
        "POST_TEST_TRAFFIC_SHIFT",
        "PRODUCTION_TRAFFIC_SHIFT",
        "POST_PRODUCTION_TRAFFIC_SHIFT",
        "BAKE_TIME",
        "CLEAN_UP",
    ]
    assert [order.index(stage) for stage in seen] == sorted(order.index(stage) for stage in seen)
    assert {"SCALE_UP", "BAKE_TIME"} <= set(seen)
    assert until_completed(client)["taskDefinition"] == definition
    assert (states(client, blue), states(client, green)) == ([], ["healthy"])
    assert weights(client, rule) == {blue: 0, green: 100}
    update(client, "third")
    until_completed(client)
    assert weights(client, rule) == {blue: 100, green: 0}, "the next one goes back to the first group"


def test_the_old_tasks_have_all_traffic_until_all_new_ones_are_healthy(client: Client, behave: Behave) -> None:
    rule, blue, green = in_two_colours(client, bakeTimeInMinutes=0)
    behave(image="slow", healthy_after_seconds=60)
    update(client, "slow", desiredCount=2)
    wait_for(lambda: states(client, green), lambda found: found == ["initial", "initial"])
    deployment = newest(client)
    assert deployment["lifecycleStage"] == "SCALE_UP"
    assert deployment["targetServiceRevision"]["requestedProductionTrafficWeight"] == 0
    assert weights(client, rule) == {blue: 100, green: 0}
    assert states(client, blue) == ["healthy"]


def test_both_sets_of_tasks_run_during_the_bake_time(client: Client) -> None:
    rule, blue, green = in_two_colours(client, bakeTimeInMinutes=0)
    update(client, "second", deploymentConfiguration={"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1000})
    deployment = wait_for(lambda: newest(client), lambda now: now["lifecycleStage"] == "BAKE_TIME")
    assert deployment["targetServiceRevision"]["requestedProductionTrafficWeight"] == 100
    assert weights(client, rule) == {blue: 0, green: 100}
    assert (states(client, blue), states(client, green)) == (["healthy"], ["healthy"])
    assert primary(client)["rolloutState"] == "IN_PROGRESS"


def test_an_alarm_in_the_bake_time_sends_the_traffic_back(client: Client) -> None:
    alarm(client, "OK")
    rule, blue, green = in_two_colours(client, bakeTimeInMinutes=0, **watched())
    old = described(client)
    configuration = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1000, **watched()}
    update(client, "bad", deploymentConfiguration=configuration)
    wait_for(lambda: newest(client), lambda now: now["lifecycleStage"] == "BAKE_TIME")
    assert weights(client, rule) == {blue: 0, green: 100}
    alarm(client, "ALARM")
    until_status(client, "ROLLBACK_SUCCESSFUL")
    assert weights(client, rule) == {blue: 100, green: 0}
    assert until_completed(client)["taskDefinition"] == old["taskDefinition"]
    assert (states(client, blue), states(client, green)) == (["healthy"], [])


def test_failing_tasks_of_a_blue_green_deployment_never_get_traffic(client: Client, behave: Behave) -> None:
    rule, blue, green = in_two_colours(client, **BREAKER)
    behave(image="bad", exits=1)
    update(client, "bad")
    wait_for(lambda: newest(client), lambda now: now["status"] == "ROLLBACK_SUCCESSFUL")
    assert newest(client)["lifecycleStage"] == "SCALE_UP"
    assert weights(client, rule) == {blue: 100, green: 0}


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        (
            {"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 10, "canaryBakeTimeInMinutes": 2}},
            [0, 10, 100],
        ),
        (
            {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 40, "stepBakeTimeInMinutes": 2}},
            [0, 40, 80, 100],
        ),
    ],
)
def test_the_traffic_shifts_in_steps(client: Client, configuration: dict[str, Any], expected: list[int]) -> None:
    rule, _, green = in_two_colours(client, bakeTimeInMinutes=0)
    update(client, "second", deploymentConfiguration={**configuration, "bakeTimeInMinutes": 2})
    seen: list[int] = []

    def look() -> str:
        seen.append(weights(client, rule)[green])
        return newest(client)["status"]

    wait_for(look, lambda status: status == "SUCCESSFUL")
    assert list(dict.fromkeys([0, *seen])) == expected

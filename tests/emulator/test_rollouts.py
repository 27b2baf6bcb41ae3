"""Services of the emulated ECS: rolling updates."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.rolling import briefs, listed, messages, newest, statuses, stopped_tasks, update
from tests.emulator.support import (
    Behave,
    Client,
    RunningEmulator,
    described,
    described_task,
    service,
    task_definition,
    until_completed,
    until_stopped,
    wait_for,
)

pytestmark = pytest.mark.timed


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


def test_the_tasks_of_a_service_stand_in_the_zones_of_its_subnets(client: Client) -> None:
    service(client, desiredCount=4)
    until_completed(client)
    tasks = client("ecs").describe_tasks(cluster="site", tasks=listed(client))["tasks"]
    assert sorted(task["availabilityZone"][-1] for task in tasks) == ["a", "a", "c", "c"]


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

"""What the emulated ECS keeps of each deployment."""

from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from tests.emulator.rolling import BREAKER, briefs, newest, until_status, update
from tests.emulator.support import (
    Behave,
    Client,
    described,
    service,
    until_completed,
    wait_for,
)

pytestmark = pytest.mark.timed


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

"""POST /emulator/faults: an API action that fails because a test wants it to."""

import json
import time
import urllib.error
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.emulator.support import Client, RunningEmulator, described, run_task, service, subnets, task_definition


def fault(emulator: RunningEmulator, **given: Any) -> Any:
    return emulator.post("/emulator/faults", **given)


def scale(client: Client, tasks: int) -> None:
    client("ecs").update_service(cluster="site", service="web", desiredCount=tasks)


def test_a_fault_fails_so_many_requests_and_changes_nothing(emulator: RunningEmulator, client: Client) -> None:
    service(client)
    fault(emulator, action="UpdateService", times=2)
    for _ in range(2):
        with pytest.raises(ClientError, match="InjectedFault") as failed:
            scale(client, 3)
        assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400, "a client would repeat a 5xx"
    assert described(client)["desiredCount"] == 1
    scale(client, 3)
    assert described(client)["desiredCount"] == 3


def test_a_fault_meets_only_what_it_names(emulator: RunningEmulator, client: Client) -> None:
    service(client)
    fault(emulator, action="UpdateService", contains="worker")
    scale(client, 2)
    fault(emulator, action="CreateCluster", contains="web")
    client("ecs").create_cluster(clusterName="other")
    scale(client, 3)
    assert len(emulator.request("GET", "/emulator/faults")["faults"]) == 2
    with pytest.raises(ClientError, match="InjectedFault"):
        client("ecs").create_cluster(clusterName="web")


@pytest.mark.parametrize(("api", "action"), [("rds", "describe_db_clusters"), ("ec2", "describe_vpcs")])
def test_services_that_speak_xml_fail_too(emulator: RunningEmulator, client: Client, api: str, action: str) -> None:
    spelt = "".join(word.capitalize() for word in action.split("_")).replace("Db", "DB")
    fault(emulator, action=spelt)
    with pytest.raises(ClientError, match="InjectedFault"):
        getattr(client(api), action)()
    getattr(client(api), action)()


def test_the_faults_in_force_are_listed_with_the_times_that_are_left(emulator: RunningEmulator, client: Client) -> None:
    service(client)
    fault(emulator, action="UpdateService", contains="web", times=2)
    with pytest.raises(ClientError):
        scale(client, 3)
    (listed,) = emulator.request("GET", "/emulator/faults")["faults"]
    assert {name: listed[name] for name in ("action", "contains", "times", "seconds")} == {
        "action": "UpdateService",
        "contains": "web",
        "times": 1,
        "seconds": 0,
    }


def test_a_fault_takes_the_time_that_it_was_given(emulator: RunningEmulator, client: Client) -> None:
    fault(emulator, action="ListClusters", seconds=0.5)
    began = time.monotonic()
    with pytest.raises(ClientError, match="InjectedFault"):
        client("ecs").list_clusters()
    assert time.monotonic() - began >= 0.5


@pytest.mark.parametrize(
    ("status", "code"), [(400, "ThrottlingException"), (400, "ExpiredTokenException"), (503, "ServiceUnavailable")]
)
def test_a_fault_has_the_status_and_the_code_that_it_was_given(
    emulator: RunningEmulator, client: Client, status: int, code: str
) -> None:
    fault(emulator, action="ListClusters", status=status, code=code)
    with pytest.raises(ClientError) as failed:
        client("ecs").list_clusters()
    assert failed.value.response["Error"]["Code"] == code
    assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    fault(emulator, action="DescribeVpcs", status=status, code=code)
    with pytest.raises(ClientError, match=code):
        client("ec2").describe_vpcs()


def test_a_fault_can_be_an_answer_instead_of_what_was_asked(emulator: RunningEmulator, client: Client) -> None:
    definition = task_definition(client, "migration")
    client("ecs").create_cluster(clusterName="site")
    failure = {"arn": "arn:aws:ecs:x", "reason": "Capacity is unavailable at this time.", "detail": ""}
    fault(emulator, action="RunTask", answer={"tasks": [], "failures": [failure]})
    answer = client("ecs").run_task(cluster="site", taskDefinition=definition)
    assert (answer["tasks"], answer["failures"]) == ([], [failure])
    assert client("ecs").list_tasks(cluster="site")["taskArns"] == []


def test_a_lost_answer_is_to_a_request_that_was_carried_out_once(emulator: RunningEmulator, client: Client) -> None:
    given = {
        "taskDefinition": task_definition(client, "migration"),
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": subnets(client)[:1]}},
        "clientToken": "one-update",
    }
    fault(emulator, action="RunTask", lost=True)
    with pytest.raises(ConnectionClosedError):
        run_task(client, **given)
    (started,) = client("ecs").list_tasks(cluster="site")["taskArns"]
    assert run_task(client, **given)["taskArn"] == started
    assert client("ecs").list_tasks(cluster="site", family="migration")["taskArns"] == [started]


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/emulator/faults"), ("POST", "/emulator/reset")])
def test_faults_can_be_cleared(emulator: RunningEmulator, client: Client, method: str, path: str) -> None:
    fault(emulator, action="ListClusters")
    emulator.request(method, path)
    client("ecs").list_clusters()


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"action": "A", "time": 1},
        {"action": "A", "times": 0},
        {"action": "A", "times": "2"},
        {"action": 1},
        {"action": "A", "seconds": -1},
        {"action": "A", "status": 200},
        {"action": "A", "status": "503"},
        {"action": "A", "status": 999},
        {"action": "A", "code": ""},
        {"action": "A", "answer": []},
        {"action": "A", "lost": 1},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(emulator: RunningEmulator, given: dict[str, Any]) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        fault(emulator, **given)
    with refused.value as answer:
        assert answer.code == 400
        assert "a fault has action" in json.loads(answer.read())["error"]
    assert emulator.request("GET", "/emulator/faults") == {"faults": []}

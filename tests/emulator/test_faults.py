"""POST /emulator/faults: an API action that fails because a test wants it to."""

import json
import time
import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.support import Client, RunningEmulator, described, service


def fault(emulator: RunningEmulator, **given: Any) -> Any:
    request = urllib.request.Request(f"{emulator.url}/emulator/faults", json.dumps(given).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


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
    assert emulator.request("GET", "/emulator/faults") == {
        "faults": [{"action": "UpdateService", "contains": "web", "times": 1, "seconds": 0}]
    }


def test_a_fault_takes_the_time_that_it_was_given(emulator: RunningEmulator, client: Client) -> None:
    fault(emulator, action="ListClusters", seconds=0.5)
    began = time.monotonic()
    with pytest.raises(ClientError, match="InjectedFault"):
        client("ecs").list_clusters()
    assert time.monotonic() - began >= 0.5


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
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(emulator: RunningEmulator, given: dict[str, Any]) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        fault(emulator, **given)
    with refused.value as answer:
        assert answer.code == 400
        assert "a fault has action" in json.loads(answer.read())["error"]
    assert emulator.request("GET", "/emulator/faults") == {"faults": []}

"""POST /emulator/behaviours: what the containers of an image do, and what a task shows of it."""

import json
import urllib.error
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.emulator.support import (
    Client,
    RunningEmulator,
    described,
    described_task,
    run_task,
    service,
    task_definition,
    until_completed,
    until_stopped,
    wait_for,
)

pytestmark = pytest.mark.timed

Behave = Callable[..., Any]
HEALTH_CHECK = {"healthCheck": {"command": ["CMD", "true"]}}
LOGS = {
    "logConfiguration": {
        "logDriver": "awslogs",
        "options": {"awslogs-group": "site", "awslogs-stream-prefix": "run", "awslogs-region": "ap-northeast-1"},
    }
}


@pytest.fixture
def behave(emulator: RunningEmulator) -> Behave:
    """`behave(exits=1)` posts a behaviour."""
    return lambda **behaviour: emulator.post("/emulator/behaviours", **behaviour)


def containers(task: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {container["name"]: container for container in task["containers"]}


def exit_codes(task: dict[str, Any]) -> dict[str, Any]:
    return {name: container.get("exitCode") for name, container in containers(task).items()}


def seconds_between(task: dict[str, Any], first: str, second: str) -> float:
    moments: list[datetime] = [task[first], task[second]]
    return (moments[1] - moments[0]).total_seconds()


def until_status(client: Client, arn: str, status: str) -> dict[str, Any]:
    return wait_for(lambda: described_task(client, arn), lambda task: task["lastStatus"] == status)


def test_a_container_exits_with_the_code_and_after_the_time_of_its_behaviour(client: Client, behave: Behave) -> None:
    behave(container="app", exits=3, after_seconds=0.7)
    task = until_stopped(client, run_task(client)["taskArn"])
    assert exit_codes(task)["app"] == 3
    assert task["stopCode"] == "EssentialContainerExited"
    assert seconds_between(task, "startedAt", "stoppingAt") == pytest.approx(0.7, abs=0.001)


def test_the_times_are_those_of_the_events_however_late_one_looks(client: Client) -> None:
    arn = run_task(client)["taskArn"]
    until_stopped(client, arn)
    task = described_task(client, arn)
    order = ["createdAt", "pullStartedAt", "startedAt", "stoppingAt", "executionStoppedAt", "stoppedAt"]
    assert [task[name] for name in order] == sorted(task[name] for name in order)
    assert seconds_between(task, "createdAt", "stoppedAt") == pytest.approx(0.6, abs=0.001)


def test_a_task_goes_through_its_statuses_and_is_connected_once_it_runs(client: Client, behave: Behave) -> None:
    behave(starts_after_seconds=1, exits=0, after_seconds=0.8)
    task = run_task(client)
    assert task["lastStatus"] == "PROVISIONING"
    seen = [task["lastStatus"]]

    def look() -> str:
        now = described_task(client, task["taskArn"])
        assert ("connectivity" in now) == ("startedAt" in now) == (now["lastStatus"] not in ("PROVISIONING", "PENDING"))
        seen.append(now["lastStatus"])
        return now["lastStatus"]

    wait_for(look, lambda status: status == "STOPPED")
    order = ["PROVISIONING", "PENDING", "RUNNING", "DEPROVISIONING", "STOPPED"]
    assert [order.index(status) for status in seen] == sorted(order.index(status) for status in seen)
    assert {"PENDING", "RUNNING"} <= set(seen)


def test_a_container_that_exits_at_once_was_never_seen_running(client: Client, behave: Behave) -> None:
    behave(container="app", exits=1)
    task = until_stopped(client, run_task(client)["taskArn"])
    assert "startedAt" not in task
    assert exit_codes(task)["app"] == 1


def test_an_essential_container_takes_the_others_with_it(client: Client, behave: Behave) -> None:
    behave(container="app", exits=1, after_seconds=0.1)
    assert exit_codes(until_stopped(client, run_task(client)["taskArn"])) == {"app": 1, "agent": 143}
    behave(container="agent", exits=7, after_seconds=60)
    assert exit_codes(until_stopped(client, run_task(client)["taskArn"])) == {"app": 1, "agent": 7}


def test_a_container_that_is_not_essential_leaves_its_task_running(client: Client, behave: Behave) -> None:
    behave(container="agent", exits=5)
    behave(container="app", exits=0, after_seconds=60)
    arn = run_task(client)["taskArn"]
    task = wait_for(lambda: described_task(client, arn), lambda now: exit_codes(now)["agent"] is not None)
    assert task["lastStatus"] == "RUNNING"
    assert exit_codes(task) == {"app": None, "agent": 5}
    assert containers(task)["agent"]["lastStatus"] == "STOPPED"
    assert containers(task)["app"]["lastStatus"] == "RUNNING"


def test_containers_without_a_behaviour_do_not_end_before_the_others(client: Client, behave: Behave) -> None:
    behave(container="agent", exits=0, after_seconds=0.6)
    task = until_stopped(client, run_task(client)["taskArn"])
    assert exit_codes(task) == {"app": 0, "agent": 0}
    assert seconds_between(task, "startedAt", "stoppingAt") == pytest.approx(0.6, abs=0.001)


def test_an_image_that_can_not_be_pulled_never_starts(client: Client, behave: Behave) -> None:
    behave(image="nginx", cannot_be_pulled=True)
    task = until_stopped(client, run_task(client)["taskArn"])
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("CannotPullContainerError:")
    assert "nginx" in task["stoppedReason"]
    assert containers(task)["app"]["reason"] == task["stoppedReason"]
    assert exit_codes(task) == {"app": None, "agent": None}
    assert "startedAt" not in task


def test_a_task_fails_to_start_for_any_reason(client: Client, behave: Behave) -> None:
    reason = "Timeout waiting for network interface provisioning to complete."
    behave(fails_to_start=reason)
    task = until_stopped(client, run_task(client)["taskArn"])
    assert (task["stopCode"], task["stoppedReason"]) == ("TaskFailedToStart", reason)
    assert exit_codes(task) == {"app": None, "agent": None}


@pytest.mark.parametrize("status", ["PROVISIONING", "PENDING"])
def test_a_task_stays_in_its_status_until_it_is_stopped(client: Client, behave: Behave, status: str) -> None:
    behave(stays=status)
    arn = run_task(client)["taskArn"]
    # One that was started later goes on as usual, so the first one had all the time that it needs.
    behave(stays="")
    until_stopped(client, run_task(client)["taskArn"])
    assert described_task(client, arn)["lastStatus"] == status
    client("ecs").stop_task(cluster="site", task=arn)
    task = until_stopped(client, arn)
    assert exit_codes(task) == {"app": None, "agent": None}
    assert "startedAt" not in task


def test_a_task_that_a_user_stops_is_deprovisioned_first_and_its_containers_get_a_signal(
    client: Client, behave: Behave
) -> None:
    behave(exits=0, after_seconds=60)
    behave(container="agent", after_seconds=60)
    arn = run_task(client)["taskArn"]
    until_status(client, arn, "RUNNING")
    stopping = client("ecs").stop_task(cluster="site", task=arn, reason="enough")["task"]
    assert (stopping["lastStatus"], stopping["desiredStatus"]) == ("DEPROVISIONING", "STOPPED")
    task = until_stopped(client, arn)
    assert exit_codes(task) == {"app": 0, "agent": 143}
    assert seconds_between(task, "stoppingAt", "stoppedAt") == pytest.approx(0.1, abs=0.001)


def test_a_container_with_a_check_shows_its_health(client: Client, behave: Behave) -> None:
    behave(container="app", exits=0, after_seconds=60, healthy_after_seconds=1)
    arn = run_task(client, taskDefinition=task_definition(client, "migration", app=HEALTH_CHECK))["taskArn"]
    task = until_status(client, arn, "RUNNING")
    assert containers(task)["app"]["healthStatus"] == "UNKNOWN"
    task = wait_for(lambda: described_task(client, arn), lambda now: now["healthStatus"] != "UNKNOWN")
    assert containers(task)["app"]["healthStatus"] == task["healthStatus"] == "HEALTHY"
    assert containers(task)["agent"]["healthStatus"] == "UNKNOWN", "it has no check"


def test_a_container_whose_check_fails_is_unhealthy(client: Client, behave: Behave) -> None:
    behave(container="app", exits=0, after_seconds=60, never_healthy=True)
    arn = run_task(client, taskDefinition=task_definition(client, "migration", app=HEALTH_CHECK))["taskArn"]
    task = wait_for(lambda: described_task(client, arn), lambda now: now["healthStatus"] == "UNHEALTHY")
    assert containers(task)["app"]["healthStatus"] == "UNHEALTHY"
    assert task["lastStatus"] == "RUNNING", "only a service stops its tasks for that"


def test_the_newest_behaviour_that_fits_counts(client: Client, behave: Behave) -> None:
    behave(exits=1)
    behave(container="app", exits=2)
    behave(container="app", family="other", exits=3)
    behave(container="app", image="apache", exits=4)
    assert exit_codes(until_stopped(client, run_task(client)["taskArn"])) == {"app": 2, "agent": 1}


def test_a_behaviour_is_for_exactly_its_family(client: Client, behave: Behave) -> None:
    behave(family="migr", exits=9)
    assert exit_codes(until_stopped(client, run_task(client)["taskArn"]))["app"] == 0
    behave(family="migration", exits=9)
    assert exit_codes(until_stopped(client, run_task(client)["taskArn"]))["app"] == 9


def test_a_behaviour_counts_for_so_many_tasks(emulator: RunningEmulator, client: Client, behave: Behave) -> None:
    behave(exits=4, times=2)
    codes = [exit_codes(until_stopped(client, run_task(client)["taskArn"])) for _ in range(3)]
    assert codes == [{"app": 4, "agent": 4}, {"app": 4, "agent": 4}, {"app": 0, "agent": 0}]
    assert emulator.request("GET", "/emulator/behaviours") == {"behaviours": []}


def test_the_control_file_may_hold_behaviours_and_those_posted_are_newer(
    emulator: RunningEmulator, client: Client, behave: Behave
) -> None:
    emulator.decide(behaviours=[{"container": "app", "exits": 1, "times": 1}, {"container": "agent", "exits": 2}])
    assert exit_codes(until_stopped(client, run_task(client)["taskArn"])) == {"app": 1, "agent": 2}
    behave(container="agent", exits=6)
    assert exit_codes(until_stopped(client, run_task(client)["taskArn"]))["agent"] == 6
    emulator.decide(behaviours=[{"exit": 1}])
    assert exit_codes(until_stopped(client, run_task(client)["taskArn"]))["app"] == 0
    assert "control file: a behaviour has family" in emulator.log_file.read_text()


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/emulator/behaviours"), ("POST", "/emulator/reset")])
def test_behaviours_can_be_cleared(
    emulator: RunningEmulator, client: Client, behave: Behave, method: str, path: str
) -> None:
    assert behave(exits=8)["behaviours"][0]["exits"] == 8
    emulator.request(method, path)
    assert emulator.request("GET", "/emulator/behaviours") == {"behaviours": []}
    assert exit_codes(until_stopped(client, run_task(client)["taskArn"]))["app"] == 0


@pytest.mark.parametrize(
    "given",
    [{"exit": 1}, {"exits": "1"}, {"after_seconds": -1}, {"stays": "RUNNING"}, {"times": 0}, {"lines": "one"}],
)
def test_a_behaviour_that_makes_no_sense_is_refused(
    emulator: RunningEmulator, behave: Behave, given: dict[str, Any]
) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        behave(**given)
    with refused.value as answer:
        assert answer.code == 400
        problem = json.loads(answer.read())["error"]
        assert problem.startswith("a behaviour has family")
        assert f"{next(iter(given))}: " in problem
        assert "\n" not in problem
    assert emulator.request("GET", "/emulator/behaviours") == {"behaviours": []}


def log_task(client: Client) -> str:
    client("logs").create_log_group(logGroupName="site")
    return run_task(client, taskDefinition=task_definition(client, "migration", app=LOGS))["taskArn"]


def stream_of(arn: str) -> dict[str, str]:
    return {"logGroupName": "site", "logStreamName": f"run/app/{arn.rpartition('/')[2]}"}


def messages(client: Client, arn: str) -> list[str]:
    return [event["message"] for event in client("logs").get_log_events(**stream_of(arn))["events"]]


def test_a_container_writes_its_lines_when_it_starts(client: Client, behave: Behave) -> None:
    behave(container="app", lines=["Migrating", "42 tables"], line_count=2)
    arn = log_task(client)
    task = until_stopped(client, arn)
    events = client("logs").get_log_events(**stream_of(arn))["events"]
    assert [event["message"] for event in events] == ["Migrating", "42 tables", "line 1", "line 2"]
    started = int(task["startedAt"].timestamp() * 1000)
    assert all(abs(event["timestamp"] - started) <= 1 for event in events)


def test_late_lines_arrive_after_the_task_has_stopped(client: Client, behave: Behave) -> None:
    behave(container="app", exits=1, lines=["first"], late_lines=["why it failed"])
    arn = log_task(client)
    stopped = until_stopped(client, arn)
    assert messages(client, arn) == ["first"]
    wait_for(lambda: messages(client, arn), lambda found: found == ["first", "why it failed"])
    late = client("logs").get_log_events(**stream_of(arn))["events"][1]["timestamp"]
    assert late == pytest.approx((stopped["stoppingAt"] + timedelta(seconds=1)).timestamp() * 1000, abs=2)


def test_a_container_that_never_started_has_no_log(client: Client, behave: Behave) -> None:
    behave(container="app", cannot_be_pulled=True, lines=["never"])
    until_stopped(client, log_task(client))
    assert client("logs").describe_log_streams(logGroupName="site")["logStreams"] == []


def test_without_its_group_a_container_writes_nothing_and_lives_on(client: Client, behave: Behave) -> None:
    behave(container="app", lines=["lost"])
    arn = run_task(client, taskDefinition=task_definition(client, "migration", app=LOGS))["taskArn"]
    assert exit_codes(until_stopped(client, arn))["app"] == 0


def pages(client: Client, arn: str, *, from_head: bool) -> list[list[str]]:
    """All pages of a log, until a token repeats."""
    token, found, name = None, [], "nextForwardToken" if from_head else "nextBackwardToken"
    while True:
        asked = {"nextToken": token} if token else {}
        answer = client("logs").get_log_events(**stream_of(arn), startFromHead=from_head, **asked)
        if answer[name] == token:
            assert answer["events"] == [], "a token repeats only at the end"
            return found
        found.append([event["message"] for event in answer["events"]])
        token = answer[name]


def test_a_log_of_100000_lines_comes_in_pages_from_both_ends(client: Client, behave: Behave) -> None:
    behave(container="app", line_count=100_000)
    arn = log_task(client)
    until_stopped(client, arn)
    expected = [f"line {number}" for number in range(1, 100_001)]
    forwards = pages(client, arn, from_head=True)
    assert [len(page) for page in forwards] == [10_000] * 10
    assert [line for page in forwards for line in page] == expected


def test_a_page_of_a_log_holds_at_most_a_megabyte(client: Client, behave: Behave) -> None:
    lines = [f"{number}:{'x' * 200_000}" for number in range(12)]
    behave(container="app", lines=lines)
    arn = log_task(client)
    until_stopped(client, arn)
    forwards, backwards = pages(client, arn, from_head=True), pages(client, arn, from_head=False)
    assert [len(page) for page in forwards] == [5, 5, 2]
    assert [line for page in forwards for line in page] == lines
    assert [len(page) for page in backwards] == [5, 5, 2]
    assert [line for page in reversed(backwards) for line in page] == lines


def test_a_container_of_a_service_runs_until_it_is_stopped(client: Client) -> None:
    service(client)
    until_completed(client)
    (arn,) = client("ecs").list_tasks(cluster="site", serviceName="web")["taskArns"]
    until_stopped(client, run_task(client)["taskArn"])
    assert described_task(client, arn)["lastStatus"] == "RUNNING"
    client("ecs").update_service(cluster="site", service="web", desiredCount=0)
    assert exit_codes(until_stopped(client, arn)) == {"app": 143, "agent": 143}
    assert described(client)["runningCount"] == 0

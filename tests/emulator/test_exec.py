"""ECS Exec in the emulator: the agents of tasks, ExecuteCommand, StartSession."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.support import Client, RunningEmulator, described_task, run_task

DOCUMENT = "AWS-StartPortForwardingSessionToRemoteHost"
Starts = Callable[..., dict[str, Any]]


@pytest.fixture
def starts(emulator: RunningEmulator, client: Client) -> Starts:
    """`starts()` is a task that runs at once, with Exec, and goes on."""

    def task(*, exec_on: bool = True, **behaviour: Any) -> dict[str, Any]:
        at_once = {"starts_after_seconds": 0, "healthy_after_seconds": 0, "after_seconds": 600}
        for one in ({}, behaviour):
            emulator.post("/emulator/behaviours", **{**at_once, **one})
        return described_task(client, run_task(client, enableExecuteCommand=exec_on)["taskArn"])

    return task


def agents(task: dict[str, Any]) -> list[dict[str, Any]]:
    return [agent for container in task["containers"] for agent in container.get("managedAgents", [])]


def execute(client: Client, running: dict[str, Any], /, **changes: Any) -> Any:
    given = {
        "cluster": "site",
        "task": running["taskArn"],
        "container": "app",
        "command": "/bin/sh",
        "interactive": True,
    }
    return client("ecs").execute_command(**{**given, **changes})


def target(task: dict[str, Any]) -> str:
    runtime_id = {one["name"]: one["runtimeId"] for one in task["containers"]}["app"]
    return f"ecs:site_{task['taskArn'].rpartition('/')[2]}_{runtime_id}"


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(ClientError) as refused:
        call()
    return refused.value.response["Error"]["Code"]


def test_a_task_that_was_started_with_exec_shows_an_agent_in_each_container(starts: Starts) -> None:
    task = starts()
    assert task["enableExecuteCommand"] is True
    assert [(agent["name"], agent["lastStatus"]) for agent in agents(task)] == [("ExecuteCommandAgent", "RUNNING")] * 2
    assert agents(task)[0]["lastStartedAt"] == task["startedAt"]


def test_a_task_that_was_started_without_exec_has_none_and_nobody_gets_in(client: Client, starts: Starts) -> None:
    task = starts(exec_on=False)
    assert (task["enableExecuteCommand"], agents(task)) == (False, [])
    assert code_of(lambda: execute(client, task)) == "InvalidParameterException"


def test_a_command_is_a_session_with_an_address_and_a_token(client: Client, starts: Starts) -> None:
    task = starts()
    answer = execute(client, task)
    assert (answer["taskArn"], answer["containerName"]) == (task["taskArn"], "app")
    session = answer["session"]
    assert session["sessionId"].startswith("ecs-execute-command-")
    assert session["sessionId"] in session["streamUrl"]
    assert len(session["tokenValue"]) == 64
    assert (
        execute(client, task, task=task["taskArn"].rpartition("/")[2])["session"]["sessionId"] != session["sessionId"]
    )


@pytest.mark.parametrize("status", ["PENDING", "STOPPED"])
def test_an_agent_that_does_not_run_lets_nobody_in(client: Client, starts: Starts, status: str) -> None:
    task = starts(container="app", exec_agent=status)
    assert agents(task)[0]["lastStatus"] == status
    assert code_of(lambda: execute(client, task)) == "TargetNotConnectedException"
    assert code_of(lambda: forward(client, task)) == "TargetNotConnected"


def test_a_container_that_ended_takes_its_agent_along(client: Client, starts: Starts) -> None:
    task = starts()
    client("ecs").stop_task(cluster="site", task=task["taskArn"])
    assert {agent["lastStatus"] for agent in agents(described_task(client, task["taskArn"]))} == {"STOPPED"}
    assert code_of(lambda: execute(client, task)) == "InvalidParameterException"


@pytest.mark.parametrize(
    "changes", [{"container": "php"}, {"interactive": False}, {"task": "0" * 32}], ids=["container", "mode", "task"]
)
def test_what_does_not_exist_or_is_not_supported_is_refused(
    client: Client, starts: Starts, changes: dict[str, Any]
) -> None:
    task = starts()
    assert code_of(lambda: execute(client, task, **changes)) == "InvalidParameterException"


def test_where_there_are_several_containers_one_must_be_named(client: Client, starts: Starts) -> None:
    task, ecs = starts(), client("ecs")
    unnamed = {"cluster": "site", "task": task["taskArn"], "command": "/bin/sh", "interactive": True}
    assert code_of(lambda: ecs.execute_command(**unnamed)) == "InvalidParameterException"


def forward(client: Client, task: dict[str, Any], document: str = DOCUMENT, **more: list[str]) -> Any:
    parameters = {"host": ["db.internal"], "portNumber": ["3306"], "localPortNumber": ["3306"], **more}
    return client("ssm").start_session(Target=target(task), DocumentName=document, Parameters=parameters)


def test_a_port_is_forwarded_through_a_container_whose_agent_runs(client: Client, starts: Starts) -> None:
    answer = forward(client, starts())
    assert answer["SessionId"] in answer["StreamUrl"]
    assert answer["TokenValue"]
    assert client("ssm").terminate_session(SessionId=answer["SessionId"])["SessionId"] == answer["SessionId"]


def test_an_unknown_target_document_or_parameter_is_refused(client: Client, starts: Starts) -> None:
    task = starts()
    gone = {**task, "taskArn": f"{task['taskArn'][:-1]}-"}
    assert code_of(lambda: forward(client, gone)) == "TargetNotConnected"
    assert code_of(lambda: forward(client, task, document="AWS-StartNothing")) == "InvalidDocument"
    assert code_of(lambda: forward(client, task, password=["x"])) == "InvalidDocument"


def test_lists_come_in_pages_and_no_more_than_100_tasks_are_described(client: Client, starts: Starts) -> None:
    starts()
    for _ in range(2):
        run_task(client)
    ecs = client("ecs")
    first = ecs.list_tasks(cluster="site", maxResults=2)
    last = ecs.list_tasks(cluster="site", maxResults=2, nextToken=first["nextToken"])
    assert len({*first["taskArns"], *last["taskArns"]}) == 3
    assert "nextToken" not in last
    assert code_of(lambda: ecs.describe_tasks(cluster="site", tasks=["1"] * 101)) == "InvalidParameterException"

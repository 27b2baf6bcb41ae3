"""What is told of a task that stopped."""

from typing import Any

import botocore.session
import pytest

from release.stopped_task import advice, container_named, everything_known, has_started, why

ARN = "arn:aws:ecs:ap-northeast-1:123456789012:task/story-prod/1f0c"
PULL = "CannotPullContainerError: pull image manifest has been retried 1 time(s): not found"
SECRET = (
    "ResourceInitializationError: unable to pull secrets or registry auth: AccessDeniedException: User: x is not "
    "authorized\n\tstatus code: 400, request id: 1f0c"
)


def task(*containers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"taskArn": ARN, "lastStatus": "STOPPED", "containers": list(containers), **more}


def app(**more: Any) -> dict[str, Any]:
    return {"name": "app", **more}


@pytest.mark.parametrize(
    ("found", "started"),
    [
        (task(app(exitCode=0)), True),
        (task(app(exitCode=1), {"name": "agent"}), True),
        (task(app(), startedAt="2026-01-02"), True),
        (task(app(reason=PULL), stopCode="TaskFailedToStart"), False),
        (task(), False),
        ({}, False),
    ],
)
def test_a_task_has_started_if_any_container_may_have_run(found: dict[str, Any], started: bool) -> None:
    assert has_started(found) == started


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (task(app(reason=PULL), stoppedReason=PULL), PULL),
        (
            task(app(reason="OutOfMemoryError: killed"), stoppedReason="Essential container in task exited"),
            ("OutOfMemoryError: killed; Essential container in task exited"),
        ),
        (task(app(), stoppedReason="", stopCode="SpotInterruption"), "SpotInterruption"),
        (task(), "ECS gives no reason"),
        ({}, "ECS gives no reason"),
    ],
)
def test_the_most_telling_reason_comes_first_and_none_comes_twice(found: dict[str, Any], reason: str) -> None:
    assert why(found) == reason


def test_a_reason_of_several_lines_is_told_in_one() -> None:
    told = why(task(app(), stoppedReason=SECRET))
    assert told.endswith("is not authorized status code: 400, request id: 1f0c")


def test_everything_known_is_a_line_for_each_fact_and_container() -> None:
    found = task(
        app(exitCode=1), {"name": "agent", "reason": "gone"}, stopCode="EssentialContainerExited", stoppedReason="it is"
    )
    assert everything_known(found) == [
        f"task            {ARN}",
        "stop code       EssentialContainerExited",
        "stopped reason  it is",
        "container       agent: no exit code, gone",
        "container       app: exit code 1",
    ]
    assert everything_known(task()) == [f"task            {ARN}"]


def test_an_unknown_container_is_empty() -> None:
    assert container_named(task(app(exitCode=1)), "app") == app(exitCode=1)
    assert container_named(task(app()), "web") == container_named({}, "app") == {}


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (task(app(reason=PULL)), "image exists, is built for the cluster's processor"),
        (task(stoppedReason=PULL), "image exists, is built for the cluster's processor"),
        (task(stoppedReason="CannotPullImageManifestError: no such manifest"), "image exists"),
        (task(stoppedReason=SECRET), "A secret, a log group or the route to AWS's endpoints is missing"),
        (task(app(exitCode=137, reason="OutOfMemoryError: killed")), "memory_mib"),
        (task(app(exitCode=137), stopCode="EssentialContainerExited"), "memory_mib"),
    ],
)
def test_what_usually_helps_is_said(found: dict[str, Any], words: str) -> None:
    [line] = advice(found, "app")
    assert words in line


@pytest.mark.parametrize("exit_code", [None, 0, 1, 139, 143])
def test_where_only_the_log_can_tell_there_is_no_advice(exit_code: int | None) -> None:
    assert list(advice(task(app(exitCode=exit_code), stoppedReason="Essential container in task exited"), "app")) == []


def test_another_container_that_was_killed_is_no_want_of_memory_of_this_one() -> None:
    assert list(advice(task(app(exitCode=1), {"name": "agent", "exitCode": 137}), "app")) == []


@pytest.mark.parametrize(
    ("stop_code", "blamed"),
    [
        ("EssentialContainerExited", True),
        ("TaskFailedToStart", True),
        ("InfrastructureHealth", True),
        ("UserInitiated", False),
        ("ServiceSchedulerInitiated", False),
        ("SpotInterruption", False),
        ("TerminationNotice", False),
    ],
)
def test_a_task_that_somebody_stopped_was_not_killed_for_its_memory(stop_code: str, blamed: bool) -> None:
    assert bool(advice(task(app(exitCode=137), stopCode=stop_code), "app")) == blamed


def test_every_stop_code_of_aws_is_known_here() -> None:
    untyped: Any = botocore.session.get_session()
    assert set(untyped.get_service_model("ecs").shape_for("TaskStopCode").enum) == {
        *("EssentialContainerExited", "TaskFailedToStart", "InfrastructureHealth"),
        *("UserInitiated", "ServiceSchedulerInitiated", "SpotInterruption", "TerminationNotice"),
    }, "does the new one come with a signal?"

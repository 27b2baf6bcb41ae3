"""A one-off task of which too little is known: it is never stopped, and no second one is started beside it."""

import itertools
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from release.contract import OneOffTask, StepError
from release.migrate import run_task
from release.stopped_task import BEFORE_THE_START, has_not_started
from tests.aws.answers import Told, refusal
from tests.aws.clock import Clock
from tests.release.steps import FAMILY, LOCATION, LOG_GROUP, STARTED_BY

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ARN = "arn:aws:ecs:ap-northeast-1:123456789012:task/story-prod/"
OTHER_RELEASE = f"story-prod/migration/{'2' * 64}"
TASK = OneOffTask(
    step="migration",
    location=LOCATION,
    started_by=STARTED_BY,
    task_definition=f"arn:aws:ecs:ap-northeast-1:123456789012:task-definition/{FAMILY}:1",
    container="app",
    subnet_ids=["subnet-1"],
    security_group_id="sg-1",
    log_group=LOG_GROUP,
    log_stream_prefix="migration",
    timeout_seconds=300,
)
THROTTLED = refusal("ThrottlingException")


def task(name: str = "own", status: str = "RUNNING", containers: str = "", **more: Any) -> dict[str, Any]:
    """A task as ECS describes it."""
    state = containers or ("PENDING" if status in BEFORE_THE_START else status)
    began = {"startedAt": NOW} if status not in BEFORE_THE_START else {}
    return {
        "taskArn": f"{ARN}{name}",
        "lastStatus": status,
        "startedBy": STARTED_BY,
        "createdAt": NOW,
        "containers": [{"name": "app", "lastStatus": state}, {"name": "agent", "lastStatus": state}],
        **began,
        **more,
    }


ENDED = task(status="STOPPED", containers="STOPPED") | {
    "containers": [{"name": "app", "lastStatus": "STOPPED", "exitCode": 0}]
}
MISSING: dict[str, Any] = {"tasks": [], "failures": [{"arn": f"{ARN}own", "reason": "MISSING"}]}


class Account:
    """An account whose ECS answers by the clock.

    Attributes:
        clock: The time.
        listed: Names of the tasks that ListTasks lists: each time the next ones, in the end the last ones again.
        seen: What DescribeTasks answers for a task's name, after so many seconds; an exception is raised, `None` is a
            task that ECS does not know.
        stopped: Tasks that were stopped.
        started: How many were started.
        said: What the step said.
    """

    def __init__(self) -> None:
        self.clock = Clock()
        self.listed: list[Sequence[str]] = [[]]
        self.seen: dict[str, Callable[[float], Any]] = {"own": lambda _seconds: ENDED}
        self.stopped: list[str] = []
        self.started = 0
        self.said: list[str] = []
        self.told = Told(
            {
                ("ecs", "list_tasks"): self._list,
                ("ecs", "describe_tasks"): self._describe,
                ("ecs", "run_task"): self._run,
                ("ecs", "stop_task"): self._stop,
                ("logs", "get_log_events"): {"events": [], "nextForwardToken": "f/1"},
            }
        )

    def _list(self, **_: Any) -> Any:
        names = self.listed.pop(0) if len(self.listed) > 1 else self.listed[0]
        return {"taskArns": [f"{ARN}{name}" for name in names]}

    def _describe(self, tasks: Sequence[str], **_: Any) -> Any:
        found = [self.seen[arn.removeprefix(ARN)](self.clock.passed) for arn in tasks]
        for one in found:
            if isinstance(one, Exception):
                raise one
        return {"tasks": [one for one in found if one], "failures": []}

    def _run(self, **_: Any) -> Any:
        self.started += 1
        return {"tasks": [task(status="PROVISIONING")], "failures": []}

    def _stop(self, task: str, **_: Any) -> Any:
        self.stopped.append(task.removeprefix(ARN))
        return {}

    def runs(self) -> None:
        run_task(TASK, output=self.said.append, connect=self.told.connect, clock=self.clock)

    def fails(self) -> str:
        with pytest.raises(StepError) as failed:
            self.runs()
        assert "\n" not in str(failed.value)
        return str(failed.value)


@pytest.fixture
def account() -> Account:
    return Account()


def until(seconds: float, before: Any, after: Any) -> Callable[[float], Any]:
    return lambda passed: before if passed < seconds else after


@pytest.mark.parametrize("last", [task(status=status) for status in BEFORE_THE_START], ids=BEFORE_THE_START)
def test_a_task_that_ecs_says_has_not_started_is_stopped_at_the_timeout(account: Account, last: Any) -> None:
    account.seen["own"] = until(1000, last, ENDED)
    assert f"it did not start (last status {last['lastStatus']}) and was stopped: {ARN}own" in account.fails()
    assert account.stopped == ["own"]
    assert 300 <= account.clock.passed < 303


@pytest.mark.parametrize(
    ("seen", "last_status"),
    [
        (until(1000, THROTTLED, ENDED), "unknown"),
        (until(250, THROTTLED, None), "unknown"),
        (until(10, task(status="PENDING"), THROTTLED), "PENDING"),
        (until(299, task(status="PROVISIONING"), THROTTLED), "PROVISIONING"),
        (until(299, task(status="PENDING"), None), "PENDING"),
        (until(299, task(status="RUNNING"), THROTTLED), "RUNNING"),
    ],
    ids=["never answered", "missing", "pending long ago", "just now", "gone now", "ran"],
)
def test_a_task_whose_state_is_unknown_at_the_timeout_is_not_stopped(
    account: Account, seen: Callable[[float], Any], last_status: str
) -> None:
    account.seen["own"] = seen
    assert account.fails() == (
        "migration: not ended within 300 s, the timeout in the stack's file; AWS does not say whether it started "
        f"(last status {last_status}), so it was not stopped: {ARN}own; the next update with this image follows it if "
        "it is still running"
    )
    assert account.stopped == []


@pytest.mark.parametrize(
    "last",
    [
        task(),
        task(status="PENDING", containers="RUNNING"),
        task(status="ACTIVATING", containers="STOPPED"),
        task(status="PENDING") | {"containers": []},
        task(status="PENDING") | {"containers": [{"name": "app"}]},
        task(status="PENDING") | {"startedAt": NOW},
        task(status="PENDING") | {"containers": [{"name": "app", "lastStatus": "PENDING", "exitCode": 0}]},
        task(status="PENDING") | {"lastStatus": "DEACTIVATING"},
        task(status="STOPPING"),
    ],
)
def test_a_task_that_may_have_started_is_not_stopped_at_the_timeout(account: Account, last: Any) -> None:
    account.seen["own"] = lambda _seconds: last
    assert "; the task continues, and the next update with this image follows it: " in account.fails()
    assert account.stopped == []


def test_a_task_of_which_no_container_is_told_may_have_started() -> None:
    assert not has_not_started({})
    assert not has_not_started({"lastStatus": "PENDING"})
    one_of_two = [{"name": "app", "lastStatus": "PENDING"}, {"name": "agent", "lastStatus": "RUNNING"}]
    assert not has_not_started({"lastStatus": "PENDING", "containers": one_of_two})


def test_a_task_that_ended_just_in_time_is_judged_by_its_end(account: Account) -> None:
    account.seen["own"] = until(299.5, task(), ENDED)
    account.runs()
    assert "done: app ended with exit code 0" in account.said[-1]


def test_after_an_unknown_end_the_next_update_follows_the_task_and_starts_none(account: Account) -> None:
    account.seen["own"] = until(310, THROTTLED, ENDED)
    account.fails()
    assert account.started == 1
    account.listed = [["own"]]
    account.seen["own"] = until(account.clock.passed + 9, task(), ENDED)
    account.runs()
    assert account.started == 1
    assert "follows own, which an earlier update started" in "\n".join(account.said)


def test_a_task_that_is_missing_for_less_than_a_minute_is_waited_for(account: Account) -> None:
    account.seen["own"] = until(59, None, ENDED)
    account.runs()


def test_a_task_that_is_missing_for_more_than_a_minute_has_an_unknown_end(account: Account) -> None:
    account.seen["own"] = lambda _seconds: None
    assert "so its result is unknown" in account.fails()
    assert 60 < account.clock.passed < 63
    assert account.stopped == []


def test_a_task_that_is_missing_once_after_a_long_time_without_answers_is_waited_for(account: Account) -> None:
    answers = iter([None, task(), ENDED])
    account.seen["own"] = lambda seconds: THROTTLED if seconds < 120 else next(answers)
    account.runs()


def test_a_minute_of_missing_begins_anew_whenever_the_task_is_seen(account: Account) -> None:
    account.seen["own"] = lambda seconds: ENDED if seconds > 200 else task() if 50 < seconds < 52 else None
    assert "so its result is unknown" in account.fails()
    assert 110 < account.clock.passed < 115


def test_a_task_that_is_listed_but_not_described_is_waited_for_before_another_is_started(account: Account) -> None:
    account.listed = [["own"]]
    account.seen["own"] = lambda seconds: None if seconds < 5 else task() if seconds < 20 else ENDED
    account.runs()
    assert account.started == 0


def test_where_a_listed_task_is_never_described_none_is_started(account: Account) -> None:
    account.listed = [["other"]]
    account.seen["other"] = lambda _seconds: None
    assert account.fails() == (
        f"migration: ECS lists a task of {FAMILY} and does not say whether it has ended: {ARN}other; try again in some "
        "minutes"
    )
    assert (account.started, 60 <= account.clock.passed < 63) == (0, True)


def test_a_listed_task_that_has_ended_meanwhile_is_no_hindrance(account: Account) -> None:
    account.listed = [["other"], ["other"], ["own", "other"]]
    account.seen["other"] = until(5, None, task("other", "STOPPED", startedBy=OTHER_RELEASE))
    account.runs()
    assert account.started == 1


OLDER, YOUNGER = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)


def race(account: Account, other: Any, own: Any = None) -> None:
    """Another update has started a task, and ECS lists it only once this one has started its own."""
    account.listed = [[], ["own", "other"]]
    account.seen |= {"other": lambda _seconds: other}
    account.seen["own"] = until(1, own or task(status="PROVISIONING"), ENDED)


def test_of_two_updates_with_different_images_the_younger_fails_and_stops_its_task(account: Account) -> None:
    race(account, task("other", createdAt=OLDER, startedBy=OTHER_RELEASE))
    message = account.fails()
    told = f"migration: another task is still running, started by {OTHER_RELEASE}: {ARN}other; wait "
    assert message.startswith(told)
    assert account.stopped == ["own"]


@pytest.mark.parametrize("unknown", [THROTTLED, None], ids=["throttled", "missing"])
def test_the_younger_task_is_not_stopped_while_it_is_unknown_whether_it_started(account: Account, unknown: Any) -> None:
    race(account, task("other", createdAt=OLDER, startedBy=OTHER_RELEASE))
    answers = itertools.chain([task(status="RUNNING")], itertools.repeat(unknown))
    account.seen["own"] = lambda _seconds: next(answers)
    assert "may have started its work" in account.fails()
    assert account.stopped == []


def test_of_two_updates_with_different_images_the_elder_goes_on(account: Account) -> None:
    race(account, task("other", createdAt=YOUNGER, startedBy=OTHER_RELEASE))
    account.runs()
    assert account.stopped == []


def test_of_two_updates_with_the_same_image_the_younger_follows_the_elder(account: Account) -> None:
    race(account, task("other", createdAt=OLDER))
    account.seen["other"] = until(5, task("other", createdAt=OLDER), ENDED | {"taskArn": f"{ARN}other"})
    account.runs()
    assert account.stopped == ["own"]
    assert any("as other" in line for line in account.said)


@pytest.mark.parametrize(("other", "gives_way"), [("aaa", True), ("zzz", False)])
def test_of_two_tasks_of_the_same_moment_the_one_with_the_first_arn_counts_as_elder(
    account: Account, other: str, gives_way: bool
) -> None:
    account.listed = [[], ["own", other]]
    same_moment = task(other, createdAt=NOW, startedBy=OTHER_RELEASE)
    account.seen |= {other: lambda _seconds: same_moment, "own": until(1, task(status="PROVISIONING"), ENDED)}
    if gives_way:
        assert "another task is still running" in account.fails()
    else:
        account.runs()
    assert account.stopped == (["own"] if gives_way else [])


def test_of_several_others_the_eldest_counts(account: Account) -> None:
    account.listed = [[], ["own", "second", "third"]]
    account.seen |= {
        "second": lambda _seconds: task("second", createdAt=OLDER),
        "third": lambda _seconds: task("third", createdAt=NOW - timedelta(seconds=9), startedBy=OTHER_RELEASE),
        "own": until(1, task(status="PROVISIONING"), ENDED),
    }
    assert f"started by {OTHER_RELEASE}: {ARN}third" in account.fails()


def test_a_younger_task_that_may_have_begun_its_work_is_not_stopped(account: Account) -> None:
    race(account, task("other", createdAt=OLDER), own=task())
    message = account.fails()
    assert f"so both continue: {ARN}other and {ARN}own; wait until both have ended, and try again" in message
    assert account.stopped == []

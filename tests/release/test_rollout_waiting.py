"""Following a deployment by the clock: what is shown while it goes on, and what happens where AWS says too little."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from release.contract import Rollout, StepError
from release.rollout import follow_rollout
from tests.aws.answers import Told, refusal
from tests.aws.clock import Clock
from tests.release.steps import LOCATION

ECS = "arn:aws:ecs:ap-northeast-1:123456789012:"
NEW, OLD = f"{ECS}task-definition/story-prod-web:2", f"{ECS}task-definition/story-prod-web:1"
SERVICE_DEPLOYMENT = f"{ECS}service-deployment/story-prod/web/1"
LIMIT = "was unable to place a task. Reason: You've reached the limit on the number of tasks you can run concurrently."
THROTTLED = refusal("ThrottlingException")
ALWAYS = 10_000.0


class Account:
    """An account with the service web, whose deployment of a new revision began just now.

    Attributes:
        made: When the deployment was made.
        service_deployment_made: When the service deployment behind it was made.
        complete_after: Seconds until the deployment is complete.
        rollout_state: Its state until then.
        events: Texts of the service's events, with the seconds from the deployment's beginning at which they come.
        services: What DescribeServices lists after so many seconds; None for the service.
        status: Status of the service deployment after so many seconds; an exception is raised.
        said: What the step said, each line with the seconds at which it came.
    """

    def __init__(self) -> None:
        self.clock = Clock()
        self.made = self.service_deployment_made = datetime.now(UTC)
        self.complete_after = 60.0
        self.rollout_state = "IN_PROGRESS"
        self.events: list[tuple[float, str]] = []
        self.services: Callable[[float], Any] = lambda _seconds: None
        self.status: Callable[[float], Any] = lambda _seconds: "IN_PROGRESS"
        self.listed: Callable[[float], bool] = lambda _seconds: True
        self.said: list[tuple[float, str]] = []
        self.told = Told(
            {
                ("ecs", "describe_services"): self._describe,
                ("ecs", "list_service_deployments"): self._list,
                ("ecs", "describe_service_revisions"): {"serviceRevisions": [{"taskDefinition": NEW}]},
                ("ecs", "describe_service_deployments"): self._describe_service_deployment,
                ("ecs", "list_tasks"): {"taskArns": []},
                ("ecs", "stop_service_deployment"): self._stop,
                ("ecs", "update_service"): self._update,
                ("ecs", "describe_task_definition"): {"taskDefinition": {"containerDefinitions": []}},
            }
        )

    def _describe(self, **_: Any) -> Any:
        listed = self.services(self.clock.passed)
        return {"services": [self.service()] if listed is None else listed, "failures": []}

    def service(self) -> dict[str, Any]:
        passed = self.clock.passed
        state = "COMPLETED" if passed >= self.complete_after else self.rollout_state
        own = {"id": "ecs-svc/2", "status": "PRIMARY", "taskDefinition": NEW, "createdAt": self.made}
        events = [
            {"id": str(number), "message": f"(service web) {text}", "createdAt": self.made + timedelta(seconds=seconds)}
            for number, (seconds, text) in enumerate(self.events)
            if seconds <= passed
        ]
        return {
            "serviceName": "web",
            "status": "ACTIVE",
            "events": sorted(events, key=lambda event: event["createdAt"], reverse=True),
            "deployments": [{**own, "desiredCount": 2, "rolloutState": state}],
        }

    def _list(self, **_: Any) -> Any:
        found = {
            "serviceDeploymentArn": SERVICE_DEPLOYMENT,
            "targetServiceRevisionArn": f"{ECS}service-revision/story-prod/web/1",
            "createdAt": self.service_deployment_made,
        }
        return {"serviceDeployments": [found] if self.listed(self.clock.passed) else []}

    def _describe_service_deployment(self, **_: Any) -> Any:
        status = self.status(self.clock.passed)
        if isinstance(status, Exception):
            raise status
        return {"serviceDeployments": [{"serviceDeploymentArn": SERVICE_DEPLOYMENT, "status": status}]}

    def _stop(self, **_: Any) -> Any:
        self.status = lambda _seconds: "ROLLBACK_SUCCESSFUL"
        return {}

    def _update(self, **_: Any) -> Any:
        self.rollout_state = "IN_PROGRESS"
        return {"service": {}}

    def asked(self, operation: str) -> list[dict[str, Any]]:
        return [parameters for _, asked, parameters in self.told.asked if asked == operation]

    def follow(self, *, timeout_seconds: int = 300, intervenes: bool = True) -> None:
        rollout = Rollout(location=LOCATION, service="web", task_definition=NEW, timeout_seconds=timeout_seconds)
        follow_rollout(
            rollout,
            output=lambda line: self.said.append((self.clock.passed, line)),
            intervenes=intervenes,
            connect=self.told.connect,
            clock=self.clock,
        )

    def fails(self, **options: Any) -> str:
        with pytest.raises(StepError) as failed:
            self.follow(**options)
        return str(failed.value)

    @property
    def shown_events(self) -> list[tuple[float, str]]:
        """What was shown of the service's events while it went on, with the time."""
        return [(at, line.partition("ECS: ")[2]) for at, line in self.said if " s  ECS: " in line]


@pytest.fixture
def account() -> Account:
    return Account()


def test_an_event_is_shown_when_it_comes_and_once(account: Account) -> None:
    account.events = [(30, LIMIT)]
    account.follow()
    [(at, text)] = account.shown_events
    assert text == LIMIT
    assert 30 <= at <= 33, "not only at the end"
    assert account.said[-1][0] >= 60


def test_an_event_of_before_the_deployment_is_not_shown(account: Account) -> None:
    account.events = [(-1, "is unable to consistently start tasks successfully."), (0, LIMIT)]
    account.follow()
    assert [text for _, text in account.shown_events] == [LIMIT]


def test_an_event_from_between_the_deployment_and_the_first_look_is_shown(account: Account) -> None:
    account.made -= timedelta(seconds=100)
    account.service_deployment_made = account.made
    account.events = [(0.5, LIMIT)]
    account.follow()
    assert [text for _, text in account.shown_events] == [LIMIT]


def test_routine_is_not_shown_and_the_same_of_another_task_only_once(account: Account) -> None:
    failed = "(task {}) failed container health checks."
    account.events = [
        (1, f"has started 2 tasks: (task {'1' * 32}) (task {'2' * 32})."),
        (10, failed.format("1" * 32)),
        (20, failed.format("2" * 32)),
        (30, LIMIT),
        (40, failed.format("3" * 32)),
        (41, LIMIT),
    ]
    account.follow()
    assert [text for _, text in account.shown_events] == [failed.format("1" * 32), LIMIT]


def test_a_failure_says_once_more_what_ecs_said_and_how_often(account: Account) -> None:
    account.events = [(-5, "of another deployment"), (30, LIMIT), (60, LIMIT), (90, LIMIT)]
    account.complete_after = ALWAYS
    account.fails(timeout_seconds=100)
    lines = [line for _, line in account.said]
    told = lines.index(next(line for line in lines if line.endswith("events of the service:")))
    assert lines[told + 1].endswith(f"- {LIMIT} (3 times)")
    assert not any("another deployment" in line for line in lines)


def test_only_the_last_ten_events_explain_a_failure(account: Account) -> None:
    account.events = [(seconds, f"said thing {chr(ord('a') + seconds)}") for seconds in range(12)]
    account.complete_after = ALWAYS
    account.fails(timeout_seconds=30)
    explained = [line.partition("- said thing ")[2] for _, line in account.said if "- said thing " in line]
    assert explained == list("cdefghijkl")


def test_at_its_timeout_a_deployment_is_stopped(account: Account) -> None:
    account.complete_after = ALWAYS
    assert "stopped: ROLLBACK_SUCCESSFUL" in account.fails()
    assert account.asked("stop_service_deployment") == [
        {"serviceDeploymentArn": SERVICE_DEPLOYMENT, "stopType": "ROLLBACK"}
    ]


def test_a_look_at_a_deployment_stops_nothing_at_its_timeout(account: Account) -> None:
    account.complete_after = ALWAYS
    assert account.fails(intervenes=False).endswith("the timeout in the stack's file; it continues")
    assert account.asked("stop_service_deployment") == []


@pytest.mark.parametrize(("intervenes", "updates"), [(True, 1), (False, 0)])
def test_only_an_update_starts_a_failed_deployment_again(account: Account, intervenes: bool, updates: int) -> None:
    account.rollout_state = "FAILED"

    def next_one(**_: Any) -> Any:
        account.rollout_state = "IN_PROGRESS"
        before = account.service
        account.service = lambda: {  # type: ignore[method-assign]
            **before(),
            "deployments": [{**before()["deployments"][0], "id": "ecs-svc/3"}],
        }
        return {"service": {}}

    account.told.said["ecs", "update_service"] = next_one
    if intervenes:
        account.follow()
    else:
        assert "failed: ECS gives no reason" in account.fails(intervenes=False)
    assert (
        account.asked("update_service")
        == [{"cluster": "story-prod", "service": "web", "forceNewDeployment": True}] * updates
    )


def test_a_failed_deployment_that_ecs_lists_for_a_moment_longer_is_not_taken_for_the_new_one(account: Account) -> None:
    """ECS's answers are eventually consistent, so DescribeServices may be older than UpdateService."""
    failed = {**account.service()["deployments"][0], "rolloutState": "FAILED"}
    new = {**failed, "id": "ecs-svc/3"}

    def deployments(seconds: float) -> list[dict[str, Any]]:
        if not account.asked("update_service") or seconds < 8:
            return [failed]
        return [{**new, "rolloutState": "COMPLETED" if seconds >= 30 else "IN_PROGRESS"}]

    account.services = lambda seconds: [{**account.service(), "deployments": deployments(seconds)}]
    account.follow()
    assert any("is deployed as ecs-svc/3" in line for _, line in account.said)
    assert len(account.asked("update_service")) == 1


@pytest.mark.parametrize(("intervenes", "told"), [(True, 1), (False, 0)])
def test_only_an_update_tells_how_long_it_took(account: Account, intervenes: bool, told: int) -> None:
    account.follow(intervenes=intervenes)
    assert len(account.asked("put_metric_data")) == told


@pytest.mark.parametrize(
    ("seconds_before", "is_its_own"), [(-3, True), (0, True), (4.9, True), (5.1, False), (600, False)]
)
def test_a_service_deployment_of_the_same_moment_is_the_deployments_own(
    account: Account, seconds_before: float, is_its_own: bool
) -> None:
    account.service_deployment_made -= timedelta(seconds=seconds_before)
    account.complete_after = ALWAYS
    message = account.fails(timeout_seconds=10)
    assert bool(account.asked("stop_service_deployment")) is is_its_own
    assert ("AWS does not list a service deployment that can be stopped" in message) is not is_its_own


def test_a_service_deployment_that_brings_something_else_is_not_stopped(account: Account) -> None:
    account.complete_after = ALWAYS
    account.told.said["ecs", "describe_service_revisions"] = {"serviceRevisions": [{"taskDefinition": OLD}]}
    account.fails()
    assert account.asked("stop_service_deployment") == []


@pytest.mark.parametrize("newest_first", [True, False])
def test_of_several_service_deployments_the_newest_counts(account: Account, newest_first: bool) -> None:
    [own] = account._list()["serviceDeployments"]
    earlier = {**own, "serviceDeploymentArn": "arn:earlier", "createdAt": account.made - timedelta(seconds=2)}
    both = [own, earlier] if newest_first else [earlier, own]
    account.told.said["ecs", "list_service_deployments"] = {"serviceDeployments": both}
    account.complete_after = ALWAYS
    account.fails()
    [stopped] = account.asked("stop_service_deployment")
    assert stopped["serviceDeploymentArn"] == SERVICE_DEPLOYMENT


def test_a_failed_deployment_that_another_one_replaces_is_not_started_again(account: Account) -> None:
    leading = {"id": "ecs-svc/1", "status": "PRIMARY", "taskDefinition": OLD, "createdAt": account.made}
    failed = {**account.service()["deployments"][0], "status": "ACTIVE", "rolloutState": "FAILED"}
    account.services = lambda _seconds: [{**account.service(), "deployments": [leading, failed]}]
    account.fails()
    assert account.asked("update_service") == []


def test_a_deployment_is_stopped_although_aws_does_not_answer_at_the_timeout(account: Account) -> None:
    account.complete_after = ALWAYS
    account.status = lambda seconds: "IN_PROGRESS" if seconds < 200 else THROTTLED
    assert "stopped: ROLLBACK_SUCCESSFUL" in account.fails()


def test_where_aws_does_not_answer_it_is_not_taken_for_displaced(account: Account) -> None:
    """DescribeServices may still name the old deployment as the leading one."""
    leading = {"id": "ecs-svc/1", "status": "PRIMARY", "taskDefinition": OLD, "createdAt": account.made}
    account.services = lambda seconds: [{**account.service(), "deployments": [leading]}] if 20 < seconds < 40 else None
    account.status = lambda seconds: THROTTLED if 15 < seconds < 45 else "IN_PROGRESS"
    account.follow()
    assert account.clock.passed >= 60


def test_a_service_that_ecs_does_not_list_for_a_moment_is_waited_for(account: Account) -> None:
    account.services = lambda seconds: [] if seconds < 14 or 30 < seconds < 40 else None
    account.follow()


def test_a_service_that_stays_unlisted_is_a_failure_after_a_quarter_of_a_minute(account: Account) -> None:
    account.services = lambda _seconds: []
    assert account.fails() == "rollout web: the service was deleted, or was never created"
    assert 15 <= account.clock.passed < 19


@pytest.mark.parametrize("status", ["DRAINING", "INACTIVE"])
def test_a_deleted_service_is_a_failure_at_once(account: Account, status: str) -> None:
    account.services = lambda _seconds: [{**account.service(), "status": status}]
    assert account.fails() == "rollout web: the service was deleted, or was never created"
    assert account.clock.passed == 0


def test_a_rollback_that_takes_longer_than_a_quarter_of_an_hour_is_left_to_ecs(account: Account) -> None:
    account.complete_after = ALWAYS
    account.told.said["ecs", "stop_service_deployment"] = {}
    assert account.fails(timeout_seconds=10).endswith("the rollback is still in progress")
    assert 910 <= account.clock.passed < 930


def test_a_deployment_that_appears_late_is_waited_for(account: Account) -> None:
    leading = {"id": "ecs-svc/1", "status": "PRIMARY", "taskDefinition": OLD, "createdAt": account.made}
    account.services = lambda seconds: [{**account.service(), "deployments": [leading]}] if seconds < 14 else None
    account.follow()


def test_a_deployment_that_does_not_appear_is_a_failure(account: Account) -> None:
    leading = {"id": "ecs-svc/1", "status": "PRIMARY", "taskDefinition": OLD, "createdAt": account.made}
    account.services = lambda _seconds: [{**account.service(), "deployments": [leading]}]
    account.listed = lambda _seconds: False
    assert account.fails().endswith("the service is to run story-prod-web:1")

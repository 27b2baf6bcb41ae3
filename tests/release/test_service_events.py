"""Which of a service's events are shown while a deployment goes on."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from release.service_events import collapsed, is_routine, texts_since, without_ids

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TASK, OTHER_TASK = "6f0c1d2e3b4a5968778695a4b3c2d1e0", "00000000-1111-2222-3333-444444444444"
GROUP = "(target-group arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/web/0123456789abcdef)"
LIMIT = "was unable to place a task. Reason: You've reached the limit on the number of tasks you can run concurrently."


def event(text: str, seconds: int = 0) -> dict[str, Any]:
    return {"id": f"{text}{seconds}", "message": f"(service web) {text}", "createdAt": NOW + timedelta(seconds=seconds)}


def test_new_events_come_the_oldest_first_also_within_one_moment() -> None:
    listed = {"events": [event("4", 2), event("3", 1), event("2", 1), event("1", 0)]}
    assert texts_since(listed, NOW + timedelta(seconds=1)) == ["2", "3", "4"]
    assert texts_since({"events": [event("1", 0), event("2", 1)]}, None) == ["1", "2"], "in whatever order they come"
    assert texts_since({}, NOW) == []


@pytest.mark.parametrize("prefix", ["(service web)", "service web", "(service web, taskSet ecs-svc/1)"])
def test_the_services_name_is_left_out(prefix: str) -> None:
    told = {**event(""), "message": f"{prefix} {LIMIT}"}
    assert texts_since({"events": [told]}, None) == [LIMIT]


@pytest.mark.parametrize(
    "text",
    [
        f"has started 2 tasks: (task {TASK}) (task {OTHER_TASK}).",
        f"has stopped 1 running tasks: (task {TASK}).",
        f"registered 1 targets in {GROUP}",
        f"deregistered 10 targets in {GROUP}",
        "has begun draining connections on 1 tasks.",
        "has reached a steady state.",
        "(deployment ecs-svc/123) deployment completed.",
    ],
)
def test_what_the_counts_of_tasks_say_as_well_is_routine(text: str) -> None:
    assert is_routine(text)


@pytest.mark.parametrize(
    "text",
    [
        LIMIT,
        "was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later.",
        "is unable to consistently start tasks successfully.",
        f"(task {TASK}) failed container health checks.",
        f"(task {TASK}) (port 8080) is unhealthy in {GROUP} due to (reason Health checks failed with codes: [502]).",
        "(deployment ecs-svc/123) deployment failed: tasks failed to start.",
        "rolling back to deployment ecs-svc/123.",
        "operations are being throttled on elb. Will try again later.",
        "failed to register targets in (target-group arn:1) with (error AccessDenied)",
        "anything that ECS may say in future",
        "is unhealthy, although it has started 2 tasks and has reached a steady state.",
    ],
)
def test_everything_else_is_shown(text: str) -> None:
    assert not is_routine(text)


def test_two_events_that_say_the_same_of_two_tasks_are_the_same() -> None:
    assert without_ids(f"(task {TASK}) failed in {GROUP}") == without_ids(f"(task {OTHER_TASK}) failed in {GROUP}")
    assert without_ids("10.0.1.2 is unhealthy") == without_ids("10.0.11.20 is unhealthy")
    assert without_ids("(deployment ecs-svc/1) failed") == without_ids("(deployment ecs-svc/2345) failed")
    assert without_ids("codes: [502]") != without_ids("codes: [404]")
    assert without_ids("(port 80) is unhealthy") != without_ids("(port 8080) is unhealthy")


def test_collapsed_events_keep_their_order_and_say_how_often_they_came() -> None:
    failed = "(task {}) failed container health checks."
    assert collapsed([failed.format(TASK), LIMIT, failed.format(OTHER_TASK), failed.format(TASK)]) == [
        f"{failed.format(TASK)} (3 times)",
        LIMIT,
    ]
    assert collapsed([LIMIT, LIMIT]) == [f"{LIMIT} (2 times)"]
    assert collapsed([]) == []

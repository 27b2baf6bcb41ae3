"""Nothing publishes before the policies let it: alarms, budgets and EventBridge, in the whole program."""

from functools import cache

import pytest

from story.plan.recorder import Record, Resource
from tests.program.given import program

SLACK = {"workspace_id": "T0123ABCD", "critical_channel_id": "C0123ABCD", "warning_channel_id": "C0456ABCD"}


@cache
def made() -> Record:
    return program("prod", observability={"slack": SLACK, "monthly_budget_usd": 100, "laravel_metrics": True})


def needs(resource: Resource) -> set[str]:
    """What must exist before a resource, directly or over others: `<kind> <name>`."""
    by_label = {f"{one.kind} {one.name}": one for one in made().resources}
    seen, todo = set[str](), [*resource.depends_on]
    while todo:
        label = todo.pop()
        if label not in seen:
            seen.add(label)
            todo += by_label[label].depends_on if label in by_label else ()
    return seen


def topic_policy(severity: str) -> str:
    return f"TopicPolicy observability-notifications-{severity}"


ALARMS = sorted(
    (one for kind in ("MetricAlarm", "CompositeAlarm") for one in made().all(kind) if one.inputs.get("alarmActions")),
    # Composite alarms are registered once the names of their alarms are known, in an order that differs between runs.
    key=lambda one: one.name,
)


@pytest.mark.parametrize("alarm", ALARMS, ids=lambda alarm: alarm.name)
def test_an_alarm_waits_for_the_policies_of_its_topic_and_of_the_key(alarm: Resource) -> None:
    [topic] = alarm.inputs["alarmActions"]
    severity = "critical" if topic.endswith("-critical") else "warning"
    assert needs(alarm) >= {topic_policy(severity), "KeyPolicy encryption"}


def test_every_alarm_that_has_a_reader_is_among_them() -> None:
    assert len(ALARMS) > 25


def test_budgets_subscriptions_and_channels_wait_for_them_too() -> None:
    [budget] = made().all("Budget")
    assert needs(budget) >= {topic_policy("warning"), "KeyPolicy encryption"}
    for one in made().all("TopicSubscription"):
        severity = "critical" if "-critical-" in one.name else "warning"
        assert needs(one) >= {topic_policy(severity), "KeyPolicy encryption"}, one.name
    channels = made().all("SlackChannelConfiguration")
    assert len(channels) == 2
    assert needs(channels[0]) | needs(channels[1]) >= {topic_policy("critical"), topic_policy("warning")}


def test_every_target_of_eventbridge_waits_for_the_policy_that_lets_it_in() -> None:
    targets = made().all("EventTarget")
    assert {target.inputs["targetId"] for target in targets} == {"log", "topic"}
    for target in targets:
        own = {
            "log": "LogResourcePolicy observability-events",
            "topic": topic_policy("warning"),
        }[target.inputs["targetId"]]
        assert needs(target) >= {own, "KeyPolicy encryption"}, target.name
        assert "roleArn" not in target.inputs

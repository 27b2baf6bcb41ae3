"""Who hears of a stack, and what is kept of its events, under the recorder."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from components.observability.monitored_stack import MonitoredStack
from story.plan.fake_outputs import ACCOUNT, REGION
from story.plan.recorder import Record, Resource
from tests.components.given import KEY
from tests.components.observability.monitored_site import made, observability, site

CRITICAL, WARNING = (
    f"arn:aws:sns:{REGION}:{ACCOUNT}:topic/observability-notifications-{severity}"
    for severity in ("critical", "warning")
)
SLACK = {"workspace_id": "T0123ABCD", "critical_channel_id": "C0123ABCD"}
BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"


def policy(resource: Resource, key: str = "policy") -> list[Mapping[str, Any]]:
    return json.loads(resource.inputs[key])["Statement"]


def publishers(recorded: Record, severity: str) -> dict[str, Mapping[str, Any]]:
    """Who may publish to a topic: the condition by the service."""
    return {found["Principal"]["Service"]: found.get("Condition", {}) for found in allowed_by(recorded, severity)}


def allowed_by(recorded: Record, severity: str) -> list[Mapping[str, Any]]:
    statements = policy(recorded.one("TopicPolicy", f"observability-notifications-{severity}"))
    return [found for found in statements if found["Effect"] == "Allow"]


def readers(recorded: Record, topic: str) -> list[str]:
    return [one.inputs["endpoint"] for one in recorded.all("TopicSubscription") if one.inputs["topic"] == topic]


def test_what_alarms_say_is_encrypted_with_the_stacks_key() -> None:
    assert [topic.inputs["kmsMasterKeyId"] for topic in made().all("Topic")] == [KEY, KEY]


def test_a_mail_says_in_its_sender_which_stack_it_is_about_and_how_much_it_matters() -> None:
    assert {topic.inputs["displayName"] for topic in made().all("Topic")} == {
        "story-test-critical",
        "story-test-warning",
    }


@pytest.mark.parametrize("severity", ["critical", "warning"])
def test_only_alarms_of_this_account_publish(severity: str) -> None:
    assert publishers(made(), severity)["cloudwatch.amazonaws.com"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:*"},
    }


def test_a_budget_publishes_to_the_topic_that_it_tells_and_to_no_other() -> None:
    recorded = observability(monthly_budget_usd=100)
    assert set(publishers(recorded, "critical")) == {"cloudwatch.amazonaws.com"}
    assert publishers(recorded, "warning")["budgets.amazonaws.com"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": f"arn:aws:budgets::{ACCOUNT}:*"},
    }


@pytest.mark.parametrize(("severity", "topic"), [("critical", CRITICAL), ("warning", WARNING)])
def test_nobody_publishes_without_tls(severity: str, topic: str) -> None:
    statements = policy(made().one("TopicPolicy", f"observability-notifications-{severity}"))
    [refused] = [statement for statement in statements if statement["Effect"] == "Deny"]
    assert (refused["Principal"], refused["Action"], refused["Resource"]) == ("*", "sns:Publish", topic)
    assert refused["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_who_is_on_call_hears_only_what_cannot_wait() -> None:
    recorded = observability(emails=["team@example.com"], critical_emails=["oncall@example.com"])
    assert readers(recorded, CRITICAL) == ["team@example.com", "oncall@example.com"]
    assert readers(recorded, WARNING) == ["team@example.com"]
    assert {one.inputs["protocol"] for one in recorded.all("TopicSubscription")} == {"email"}


def test_an_address_that_goes_makes_no_other_one_confirm_again() -> None:
    both, last = (
        {subscription.name: subscription.inputs["endpoint"] for subscription in recorded.all("TopicSubscription")}
        for recorded in (
            observability(emails=["a@example.com", "b@example.com"]),
            observability(emails=["b@example.com"]),
        )
    )
    assert last.items() < both.items()


def test_the_topics_and_the_events_are_given_out() -> None:
    given = made().registered_outputs
    assert given["observability"] == {
        "topicArns": {"critical": CRITICAL, "warning": WARNING},
        "eventLogGroup": "/story/test/events",
    }


# Slack.


def test_a_channel_keeps_its_configuration_whatever_it_hears_because_aws_refuses_a_second_one_for_it() -> None:
    one = observability(slack=SLACK)
    two = observability(slack={**SLACK, "warning_channel_id": "C0456ABCD"})
    same = [made.one("SlackChannelConfiguration", "chat-critical") for made in (one, two)]
    assert {(each.inputs["slackChannelId"], each.inputs["configurationName"]) for each in same} == {
        ("C0123ABCD", "story-test-critical")
    }
    for each in same:
        # What the configuration was called before, in Pulumi and in AWS.
        assert each.aliases == ("chat-critical-warning",)
        assert each.ignore_changes == ("configurationName",)
    assert len(one.all("SlackChannelConfiguration")) == 1


def test_another_workspace_replaces_a_channel_because_aws_can_t_move_it() -> None:
    channels = observability(slack={**SLACK, "warning_channel_id": "C0456ABCD"}).all("SlackChannelConfiguration")
    assert [one.replace_on_changes for one in channels] == [("slackTeamId",), ("slackTeamId",)]


def test_without_slack_there_is_no_role_for_it() -> None:
    assert made().all("SlackChannelConfiguration") == []
    assert made().all("Role") == []


def test_one_channel_hears_everything() -> None:
    [channel] = observability(slack=SLACK).all("SlackChannelConfiguration")
    assert (channel.inputs["slackTeamId"], channel.inputs["slackChannelId"]) == ("T0123ABCD", "C0123ABCD")
    assert channel.inputs["snsTopicArns"] == [CRITICAL, WARNING], "AWS takes a channel once"


def test_two_channels_hear_one_topic_each() -> None:
    recorded = observability(slack={**SLACK, "warning_channel_id": "C0456ABCD"})
    assert {
        channel.inputs["slackChannelId"]: channel.inputs["snsTopicArns"]
        for channel in recorded.all("SlackChannelConfiguration")
    } == {"C0123ABCD": [CRITICAL], "C0456ABCD": [WARNING]}


def test_whoever_writes_in_the_channel_can_read_alarms_and_no_more() -> None:
    recorded = observability(slack=SLACK, boundary_arn=BOUNDARY)
    [statement] = policy(recorded.one("RolePolicy", "story-test-chat"))
    assert all(
        action.startswith(("cloudwatch:Describe", "cloudwatch:Get", "cloudwatch:List"))
        for action in statement["Action"]
    )
    [channel] = recorded.all("SlackChannelConfiguration")
    assert channel.inputs["guardrailPolicyArns"] == ["arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess"], (
        "AWS's default is AdministratorAccess"
    )
    role = recorded.one("aws:iam/role:Role", "story-test-chat")
    assert policy(role, "assumeRolePolicy")[0]["Principal"] == {"Service": "chatbot.amazonaws.com"}
    assert role.inputs["permissionsBoundary"] == BOUNDARY


# Events.


def test_each_kind_of_event_is_kept_in_the_log_for_as_long_as_the_settings_say() -> None:
    recorded = observability(event_log_retention_days=30)
    group = recorded.one("LogGroup", "observability-events")
    assert (group.inputs["name"], group.inputs["retentionInDays"]) == ("/story/test/events", 30)
    assert group.inputs["kmsKeyId"] == KEY
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/story/test/events"
    logged = [target.inputs["rule"] for target in recorded.all("EventTarget") if target.inputs["arn"] == arn]
    kinds = ("deployments", "failed-tasks", "out-of-memory", "exec", "aurora-backups")
    assert sorted(logged) == sorted(f"story-test-{kind}" for kind in kinds)


def test_the_log_lets_eventbridge_write_before_it_does() -> None:
    recorded = made()
    [statement] = policy(recorded.one("LogResourcePolicy"), "policyDocument")
    assert statement["Principal"] == {"Service": ["events.amazonaws.com", "delivery.logs.amazonaws.com"]}
    assert statement["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert statement["Resource"].endswith(":log-group:/story/test/events:*")
    for target in recorded.all("EventTarget"):
        if target.name != "observability-events-exec-topic":
            assert "LogResourcePolicy observability-events" in target.depends_on


def test_who_opens_a_shell_is_told_to_the_warning_topic() -> None:
    target = made().one("EventTarget", "observability-events-exec-topic")
    assert (target.inputs["rule"], target.inputs["arn"]) == ("story-test-exec", WARNING)
    said = json.loads(target.inputs["inputTransformer"]["inputTemplate"])
    assert (said["version"], said["source"]) == ("1.0", "custom"), "Slack shows no other text"
    assert said["content"]["title"].endswith("in story-test")
    assert "docs/runbooks/opened-shell.md" in said["content"]["description"]
    paths = target.inputs["inputTransformer"]["inputPaths"]
    assert all(f"<{name}>" in said["content"]["description"] for name in paths)
    assert {"who", "when", "task", "container"} <= set(paths)


def test_eventbridge_publishes_without_a_role_by_the_policy_of_the_topic() -> None:
    recorded = made()
    assert [one.name for one in recorded.all("EventTarget") if "roleArn" in one.inputs] == [], (
        "with a role, delivery to an encrypted topic may fail without a word"
    )
    allowed = {one["Principal"]["Service"]: one for one in allowed_by(recorded, "warning")}
    statement = allowed["events.amazonaws.com"]
    assert (statement["Action"], statement["Resource"]) == (["sns:Publish"], WARNING)
    assert "Condition" not in statement, "EventBridge meets no condition of a topic's policy"
    target = recorded.one("EventTarget", "observability-events-exec-topic")
    assert "TopicPolicy observability-notifications-warning" in target.depends_on


def test_eventbridge_may_publish_only_where_it_has_something_to_publish() -> None:
    for recorded in (observability(exec_notifications=False), observability(site(exec_log_group=None))):
        for severity in ("critical", "warning"):
            assert set(publishers(recorded, severity)) == {"cloudwatch.amazonaws.com"}
    assert set(publishers(made(), "critical")) == {"cloudwatch.amazonaws.com"}


@pytest.mark.parametrize(
    "monitored", [site(), site(exec_log_group=None), site(stores=[]), site(exec_log_group=None, stores=[])]
)
def test_an_event_of_any_rule_that_is_not_delivered_is_an_alarm(monitored: MonitoredStack) -> None:
    recorded = observability(monitored)
    inputs = recorded.one("MetricAlarm", "observability-events-not-delivered").inputs
    read = [query["metric"] for query in inputs["metricQueries"] if "metric" in query]
    assert {metric["metricName"] for metric in read} == {"FailedInvocations"}
    rules = [rule.inputs["name"] for rule in recorded.all("EventRule")]
    assert sorted(metric["dimensions"]["RuleName"] for metric in read) == sorted(rules)
    [result] = [query["expression"] for query in inputs["metricQueries"] if "expression" in query]
    assert result == " + ".join(f"FILL(failed{number}, 0)" for number in range(1, len(rules) + 1))
    assert inputs["alarmActions"] == [WARNING]


def test_where_nobody_wants_to_hear_of_shells_they_are_still_on_record() -> None:
    recorded = observability(exec_notifications=False)
    assert [one.name for one in recorded.all("EventTarget") if one.inputs["rule"] == "story-test-exec"] == [
        "observability-events-exec"
    ]


def test_where_no_shell_can_be_opened_nobody_looks_for_one() -> None:
    recorded = observability(site(exec_log_group=None))
    assert not [rule for rule in recorded.all("EventRule") if rule.name.endswith("-exec")]
    assert not [one for one in recorded.all("EventTarget") if one.name.endswith("-topic")]


def test_snapshots_are_looked_for_where_there_is_an_aurora() -> None:
    assert [rule.name for rule in made().all("EventRule") if "aurora" in rule.name] == [
        "observability-events-aurora-backups"
    ]
    recorded = observability(site(stores=[]))
    assert not [rule for rule in recorded.all("EventRule") if "aurora" in rule.name]

"""Observability, under the recorder."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from components.alarms import (
    Alarm,
    Math,
    aurora_alarms,
    documentdb_alarms,
    load_balancer_alarms,
    service_alarms,
    valkey_alarms,
)
from components.observability import Observability, ObservabilityArgs
from plan.answers import ACCOUNT, REGION
from plan.recorder import Record, Resource, record
from specs.observability import AlarmThresholdsSpec, ObservabilitySpec

KEY = "arn:aws:kms:ap-northeast-1:123456789012:key/1"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:topic/observability"
DEFAULTS = AlarmThresholdsSpec()
SLOW = Alarm(
    name="slow",
    description="It is slow: look first at the clock.",
    namespace="AWS/Clock",
    metric="Delay",
    dimensions={"Clock": "tower"},
    statistic="Average",
    threshold=2.5,
    comparison="GreaterThanThreshold",
    period_seconds=60,
    evaluation_periods=5,
    datapoints_to_alarm=3,
    treat_missing_data="missing",
)
LATE_SHARE = Math(expression="100 * late / all", metrics={"late": "Late", "all": "All"}, label="Late, in percent")
EVERY_ALARM = [
    *load_balancer_alarms("app/lb/1", {"web": "targetgroup/web/1"}, DEFAULTS),
    *service_alarms("story-test", "web", DEFAULTS, container_insights=True),
    *aurora_alarms("aurora", DEFAULTS, serverless=True),
    *valkey_alarms(["valkey-001", "valkey-002"], DEFAULTS),
    *documentdb_alarms("documentdb", DEFAULTS),
]


def observability(*, alarms: Sequence[Alarm] = (SLOW,), preview: bool = False, emails: Sequence[str] = ()) -> Record:
    args = ObservabilityArgs(
        spec=ObservabilitySpec(emails=tuple(emails)), key_arn=KEY, account_id=ACCOUNT, alarms=alarms
    )
    return record(lambda: Observability("observability", args), preview=preview)


def made_of(alarm: Alarm) -> Resource:
    return observability(alarms=[alarm]).one("MetricAlarm")


def statement(made: Record, effect: str) -> Mapping[str, Any]:
    statements = json.loads(made.one("TopicPolicy").inputs["policy"])["Statement"]
    (found,) = [statement for statement in statements if statement["Effect"] == effect]
    return found


def test_the_token_never_changes() -> None:
    assert observability().one("Observability").type == "story:index:Observability", (
        "a changed token replaces the topic, and everybody has to confirm a mail again"
    )


def test_every_child_belongs_to_the_observability() -> None:
    made = observability(emails=["team@example.com"])
    assert {resource.parent for resource in made.resources if resource.custom} == {"observability"}


def test_a_preview_shows_everything_that_an_update_makes() -> None:
    preview, update = (
        observability(alarms=EVERY_ALARM, emails=["team@example.com"], preview=preview) for preview in (True, False)
    )
    assert {(r.type, r.name) for r in preview.resources} == {(r.type, r.name) for r in update.resources}


def test_what_alarms_say_is_encrypted_with_the_stacks_key() -> None:
    assert observability().one("Topic").inputs["kmsMasterKeyId"] == KEY


def test_a_mail_says_in_its_sender_which_stack_it_is_about() -> None:
    assert observability().one("Topic").inputs["displayName"] == "story-test-alarms"


def test_only_cloudwatch_publishes_and_only_alarms_of_this_account() -> None:
    made = observability()
    allowed = statement(made, "Allow")
    assert made.one("TopicPolicy").inputs["arn"] == TOPIC
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert (allowed["Action"], allowed["Resource"]) == (["sns:Publish"], TOPIC)
    assert allowed["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:*"},
    }


def test_nobody_publishes_without_tls() -> None:
    refused = statement(observability(), "Deny")
    assert (refused["Principal"], refused["Action"], refused["Resource"]) == ("*", "sns:Publish", TOPIC)
    assert refused["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_each_address_gets_the_mails() -> None:
    subscriptions = observability(emails=["a@example.com", "b@example.com"]).all("TopicSubscription")
    assert {(s.inputs["protocol"], s.inputs["endpoint"], s.inputs["topic"]) for s in subscriptions} == {
        ("email", "a@example.com", TOPIC),
        ("email", "b@example.com", TOPIC),
    }


def test_an_address_that_goes_makes_no_other_one_confirm_again() -> None:
    both, last = (
        {subscription.name: subscription.inputs["endpoint"] for subscription in made.all("TopicSubscription")}
        for made in (observability(emails=["a@example.com", "b@example.com"]), observability(emails=["b@example.com"]))
    )
    assert last.items() < both.items()


def test_an_alarm_tells_when_it_goes_off_and_when_all_is_well_again() -> None:
    made = observability().one("MetricAlarm")
    assert made.inputs["alarmActions"] == made.inputs["okActions"] == [TOPIC]
    assert "TopicPolicy observability" in made.depends_on, "an alarm that may not publish yet goes off unheard"


def test_an_alarm_of_one_metric_is_handed_to_aws_as_described() -> None:
    inputs = dict(made_of(SLOW).inputs)
    del inputs["alarmActions"], inputs["okActions"]
    assert inputs == {
        "name": "story-test-slow",
        "alarmDescription": "It is slow: look first at the clock.",
        "namespace": "AWS/Clock",
        "metricName": "Delay",
        "dimensions": {"Clock": "tower"},
        "statistic": "Average",
        "threshold": 2.5,
        "comparisonOperator": "GreaterThanThreshold",
        "period": 60,
        "evaluationPeriods": 5,
        "datapointsToAlarm": 3,
        "treatMissingData": "missing",
    }


@pytest.mark.parametrize("percentile", ["p95", "p99.9"])
def test_a_percentile_is_an_extended_statistic_and_no_plain_one(percentile: str) -> None:
    inputs = made_of(replace(SLOW, statistic=percentile)).inputs
    assert (inputs["extendedStatistic"], inputs.get("statistic")) == (percentile, None)


def test_math_takes_each_metric_with_the_dimensions_and_returns_only_the_result() -> None:
    inputs = made_of(replace(SLOW, metric=LATE_SHARE, statistic="Sum")).inputs
    queries = {query["id"]: query for query in inputs["metricQueries"]}
    common = {"namespace": "AWS/Clock", "dimensions": {"Clock": "tower"}, "period": 60, "stat": "Sum"}
    assert queries["late"] == {"id": "late", "metric": {"metricName": "Late", **common}}
    assert queries["all"] == {"id": "all", "metric": {"metricName": "All", **common}}
    assert queries["result"] == {
        "id": "result",
        "expression": "100 * late / all",
        "label": "Late, in percent",
        "returnData": True,
    }


def test_beside_math_no_single_metric_is_named() -> None:
    inputs = made_of(replace(SLOW, metric=LATE_SHARE)).inputs
    single = {"namespace", "metricName", "dimensions", "period", "statistic", "extendedStatistic"}
    assert not single & set(inputs), "CloudWatch refuses an alarm that has both"


def test_an_alarm_that_comes_or_goes_leaves_the_others_alone() -> None:
    other = replace(SLOW, name="other")
    assert {alarm.name for alarm in observability(alarms=[other, SLOW]).all("MetricAlarm")} == {
        "observability-other",
        "observability-slow",
    }
    assert observability(alarms=[SLOW]).one("MetricAlarm").name == "observability-slow"


def test_two_alarms_of_one_name_are_refused_before_one_overwrites_the_other() -> None:
    with pytest.raises(ValueError, match=r"given twice: the alarm slow; allowed is each name once"):
        observability(alarms=[SLOW, replace(SLOW, threshold=3)])


def test_the_topic_is_given_out() -> None:
    assert observability().registered_outputs["observability"] == {"topicArn": TOPIC}

"""Events of the stack's rules that EventBridge could not deliver."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, cast

from aws.client import items
from story.doctor.context import DoctorContext
from story.doctor.finding import Finding, Severity, ok

EVENTS = "events"
WINDOW = timedelta(days=1)
PERIOD_SECONDS = 3600
MISSING: Mapping[str, str] = {
    "deployments": "a deployment is not in the log of events",
    "failed-tasks": "a task that failed is not in the log of events, and ECS keeps it for only an hour",
    "out-of-memory": "a task that ran out of memory is not in the log of events",
    "exec": "a shell or a port was opened, and the record or the notification of it is missing",
    "aurora-backups": "a snapshot is not in the log of events",
}
"""What is missing if an event is not delivered, by the kind of event: the last part of the rule's name."""


def evaluate(failed: Mapping[str, float], cluster: str, stack: str) -> list[Finding]:
    """Whether every event reached its targets.

    Args:
        failed: Number of invocations that failed permanently, by kind.
        cluster: `story-<stack>`, the prefix of the names of rules.
        stack: Name of the stack.
    """
    found = [
        Finding(
            area=EVENTS,
            subject=f"{cluster}-{kind}",
            severity=Severity.WARNING,
            what=f"{count:.0f} {'event was' if count == 1 else 'events were'} not delivered in the last 24 hours",
            why=MISSING[kind],
            fix=f"run `pulumi up --stack {stack}` to restore the policies of topic, key and log group; "
            "see also docs/runbooks/events-not-delivered.md",
        )
        for kind, count in sorted(failed.items())
        if count
    ]
    return found or [ok(EVENTS, "", "every event of the last 24 hours was delivered")]


def check_deliveries(context: DoctorContext) -> Iterator[Finding]:
    """The failed invocations of the stack's rules. EventBridge reports the metric only if it is not zero:
    docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html"""
    kinds = list(MISSING)
    response = context.aws.call(
        "cloudwatch",
        "get_metric_data",
        MetricDataQueries=[_query(number, f"{context.cluster}-{kind}") for number, kind in enumerate(kinds)],
        StartTime=context.now - WINDOW,
        EndTime=context.now,
    )
    results = {str(one["Id"]): sum(cast(list[float], one["Values"])) for one in items(response, "MetricDataResults")}
    failed = {kind: results[f"rule{number}"] for number, kind in enumerate(kinds)}
    yield from evaluate(failed, context.cluster, context.live.location.stack)


def _query(number: int, rule: str) -> dict[str, Any]:
    metric = {
        "Namespace": "AWS/Events",
        "MetricName": "FailedInvocations",
        "Dimensions": [{"Name": "RuleName", "Value": rule}],
    }
    return {"Id": f"rule{number}", "MetricStat": {"Metric": metric, "Period": PERIOD_SECONDS, "Stat": "Sum"}}

"""Monitoring: alarms, notifications, the dashboard and the budget."""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from settings.base import Problem, Spec
from settings.types import Email, Format, Percent, RetentionDays

SLACK_WORKSPACE = re.compile(r"T[A-Z0-9]{8,12}")
SLACK_CHANNEL = re.compile(r"[CG][A-Z0-9]{8,12}")
RUNBOOKS = re.compile(r"[!-~]{1,200}")


class AlarmThresholdsSpec(Spec):
    """Thresholds of the alarms."""

    availability_percent: Annotated[float, Field(ge=95, lt=100)] = 99.9
    """Service level objective: percentage of responses without an error (5xx) over 30 days. Errors that use up the
    error budget in two days (burn rate 14.4) are critical, those that use it up in five (burn rate 6) a warning."""
    availability_least_errors: Annotated[int, Field(ge=1)] = 10
    """Minimum errors in an hour, and in six hours, for the burn rate to count: with little traffic, one error is a high
    percentage."""
    latency_p95_seconds: Annotated[float, Field(gt=0, le=60)] = 2.0
    """95th percentile of the response time in seconds, in three of five minutes."""
    no_healthy_task_minutes: Annotated[int, Field(ge=1, le=60)] = 3
    """Minutes without a single healthy task."""
    no_healthy_zone_minutes: Annotated[int, Field(ge=1, le=60)] = 15
    """Minutes without a healthy task in a zone. ECS rebalances the tasks automatically, which takes some minutes."""
    php_fpm_saturations: Annotated[int, Field(ge=1)] = 1
    """How often php-fpm may run out of processes in 15 minutes."""
    failed_tasks: Annotated[int, Field(ge=2)] = 3
    """Tasks that stop unexpectedly in 15 minutes."""
    queue_oldest_seconds: Annotated[int, Field(ge=30)] = 600
    """Age of the oldest job of a queue in seconds, for ten consecutive minutes."""
    failed_jobs: Annotated[int, Field(ge=1)] = 1
    """Jobs that failed permanently in five minutes."""
    heartbeat_minutes: Annotated[int, Field(ge=3, le=60)] = 10
    """Minutes without a heartbeat of the scheduler. A release stops it for one or two minutes."""
    cpu_percent: Percent = 85
    """Average CPU utilization of a service, in percent."""
    memory_percent: Percent = 85
    """Average memory utilization of a service, in percent."""
    aurora_cpu_percent: Percent = 80
    """CPU utilization of a provisioned Aurora instance, in percent."""
    aurora_acu_percent: Percent = 90
    """Used part of a serverless Aurora instance's maximum capacity, in percent."""
    aurora_connections: Annotated[int, Field(ge=1)] = 500
    """Open connections of an Aurora instance."""
    aurora_replica_lag_ms: Annotated[int, Field(ge=100)] = 1000
    """Replication lag of an Aurora reader, in milliseconds."""
    valkey_memory_percent: Percent = 80
    """Used part of Valkey's memory, in percent."""
    valkey_evictions: Annotated[int, Field(ge=1)] = 1
    """Keys that Valkey evicted in five minutes."""
    documentdb_cpu_percent: Percent = 80
    """CPU utilization of a DocumentDB instance, in percent."""
    documentdb_throttled: Annotated[int, Field(ge=1)] = 1
    """Requests that DocumentDB throttled because of low memory, in five minutes."""
    certificate_days: Annotated[int, Field(ge=7, le=59)] = 30
    """Days before the certificate expires. AWS starts the renewal 60 days before."""


class SlackSpec(Spec):
    """Slack channels that receive the alarms, through Amazon Q Developer in chat applications."""

    workspace_id: Annotated[str, Format(SLACK_WORKSPACE, "the id of a workspace, such as T0123ABCD")]
    """ID of the workspace, which must be authorized once in the console of Amazon Q Developer."""
    critical_channel_id: Annotated[str, Format(SLACK_CHANNEL, "the id of a channel, such as C0123ABCD")]
    """ID of the channel for critical alarms."""
    warning_channel_id: Annotated[str, Format(SLACK_CHANNEL, "the id of a channel, such as C0123ABCD")] | None = None
    """ID of the channel for warnings. Default: the same channel."""


class ObservabilitySpec(Spec):
    """Alarms and who is notified."""

    emails: tuple[Email, ...] = ()
    """E-mail addresses that receive every alarm. Each must confirm AWS's subscription mails, one for each severity."""
    critical_emails: tuple[Email, ...] = ()
    """E-mail addresses that receive only critical alarms."""
    slack: SlackSpec | None = None
    """Slack channels that receive the alarms. Default: none."""
    monthly_budget_usd: Annotated[int, Field(ge=1)] | None = None
    """Monthly budget of the stack in USD, with a notification when it is exceeded. Default: no budget."""
    laravel_metrics: bool = False
    """Whether the application reports its queues, failed jobs and scheduler (docs/laravel-metrics.md). Without it, they
    have neither graphs nor alarms."""
    exec_notifications: bool = True
    """Send a notification when a user opens a shell or a forwarded port in a task."""
    event_log_retention_days: RetentionDays = 90
    """Days for which events are kept: stopped tasks, deployments, and shell sessions."""
    runbooks_url: Annotated[str, Format(RUNBOOKS, "an address or a folder, such as docs/runbooks")] = "docs/runbooks"
    """Location of the runbooks that alarms refer to: a URL without `/<page>.md`, or a folder of the repository."""
    dashboard: bool = True
    """Whether the stack has a dashboard. The first three dashboards of an account are free."""
    thresholds: AlarmThresholdsSpec = AlarmThresholdsSpec()
    """Thresholds of the alarms."""

    def mistakes(self) -> Iterator[Problem]:
        yield from super().mistakes()
        for key, addresses in (("emails", self.emails), ("critical_emails", self.critical_emails)):
            if len(set(addresses)) != len(addresses):
                yield Problem(key=key, problem=f"given {', '.join(addresses)}; allowed is each address once")
        if twice := [address for address in self.critical_emails if address in self.emails]:
            yield Problem(
                key="critical_emails",
                problem=f"given {', '.join(twice)}, which is also in emails and so receives every alarm; "
                "allowed is one of the two",
                involves=("emails",),
            )

    def warnings(self) -> Iterator[Problem]:
        yield from super().warnings()
        if not (self.emails or self.slack):
            yield Problem(key="emails", problem="none given: alarms change their state, but no notification is sent")

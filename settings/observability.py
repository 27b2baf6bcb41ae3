"""What a stack is watched for, and who hears of it."""

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
    """When an alarm goes off."""

    availability_percent: Annotated[float, Field(ge=95, lt=100)] = 99.9
    """Aim for the share of answers without an error (5xx), in percent over 30 days. Errors that use up what it leaves
    to them in two days are critical (14.4 times too fast), those that use it up in five are a warning (6 times)."""
    availability_least_errors: Annotated[int, Field(ge=1)] = 10
    """Errors from which on their share counts, in an hour and in six hours: among few visitors, one is a lot."""
    latency_p95_seconds: Annotated[float, Field(gt=0, le=60)] = 2.0
    """95th percentile of the answer time, in seconds, in three of five minutes."""
    no_healthy_task_minutes: Annotated[int, Field(ge=1, le=60)] = 3
    """Minutes for which no task at all answers its health check."""
    no_healthy_zone_minutes: Annotated[int, Field(ge=1, le=60)] = 15
    """Minutes for which none in a zone does; ECS spreads the tasks anew by itself, which takes some."""
    php_fpm_saturations: Annotated[int, Field(ge=1)] = 1
    """How often php-fpm may have no process left within a quarter of an hour."""
    failed_tasks: Annotated[int, Field(ge=2)] = 3
    """Tasks that end by themselves within a quarter of an hour."""
    queue_oldest_seconds: Annotated[int, Field(ge=30)] = 600
    """Time for which the oldest job of a queue has waited, in seconds, in ten minutes on end."""
    failed_jobs: Annotated[int, Field(ge=1)] = 1
    """Jobs that failed for good in five minutes."""
    heartbeat_minutes: Annotated[int, Field(ge=3, le=60)] = 10
    """Minutes without a word of the scheduler. A release stops it for one or two."""
    cpu_percent: Percent = 85
    """Average CPU use of a service, in percent."""
    memory_percent: Percent = 85
    """Average memory use of a service, in percent."""
    aurora_cpu_percent: Percent = 80
    """CPU use of a provisioned Aurora instance, in percent."""
    aurora_acu_percent: Percent = 90
    """Used part of a serverless Aurora instance's greatest capacity, in percent."""
    aurora_connections: Annotated[int, Field(ge=1)] = 500
    """Open connections of an Aurora instance."""
    aurora_replica_lag_ms: Annotated[int, Field(ge=100)] = 1000
    """How far a reader may be behind the writer, in milliseconds."""
    valkey_memory_percent: Percent = 80
    """Used part of Valkey's memory, in percent."""
    valkey_evictions: Annotated[int, Field(ge=1)] = 1
    """Keys that Valkey evicted in five minutes."""
    documentdb_cpu_percent: Percent = 80
    """CPU use of a DocumentDB instance, in percent."""
    documentdb_throttled: Annotated[int, Field(ge=1)] = 1
    """Requests that DocumentDB made wait for want of memory, in five minutes."""
    certificate_days: Annotated[int, Field(ge=7, le=59)] = 30
    """Days that the certificate must still be valid. AWS begins to renew it 60 days before the end."""


class SlackSpec(Spec):
    """Slack channels that get the alarms, through Amazon Q Developer in chat applications."""

    workspace_id: Annotated[str, Format(SLACK_WORKSPACE, "the id of a workspace, such as T0123ABCD")]
    """Id of the workspace, which a person has authorized once in the console of Amazon Q Developer."""
    critical_channel_id: Annotated[str, Format(SLACK_CHANNEL, "the id of a channel, such as C0123ABCD")]
    """Id of the channel for what cannot wait."""
    warning_channel_id: Annotated[str, Format(SLACK_CHANNEL, "the id of a channel, such as C0123ABCD")] | None = None
    """Id of the channel for what can wait until morning. Default: the same one."""


class ObservabilitySpec(Spec):
    """Alarms and who hears of them."""

    emails: tuple[Email, ...] = ()
    """Addresses that get every alarm. Each must confirm AWS's mails, one for each severity."""
    critical_emails: tuple[Email, ...] = ()
    """Addresses that get only what cannot wait until morning."""
    slack: SlackSpec | None = None
    """Slack channels that get the alarms. Default: none."""
    monthly_budget_usd: Annotated[int, Field(ge=1)] | None = None
    """What the stack may cost a month, in USD, before people hear of it. Default: nobody looks."""
    laravel_metrics: bool = False
    """Whether the application reports its queues, failed jobs and scheduler: docs/laravel-metrics.md. Without it, they
    have neither graphs nor alarms."""
    exec_notifications: bool = True
    """Tell people when somebody opens a shell or a port in a task."""
    event_log_retention_days: RetentionDays = 90
    """How long it is kept why tasks stopped, which deployments there were, and who opened shells, in days."""
    runbooks_url: Annotated[str, Format(RUNBOOKS, "an address or a folder, such as docs/runbooks")] = "docs/runbooks"
    """Where the pages are that alarms point to: what stands before `/<page>.md` in an address, or a folder of the
    repository."""
    dashboard: bool = True
    """Whether the stack has a dashboard. An account's first three cost nothing."""
    thresholds: AlarmThresholdsSpec = AlarmThresholdsSpec()
    """When an alarm goes off."""

    def mistakes(self) -> Iterator[Problem]:
        yield from super().mistakes()
        for key, addresses in (("emails", self.emails), ("critical_emails", self.critical_emails)):
            if len(set(addresses)) != len(addresses):
                yield Problem(key=key, problem=f"given {', '.join(addresses)}; allowed is each address once")
        if twice := [address for address in self.critical_emails if address in self.emails]:
            yield Problem(
                key="critical_emails",
                problem=f"given {', '.join(twice)}, which emails has too and which gets every alarm by that; "
                "allowed is one of the two",
                involves=("emails",),
            )

    def warnings(self) -> Iterator[Problem]:
        yield from super().warnings()
        if not (self.emails or self.slack):
            yield Problem(key="emails", problem="none given: alarms change colour, and nobody is told")

"""Queues and scheduler, as the application reports them: docs/laravel-metrics.md."""

from components.alarm import Alarm
from settings.observability import AlarmThresholdsSpec


def laravel_alarms(namespace: str, thresholds: AlarmThresholdsSpec, *, scheduler: bool) -> list[Alarm]:
    """A queue that nobody works off, jobs that failed, and a scheduler that does not run.

    Args:
        namespace: That of the site's own metrics.
        thresholds: When an alarm goes off.
        scheduler: The stack has a scheduler, which reports itself and the queues.
    """
    failed = Alarm(
        name="queue-failed-jobs",
        description=(
            f"{thresholds.failed_jobs} or more jobs have failed for good within five minutes: look first at the "
            "exceptions in the workers' log, then at the failed jobs of php artisan."
        ),
        namespace=namespace,
        metric="FailedJobs",
        dimensions={},
        statistic="Sum",
        threshold=thresholds.failed_jobs,
        comparison="GreaterThanOrEqualToThreshold",
        period_seconds=300,
        evaluation_periods=1,
        datapoints_to_alarm=1,
        treat_missing_data="notBreaching",
        severity="warning",
        runbook="failed-jobs",
    )
    if not scheduler:
        return [failed]
    return [
        Alarm(
            name="queue-age",
            description=(
                f"The oldest job of a queue has waited for over {thresholds.queue_oldest_seconds} s: look first "
                "whether the workers run and what they do, then at how many jobs there are."
            ),
            namespace=namespace,
            metric="OldestJobSeconds",
            dimensions={},
            statistic="Maximum",
            threshold=thresholds.queue_oldest_seconds,
            comparison="GreaterThanThreshold",
            period_seconds=300,
            evaluation_periods=2,
            datapoints_to_alarm=2,
            treat_missing_data="missing",
            severity="warning",
            runbook="queue-age",
        ),
        failed,
        Alarm(
            name="scheduler-heartbeat",
            description=(
                f"The scheduler has not reported for {thresholds.heartbeat_minutes} minutes, so nothing that is due "
                "happens: look first whether its task runs, then at its log."
            ),
            namespace=namespace,
            metric="SchedulerHeartbeat",
            dimensions={},
            statistic="Sum",
            threshold=1,
            comparison="LessThanThreshold",
            period_seconds=60,
            evaluation_periods=thresholds.heartbeat_minutes,
            datapoints_to_alarm=thresholds.heartbeat_minutes,
            treat_missing_data="breaching",
            severity="critical",
            runbook="scheduler-heartbeat",
        ),
    ]

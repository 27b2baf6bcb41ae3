"""What visitors of the site see.

Metrics: docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.alarm import Alarm, CompositeAlarm, Math, Metric, Severity
from components.observability.monitored_stack import MonitoredService
from settings.observability import AlarmThresholdsSpec

BALANCER = "AWS/ApplicationELB"
DAY_SECONDS = 86_400
FAILED = "(FILL(taskErrors, 0) + FILL(balancerErrors, 0))"
ERROR_PERCENT = f"100 * {FAILED} / (FILL(requests, 0) + FILL(balancerErrors, 0))"
"""RequestCount leaves out what is refused before a task is chosen. If all tasks are gone it is 0, so the load
balancer's own errors are added to it, or the worst failure of all would have no rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnRate:
    """How fast errors use up what the aim for availability leaves to them, over a long window and a short one.

    The long one makes sure that it matters, the short one that it still goes on: sre.google/workbook/alerting-on-slos/

    Attributes:
        name: `fast` or `slow`.
        times: So many times as fast as would use it up in the 30 days that the aim is for.
        long: Length of the long window in seconds, and its name.
        short: That of the short one.
        spent: What the long window has used up by then.
    """

    name: str
    times: float
    long: tuple[int, str]
    short: tuple[int, str]
    spent: str
    severity: Severity

    @property
    def alarm(self) -> str:
        return f"site-errors-{self.name}"


BURN_RATES = (
    BurnRate(name="fast", times=14.4, long=(3600, "1h"), short=(300, "5m"), spent="2 %", severity="critical"),
    BurnRate(name="slow", times=6, long=(21_600, "6h"), short=(1800, "30m"), spent="5 %", severity="warning"),
)


def answer_alarms(load_balancer: pulumi.Input[str], thresholds: AlarmThresholdsSpec) -> list[Alarm]:
    """Failing and slow answers.

    Args:
        load_balancer: The load balancer's ARN suffix, `app/...`.
        thresholds: When an alarm goes off.
    """
    return [
        *(alarm for rate in BURN_RATES for alarm in _windows(rate, load_balancer, thresholds)),
        Alarm(
            name="site-latency",
            description=(
                f"One answer in twenty takes over {thresholds.latency_p95_seconds:g} s: look first at the database's "
                "slowest queries, then at the web service's CPU."
            ),
            namespace=BALANCER,
            metric="TargetResponseTime",
            dimensions={"LoadBalancer": load_balancer},
            statistic="p95",
            threshold=thresholds.latency_p95_seconds,
            comparison="GreaterThanThreshold",
            period_seconds=60,
            evaluation_periods=5,
            datapoints_to_alarm=3,
            treat_missing_data="notBreaching",
            severity="warning",
            runbook="site-latency",
        ),
    ]


def answer_composites(thresholds: AlarmThresholdsSpec) -> list[CompositeAlarm]:
    """What people hear of failing answers: both windows of a burn rate."""
    return [
        CompositeAlarm(
            name=rate.alarm,
            description=(
                f"Errors (5xx) use up what {thresholds.availability_percent:g} % availability leaves to them "
                f"{rate.times:g} times too fast, in {rate.long[1]} {rate.spent} of a month's: look first for "
                "exceptions in the web service's log, then at the last release."
            ),
            all_of=[f"site-errors-{window}" for _, window in (rate.long, rate.short)],
            severity=rate.severity,
            runbook="site-errors",
        )
        for rate in BURN_RATES
    ]


def host_alarms(
    load_balancer: pulumi.Input[str], service: MonitoredService, zones: Sequence[str], thresholds: AlarmThresholdsSpec
) -> list[Alarm]:
    """Nobody, or nobody in a zone, who could answer.

    A count is reported for targets that are registered, also while nobody visits the site. So a zone without any
    reports nothing, and silence counts. A service that may have no tasks has no such alarm, and one that may have less
    tasks than there are zones has none for them.

    Args:
        load_balancer: The load balancer's ARN suffix.
        service: A service with target groups; while it has two, either may be empty.
        zones: Availability zones.
        thresholds: When an alarm goes off.
    """
    if not service.target_groups or not service.fewest_tasks:
        return []
    name = service.name
    everywhere = _healthy(
        service,
        {"LoadBalancer": load_balancer},
        name=f"{name}-no-healthy-task",
        description=(
            f"No task of {name} is healthy, so the site is down: look first at what story status says of its last "
            "tasks and deployment, then at its log."
        ),
        minutes=thresholds.no_healthy_task_minutes,
        severity="critical",
    )
    if service.fewest_tasks < len(zones):
        return [everywhere]
    return [
        everywhere,
        *(
            _healthy(
                service,
                {"AvailabilityZone": zone, "LoadBalancer": load_balancer},
                name=f"{name}-no-healthy-task-{zone}",
                description=(
                    f"No task of {name} in {zone} is healthy: look first at AWS's health dashboard for the zone, "
                    "then at the service's events."
                ),
                minutes=thresholds.no_healthy_zone_minutes,
                severity="warning",
            )
            for zone in zones
        ),
    ]


def certificate_alarm(certificate_arn: pulumi.Input[str], thresholds: AlarmThresholdsSpec) -> Alarm:
    """A certificate that AWS could not renew, which it tries from 60 days before the end on:
    docs.aws.amazon.com/acm/latest/userguide/dns-renewal-validation.html

    Metrics: docs.aws.amazon.com/acm/latest/userguide/cloudwatch-metrics.html
    """
    return Alarm(
        name="certificate-expiry",
        description=(
            f"The site's certificate ends in less than {thresholds.certificate_days} days and AWS has not renewed it: "
            "look first whether its validation record in DNS still exists."
        ),
        namespace="AWS/CertificateManager",
        metric="DaysToExpiry",
        dimensions={"CertificateArn": certificate_arn},
        statistic="Minimum",
        threshold=thresholds.certificate_days,
        comparison="LessThanThreshold",
        period_seconds=DAY_SECONDS,
        evaluation_periods=1,
        datapoints_to_alarm=1,
        treat_missing_data="missing",
        severity="warning",
        runbook="certificate",
    )


def _windows(rate: BurnRate, load_balancer: pulumi.Input[str], thresholds: AlarmThresholdsSpec) -> list[Alarm]:
    """Among few visitors one error is a high share, so the long window asks for some."""
    least = thresholds.availability_least_errors
    # Two thousandths of a percent would else be 0.0020000000000095.
    percent = round(rate.times * (100 - thresholds.availability_percent), 6)
    return [
        _window(rate.long, percent, f"IF({FAILED} >= {least}, {ERROR_PERCENT}, 0)", load_balancer),
        _window(rate.short, percent, ERROR_PERCENT, load_balancer),
    ]


def _window(window: tuple[int, str], percent: float, expression: str, load_balancer: pulumi.Input[str]) -> Alarm:
    seconds, name = window
    return Alarm(
        name=f"site-errors-{name}",
        description=(
            f"Over {percent:g} % of the answers of the last {name} are errors (5xx), which nobody hears of alone: look "
            "first at the alarms site-errors-fast and site-errors-slow."
        ),
        namespace=BALANCER,
        metric=Math(
            expression=expression,
            metrics={
                "taskErrors": "HTTPCode_Target_5XX_Count",
                "balancerErrors": "HTTPCode_ELB_5XX_Count",
                "requests": "RequestCount",
            },
            label="Answers with 5xx, in percent",
        ),
        dimensions={"LoadBalancer": load_balancer},
        statistic="Sum",
        threshold=percent,
        comparison="GreaterThanThreshold",
        # The window is looked at anew each minute, whatever its length:
        # docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
        period_seconds=seconds,
        evaluation_periods=1,
        datapoints_to_alarm=1,
        treat_missing_data="notBreaching",
    )


def _healthy(
    service: MonitoredService,
    dimensions: Mapping[str, pulumi.Input[str]],
    *,
    name: str,
    description: str,
    minutes: int,
    severity: Severity,
) -> Alarm:
    groups = [{**dimensions, "TargetGroup": group} for group in service.target_groups.values()]
    first, *others = groups
    both = Math(
        expression=" + ".join(f"FILL(healthy{number}, 0)" for number in range(1, len(groups) + 1)),
        metrics={
            f"healthy{number}": Metric(namespace=BALANCER, name="HealthyHostCount", dimensions=group)
            for number, group in enumerate(groups, start=1)
        },
        label="Healthy tasks",
    )
    return Alarm(
        name=name,
        description=description,
        namespace=BALANCER,
        metric=both if others else "HealthyHostCount",
        dimensions=first,
        statistic="Maximum",
        threshold=1,
        comparison="LessThanThreshold",
        period_seconds=60,
        evaluation_periods=minutes,
        datapoints_to_alarm=minutes,
        treat_missing_data="breaching",
        severity=severity,
        runbook="no-healthy-task",
    )

"""AWS's limits: what is used, and whether a release still fits.

While a release goes on, a service has its old tasks and new ones side by side, so that is counted too.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from botocore.exceptions import ClientError

from aws.caching import CachingClient
from aws.client import Json, items, part
from aws.errors import is_not_found
from story.doctor.context import DoctorContext
from story.doctor.finding import CannotCheckError, Finding, Severity, ok

QUOTAS = "quotas"
WARN_FROM, ERROR_FROM = 0.8, 0.95
CPU_UNITS = 1024
"""CPU units of a vCPU: docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html"""
USAGE_WITHIN = timedelta(hours=1)
USAGE_PERIOD_SECONDS = 300
SPOT, ON_DEMAND = "FARGATE_SPOT", "FARGATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A limit of an account in a region.

    Attributes:
        service: Its service, as Service Quotas calls it.
        code: Its code there.
        name: Its name there.
        unit: What is counted.
        what_fails: What happens beyond it.
    """

    service: str
    code: str
    name: str
    unit: str
    what_fails: str


# The codes stand behind the quotas' names in docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
# (Fargate), docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-enis and
# docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
FARGATE_VCPU = Quota(
    service="fargate",
    code="L-3032A538",
    name="Fargate On-Demand vCPU resource count",
    unit="vCPU",
    what_fails="no new task starts, so that a release hangs until its timeout",
)
SPOT_VCPU = Quota(
    service="fargate",
    code="L-36FBB829",
    name="Fargate Spot vCPU resource count",
    unit="vCPU",
    what_fails="no new task on Spot starts",
)
INTERFACES = Quota(
    service="vpc",
    code="L-DF5E4CA3",
    name="Network interfaces per Region",
    unit="network interfaces",
    what_fails="no new task starts: each has an interface of its own",
)
RULES = Quota(
    service="elasticloadbalancing",
    code="L-7EED9B64",
    name="Rules per Application Load Balancer",
    unit="rules",
    what_fails="`pulumi up` can add no rule",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """What a release of all services needs beside what runs.

    Attributes:
        tasks: New tasks while the old ones still run.
        on_demand_vcpu: Their vCPU on Fargate.
        spot_vcpu: Their vCPU on Fargate Spot.
    """

    tasks: int
    on_demand_vcpu: float
    spot_vcpu: float


def growth(services: Sequence[tuple[Json, int]]) -> Growth:
    """What a release of all services at once needs at most.

    Args:
        services: Each service, and the CPU units of one of its tasks.
    """
    tasks, vcpu = 0, {ON_DEMAND: 0.0, SPOT: 0.0}
    for service, cpu_units in services:
        extra = extra_tasks(service)
        tasks += extra
        for provider, count in spread(extra, items(service, "capacityProviderStrategy")).items():
            vcpu[provider if provider in vcpu else ON_DEMAND] += count * cpu_units / CPU_UNITS
    return Growth(tasks=tasks, on_demand_vcpu=vcpu[ON_DEMAND], spot_vcpu=vcpu[SPOT])


def extra_tasks(service: Json) -> int:
    """Tasks that a deployment may have beside those that are wanted: with two target groups all of them once more,
    docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-blue-green.html; else by maximumPercent, rounded
    down, docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html"""
    desired = int(service.get("desiredCount", 0))
    configuration = part(service, "deploymentConfiguration")
    if configuration.get("strategy") not in (None, "ROLLING"):
        return desired
    return max(0, math.floor(desired * int(configuration.get("maximumPercent", 200)) / 100) - desired)


def spread(tasks: int, strategy: Sequence[Json]) -> Mapping[str, float]:
    """Tasks by capacity provider, as base and weights have it; without a strategy all are on demand.
    docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html"""
    counts = dict[str, float]()
    left = float(tasks)
    for one in strategy:
        base = min(left, float(one.get("base", 0)))
        counts[str(one["capacityProvider"])] = base
        left -= base
    weights = {str(one["capacityProvider"]): int(one.get("weight", 0)) for one in strategy}
    total = sum(weights.values())
    for provider, weight in weights.items():
        counts[provider] += left * weight / total if total else 0
    return counts if strategy else {ON_DEMAND: left}


def evaluate(quota: Quota, *, used: float, needed: float, limit: float, region: str) -> Finding:
    """Whether there is room.

    Args:
        quota: The limit.
        used: What is used now, by the whole account.
        needed: What a release needs beside it.
        limit: The limit's value.
        region: AWS region.
    """
    share = (used + needed) / limit if limit else math.inf
    more = f", a release needs {needed:g} more" if needed else ""
    told = f"{used:g} of {limit:g} {quota.unit} in use{more} ({min(share, 99):.0%})"
    if share < WARN_FROM:
        return ok(QUOTAS, quota.name, told)
    fix = increase(quota, math.ceil((used + needed) * 2), region)
    severity = Severity.ERROR if share >= ERROR_FROM else Severity.WARNING
    why = f"beyond it {quota.what_fails}"
    return Finding(area=QUOTAS, subject=quota.name, severity=severity, what=told, why=why, fix=fix)


def increase(quota: Quota, value: int, region: str) -> str:
    """What to run for a higher limit."""
    return (
        f"`aws service-quotas request-service-quota-increase --service-code {quota.service} --quota-code {quota.code} "
        f"--desired-value {value} --region {region}`; it may take days"
    )


def check_vcpu(context: DoctorContext) -> Iterator[Finding]:
    """Fargate on demand."""
    needed = _growth(context).on_demand_vcpu
    yield _evaluated(context, FARGATE_VCPU, _usage(context, FARGATE_VCPU), needed)


def check_spot(context: DoctorContext) -> Iterator[Finding]:
    """Fargate Spot, where a service uses it."""
    needed = _growth(context).spot_vcpu
    if needed:
        yield _evaluated(context, SPOT_VCPU, _usage(context, SPOT_VCPU), needed)


def check_interfaces(context: DoctorContext) -> Iterator[Finding]:
    """Network interfaces."""
    used = len(context.aws.paginate("ec2", "describe_network_interfaces", "NetworkInterfaces"))
    yield _evaluated(context, INTERFACES, used, _growth(context).tasks)


def check_rules(context: DoctorContext) -> Iterator[Finding]:
    """Rules of the load balancer; the default ones do not count."""
    name = context.output("loadBalancer")
    balancers = context.aws.paginate("elbv2", "describe_load_balancers", "LoadBalancers")
    arn = {str(one.get("DNSName", "")).lower(): str(one["LoadBalancerArn"]) for one in balancers}.get(name.lower())
    if arn is None:
        raise CannotCheckError(f"there is no load balancer {name}" if name else "the stack names no load balancer")
    listeners = context.aws.paginate("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=arn)
    rules = [
        rule
        for one in listeners
        for rule in context.aws.paginate("elbv2", "describe_rules", "Rules", ListenerArn=one["ListenerArn"])
        if not rule.get("IsDefault")
    ]
    yield _evaluated(context, RULES, len(rules), 0)


def quota_of(aws: CachingClient, quota: Quota) -> Json:
    """The quota as Service Quotas describes it; where the account never had it changed, AWS may know its default alone:
    docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html

    Raises:
        botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: There is no answer.
    """
    asked = {"ServiceCode": quota.service, "QuotaCode": quota.code}
    try:
        return part(aws.call("service-quotas", "get_service_quota", **asked), "Quota")
    except ClientError as error:
        if not is_not_found(error):
            raise
    return part(aws.call("service-quotas", "get_aws_default_service_quota", **asked), "Quota")


def usage_of(aws: CachingClient, quota: Quota, now: datetime) -> float | None:
    """What the account uses, by the metric that the quota itself names:
    docs.aws.amazon.com/AmazonECS/latest/developerguide/monitoring-fargate-usage.html

    Returns:
        The latest value; None where CloudWatch has no data, as in an account that runs nothing.

    Raises:
        CannotCheckError: AWS names no metric.
        botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: There is no answer.
    """
    metric = part(quota_of(aws, quota), "UsageMetric")
    if not metric:
        raise CannotCheckError(f"AWS names no metric for the use of {quota.name}")
    statistic = str(metric.get("MetricStatisticRecommendation") or "Maximum")
    dimensions = cast(Mapping[str, str], metric.get("MetricDimensions") or {})
    until = now.replace(second=0, microsecond=0)
    asked: dict[str, Any] = {
        "Namespace": metric["MetricNamespace"],
        "MetricName": metric["MetricName"],
        "Dimensions": [{"Name": name, "Value": dimensions[name]} for name in sorted(dimensions)],
        "StartTime": until - USAGE_WITHIN,
        "EndTime": until,
        "Period": USAGE_PERIOD_SECONDS,
        "Statistics": [statistic],
    }
    points = items(aws.call("cloudwatch", "get_metric_statistics", **asked), "Datapoints")
    return float(max(points, key=_moment)[statistic]) if points else None


def _evaluated(context: DoctorContext, quota: Quota, used: float, needed: float) -> Finding:
    limit = float(quota_of(context.aws, quota)["Value"])
    return evaluate(quota, used=used, needed=needed, limit=limit, region=context.region)


def _usage(context: DoctorContext, quota: Quota) -> float:
    """What the account uses. One that runs nothing has no data; this one runs tasks."""
    used = usage_of(context.aws, quota, context.now)
    if used is None:
        raise CannotCheckError(f"CloudWatch has no data on the use of {quota.name} yet")
    return used


def _moment(point: Json) -> Any:
    return point["Timestamp"]


def _growth(context: DoctorContext) -> Growth:
    services = context.services()
    return growth([(service, int(context.definition_of(name).get("cpu") or 0)) for name, service in services.items()])

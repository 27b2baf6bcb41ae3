"""Service quotas: what is used, and whether there is room for a release.

During a release, the old and new tasks of a service run at the same time, so the new ones are counted too.
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
    """A quota of an account in a region.

    Attributes:
        service: Service code in Service Quotas.
        code: Quota code.
        name: Name of the quota.
        unit: What is counted.
        what_fails: What happens if it is exceeded.
    """

    service: str
    code: str
    name: str
    unit: str
    what_fails: str


# The quota codes are in docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
# (Fargate), docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-enis and
# docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
FARGATE_VCPU = Quota(
    service="fargate",
    code="L-3032A538",
    name="Fargate On-Demand vCPU resource count",
    unit="vCPU",
    what_fails="new tasks cannot start, and a release waits until its timeout",
)
SPOT_VCPU = Quota(
    service="fargate",
    code="L-36FBB829",
    name="Fargate Spot vCPU resource count",
    unit="vCPU",
    what_fails="new tasks on Fargate Spot cannot start",
)
INTERFACES = Quota(
    service="vpc",
    code="L-DF5E4CA3",
    name="Network interfaces per Region",
    unit="network interfaces",
    what_fails="new tasks cannot start, because each needs a network interface",
)
RULES = Quota(
    service="elasticloadbalancing",
    code="L-7EED9B64",
    name="Rules per Application Load Balancer",
    unit="rules",
    what_fails="`pulumi up` cannot add rules",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """What a release of all services needs in addition to the running tasks.

    Attributes:
        tasks: New tasks that run while the old ones still do.
        on_demand_vcpu: Their vCPU on Fargate.
        spot_vcpu: Their vCPU on Fargate Spot.
    """

    tasks: int
    on_demand_vcpu: float
    spot_vcpu: float


def growth(services: Sequence[tuple[Json, int]]) -> Growth:
    """The maximum need of a release of all services at once.

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
    """Tasks that a deployment may add to the desired ones: with blue/green as many again,
    docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-blue-green.html; else by maximumPercent, rounded
    down, docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html"""
    desired = int(service.get("desiredCount", 0))
    configuration = part(service, "deploymentConfiguration")
    if configuration.get("strategy") not in (None, "ROLLING"):
        return desired
    return max(0, math.floor(desired * int(configuration.get("maximumPercent", 200)) / 100) - desired)


def spread(tasks: int, strategy: Sequence[Json]) -> Mapping[str, float]:
    """Tasks by capacity provider, according to base and weight; without a strategy all are on demand.
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
    """Whether the quota is large enough.

    Args:
        quota: The quota.
        used: Current use of the whole account.
        needed: What a release needs in addition.
        limit: Value of the quota.
        region: AWS region.
    """
    share = (used + needed) / limit if limit else math.inf
    more = f", a release needs {needed:g} more" if needed else ""
    what = f"{used:g} of {limit:g} {quota.unit} in use{more} ({min(share, 99):.0%})"
    if share < WARN_FROM:
        return ok(QUOTAS, quota.name, what)
    fix = increase(quota, math.ceil((used + needed) * 2), region)
    severity = Severity.ERROR if share >= ERROR_FROM else Severity.WARNING
    why = f"if it is exceeded, {quota.what_fails}"
    return Finding(area=QUOTAS, subject=quota.name, severity=severity, what=what, why=why, fix=fix)


def increase(quota: Quota, value: int, region: str) -> str:
    """The command that requests a higher quota."""
    return (
        f"`aws service-quotas request-service-quota-increase --service-code {quota.service} --quota-code {quota.code} "
        f"--desired-value {value} --region {region}`; this may take days"
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
    """Rules of the load balancer; default rules do not count."""
    name = context.output("loadBalancer")
    balancers = context.aws.paginate("elbv2", "describe_load_balancers", "LoadBalancers")
    arn = {str(one.get("DNSName", "")).lower(): str(one["LoadBalancerArn"]) for one in balancers}.get(name.lower())
    if arn is None:
        raise CannotCheckError(
            f"the load balancer {name} does not exist" if name else "the stack has no output loadBalancer"
        )
    listeners = context.aws.paginate("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=arn)
    rules = [
        rule
        for one in listeners
        for rule in context.aws.paginate("elbv2", "describe_rules", "Rules", ListenerArn=one["ListenerArn"])
        if not rule.get("IsDefault")
    ]
    yield _evaluated(context, RULES, len(rules), 0)


def quota_of(aws: CachingClient, quota: Quota) -> Json:
    """The quota as Service Quotas returns it. If it was never changed for the account, there may be only its default:
    docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html

    Raises:
        botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: There is no response.
    """
    request = {"ServiceCode": quota.service, "QuotaCode": quota.code}
    try:
        return part(aws.call("service-quotas", "get_service_quota", **request), "Quota")
    except ClientError as error:
        if not is_not_found(error):
            raise
    return part(aws.call("service-quotas", "get_aws_default_service_quota", **request), "Quota")


def usage_of(aws: CachingClient, quota: Quota, now: datetime) -> float | None:
    """The use of the account, from the metric of the quota:
    docs.aws.amazon.com/AmazonECS/latest/developerguide/monitoring-fargate-usage.html

    Returns:
        The latest value; None if CloudWatch has no data, as in an account without tasks.

    Raises:
        CannotCheckError: The quota has no metric.
        botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: There is no response.
    """
    metric = part(quota_of(aws, quota), "UsageMetric")
    if not metric:
        raise CannotCheckError(f"{quota.name} has no usage metric")
    statistic = str(metric.get("MetricStatisticRecommendation") or "Maximum")
    dimensions = cast(Mapping[str, str], metric.get("MetricDimensions") or {})
    until = now.replace(second=0, microsecond=0)
    request: dict[str, Any] = {
        "Namespace": metric["MetricNamespace"],
        "MetricName": metric["MetricName"],
        "Dimensions": [{"Name": name, "Value": dimensions[name]} for name in sorted(dimensions)],
        "StartTime": until - USAGE_WITHIN,
        "EndTime": until,
        "Period": USAGE_PERIOD_SECONDS,
        "Statistics": [statistic],
    }
    points = items(aws.call("cloudwatch", "get_metric_statistics", **request), "Datapoints")
    return float(max(points, key=_moment)[statistic]) if points else None


def _evaluated(context: DoctorContext, quota: Quota, used: float, needed: float) -> Finding:
    limit = float(quota_of(context.aws, quota)["Value"])
    return evaluate(quota, used=used, needed=needed, limit=limit, region=context.region)


def _usage(context: DoctorContext, quota: Quota) -> float:
    """The use of the account. An account without tasks has no data, but this one has tasks."""
    used = usage_of(context.aws, quota, context.now)
    if used is None:
        raise CannotCheckError(f"CloudWatch has no data for the use of {quota.name} yet")
    return used


def _moment(point: Json) -> Any:
    return point["Timestamp"]


def _growth(context: DoctorContext) -> Growth:
    services = context.services()
    return growth([(service, int(context.definition_of(name).get("cpu") or 0)) for name, service in services.items()])

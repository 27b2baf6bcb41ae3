"""Quotas of the account: whether they are large enough for the update, and for what autoscaling may add later."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from aws.client import Json, items
from story.doctor.finding import CannotCheckError, Finding, Severity, ok, unknown
from story.doctor.preflight.planned import ON_DEMAND, SERVICE, SPOT, Owned, Planned, Workload, number
from story.doctor.preflight.subject import Subject
from story.doctor.quotas import FARGATE_VCPU, INTERFACES, QUOTAS, SPOT_VCPU, Quota, increase, quota_of, usage_of

LOG_POLICIES = "CloudWatch Logs resource policies"
MOST_LOG_POLICIES = 10
"""Maximum number of an account's policies in a region, without those of single log groups; it cannot be raised:
docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutResourcePolicy.html"""
LOG_POLICY = "aws:cloudwatch/logResourcePolicy:LogResourcePolicy"
LOAD_BALANCER = "aws:lb/loadBalancer:LoadBalancer"
CACHE = "aws:elasticache/replicationGroup:ReplicationGroup"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"

# The quota codes are in the links of docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html (VPCs, internet
# gateways, Elastic IP addresses) and of
# docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html.
ADDRESSES = Quota(
    service="ec2",
    code="L-0263D0A3",
    name="EC2-VPC Elastic IPs",
    unit="Elastic IP addresses",
    what_fails="NAT gateways get no address: AddressLimitExceeded",
)
VPCS = Quota(
    service="vpc",
    code="L-F678F1CE",
    name="VPCs per Region",
    unit="VPCs",
    what_fails="the VPC cannot be created: VpcLimitExceeded",
)
INTERNET_GATEWAYS = Quota(
    service="vpc",
    code="L-A4707A72",
    name="Internet gateways per Region",
    unit="internet gateways",
    what_fails="the internet gateway cannot be created: InternetGatewayLimitExceeded",
)
LOAD_BALANCERS = Quota(
    service="elasticloadbalancing",
    code="L-53DA6B97",
    name="Application Load Balancers per Region",
    unit="load balancers",
    what_fails="the load balancer cannot be created: TooManyLoadBalancers",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What an update needs of a quota.

    Attributes:
        now: What it needs in addition to the current use.
        later: What is needed in addition during a release with the maximum number of tasks of autoscaling.
    """

    now: float
    later: float


def vcpu_need(
    services: Sequence[Workload], one_offs: Sequence[Workload], provider: str, *, running: Sequence[Workload]
) -> Need:
    """The vCPU that an update needs of a capacity provider.

    Every task of a service is counted together with the tasks that a release adds, because a release starts new tasks
    while the old ones are running, and AWS takes days to raise a quota. The service's own current use of the provider
    is subtracted. The use of other services is not, because the update deletes or shrinks them only later.

    Args:
        services: The services.
        one_offs: The one-off tasks; they are on demand.
        provider: `FARGATE` or `FARGATE_SPOT`.
        running: The services as they run now; empty if none do.
    """
    used = {one.name: one.vcpu(one.tasks, provider) for one in running}
    single = sum(one.vcpu(one.tasks, provider) for one in one_offs)
    now = sum(max(0.0, one.vcpu(one.tasks + one.extra, provider) - used.get(one.name, 0.0)) for one in services)
    later = sum(
        max(0.0, one.vcpu(one.most_tasks + one.most_extra, provider) - used.get(one.name, 0.0)) for one in services
    )
    return Need(now=single + now, later=single + later)


def tasks_need(services: Sequence[Workload], one_offs: Sequence[Workload], *, running: Sequence[Workload]) -> Need:
    """The tasks that an update starts in addition to the running ones, counted as `vcpu_need` counts vCPU.

    Args:
        services: The services.
        one_offs: The one-off tasks.
        running: The services as they run now; empty if none do.
    """
    used = {one.name: one.tasks for one in running}
    now = sum(max(0, one.tasks + one.extra - used.get(one.name, 0)) for one in services)
    later = sum(max(0, one.most_tasks + one.most_extra - used.get(one.name, 0)) for one in services)
    return Need(now=len(one_offs) + now, later=len(one_offs) + later)


def evaluate(quota: Quota, *, used: float, need: Need, limit: float, region: str) -> Finding:
    """Whether a quota is large enough.

    Args:
        quota: The quota.
        used: Current use of the account.
        need: What the update needs in addition.
        limit: Value of the quota.
        region: AWS region.
    """
    what = f"{used:g} of {limit:g} {quota.unit} in use, the stack needs {need.now:g} more"
    if used + need.now > limit:
        severity = Severity.ERROR
    elif used + need.later > limit:
        severity = Severity.WARNING
        what += f", and {need.later:g} during a release with the maximum number of tasks of autoscaling"
    else:
        return ok(QUOTAS, quota.name, what)
    return Finding(
        area=QUOTAS,
        subject=quota.name,
        severity=severity,
        what=what,
        why=f"if it is exceeded, {quota.what_fails}",
        fix=increase(quota, math.ceil(used + max(need.now, need.later)), region),
    )


def evaluate_log_policies(names: Sequence[str], planned: Sequence[str]) -> Finding:
    """Whether the account can have the stack's resource policies of CloudWatch Logs.

    Args:
        names: Names of the account's policies.
        planned: Names of the stack's policies.
    """
    total = len({*names, *planned})
    used = f"{len(names)} of {MOST_LOG_POLICIES} in use"
    if total <= MOST_LOG_POLICIES:
        return ok(QUOTAS, LOG_POLICIES, used)
    return Finding(
        area=QUOTAS,
        subject=LOG_POLICIES,
        severity=Severity.ERROR,
        what=f"{used}, the stack needs {len(set(planned) - set(names))} more",
        why="EventBridge cannot log the stack's events: LimitExceededException. This quota cannot be raised",
        fix="combine two of them: `aws logs describe-resource-policies`, `aws logs delete-resource-policy`",
    )


def evaluate_new_balancer(existing: int) -> Finding:
    """Whether the account may create load balancers at all, which is known only when it creates one.

    Args:
        existing: Load balancers of the account in this region.
    """
    if existing:
        return ok(QUOTAS, "first load balancer", "the account already has load balancers")
    return unknown(
        QUOTAS,
        "first load balancer",
        "whether this account may create load balancers: no request returns that. AWS may deny it to a new account "
        "(OperationNotPermitted); in that case contact AWS Support",
    )


def check_on_demand(subject: Subject) -> Iterator[Finding]:
    """Fargate on demand."""
    yield _vcpu(subject, FARGATE_VCPU, ON_DEMAND)


def check_spot(subject: Subject) -> Iterator[Finding]:
    """Fargate Spot, if a service uses it."""
    if any(one.vcpu(one.most_tasks, SPOT) for one in subject.planned.services()):
        yield _vcpu(subject, SPOT_VCPU, SPOT)


def check_addresses(subject: Subject) -> Iterator[Finding]:
    """Elastic IP addresses."""
    used = len(items(subject.aws.call("ec2", "describe_addresses"), "Addresses"))
    yield _counted(subject, ADDRESSES, used, subject.planned.nat_gateways, "aws:ec2/eip:Eip")


def check_vpcs(subject: Subject) -> Iterator[Finding]:
    """VPCs."""
    used = len(subject.aws.paginate("ec2", "describe_vpcs", "Vpcs"))
    yield _counted(subject, VPCS, used, len(subject.planned.all("awsx:ec2:Vpc")), "aws:ec2/vpc:Vpc")


def check_gateways(subject: Subject) -> Iterator[Finding]:
    """Internet gateways."""
    used = len(subject.aws.paginate("ec2", "describe_internet_gateways", "InternetGateways"))
    planned = len(subject.planned.all("awsx:ec2:Vpc"))
    yield _counted(subject, INTERNET_GATEWAYS, used, planned, "aws:ec2/internetGateway:InternetGateway")


def check_balancers(subject: Subject) -> Iterator[Finding]:
    """Load balancers."""
    found = subject.aws.paginate("elbv2", "describe_load_balancers", "LoadBalancers")
    used = sum(one.get("Type") == "application" for one in found)
    planned = len(subject.planned.all(LOAD_BALANCER))
    if planned:
        yield evaluate_new_balancer(len(found))
    yield _counted(subject, LOAD_BALANCERS, used, planned, LOAD_BALANCER)


def check_interfaces(subject: Subject) -> Iterator[Finding]:
    """Network interfaces: one for each task, node of a store, NAT gateway, and zone of the load balancer and of each
    interface endpoint."""
    used = len(subject.aws.paginate("ec2", "describe_network_interfaces", "NetworkInterfaces"))
    _need_state(subject)
    planned, owned = subject.planned, subject.owned
    tasks = tasks_need(planned.services(), planned.one_offs(), running=owned.services())
    around = sum(max(0, planned_count - count) for planned_count, count in _interfaces_around(planned, owned))
    yield _evaluated(subject, INTERFACES, used, Need(now=tasks.now + around, later=tasks.later + around))


def check_log_policies(subject: Subject) -> Iterator[Finding]:
    """Resource policies of CloudWatch Logs."""
    planned = subject.planned.texts(LOG_POLICY, "policyName")
    if planned:
        found = subject.aws.paginate("logs", "describe_resource_policies", "resourcePolicies")
        of_account = [str(one["policyName"]) for one in found if one.get("policyScope") != "RESOURCE"]
        yield evaluate_log_policies(of_account, planned)


def _vcpu(subject: Subject, quota: Quota, provider: str) -> Finding:
    planned = subject.planned
    _need_state(subject)
    need = vcpu_need(planned.services(), planned.one_offs(), provider, running=subject.owned.services())
    used = usage_of(subject.aws, quota, subject.now)
    if used is None and subject.owned.count(SERVICE):
        raise CannotCheckError(f"CloudWatch has no data for the use of {quota.name}")
    # An account without tasks has no data.
    return _evaluated(subject, quota, used or 0.0, need)


def _need_state(subject: Subject) -> None:
    """Raises CannotCheckError if the stack's own part of the use is unknown."""
    if not subject.owned.is_known:
        raise CannotCheckError("the stack's state could not be read, so its current use is unknown")


def _interfaces_around(planned: Planned, owned: Owned) -> Iterator[tuple[int, int]]:
    """The network interfaces of everything but tasks, by type of resource: planned and existing ones."""
    for type_ in ("aws:rds/clusterInstance:ClusterInstance", "aws:docdb/clusterInstance:ClusterInstance"):
        yield len(planned.all(type_)), owned.count(type_)
    yield sum(_nodes(one.inputs) for one in planned.all(CACHE)), sum(map(_nodes, owned.values(CACHE)))
    yield planned.nat_gateways, owned.count("aws:ec2/natGateway:NatGateway")
    zones = len(planned.zones)
    yield zones * len(planned.all(LOAD_BALANCER)), sum(_subnets(one, "subnets") for one in owned.values(LOAD_BALANCER))
    endpoints = [one for one in owned.values(ENDPOINT) if one.get("vpcEndpointType") == "Interface"]
    yield zones * len(planned.interface_endpoints), sum(_subnets(one, "subnetIds") for one in endpoints)


def _nodes(cache: Json) -> int:
    return number(cache.get("numCacheClusters")) or 1


def _subnets(resource: Json, field: str) -> int:
    return len(cast(Sequence[Any], resource.get(field) or ()))


def _counted(subject: Subject, quota: Quota, used: int, planned: int, type_: str) -> Finding:
    _need_state(subject)
    more = max(0, planned - subject.owned.count(type_))
    return _evaluated(subject, quota, used, Need(now=more, later=more))


def _evaluated(subject: Subject, quota: Quota, used: float, need: Need) -> Finding:
    limit = float(quota_of(subject.aws, quota)["Value"])
    return evaluate(quota, used=used, need=need, limit=limit, region=subject.region)

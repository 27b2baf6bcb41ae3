"""What each type of resource costs a month, in the units of the price list, with the assumptions."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from story.cost.prices import GB, GB_MONTH, MILLION, Price, price
from story.engine.preview import StackResource
from story.resource_categories import KEY, LOG_GROUP, SERVICE, TASK_DEFINITION

HOURS = Decimal(730)
LOG_GB = Decimal(1)
BUCKET_GB = Decimal(10)
STORE_GB = Decimal(10)
STORE_MILLIONS = Decimal(10)
CAPACITY_UNITS = Decimal(1)
ACL_MILLIONS = Decimal(1)
YEAR = Decimal(365)

TASKS = "A service runs the minimum number of tasks of its autoscaling all month; scheduled scaling is not counted."
SPOT = "The price on Spot changes and is unknown; it is lower than the on-demand price."
ACU = "Aurora Serverless v2 stays at its smallest capacity."
STORAGE = f"A database holds {STORE_GB} GB and has {STORE_MILLIONS} million I/O requests a month."
LOGS = f"A log group receives {LOG_GB} GB a month, and keeps it for its retention time (without one: a year)."
BUCKETS = f"A bucket holds {BUCKET_GB} GB."
BALANCER = f"The load balancer uses {CAPACITY_UNITS} capacity unit (LCU) at all hours."
METRICS = "A metric from logs has one combination of dimensions (for example, one queue)."
ACL = f"The web ACL inspects {ACL_MILLIONS} million requests a month."
GENERAL = (
    f"A month has {HOURS} hours; prices are on-demand prices without tax, discounts and free tiers.",
    "Data transfer is not counted: through NAT gateways and endpoints, between zones, to the internet.",
    "Also not counted: tasks that run once (migration, users), backups, snapshots, and charges per request or message "
    "(S3, KMS, Secrets Manager, SNS, Route 53).",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item of the bill.

    Attributes:
        component: Part of the stack that it belongs to.
        what: What is charged: `2 tasks of 0.25 vCPU on demand`.
        quantity: Units a month; None if the number is known only after the update.
        unit: Unit of `quantity`.
        usd: Price a month; None if it is unknown.
        rate: Price of one unit, with its source.
        note: Why the price is unknown, or a remark about it.
        assumes: Assumptions of the estimate.
    """

    component: str
    resource: str
    what: str
    quantity: Decimal | None
    unit: str
    usd: Decimal | None
    rate: Price | None
    note: str = ""
    assumes: tuple[str, ...] = ()


class Resources:
    """The resources of an estimate. Some prices depend on other resources of the same component."""

    def __init__(self, region: str, resources: Sequence[StackResource]) -> None:
        self.region = region
        self.all = resources
        self.by_place = {(each.type, each.component, each.name): each for each in resources}
        zones = {str(each.inputs.get("availabilityZone")) for each in resources if each.type == SUBNET}
        self.zones = Decimal(len(zones)) if zones else None

    def beside(self, resource: StackResource, type_: str) -> Mapping[str, Any]:
        """The inputs of the resource of another type with the same component and name, if there is one."""
        other = self.by_place.get((type_, resource.component, resource.name))
        return other.inputs if other else {}

    def cluster_of(self, resource: StackResource, type_: str) -> Mapping[str, Any]:
        """The inputs of the cluster in the same component."""
        found = [one.inputs for one in self.all if one.type == type_ and one.component == resource.component]
        return found[0] if found else {}

    def item(
        self,
        resource: StackResource,
        what: str,
        item: str,
        quantity: Decimal | None,
        *,
        note: str = "",
        assumes: Sequence[str] = (),
    ) -> Item:
        """An item of the price list with its quantity."""
        cost = price(self.region, item)
        if cost is None:
            where = self.region or "this region"
            note = note or f'the price of "{item}" in {where} is unknown'
        elif quantity is None:
            note = note or "known after the update"
        else:
            note = cost.note or note
        return Item(
            component=resource.component,
            resource=f"{resource.type.rpartition(':')[2]} {resource.name}",
            what=what,
            quantity=quantity,
            unit=cost.unit if cost else "",
            usd=None if cost is None or quantity is None else quantity * cost.usd,
            rate=cost,
            note=note,
            assumes=tuple(assumes),
        )


def items_of(stack: Resources, resource: StackResource) -> Iterator[Item]:
    """The items of a resource; none if it costs nothing by itself."""
    if resource.type in PRICED:
        yield from PRICED[resource.type](stack, resource)
    elif resource.type.startswith("aws:") and not resource.type.startswith(NOT_BILLED):
        yield stack.item(resource, resource.type, resource.type, None, note="the estimate does not know this type")


def _service(stack: Resources, service: StackResource) -> Iterator[Item]:
    task = stack.beside(service, TASK_DEFINITION)
    target = stack.beside(service, "aws:appautoscaling/target:Target")
    tasks = number(target.get("minCapacity", service.inputs.get("desiredCount")))
    cpu, memory = number(task.get("cpu")), number(task.get("memory"))
    family = _map(task.get("runtimePlatform")).get("cpuArchitecture", "X86_64")
    if tasks is None or cpu is None or memory is None:
        yield stack.item(service, "tasks", "fargate", None, note="its task definition is not in the preview")
        return
    for provider, share in _shares(service.inputs.get("capacityProviderStrategies"), tasks).items():
        spot = provider == "FARGATE_SPOT"
        size = f"{_tasks(share)} of {cpu / 1024:f} vCPU and {memory / 1024:f} GB ({family})"
        vcpus, gigabytes = share * cpu / 1024 * HOURS, share * memory / 1024 * HOURS
        if not spot:
            yield stack.item(service, f"{size}: CPU", f"fargate {family} vCPU", vcpus, assumes=[TASKS])
            yield stack.item(service, f"{size}: memory", f"fargate {family} GB", gigabytes, assumes=[TASKS])
            continue
        most = [price(stack.region, f"fargate {family} {part}") for part in ("vCPU", "GB")]
        ceiling = sum(
            (cost.usd * units for cost, units in zip(most, (vcpus, gigabytes), strict=True) if cost), Decimal(0)
        )
        note = f"on demand, {ceiling:.2f} USD" if all(most) else ""
        yield stack.item(service, f"{size} on Spot", "fargate spot", None, note=note, assumes=[TASKS, SPOT])


def _shares(strategies: Any, tasks: Decimal) -> dict[str, Decimal]:
    """Number of tasks on each capacity provider: each base first, the rest by weight."""
    given = [_map(item) for item in cast(list[Any], strategies)] if isinstance(strategies, list) else []
    shares: dict[str, Decimal] = {}
    left = tasks
    for strategy in given:
        base = min(number(strategy.get("base")) or Decimal(0), left)
        shares[str(strategy.get("capacityProvider"))] = base
        left -= base
    weight = sum((number(strategy.get("weight")) or Decimal(0) for strategy in given), Decimal(0))
    if not weight:
        return {"FARGATE": tasks}
    for strategy in given:
        shares[str(strategy.get("capacityProvider"))] += left * (number(strategy.get("weight")) or Decimal(0)) / weight
    return {provider: share for provider, share in shares.items() if share}


def _tasks(count: Decimal) -> str:
    return f"{count.normalize():f} task{'' if count == 1 else 's'}"


def _cluster(stack: Resources, cluster: StackResource) -> Iterator[Item]:
    settings = cluster.inputs.get("settings")
    for setting in map(_map, cast(list[Any], settings) if isinstance(settings, list) else []):
        if setting.get("name") == "containerInsights" and setting.get("value") != "disabled":
            what = f"Container Insights, {setting.get('value')}"
            yield stack.item(cluster, what, "Container Insights", None)


def _aurora(stack: Resources, cluster: StackResource) -> Iterator[Item]:
    yield stack.item(cluster, f"storage, {STORE_GB} GB", "aurora storage", STORE_GB, assumes=[STORAGE])
    if cluster.inputs.get("storageType") != "aurora-iopt1":
        yield stack.item(cluster, "I/O requests", "aurora requests", STORE_MILLIONS, assumes=[STORAGE])
    yield from _master_secret(stack, cluster)


def _aurora_instance(stack: Resources, instance: StackResource) -> Iterator[Item]:
    cluster = stack.cluster_of(instance, "aws:rds/cluster:Cluster")
    optimized = ", I/O-Optimized" if cluster.get("storageType") == "aurora-iopt1" else ""
    size = str(instance.inputs.get("instanceClass"))
    if size != "db.serverless":
        yield stack.item(instance, size, f"aurora {size}{optimized}", HOURS)
        return
    least = number(_map(cluster.get("serverlessv2ScalingConfiguration")).get("minCapacity"))
    what = f"at least {least} ACU" if least is not None else "ACUs"
    units = None if least is None else least * HOURS
    yield stack.item(instance, what, f"aurora ACU{optimized}", units, assumes=[ACU])


def _documentdb(stack: Resources, cluster: StackResource) -> Iterator[Item]:
    yield stack.item(cluster, f"storage, {STORE_GB} GB", "documentdb storage", STORE_GB, assumes=[STORAGE])
    yield stack.item(cluster, "I/O requests", "documentdb requests", STORE_MILLIONS, assumes=[STORAGE])
    yield from _master_secret(stack, cluster)


def _documentdb_instance(stack: Resources, instance: StackResource) -> Iterator[Item]:
    size = str(instance.inputs.get("instanceClass"))
    yield stack.item(instance, size, f"documentdb {size}", HOURS)


def _master_secret(stack: Resources, cluster: StackResource) -> Iterator[Item]:
    if cluster.inputs.get("manageMasterUserPassword") is True:
        yield stack.item(cluster, "secret of the master user", "secret", Decimal(1))


def _cache(stack: Resources, group: StackResource) -> Iterator[Item]:
    size, engine = str(group.inputs.get("nodeType")), str(group.inputs.get("engine", "redis"))
    nodes = number(group.inputs.get("numCacheClusters"))
    if nodes is None and (shards := number(group.inputs.get("numNodeGroups"))) is not None:
        nodes = shards * (1 + (number(group.inputs.get("replicasPerNodeGroup")) or 0))
    count = "" if nodes is None else f"{nodes:f} x "
    yield stack.item(
        group, f"{count}{size} ({engine})", f"cache {engine} {size}", None if nodes is None else nodes * HOURS
    )


def _load_balancer(stack: Resources, balancer: StackResource) -> Iterator[Item]:
    if balancer.inputs.get("loadBalancerType", "application") != "application":
        yield stack.item(balancer, "load balancer", f"{balancer.inputs['loadBalancerType']} load balancer", None)
        return
    yield stack.item(balancer, "load balancer", "load balancer", HOURS)
    units = CAPACITY_UNITS * HOURS
    yield stack.item(balancer, "capacity units", "load balancer capacity unit", units, assumes=[BALANCER])
    if balancer.inputs.get("internal") is not True:
        addresses = _count(balancer.inputs.get("subnets"), stack.zones)
        yield stack.item(balancer, "public addresses", "public IPv4 address", _hours(addresses))


def _endpoint(stack: Resources, endpoint: StackResource) -> Iterator[Item]:
    if endpoint.inputs.get("vpcEndpointType") == "Interface":
        zones = _count(endpoint.inputs.get("subnetIds"), stack.zones)
        yield stack.item(endpoint, "interface endpoint, one in each zone", "interface endpoint", _hours(zones))


def _alarm(stack: Resources, alarm: StackResource) -> Iterator[Item]:
    queries = alarm.inputs.get("metricQueries")
    asked = [_map(query) for query in cast(list[Any], queries)] if isinstance(queries, list) else []
    metrics = sum("metric" in query for query in asked) or 1
    yield stack.item(alarm, "metrics of the alarm", "alarm metric", Decimal(metrics))


def _log_group(stack: Resources, group: StackResource) -> Iterator[Item]:
    if group.inputs.get("logGroupClass", "STANDARD") != "STANDARD":
        yield stack.item(group, "log lines", f"log lines {group.inputs['logGroupClass']}", None, assumes=[LOGS])
        return
    days = number(group.inputs.get("retentionInDays", 0))
    kept = None if days is None else LOG_GB * (days or YEAR) * 12 / YEAR
    yield stack.item(group, f"log lines, {LOG_GB} {GB}", "log lines", LOG_GB, assumes=[LOGS])
    yield stack.item(group, "stored log lines", "log storage", kept, assumes=[LOGS])


def _web_acl(stack: Resources, acl: StackResource) -> Iterator[Item]:
    yield stack.item(acl, "web ACL", "web ACL", Decimal(1))
    yield stack.item(acl, "rules", "web ACL rule", _count(acl.inputs.get("rules", []), None))
    yield stack.item(acl, f"requests, {ACL_MILLIONS} {MILLION}", "web ACL requests", ACL_MILLIONS, assumes=[ACL])


def _dashboard(stack: Resources, dashboard: StackResource) -> Iterator[Item]:
    note = "the first three of an account are free; the price of further ones is unknown"
    yield stack.item(dashboard, "dashboard", "dashboard", Decimal(1), note=note)


def _fixed(
    what: str, item: str, quantity: Decimal, *assumes: str
) -> Callable[[Resources, StackResource], Iterator[Item]]:
    def priced(stack: Resources, resource: StackResource) -> Iterator[Item]:
        yield stack.item(resource, what, item, quantity, assumes=assumes)

    return priced


def number(value: Any) -> Decimal | None:
    """A number, or a number as text; None for everything else, such as unknown values."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        read = Decimal(str(value))
    except InvalidOperation:
        return None
    return read if read.is_finite() and abs(read) < 1_000_000_000 else None


def _count(value: Any, otherwise: Decimal | None) -> Decimal | None:
    return Decimal(len(cast(list[Any], value))) if isinstance(value, list) else otherwise


def _hours(count: Decimal | None) -> Decimal | None:
    return None if count is None else count * HOURS


def _map(value: Any) -> Mapping[str, Any]:
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


SUBNET = "aws:ec2/subnet:Subnet"
PRICED: Mapping[str, Callable[[Resources, StackResource], Iterator[Item]]] = {
    SERVICE: _service,
    "aws:ecs/cluster:Cluster": _cluster,
    "aws:rds/cluster:Cluster": _aurora,
    "aws:rds/clusterInstance:ClusterInstance": _aurora_instance,
    "aws:docdb/cluster:Cluster": _documentdb,
    "aws:docdb/clusterInstance:ClusterInstance": _documentdb_instance,
    "aws:elasticache/replicationGroup:ReplicationGroup": _cache,
    "aws:lb/loadBalancer:LoadBalancer": _load_balancer,
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:ec2/natGateway:NatGateway": _fixed("NAT gateway", "nat gateway", HOURS),
    "aws:ec2/eip:Eip": _fixed("public address", "public IPv4 address", HOURS),
    "aws:secretsmanager/secret:Secret": _fixed("secret", "secret", Decimal(1)),
    KEY: _fixed("key", "key", Decimal(1)),
    LOG_GROUP: _log_group,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": _fixed("composite alarm", "composite alarm", Decimal(1)),
    "aws:cloudwatch/dashboard:Dashboard": _dashboard,
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": _fixed("metric", "custom metric", Decimal(1), METRICS),
    "aws:s3/bucket:Bucket": _fixed(f"storage, {BUCKET_GB} {GB_MONTH}", "bucket storage", BUCKET_GB, BUCKETS),
    "aws:wafv2/webAcl:WebAcl": _web_acl,
}
NOT_BILLED = (
    "aws:acm/certificate",
    "aws:appautoscaling/",
    "aws:budgets/budget:",
    "aws:chatbot/",
    "aws:cloudwatch/eventRule:",
    "aws:cloudwatch/eventTarget:",
    "aws:cloudwatch/logResourcePolicy:",
    "aws:docdb/clusterParameterGroup:",
    "aws:docdb/subnetGroup:",
    "aws:ec2/defaultSecurityGroup:",
    "aws:ec2/flowLog:",
    "aws:ec2/internetGateway:",
    "aws:ec2/networkAcl",
    "aws:ec2/route",
    "aws:ec2/securityGroup",
    "aws:ec2/subnet:",
    "aws:ec2/vpc:",
    "aws:ecs/clusterCapacityProviders:",
    "aws:ecs/taskDefinition:",
    "aws:elasticache/parameterGroup:",
    "aws:elasticache/subnetGroup:",
    "aws:iam/",
    "aws:kms/alias:",
    "aws:kms/keyPolicy:",
    "aws:lb/listener",
    "aws:lb/targetGroup",
    "aws:rds/clusterParameterGroup:",
    "aws:rds/subnetGroup:",
    "aws:route53/record:",
    "aws:s3/bucket",
    "aws:secretsmanager/secretVersion:",
    "aws:sns/",
    "aws:ssm/parameter:",
    "aws:vpc/",
    "aws:wafv2/webAclAssociation:",
)
"""Types that cost nothing by themselves. `GENERAL` lists the charges per request or message."""

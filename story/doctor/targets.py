"""The targets of the load balancer: whether they are healthy, and in every Availability Zone."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from aws.client import Json, items, part
from release.task import detail
from story.doctor.context import DoctorContext
from story.doctor.finding import Finding, Severity, ok

TARGETS = "targets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A target of a target group.

    Attributes:
        address: Its private address.
        state: `healthy`, `unhealthy`, `initial`, `draining`, `unused` or `unavailable`.
        reason: Reason and description of the state; "" if there is none.
        zone: Availability Zone; "" if it is not known.
    """

    address: str
    state: str
    reason: str
    zone: str


def targets_of(response: Json, zones: Mapping[str, str]) -> list[Target]:
    """The targets that DescribeTargetHealth lists.

    Args:
        response: Response of DescribeTargetHealth.
        zones: Zone by address, from the tasks; the response may not have it.
    """
    found: list[Target] = []
    for one in items(response, "TargetHealthDescriptions"):
        target, health = part(one, "Target"), part(one, "TargetHealth")
        address = str(target.get("Id", ""))
        reason = ": ".join(str(health[key]) for key in ("Reason", "Description") if health.get(key))
        found.append(
            Target(
                address=address,
                state=str(health.get("State", "")),
                reason=reason,
                zone=zones.get(address, "") or str(target.get("AvailabilityZone", "")),
            )
        )
    return found


def evaluate_health(name: str, groups: Mapping[str, Sequence[Target]], desired: int) -> list[Finding]:
    """Whether a service has healthy targets.

    Args:
        name: The service.
        groups: Targets by the name of their group; with blue/green one of the two is empty between releases.
        desired: Desired number of tasks.
    """
    everything = [target for targets in groups.values() for target in targets]
    healthy = sum(target.state == "healthy" for target in everything)
    starting = sum(target.state == "initial" for target in everything)
    if not everything and not desired:
        return []
    if not healthy and not starting:
        reasons = _reasons(target for target in everything if target.state != "healthy")
        return [
            Finding(
                area=TARGETS,
                subject=name,
                severity=Severity.ERROR,
                what=f"no target is healthy{f': {reasons}' if reasons else ', and none is registered'}",
                why="visitors get 502 or 503",
                fix=f"read the log with `story logs {name}`, and the events of {name} in `story status`",
            )
        ]
    unhealthy = [target for target in everything if target.state == "unhealthy"]
    if unhealthy:
        return [
            Finding(
                area=TARGETS,
                subject=name,
                severity=Severity.WARNING,
                what=f"{len(unhealthy)} of {len(everything)} targets are unhealthy: {_reasons(unhealthy)}",
                why="the healthy targets get all requests; replacing the others fails until the cause is fixed",
                fix="read the task's log first, then check web.health_check_path in the stack file",
            )
        ]
    initial = f", {starting} are starting" if starting else ""
    return [ok(TARGETS, name, f"{healthy} of {len(everything)} targets are healthy{initial}")]


def evaluate_zones(name: str, groups: Mapping[str, Sequence[Target]], zones: Sequence[str]) -> list[Finding]:
    """Whether each zone has a healthy target, if there are enough targets for that.

    Args:
        name: The service.
        groups: Targets by the name of their group.
        zones: Zones of the service's subnets.
    """
    found: list[Finding] = []
    for group, targets in groups.items():
        healthy = Counter(target.zone for target in targets if target.state == "healthy")
        if healthy.total() < len(zones) or healthy[""]:
            continue
        empty = sorted(zone for zone in zones if not healthy[zone])
        if empty:
            found.append(
                Finding(
                    area=TARGETS,
                    subject=name,
                    severity=Severity.WARNING,
                    what=f"no healthy target in {', '.join(empty)}, although {group} has {healthy.total()}",
                    why="if a zone fails, the site loses more targets than necessary",
                    fix=f"`aws ecs update-service --force-new-deployment` for {name} distributes its tasks again",
                )
            )
        else:
            found.append(ok(TARGETS, name, f"{group} has healthy targets in all {len(zones)} zones"))
    return found


def check_service(context: DoctorContext, name: str) -> Iterator[Finding]:
    """The targets of a service."""
    service = context.service(name)
    arns = _groups(context, name, service)
    if not arns:
        return
    zone_of_subnet = {subnet: str(one.get("AvailabilityZone", "")) for subnet, one in context.subnets().items()}
    zone_of_address = {
        detail(task, "privateIPv4Address"): zone_of_subnet.get(detail(task, "subnetId"), "")
        for task in context.tasks(name)
    }
    groups = {
        group: targets_of(context.aws.call("elbv2", "describe_target_health", TargetGroupArn=arn), zone_of_address)
        for group, arn in arns.items()
    }
    yield from evaluate_health(name, groups, int(service.get("desiredCount", 0)))
    yield from evaluate_zones(name, groups, sorted({zone for zone in zone_of_subnet.values() if zone}))


def _groups(context: DoctorContext, name: str, service: Json) -> Mapping[str, str]:
    """ARN of each target group of a service, by its name."""
    outputs: Mapping[str, str] = context.live.services.get(name, {}).get("targetGroups") or {}
    names = {arn: group for group, arn in outputs.items()}
    arns = dict.fromkeys(outputs.values())
    for balancer in items(service, "loadBalancers"):
        alternate = part(balancer, "advancedConfiguration").get("alternateTargetGroupArn")
        arns |= dict.fromkeys(str(arn) for arn in (balancer.get("targetGroupArn"), alternate) if arn)
    return {names.get(arn, arn.rpartition(":")[2]): arn for arn in arns}


def _reasons(targets: Iterator[Target] | Sequence[Target]) -> str:
    counted = Counter(target.reason or target.state for target in targets)
    return "; ".join(f"{reason} ({count})" for reason, count in counted.most_common(3))

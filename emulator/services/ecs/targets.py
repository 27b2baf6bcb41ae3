"""A service registers its tasks with its target groups, by address and port, and their health follows the tasks.

- https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-load-balancing.html
- https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html
"""

from typing import Any

from moto.elbv2.models import FakeAction, elbv2_backends

HEALTHY = ("healthy", None, None)
INITIAL = ("initial", "Elb.RegistrationInProgress", "Target registration is in progress")
UNHEALTHY = ("unhealthy", "Target.FailedHealthChecks", "Health checks failed")


def follow(service: Any, deployment: Any) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """Bring the target groups into line with a deployment's tasks.

    Returns:
        Groups with the number of tasks that were registered there, and groups with the port of a task that fails.
    """
    registered: list[tuple[str, int]] = []
    failing: list[tuple[str, int]] = []
    for arn, balancer in zip(deployment.target_groups, service.load_balancers, strict=False):
        group = _backend(service).target_groups.get(arn)
        if group is None:
            continue
        count = 0
        for task in deployment.tasks:
            address = address_of(task)
            if task.last_status != "RUNNING":
                if address in group.targets:
                    group.deregister([{"Id": address}])
                continue
            if address not in group.targets:
                group.register([{"Id": address, "Port": balancer["containerPort"]}])
                group.targets[address]["Zone"] = task.availability_zone
                count += 1
            health = _health(task, balancer["containerName"])
            if health == UNHEALTHY and group.targets[address].get("Health") != UNHEALTHY:
                failing.append((arn, balancer["containerPort"]))
            group.targets[address]["Health"] = health
        if count:
            registered.append((arn, count))
    return registered, failing


def groups_for(service: Any, before: list[str]) -> list[str]:
    """The target groups of a new deployment: the other ones of each pair, if there are pairs."""
    found: list[str] = []
    for place, balancer in enumerate(service.load_balancers):
        pair = [
            balancer["targetGroupArn"],
            (balancer.get("advancedConfiguration") or {}).get("alternateTargetGroupArn"),
        ]
        other = pair[1] if before and before[place] == pair[0] else pair[0]
        found.append(other or pair[0])
    return found


def shift(service: Any, rule_key: str, weights: dict[str, int]) -> None:
    """Send so much of the traffic of listener rules to these target groups.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AdvancedConfiguration.html
    """
    for balancer in service.load_balancers:
        advanced = balancer.get("advancedConfiguration") or {}
        pair = [balancer["targetGroupArn"], advanced.get("alternateTargetGroupArn")]
        if not advanced.get(rule_key):
            continue
        forward = {
            "Type": "forward",
            "ForwardConfig": {
                "TargetGroups": [
                    {"TargetGroupArn": arn, "Weight": weights.get(arn, 0)} for arn in pair if arn is not None
                ]
            },
        }
        for rule in _rules(service):
            if rule.arn == advanced[rule_key]:
                rule.actions = [FakeAction(forward) if action.type == "forward" else action for action in rule.actions]


def address_of(task: Any) -> str:
    return task.containers[0].network_interfaces[0]["privateIpv4Address"]


def _backend(service: Any) -> Any:
    return elbv2_backends[service._account_id][service.region_name]


def _rules(service: Any) -> list[Any]:
    return [
        rule
        for balancer in _backend(service).load_balancers.values()
        for listener in balancer.listeners.values()
        for rule in listener.rules.values()
    ]


def _health(task: Any, container: str) -> tuple[str, str | None, str | None]:
    if task.life.unhealthy == container:
        return UNHEALTHY
    return INITIAL if container in task.life.waiting else HEALTHY

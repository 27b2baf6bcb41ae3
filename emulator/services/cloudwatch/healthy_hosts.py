"""HealthyHostCount, which Elastic Load Balancing reports for every target group that has registered targets.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html

Who asks for the metric gets the count of the moment, with the load balancer and with each zone. Alarms do not see it:
they judge what was put (evaluation.py).
"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from moto.cloudwatch.models import CloudWatchBackend, Dimension, MetricDatum
from moto.elbv2.models import elbv2_backends

from emulator.services.ecs.targets import HEALTHY
from emulator.serving.patching import now, replace


def install() -> None:
    original: Any = CloudWatchBackend.get_all_metrics

    def with_healthy_hosts(self: Any) -> list[Any]:
        return [*original(self), *_counts(elbv2_backends[self.account_id][self.region_name])]

    replace(CloudWatchBackend, "get_all_metrics", with_healthy_hosts)
    # moto compares a name with a value, so that the same dimensions in another order are not found.
    replace(Dimension, "__lt__", lambda one, other: (one.name, one.value) < (other.name, other.value))


def _counts(backend: Any) -> Iterator[MetricDatum]:
    # A period ends before the question; moto's times are those of UTC, and do not say so.
    moment = (now() - timedelta(seconds=5)).replace(tzinfo=None)
    for balancer, group in _pairs(backend):
        if not group.targets:
            continue
        zones = Counter[str]()
        for target in group.targets.values():
            zones[target.get("Zone", "")] += target.get("Health") == HEALTHY
        both = {"LoadBalancer": balancer.arn.partition(":loadbalancer/")[2], "TargetGroup": group.arn.split(":")[-1]}
        yield _datum(both, sum(zones.values()), moment)
        for zone, count in zones.items():
            if zone:
                yield _datum({**both, "AvailabilityZone": zone}, count, moment)


def _pairs(backend: Any) -> Iterator[tuple[Any, Any]]:
    """Each load balancer with each target group that one of its rules or listeners forwards to."""
    for balancer in backend.load_balancers.values():
        listeners = balancer.listeners.values()
        rules = [rule for listener in listeners for rule in listener.rules.values()]
        every = [action for one in listeners for action in one.default_actions]
        every += [action for rule in rules for action in rule.actions]
        actions = [str(action.data) for action in every]
        for group in backend.target_groups.values():
            if any(group.arn in action for action in actions):
                yield balancer, group


def _datum(dimensions: dict[str, str], count: int, moment: Any) -> MetricDatum:
    named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    # moto's models are made by a base class whose type the checker takes for theirs.
    datum: Any = MetricDatum("AWS/ApplicationELB", "HealthyHostCount", count, named, moment, "Count")
    return datum

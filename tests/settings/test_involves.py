"""Rules about several values name all of them, so that a value which is wrong by itself causes no second line."""

from typing import Any

import pytest

from settings.base import Spec
from settings.deployment import DeploymentSpec, Strategy
from settings.network import NetworkSpec
from settings.services import AutoscalingSpec, CapacitySpec, NginxSpec, ScheduleSpec, TaskSpec, WebSpec
from settings.site import IngressSpec
from settings.stores import AuroraSpec

ZONES = ("ap-northeast-1a", "ap-northeast-1c")
SCHEDULE: dict[str, Any] = {"cron": "0 8 ? * MON-FRI *", "min_tasks": 5, "max_tasks": 4}


@pytest.mark.parametrize(
    ("spec", "keys"),
    [
        (CapacitySpec(on_demand_weight=0), {"spot_weight", "on_demand_weight"}),
        (ScheduleSpec(**SCHEDULE), {"min_tasks", "max_tasks"}),
        (AutoscalingSpec(min_tasks=5), {"min_tasks", "max_tasks"}),
        (
            AutoscalingSpec(cpu_percent=None, memory_percent=None),
            {"cpu_percent", "memory_percent", "requests_per_target"},
        ),
        (TaskSpec(memory_mib=4096), {"cpu", "memory_mib"}),
        (
            WebSpec(health_check_timeout_seconds=10),
            {"health_check_timeout_seconds", "health_check_interval_seconds"},
        ),
        (WebSpec(nginx=NginxSpec(php_fpm_port=8080)), {"nginx.php_fpm_port", "port"}),
        (DeploymentSpec(bake_time_minutes=1), {"bake_time_minutes", "strategy"}),
        (DeploymentSpec(strategy=Strategy.CANARY, alarms=None), {"alarms", "strategy"}),
        (
            WebSpec(rollout_timeout_seconds=300, deployment=DeploymentSpec(strategy=Strategy.BLUE_GREEN)),
            {"rollout_timeout_seconds", "deployment"},
        ),
        (
            WebSpec(
                autoscaling=AutoscalingSpec(requests_per_target=1),
                deployment=DeploymentSpec(strategy=Strategy.BLUE_GREEN),
            ),
            {"autoscaling.requests_per_target", "deployment"},
        ),
        (AuroraSpec(min_acu=8), {"min_acu", "max_acu"}),
        (IngressSpec(domain="www.example.com"), {"domain", "zone_id"}),
        (IngressSpec(zone_id="Z0123456789"), {"domain", "zone_id"}),
        (NetworkSpec(zones=ZONES, other_cidrs=("10.0.0.0/8",)), {"cidr", "other_cidrs"}),
        (NetworkSpec(zones=ZONES, private_mask=18), {"cidr", "public_mask", "private_mask", "isolated_mask"}),
        (NetworkSpec(zones=ZONES, cidr="10.0.0.0/24"), {"cidr", "public_mask", "private_mask", "isolated_mask"}),
    ],
)
def test_a_rule_names_each_value_that_it_reads(spec: Spec, keys: set[str]) -> None:
    assert [{problem.key, *problem.involves} for problem in spec.mistakes()] == [keys]

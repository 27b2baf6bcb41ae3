"""What an update of a stack that runs already needs of the account's limits."""

from typing import Any

import pytest

from aws.client import Json
from story.doctor.finding import Severity
from story.doctor.preflight.limits import Need, tasks_need, vcpu_need
from story.doctor.preflight.planned import Workload
from tests.story.doctor.before import Before, of_settings

SPOT_ONLY: Any = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]


def service(name: str, tasks: int, *, vcpu: int = 1, extra: int = 0, strategy: Any = ()) -> Workload:
    return Workload(
        name=name,
        cpu_units=vcpu * 1024,
        tasks=tasks,
        most_tasks=tasks,
        extra=extra,
        most_extra=extra,
        strategy=strategy,
    )


WEB = service("web", 2)


@pytest.mark.parametrize(
    ("planned", "running", "provider", "needed"),
    [
        ([WEB, service("worker", 10, vcpu=4)], [WEB], "FARGATE", 40),
        ([WEB, service("worker", 10, vcpu=4, extra=10)], [WEB], "FARGATE", 80),
        ([service("worker", 10, strategy=SPOT_ONLY)], [service("worker", 10)], "FARGATE_SPOT", 10),
        ([service("worker", 10, strategy=SPOT_ONLY)], [service("worker", 10)], "FARGATE", 0),
        ([service("worker", 10)], [service("worker", 10, strategy=SPOT_ONLY)], "FARGATE", 10),
        ([service("web", 20, extra=20)], [WEB], "FARGATE", 38),
        ([service("web", 2, vcpu=4, extra=2)], [WEB], "FARGATE", 14),
        ([service("web", 2, extra=2)], [service("web", 20)], "FARGATE", 0),
        ([WEB, service("worker", 5)], [service("web", 20)], "FARGATE", 5),
        ([service("renamed", 5)], [service("worker", 5)], "FARGATE", 5),
        ([service("web", 2, extra=2)], [WEB], "FARGATE", 2),
        ([service("web", 2, extra=2)], [], "FARGATE", 4),
    ],
)
def test_what_a_service_uses_already_is_taken_off_its_own_need_alone(
    planned: list[Workload], running: list[Workload], provider: str, needed: float
) -> None:
    assert vcpu_need(planned, [], provider, running=running) == Need(now=needed, later=needed)


def test_one_off_tasks_are_needed_beside_what_runs() -> None:
    assert vcpu_need([WEB], [service("migrate", 1)], "FARGATE", running=[WEB]) == Need(now=1, later=1)
    assert tasks_need([WEB], [service("migrate", 1)], running=[WEB]) == Need(now=1, later=1)


def test_tasks_are_counted_by_service_too() -> None:
    grown = [service("web", 20, extra=20), service("worker", 3)]
    assert tasks_need(grown, [], running=[WEB, service("gone", 30)]) == Need(now=41, later=41)


@pytest.fixture
def before() -> Before:
    """The committed stack file of prod, all of whose services run."""
    made = Before()
    made.runs_all()
    made.used = 4.5
    return made


def test_services_that_run_are_read_from_the_state(before: Before) -> None:
    planned = {(one.name, one.cpu_units, one.tasks, tuple(map(str, one.strategy))) for one in before.planned.services()}
    running = {(one.name, one.cpu_units, one.tasks, tuple(map(str, one.strategy))) for one in before.owned.services()}
    assert planned == running
    assert len(running) > 1


def test_what_the_state_has_as_output_counts_before_the_input() -> None:
    made = Before()
    made.runs("web", tasks=2, cpu_units=512)
    made.owned.resources[1]["outputs"]["desiredCount"] = 6
    assert [one.tasks for one in made.owned.services()] == [6]


def test_a_stack_that_runs_less_than_is_planned_needs_the_rest() -> None:
    made = Before()
    web = next(one for one in made.planned.services() if one.name == "web")
    made.runs("web", tasks=web.tasks, cpu_units=web.cpu_units)
    made.used = web.vcpu(web.tasks, "FARGATE")
    # 9.5 vCPU with every task twice and the one-off ones, whatever part of it runs.
    made.limits["L-3032A538"] = 9.5
    assert [one.severity for one in made.wrong()] == [Severity.WARNING]
    made.limits["L-3032A538"] = 9.4
    assert [one.severity for one in made.wrong()] == [Severity.ERROR]


# Network interfaces of prod beside those of tasks: 4 instances, 2 nodes, 3 gateways, the load balancer in 3 zones.


def around(before: Before, *, readers: int = 4, nodes: int = 2, gateways: int = 3, subnets: int = 3) -> None:
    """Put the rest of the network interfaces of prod into the state."""
    kinds = ("aws:rds/clusterInstance:ClusterInstance", "aws:docdb/clusterInstance:ClusterInstance")
    left = readers
    for kind in kinds:
        for _ in range(min(left, len(before.planned.all(kind)))):
            before.owns(kind)
            left -= 1
    before.owns("aws:ec2/vpc:Vpc")
    before.owns("aws:elasticache/replicationGroup:ReplicationGroup", numCacheClusters=nodes)
    for _ in range(gateways):
        before.owns("aws:ec2/natGateway:NatGateway")
    before.owns("aws:lb/loadBalancer:LoadBalancer", subnets=[f"subnet-{one}" for one in range(subnets)])


def interfaces(before: Before) -> str:
    before.said["ec2", "describe_network_interfaces"] = {"NetworkInterfaces": []}
    return next(one.what for one in before.findings() if one.subject == "Network interfaces per Region")


@pytest.mark.parametrize(
    ("there", "needed"),
    [({}, 0), ({"readers": 3}, 1), ({"nodes": 1}, 1), ({"gateways": 1}, 2), ({"subnets": 2}, 1), ({"nodes": 5}, 0)],
)
def test_interfaces_of_new_zones_readers_and_nodes_are_needed(
    before: Before, there: dict[str, int], needed: int
) -> None:
    around(before, **there)
    of_release = sum(one.extra for one in before.planned.services()) + len(before.planned.one_offs())
    assert f"the stack needs {of_release + needed} more" in interfaces(before)


def test_interfaces_of_new_interface_endpoints_are_needed() -> None:
    def made(owned: list[Json]) -> int:
        stack = Before(of_settings("story:network: { nat: none }"))
        for one in owned:
            stack.owns("aws:ec2/vpcEndpoint:VpcEndpoint", **one)
        return int(interfaces(stack).partition("needs ")[2].partition(" ")[0])

    endpoint = {"vpcEndpointType": "Interface", "subnetIds": ["subnet-1", "subnet-2"]}
    gateway = {"vpcEndpointType": "Gateway"}
    assert made([]) - made([endpoint]) == 2
    assert made([]) - made([endpoint] * 2) == 4
    assert made([]) == made([gateway])

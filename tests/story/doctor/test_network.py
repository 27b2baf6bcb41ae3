"""`story doctor`: the way of image layers to S3, and events that were not delivered."""

from datetime import timedelta
from typing import Any

import pytest

from components.observability.event_patterns import event_kinds
from story.doctor.events import MISSING
from story.doctor.finding import Severity
from tests.components.observability.monitored_site import stores
from tests.story.doctor.healthy import CLUSTER, NAT_ROUTE, NOW, S3_ENDPOINT, S3_ROUTE, World, healthy


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return healthy(monkeypatch)


# The way to S3.


def tables(world: World, *given: dict[str, Any]) -> None:
    world.said["ec2", "describe_route_tables"] = {"RouteTables": list(given)}


def table(*routes: dict[str, Any], subnet: str = "") -> dict[str, Any]:
    """A route table: of a subnet, or the VPC's main one."""
    return {"Associations": [{"SubnetId": subnet} if subnet else {"Main": True}], "Routes": list(routes)}


def of_network(world: World) -> list[tuple[Severity, str]]:
    return [(one.severity, one.what) for one in world.findings() if one.area == "network"]


def test_a_subnet_whose_table_has_no_route_to_the_endpoint_pays_nat_for_each_layer(world: World) -> None:
    tables(world, table(NAT_ROUTE, S3_ROUTE), table(NAT_ROUTE, subnet="subnet-a"))
    found = world.one()
    assert (found.area, found.severity) == ("network", Severity.WARNING)
    assert found.what == "no route to the gateway endpoint for S3 in subnet-a"
    assert found.why == "image layers are pulled through the NAT gateway, which is charged per GB"
    assert found.fix == "run `pulumi up --stack prod` to restore the endpoint and its routes"


INTERNET = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}


@pytest.mark.parametrize("others", [[], [{**NAT_ROUTE, "State": "blackhole"}], [INTERNET]])
def test_without_a_nat_gateway_no_task_can_pull_its_image(world: World, others: list[dict[str, Any]]) -> None:
    tables(world, table(*others))
    [(severity, what)] = [one for one in of_network(world) if one[0] is not Severity.OK]
    assert severity is Severity.ERROR
    assert what == "no route to the gateway endpoint for S3 and no NAT gateway in subnet-a, subnet-c, subnet-d"


def test_both_kinds_of_subnet_are_told_apart(world: World) -> None:
    tables(world, table(NAT_ROUTE), table(subnet="subnet-a"))
    assert {one[0] for one in of_network(world)} == {Severity.ERROR, Severity.WARNING}


@pytest.mark.parametrize(
    "route",
    [
        {**S3_ROUTE, "State": "blackhole"},
        {**S3_ROUTE, "GatewayId": "vpce-of-dynamodb"},
        {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": S3_ENDPOINT},
    ],
)
def test_a_route_that_does_not_lead_to_s3_is_none(world: World, route: dict[str, Any]) -> None:
    tables(world, table(NAT_ROUTE, route))
    assert world.one().severity is Severity.WARNING


def test_an_endpoint_that_is_gone_is_named(world: World) -> None:
    world.said["ec2", "describe_vpc_endpoints"] = {"VpcEndpoints": []}
    assert world.one().what == "no gateway endpoint for S3 in subnet-a, subnet-c, subnet-d"


def test_a_way_over_something_else_is_unknown(world: World) -> None:
    tables(world, table({"DestinationCidrBlock": "0.0.0.0/0", "TransitGatewayId": "tgw-1"}))
    assert [one[0] for one in of_network(world)] == [Severity.UNKNOWN]


def test_only_the_gateway_endpoint_of_s3_in_this_vpc_counts(world: World) -> None:
    asked: list[Any] = []
    original: Any = world.said["ec2", "describe_vpc_endpoints"]

    def noting(Filters: Any) -> Any:  # noqa: N803
        asked.append({one["Name"]: one["Values"] for one in Filters})
        return original(Filters=Filters)

    world.said["ec2", "describe_vpc_endpoints"] = noting
    assert world.wrong() == []
    assert {
        "vpc-id": ["vpc-1"],
        "service-name": ["com.amazonaws.ap-northeast-1.s3"],
        "vpc-endpoint-type": ["Gateway"],
    } in asked


# Events.


def failed(world: World, **values: list[float]) -> list[Any]:
    """Lets invocations of rules fail, and returns what is asked of CloudWatch."""
    asked: list[Any] = []

    def get_metric_data(MetricDataQueries: Any, **period: Any) -> Any:  # noqa: N803
        asked.append((MetricDataQueries, period))
        rules = {one["Id"]: one["MetricStat"]["Metric"]["Dimensions"][0]["Value"] for one in MetricDataQueries}
        return {
            "MetricDataResults": [
                {"Id": id_, "Values": values.get(rule.removeprefix(f"{CLUSTER}-").replace("-", "_"), [])}
                for id_, rule in rules.items()
            ]
        }

    world.said["cloudwatch", "get_metric_data"] = get_metric_data
    return asked


def test_an_event_that_was_not_delivered_is_a_warning_that_says_what_is_missing(world: World) -> None:
    failed(world, exec=[1.0, 0.0, 2.0])
    found = world.one()
    assert (found.area, found.subject, found.severity) == ("events", f"{CLUSTER}-exec", Severity.WARNING)
    assert found.what == "3 events were not delivered in the last 24 hours"
    assert found.why.startswith("a shell or a port was opened")
    assert "`pulumi up --stack prod`" in found.fix
    failed(world, failed_tasks=[1.0])
    assert (world.one().subject, world.one().what) == (
        f"{CLUSTER}-failed-tasks",
        "1 event was not delivered in the last 24 hours",
    )


def test_every_rule_of_the_stack_is_looked_at_over_the_last_day(world: World) -> None:
    asked = failed(world, deployments=[1.0], failed_tasks=[1.0], out_of_memory=[1.0], exec=[1.0], aurora_backups=[1.0])
    assert {one.subject for one in world.wrong()} == {
        f"{CLUSTER}-{kind}" for kind in event_kinds(exec=True, stores=stores())
    }
    [(queries, period)] = asked
    assert period == {"StartTime": NOW - timedelta(days=1), "EndTime": NOW}
    assert {one["MetricStat"]["Metric"]["MetricName"] for one in queries} == {"FailedInvocations"}
    assert {one["MetricStat"]["Stat"] for one in queries} == {"Sum"}


def test_the_kinds_of_event_are_those_that_a_stack_has_rules_for() -> None:
    assert tuple(MISSING) == event_kinds(exec=True, stores=stores())


def test_zeros_are_no_failures(world: World) -> None:
    failed(world, exec=[0.0, 0.0])
    assert world.wrong() == []

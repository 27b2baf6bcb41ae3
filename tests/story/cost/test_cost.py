"""The estimate: what is counted, with which price, and that nothing unknown passes for free."""

import json
import re
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from story.cost.command import run
from story.cost.cost import Estimate, compare, estimate, recorded_resources
from story.cost.items import NOT_BILLED, PRICED, Item
from story.cost.prices import PRICES, TOKYO, price
from story.engine.preview import StackResource
from story.plan.program import plan_stack
from tests.paths import PROJECT
from tests.story.preview.previews import preview, recorded, step

TASK = "aws:ecs/taskDefinition:TaskDefinition"
SERVICE = "aws:ecs/service:Service"
TARGET = "aws:appautoscaling/target:Target"
ON_DEMAND = [{"capacityProvider": "FARGATE", "base": 1, "weight": 1}]


def held(type_: str, name: str = "web", component: str = "web", **inputs: Any) -> StackResource:
    return StackResource(type=type_, name=name, component=component, inputs=inputs)


def costs(*resources: StackResource, region: str = TOKYO) -> Estimate:
    return estimate(resources, region)


def one(*resources: StackResource) -> Item:
    [item] = costs(*resources).items
    return item


def service(tasks: int = 2, strategies: Any = ON_DEMAND) -> Estimate:
    """A service of 0.25 vCPU and 512 MiB."""
    task = held(TASK, cpu="256", memory="512", runtimePlatform={"cpuArchitecture": "ARM64"})
    return costs(task, held(SERVICE, desiredCount=tasks, capacityProviderStrategies=strategies))


def test_a_service_costs_its_tasks_cpu_and_memory_for_a_month() -> None:
    expected = 2 * 730 * (Decimal("0.25") * Decimal("0.04045") + Decimal("0.5") * Decimal("0.00442"))
    assert service().usd == expected
    assert not service().unknown


def test_x86_costs_more_than_arm() -> None:
    x86 = costs(held(TASK, cpu="256", memory="512"), held(SERVICE, desiredCount=2))
    assert x86.usd > service().usd


def test_autoscaling_is_taken_at_its_minimum() -> None:
    task, target = held(TASK, cpu="256", memory="512"), held(TARGET, minCapacity=3, maxCapacity=9)
    scaled = costs(task, target, held(SERVICE, desiredCount=1))
    assert scaled.usd == costs(task, held(SERVICE, desiredCount=3)).usd


def test_spot_is_unknown_and_says_what_it_would_be_at_most() -> None:
    [item] = service(strategies=[{"capacityProvider": "FARGATE_SPOT", "base": 0, "weight": 1}]).items
    assert item.usd is None
    assert item.note == f"on demand, {service().usd:.2f} USD"


def test_the_base_is_on_demand_and_the_rest_goes_by_weight() -> None:
    mixed = [*ON_DEMAND, {"capacityProvider": "FARGATE_SPOT", "base": 0, "weight": 3}]
    found = service(tasks=5, strategies=mixed)
    assert found.usd == service(tasks=2).usd
    assert [item.what.partition(" of ")[0] for item in found.unknown] == ["3 tasks"]


def test_a_service_without_its_task_definition_is_unknown() -> None:
    assert one(held(SERVICE, desiredCount=1)).usd is None


@pytest.mark.parametrize("value", ["<unknown>", None, True, [], "NaN", "1e99", {}])
def test_a_count_that_is_not_known_yet_is_no_number(value: Any) -> None:
    assert costs(held(TASK, cpu=value, memory="512"), held(SERVICE, desiredCount=1)).unknown


def test_aurora_serverless_stays_at_its_minimum() -> None:
    cluster = held("aws:rds/cluster:Cluster", "aurora", "aurora", serverlessv2ScalingConfiguration={"minCapacity": 0.5})
    instance = held("aws:rds/clusterInstance:ClusterInstance", "aurora-1", "aurora", instanceClass="db.serverless")
    [item] = [item for item in costs(cluster, instance).items if item.resource == "ClusterInstance aurora-1"]
    assert item.usd == Decimal("0.5") * 730 * Decimal("0.15")


def test_i_o_optimized_clusters_pay_more_per_hour_and_nothing_per_request() -> None:
    scaling = {"minCapacity": 1}
    cluster = held("aws:rds/cluster:Cluster", serverlessv2ScalingConfiguration=scaling, storageType="aurora-iopt1")
    instance = held("aws:rds/clusterInstance:ClusterInstance", instanceClass="db.serverless")
    found = {item.what: item.usd for item in costs(cluster, instance).items}
    assert found["at least 1 ACU"] == 730 * Decimal("0.20")
    assert "I/O requests" not in found


def test_the_load_balancer_has_an_address_in_each_subnet() -> None:
    balancer = held("aws:lb/loadBalancer:LoadBalancer", subnets=["a", "b", "c"])
    found = {item.what: item.usd for item in costs(balancer).items}
    assert found["public addresses"] == 3 * 730 * Decimal("0.005")
    assert found["load balancer"] == 730 * Decimal("0.0243")


def test_an_interface_endpoint_is_paid_in_each_zone_and_a_gateway_endpoint_is_free() -> None:
    kind = "aws:ec2/vpcEndpoint:VpcEndpoint"
    zones = [held("aws:ec2/subnet:Subnet", zone, availabilityZone=zone) for zone in ("a", "c", "c")]
    found = costs(held(kind, vpcEndpointType="Interface", subnetIds="<unknown>"), *zones)
    assert found.usd == 2 * 730 * Decimal("0.014")
    assert costs(held(kind, vpcEndpointType="Gateway")).items == []


def test_an_alarm_costs_as_much_as_it_has_metrics() -> None:
    queries = [{"id": "a", "metric": {}}, {"id": "b", "metric": {}}, {"id": "c", "expression": "a + b"}]
    assert one(held("aws:cloudwatch/metricAlarm:MetricAlarm", metricQueries=queries)).usd == Decimal("0.20")


def test_a_dashboard_may_cost_nothing_and_has_no_known_price() -> None:
    found = one(held("aws:cloudwatch/dashboard:Dashboard"))
    assert found.usd is None
    assert found.note.startswith("the first three of an account are free")


def test_a_metric_from_log_lines_is_a_custom_one() -> None:
    assert one(held("aws:cloudwatch/logMetricFilter:LogMetricFilter")).usd == Decimal("0.30")


def test_a_composite_alarm_has_no_known_price() -> None:
    found = one(held("aws:cloudwatch/compositeAlarm:CompositeAlarm"))
    assert (found.usd, found.note) == (None, 'the price of "composite alarm" in ap-northeast-1 is unknown')


def test_logs_are_paid_when_they_come_and_while_they_are_kept() -> None:
    found = costs(held("aws:cloudwatch/logGroup:LogGroup", retentionInDays=365)).items
    assert sorted(item.usd or 0 for item in found) == [12 * Decimal("0.033"), Decimal("0.76")]


@pytest.mark.parametrize(
    ("type_", "usd"),
    [
        ("aws:ec2/natGateway:NatGateway", "45.26"),
        ("aws:ec2/eip:Eip", "3.65"),
        ("aws:secretsmanager/secret:Secret", "0.4"),
        ("aws:kms/key:Key", "1"),
        ("aws:s3/bucket:Bucket", "0.25"),
    ],
)
def test_what_has_one_price_costs_that(type_: str, usd: str) -> None:
    assert one(held(type_)).usd == Decimal(usd)


@pytest.mark.parametrize("type_", sorted(PRICED))
def test_in_another_region_everything_is_unknown_and_nothing_is_free(type_: str) -> None:
    settings = [{"name": "containerInsights", "value": "enabled"}]
    found = costs(held(type_, vpcEndpointType="Interface", settings=settings), region="eu-west-1")
    assert found.items
    assert all(item.usd is None and item.note for item in found.items)
    assert found.usd == 0


def test_a_type_that_nobody_thought_of_is_unknown() -> None:
    item = one(held("aws:msk/cluster:Cluster"))
    assert item.usd is None
    assert item.note == "the estimate does not know this type"


def test_every_price_has_a_source_of_aws_and_a_date() -> None:
    for table in PRICES.values():
        for cost in table.values():
            assert re.match(r"https://(pricing\.us-east-1\.amazonaws\.com|aws\.amazon\.com)/", cost.source)
            assert re.fullmatch(r"20\d\d-\d\d(-\d\d)?|undated", cost.date)
            assert cost.usd > 0


@pytest.mark.parametrize("item", ["fargate spot", "Container Insights", "documentdb db.r6g.large", "dashboard"])
def test_what_was_not_found_has_no_price(item: str) -> None:
    assert price(TOKYO, item) is None


@cache
def of_stack(name: str) -> Estimate:
    record = plan_stack(PROJECT, PROJECT / f"Pulumi.{name}.yaml").record
    assert record is not None
    return estimate(recorded_resources(record), TOKYO)


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_estimate_knows_each_type_of_the_stacks_of_this_project(name: str) -> None:
    assert [item.what for item in of_stack(name).items if item.note == "the estimate does not know this type"] == []


def test_what_is_unknown_of_prod_is_this() -> None:
    assert {item.what for item in of_stack("prod").unknown} == {
        "Container Insights, enhanced",
        "composite alarm",
        "dashboard",
        "db.r6g.large",
        "2 x cache.m7g.large (valkey)",
    }


def test_prod_has_a_gateway_with_an_address_in_each_zone() -> None:
    found = [item for item in of_stack("prod").components["network"].items if "Nat" in item.resource]
    assert len(found) == 3
    assert sum(item.usd or 0 for item in found) == 3 * 730 * Decimal("0.062")


def test_components_are_those_of_the_program() -> None:
    parts = of_stack("dev").components
    assert {"network", "ingress", "web", "worker-default", "stores/aurora", "migration"} <= set(parts)
    assert round(sum(part.usd for part in parts.values()) - of_stack("dev").usd, 9) == 0


def test_the_recorded_preview_and_the_recorder_agree() -> None:
    """The same settings, once by the engine and once without: the components that no setting of the test touches."""
    engine = compare(recorded("create")).after.components
    for name in ("application", "encryption", "uploads", "ingress"):
        assert engine[name].usd == of_stack("dev").components[name].usd, name


def test_more_tasks_cost_more_and_nothing_else_changes() -> None:
    found = compare(recorded("update"))
    assert found.complete
    assert found.exact
    changed = {name for name, part in found.after.components.items() if part.usd != found.before.components[name].usd}
    assert changed == {"web"}


def test_a_difference_with_something_unknown_is_not_exact() -> None:
    found = compare(preview(step("create", "aws:msk/cluster:Cluster", "m", after={})))
    assert not found.exact


def test_free_types_are_none_of_the_priced_ones() -> None:
    overlap = {type_ for type_ in PRICED if type_.startswith(NOT_BILLED)}
    assert overlap <= {"aws:s3/bucket:Bucket"}, "a priced type wins over a prefix"


def test_the_command_prints_each_stack_with_its_assumptions(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(stacks=["dev"], as_format="text", start=PROJECT) == 0
    page = capsys.readouterr().out
    assert page.startswith("dev (Pulumi.dev.yaml, ap-northeast-1): at least ")
    assert "  assumed: A month has 730 hours; " in page
    assert "  unknown: web: Service web: " in page


def test_the_command_s_json_names_the_source_of_each_price(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(stacks=["dev"], as_format="json", start=PROJECT) == 0
    dev = json.loads(capsys.readouterr().out)["stacks"]["dev"]
    assert dev["usd_per_month"] == pytest.approx(float(of_stack("dev").usd), abs=0.01)
    assert not dev["complete"]
    for item in dev["items"]:
        assert (item["usd_per_month"] is None) or item["source"]
        assert item["usd_per_month"] != 0 or item["note"]


def test_a_stack_that_is_not_there_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(stacks=["none"], as_format="text", start=PROJECT) == 2
    assert "the project has Pulumi.dev.yaml, Pulumi.prod.yaml" in capsys.readouterr().err


def test_settings_with_mistakes_have_no_costs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: story\n")
    (tmp_path / "__main__.py").write_text("import pulumi\nraise pulumi.RunError('story:a: wrong')\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {'aws:region': ap-northeast-1}")
    assert run(stacks=[], as_format="text", start=tmp_path) == 1
    assert "  mistake: story:a: wrong\n" in capsys.readouterr().out

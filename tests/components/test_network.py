"""Network, under the recorder."""

from typing import Any

import pytest

from components.network import Network, NetworkArgs
from settings.network import WITHOUT_NAT, NetworkSpec
from story.plan.recorder import Record, record
from tests.components.given import stack

ZONES = ("ap-northeast-1a", "ap-northeast-1c")
KEY = "arn:aws:kms:ap-northeast-1:123456789012:key/1"


def network(**changes: Any) -> Record:
    spec = NetworkSpec(**{"zones": ZONES, **changes})
    return record(lambda: Network("network", NetworkArgs(spec=spec, stack=stack())))


def test_the_token_never_changes() -> None:
    assert network().one("Network").type == "story:index:Network", (
        "a changed token replaces the VPC under a running site"
    )


def test_every_child_belongs_to_the_network() -> None:
    assert {resource.parent for resource in network().resources if resource.custom} == {"network"}


def test_zones_are_named_so_that_no_preview_looks_them_up() -> None:
    assert network().one("Vpc").inputs["availabilityZoneNames"] == list(ZONES)


def test_a_zone_gets_a_quarter_of_the_range_so_that_a_fourth_one_fits() -> None:
    assert network(cidr="10.8.0.0/16").one("Vpc").inputs["availabilityZoneCidrMask"] == 18


def test_subnets_are_laid_out_largest_first_with_explicit_masks() -> None:
    specs = network().one("Vpc").inputs["subnetSpecs"]
    assert [(spec["type"], spec["cidrMask"]) for spec in specs] == [("Private", 19), ("Public", 21), ("Isolated", 21)]


@pytest.mark.parametrize(("nat", "strategy"), [("none", "None"), ("single", "Single"), ("one-per-zone", "OnePerAz")])
def test_the_way_out_is_chosen_by_name(nat: str, strategy: str) -> None:
    assert network(nat=nat).one("Vpc").inputs["natGateways"] == {"strategy": strategy}


@pytest.mark.parametrize("nat", ["none", "single", "one-per-zone"])
def test_s3_is_reached_without_a_nat_gateway_in_every_stack(nat: str) -> None:
    specs = network(nat=nat).one("Vpc").inputs["vpcEndpointSpecs"]
    assert specs == [{"serviceName": "com.amazonaws.ap-northeast-1.s3", "vpcEndpointType": "Gateway"}]


@pytest.mark.parametrize("nat", ["none", "single", "one-per-zone"])
def test_the_way_to_s3_is_a_route_in_the_route_tables_of_the_subnets(nat: str) -> None:
    # awsx attaches the endpoint to its route tables with this strategy only, unless the endpoint names some.
    assert network(nat=nat).one("Vpc").inputs["vpcEndpointStrategy"] == "Auto"


def test_no_interface_endpoint_is_paid_for_unless_asked_for() -> None:
    assert network().all("VpcEndpoint") == []


def test_without_nat_every_service_that_a_task_needs_has_an_endpoint() -> None:
    services = {endpoint.inputs["serviceName"] for endpoint in network(nat="none").all("VpcEndpoint")}
    assert services == {f"com.amazonaws.ap-northeast-1.{service}" for service in WITHOUT_NAT}


def test_endpoints_answer_under_the_names_that_the_sdks_use_and_only_to_the_vpc() -> None:
    made = network(interface_endpoints=("logs",))
    assert made.one("VpcEndpoint").inputs["privateDnsEnabled"] is True
    rule = made.one("SecurityGroupIngressRule").inputs
    assert (rule["cidrIpv4"], rule["ipProtocol"], rule["fromPort"], rule["toPort"]) == ("10.0.0.0/16", "tcp", 443, 443)
    assert made.one("VpcEndpoint").inputs["securityGroupIds"] == ["network-endpoints-id"]


def test_the_default_security_group_lets_nothing_through() -> None:
    group = network().one("DefaultSecurityGroup").inputs
    assert (group["ingress"], group["egress"]) == ([], [])


def test_all_traffic_is_recorded_encrypted_and_for_a_limited_time() -> None:
    made = network(flow_log_retention_days=90)
    group = made.one("LogGroup").inputs
    assert made.one("FlowLog").inputs["trafficType"] == "ALL"
    assert (group["retentionInDays"], group["kmsKeyId"]) == (90, KEY)


def test_subnets_that_do_not_fit_are_refused_before_anything_is_registered() -> None:
    with pytest.raises(ValueError, match=r"private /18, public /21, isolated /21 do not fit"):
        network(private_mask=18)


def test_the_ids_are_given_out() -> None:
    given_out = network().registered_outputs["network"]
    assert set(given_out) == {"vpcId", "publicSubnetIds", "privateSubnetIds", "isolatedSubnetIds"}

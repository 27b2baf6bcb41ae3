"""Edits of a live stack's network and stores, and what each asks AWS for: a row of docs/operate.md at least once."""

import re

import pytest

from tests.e2e import whole_stack
from tests.e2e.conftest import Begin
from tests.e2e.edits_of_stores import FIRST, MORE_OF_EACH, OTHER_ONES
from tests.e2e.lives import STORES
from tests.e2e.recorded_calls import assert_edited_to, assert_on_record, edit
from tests.e2e.support import Stack, image, steps_in


@pytest.fixture(scope="module")
def stack(begin: Begin) -> Stack:
    stack = begin("edits")
    stack.engine.prepare(FIRST)
    return stack


def test_a_stack_with_protected_stores_and_no_nat_gateway_comes_up(stack: Stack) -> None:
    stack.up(image(1))
    assert_on_record(stack, "edits")


def test_a_third_zone_a_nat_gateway_and_more_instances_take_one_update(stack: Stack) -> None:
    edit(stack, MORE_OF_EACH)
    whole_stack.assert_its_subnets_are_those_of_the_settings(stack)
    whole_stack.assert_every_private_subnet_has_a_route_to_s3(stack)
    assert zones_of(stack) == dict.fromkeys(("aurora", "documentdb", "valkey", "load balancer", "sqs", "web"), 3)
    assert endpoints(stack) == ["logs", "s3", "sqs"]
    assert whole_stack.nat_gateways(stack) == 1
    assert whole_stack.instances(stack) == {"aurora": 2, "documentdb": 2, "valkey": 2}


def test_other_classes_ports_and_passwords_and_fewer_instances_take_one_update(stack: Stack) -> None:
    said = edit(stack, OTHER_ONES)
    assert steps_in(said) == ["users", "rollout web"]
    rds, cache = stack.client("rds"), stack.client("elasticache")
    clusters = {one["DBClusterIdentifier"]: one["Port"] for one in rds.describe_db_clusters()["DBClusters"]}
    # The provider replaces a DocumentDB cluster for another port, so docs/operate.md says not to edit that one.
    assert clusters == {"story-edits-aurora": 3307, "story-edits-documentdb": 27017}
    assert {one["DBInstanceClass"] for one in rds.describe_db_instances()["DBInstances"]} == {"db.r6g.large"}
    [group] = cache.describe_replication_groups()["ReplicationGroups"]
    assert group["CacheNodeType"] == "cache.m7g.large"
    assert whole_stack.instances(stack) == {"aurora": 1, "documentdb": 1, "valkey": 1}
    assert whole_stack.nat_gateways(stack) == 3
    assert endpoints(stack) == ["s3"]
    assert stack.is_clean()


def test_these_were_all_edits_of_stores(stack: Stack) -> None:
    assert_edited_to(stack, STORES)


def zones_of(stack: Stack) -> dict[str, int]:
    """In how many zones a thing can be."""
    rds, cache, ec2 = stack.client("rds"), stack.client("elasticache"), stack.client("ec2")
    groups = rds.describe_db_subnet_groups()["DBSubnetGroups"]
    found = {re.sub(r"^story-edits-|-[0-9a-f]{7}$", "", one["DBSubnetGroupName"]): one["Subnets"] for one in groups}
    [caches] = [one for one in cache.describe_cache_subnet_groups()["CacheSubnetGroups"] if "valkey" in str(one)]
    [balancer] = stack.client("elbv2").describe_load_balancers()["LoadBalancers"]
    made = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    [queues] = [one for one in made if one["ServiceName"].endswith(".sqs") and one["State"] == "available"]
    network = stack.service("web")["networkConfiguration"]["awsvpcConfiguration"]
    found |= {"valkey": caches["Subnets"], "load balancer": balancer["AvailabilityZones"]}
    found |= {"sqs": queues["SubnetIds"], "web": network["subnets"]}
    return {name: len(subnets) for name, subnets in found.items()}


def endpoints(stack: Stack) -> list[str]:
    """The services that have an endpoint."""
    made = [item["name"] for item in stack.inventory()["ec2"] if item["type"] == "vpc-endpoint"]
    return sorted(name.rpartition(".")[2] for name in made)

"""What can be ordered, and the account's limits and plan."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.support import Client

ZONES = ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"]


def options(client: Client, api: str, engine: str, class_: str, **given: Any) -> list[tuple[str, list[str]]]:
    answer = client(api).describe_orderable_db_instance_options(Engine=engine, DBInstanceClass=class_, **given)
    return [
        (one["EngineVersion"], [zone["Name"] for zone in one["AvailabilityZones"]])
        for one in answer["OrderableDBInstanceOptions"]
    ]


@pytest.mark.parametrize(
    ("api", "engine", "class_", "version"),
    [
        ("rds", "aurora-mysql", "db.serverless", "8.0.mysql_aurora.3.10.0"),
        ("rds", "aurora-mysql", "db.r6g.large", "8.0.mysql_aurora.3.10.0"),
        ("docdb", "docdb", "db.t4g.medium", "5.0.0"),
    ],
)
def test_an_instance_class_can_be_ordered_in_every_zone(
    client: Client, api: str, engine: str, class_: str, version: str
) -> None:
    assert options(client, api, engine, class_, EngineVersion=version) == [(version, ZONES)]
    assert (version, ZONES) in options(client, api, engine, class_)


@pytest.mark.parametrize(("engine", "class_"), [("aurora-mysql", "db.t2.small"), ("docdb", "db.t3.small")])
def test_a_class_that_an_engine_does_not_have_cannot(client: Client, engine: str, class_: str) -> None:
    assert options(client, "rds", engine, class_) == []


def test_elasticache_lists_versions_and_reserved_nodes(client: Client) -> None:
    cache = client("elasticache")
    versions = cache.describe_cache_engine_versions(Engine="valkey")["CacheEngineVersions"]
    assert "8.0" in {one["EngineVersion"] for one in versions}
    for node_type, count in (("cache.t4g.small", 1), ("cache.t1.micro", 0)):
        offered = cache.describe_reserved_cache_nodes_offerings(CacheNodeType=node_type)
        assert len(offered["ReservedCacheNodesOfferings"]) == count


def test_quotas_of_the_services_that_a_stack_uses(client: Client) -> None:
    quotas = client("service-quotas")
    for service, code, value in (("fargate", "L-3032A538", 140), ("ec2", "L-0263D0A3", 5), ("vpc", "L-F678F1CE", 5)):
        assert quotas.get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]["Value"] == value
    names = [one["QuotaName"] for one in quotas.list_service_quotas(ServiceCode="codebuild")["Quotas"]]
    assert "Concurrently running builds for ARM/Small environment" in names
    for service in ("ec2", "vpc", "other"):
        with pytest.raises(ClientError, match="NoSuchResourceException"):
            quotas.get_service_quota(ServiceCode=service, QuotaCode="L-0")


def test_the_account_is_on_the_paid_plan(client: Client) -> None:
    assert client("freetier").get_account_plan_state()["accountPlanType"] == "PAID"

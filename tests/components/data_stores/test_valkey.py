"""Valkey, under the recorder."""

from typing import Any

import pytest

from components.data_stores.store import StoreArgs
from components.data_stores.valkey import Valkey
from settings.stores import ValkeySpec
from story.plan.recorder import Record, record
from tests.components.data_stores.parameter_defaults import of_valkey
from tests.components.given import stack

ZONES = ("ap-northeast-1a", "ap-northeast-1c")
KEY = "arn:aws:kms:ap-northeast-1:123456789012:key/1"


def args(**changes: Any) -> StoreArgs[ValkeySpec]:
    return StoreArgs(
        spec=ValkeySpec(**changes), vpc_id="vpc-1", subnet_ids=["subnet-1", "subnet-2"], zones=ZONES, stack=stack()
    )


def valkey(**changes: Any) -> Record:
    return record(lambda: Valkey("valkey", args(**changes)))


def group(**changes: Any) -> Any:
    return valkey(**changes).one("ReplicationGroup").inputs


def test_every_child_belongs_to_the_group_or_its_token() -> None:
    assert {resource.parent for resource in valkey().resources if resource.custom} == {"valkey", "valkey-token"}


def test_it_is_valkey_of_the_size_that_was_asked_for() -> None:
    made = group(node_type="cache.r7g.large")
    assert (made["engine"], made["nodeType"], made["port"]) == ("valkey", "cache.r7g.large", 6379)


def test_the_name_is_automatic_because_nobody_types_it() -> None:
    assert "replicationGroupId" not in group()


def test_clients_without_tls_are_turned_away() -> None:
    made = group()
    assert (made["transitEncryptionEnabled"], made["transitEncryptionMode"]) == (True, "required")


def test_data_is_encrypted_with_the_stack_s_key() -> None:
    made = group()
    assert (made["atRestEncryptionEnabled"], made["kmsKeyId"]) == (True, KEY)


def test_the_token_is_long_enough_and_has_none_of_the_characters_that_elasticache_refuses() -> None:
    token = valkey().one("RandomPassword").inputs
    assert 16 <= token["length"] <= 128
    assert token["special"] is False


def test_a_new_token_leaves_the_old_one_valid_for_tasks_that_still_run() -> None:
    assert group()["authTokenUpdateStrategy"] == "ROTATE"


@pytest.mark.parametrize(("replicas", "nodes", "fails_over"), [(0, 1, False), (1, 2, True), (2, 3, True)])
def test_with_replicas_it_survives_a_node_and_a_zone(replicas: int, nodes: int, fails_over: bool) -> None:
    made = group(replicas=replicas)
    assert made["numCacheClusters"] == nodes
    assert (made["automaticFailoverEnabled"], made["multiAzEnabled"]) == (fails_over, fails_over)


def test_jobs_in_a_queue_are_never_evicted() -> None:
    made = valkey()
    group = made.one("ParameterGroup")
    assert "parameters" not in group.inputs, "maxmemory-policy has the default that it needs"
    assert of_valkey("maxmemory-policy").default == "volatile-lru"
    assert made.one("ReplicationGroup").inputs["parameterGroupName"] == group.name


@pytest.mark.parametrize(
    ("version", "first", "family"),
    [("7", "7.2", "valkey7"), ("8", "8.0", "valkey8"), ("9", "9.0", "valkey9")],
)
def test_a_short_version_is_aws_s_to_upgrade(version: str, first: str, family: str) -> None:
    made = valkey(engine_version=version)
    replication_group = made.one("ReplicationGroup")
    assert replication_group.inputs["engineVersion"] == first
    assert replication_group.inputs["autoMinorVersionUpgrade"] is True
    assert list(replication_group.ignore_changes) == ["engineVersion"], (
        "after an upgrade by AWS the provider would go back by making an empty group"
    )
    assert made.one("ParameterGroup").inputs["family"] == family


def test_a_version_in_full_stays_until_it_is_edited() -> None:
    made = valkey(engine_version="8.1")
    replication_group = made.one("ReplicationGroup")
    assert replication_group.inputs["engineVersion"] == "8.1"
    assert replication_group.inputs["autoMinorVersionUpgrade"] is False
    assert list(replication_group.ignore_changes) == [], "an edit of the version must take effect"
    assert made.one("ParameterGroup").inputs["family"] == "valkey8"


@pytest.mark.parametrize("version", ["8", "8.1"])
def test_a_version_in_full_is_pointed_out(version: str) -> None:
    keys = [finding.key for finding in ValkeySpec(engine_version=version).warnings()]
    assert keys == (["engine_version"] if version == "8.1" else [])


def test_snapshots_are_kept_as_asked() -> None:
    assert group(snapshot_retention_days=5)["snapshotRetentionLimit"] == 5


def test_it_has_a_subnet_group_and_a_door_of_its_own() -> None:
    made = valkey()
    subnets = made.one("SubnetGroup")
    assert made.one("ReplicationGroup").inputs["subnetGroupName"] == subnets.name
    assert subnets.inputs["subnetIds"] == ["subnet-1", "subnet-2"]
    assert made.one("ReplicationGroup").inputs["securityGroupIds"] == ["story-test-valkey-id"]


def test_edits_do_not_wait_for_the_maintenance_window() -> None:
    assert group()["applyImmediately"] is True


def test_what_others_need_is_given_out() -> None:
    found: dict[str, Any] = {}

    def build() -> None:
        made = Valkey("valkey", args(replicas=1))
        for key in ("endpoint", "replication_group_id", "member_ids", "user_secret_version"):
            getattr(made, key).apply(lambda value, key=key: found.update({key: value}))

    record(build)
    assert found == {
        "endpoint": "primary.story-test-valkey.ap-northeast-1.example",
        "replication_group_id": "story-test-valkey-id",
        "member_ids": ["story-test-valkey-id-001", "story-test-valkey-id-002"],
        "user_secret_version": "valkey-token-version",
    }

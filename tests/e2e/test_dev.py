"""The dev environment as committed, whole."""

from typing import Any

import pytest

from tests.e2e import whole_stack
from tests.e2e.conftest import Begin
from tests.e2e.recorded_calls import assert_on_record
from tests.e2e.support import Change, Stack, committed_config, image, steps_in

SUBNET = "aws:ec2/subnet:Subnet"


@pytest.fixture(scope="module")
def stack(begin: Begin) -> Stack:
    stack = begin("dev")
    config = committed_config("dev")
    config["aws:defaultTags"]["tags"]["Team"] = "web"
    stack.engine.prepare(config)
    return stack


def test_it_comes_up_with_an_image(stack: Stack) -> None:
    finished = stack.up(image(1))
    assert steps_in(finished.output)[:2] == ["users", "migration"]
    assert steps_in(finished.output)[-1] == "rollout web"
    assert stack.engine.outputs()["image"] == image(1)
    whole_stack.assert_all_that_the_program_gives_reached_aws(stack, finished)


def test_the_next_preview_shows_no_change(stack: Stack) -> None:
    assert stack.is_clean()


def test_its_subnets_are_those_of_the_settings(stack: Stack) -> None:
    whole_stack.assert_its_subnets_are_those_of_the_settings(stack)


def test_every_private_subnet_has_a_route_to_s3(stack: Stack) -> None:
    whole_stack.assert_every_private_subnet_has_a_route_to_s3(stack)


def test_its_outputs_say_where_everything_is(stack: Stack) -> None:
    whole_stack.assert_its_outputs_say_where_everything_is(stack)


def test_no_password_is_shown_or_kept_in_the_clear(stack: Stack) -> None:
    whole_stack.assert_no_password_is_shown_or_kept_in_the_clear(stack)


def test_whoever_looks_finds_it_well(stack: Stack) -> None:
    assert_on_record(stack, "dev")
    whole_stack.assert_whoever_looks_finds_it_well(stack)


def test_a_task_can_be_gone_into(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    whole_stack.assert_a_task_can_be_gone_into(stack, monkeypatch)
    stack.forget_what_was_asked_for()


def test_one_harmless_edit_changes_one_resource(stack: Stack) -> None:
    before = stack.engine.config()
    stack.configure("story:web", {"log_retention_days": 7})
    assert stack.changes() == [Change(op="update", type="aws:cloudwatch/logGroup:LogGroup", name="web")]
    stack.engine.prepare(before)


def test_a_third_zone_changes_no_subnet_that_exists(stack: Stack) -> None:
    before = stack.engine.config()
    zones = [*stack.settings().network.zones, "ap-northeast-1d"]
    assert len(zones) == 3
    stack.configure("story:network", {"zones": zones})
    changes = stack.changes()
    stack.engine.prepare(before)
    subnets = [change for change in changes if change.type == SUBNET]
    assert {change.op for change in subnets} == {"create"}
    assert len(subnets) == 3, "a public, a private and an isolated one"
    assert not [change for change in changes if change.op == "delete"]


EDITS: dict[str, Any] = {
    "story:workers": {"default": {"tasks": 2}},
    "story:aurora": {"max_acu": 3, "backup_retention_days": 8, "monitoring_interval_seconds": 30},
    "story:valkey": {"snapshot_retention_days": 3},
    "story:documentdb": {"backup_retention_days": 8},
    "story:web": {"health_check_interval_seconds": 15, "deregistration_delay_seconds": 20, "log_retention_days": 7},
    "story:ingress": {"idle_timeout_seconds": 50},
    "story:cluster": {"container_insights": "enabled"},
    "story:observability": {"thresholds": {"cpu_percent": 80}},
    "aws:defaultTags": {"tags": {"Owner": "site"}},
}


def test_edits_all_over_the_file_take_effect_in_one_update(stack: Stack) -> None:
    assert stack.service("worker-default")["desiredCount"] == 1
    config = stack.engine.config()
    del config["aws:defaultTags"]["tags"]["Team"]
    stack.engine.prepare(config)
    for key, change in EDITS.items():
        stack.configure(key, change)
    stack.up()
    assert stack.service("worker-default")["desiredCount"] == 2
    rds, cache = stack.client("rds"), stack.client("elasticache")
    cluster = rds.describe_db_clusters(DBClusterIdentifier="story-dev-aurora")["DBClusters"][0]
    assert cluster["ServerlessV2ScalingConfiguration"]["MaxCapacity"] == 3
    assert {"Owner": "site"}.items() <= {tag["Key"]: tag["Value"] for tag in cluster["TagList"]}.items()
    assert cache.describe_replication_groups()["ReplicationGroups"][0]["SnapshotRetentionLimit"] == 3


def test_a_users_task_that_fails_leaves_every_service_as_it_is(stack: Stack) -> None:
    services = ("scheduler", "web", "worker-default")
    before, running = stack.markers(), {name: stack.service(name)["taskDefinition"] for name in services}
    denied = "SQLSTATE[HY000] [1045] Access denied"
    stack.behaves("users", container="app", exits=1, lines=[denied])
    stack.configure("story:aurora", {"password_version": 2})
    output = stack.failing_up()
    assert "users: app ended with exit code 1" in output
    assert f"| {denied}" in output
    assert stack.markers() == before
    assert {name: stack.service(name)["taskDefinition"] for name in services} == running
    assert stack.engine.outputs()["image"] == image(1)


def test_a_new_password_reaches_every_service_once_the_users_task_succeeds(stack: Stack) -> None:
    before = stack.markers()
    stack.behaves_well()
    finished = stack.up()
    assert steps_in(finished.output)[0] == "users"
    assert "migration" not in steps_in(finished.output), "no image, no migration"
    after = stack.markers()
    assert sorted(name for name in after if after[name] != before[name]) == [
        *("rollout-scheduler", "rollout-web", "rollout-worker-default", "users")
    ]
    assert stack.is_clean()


def test_what_all_this_asked_for_is_on_record(stack: Stack) -> None:
    assert_on_record(stack, "dev")

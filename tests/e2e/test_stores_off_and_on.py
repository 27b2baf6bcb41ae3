"""Stores that are switched off and on again, with the way to the internet, and a destroy after it."""

import pytest

from tests.e2e import whole_stack
from tests.e2e.conftest import Begin
from tests.e2e.edits_of_stores import FIRST_OF_OFF_AND_ON, SWITCHED_OFF, SWITCHED_ON
from tests.e2e.left_after_destroy import left_after_destroy
from tests.e2e.lives import OFF_AND_ON
from tests.e2e.recorded_calls import assert_edited_to, assert_on_record, edit
from tests.e2e.support import Stack, image, succeeded


@pytest.fixture(scope="module")
def stack(begin: Begin) -> Stack:
    stack = begin("off")
    stack.engine.prepare(FIRST_OF_OFF_AND_ON)
    return stack


def test_a_stack_whose_protection_was_lifted_comes_up(stack: Stack) -> None:
    stack.up(image(1))
    assert_on_record(stack, "edits")
    assert whole_stack.nat_gateways(stack) == 2


def test_stores_go_with_a_last_snapshot_and_the_nat_gateways_with_them(stack: Stack) -> None:
    edit(stack, SWITCHED_OFF)
    assert whole_stack.instances(stack) == {}
    assert whole_stack.nat_gateways(stack) == 0
    assert len(snapshots(stack)) == 3
    whole_stack.assert_every_private_subnet_has_a_route_to_s3(stack)


def test_stores_that_were_off_come_back(stack: Stack) -> None:
    edit(stack, SWITCHED_ON)
    assert whole_stack.instances(stack) == {"aurora": 1, "documentdb": 1, "valkey": 1}
    assert stack.is_clean()
    assert_edited_to(stack, OFF_AND_ON)


def test_a_destroy_takes_other_snapshots_and_leaves_only_what_is_documented(stack: Stack) -> None:
    before = snapshots(stack)
    succeeded(stack.run("destroy", "--yes", "--skip-preview"))
    assert_on_record(stack, "edits")
    assert before < snapshots(stack)
    assert len(snapshots(stack)) == 6
    unknown, _ = left_after_destroy(stack.inventory(), "off")
    assert unknown == []


def snapshots(stack: Stack) -> set[str]:
    """The last snapshots that stores left."""
    found = stack.inventory()
    kinds = ("cluster-snapshot", "snapshot")
    return {one["name"] for service in ("rds", "elasticache") for one in found.get(service, []) if one["type"] in kinds}

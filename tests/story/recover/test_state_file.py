"""The state: its interrupted operations, and how it is repaired."""

import random
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from story.recover.state_file import StateFile
from tests.story.recover.given_states import COMPONENT, KEY, LOG_GROUP, PROVIDER, creation, pending, resource, state

GROUP = creation(LOG_GROUP, "flow", {"name": "/story/dev/flow"}, protect=True)
URN = GROUP["resource"]["urn"]


def resources(document: dict[str, Any]) -> list[dict[str, Any]]:
    return document["deployment"]["resources"]


def test_a_state_has_its_interrupted_operations() -> None:
    deletion = {"type": "deleting", "resource": pending(LOG_GROUP, "old", {})}
    found = StateFile(state(GROUP, deletion))
    assert [(one.kind, one.label, one.provider) for one in found.pending] == [
        ("creating", "LogGroup flow", PROVIDER),
        ("deleting", "LogGroup old", PROVIDER),
    ]
    assert [one.name for one in found.creates] == ["flow"]


@pytest.mark.parametrize("document", [{}, {"deployment": None}, {"deployment": {"resources": None}}])
def test_a_stack_that_was_never_updated_has_nothing_to_repair(document: dict[str, Any]) -> None:
    assert not StateFile(document).pending
    assert StateFile(document).account_id is None


@pytest.mark.parametrize(
    "kept", ['{"tags": {"Project": "story"}}', '[{"tags": {"Project": "story"}}]', {"tags": {"Project": "story"}}]
)
def test_default_tags_are_read_as_each_plugin_keeps_them(kept: Any) -> None:
    document = state()
    resources(document)[1]["inputs"]["defaultTags"] = kept
    assert StateFile(document).provider(PROVIDER).default_tags == {"Project": "story"}


@pytest.mark.parametrize("kept", [None, "", "[]", "{}"])
def test_a_provider_without_default_tags_has_none(kept: Any) -> None:
    document = state()
    resources(document)[1]["inputs"]["defaultTags"] = kept
    assert StateFile(document).provider(PROVIDER).default_tags == {}


def test_what_is_adopted_keeps_all_that_the_program_said_of_it() -> None:
    repaired = StateFile(state(GROUP)).repaired({URN: "/story/dev/flow"})
    assert resources(repaired)[-1] == {**GROUP["resource"], "id": "/story/dev/flow"}
    assert "outputs" not in resources(repaired)[-1], "with outputs a refresh would not import it"
    assert "pending_operations" not in repaired["deployment"]


def test_what_is_forgotten_leaves_nothing_behind() -> None:
    assert resources(StateFile(state(GROUP)).repaired({})) == resources(state())


def test_an_interrupted_update_or_deletion_leaves_the_resource_as_it_is_recorded() -> None:
    recorded = resource(URN, id="a", outputs={"id": "a"})
    operations = [{"type": kind, "resource": {**recorded, "inputs": {"new": 1}}} for kind in ("updating", "deleting")]
    repaired = StateFile(state(*operations, resources=[recorded])).repaired({URN: "ignored"})
    assert resources(repaired)[-1] == recorded


def test_what_a_replacement_made_stands_beside_the_predecessor_which_waits_for_its_deletion() -> None:
    old = resource(URN, id="old", outputs={"id": "old"})
    repaired = resources(StateFile(state(GROUP, resources=[old])).repaired({URN: "new"}))
    assert [(one["id"], one.get("delete", False)) for one in repaired[-2:]] == [("old", True), ("new", False)]


def test_what_was_deleted_before_its_replacement_is_not_recorded_any_more() -> None:
    old = resource(URN, id="old", outputs={"id": "old"}, pendingReplacement=True)
    repaired = resources(StateFile(state(GROUP, resources=[old])).repaired({URN: "new"}))
    assert [one["id"] for one in repaired if one["urn"] == URN] == ["new"]


def test_a_resource_that_was_adopted_and_never_read_is_noticed() -> None:
    repaired = StateFile(StateFile(state(GROUP)).repaired({URN: "/story/dev/flow"}))
    assert repaired.unread == [URN]
    assert StateFile(state()).unread == []


def test_the_ids_that_count_are_those_that_were_read() -> None:
    read = resource(URN, id="a", outputs={"id": "a"})
    assert StateFile(state(resources=[read])).ids([URN]) == {URN: "a"}
    assert StateFile(state(resources=[{**read, "outputs": {}}])).ids([URN]) == {}
    assert StateFile(state(resources=[{**read, "delete": True}])).ids([URN]) == {}


def test_the_account_is_that_of_what_is_recorded() -> None:
    assert StateFile(state()).account_id == "123456789012"


def test_the_image_of_a_finished_update_is_known() -> None:
    assert StateFile(state(image="registry/story@sha256:1")).has_image
    assert not StateFile(state()).has_image


@pytest.mark.parametrize("word", ["parent", "provider", "deletedWith", "dependencies", "replaceWith", "property"])
def test_everything_stands_behind_what_it_refers_to(word: str) -> None:
    later = resource("urn:pulumi:dev::story::aws:s3/bucket:Bucket::later", id="b", outputs={"id": "b"})
    refers: dict[str, Any] = {
        "parent": {"parent": later["urn"]},
        "provider": {"provider": f"{later['urn']}::id"},
        "deletedWith": {"deletedWith": later["urn"]},
        "dependencies": {"dependencies": [later["urn"]]},
        "replaceWith": {"replaceWith": [later["urn"]]},
        "property": {"propertyDependencies": {"bucket": [later["urn"]], "other": None}},
    }[word]
    first = resource(URN, id="a", outputs={"id": "a"}, **refers)
    urns = [one["urn"] for one in resources(StateFile(state(resources=[first, later])).repaired({}))]
    assert urns.index(later["urn"]) < urns.index(URN)


@settings(deadline=None)
@given(st.integers(min_value=2, max_value=30), st.randoms(use_true_random=False))
def test_any_order_is_put_right_and_nothing_is_lost(count: int, chance: random.Random) -> None:
    urns = [f"urn:pulumi:dev::story::aws:s3/bucket:Bucket::{number}" for number in range(count)]
    made = [
        resource(urn, id=urn, dependencies=chance.sample(urns[:index], min(index, 3))) for index, urn in enumerate(urns)
    ]
    chance.shuffle(made)
    ordered = resources(StateFile(state(resources=made)).repaired({}))
    place = {one["urn"]: index for index, one in enumerate(ordered)}
    assert sorted(place) == sorted({*urns, *(one["urn"] for one in resources(state()))})
    assert all(place[before] < place[one["urn"]] for one in ordered for before in one.get("dependencies", ()))


def test_an_order_that_is_right_stays() -> None:
    chain = [f"urn:pulumi:dev::story::aws:s3/bucket:Bucket::{number}" for number in range(1200)]
    made = [resource(chain[0], id="0"), *(resource(b, id=b, dependencies=[a]) for a, b in pairwise(chain))]
    ordered = resources(StateFile(state(resources=made)).repaired({}))
    assert [one["urn"] for one in ordered][-1200:] == chain
    backwards = resources(StateFile(state(resources=made[::-1])).repaired({}))
    assert [one["urn"] for one in backwards][-1200:] == chain, "a long chain is no reason to fail"


def test_a_key_and_its_arn_count_as_recorded() -> None:
    recorded = StateFile(state()).recorded
    assert {"key-1", "arn:aws:kms:ap-northeast-1:123456789012:key/key-1"} <= recorded
    assert COMPONENT not in recorded
    assert KEY not in recorded

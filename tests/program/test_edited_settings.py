"""Every setting is edited on a live stack in a scenario of `tests/e2e`, or needs no such edit and this file says why.

The rights of `bootstrap/` are measured with what the scenarios ask AWS for. A setting that none of them edits may ask
for something that the role of the pipeline is not allowed.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Any, get_args, get_origin

import pytest
from pydantic import Field

from settings.base import Spec
from settings.stack import Settings
from story.plan.recorder import Record
from tests.e2e.lives import LIVES, settings_of
from tests.program.given import program

ANOTHER_VPC = "the VPC would be replaced, with everything in it: docs/operate.md says to make a new stack"
NOT_EDITED = {
    **dict.fromkeys(
        ("network.cidr", "network.public_mask", "network.private_mask", "network.isolated_mask"), ANOTHER_VPC
    ),
    "documentdb.port": "the provider would replace the cluster: docs/operate.md says not to edit it",
    "workers.*.autoscaling.requests_per_target": "the plan refuses it: no load balancer counts a worker's requests",
}
"""Settings that no scenario edits, and why."""

AWS_IS_NOT_TOLD: Mapping[str, Any] = {
    "migration.timeout_seconds": 2000,
    "migration.users_timeout_seconds": 700,
    "network.other_cidrs": ["10.99.0.0/16"],
    "scheduler.rollout_timeout_seconds": 1000,
    "web.rollout_timeout_seconds": 1000,
    "workers.*.rollout_timeout_seconds": 1000,
}
"""Settings that only the program itself reads, each with a value that is not its default."""


def settings_in(kind: Any, prefix: str = "") -> Iterator[str]:
    """Every setting by its path. Of a part that may be left out or has names of its own, the part itself is one too."""
    for name, field in kind.model_fields.items():
        path, part = f"{prefix}{name}", spec_in(field.annotation)
        if part is not field.annotation:
            yield path
        if part:
            named = ".*" if get_origin(field.annotation) is dict else ""
            yield from settings_in(part, f"{path}{named}.")


def spec_in(kind: Any) -> type[Spec] | None:
    """The spec that a field holds, if it holds any."""
    if isinstance(kind, type) and issubclass(kind, Spec):
        return kind
    return next((found for each in get_args(kind) if (found := spec_in(each))), None)


def edited(before: Any, after: Any, prefix: str = "") -> Iterator[str]:
    """The settings that differ, by their paths. In a part that is switched off, or on, only the switch counts: what is
    not there before and after is no live resource."""
    live = getattr(before, "enabled", True) and getattr(after, "enabled", True)
    for name in type(before).model_fields if live else ("enabled",):
        one, other, path = getattr(before, name), getattr(after, name), f"{prefix}{name}"
        if isinstance(one, Spec) and isinstance(other, Spec):
            yield from edited(one, other, f"{path}.")
        elif one and other and all(isinstance(each, Spec) for each in values_of(one) + values_of(other)):
            for key in one.keys() & other.keys():
                yield from edited(one[key], other[key], f"{path}.*.")
            if one.keys() != other.keys():
                yield path
        elif one != other:
            yield path


def values_of(value: Any) -> list[Any]:
    return [*value.values()] if isinstance(value, Mapping) else [value]


@cache
def edited_in_scenarios() -> frozenset[str]:
    edits = [edit for configs in LIVES.values() for edit in pairwise(configs)]
    return frozenset(path for before, after in edits for path in edited(settings_of(before), settings_of(after)))


def test_a_scenario_edits_every_setting_of_a_live_stack() -> None:
    known = {*edited_in_scenarios(), *NOT_EDITED, *AWS_IS_NOT_TOLD}
    missing = [path for path in settings_in(Settings) if path not in known]
    assert missing == [], "edit them in tests/e2e/edits_of_*.py, or say in NOT_EDITED why not"


def test_what_is_not_edited_exists_and_no_scenario_edits_it() -> None:
    exempt = {*NOT_EDITED, *AWS_IS_NOT_TOLD}
    assert exempt <= set(settings_in(Settings))
    assert exempt & edited_in_scenarios() == set()


@pytest.mark.parametrize("path", AWS_IS_NOT_TOLD)
def test_what_aws_is_not_told_changes_none_of_its_resources(path: str) -> None:
    part, *keys = path.replace("*", "default").split(".")
    change = AWS_IS_NOT_TOLD[path]
    for key in reversed(keys):
        change = {key: change}
    before = {"workers": {"default": {}}}
    assert inputs_to_aws(program(**{**before, part: change})) == inputs_to_aws(program(**before))


def inputs_to_aws(made: Record) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {(one.type, one.name): one.inputs for one in made.resources if one.type.startswith("aws:")}


def test_a_new_setting_that_no_scenario_edits_is_noticed() -> None:
    class NewPart(Spec):
        size: int = 1
        names: Mapping[str, int] = Field(default={})

    class NewSettings(Settings):
        new: NewPart = NewPart()
        optional: NewPart | None = None

    added = set(settings_in(NewSettings)) - set(settings_in(Settings))
    assert added == {"new.size", "new.names", "optional", "optional.size", "optional.names"}
    one, other = NewSettings(), NewSettings(new=NewPart(size=2), optional=NewPart())
    assert set(edited(one, other)) == {"new.size", "optional"}
    assert set(edited(other, NewSettings())) == {"new.size", "optional"}


def test_an_edit_of_what_is_switched_off_before_or_after_is_none_of_a_live_stack() -> None:
    on, off = settings_of({}), settings_of({"story:aurora": {"enabled": False, "protect": False, "readers": 1}})
    assert set(edited(on, off)) == set(edited(off, on)) == {"aurora.enabled"}

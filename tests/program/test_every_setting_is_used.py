"""Every field of the settings is read by what the program makes, not only by the rules that check it.

A field that nothing reads changes nothing: a person sets it, the plan is the same, and no message says so.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from types import FrameType
from typing import Any

import pytest

from settings.base import Spec
from settings.stack import Settings
from story.docs.reference import _spec_of
from story.plan.recorder import record_program
from tests.program.given import IMAGE, PROJECT

SECRET = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:agent-AbCdEf"
BIG = {"cpu": 2048, "memory_mib": 4096}
SCHEDULE = {"cron": "0 8 ? * MON-FRI *", "timezone": "Asia/Tokyo", "min_tasks": 3, "max_tasks": 6}
SCALED = {"min_tasks": 3, "max_tasks": 6, "schedules": {"day": SCHEDULE}}
SITES: tuple[Mapping[str, Any], ...] = (
    {
        "network": {"nat": "single", "interface_endpoints": ["logs"]},
        "aurora": {"readers": 1},
        "valkey": {"replicas": 1},
        "ingress": {"domain": "www.example.com", "zone_id": "Z0123456789ABCDEFGHIJ"},
        "web": {**BIG, "autoscaling": SCALED, "nginx": {}, "deployment": {"strategy": "canary"}},
        "scheduler": BIG,
        "workers": {"default": BIG},
        "agents": {"new_relic": {"license_key": SECRET}, "mackerel": {"api_key": SECRET}, "open_telemetry": {}},
        "observability": {
            "laravel_metrics": True,
            "monthly_budget_usd": 100,
            "emails": ["team@example.com"],
            "slack": {"workspace_id": "T0123ABCD", "critical_channel_id": "C0123ABCD"},
        },
    },
    {
        "aurora": {"instance_class": "db.r6g.large", "readers": 1},
        "web": {**BIG, "deployment": {"strategy": "linear"}},
        "scheduler": BIG,
        "workers": {"default": BIG},
        "agents": {"fluent_bit": {"destination": {"Name": "http", "Host": "logs.example.com"}}},
    },
    {"web": {"autoscaling": {"requests_per_target": 100}, "deployment": {"both_groups": False}}},
)
"""Stacks that together have every part."""
NOT_READ: Mapping[tuple[str, str], str] = {
    ("NetworkSpec", "other_cidrs"): "networks that the stack's must not overlap: a rule about other fields",
    ("ApplicationSpec", "not_secrets"): "variables that the rule about secrets in plain text leaves alone",
}
"""Fields that what is made does not depend on, with the reason."""


def fields() -> set[tuple[str, str]]:
    """Every field of every section, by the section's class; sections themselves are no fields."""
    found: set[tuple[str, str]] = set()
    todo: list[type[Spec]] = [Settings]
    while todo:
        spec = todo.pop()
        for name, field in spec.model_fields.items():
            inner = _spec_of(field.annotation)
            if inner:
                todo.append(inner)
            else:
                found.add((spec.__name__, name))
    return found


@cache
def read() -> frozenset[tuple[str, str]]:
    """The fields that components and `__main__.py` read of the stacks."""
    found: set[tuple[str, str]] = set()

    def traced(self: Spec, name: str) -> Any:
        if name in type(self).__pydantic_fields__ and reads_for_the_program(sys._getframe(1)):
            found.add((type(self).__name__, name))
        return object.__getattribute__(self, name)

    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(Spec, "__getattribute__", traced, raising=False)
        for site in SITES:
            config = {f"story:{key}": json.dumps(value) for key, value in site.items()}
            record_program(
                PROJECT,
                environment={"STORY_IMAGE": IMAGE},
                stack_name="dev",
                config={"aws:region": "ap-northeast-1", **config},
            )
    return frozenset(found)


def reads_for_the_program(frame: FrameType) -> bool:
    """Whether a read comes from what is made, and not from the rules, which run before anything is."""
    callers = list(above(frame))
    if any(caller.f_code.co_name == "read_stack" for caller in callers):
        return False
    files = {caller.f_code.co_filename for caller in callers}
    return any(file == str(PROJECT / "__main__.py") or file.startswith(str(PROJECT / "components")) for file in files)


def above(frame: FrameType | None) -> Iterator[FrameType]:
    while frame:
        yield frame
        frame = frame.f_back


def test_every_field_of_the_settings_is_read_by_what_the_program_makes() -> None:
    assert len(fields()) > 150
    assert fields() - read() - set(NOT_READ) == set(), "remove the field, use it, or say here why nothing reads it"


def test_no_field_with_an_excuse_is_read_or_gone() -> None:
    assert set(NOT_READ) & read() == set()
    assert set(NOT_READ) <= fields()

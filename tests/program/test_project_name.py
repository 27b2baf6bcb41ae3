"""A project of another name: nothing that the program makes is called by the old one.

The tokens of components, `story:index:<ClassName>`, stay: they name the kind of a component as
`aws:ecs/service:Service` does, and are part of the URN of each resource below it.
With another token, Pulumi would replace them all.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from typing import Any

import pytest

from story.live_stack import stack_of_outputs
from story.plan.recorder import Record, record_program
from tests.components.hooks import Step, steps
from tests.program.given import IMAGE, PROJECT, settings_of

PROJECT_OF_GET = re.compile(r"\bget_project\(\)")
SECRET = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:agent-AbCdEf"
ALL_PARTS: dict[str, Any] = {
    "kiosk:application": {"name": "Kiosk"},
    "kiosk:web": {"cpu": 2048, "memory_mib": 4096, "deployment": {"strategy": "canary"}},
    "kiosk:scheduler": {"cpu": 1024, "memory_mib": 2048},
    "kiosk:workers": {"default": {"cpu": 1024, "memory_mib": 2048}},
    "kiosk:observability": {"laravel_metrics": True, "monthly_budget_usd": 100, "emails": ["team@example.com"]},
    "kiosk:agents": {"new_relic": {"license_key": SECRET}, "mackerel": {"api_key": SECRET}, "open_telemetry": {}},
}
NOT_THE_PROJECT = (
    # The command line.
    re.compile(r"\bstory (status|doctor|exec|logs|rollback|timeline)\b"),
    # A key in the application's log lines: docs/laravel-metrics.md.
    re.compile(r"\$\.story\b"),
    # The databases' first user, whom no update can rename.
    re.compile(r"\bstorymaster\b"),
)
"""Where the word stands for something else."""


def run() -> dict[str, Any]:
    given = {key.replace("story:", "kiosk:"): value for key, value in settings_of("prod").items()}
    given["aws:defaultTags"] = {"tags": {"Project": "kiosk", "Environment": "prod"}}
    config = {**given, **ALL_PARTS}
    return {
        "environment": {"STORY_IMAGE": IMAGE},
        "project": "kiosk",
        "stack_name": "prod",
        "config": {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()},
    }


@cache
def kiosk() -> Record:
    return record_program(PROJECT, **run())


@cache
def hooks() -> dict[str, Step]:
    """What the hooks would call."""
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr("story.plan.recorder.record", steps)
        found: Any = record_program(PROJECT, **run())
    return found


def texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Each text in a value, with where it is; JSON in a text is read as well."""
    match value:
        case str() if value.startswith(("{", "[")):
            yield from texts(_parsed(value), path)
        case str():
            yield path, value
        case dict():
            for key, inner in value.items():
                yield from texts(str(key), f"{path}.{key} (the key)")
                yield from texts(inner, f"{path}.{key}")
        case list() | tuple():
            for number, inner in enumerate(value):
                yield from texts(inner, f"{path}.{number}")
        case _:
            pass


def _parsed(text: str) -> Any:
    """The document in a text; a list with the text where there is none, such as a pattern of CloudWatch Logs."""
    try:
        return json.loads(text)
    except ValueError:
        return [f" {text}"]


def old_names(value: Any, path: str) -> list[str]:
    found: list[str] = []
    for where, text in texts(value, path):
        rest = text
        for other in NOT_THE_PROJECT:
            rest = other.sub("", rest)
        if "story" in rest.lower():
            found.append(f"{where}: {text[:200]}")
    return found


def test_no_input_of_a_resource_has_the_old_name() -> None:
    made = kiosk()
    assert len(made.resources) > 200
    assert [line for one in made.resources for line in old_names(one.inputs, f"{one.type} {one.name}")] == []


def test_no_logical_name_and_no_type_but_a_component_s_has_the_old_name() -> None:
    made = kiosk()
    assert [one.name for one in made.resources if "story" in one.name] == []
    assert [one.type for one in made.resources if "story" in one.type and not one.type.startswith("story:index:")] == []
    assert [one.type for one in made.resources if one.type.startswith("story:index:") and one.custom] == []


def test_no_output_has_the_old_name() -> None:
    assert old_names(kiosk().outputs, "outputs") == []


def test_the_names_that_people_type_begin_with_the_project_s() -> None:
    made = kiosk()
    assert made.one("aws:ecs/cluster:Cluster").inputs["name"] == "kiosk-prod"
    assert {one.inputs["name"].split("/")[1] for one in made.all("LogGroup") if one.name.startswith("web")} == {"kiosk"}
    namespaces = {
        transformation["namespace"]
        for one in made.all("LogMetricFilter")
        for transformation in [one.inputs["metricTransformation"]]
    }
    assert namespaces == {"kiosk/prod"}


def test_no_step_of_a_release_is_told_the_old_name() -> None:
    found = hooks()
    assert {"migration", "rollout-web"} <= set(found)
    assert [line for name, step in found.items() for line in old_names(asdict(step.contract), name)] == []
    assert {step.contract.location.metric_namespace for step in found.values()} == {"kiosk/prod"}
    assert found["migration"].contract.started_by.startswith("kiosk-prod/migration/")


def test_the_tools_find_the_steps_as_the_program_started_them() -> None:
    live = stack_of_outputs("prod", kiosk().outputs, None, project="kiosk")
    assert live.migration_task(IMAGE) == hooks()["migration"].contract


def test_the_program_asks_pulumi_for_the_name_in_one_place() -> None:
    folders = ("components", "release", "settings", "bootstrap", "story")
    files = [PROJECT / "__main__.py", *(file for folder in folders for file in (PROJECT / folder).rglob("*.py"))]
    asking = {str(file.relative_to(PROJECT)) for file in files if PROJECT_OF_GET.search(file.read_text("utf-8"))}
    assert asking == {"settings/project.py"}

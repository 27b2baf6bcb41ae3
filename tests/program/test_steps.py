"""The whole program's steps: what their hooks would run, and what the stack tells the tools about them."""

import json
from functools import cache
from typing import Any

import pytest

from release.contract import StackLocation
from release.first_data import wait_for_first_data
from release.migrate import run_task, say_nothing_to_migrate
from release.rollout import follow_rollout
from story.live_stack import stack_of_outputs
from story.plan.recorder import Record, record_program
from tests.components.hooks import Step, steps
from tests.program.given import IMAGE, PROJECT, settings_of

OLDER = IMAGE.replace("1" * 64, "2" * 64)
REGION = "ap-northeast-1"
RELEASE, GOING_BACK, EDIT = "a release", "going back", "an edit"
VARIABLES = {RELEASE: {"STORY_IMAGE": IMAGE}, GOING_BACK: {"STORY_ROLLBACK_IMAGE": OLDER}, EDIT: {}}
SERVICES = ("worker-default", "worker-mail", "scheduler", "web")


def _run(kind: str, **changes: str) -> dict[str, Any]:
    config = {**settings_of("prod"), **changes}
    return {
        "stack_name": "prod",
        "config": {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()},
        "last_outputs": {} if kind == RELEASE else {"image": IMAGE},
    }


@cache
def program(kind: str) -> Record:
    return record_program(PROJECT, environment=VARIABLES[kind], **_run(kind))


@cache
def hooks(kind: str) -> dict[str, Step]:
    """What the program's hooks would call."""
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr("story.plan.recorder.record", steps)
        found: Any = record_program(PROJECT, environment=VARIABLES[kind], **_run(kind, **{"aws:profile": "work"}))
    return found


@pytest.mark.parametrize(
    ("kind", "works"),
    [(RELEASE, run_task), (GOING_BACK, say_nothing_to_migrate), (EDIT, say_nothing_to_migrate)],
)
def test_only_a_release_migrates(kind: str, works: Any) -> None:
    assert hooks(kind)["migration"].work is works


@pytest.mark.parametrize("kind", [RELEASE, GOING_BACK, EDIT])
def test_every_update_makes_new_users_and_follows_every_rollout(kind: str) -> None:
    found = {name: step.work for name, step in hooks(kind).items() if name != "migration" and not is_of_alarm(name)}
    assert found == {"users": run_task, **{f"rollout-{service}": follow_rollout for service in SERVICES}}


def is_of_alarm(name: str) -> bool:
    return name.startswith("observability-")


@pytest.mark.parametrize("kind", [RELEASE, GOING_BACK, EDIT])
def test_an_alarm_that_counts_silence_as_bad_is_made_once_its_metric_has_a_good_value(kind: str) -> None:
    waiting = {name: step for name, step in hooks(kind).items() if is_of_alarm(name)}
    alarms = {one.name: one for one in program(kind).all("MetricAlarm")}
    assert waiting
    assert set(waiting) == {name for name, one in alarms.items() if one.inputs["treatMissingData"] == "breaching"}
    assert {step.work for step in waiting.values()} == {wait_for_first_data}
    for name, step in waiting.items():
        inputs, wanted = alarms[name].inputs, step.contract
        assert inputs["name"] == f"story-prod-{wanted.alarm}"
        assert (wanted.least, wanted.window_seconds) == (
            inputs["threshold"],
            inputs["period"] * inputs["evaluationPeriods"],
        )
        [metric] = wanted.metrics
        assert metric["Metric"]["MetricName"] == inputs["metricName"]
        assert {one["Name"]: one["Value"] for one in metric["Metric"]["Dimensions"]} == inputs["dimensions"]
        assert (metric["Period"], metric["Stat"]) == (inputs["period"], inputs["statistic"])


def test_every_step_is_told_the_stack_region_profile_and_cluster_that_the_config_names() -> None:
    locations = {step.contract.location for step in hooks(RELEASE).values()}
    assert locations == {
        StackLocation(project="story", stack="prod", region=REGION, profile="work", cluster="story-prod")
    }


def test_timeouts_of_the_stack_file_reach_the_steps() -> None:
    found = hooks(RELEASE)
    outputs = program(RELEASE).outputs
    assert {name: step.contract.timeout_seconds for name, step in found.items() if name.startswith("rollout-")} == {
        f"rollout-{name}": service["rolloutTimeoutSeconds"] for name, service in outputs["services"].items()
    }
    assert found["migration"].contract.timeout_seconds == outputs["migration"]["timeoutSeconds"]


def reaches_consumers(kind: str) -> set[str]:
    """The rollouts that web's task definition waits for, directly or over others."""
    by_label = {f"{resource.kind} {resource.name}": resource for resource in program(kind).resources}
    seen: set[str] = set()
    todo = ["TaskDefinition web"]
    while todo:
        label = todo.pop()
        if label in by_label and label not in seen:
            seen.add(label)
            todo.extend(by_label[label].depends_on)
    return {label.partition("rollout-")[2] for label in seen if label.startswith("RandomUuid rollout-")}


def test_web_waits_for_the_rollout_of_every_consumer_only_in_a_release() -> None:
    assert reaches_consumers(RELEASE) == {"worker-default", "worker-mail", "scheduler"}
    assert reaches_consumers(GOING_BACK) == set(), "a worker that fails would keep web on the broken image"
    assert reaches_consumers(EDIT) == set()


def test_going_back_brings_the_image_that_is_named_to_every_task() -> None:
    made = program(GOING_BACK)
    assert made.outputs["image"] == OLDER
    assert all(OLDER in task.inputs["containerDefinitions"] for task in made.all("TaskDefinition"))


def test_the_tools_find_in_the_outputs_what_the_hooks_were_given() -> None:
    found = hooks(RELEASE)
    live = stack_of_outputs("prod", program(RELEASE).outputs, "work", project="story")
    assert live.image == IMAGE
    assert live.migration_task(IMAGE) == found["migration"].contract, "a run by hand is to be the same task"
    for service in SERVICES:
        contract = found[f"rollout-{service}"].contract
        assert live.rollout(service, contract.task_definition) == contract


def test_the_outputs_name_the_region_and_where_the_migration_runs() -> None:
    outputs = program(RELEASE).outputs
    assert outputs["region"] == REGION
    assert outputs["migration"] == {
        "taskDefinition": f"arn:aws:ecs:{REGION}:123456789012:task-definition/story-prod-migration:1",
        "container": "app",
        "subnetIds": [f"subnet-private-{REGION}{zone}" for zone in "acd"],
        "securityGroupId": "migration-id",
        "logGroup": "/story/prod/migration",
        "exec": True,
        "timeoutSeconds": 1800,
    }

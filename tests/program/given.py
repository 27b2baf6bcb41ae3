"""The whole program, run for a committed stack file or a variation of it."""

import copy
import json
from functools import cache
from typing import Any

import yaml

from story.plan.recorder import Record, record_program
from tests.paths import PROJECT

IMAGE = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/site@sha256:" + "1" * 64


def settings_of(stack: str) -> dict[str, Any]:
    """The config of a committed stack file."""
    return yaml.safe_load((PROJECT / f"Pulumi.{stack}.yaml").read_text("utf-8"))["config"]


def program(
    stack: str = "dev",
    *,
    preview: bool = False,
    image: str | None = IMAGE,
    last_image: str | None = None,
    **changes: Any,
) -> Record:
    """What the program registers.

    Args:
        stack: Whose stack file.
        preview: Leave unknown what only AWS knows.
        image: `STORY_IMAGE`.
        last_image: Image of the last successful update.
        changes: Settings to merge in, by key: `aurora={"enabled": False}`.
    """
    return _program(stack, preview, image, last_image, json.dumps(changes, sort_keys=True))


@cache
def _program(stack: str, preview: bool, image: str | None, last_image: str | None, changes: str) -> Record:
    config = copy.deepcopy(settings_of(stack))
    for key, change in json.loads(changes).items():
        given = config.get(f"story:{key}")
        merged = {**given, **change} if isinstance(given, dict) and isinstance(change, dict) and change else change
        config[f"story:{key}"] = merged
    return record_program(
        PROJECT,
        environment={"STORY_IMAGE": image} if image else {},
        stack_name=stack,
        preview=preview,
        config={key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()},
        last_outputs={"image": last_image} if last_image else {},
    )


def run_again(stack: str) -> Record:
    """What another run of a stack's program registers, with nothing remembered."""
    return _program.__wrapped__(stack, False, IMAGE, None, "{}")


OFF: dict[str, Any] = {"enabled": False}
NO_STORES: dict[str, Any] = {"aurora": OFF, "valkey": OFF, "documentdb": OFF}


def containers(made: Record, task: str) -> dict[str, dict[str, Any]]:
    """The container definitions of a task, by name."""
    found = json.loads(made.one("TaskDefinition", task).inputs["containerDefinitions"])
    return {container["name"]: container for container in found}


def environment(made: Record, task: str) -> dict[str, str]:
    """The environment of a task's application container."""
    return {entry["name"]: entry["value"] for entry in containers(made, task)["app"]["environment"]}


def actions(made: Record, policy: str) -> set[str]:
    """The actions that a role's policy allows."""
    document = json.loads(made.one("RolePolicy", policy).inputs["policy"])
    return {action for statement in document["Statement"] for action in statement["Action"]}

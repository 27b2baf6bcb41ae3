"""The account's foundation, run for the committed settings or a variation of them, and its policies."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import yaml

from story.plan.recorder import Record, record_program
from tests.paths import PROJECT

FOLDER = PROJECT / "bootstrap"
Statement = Mapping[str, Any]


def settings_of_the_account() -> dict[str, Any]:
    """The committed settings."""
    return yaml.safe_load((FOLDER / "Pulumi.story.yaml").read_text("utf-8"))["config"]


def account(*, preview: bool = False, region: str | None = None, **changes: Any) -> Record:
    """What the program registers.

    Args:
        preview: Leave unknown what only AWS knows.
        region: AWS region; None is the committed one.
        changes: Settings to merge in, by key.
    """
    return _account(preview, region, json.dumps(changes, sort_keys=True))


@cache
def _account(preview: bool, region: str | None, changes: str) -> Record:
    config = settings_of_the_account()
    if region:
        config["aws:region"] = region
    for key, change in json.loads(changes).items():
        before = config.get(f"bootstrap:{key}")
        both = isinstance(before, dict) and isinstance(change, dict)
        config[f"bootstrap:{key}"] = {**before, **change} if both else change
    return record_program(
        FOLDER,
        project="bootstrap",
        stack_name="story",
        preview=preview,
        config={key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()},
    )


def statements_of(made: Record, role: str) -> list[Statement]:
    """All statements of a role's policies."""
    policies = [one for one in made.all("aws:iam/policy:Policy") if one.parent == role]
    assert policies, f"no policy of {role}"
    return [statement for one in policies for statement in json.loads(one.inputs["policy"])["Statement"]]


def roles_of(made: Record) -> list[str]:
    """The names of all roles."""
    return [one.name for one in made.all("aws:iam/role:Role")]


def actions_of(statements: list[Statement]) -> set[str]:
    """The actions that are allowed."""
    return {action for one in statements if one["Effect"] == "Allow" for action in one["Action"]}


def resources_of(statement: Statement) -> list[str]:
    """The resources of a statement."""
    given = statement["Resource"]
    return [given] if isinstance(given, str) else list(given)


def reaches(statement: Statement, arn: str) -> bool:
    """Whether one of a statement's resources covers the ARN, by IAM's wildcards."""
    patterns = (re.escape(one).replace(r"\*", ".*").replace(r"\?", ".") for one in resources_of(statement))
    return any(re.fullmatch(pattern, arn) for pattern in patterns)


def allowing(statements: list[Statement], action: str) -> Iterator[Statement]:
    """The statements that allow an action."""
    return (one for one in statements if one["Effect"] == "Allow" and action in one["Action"])

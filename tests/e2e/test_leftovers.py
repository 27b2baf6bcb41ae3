"""A stack whose name was used before: AWS made log groups of the old one again, and `story recover` adds them."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from story.local.engine import EXAMPLE_REPOSITORY
from tests.e2e.checkout import copy_of_the_repository, run_in_bash
from tests.e2e.conftest import Begin
from tests.e2e.support import PROJECT, WITHOUT_STORES, Stack

CONFIG: dict[str, Any] = {
    **WITHOUT_STORES,
    "aws:defaultTags": {"tags": {"Project": "story", "Environment": "again"}},
}
INSIGHTS, WEB = "/aws/ecs/containerinsights/story-again/performance", "/story/again/web"
ANOTHER = f"{INSIGHTS}-of-another"


@pytest.fixture(scope="module")
def stack(begin: Begin) -> Stack:
    stack = begin("again")
    stack.engine.prepare(CONFIG)
    for name in (INSIGHTS, WEB, ANOTHER):
        stack.client("logs").create_log_group(logGroupName=name)
    return stack


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with this environment's tools, which `make` takes for set up."""
    folder = copy_of_the_repository(tmp_path_factory.mktemp("checkout"))
    tools = folder / "tools"
    tools.mkdir()
    (tools / "bin").symlink_to(PROJECT / ".venv" / "bin")
    (tools / ".set-up").touch()
    return folder


@pytest.fixture(scope="module")
def pushed(stack: Stack) -> str:
    """An image that exists, since `make up` checks it."""
    registry = stack.client("ecr")
    registry.create_repository(repositoryName="story")
    layers = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []}
    made = registry.put_image(repositoryName="story", imageManifest=json.dumps(layers), imageTag="first")
    return f"{EXAMPLE_REPOSITORY}@{made['image']['imageId']['imageDigest']}"


def make_up(stack: Stack, checkout: Path, image: str) -> tuple[int, str]:
    """`make up` as a person types it, except that nothing asks; its exit code and output."""
    name = stack.engine.stack
    shutil.copy2(stack.engine.stack_file, checkout / f"Pulumi.{name}.yaml")
    environment = {**stack.engine.environment(image), "PYTHONPATH": str(checkout)}
    return run_in_bash(
        f"make --no-print-directory up STACK={name} VENV={checkout / 'tools'}",
        checkout,
        {"PATH": os.environ["PATH"], **environment, "PULUMI_SKIP_CONFIRMATIONS": "true"},
    )


def test_make_up_warns_of_the_log_groups_and_ends_at_one(stack: Stack, checkout: Path, pushed: str) -> None:
    code, said = make_up(stack, checkout, pushed)
    assert code != 0
    assert f"{INSIGHTS} exists, and does not belong to this stack" in said
    assert "`story recover --stack again`" in said, said
    assert "ResourceAlreadyExistsException" in said, said


def test_a_repair_adds_all_of_them_and_nothing_else(stack: Stack) -> None:
    finished = stack.story("recover", "--yes", "--backups", str(stack.engine.folder / "backups"))
    assert finished.returncode == 0, finished.output
    assert f"- added LogGroup cluster-insights to the state: {INSIGHTS}" in finished.output
    assert f"- added LogGroup web to the state: {WEB}" in finished.output
    assert ANOTHER not in finished.output


def test_the_next_make_up_gives_them_their_key_and_retention(stack: Stack, checkout: Path, pushed: str) -> None:
    code, said = make_up(stack, checkout, pushed)
    assert code == 0, said
    assert stack.is_clean()
    groups = {one["logGroupName"]: one for one in stack.client("logs").describe_log_groups()["logGroups"]}
    assert all(groups[name].get("kmsKeyId") and groups[name].get("retentionInDays") for name in (INSIGHTS, WEB))
    assert "kmsKeyId" not in groups[ANOTHER]


def test_a_second_repair_finds_nothing(stack: Stack) -> None:
    finished = stack.story("recover", "--yes")
    assert finished.returncode == 0, finished.output
    assert "no leftover log group found; nothing to repair" in finished.output

"""A stack whose name was used before: AWS made log groups of the old one anew, and `story recover` takes them in."""

from typing import Any

import pytest

from tests.e2e.conftest import Begin
from tests.e2e.support import WITHOUT_STORES, Stack, image

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


def test_an_update_ends_at_the_log_group_that_exists_already(stack: Stack) -> None:
    assert "ResourceAlreadyExistsException" in stack.failing_up(image=image(1))


def test_a_repair_takes_in_all_of_them_and_nothing_else(stack: Stack) -> None:
    finished = stack.story("recover", "--yes", "--backups", str(stack.engine.folder / "backups"))
    assert finished.returncode == 0, finished.output
    assert f"- added LogGroup cluster-insights to the state: {INSIGHTS}" in finished.output
    assert f"- added LogGroup web to the state: {WEB}" in finished.output
    assert ANOTHER not in finished.output


def test_the_next_update_goes_through_and_gives_them_their_key_and_retention(stack: Stack) -> None:
    stack.up(image(1))
    assert stack.is_clean()
    groups = {one["logGroupName"]: one for one in stack.client("logs").describe_log_groups()["logGroups"]}
    assert all(groups[name].get("kmsKeyId") and groups[name].get("retentionInDays") for name in (INSIGHTS, WEB))
    assert "kmsKeyId" not in groups[ANOTHER]


def test_a_second_repair_finds_nothing(stack: Stack) -> None:
    finished = stack.story("recover", "--yes")
    assert finished.returncode == 0, finished.output
    assert "no log group blocks an update; nothing to repair" in finished.output

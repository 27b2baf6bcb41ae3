"""What a step says while it does nothing yet."""

import pytest

from ops.announce import announce_no_migration, announce_rollout, announce_task
from ops.contract import OneOffTask, Rollout

TASK = OneOffTask(
    step="migration",
    region="ap-northeast-1",
    cluster="story-prod",
    task_definition="arn:aws:ecs:ap-northeast-1:123456789012:task-definition/story-prod-migration:7",
    container="app",
    subnet_ids=["subnet-1"],
    security_group_id="sg-1",
    log_group="/story/prod/migration",
    timeout_seconds=1800,
)


def test_a_task_is_named_with_its_revision_and_nothing_is_claimed_to_have_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    announce_task(TASK)
    assert capsys.readouterr().out == "migration: would run story-prod-migration:7 in cluster story-prod\n"


def test_going_back_says_that_there_is_nothing_to_migrate(capsys: pytest.CaptureFixture[str]) -> None:
    announce_no_migration(TASK)
    assert capsys.readouterr().out == "migration: no new image, so nothing to migrate\n"


def test_a_rollout_is_named_with_the_revision_that_it_brings(capsys: pytest.CaptureFixture[str]) -> None:
    announce_rollout(
        Rollout(
            region="ap-northeast-1",
            cluster="story-prod",
            service="web",
            task_definition="arn:aws:ecs:ap-northeast-1:123456789012:task-definition/story-prod-web:3",
            timeout_seconds=900,
        )
    )
    assert capsys.readouterr().out == "rollout web: would wait for story-prod-web:3 in cluster story-prod\n"

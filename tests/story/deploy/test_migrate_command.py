"""`story migrate`, on the emulator: the migration again, another command, interrupts."""

import re
import signal
from pathlib import Path
from typing import Any

import pytest

from release import migrate
from tests.release.steps import CLUSTER, STARTED_BY, Cloud
from tests.story.live import BROKEN, Live, Process, story

pytestmark = pytest.mark.timed


@pytest.fixture
def live(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Live:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(migrate, "POLL_SECONDS", 0.25)
    monkeypatch.setattr(migrate, "LATE_LINES_SECONDS", 0.5)
    return Live(home=tmp_path, cloud=cloud).prepared()


def started(live: Live) -> Any:
    [task] = live.cloud.tasks()
    return task


def test_the_migration_of_the_last_update_runs_again_and_shows_what_it_writes(live: Live) -> None:
    live.up()
    live.cloud.behaves(container="app", exits=0, after_seconds=0.5, lines=["Nothing to migrate."])
    result = story("migrate", "--stack", "prod")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "| Nothing to migrate." in result.stdout
    assert started(live)["startedBy"] == STARTED_BY
    assert started(live)["taskDefinitionArn"] == live.outputs["migration"]["taskDefinition"]
    assert live.updates == []


def test_a_migration_that_fails_is_exit_code_1_and_its_reason_the_last_line(live: Live) -> None:
    live.up()
    live.cloud.behaves(container="app", exits=1, lines=["SQLSTATE[42S01]"])
    result = story("migrate", "--stack", "prod")
    assert result.exit_code == 1
    [line] = result.stderr.splitlines()
    assert line.startswith("story migrate: migration: app ended with exit code 1: ")
    assert "| SQLSTATE[42S01]" in result.stdout


def test_after_an_update_that_failed_it_is_the_migration_of_that_update(live: Live) -> None:
    # The task definition is the failed update's, the image is still the last good one.
    broken = live.cloud.task_definition(image=BROKEN)
    live.up(definition=broken)
    live.cloud.behaves(container="app", exits=0, after_seconds=600)
    starter = STARTED_BY.replace("1" * 64, "3" * 64)
    earlier = live.cloud.started(live.cloud.task(task_definition=broken, started_by=starter))["taskArn"]
    with Process(live, "migrate", "--stack", "prod") as process:
        process.until_it_says(f"follows {earlier.rpartition('/')[2]}")
        live.cloud.client("ecs").stop_task(cluster=CLUSTER, task=earlier)
        assert process.ended() == 0, process.said
    assert started(live)["taskArn"] == earlier


def test_a_migration_of_another_image_that_still_runs_is_left_alone_and_named(live: Live) -> None:
    live.up()
    live.cloud.behaves(container="app", exits=0, after_seconds=600)
    other = live.cloud.started(live.cloud.task(started_by=STARTED_BY.replace("1" * 64, "3" * 64)))
    result = story("migrate", "--stack", "prod")
    assert result.exit_code == 1
    assert f"migration: another task is still running, started by story-prod/migration/{'3' * 64}" in result.stderr
    assert started(live)["taskArn"] == other["taskArn"]


def test_another_command_runs_in_the_migration_s_task(live: Live) -> None:
    live.up()
    result = story("migrate", "--stack", "prod", "--command", "php artisan tinker --execute 'echo 1;'")
    assert result.exit_code == 0, result.output
    [override] = started(live)["overrides"]["containerOverrides"]
    assert override["command"] == ["php", "artisan", "tinker", "--execute", "echo 1;"]
    assert re.fullmatch(rf"story-prod/command/{'1' * 64}/[0-9a-f]{{16}}", started(live)["startedBy"])
    assert "command: " in result.stdout


def test_a_command_never_takes_another_one_s_end_for_its_own(live: Live) -> None:
    live.up()
    live.cloud.behaves(container="app", exits=0, after_seconds=600)
    with Process(live, "migrate", "--stack", "prod", "--command", "php artisan migrate:status") as first:
        first.until_it_says("runs story-prod-migration:1")
        result = story("migrate", "--stack", "prod", "--command", "php artisan cache:clear")
        assert result.exit_code == 1
        assert "story migrate: command: another task is still running" in result.stderr
        assert started(live)["overrides"]["containerOverrides"][0]["command"][-1] == "migrate:status"


@pytest.mark.parametrize(
    ("line", "given"),
    [
        ("", "given nothing"),
        ("php artisan 'tinker", 'given "php artisan \'tinker" (no closing quotation)'),
    ],
)
def test_what_is_no_command_line_is_wrong_usage_before_anything_is_asked(live: Live, line: str, given: str) -> None:
    live.up()
    result = story("migrate", "--stack", "prod", "--command", line)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"story migrate: --command: {given}; allowed is a line such as `php artisan migrate:status`\n"
    )
    assert live.calls == []
    assert live.cloud.tasks() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_migration_goes_on_and_the_same_command_follows_it(live: Live, number: int) -> None:
    live.up(migration=120)
    # It ends with 0 as soon as it is told to end.
    live.cloud.behaves(container="app", exits=0, after_seconds=600, lines=["altering a large table"])
    with Process(live, "migrate", "--stack", "prod") as first:
        first.until_it_says("| altering a large table")
        first.interrupted(number)
        assert first.ended() == 130
        assert first.said.splitlines()[-1] == (
            "story migrate: interrupted; a task that was started continues; run the same command again to follow it"
        )
        assert "Traceback" not in first.said
    going_on = started(live)
    assert (going_on["lastStatus"], going_on["desiredStatus"]) == ("RUNNING", "RUNNING")
    with Process(live, "migrate", "--stack", "prod") as second:
        second.until_it_says(f"follows {going_on['taskArn'].rpartition('/')[2]}")
        second.until_it_says("| altering a large table")
        live.cloud.client("ecs").stop_task(cluster=CLUSTER, task=going_on["taskArn"])
        assert second.ended() == 0, second.said
    assert started(live)["taskArn"] == going_on["taskArn"], "nothing was started twice"


@pytest.mark.usefixtures("live")
def test_it_leaves_signals_as_they_were() -> None:
    before = signal.getsignal(signal.SIGTERM)
    story("migrate", "--stack", "prod")
    assert signal.getsignal(signal.SIGTERM) is before

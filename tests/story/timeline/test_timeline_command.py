"""`story timeline`: what it prints, for people and for programs, and its exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest

from story.plan.program import plan_stack
from story.timeline.command import run
from tests.paths import PROJECT


def stack_file(folder: Path, stack: str, **keys: Any) -> Path:
    path = folder / f"Pulumi.{stack}.yaml"
    path.write_text(json.dumps({"config": {"aws:region": "eu-west-1", **{f"story:{key}": keys[key] for key in keys}}}))
    return path


def printed(
    capsys: pytest.CaptureFixture[str], *files: Path, stacks: tuple[str, ...] = (), as_format: str = "text"
) -> tuple[int, str, str]:
    code = run(stacks=stacks, files=files, as_format=as_format, start=PROJECT)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_text_has_a_line_for_each_step_and_the_setting_behind_each_part(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, page, _ = printed(capsys, stack_file(tmp_path, "try", web={"deregistration_delay_seconds": 300}))
    assert code == 0
    assert page.startswith("try (Pulumi.try.yaml, rolling): a release takes at least 6 min\n")
    rows = [row.split()[0] for row in page.splitlines() if row.startswith("  ") and row[2] != " "]
    assert rows[1:9] == ["step", "push", "users", "migration", "worker-default", "scheduler", "web", "done"]
    assert "web                 40 s      320 s      900 s" in page
    assert "drains the old tasks; web.deregistration_delay_seconds: 300\n" in page
    assert "  warning: web.deregistration_delay_seconds: 300 costs 5 min of every release; " in page
    assert "\nassumed: " in page
    assert "\nnot counted: The image: " in page


def test_all_stacks_are_shown_by_default_and_the_same_bytes_each_time(capsys: pytest.CaptureFixture[str]) -> None:
    first = printed(capsys)
    assert [line for line in first[1].splitlines() if "(Pulumi." in line] == [
        "dev (Pulumi.dev.yaml, rolling): a release takes at least 1 min 30 s",
        "prod (Pulumi.prod.yaml, rolling): a release takes at least 1 min 30 s",
    ]
    assert printed(capsys) == first


def test_the_page_shows_what_the_command_prints_for_dev(capsys: pytest.CaptureFixture[str]) -> None:
    _, page, _ = printed(capsys, stacks=("dev",))
    shown = page.partition("\n\n")[0]
    assert f"```text\n{shown}\n```" in (PROJECT / "docs" / "release-time.md").read_text("utf-8")


def test_the_json_has_these_keys_and_a_page_of_aws_for_each_part(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    web = {"nginx": {}, "deployment": {"strategy": "linear", "step_percent": 3}, "rollout_timeout_seconds": 5000}
    file = stack_file(tmp_path, "try", web=web)
    code, page, _ = printed(capsys, file, as_format="json")
    [(name, stack)] = json.loads(page)["stacks"].items()
    assert (code, name) == (0, "try")
    assert list(stack) == [
        *("strategy", "at_least_seconds", "at_most_seconds", "task_starts", "steps"),
        *("warnings", "assumptions", "not_counted", "mistakes"),
    ]
    assert list(stack["steps"][-1]) == [
        *("step", "after", "begins_at_seconds", "at_least_seconds", "at_most_seconds", "timeout", "parts")
    ]
    assert stack["steps"][-1]["timeout"] == {"key": "web.rollout_timeout_seconds", "seconds": 5000}
    parts = [part for step in stack["steps"] for part in step["parts"]]
    assert {tuple(part) for part in parts} == {
        ("what", "at_least_seconds", "at_most_seconds", "settings", "source"),
    }
    assert all(part["source"].startswith("https://docs.aws.amazon.com/AmazonECS/latest/") for part in parts)
    assert {tuple(warning) for warning in stack["warnings"]} == {("key", "value", "costs_seconds", "costs", "advice")}


def test_mistakes_are_those_of_the_plan_word_for_word_and_exit_code_1(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    bad = stack_file(tmp_path, "bad", worker={}, web={"cpu": 300, "deregistration_delay_second": 3})
    good = stack_file(tmp_path, "good")
    expected = plan_stack(PROJECT, bad).mistakes
    assert len(expected) == 3
    code, page, _ = printed(capsys, bad, good)
    assert code == 1
    assert page.startswith("bad (Pulumi.bad.yaml)\n" + "".join(f"  mistake: {line}\n" for line in expected))
    assert "good (Pulumi.good.yaml, rolling)" in page
    code, page, _ = printed(capsys, bad, as_format="json")
    assert (code, json.loads(page)) == (1, {"stacks": {"bad": {"mistakes": list(expected)}}})


def test_a_file_that_cannot_be_read_as_settings_is_a_mistake_too(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "Pulumi.odd.yaml"
    file.write_text("[]")
    code, page, _ = printed(capsys, file)
    assert code == 1
    assert page.startswith("odd (Pulumi.odd.yaml)\n  mistake: Pulumi.odd.yaml: given a list; ")


@pytest.mark.parametrize(("stacks", "files"), [(("qa",), ()), ((), ("settings.yaml",)), (("dev", "dev"), ())])
def test_wrong_usage_is_exit_code_2_and_one_line(
    capsys: pytest.CaptureFixture[str], stacks: tuple[str, ...], files: tuple[str, ...]
) -> None:
    code, page, error = printed(capsys, *map(Path, files), stacks=stacks)
    assert (code, page) == (2, "")
    assert error.startswith("story timeline: ")
    assert len(error.splitlines()) == 1

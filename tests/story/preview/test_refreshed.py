"""`story drift`: how `pulumi preview` is called for it, and what stands where."""

import json
import os
from pathlib import Path

import pytest

from tests.story.live import story
from tests.story.preview.previews import document, step

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
MOVED = document(
    step("refresh", ALARM, "cpu", before={"threshold": 80}, after={"threshold": 80}),
    step("update", ALARM, "cpu", before={"threshold": 99}, after={"threshold": 80}, because=["threshold"]),
)
LINE = "MetricAlarm cpu: threshold is 99 in AWS, in the program 80"
SCRIPT = """#!/bin/sh
cd "{home}"
echo "$*" >> calls
env > environment
. ./preview.sh
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project, and a command `pulumi` whose previews find that an alarm moved."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    (tmp_path / "Pulumi.yaml").write_text("name: story\n")
    (tmp_path / "pulumi").write_text(SCRIPT.format(home=tmp_path))
    (tmp_path / "pulumi").chmod(0o755)
    (tmp_path / "preview.json").write_text(MOVED)
    (tmp_path / "preview.sh").write_text("cat preview.json")
    return tmp_path


def test_it_looks_at_aws_and_never_takes_an_image_that_a_shell_still_exports(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORY_IMAGE", "site@sha256:1")
    monkeypatch.setenv("STORY_ROLLBACK_IMAGE", "site@sha256:2")
    result = story("drift", "--stack", "prod")
    assert result.exit_code == 3
    assert f"  - {LINE}\n" in result.stdout
    assert (home / "calls").read_text() == "preview --json --refresh --stack prod --non-interactive\n"
    names = {line.partition("=")[0] for line in (home / "environment").read_text().splitlines()}
    assert "PATH" in names
    assert not {"STORY_IMAGE", "STORY_ROLLBACK_IMAGE"} & names


def test_settings_from_elsewhere_go_along(home: Path) -> None:
    file = home / "Pulumi.elsewhere.yaml"
    file.touch()
    assert story("drift", "--stack", "prod", "--config-file", file.name).exit_code == 3
    assert f"--config-file {file} " in (home / "calls").read_text()


@pytest.mark.usefixtures("home")
def test_the_document_stands_alone_and_progress_beside_it() -> None:
    result = story("drift", "--stack", "acme/story/prod", "--format", "json")
    assert json.loads(result.stdout)["stack"] == "prod"
    assert result.stderr == "comparing prod with AWS; this takes about a minute\n"


def test_a_preview_that_fails_is_exit_code_1_and_one_line(home: Path) -> None:
    (home / "preview.sh").write_text("echo 'error: no access to the state' >&2; exit 255")
    result = story("drift", "--stack", "prod", "--format", "markdown")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[1:] == [
        "story drift: stack prod: the preview failed, so the drift is unknown: no access to the state"
    ]


def test_without_pulumi_it_says_how_to_get_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    (home / "pulumi").unlink()
    result = story("drift", "--stack", "prod")
    assert result.exit_code == 1
    assert "story drift: there is no `pulumi` on the PATH" in result.stderr


@pytest.mark.parametrize(
    "arguments", [[], ["--stack", "prod", "--format", "xml"], ["--stack", "prod", "--config-file", "nowhere.yaml"]]
)
def test_wrong_usage_is_exit_code_2_and_asks_nobody(home: Path, arguments: list[str]) -> None:
    assert story("drift", *arguments).exit_code == 2
    assert not (home / "calls").exists()

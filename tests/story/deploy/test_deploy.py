"""`story deploy`, with a `pulumi` that does as it is told: what is released, what goes back, and what is said last."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from story.deploy import deploy
from story.deploy.deploy import Reasons
from tests.story.live import SCRIPT

OLD = f"registry.example.com/site@sha256:{'1' * 64}"
NEW = f"registry.example.com/site@sha256:{'2' * 64}"
FAILS = 'echo "error: migration: app ended with exit code 1"; echo "error: update failed"; exit 1'
FAILS_WITH_NEW = f'[ "$STORY_IMAGE" = {NEW} ] && {{ {FAILS}; }}; echo Updating'


class Project:
    """A project's folder with a `pulumi` whose stacks say which image they run."""

    def __init__(self, home: Path) -> None:
        self.home = home
        script = home / "pulumi"
        told = SCRIPT.format(home=shlex.quote(str(home))).replace('"$home/outputs.json"', '"$home/$5.json"')
        script.write_text(told.replace('env > "$home/up.env"', 'echo "$STORY_IMAGE" >> "$home/released"'))
        script.chmod(0o755)
        self.config()
        self.update("echo Updating")

    def config(self, **values: str) -> None:
        """What `pulumi config` has: `config(profile="work")` is `aws:profile`."""
        known = {f"aws:{name}": {"value": value, "secret": False} for name, value in values.items()}
        (self.home / "config.json").write_text(json.dumps(known))

    def runs(self, stack: str, image: str = "") -> None:
        (self.home / f"{stack}.json").write_text(f'{{"image": "{image}"}}' if image else "{}")

    def update(self, script: str) -> None:
        (self.home / "up.sh").write_text(f"{script}\n")

    @property
    def released(self) -> list[str]:
        """The image that each update was given; "" for none."""
        file = self.home / "released"
        return file.read_text().splitlines() if file.exists() else []

    def deploy(self, image: str = NEW, after: str = "") -> int:
        return deploy.run(stack="prod", image=image, after=after, project=self.home, config_file=None)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("STORY_IMAGE", "left over in the shell")
    made = Project(tmp_path)
    made.runs("prod", OLD)
    return made


def test_a_new_image_is_released_by_one_update(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert project.deploy() == 0
    assert project.released == [NEW]
    assert f"prod: updating from {OLD} to {NEW}." in capsys.readouterr().out


@pytest.mark.parametrize("image", [OLD, "none"])
def test_an_image_that_runs_already_brings_only_settings(
    project: Project, capsys: pytest.CaptureFixture[str], image: str
) -> None:
    assert project.deploy(image) == 0
    assert project.released == [""]
    assert capsys.readouterr().out.startswith(f"prod keeps its image, {OLD}: only the settings are applied.\n")


def test_a_failed_release_goes_back_and_ends_with_the_reason(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.update(FAILS_WITH_NEW)
    assert project.deploy() == 1
    assert project.released == [NEW, ""]
    assert capsys.readouterr().out.splitlines()[-2:] == [
        f"story deploy: prod: the release failed and was rolled back; every service runs {OLD} again. Why:",
        "  migration: app ended with exit code 1",
    ]


def test_a_first_release_that_failed_has_nothing_to_go_back_to(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.runs("prod")
    project.update(FAILS)
    assert project.deploy() == 1
    assert project.released == [NEW]
    assert "there is no earlier image to roll back to" in capsys.readouterr().out.splitlines()[-2]


def test_a_way_back_that_fails_too_says_so_and_why_the_release_failed(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.update(FAILS)
    assert project.deploy() == 1
    said = capsys.readouterr().out.splitlines()
    assert f"and the rollback to {OLD} failed too: check the stack now (story status --stack prod)" in said[-2]
    assert said[-1] == "  migration: app ended with exit code 1"


def test_settings_that_fail_are_not_tried_again(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.update(FAILS)
    assert project.deploy("none") == 1
    assert project.released == [""]
    assert capsys.readouterr().out.splitlines()[-2] == "story deploy: prod: the settings were not applied. Why:"


def test_an_update_that_gives_no_reason_says_where_to_look(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.update("exit 1")
    assert project.deploy("none") == 1
    assert capsys.readouterr().out.splitlines()[-1] == "  pulumi printed no reason; see its output above"


def test_without_any_image_there_is_nothing_to_deploy(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.runs("prod")
    assert project.deploy("none") == 1
    assert project.released == []
    assert "prod: the stack has no image, and none has been built yet" in capsys.readouterr().err


@pytest.mark.parametrize("there", [OLD, ""])
def test_what_the_stack_before_does_not_run_is_refused(
    project: Project, capsys: pytest.CaptureFixture[str], there: str
) -> None:
    project.runs("dev", there)
    assert project.deploy(after="dev") == 1
    assert project.released == []
    said = capsys.readouterr().err
    runs = there or "no image yet"
    assert said.startswith(f"story deploy: prod: dev runs {runs}, but this release has {NEW}; nothing was changed. ")


def test_what_the_stack_before_runs_is_released(project: Project) -> None:
    project.runs("dev", NEW)
    assert project.deploy(after="dev") == 0
    assert project.released == [NEW]


@pytest.mark.parametrize("image", ["", "site:latest", "registry.example.com/site@sha256:12"])
def test_an_image_without_a_digest_is_wrong_usage(
    project: Project, capsys: pytest.CaptureFixture[str], image: str
) -> None:
    assert project.deploy(image) == 2
    assert project.released == []
    assert capsys.readouterr().err == (
        f'story deploy: --image: given "{image}"; allowed is an image by digest, or none for the current one\n'
    )


def test_a_stack_that_does_not_exist_is_one_line(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    (project.home / "prod.json").unlink()
    assert project.deploy() == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("story deploy: prod: pulumi stack output: no stack named 'prod' found")


def test_an_image_that_aws_does_not_show_is_one_line_and_nothing_is_changed(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: Any) -> str:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "BatchGetImage")

    monkeypatch.setattr(deploy, "keep", denied)
    assert project.deploy() == 1
    assert project.released == []
    assert "AccessDenied" in capsys.readouterr().err


def test_an_image_is_kept_with_the_credentials_of_the_stacks_profile(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project.config(profile="work")
    kept: list[tuple[str, str, str | None]] = []

    def keep(image: str, stack: str, profile: str | None) -> str:
        kept.append((image, stack, profile))
        return "kept-prod-2222"

    monkeypatch.setattr(deploy, "keep", keep)
    assert project.deploy() == 0
    assert kept == [(NEW, "prod", "work")]
    assert f"{NEW} has the tag kept-prod-2222" in capsys.readouterr().out


def test_a_reason_is_told_once_and_the_engine_s_own_summary_never() -> None:
    reasons = Reasons()
    for line in ("  error: it broke", "    error: update failed", "@ updating", "error: it broke", "error: and this"):
        reasons.add_line(line)
    assert reasons.lines == ["it broke", "and this"]

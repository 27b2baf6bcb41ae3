"""The `story` command: options, exit codes, and what a person sees when something is wrong."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from story import cli
from tests.paths import PROJECT

PROGRAM = "import pulumi\npulumi.export('stack', pulumi.get_stack())\n"
MISTAKES = "import pulumi\nraise pulumi.RunError('story:web.cpu: given 300')\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Pulumi.yaml").write_text("name: story\n")
    (tmp_path / "__main__.py").write_text(PROGRAM)
    for stack in ("dev", "prod"):
        (tmp_path / f"Pulumi.{stack}.yaml").write_text("config: {'aws:region': eu-west-1}\n")
    return tmp_path


def story(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, list(arguments))


def stacks(result: Result) -> list[str]:
    return list(json.loads(result.stdout)["stacks"])


def modules_after(*arguments: str) -> set[str]:
    """What a run of the command imports."""
    code = (
        "import sys\nfrom story import cli\n"
        f"sys.argv = ['story', *{list(arguments)!r}]\n"
        "try: cli.main()\nexcept SystemExit: pass\n"
        "print('\\n' + '\\n'.join(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    return set(run.stdout.splitlines())


@pytest.mark.usefixtures("project")
def test_all_stacks_of_the_project_are_planned_by_default() -> None:
    result = story("plan", "--format", "json")
    assert (result.exit_code, stacks(result)) == (0, ["dev", "prod"])


def test_stacks_are_chosen_by_name_and_by_file(project: Path) -> None:
    (project / "Pulumi.trial.yaml").touch()
    result = story("plan", "--format", "json", "--stack", "prod", "--file", str(project / "Pulumi.trial.yaml"))
    assert stacks(result) == ["prod", "trial"]


@pytest.mark.usefixtures("project")
def test_text_is_the_default() -> None:
    assert story("plan", "--stack", "dev").stdout.startswith("dev (Pulumi.dev.yaml)\n")


def test_a_mistake_in_any_stack_is_exit_code_1_and_the_others_are_still_shown(project: Path) -> None:
    (project / "Pulumi.dev.yaml").write_text("[]")
    result = story("plan")
    assert result.exit_code == 1
    assert "  mistake: Pulumi.dev.yaml: given a list; " in result.stdout
    assert "  output: stack = prod\n" in result.stdout


def test_what_the_program_refuses_is_exit_code_1_without_a_traceback(project: Path) -> None:
    (project / "__main__.py").write_text(MISTAKES)
    result = story("plan", "--stack", "dev")
    assert result.exit_code == 1
    assert result.output == "dev (Pulumi.dev.yaml)\n  mistake: story:web.cpu: given 300\n\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--stack", "qa"], "Pulumi.qa.yaml; the project has Pulumi.dev.yaml, Pulumi.prod.yaml"),
        (["--file", "nowhere/Pulumi.qa.yaml"], "there is no file nowhere/Pulumi.qa.yaml"),
        (["--file", "settings.yaml"], "settings.yaml is not named Pulumi.<stack>.yaml"),
        (["--stack", "dev", "--file", "Pulumi.dev.yaml"], "Pulumi.dev.yaml is given twice"),
    ],
)
def test_wrong_usage_is_exit_code_2_and_one_clear_line(project: Path, arguments: list[str], words: str) -> None:
    (project / "settings.yaml").touch()
    result = story("plan", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_project_without_stack_files_is_wrong_usage(project: Path) -> None:
    for path in project.glob("Pulumi.*.yaml"):
        path.unlink()
    result = story("plan")
    assert result.exit_code == 2
    assert "has no stack file" in result.stderr


@pytest.mark.usefixtures("project")
def test_an_unknown_format_is_wrong_usage() -> None:
    assert story("plan", "--format", "xml").exit_code == 2


def test_an_unexpected_failure_is_one_line_and_everything_with_debug(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "__main__.py").write_text("1 / 0")
    monkeypatch.setattr("sys.argv", ["story", "plan", "--stack", "dev"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr().err
    assert ended.value.code == 1
    assert said.startswith("story: stack dev (")
    assert said.endswith("ZeroDivisionError: division by zero (story --debug ... shows where)\n")
    monkeypatch.setattr("sys.argv", ["story", "--debug", "plan", "--stack", "dev"])
    with pytest.raises(Exception, match="ZeroDivisionError") as raised:
        cli.main()
    assert isinstance(raised.value.__cause__, ZeroDivisionError)


def test_debug_lasts_for_one_run_alone(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "__main__.py").write_text("1 / 0")
    monkeypatch.setattr("sys.argv", ["story", "--debug", "plan", "--stack", "dev"])
    with pytest.raises(Exception, match="ZeroDivisionError"):
        cli.main()
    monkeypatch.setattr("sys.argv", ["story", "plan", "--stack", "dev"])
    with pytest.raises(SystemExit):
        cli.main()
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(("before", "debug"), [([], False), (["--debug"], True)])
@pytest.mark.parametrize("options", [[], ["--before"]])
def test_doctor_is_told_of_debug(
    monkeypatch: pytest.MonkeyPatch, before: list[str], options: list[str], debug: bool
) -> None:
    told: list[bool] = []
    monkeypatch.setattr("story.doctor.run.run", lambda **options: told.append(options["debug"]) or 0)
    monkeypatch.setattr("story.doctor.preflight.run.run", lambda request, **_: told.append(request.debug) or 0)
    assert story(*before, "doctor", "--stack", "dev", *options).exit_code == 0
    assert told == [debug]


def test_help_answers_at_once_because_nothing_is_imported_for_it() -> None:
    began = time.monotonic()
    subprocess.run([sys.executable, "-m", "story.cli", "--help"], cwd=PROJECT, capture_output=True, check=True)
    assert time.monotonic() - began < 2, "0.15 seconds on a free machine"
    assert not {"pulumi", "boto3", "pydantic", "yaml"} & modules_after("--help")


def test_the_plan_itself_knows_nothing_of_components_or_aws() -> None:
    code = "import sys, story.plan.command\nprint('\\n'.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert not {"components", "pulumi_aws", "pulumi_awsx", "settings.stack", "boto3"} & set(run.stdout.splitlines())

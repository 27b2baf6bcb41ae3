"""The workflows keep to what docs/threat-model.md counts on. zizmor and actionlint see the rest: `make workflows`."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.paths import PROJECT

FOLDER = PROJECT / ".github" / "workflows"
TEXTS = {path.stem: path.read_text("utf-8") for path in sorted(FOLDER.iterdir())}
WORKFLOWS: dict[str, dict[Any, Any]] = {name: yaml.safe_load(text) for name, text in TEXTS.items()}
JOBS = [
    pytest.param(job, id=f"{name} {key}")
    for name, workflow in WORKFLOWS.items()
    for key, job in workflow["jobs"].items()
]
PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
ON = True
"""YAML 1.1 reads the key `on` as this."""


def steps(name: str) -> list[dict[str, Any]]:
    [job] = WORKFLOWS[name]["jobs"].values()
    return job["steps"]


def job(name: str) -> dict[str, Any]:
    [only] = WORKFLOWS[name]["jobs"].values()
    return only


def commands(job: dict[str, Any]) -> list[str]:
    return [step["run"] for step in job["steps"] if "run" in step]


def stacks() -> list[str]:
    return [path.name.split(".")[1] for path in sorted(PROJECT.glob("Pulumi.*.yaml"))]


def test_there_are_these_workflows() -> None:
    assert list(WORKFLOWS) == ["check", "drift", "preview"]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_action_is_pinned_to_a_commit_with_its_version_beside_it(name: str) -> None:
    lines = [line.strip().removeprefix("- ") for line in TEXTS[name].splitlines() if "uses:" in line]
    assert lines
    assert [line for line in lines if not PINNED.fullmatch(line)] == []


def test_an_action_has_the_same_version_everywhere() -> None:
    pins = {line.split("uses: ")[1] for text in TEXTS.values() for line in text.splitlines() if "uses:" in line}
    assert len({pin.partition("@")[0] for pin in pins}) == len(pins)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_has_no_right_that_a_job_does_not_name(name: str) -> None:
    assert WORKFLOWS[name]["permissions"] == {}


@pytest.mark.parametrize("job", JOBS)
def test_every_job_ends_in_time_and_names_its_rights(job: dict[str, Any]) -> None:
    at_night = "make e2e" in commands(job)
    assert 0 < job["timeout-minutes"] <= (90 if at_night else 30)
    assert job["permissions"]["contents"] == "read"


@pytest.mark.parametrize("job", JOBS)
def test_no_checkout_leaves_a_token_behind(job: dict[str, Any]) -> None:
    checkouts = [step for step in job["steps"] if "actions/checkout@" in step.get("uses", "")]
    assert [step["with"]["persist-credentials"] for step in checkouts] == [False]


@pytest.mark.parametrize("job", JOBS)
def test_nothing_from_outside_is_pasted_into_a_script(job: dict[str, Any]) -> None:
    assert [step for step in job["steps"] if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("name", WORKFLOWS)
def test_no_code_of_a_fork_ever_runs_with_the_rights_of_the_repository(name: str) -> None:
    assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(WORKFLOWS[name][ON])
    assert "secrets." not in TEXTS[name]


CHECKS: dict[str, dict[str, Any]] = WORKFLOWS["check"]["jobs"]


def test_the_checks_run_for_everybody_and_have_nothing_to_steal() -> None:
    assert list(CHECKS) == ["check", "timed", "e2e"]
    assert set(WORKFLOWS["check"][ON]) == {"pull_request", "push", "schedule"}
    for name in ("check", "timed"):
        assert "if" not in CHECKS[name], name
    for name, job in CHECKS.items():
        assert job["permissions"] == {"contents": "read"}, name
        assert not {"environment", "env", "continue-on-error", "needs"} & set(job), name
        assert not [step for step in job["steps"] if {"continue-on-error", "if"} & set(step)], name
    assert "vars." not in TEXTS["check"]


def test_the_checks_are_the_commands_of_the_makefile() -> None:
    php = "sudo apt-get update && sudo apt-get install --yes --no-install-recommends php-cli"
    assert {name: commands(job) for name, job in CHECKS.items()} == {
        "check": [php, "make set-up", "make workflows", "make test", "make plan"],
        "timed": ["make set-up", "make timed"],
        "e2e": ["make set-up", "make e2e"],
    }


RUNS_ON_GITHUB = {
    'pytestmark = pytest.mark.skipif(not (ON_GITHUB or shutil.which("php")), reason="needs php")': "php is installed",
    'pytest.skip("only /proc says so without asking for the process")': "ubuntu-24.04 has /proc",
}
"""Every line that skips a test, and why it skips none there."""


def test_no_test_is_skipped_on_github() -> None:
    skipping = re.compile(r"pytest\.skip|\.skipif?\b|importorskip")
    tests = {path: path.read_text("utf-8") for path in (PROJECT / "tests").rglob("*.py") if path != Path(__file__)}
    lines = [line.strip() for text in tests.values() for line in text.splitlines() if skipping.search(line)]
    assert sorted(lines) == sorted(RUNS_ON_GITHUB)


def test_the_real_engine_is_tried_every_night_with_the_pinned_pulumi_and_never_in_a_fork() -> None:
    [schedule] = WORKFLOWS["check"][ON]["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* \*", schedule["cron"])
    e2e = CHECKS["e2e"]
    assert e2e["if"] == "github.event_name == 'schedule' && !github.event.repository.fork"
    kinds = [step.get("uses", "").partition("@")[0] or step["run"] for step in e2e["steps"]]
    assert kinds.index("pulumi/actions") < kinds.index("make e2e")


def test_nothing_waits_for_the_night_s_run() -> None:
    assert "github.event_name" in WORKFLOWS["check"]["concurrency"]["group"]


def test_a_preview_never_runs_for_a_fork() -> None:
    conditions = str(job("preview")["if"]).split(" && ")
    assert "github.event.pull_request.head.repo.full_name == github.repository" in conditions
    assert set(WORKFLOWS["preview"][ON]) == {"pull_request"}


def test_drift_is_looked_for_every_day_and_never_in_a_fork() -> None:
    assert "!github.event.repository.fork" in str(job("drift")["if"]).split(" && ")
    triggers = WORKFLOWS["drift"][ON]
    assert set(triggers) == {"schedule", "workflow_dispatch"}
    [schedule] = triggers["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* \*", schedule["cron"])


@pytest.mark.parametrize(("name", "writes"), [("preview", "pull-requests"), ("drift", "issues")])
def test_who_asks_aws_may_write_nothing_but_what_it_says(name: str, writes: str) -> None:
    assert job(name)["permissions"] == {"contents": "read", "id-token": "write", writes: "write"}


@pytest.mark.parametrize("name", ["preview", "drift"])
def test_each_stack_has_an_environment_of_its_own_and_the_documentation_sets_it_up(name: str) -> None:
    only = job(name)
    assert only["strategy"] == {"fail-fast": False, "matrix": {"stack": stacks()}}
    assert only["environment"] == f"{name}-${{{{ matrix.stack }}}}"
    page = (PROJECT / "docs" / "pull-requests.md").read_text("utf-8")
    assert [stack for stack in stacks() if f"`{name}-{stack}`" not in page] == []


def test_every_variable_is_in_the_documentation() -> None:
    page = (PROJECT / "docs" / "pull-requests.md").read_text("utf-8")
    named = {name for text in TEXTS.values() for name in re.findall(r"\bvars\.([A-Z_]+)", text)}
    assert named == {"STORY_AWS_REGION", "STORY_PREVIEW_ROLE_ARN", "STORY_STATE_URL"}
    assert [name for name in named if f"`{name}`" not in page] == []


def test_one_run_at_a_time_for_each_stack_and_only_previews_are_cut_off() -> None:
    preview, drift = job("preview")["concurrency"], job("drift")["concurrency"]
    assert preview["group"].startswith("preview-${{ matrix.stack }}-")
    assert drift["group"] == "drift-${{ matrix.stack }}"
    assert (preview["cancel-in-progress"], drift["cancel-in-progress"]) == (True, False)


@pytest.mark.parametrize("name", ["preview", "drift"])
def test_what_is_installed_never_sees_the_credentials(name: str) -> None:
    kinds = [step.get("uses", "").partition("@")[0] or step["run"] for step in steps(name)]
    assert kinds.index("make set-up") < kinds.index("aws-actions/configure-aws-credentials")

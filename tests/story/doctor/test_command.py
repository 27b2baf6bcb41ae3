"""`story doctor`, as a command: exit codes, the page, the document, what goes wrong before anything is asked."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, NoCredentialsError, ProfileNotFound
from rich.console import Console

from release.contract import StackLocation
from story.doctor import page, run
from story.doctor.examine import Check, examine
from story.doctor.finding import Finding, Severity, exit_code, in_order, ok, unknown
from story.doctor.run import _lines
from tests.aws.answers import Told, refusal
from tests.release.steps import Cloud
from tests.story.doctor.healthy import ACCOUNT, NOW, World, healthy
from tests.story.live import Live, story

LOCATION = StackLocation(project="story", stack="prod", region="ap-northeast-1", profile=None, cluster="story-prod")


def finding(severity: Severity, what: str = "w", area: str = "exec", subject: str = "web") -> Finding:
    return Finding(area=area, subject=subject, severity=severity, what=what, why="because", fix="do")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = healthy(monkeypatch)
    made.said["sts", "get_caller_identity"] = {"Account": ACCOUNT}
    return made


@pytest.fixture
def sessions() -> list[dict[str, Any]]:
    """With what sessions of AWS were made."""
    return []


@pytest.fixture
def live(
    sessions: list[dict[str, Any]], world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Live]:
    """A project whose stack `prod` is up, and an account that answers as the world does."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(boto3, "Session", lambda **given: sessions.append(given) or Told(world.said))
    monkeypatch.setattr(run, "_now", lambda: NOW)
    made = Live(home=tmp_path, cloud=Cloud(url="")).prepared()
    made.told(**world.outputs)
    yield made
    assert made.updates == [], "it only looks"


def doctor(*arguments: str, stack: str = "prod") -> Any:
    return story("doctor", "--stack", stack, *arguments)


def lines(*arguments: str) -> list[str]:
    """What it says where it fails before it has looked."""
    result = doctor(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    return result.stderr.splitlines()


@pytest.mark.usefixtures("live")
def test_a_healthy_stack_is_exit_code_0_with_a_headline_and_a_line_for_each_area() -> None:
    result = doctor()
    assert result.exit_code == 0
    first, *rest = result.stdout.splitlines()
    assert first.startswith("Stack prod, cluster story-prod in ap-northeast-1: ")
    assert " ok" in first
    assert "error" not in first
    assert "warning" not in first
    assert [line for line in rest if line.startswith("ok       drift")] == [
        "ok       drift        8 checks: scheduler, web"
    ]


@pytest.mark.usefixtures("live")
def test_where_nobody_watches_progress_is_five_lines_beside_the_page() -> None:
    result = doctor()
    first, *rest = result.stderr.splitlines()
    assert first == "story doctor: 36 checks of stack prod"
    assert rest == [f"story doctor: {number} of 36 checks" for number in (9, 18, 27, 36)]


@pytest.mark.usefixtures("live")
def test_a_warning_is_exit_code_3_and_an_error_4_with_why_and_cure(world: World) -> None:
    world.services["web"]["runningCount"] = 2
    result = doctor()
    assert result.exit_code == 3
    told = [line.split(maxsplit=3) for line in result.stdout.splitlines()[1:4]]
    assert told[0] == ["warning", "drift", "web", "2 of 3 tasks are running"]
    assert [line[0] for line in told[1:]] == ["why", "fix"]
    world.services["web"]["runningCount"] = 0
    assert doctor().exit_code == 4


@pytest.mark.usefixtures("live")
def test_the_document_is_stable_and_alone_on_the_standard_output(world: World) -> None:
    world.services["web"]["runningCount"] = 2
    told = json.loads(doctor("--format", "json").stdout)
    assert list(told) == ["version", "stack", "cluster", "region", "exitCode", "findings"]
    assert (told["version"], told["exitCode"]) == (2, 3)
    assert told["findings"][0] == {
        "area": "drift",
        "subject": "web",
        "severity": "warning",
        "what": "2 of 3 tasks are running",
        "why": "the running tasks have to do the work of the others",
        "fix": "see its events in `story status --stack prod`: they say why no task starts",
    }
    again = json.loads(doctor("--format", "json").stdout)
    assert again == told


@pytest.mark.usefixtures("live")
def test_one_service_alone_can_be_looked_at_with_the_stack_around_it(world: World) -> None:
    world.services["web"]["runningCount"] = 2
    assert doctor("--service", "scheduler").exit_code == 0
    told = json.loads(doctor("--service", "web", "--format", "json").stdout)["findings"]
    assert "scheduler" not in {one["subject"] for one in told}
    assert {"certificate", "alarms", "drift"} <= {one["area"] for one in told}


@pytest.mark.usefixtures("live")
def test_a_service_that_the_stack_does_not_have_is_wrong_usage() -> None:
    result = doctor("--service", "wep")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == 'story doctor: --service: given "wep"; allowed is one of: scheduler, web\n'


@pytest.mark.usefixtures("live")
def test_credentials_that_may_read_nothing_are_exit_code_1(world: World) -> None:
    for question in world.said:
        if question[0] != "sts":
            world.said[question] = refusal()
    result = doctor()
    assert result.exit_code == 1
    assert "not checked" in result.stdout.splitlines()[0]


def test_the_profile_of_the_stack_is_used(live: Live, sessions: list[dict[str, Any]]) -> None:
    live.config(profile="work")
    doctor()
    assert sessions == [{"region_name": "ap-northeast-1", "profile_name": "work"}]


def test_a_stack_that_does_not_exist_is_one_line(live: Live) -> None:
    (live.home / "outputs.json").unlink()
    assert lines() == ["story doctor: pulumi stack output: no stack named 'prod' found"]
    live.told(url="https://x")
    [line] = lines()
    assert line.startswith("story doctor: stack prod has no successful update yet (it has no output cluster, ")


@pytest.mark.usefixtures("live")
@pytest.mark.parametrize(
    ("error", "told"),
    [
        (refusal("ExpiredToken"), "the AWS credentials are no longer valid (ExpiredToken: no); sign in and try again"),
        (NoCredentialsError(), "AWS: Unable to locate credentials"),
        (ProfileNotFound(profile="work"), "AWS: The config profile (work) could not be found"),
    ],
)
def test_credentials_that_are_not_valid_are_one_line(world: World, error: Exception, told: str) -> None:
    world.said["sts", "get_caller_identity"] = error
    [line] = lines()
    assert line.startswith(f"story doctor: stack prod: {told}")


@pytest.mark.usefixtures("live")
def test_credentials_of_another_account_are_one_line_and_no_row_of_errors(world: World) -> None:
    world.said["sts", "get_caller_identity"] = {"Account": "999999999999"}
    [line] = lines()
    assert "the credentials belong to account 999999999999, but the stack is in 123456789012" in line


@pytest.mark.usefixtures("live")
def test_credentials_that_expire_while_it_looks_are_one_line(world: World) -> None:
    world.said["acm", "describe_certificate"] = refusal("ExpiredToken")
    result = doctor()
    assert (result.exit_code, result.stdout) == (1, "")
    assert "the AWS credentials are no longer valid" in result.stderr.splitlines()[-1]


@pytest.mark.usefixtures("live")
def test_ctrl_c_ends_it_without_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **_options: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "examine", interrupted)
    result = doctor()
    assert (result.exit_code, result.stdout) == (130, "")


def test_without_a_stack_it_is_wrong_usage() -> None:
    result = story("doctor")
    assert result.exit_code == 2
    assert "--stack" in result.stderr


def test_a_check_that_never_ends_is_given_up_and_the_others_count() -> None:
    over = threading.Event()

    def hangs() -> list[Finding]:
        over.wait(10)
        return []

    checks = [
        Check(area="dns", title="the name from here", run=hangs),
        Check(area="image", title="its images", run=lambda: [ok("image", "web", "well")]),
    ]
    found = examine(checks, lambda _area, _done, _of: None, longest_seconds=0.2)
    over.set()
    assert [one.what for one in found] == ["could not be checked: the name from here: no answer in time", "well"]


def test_what_a_check_found_before_it_failed_is_kept() -> None:
    def fails() -> Iterator[Finding]:
        yield ok("image", "web", "well")
        raise KeyError("images")

    found = examine([Check(area="image", subject="web", title="its images", run=fails)], lambda *_: None)
    assert [one.severity for one in found] == [Severity.UNKNOWN, Severity.OK]
    assert found[0].what == (
        "could not be checked: its images: a fault of this program, not of your stack (KeyError: 'images'); "
        "`story --debug doctor` shows where"
    )


def test_with_debug_an_unexpected_error_of_a_check_is_raised_where_it_happened() -> None:
    def fails() -> Iterator[Finding]:
        raise TypeError("a number\nis not a text")

    check = Check(area="image", subject="web", title="its images", run=fails)
    assert "(TypeError: a number is not a text)" in examine([check], lambda *_: None)[0].what
    with pytest.raises(TypeError) as raised:
        examine([check], lambda *_: None, debug=True)
    assert raised.traceback[-1].name == "fails"


def test_with_debug_what_aws_refuses_is_still_a_finding() -> None:
    def refused() -> Iterator[Finding]:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DescribeImages")

    [found] = examine([Check(area="image", title="its images", run=refused)], lambda *_: None, debug=True)
    assert found.what.endswith("these credentials may not call DescribeImages (AccessDenied)")


def test_findings_are_in_an_order_of_their_own_and_each_is_there_once() -> None:
    given = [
        ok("a", "", "x"),
        finding(Severity.WARNING, area="b"),
        finding(Severity.WARNING, area="a", subject="z"),
        finding(Severity.WARNING, area="a", subject="y"),
        unknown("a", "", "x"),
        finding(Severity.ERROR),
        finding(Severity.NOTE),
        finding(Severity.ERROR),
    ]
    told = [(one.severity.value, one.area, one.subject) for one in in_order(given)]
    assert told == [
        ("error", "exec", "web"),
        ("warning", "a", "y"),
        ("warning", "a", "z"),
        ("warning", "b", "web"),
        ("unknown", "a", ""),
        ("note", "exec", "web"),
        ("ok", "a", ""),
    ]


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ([], 0),
        ([finding(Severity.NOTE), ok("a", "", "x"), unknown("a", "", "x")], 0),
        ([unknown("a", "", "x")], 1),
        ([unknown("a", "", "x"), finding(Severity.WARNING)], 3),
        ([finding(Severity.WARNING), finding(Severity.ERROR)], 4),
    ],
)
def test_the_exit_code_is_that_of_the_worst_finding(found: list[Finding], code: int) -> None:
    assert exit_code(found) == code


@pytest.mark.parametrize("severity", [Severity.ERROR, Severity.WARNING])
def test_nothing_bad_is_said_without_reason_and_cure(severity: Severity) -> None:
    with pytest.raises(ValueError, match="needs why and fix"):
        Finding(area="a", severity=severity, what="w", why="y")


def test_in_a_terminal_long_texts_stay_within_their_column() -> None:
    console = Console(width=60, force_terminal=True, color_system=None)
    with console.capture() as captured:
        console.print(page.page(LOCATION, [finding(Severity.ERROR, what="word " * 30)]))
    told = captured.get().splitlines()
    assert max(map(len, told)) <= 60
    wrapped = [line for line in told if "word" in line]
    assert len(wrapped) > 2
    assert {line.index("word") for line in wrapped} == {wrapped[0].index("word")}


def test_a_log_gets_whole_lines() -> None:
    told = page.plain(LOCATION, [finding(Severity.ERROR, what="word " * 60)])
    assert told[0] == "Stack prod, cluster story-prod in ap-northeast-1: 1 error"
    assert told[1].count("word") == 60
    assert told[2:] == ["         why       because", "         fix       do"]


def test_few_checks_are_told_of_only_once_each(capsys: pytest.CaptureFixture[str]) -> None:
    step = _lines("prod", 2)
    step("exec", 1, 2)
    step("exec", 2, 2)
    assert capsys.readouterr().err.splitlines() == [
        "story doctor: 2 checks of stack prod",
        "story doctor: 1 of 2 checks",
        "story doctor: 2 of 2 checks",
    ]


@pytest.mark.usefixtures("live")
@pytest.mark.parametrize("command", ["doctor", "status"])
def test_without_a_stack_it_is_the_selected_one_and_without_one_a_line_says_what_to_do(command: str) -> None:
    result = story(command)
    assert result.exit_code == 2
    assert result.stderr == (
        f"story {command}: no stack is selected: give --stack NAME, or run `pulumi stack select NAME`\n"
    )


def test_the_selected_stack_is_looked_at(live: Live) -> None:
    script = live.home / "pulumi"
    script.write_text(
        script.read_text().replace('case "$1 $2" in', 'case "$1 $2" in\n"stack --show-name") echo prod ;;')
    )
    assert "Stack prod, cluster story-prod" in story("doctor").stdout

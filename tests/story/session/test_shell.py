"""`story exec`, on the emulator, with a `session-manager-plugin` that notes how it was called."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

from release import migrate
from story.session import shell, task_choice
from tests.release.steps import CLUSTER, REGION, Cloud
from tests.story.live import Live, Process, story, until
from tests.story.session.access import (
    arns,
    called,
    described_task,
    ecs_returns,
    plugin,
    script,
    service_runs,
    stack_with_access,
    was_called,
    with_outputs,
)

COMMAND = ("--stack", "prod", "--", "php", "artisan", "about")


@pytest.fixture
def live(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Live:
    return stack_with_access(cloud, tmp_path, monkeypatch)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user can be asked."""
    monkeypatch.setattr(shell, "is_interactive", lambda: True)


def refusal(*arguments: str, code: int = 1) -> str:
    """The one line that a command prints that opens no session."""
    result = story("exec", *arguments)
    assert (result.exit_code, result.stdout) == (code, ""), result.output
    [line] = result.stderr.splitlines()
    assert line.startswith("story exec: ")
    return line.removeprefix("story exec: ")


def session_task(live: Live) -> str:
    """ID of the task in the session that the plugin got."""
    target = json.loads(called(live).arguments[4])["Target"]
    found = re.fullmatch(rf"ecs:{CLUSTER}_([0-9a-f]+)_[0-9a-f]+-[0-9]+", target)
    assert found, target
    return found[1]


def test_a_command_is_handed_to_the_plugin_as_aws_own_command_line_does_it(live: Live) -> None:
    service_runs(live.cloud)
    result = story("exec", "web", *COMMAND)
    assert result.exit_code == 0, result.output
    [arn] = arns(live.cloud)
    response, region, operation, profile, request, endpoint = called(live).arguments
    assert (response, region, operation, profile) == ("AWS_SSM_START_SESSION_RESPONSE", REGION, "StartSession", "")
    assert session_task(live) == arn.rpartition("/")[2]
    assert list(json.loads(request)) == ["Target"]
    assert endpoint == live.cloud.url
    session = json.loads(called(live).variable)
    assert session["sessionId"].startswith("ecs-execute-command-")
    assert session["sessionId"] in session["streamUrl"]


def test_the_token_is_in_no_argument_and_in_no_line(live: Live) -> None:
    service_runs(live.cloud)
    result = story("exec", "web", *COMMAND)
    token = json.loads(called(live).variable)["tokenValue"]
    assert token
    assert token not in f"{called(live).arguments} {result.output}"


@pytest.mark.parametrize("version", ["1.2.497.0", "1.2.30.0", "what?"])
def test_an_old_plugin_gets_the_session_as_an_argument_and_a_warning_says_so(live: Live, version: str) -> None:
    service_runs(live.cloud)
    plugin(live, version=version)
    result = story("exec", "web", *COMMAND)
    assert json.loads(called(live).arguments[0])["tokenValue"]
    assert called(live).variable == ""
    assert "session-manager-plugin is old and shows the session's token" in result.stderr


def test_the_profile_of_the_stack_is_the_plugin_s_too(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    service_runs(live.cloud)
    (live.home / "aws").write_text("[profile work]\naws_access_key_id = test\naws_secret_access_key = test\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(live.home / "aws"))
    live.config(profile="work")
    assert story("exec", "web", *COMMAND).exit_code == 0
    assert called(live).arguments[3] == "work"


def test_the_plugin_s_exit_code_is_returned(live: Live) -> None:
    service_runs(live.cloud)
    plugin(live, exits=7)
    assert story("exec", "web", *COMMAND).exit_code == 7


def test_a_plugin_that_a_signal_ends_has_the_exit_code_of_a_shell(live: Live) -> None:
    service_runs(live.cloud)
    script(live, "session-manager-plugin", '#!/bin/sh\n[ "$1" = --version ] && echo 1.2.707.0 || kill -TERM $$\n')
    assert story("exec", "web", *COMMAND).exit_code == 143


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([], "/bin/sh"),
        (["php artisan migrate:status"], "php artisan migrate:status"),
        (["php", "-r", "echo 'a b';"], """php -r 'echo '"'"'a b'"'"';'"""),
    ],
)
def test_words_are_kept_apart_and_one_word_is_a_line(words: list[str], line: str) -> None:
    assert shell.command_line(words) == line


def test_the_command_that_was_typed_is_run(live: Live) -> None:
    service_runs(live.cloud)
    live.cloud.fails_at(
        "ExecuteCommand", contains='"command": "php artisan about --json"', code="AccessDeniedException"
    )
    assert "AccessDeniedException" in refusal_after_the_task(live, "web", *COMMAND, "--json")


def refusal_after_the_task(live: Live, *arguments: str) -> str:
    """The last line of a command that found its task and opened no session."""
    result = story("exec", *arguments)
    assert (result.exit_code, result.stdout, was_called(live)) == (1, "", False)
    first, last = result.stderr.splitlines()
    assert "as root; the session is recorded" in first
    return last


def test_a_command_needs_no_terminal_because_the_plugin_gets_one(live: Live) -> None:
    service_runs(live.cloud)
    assert story("exec", "web", *COMMAND).exit_code == 0
    assert called(live).terminal, "without one it ends with `Cannot perform start session: EOF`"


def test_a_shell_without_a_terminal_is_wrong_usage_and_says_what_works(live: Live) -> None:
    assert refusal("web", "--stack", "prod", code=2) == (
        "a shell needs a terminal, and the standard input or output is none. A command does not need one: "
        "story exec web --stack prod -- php artisan about"
    )
    assert live.calls == []


@pytest.mark.usefixtures("terminal")
def test_a_shell_is_bin_sh_of_the_only_task_without_asking(live: Live) -> None:
    service_runs(live.cloud)
    live.cloud.fails_at("ExecuteCommand", contains='"command": "/bin/sh"', code="AccessDeniedException")
    assert "AccessDeniedException" in refusal_after_the_task(live, "web", "--stack", "prod")


def test_without_a_terminal_the_newest_healthy_task_is_taken_and_named(live: Live) -> None:
    tasks = [
        described_task(1),
        described_task(2),
        described_task(3, healthStatus="UNHEALTHY"),
        described_task(4, healthStatus="UNKNOWN"),
    ]
    ecs_returns(live.cloud, [*tasks, described_task(5, enableExecuteCommand=False)])
    live.cloud.fails_at("ExecuteCommand", contains=tasks[1]["taskArn"], answer=SESSION)
    result = story("exec", "web", *COMMAND)
    assert result.exit_code == 0, result.output
    assert f"prod: app of web, task {2:032x}, selected from 5, as root" in result.stderr
    assert session_task(live) == f"{2:032x}"


SESSION = {"session": {"sessionId": "ecs-execute-command-1", "streamUrl": "wss://x", "tokenValue": "secret"}}


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(("typed", "number"), [("\n", 3), ("2\n", 2), ("x\n0\n-1\n4\n2\n", 2)])
def test_a_terminal_offers_several_tasks_and_the_best_is_the_default(live: Live, typed: str, number: int) -> None:
    ecs_returns(live.cloud, [described_task(1), described_task(2), described_task(3)])
    live.cloud.fails_at("ExecuteCommand", answer=SESSION)
    result = story("exec", "web", "--stack", "prod", typed=typed)
    assert result.exit_code == 0, result.output
    assert session_task(live) == f"{number:032x}"
    shown = result.stderr.splitlines()
    assert shown[0] == "3 tasks of web are running:"
    assert shown[1] == f"   1  {3:032x}  {REGION}a  2026-07-01 00:03 UTC  HEALTHY    story-prod-web:3"


@pytest.mark.usefixtures("terminal")
def test_without_a_selected_task_no_session_is_opened(live: Live) -> None:
    ecs_returns(live.cloud, [described_task(1), described_task(2)])
    result = story("exec", "web", "--stack", "prod", typed="")
    assert result.exit_code == 1
    assert result.stderr.endswith("story exec: no task was selected; select one with --task ID\n")


@pytest.mark.parametrize("form", ["{id}", "arn:aws:ecs:x:1:task/story-prod/{id}", "{beginning}"])
def test_a_task_is_chosen_by_its_id_its_beginning_or_its_arn(live: Live, form: str) -> None:
    ids = ["aa" + "0" * 30, "ab" + "0" * 30]
    tasks = [
        described_task(number, taskArn=f"arn:aws:ecs:{REGION}:1:task/{CLUSTER}/{name}")
        for number, name in enumerate(ids)
    ]
    ecs_returns(live.cloud, tasks)
    live.cloud.fails_at("ExecuteCommand", answer=SESSION)
    wanted = form.format(id=ids[0], beginning="aa")
    assert story("exec", "web", "--task", wanted, *COMMAND).exit_code == 0
    assert session_task(live) == ids[0]


@pytest.mark.parametrize(("wanted", "problem"), [("f", "matches no running task"), ("0", "matches several tasks")])
def test_a_task_that_is_not_there_or_not_the_only_one_is_wrong_usage(live: Live, wanted: str, problem: str) -> None:
    ecs_returns(live.cloud, [described_task(1), described_task(2)])
    assert refusal("web", "--task", wanted, *COMMAND, code=2) == (
        f'--task: given "{wanted}", which {problem}; web has {2:032x}, {1:032x}'
    )


@pytest.mark.usefixtures("terminal")
def test_of_200_tasks_the_best_are_offered_and_any_can_be_named(live: Live) -> None:
    ecs_returns(live.cloud, [described_task(number) for number in range(200)])
    live.cloud.fails_at("ExecuteCommand", contains=f"{199:032x}", answer=SESSION)
    result = story("exec", "web", "--stack", "prod", typed="\n")
    assert result.exit_code == 0, result.output
    assert session_task(live) == f"{199:032x}", "it is on the second page"
    assert "200 tasks of web are running:" in result.stderr
    assert "and 180 more; select one of them with --task ID" in result.stderr
    ecs_returns(live.cloud, [described_task(number) for number in range(200)])
    live.cloud.fails_at("ExecuteCommand", contains=f"{5:032x}", answer=SESSION)
    assert story("exec", "web", "--task", f"{5:032x}", *COMMAND).exit_code == 0
    assert session_task(live) == f"{5:032x}"


def test_a_service_that_never_started_a_task_names_the_command_that_shows_it(live: Live) -> None:
    live.cloud.service("web", desiredCount=0)
    assert refusal("web", *COMMAND) == "no task of web is running; `story status --stack prod` shows the desired count"


def test_no_task_running_says_why_the_last_one_stopped(live: Live) -> None:
    container = {"name": "app", "exitCode": 137, "reason": "OutOfMemoryError: Container killed"}
    ended = [
        described_task(1, lastStatus="STOPPED", stoppedAt=1, stoppedReason="Scaling activity"),
        described_task(
            2, lastStatus="STOPPED", stoppedAt=2, stoppedReason="Essential container exited", containers=[container]
        ),
    ]
    live.cloud.fails_at("ListTasks", contains='"RUNNING"', answer={"taskArns": []})
    live.cloud.fails_at("ListTasks", contains='"STOPPED"', answer={"taskArns": [one["taskArn"] for one in ended]})
    live.cloud.fails_at("DescribeTasks", answer={"tasks": ended})
    assert refusal("web", *COMMAND).startswith(
        "no task of web is running; the last one stopped: OutOfMemoryError: Container killed; Essential container "
        f"exited ({2:032x}); "
    )


def test_a_task_that_is_starting_is_not_one_that_runs(live: Live) -> None:
    ecs_returns(live.cloud, [described_task(1, lastStatus="PENDING")])
    assert refusal("web", *COMMAND) == "no task of web is running yet (1 PENDING); try again in a moment"


def test_a_service_that_does_not_exist_in_ecs_says_what_creates_it(live: Live) -> None:
    live.cloud.fails_at("ListTasks", code="ServiceNotFoundException")
    assert refusal("web", *COMMAND) == "service web does not exist in ECS; the next `pulumi up` creates it again"


def test_a_task_without_exec_says_which_setting_and_that_only_new_tasks_have_it(live: Live) -> None:
    service_runs(live.cloud, exec_on=False)
    [arn] = arns(live.cloud)
    assert refusal("web", *COMMAND) == (
        f"task {arn.rpartition('/')[2]} was started without ECS Exec: `cluster: {{exec: true}}` in Pulumi.prod.yaml "
        "and `pulumi up` turn it on for tasks that start afterwards"
    )
    assert not was_called(live)


@pytest.mark.parametrize(
    ("status", "shown"), [("STOPPED", "STOPPED (Received Container Stopped event)"), ("PENDING", "starting")]
)
def test_an_agent_that_does_not_run_is_named_with_its_state(live: Live, status: str, shown: str) -> None:
    service_runs(live.cloud, container="app", exec_agent=status)
    line = refusal("web", *COMMAND)
    assert f"is {shown}" in line
    assert line.startswith("the agent of ECS Exec in app of task ")


def test_a_missing_agent_is_named(live: Live) -> None:
    [container] = described_task(1)["containers"]
    ecs_returns(live.cloud, [described_task(1, containers=[{**container, "managedAgents": []}])])
    line = refusal("web", *COMMAND)
    assert "is missing: select another task" in line
    assert line.endswith("docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec-troubleshooting.html")


def test_an_unknown_container_is_wrong_usage_and_those_that_exist_are_named(live: Live) -> None:
    service_runs(live.cloud)
    [arn] = arns(live.cloud)
    assert refusal("web", "--container", "php", *COMMAND, code=2) == (
        f'--container: given "php"; task {arn.rpartition("/")[2]} has agent, app'
    )


def test_another_container_is_the_target_by_its_own_runtime_id(live: Live) -> None:
    service_runs(live.cloud)
    assert story("exec", "web", "--container", "agent", *COMMAND).exit_code == 0
    assert session_task(live)
    assert called(live).arguments[4].endswith('-1000000001"}')


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("wbe", 'given "wbe"; stack prod has scheduler, web, worker-default, migration'),
        ("users", 'given "users"; stack prod has scheduler, web, worker-default, migration'),
    ],
)
def test_an_unknown_service_is_wrong_usage_and_those_that_exist_are_named(live: Live, given: str, line: str) -> None:
    assert live.outputs
    assert refusal(given, *COMMAND, code=2) == line


def test_worker_is_the_only_worker(live: Live) -> None:
    service_runs(live.cloud, "worker-default")
    result = story("exec", "worker", *COMMAND)
    assert result.exit_code == 0
    assert "prod: app of worker-default, task " in result.stderr
    with_outputs(live, "worker-default", "worker-mail")
    assert (
        refusal("worker", *COMMAND, code=2) == 'given "worker"; stack prod has worker-default, worker-mail, migration'
    )


def test_a_session_can_be_opened_in_a_running_migration(live: Live) -> None:
    ecs_returns(live.cloud, [described_task(1)], request_contains='"family": "story-prod-migration"')
    live.cloud.fails_at("ExecuteCommand", answer=SESSION)
    assert story("exec", "migration", *COMMAND).exit_code == 0
    assert session_task(live) == f"{1:032x}"


@pytest.mark.parametrize("exec_on", [True, False])
def test_a_one_off_task_is_started_with_exec_only_where_the_program_says_so(cloud: Cloud, exec_on: bool) -> None:
    started = cloud.client("ecs").run_task(**migrate._request(cloud.task(exec=exec_on)))["tasks"][0]
    assert started["enableExecuteCommand"] is exec_on


def test_without_a_migration_that_runs_it_says_how_to_start_one(live: Live) -> None:
    assert live.cloud.cluster
    assert refusal("migration", *COMMAND) == "no task of migration is running; `story migrate --stack prod` starts one"


def test_without_the_plugin_it_says_how_to_install_it_and_calls_nothing(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    (live.home / "session-manager-plugin").unlink()
    monkeypatch.setenv("PATH", f"{live.home}:/usr/bin:/bin")
    assert refusal("web", *COMMAND) == (
        "there is no `session-manager-plugin` on the PATH; to install it, see "
        "docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html"
    )
    assert live.calls == []


def test_a_plugin_that_does_not_run_is_one_line(live: Live) -> None:
    script(live, "session-manager-plugin", "\x7fELF of another processor")
    assert "session-manager-plugin --version` does not run" in refusal("web", *COMMAND)


def test_denied_access_names_the_policy_that_allows_it(live: Live) -> None:
    service_runs(live.cloud)
    live.cloud.fails_at("ExecuteCommand", code="AccessDeniedException")
    line = refusal_after_the_task(live, "web", *COMMAND)
    assert line.startswith("story exec: stack prod: AWS: AccessDeniedException: ")
    assert line.endswith("; the policy bootstrap-story-operators-prod allows it (docs/shell.md)")


def test_expired_credentials_are_one_line_that_says_to_sign_in(live: Live) -> None:
    live.cloud.fails_at("ListTasks", code="ExpiredTokenException", times=9)
    assert "the AWS credentials are no longer valid" in refusal("web", *COMMAND)


def test_throttling_is_waited_out(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aws.retrying.PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("aws.client.CONFIG", Config(retries={"total_max_attempts": 1}))
    service_runs(live.cloud)
    live.cloud.fails_at("DescribeTasks", code="ThrottlingException", times=2)
    result = story("exec", "web", *COMMAND)
    assert (result.exit_code, was_called(live)) == (0, True)
    assert "story exec: AWS does not answer describe_tasks (ThrottlingException: " in result.stderr
    assert "story exec: AWS answers again" in result.stderr


def test_an_agent_that_is_not_connected_is_one_line_that_says_what_it_needs(live: Live) -> None:
    service_runs(live.cloud)
    live.cloud.fails_at("ExecuteCommand", code="TargetNotConnectedException")
    line = refusal_after_the_task(live, "web", *COMMAND)
    assert "is running but not connected to Session Manager: the task role needs the ssmmessages actions" in line


def test_a_stack_that_does_not_exist_or_was_never_up_is_one_line(live: Live) -> None:
    live.told(url="https://x")
    assert refusal("web", *COMMAND).startswith("stack prod has no successful update yet (it has no output cluster, ")
    (live.home / "outputs.json").unlink()
    assert refusal("web", *COMMAND) == "pulumi stack output: no stack named 'prod' found"


def test_the_selected_stack_is_the_default(live: Live) -> None:
    service_runs(live.cloud)
    assert refusal("web", "--", "id", code=2) == (
        "no stack is selected: give --stack NAME, or run `pulumi stack select NAME`"
    )
    (live.home / "selected").write_text("prod\n")
    result = story("exec", "web", "--", "id")
    assert result.exit_code == 0
    assert "story exec: prod: app of web" in result.stderr


def test_ctrl_c_is_passed_to_the_remote_side(live: Live) -> None:
    service_runs(live.cloud)
    plugin(live, seconds=20)
    with Process(live, "exec", "web", *COMMAND) as process:
        process.until_it_says("the session is recorded")
        until(lambda: was_called(live))
        process.interrupted()
        assert process.ended() == 42, "the plugin got it, ended by itself, and its exit code was returned"
        assert "Traceback" not in process.said
    assert called(live).interrupts, "a signal that this process ignores would be ignored by the plugin, too"


def test_a_healthy_task_beats_a_newer_one_that_is_not_and_one_without_exec_comes_last() -> None:
    def ranked(*tasks: dict[str, Any]) -> list[Any]:
        described = [{**task, "startedAt": datetime.fromtimestamp(task["startedAt"], UTC)} for task in tasks]
        return [
            task.description["taskArn"]
            for task in sorted((task_choice.RunningTask(description=one) for one in described), key=lambda t: t.rank)
        ]

    unhealthy, closed = described_task(9, healthStatus="UNHEALTHY"), described_task(8, enableExecuteCommand=False)
    older, newer = described_task(1), described_task(2)
    assert ranked(unhealthy, closed, older, newer) == [one["taskArn"] for one in (newer, older, unhealthy, closed)]

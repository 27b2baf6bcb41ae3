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
from tests.story.session.entering import (
    arns,
    called,
    ecs_tells,
    invented,
    plugin,
    script,
    service_runs,
    stack_to_enter,
    told,
    was_called,
)

COMMAND = ("--stack", "prod", "--", "php", "artisan", "about")


@pytest.fixture
def live(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Live:
    return stack_to_enter(cloud, tmp_path, monkeypatch)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody can be asked."""
    monkeypatch.setattr(shell, "is_interactive", lambda: True)


def refusal(*arguments: str, code: int = 1) -> str:
    """The one line that a command says that lets nobody in."""
    result = story("exec", *arguments)
    assert (result.exit_code, result.stdout) == (code, ""), result.output
    [line] = result.stderr.splitlines()
    assert line.startswith("story exec: ")
    return line.removeprefix("story exec: ")


def entered_task(live: Live) -> str:
    """Id of the task that the plugin was led to."""
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
    assert entered_task(live) == arn.rpartition("/")[2]
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
def test_an_old_plugin_gets_the_session_as_an_argument_and_is_said_to_be_old(live: Live, version: str) -> None:
    service_runs(live.cloud)
    plugin(live, version=version)
    result = story("exec", "web", *COMMAND)
    assert json.loads(called(live).arguments[0])["tokenValue"]
    assert called(live).variable == ""
    assert "session-manager-plugin is old, and shows the session's token" in result.stderr


def test_the_profile_of_the_stack_is_the_plugin_s_too(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    service_runs(live.cloud)
    (live.home / "aws").write_text("[profile work]\naws_access_key_id = test\naws_secret_access_key = test\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(live.home / "aws"))
    live.config(profile="work")
    assert story("exec", "web", *COMMAND).exit_code == 0
    assert called(live).arguments[3] == "work"


def test_the_plugin_s_exit_code_is_handed_on(live: Live) -> None:
    service_runs(live.cloud)
    plugin(live, exits=7)
    assert story("exec", "web", *COMMAND).exit_code == 7


def test_a_plugin_that_a_signal_ends_is_what_a_shell_makes_of_it(live: Live) -> None:
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


def test_what_is_run_is_what_was_typed(live: Live) -> None:
    service_runs(live.cloud)
    live.cloud.fails_at(
        "ExecuteCommand", contains='"command": "php artisan about --json"', code="AccessDeniedException"
    )
    assert "AccessDeniedException" in refusal_after_the_task(live, "web", *COMMAND, "--json")


def refusal_after_the_task(live: Live, *arguments: str) -> str:
    """The last line of a command that found its task, and did not get in."""
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
        "a shell needs a terminal, and this is none; a command does not: "
        "story exec web --stack prod -- php artisan about"
    )
    assert live.calls == []


@pytest.mark.usefixtures("terminal")
def test_a_shell_is_bin_sh_of_the_only_task_without_asking(live: Live) -> None:
    service_runs(live.cloud)
    live.cloud.fails_at("ExecuteCommand", contains='"command": "/bin/sh"', code="AccessDeniedException")
    assert "AccessDeniedException" in refusal_after_the_task(live, "web", "--stack", "prod")


def test_without_a_terminal_the_newest_healthy_task_is_taken_and_named(live: Live) -> None:
    tasks = [invented(1), invented(2), invented(3, healthStatus="UNHEALTHY"), invented(4, healthStatus="UNKNOWN")]
    ecs_tells(live.cloud, [*tasks, invented(5, enableExecuteCommand=False)])
    live.cloud.fails_at("ExecuteCommand", contains=tasks[1]["taskArn"], answer=SESSION)
    result = story("exec", "web", *COMMAND)
    assert result.exit_code == 0, result.output
    assert f"prod: app of web, task {2:032x}, the best of 5, as root" in result.stderr
    assert entered_task(live) == f"{2:032x}"


SESSION = {"session": {"sessionId": "ecs-execute-command-1", "streamUrl": "wss://x", "tokenValue": "secret"}}


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(("typed", "number"), [("\n", 3), ("2\n", 2), ("x\n0\n-1\n4\n2\n", 2)])
def test_a_terminal_offers_several_tasks_and_the_best_is_the_default(live: Live, typed: str, number: int) -> None:
    ecs_tells(live.cloud, [invented(1), invented(2), invented(3)])
    live.cloud.fails_at("ExecuteCommand", answer=SESSION)
    result = story("exec", "web", "--stack", "prod", typed=typed)
    assert result.exit_code == 0, result.output
    assert entered_task(live) == f"{number:032x}"
    shown = result.stderr.splitlines()
    assert shown[0] == "3 tasks of web run:"
    assert shown[1] == f"   1  {3:032x}  {REGION}a  2026-07-01 00:03 UTC  HEALTHY    story-prod-web:3"


@pytest.mark.usefixtures("terminal")
def test_nobody_gets_in_if_nobody_chooses(live: Live) -> None:
    ecs_tells(live.cloud, [invented(1), invented(2)])
    result = story("exec", "web", "--stack", "prod", typed="")
    assert result.exit_code == 1
    assert result.stderr.endswith("story exec: nobody chose a task; --task ID chooses one\n")


@pytest.mark.parametrize("form", ["{id}", "arn:aws:ecs:x:1:task/story-prod/{id}", "{beginning}"])
def test_a_task_is_chosen_by_its_id_its_beginning_or_its_arn(live: Live, form: str) -> None:
    ids = ["aa" + "0" * 30, "ab" + "0" * 30]
    tasks = [
        invented(number, taskArn=f"arn:aws:ecs:{REGION}:1:task/{CLUSTER}/{name}") for number, name in enumerate(ids)
    ]
    ecs_tells(live.cloud, tasks)
    live.cloud.fails_at("ExecuteCommand", answer=SESSION)
    wanted = form.format(id=ids[0], beginning="aa")
    assert story("exec", "web", "--task", wanted, *COMMAND).exit_code == 0
    assert entered_task(live) == ids[0]


@pytest.mark.parametrize(("wanted", "problem"), [("f", "is none that runs"), ("0", "fits several")])
def test_a_task_that_is_not_there_or_not_the_only_one_is_wrong_usage(live: Live, wanted: str, problem: str) -> None:
    ecs_tells(live.cloud, [invented(1), invented(2)])
    assert refusal("web", "--task", wanted, *COMMAND, code=2) == (
        f'--task: given "{wanted}", which {problem}; web has {2:032x}, {1:032x}'
    )


@pytest.mark.usefixtures("terminal")
def test_of_200_tasks_the_best_are_offered_and_any_can_be_named(live: Live) -> None:
    ecs_tells(live.cloud, [invented(number) for number in range(200)])
    live.cloud.fails_at("ExecuteCommand", contains=f"{199:032x}", answer=SESSION)
    result = story("exec", "web", "--stack", "prod", typed="\n")
    assert result.exit_code == 0, result.output
    assert entered_task(live) == f"{199:032x}", "it is on the second page"
    assert "200 tasks of web run:" in result.stderr
    assert "and 180 more; --task chooses one of them by its id" in result.stderr
    ecs_tells(live.cloud, [invented(number) for number in range(200)])
    live.cloud.fails_at("ExecuteCommand", contains=f"{5:032x}", answer=SESSION)
    assert story("exec", "web", "--task", f"{5:032x}", *COMMAND).exit_code == 0
    assert entered_task(live) == f"{5:032x}"


def test_a_service_that_never_started_a_task_says_where_to_look(live: Live) -> None:
    live.cloud.service("web", desiredCount=0)
    assert refusal("web", *COMMAND) == "no task of web runs; `story status --stack prod` shows how many there should be"


def test_no_task_running_says_why_the_last_one_stopped(live: Live) -> None:
    container = {"name": "app", "exitCode": 137, "reason": "OutOfMemoryError: Container killed"}
    ended = [
        invented(1, lastStatus="STOPPED", stoppedAt=1, stoppedReason="Scaling activity"),
        invented(
            2, lastStatus="STOPPED", stoppedAt=2, stoppedReason="Essential container exited", containers=[container]
        ),
    ]
    live.cloud.fails_at("ListTasks", contains='"RUNNING"', answer={"taskArns": []})
    live.cloud.fails_at("ListTasks", contains='"STOPPED"', answer={"taskArns": [one["taskArn"] for one in ended]})
    live.cloud.fails_at("DescribeTasks", answer={"tasks": ended})
    assert refusal("web", *COMMAND).startswith(
        "no task of web runs; the last one stopped: OutOfMemoryError: Container killed; Essential container exited "
        f"({2:032x}); "
    )


def test_a_task_that_is_starting_is_not_one_that_runs(live: Live) -> None:
    ecs_tells(live.cloud, [invented(1, lastStatus="PENDING")])
    assert refusal("web", *COMMAND) == "no task of web runs yet (1 PENDING); try again in a moment"


def test_a_service_that_does_not_exist_in_ecs_says_what_makes_it(live: Live) -> None:
    live.cloud.fails_at("ListTasks", code="ServiceNotFoundException")
    assert refusal("web", *COMMAND) == "service web does not exist in ECS; the next `pulumi up` makes it again"


def test_a_task_without_exec_says_which_setting_and_that_only_new_tasks_have_it(live: Live) -> None:
    service_runs(live.cloud, exec_on=False)
    [arn] = arns(live.cloud)
    assert refusal("web", *COMMAND) == (
        f"task {arn.rpartition('/')[2]} was started without ECS Exec: `cluster: {{exec: true}}` in Pulumi.prod.yaml "
        "and `pulumi up` turn it on, for tasks that start afterwards"
    )
    assert not was_called(live)


@pytest.mark.parametrize(
    ("status", "told_of_it"), [("STOPPED", "STOPPED (Received Container Stopped event)"), ("PENDING", "starting")]
)
def test_an_agent_that_does_not_run_is_named_with_its_state(live: Live, status: str, told_of_it: str) -> None:
    service_runs(live.cloud, container="app", exec_agent=status)
    line = refusal("web", *COMMAND)
    assert f"is {told_of_it}" in line
    assert line.startswith("the agent of ECS Exec in app of task ")


def test_an_agent_that_is_missing_is_said_to_be(live: Live) -> None:
    [container] = invented(1)["containers"]
    ecs_tells(live.cloud, [invented(1, containers=[{**container, "managedAgents": []}])])
    line = refusal("web", *COMMAND)
    assert "is not there: another task" in line
    assert line.endswith("docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec-troubleshooting.html says more")


def test_an_unknown_container_is_wrong_usage_and_those_that_exist_are_named(live: Live) -> None:
    service_runs(live.cloud)
    [arn] = arns(live.cloud)
    assert refusal("web", "--container", "php", *COMMAND, code=2) == (
        f'--container: given "php"; task {arn.rpartition("/")[2]} has agent, app'
    )


def test_another_container_is_entered_by_its_own_runtime_id(live: Live) -> None:
    service_runs(live.cloud)
    assert story("exec", "web", "--container", "agent", *COMMAND).exit_code == 0
    assert entered_task(live)
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
    told(live, "worker-default", "worker-mail")
    assert (
        refusal("worker", *COMMAND, code=2) == 'given "worker"; stack prod has worker-default, worker-mail, migration'
    )


def test_the_migration_is_entered_while_it_runs(live: Live) -> None:
    ecs_tells(live.cloud, [invented(1)], asked_for='"family": "story-prod-migration"')
    live.cloud.fails_at("ExecuteCommand", answer=SESSION)
    assert story("exec", "migration", *COMMAND).exit_code == 0
    assert entered_task(live) == f"{1:032x}"


@pytest.mark.parametrize("exec_on", [True, False])
def test_a_one_off_task_is_started_with_exec_only_where_the_program_says_so(cloud: Cloud, exec_on: bool) -> None:
    started = cloud.client("ecs").run_task(**migrate._request(cloud.task(exec=exec_on)))["tasks"][0]
    assert started["enableExecuteCommand"] is exec_on


def test_without_a_migration_that_runs_it_says_how_to_start_one(live: Live) -> None:
    assert live.cloud.cluster
    assert refusal("migration", *COMMAND) == "no task of migration runs; `story migrate --stack prod` starts one"


def test_without_the_plugin_it_says_where_to_get_it_and_asks_nobody(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    (live.home / "session-manager-plugin").unlink()
    monkeypatch.setenv("PATH", f"{live.home}:/usr/bin:/bin")
    assert refusal("web", *COMMAND) == (
        "there is no `session-manager-plugin` on the PATH; docs.aws.amazon.com/systems-manager/latest/userguide/"
        "session-manager-working-with-install-plugin.html says how to get it"
    )
    assert live.calls == []


def test_a_plugin_that_does_not_run_is_one_line(live: Live) -> None:
    script(live, "session-manager-plugin", "\x7fELF of another processor")
    assert "session-manager-plugin --version` does not run" in refusal("web", *COMMAND)


def test_who_may_not_is_told_which_policy_allows_it(live: Live) -> None:
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


def test_an_agent_that_aws_does_not_reach_is_one_line_that_says_what_it_needs(live: Live) -> None:
    service_runs(live.cloud)
    live.cloud.fails_at("ExecuteCommand", code="TargetNotConnectedException")
    line = refusal_after_the_task(live, "web", *COMMAND)
    assert "runs, but does not answer AWS: it needs the task role's ssmmessages actions, and a way to" in line


def test_a_stack_that_does_not_exist_or_was_never_up_is_one_line(live: Live) -> None:
    live.told(url="https://x")
    assert refusal("web", *COMMAND).startswith("stack prod has no successful update yet (it has no output cluster, ")
    (live.home / "outputs.json").unlink()
    assert refusal("web", *COMMAND) == "pulumi stack output: no stack named 'prod' found"


def test_the_selected_stack_is_the_default(live: Live) -> None:
    service_runs(live.cloud)
    assert refusal("web", "--", "id", code=2) == (
        "no stack is selected here: --stack NAME says which one, or `pulumi stack select NAME`"
    )
    (live.home / "selected").write_text("prod\n")
    result = story("exec", "web", "--", "id")
    assert result.exit_code == 0
    assert "story exec: prod: app of web" in result.stderr


def test_ctrl_c_belongs_to_the_remote_side(live: Live) -> None:
    service_runs(live.cloud)
    plugin(live, seconds=20)
    with Process(live, "exec", "web", *COMMAND) as process:
        process.until_it_says("the session is recorded")
        until(lambda: was_called(live))
        process.interrupted()
        assert process.ended() == 42, "the plugin heard it, ended by itself, and its exit code was handed on"
        assert "Traceback" not in process.said
    assert called(live).interrupts, "a signal that this process ignores would be ignored by the plugin, too"


def test_a_healthy_task_beats_a_newer_one_that_is_not_and_one_without_exec_comes_last() -> None:
    def ranked(*tasks: dict[str, Any]) -> list[Any]:
        seen = [{**task, "startedAt": datetime.fromtimestamp(task["startedAt"], UTC)} for task in tasks]
        return [
            task.told["taskArn"] for task in sorted((task_choice.Task(told=one) for one in seen), key=lambda t: t.rank)
        ]

    unhealthy, closed = invented(9, healthStatus="UNHEALTHY"), invented(8, enableExecuteCommand=False)
    older, newer = invented(1), invented(2)
    assert ranked(unhealthy, closed, older, newer) == [one["taskArn"] for one in (newer, older, unhealthy, closed)]

"""`story status`, on the emulator: what each service runs, exit codes, waiting."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from release import rollout
from story.live_stack import live_stack
from story.status import command as status_command
from tests.release.steps import CLUSTER, IMAGE, REGION, Cloud
from tests.story.live import OLDER, PROJECT, Live, Process, story, until

pytestmark = pytest.mark.timed


@pytest.fixture
def live(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Live:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(rollout, "POLL_SECONDS", 0.3)
    return Live(home=tmp_path, cloud=cloud).prepared()


def deploys(live: Live, monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Lets deployments begin when the command has read the outputs, so that they go on while it looks at them."""

    def then_deploy(*arguments: Any) -> Any:
        found = live_stack(*arguments)
        for name in names:
            live.cloud.deployed(name)
        return found

    monkeypatch.setattr(status_command, "live_stack", then_deploy)


class OnTerminal:
    """The `story` command on a terminal of its own."""

    def __init__(self, live: Live, *arguments: str) -> None:
        self._terminal, inner = os.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "story.cli", *arguments],
            cwd=live.home,
            env={**os.environ, "PYTHONPATH": str(PROJECT), "TERM": "xterm", "LINES": "40", "COLUMNS": "160"},
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
        )
        os.close(inner)
        self.said = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        # The terminal's end is an error on Linux.
        with contextlib.suppress(OSError):
            while content := os.read(self._terminal, 65536):
                self.said += content.decode("utf-8", "replace")

    def interrupted(self) -> None:
        """Ctrl-C, as a terminal sends it."""
        os.killpg(self._process.pid, signal.SIGINT)

    def ended(self) -> int:
        """Waits for its end; returns the exit code."""
        code = self._process.wait(timeout=30)
        self._reader.join(timeout=5)
        return code

    def __enter__(self) -> "OnTerminal":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(timeout=10)
        os.close(self._terminal)


def document(live: Live, *arguments: str) -> Any:
    assert live.outputs
    return json.loads(story("status", "--stack", "prod", "--format", "json", *arguments).stdout)


def test_a_healthy_stack_is_exit_code_0_and_a_line_for_each_service(live: Live) -> None:
    live.up("web", "worker-default").services_run("web", "worker-default")
    result = story("status", "--stack", "prod")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[:4] == [
        f"Stack prod, cluster {CLUSTER} in {REGION}",
        f"Last good image: {IMAGE}",
        "  web             1 of 1 tasks, COMPLETED, story-prod-web:1",
        "  worker-default  1 of 1 tasks, COMPLETED, story-prod-worker-default:1",
    ]
    titles = [line for line in result.stdout.splitlines() if line and not line.startswith((" ", "Stack", "Last"))]
    assert titles == ["Tasks", "Events", "Releases"]
    assert f"  web             {REGION}a  cpu     -  memory     -  " in result.stdout, "no number is not 0"
    assert live.updates == [], "it is read-only"


def test_json_has_the_same_for_tools(live: Live) -> None:
    live.up("web").services_run("web")
    told = document(live)
    assert told["services"][0].pop("reason").endswith("completed.")
    assert list(told) == ["image", "services", "at", "tasks", "events", "alarms", "releases", "missing"]
    assert {name: told[name] for name in ("image", "services", "alarms", "missing")} == {
        "image": IMAGE,
        "services": [
            {
                "service": "web",
                "running": 1,
                "desired": 1,
                "image": IMAGE,
                "revision": "story-prod-web:1",
                "deployment": "COMPLETED",
                "is_last_good": True,
            }
        ],
        "alarms": [],
        "missing": {},
    }
    [task] = told["tasks"]
    assert (task["service"], task["state"], task["cpu_percent"]) == ("web", "RUNNING", None)
    [release] = told["releases"]
    assert (release["status"], release["from_revision"], release["to_revision"], release["image"]) == (
        "SUCCESSFUL",
        "",
        "story-prod-web:1",
        "1" * 12,
    )
    assert told["events"][0]["message"] == "(service web) has reached a steady state."


def test_a_service_with_another_image_is_shown_with_it(live: Live) -> None:
    live.up("web").services_run("web", image=OLDER)
    result = story("status", "--stack", "prod")
    assert f"       runs another image: {OLDER}" in result.stdout
    assert result.exit_code == 0, "it is healthy; another image alone is not a failure"


def test_a_service_that_does_not_exist_is_exit_code_1_and_says_what_creates_it(live: Live) -> None:
    live.up("web", "scheduler").services_run("web")
    result = story("status", "--stack", "prod")
    assert result.exit_code == 1
    assert "  scheduler  does not exist in ECS; the next `pulumi up` creates it again" in result.stdout
    [gone, _] = document(live)["services"]
    assert (gone["service"], gone["deployment"], gone["image"], gone["is_last_good"]) == (
        "scheduler",
        "GONE",
        "",
        False,
    )


def test_a_deployment_in_progress_is_exit_code_1_with_the_reason_of_ecs(live: Live) -> None:
    live.up("web").services_run("web")
    live.cloud.behaves(family="story-prod-web", stays="PENDING")
    live.cloud.deployed()
    result = story("status", "--stack", "prod")
    assert result.exit_code == 1
    assert "IN_PROGRESS, story-prod-web:2" in result.stdout
    assert "\n       ECS deployment ecs-svc/" in result.stdout


def test_what_may_not_be_read_is_left_out_with_the_reason_and_the_rest_is_shown(live: Live) -> None:
    live.up("web").services_run("web")
    for action in ("DescribeAlarms", "ListServiceDeployments", "GetMetricData", "ListTasks"):
        live.cloud.fails_at(action, code="AccessDeniedException", times=1)
    result = story("status", "--stack", "prod")
    assert result.exit_code == 0, "the services are healthy"
    assert [line.partition(":")[0] for line in result.stdout.partition("Not available\n")[2].splitlines()] == [
        "  alarms",
        "  releases",
        "  tasks",
    ]


def test_a_second_release_is_shown_with_what_ran_before(live: Live) -> None:
    live.up("web").services_run("web")
    brought = live.cloud.deployed()
    until(lambda: live.cloud.described()["deployments"][0]["rolloutState"] == "COMPLETED")
    first = document(live)["releases"][0]
    assert (first["from_revision"], first["to_revision"]) == ("story-prod-web:1", brought.rpartition("/")[2])


def test_a_stack_without_services_is_healthy(live: Live) -> None:
    live.up(image="")
    result = story("status", "--stack", "prod")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1:] == [
        "Last good image: none, no update has succeeded yet",
        "  no service is enabled",
    ]


def test_more_services_than_ecs_describes_at_once_are_all_shown(live: Live) -> None:
    names = [f"worker-{number:02}" for number in range(11)]
    live.up(*names)
    assert [one["service"] for one in document(live)["services"]] == names


def test_waiting_follows_every_deployment_to_its_end(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    live.up("web", "scheduler").services_run("web", "scheduler")
    for name in ("web", "scheduler"):
        live.cloud.behaves(family=f"story-prod-{name}", starts_after_seconds=2)
    deploys(live, monkeypatch, "web", "scheduler")
    result = story("status", "--stack", "prod", "--wait")
    assert result.exit_code == 0, result.output
    for name in ("web", "scheduler"):
        assert f"rollout {name}: " in result.stdout
        assert f"1 of 1 tasks, COMPLETED, story-prod-{name}:2" in result.stdout


def test_waiting_for_nothing_is_at_once(live: Live) -> None:
    live.up("web").services_run("web")
    result = story("status", "--stack", "prod", "--wait")
    assert (result.exit_code, "rollout" in result.stdout) == (0, False)


def test_waiting_for_a_deployment_that_fails_is_exit_code_1_with_its_reason(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.up("web", "scheduler").services_run("web", "scheduler")
    live.cloud.behaves(
        family="story-prod-web", container="app", exits=1, starts_after_seconds=0.5, lines=["no such class"]
    )
    deploys(live, monkeypatch, "scheduler", "web")
    result = story("status", "--stack", "prod", "--wait")
    assert result.exit_code == 1
    [line] = result.stderr.splitlines()
    assert line.startswith("story status: rollout web: story-prod-web:2 failed: ")
    assert "circuit breaker" in line
    assert "| no such class" in result.stdout
    assert "scheduler  1 of 1 tasks, COMPLETED, story-prod-scheduler:2" in result.stdout, "the other one continued"


def test_json_after_waiting_is_still_one_document(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    live.up("web").services_run("web")
    live.cloud.behaves(family="story-prod-web", starts_after_seconds=2)
    deploys(live, monkeypatch, "web")
    result = story("status", "--stack", "prod", "--wait", "--format", "json")
    assert json.loads(result.stdout)["services"][0]["deployment"] == "COMPLETED"
    assert "rollout web: " in result.stderr


def test_ctrl_c_ends_the_waiting_at_once_and_the_deployment_continues(live: Live) -> None:
    live.up("web", rollout=600).services_run("web")
    live.cloud.behaves(family="story-prod-web", stays="PENDING")
    brought = live.cloud.deployed()
    with Process(live, "status", "--stack", "prod", "--wait") as process:
        process.until_it_says("is deployed as")
        began = time.monotonic()
        process.interrupted()
        assert process.ended() == 130
        assert time.monotonic() - began < 20, "the rollout's timeout is ten minutes"
        assert "Traceback" not in process.said
    assert live.cloud.described()["deployments"][0]["taskDefinition"] == brought


def test_watching_draws_on_the_terminal_until_ctrl_c_which_is_exit_code_0_and_leaves_the_page(live: Live) -> None:
    live.up("web").services_run("web")
    with OnTerminal(live, "status", "--stack", "prod", "--watch", "--interval", "1") as process:
        until(lambda: process.said.count("every 1 s; press Ctrl-C to stop") >= 2)
        process.interrupted()
        assert process.ended() == 0
        last = process.said.rpartition("\x1b[?1049l")[2]
        assert "Traceback" not in process.said
    assert f"Stack prod, cluster {CLUSTER} in {REGION}" in last, "the page is still there when the screen is gone"
    assert "1 of 1 tasks, COMPLETED" in last


@pytest.mark.parametrize("command", ["status", "migrate", "rollback"])
def test_an_error_before_the_first_request_is_one_line_and_exit_code_1(
    live: Live, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    assert lines_of(command) == [f"story {command}: pulumi stack output: no stack named 'prod' found"]
    live.told(url="https://x")
    [line] = lines_of(command)
    assert line.startswith(f"story {command}: stack prod has no successful update yet (it has no output cluster, ")
    assert "pulumi up --stack prod`" in line
    monkeypatch.setenv("PATH", str(live.home / "nowhere"))
    assert lines_of(command) == [
        f"story {command}: there is no `pulumi` on the PATH; www.pulumi.com/docs/install says how to get it"
    ]
    assert live.updates == []


@pytest.mark.parametrize("command", ["status", "migrate", "rollback"])
def test_what_aws_refuses_is_one_line_that_names_the_stack(live: Live, command: str) -> None:
    live.up("web").services_run("web")
    for action in ("DescribeServices", "DescribeTaskDefinition"):
        live.cloud.fails_at(action, code="AccessDeniedException", times=9)
    [line] = lines_of(command)
    assert line.startswith(f"story {command}: stack prod: AWS: AccessDeniedException: ")
    live.cloud.works_again()
    for action in ("DescribeServices", "DescribeTaskDefinition"):
        live.cloud.fails_at(action, code="ExpiredTokenException", times=9)
    [line] = lines_of(command)
    assert "the AWS credentials are no longer valid (ExpiredTokenException: " in line
    assert line.endswith("sign in and try again")
    live.config(profile="nobody")
    [line] = lines_of(command)
    assert line.startswith(f"story {command}: stack prod: AWS: The config profile (nobody) could not be found; ")
    assert live.updates == []


@pytest.mark.parametrize("command", ["status", "migrate", "rollback"])
def test_a_command_without_a_stack_is_wrong_usage(command: str) -> None:
    result = story(command)
    assert result.exit_code == 2
    assert "--stack" in result.stderr


def lines_of(command: str) -> list[str]:
    """What a command that fails with exit code 1 says."""
    result = story(command, "--stack", "prod")
    assert (result.exit_code, result.stdout) == (1, "")
    return result.stderr.splitlines()

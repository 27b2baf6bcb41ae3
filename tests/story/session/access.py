"""A stack whose tasks allow ECS Exec, and a `session-manager-plugin` that only records how it was called."""

import json
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader, create_loader

from tests.release.steps import CLUSTER, IMAGE, LOG_GROUP, REGION, Cloud
from tests.story.live import Live

AT_ONCE = {"starts_after_seconds": 0, "healthy_after_seconds": 0, "after_seconds": 600}
PULUMI = """#!/bin/sh
home={home}
echo "$*" >> "$home/calls"
case "$1 $2" in
"stack output")
    [ -f "$home/outputs.json" ] || {{ echo "error: no stack named '$5' found" >&2; exit 255; }}
    cat "$home/outputs.json" ;;
"stack --show-name") cat "$home/selected" 2>/dev/null || exit 255 ;;
"config "*) cat "$home/config.json" ;;
esac
"""
PLUGIN = """#!{python} -IS
import json, os, signal, sys, time
home = {home!r}
if sys.argv[1:] == ["--version"]:
    print(open(home + "/plugin.version").read())
    sys.exit()
name = "AWS_SSM_START_SESSION_RESPONSE"
called = {{"arguments": sys.argv[1:], "variable": os.environ.get(name, ""), "terminal": sys.stdin.isatty()}}
called["interrupts"] = signal.getsignal(signal.SIGINT) is signal.default_int_handler
interrupts = []
signal.signal(signal.SIGINT, lambda *_: interrupts.append(1))
with open(home + "/called.new", "w") as file:
    json.dump(called, file)
os.rename(home + "/called.new", home + "/called")
until = time.monotonic() + float(open(home + "/plugin.seconds").read())
while time.monotonic() < until and not interrupts:
    time.sleep(0.02)
sys.exit(42 if interrupts else int(open(home + "/plugin.exit").read()))
"""
STORES = {
    "aurora": {
        "endpoint": "aurora.cluster-1.rds.amazonaws.com",
        "readerEndpoint": "aurora.cluster-ro-1.rds.amazonaws.com",
        "port": 3306,
        "masterSecret": f"arn:aws:secretsmanager:{REGION}:123456789012:secret:master-abcdef",
        "userSecret": f"arn:aws:secretsmanager:{REGION}:123456789012:secret:story-prod-aurora-user-1a2b3c4-AbCdEf",
    },
    "valkey": {
        "endpoint": "master.valkey.cache.amazonaws.com",
        "port": 6379,
        "userSecret": f"arn:aws:secretsmanager:{REGION}:123456789012:secret:story-prod-valkey-5d6e7f8-GhIjKl",
    },
}


@cache
def _loader() -> Loader:
    return create_loader()


def stack_with_access(cloud: Cloud, home: Path, monkeypatch: pytest.MonkeyPatch) -> Live:
    """A stack that is up, in a project whose folder is the current one, with `pulumi` and the plugin on the PATH."""
    monkeypatch.chdir(home)
    monkeypatch.setenv("PATH", str(home), prepend=":")
    # Each command has clients of its own, and would read the descriptions of ECS anew, which is most of its time.
    monkeypatch.setattr("botocore.session.create_loader", lambda *_, **__: _loader())
    return with_outputs(with_tools(Live(home=home, cloud=cloud).prepared()), "web", "worker-default", "scheduler")


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """How the plugin was called.

    Attributes:
        arguments: Its arguments.
        variable: The session in its environment.
        terminal: Whether its standard input is a terminal.
        interrupts: Whether Ctrl-C reaches it.
    """

    arguments: Sequence[str]
    variable: str
    terminal: bool
    interrupts: bool


def with_tools(live: Live) -> Live:
    """The same, with a `pulumi` that knows the selected stack, and a plugin."""
    home = str(live.home)
    script(live, "pulumi", PULUMI.format(home=shlex.quote(home)))
    script(live, "session-manager-plugin", PLUGIN.format(python=sys.executable, home=home))
    plugin(live)
    return live


def plugin(live: Live, *, version: str = "1.2.707.0", exits: int = 0, seconds: float = 0) -> None:
    """What the plugin does."""
    for name, value in (("version", version), ("exit", exits), ("seconds", seconds)):
        (live.home / f"plugin.{name}").write_text(str(value))


def script(live: Live, name: str, text: str) -> None:
    """A command on the PATH."""
    file = live.home / name
    file.write_text(text)
    file.chmod(0o755)


def called(live: Live) -> Called:
    """How the plugin was called."""
    return Called(**json.loads((live.home / "called").read_text()))


def was_called(live: Live) -> bool:
    """Whether the plugin was called with a session."""
    return (live.home / "called").exists()


def with_outputs(live: Live, *services: str, **more: Any) -> Live:
    """The outputs of a stack with these services."""
    migration = {
        "taskDefinition": f"arn:aws:ecs:{REGION}:123456789012:task-definition/story-prod-migration:7",
        "container": "app",
        "subnetIds": [],
        "securityGroupId": "sg-1",
        "logGroup": LOG_GROUP,
        "timeoutSeconds": 30,
    }
    made = {name: {"rolloutTimeoutSeconds": 30, "logGroup": f"/story/prod/{name}"} for name in services}
    live.told(cluster=CLUSTER, region=REGION, image=IMAGE, services=made, migration=migration, **{**STORES, **more})
    return live


def service_runs(cloud: Cloud, name: str = "web", *, tasks: int = 1, exec_on: bool = True, **behaviour: Any) -> None:
    """A service whose tasks run and are healthy at once."""
    for one in ({}, behaviour):
        cloud.behaves(**{"family": f"story-prod-{name}", **AT_ONCE, **one})
    cloud.service(name, desiredCount=tasks, enableExecuteCommand=exec_on)


def arns(cloud: Cloud, name: str = "web") -> list[str]:
    """ARNs of the service's tasks."""
    return cloud.client("ecs").list_tasks(cluster=CLUSTER, serviceName=name)["taskArns"]


def described_task(number: int, **changes: Any) -> dict[str, Any]:
    """A running task as ECS describes it; the higher its number, the newer it is."""
    started = datetime(2026, 7, 1, tzinfo=UTC) + timedelta(minutes=number)
    agent = {"name": "ExecuteCommandAgent", "lastStatus": "RUNNING"}
    container = {"name": "app", "runtimeId": f"{number:032x}-1", "lastStatus": "RUNNING", "managedAgents": [agent]}
    return {
        "taskArn": f"arn:aws:ecs:{REGION}:123456789012:task/{CLUSTER}/{number:032x}",
        "taskDefinitionArn": f"arn:aws:ecs:{REGION}:123456789012:task-definition/story-prod-web:3",
        "lastStatus": "RUNNING",
        "healthStatus": "HEALTHY",
        "availabilityZone": f"{REGION}a",
        "startedAt": started.timestamp(),
        "createdAt": started.timestamp(),
        "enableExecuteCommand": True,
        "containers": [container],
        **changes,
    }


def ecs_returns(cloud: Cloud, tasks: Sequence[dict[str, Any]], *, request_contains: str = "") -> None:
    """Makes ECS return these tasks once, in pages, to a request that contains a text."""
    pages = [tasks[first : first + 100] for first in range(0, len(tasks), 100)]
    for number, page in enumerate(pages):
        more = {"nextToken": f"page-{number + 1}"} if number + 1 < len(pages) else {}
        answer = {"taskArns": [task["taskArn"] for task in page], **more}
        cloud.fails_at("ListTasks", contains=f"page-{number}" if number else request_contains, answer=answer)
        cloud.fails_at("DescribeTasks", contains=page[0]["taskArn"], answer={"tasks": page, "failures": []})

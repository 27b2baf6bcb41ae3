"""A stack that is up: a command `pulumi` that tells its outputs, and the `story` command on it."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from story import cli
from tests.paths import PROJECT
from tests.release.steps import CLUSTER, IMAGE, LOG_GROUP, REGION, Cloud

OLDER, BROKEN = IMAGE.replace("1" * 64, "2" * 64), IMAGE.replace("1" * 64, "3" * 64)
SCRIPT = """#!/bin/sh
home={home}
echo "$*" >> "$home/calls"
case "$1 $2" in
"stack output")
    [ -f "$home/outputs.json" ] || {{ echo "error: no stack named '$5' found" >&2; exit 255; }}
    cat "$home/outputs.json" ;;
"config "*) cat "$home/config.json" ;;
"up "*)
    env > "$home/up.env"
    . "$home/up.sh" ;;
esac
"""


@dataclass(kw_only=True)
class Live:
    """A project, a command `pulumi` that knows its stack `prod`, and what belongs to it in an account.

    Attributes:
        home: The project's folder, which is on the PATH too.
        cloud: The account.
        outputs: Of the stack; `told` makes them known.
    """

    home: Path
    cloud: Cloud
    outputs: dict[str, Any] = field(default_factory=dict[str, Any])

    def prepared(self) -> "Live":
        """The same, once its files are there."""
        (self.home / "Pulumi.yaml").write_text("name: story\n")
        script = self.home / "pulumi"
        script.write_text(SCRIPT.format(home=shlex.quote(str(self.home))))
        script.chmod(0o755)
        self.config()
        self.update("echo Updating prod")
        return self

    def config(self, **values: str) -> None:
        """What `pulumi config` knows: `config(profile="work")` is `aws:profile`."""
        known = {f"aws:{name}": {"value": value, "secret": False} for name, value in values.items()}
        (self.home / "config.json").write_text(json.dumps(known))

    def update(self, script: str) -> None:
        """What `pulumi up` does, in the shell's words."""
        (self.home / "up.sh").write_text(f"{script}\n")

    def up(self, *services: str, image: str = IMAGE, definition: str | None = None, **timeouts: int) -> "Live":
        """The stack as its last update left it.

        Args:
            services: Names of its services.
            image: Image that is remembered; "" for none.
            definition: Task definition of the migration; a new one of the image by default.
            timeouts: `migration` and `rollout`, in seconds.
        """
        assert self.cloud.cluster
        migration = {
            "taskDefinition": definition or self.cloud.task_definition(image=image or IMAGE),
            "container": "app",
            "subnetIds": [self.cloud.subnet_id],
            "securityGroupId": "sg-12345678",
            "logGroup": LOG_GROUP,
            "timeoutSeconds": timeouts.get("migration", 30),
        }
        made = {name: {"rolloutTimeoutSeconds": timeouts.get("rollout", 30)} for name in services}
        self.told(
            cluster=CLUSTER, region=REGION, services=made, migration=migration, **({"image": image} if image else {})
        )
        return self

    def told(self, **outputs: Any) -> None:
        """Exactly these outputs."""
        self.outputs = outputs
        (self.home / "outputs.json").write_text(json.dumps(outputs))

    @property
    def calls(self) -> list[str]:
        """How `pulumi` was called."""
        file = self.home / "calls"
        return file.read_text().splitlines() if file.exists() else []

    @property
    def updates(self) -> list[str]:
        """The calls that change something."""
        return [call for call in self.calls if not call.startswith(("stack output ", "stack --show-name ", "config "))]

    @property
    def environment_of_the_update(self) -> dict[str, str]:
        """What `pulumi up` found in its environment."""
        pairs = (line.partition("=") for line in (self.home / "up.env").read_text().splitlines())
        return {name: value for name, _, value in pairs}

    def services_run(self, *names: str, image: str = IMAGE) -> None:
        """Services whose deployment is complete."""
        for name in names:
            definition = self.cloud.task_definition(f"story-prod-{name}", image=image)
            self.cloud.service(name, task_definition=definition)
        for name in names:
            until(lambda name=name: self.cloud.described(name)["deployments"][0]["rolloutState"] == "COMPLETED")


def story(*arguments: str, typed: str | None = None) -> Result:
    """The `story` command, in this process."""
    result = CliRunner().invoke(cli.app, list(arguments), input=typed)
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    assert "Traceback" not in result.output
    return result


class Process:
    """The `story` command as a process with a terminal's group of its own; its output goes to a file as it comes."""

    def __init__(self, live: Live, *arguments: str) -> None:
        self._file = live.home / f"said-{time.monotonic_ns()}"
        with self._file.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "story.cli", *arguments],
                cwd=live.home,
                env={**os.environ, "PYTHONPATH": str(PROJECT)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        """What it said so far."""
        return self._file.read_text("utf-8")

    def until_it_says(self, text: str) -> None:
        """Waits for a text."""
        until(lambda: text in self.said or self._process.poll() is not None)
        assert text in self.said, self.said

    def interrupted(self, number: int = signal.SIGINT) -> None:
        """Sends it a signal: Ctrl-C as a terminal does, to the whole group; others to the process alone."""
        (os.killpg if number == signal.SIGINT else os.kill)(self._process.pid, number)

    def ended(self) -> int:
        """Waits for its end; returns the exit code."""
        return self._process.wait(timeout=30)

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(timeout=10)


def until(holds: Callable[[], bool], seconds: float = 30) -> None:
    """Waits until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never held"
        time.sleep(0.05)

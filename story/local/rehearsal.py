"""A rehearsal's parts: the `pulumi` to run, the emulator that is up, the settings, and what to say."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from emulator import process
from settings.project import project_name
from story.local.engine import aws_environment
from story.plan.stack_file import read_stack_file

FOLDER = ".local/rehearsal"
"""In the project's folder. Beside it may lie what other commands keep, such as the copy of a state."""
STACK = "local"
LIKE = "dev"
"""The stack whose settings are rehearsed."""
INSTALL = "https://www.pulumi.com/docs/install/"
SECONDS_TO_START = 30


class NoPulumiError(Exception):
    """There is no `pulumi` on PATH; the message says how to get one."""


class EmulatorError(Exception):
    """The emulator did not start; the message says why."""


class SettingsError(Exception):
    """The stack file cannot be read; one line for each mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The emulator of a rehearsal.

    Attributes:
        pid: Its process id.
        url: Where it listens.
    """

    pid: int
    url: str

    @property
    def port(self) -> int:
        """Its port."""
        return int(self.url.rpartition(":")[2])


def find_pulumi(project: Path) -> Path:
    """The `pulumi` on PATH.

    Raises:
        NoPulumiError: There is none.
    """
    if found := shutil.which("pulumi"):
        return Path(found)
    file = (project / "Pulumi.yaml").read_text("utf-8")
    wanted = re.search(r'^requiredPulumiVersion:\s*"?([^"\n]+)"?\s*$', file, re.MULTILINE)
    raise NoPulumiError(
        "no `pulumi` on PATH, and this runs the real engine\n"
        f"install it, version {wanted[1] if wanted else 'of today'}: {INSTALL}\n"
        "what needs neither Pulumi nor an account: story plan"
    )


def recorded(folder: Path) -> Running | None:
    """The emulator that was started for this folder; it may have ended since."""
    try:
        content: Any = json.loads(_record(folder).read_text("utf-8"))
        pid, url = content["pid"], content["url"]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    sound = type(pid) is int and pid > 1 and isinstance(url, str) and re.fullmatch(r"http://127\.0\.0\.1:[0-9]+", url)
    return Running(pid=pid, url=url) if sound else None


def is_up(running: Running) -> bool:
    """Whether that process is the emulator still: a process id is given to another process one day."""
    command = command_of(running.pid)
    return "-m emulator" in command and f"--port {running.port}" in command


def command_of(pid: int) -> str:
    """The command line of a process; empty if there is none. `ps` has the same words on Linux and macOS."""
    found = subprocess.run(["ps", "-ww", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False)
    return found.stdout.strip()


def start_emulator(folder: Path) -> Running:
    """Start an emulator on a free port, and wait until it answers.

    Raises:
        EmulatorError: It ended, or does not answer.
    """
    folder.mkdir(parents=True, exist_ok=True)
    started = process.start(process.free_port(), folder / "emulator.log")
    running = Running(pid=started.pid, url=started.url)
    # Before the wait: whoever interrupts it finds the process by this.
    _record(folder).write_text(json.dumps(asdict(running)), "utf-8")
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        try:
            process.wait_until_ready(running.url, timeout_seconds=1)
            return running
        except TimeoutError:
            if not is_up(running):
                break
    process.stop(running.pid)
    said = started.log_file.read_text("utf-8", errors="replace").strip()
    raise EmulatorError(f"the emulator did not start: {said or 'it said nothing'}")


def stop_emulator(folder: Path) -> str:
    """End the emulator of this folder, and no other process.

    Returns:
        What was done, as a sentence.
    """
    running = recorded(folder)
    if running is None:
        return "no emulator was up"
    command = command_of(running.pid)
    if not command:
        return "the emulator had ended already"
    if not is_up(running):
        return f"process {running.pid} is another one by now, and was left alone: {command[:60]}"
    process.stop(running.pid)
    return f"the emulator (process {running.pid}) is down"


def settings_to_rehearse(project: Path) -> tuple[dict[str, Any], str]:
    """The settings of the stack that is rehearsed, and their region. Encrypted ones cannot be read, and are left out.

    Raises:
        SettingsError: The file has mistakes.
    """
    path = project / f"Pulumi.{LIKE}.yaml"
    try:
        file = read_stack_file(path, project_name(project))
    except OSError as error:
        raise SettingsError(f"{path.name}: {error.strerror}") from error
    if file.mistakes:
        raise SettingsError("\n".join(file.mistakes))
    config = {key: _value(text) for key, text in file.config.items() if key not in file.secret_keys}
    return config, str(config.get("aws:region", ""))


def next_steps(running: Running, outputs: Mapping[str, Any], region: str) -> str:
    """What to look at after a rehearsal, and what it proves."""
    environment = {**aws_environment(running.url), "AWS_REGION": region}
    exports = "\n".join(f"  export {name}={value}" for name, value in environment.items())
    return f"""\
The site would be at {outputs.get("url", "an address that is not known yet")} (nothing listens there).

To look at it:
  story local status         what exists, by service
  story local up --preview   what an edit of Pulumi.{LIKE}.yaml would do; without --preview, do it
  make local-down            end it and remove {FOLDER}/
The aws command sees it, for instance `aws ecs list-services --cluster story-{STACK}`, after
{exports}

This proves that the program and the provider's plan run to their end, with these names and in this order, and
that the next preview shows no change. It proves nothing about what AWS alone can: no container ran, so no health
check and no migration was put to the test; IAM is not enforced, and there are no quotas and no prices here.
"""


def seconds(began: float) -> str:
    """How long something took, as people say it."""
    return f"{time.monotonic() - began:.0f} s"


def left_anything(folder: Path) -> bool:
    """Whether a rehearsal left anything in this folder."""
    return folder.is_dir() and any(os.scandir(folder))


def _record(folder: Path) -> Path:
    return folder / "emulator.json"


def _value(text: str) -> Any:
    """A value as a person wrote it: it reaches a program as text, maps and lists as JSON."""
    if text[:1] not in ("{", "[") and text not in ("true", "false"):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text

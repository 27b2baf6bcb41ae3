"""The `pulumi` command, pointed at an emulated AWS and at a state in a folder."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from emulator.process import end_session
from settings.project import PROJECT

REGION = "ap-northeast-1"
EXAMPLE_REPOSITORY = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/story"
EXAMPLE_IMAGE = f"{EXAMPLE_REPOSITORY}@sha256:{'1' * 64}"
"""An image by digest, in the registry of the emulator's account. Nothing pulls it: no container runs here."""
PROVIDER_SETTINGS = {
    # An action that the emulator lacks is answered with 501, which the provider would repeat for many minutes.
    "aws:maxRetries": "2",
    "aws:s3UsePathStyle": "true",
    "aws:skipCredentialsValidation": "true",
}
# These have --config-file; all others run where the stack's file lies.
RUN_WITH_PROGRAM = ("destroy", "import", "preview", "refresh", "up")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A command that came to its end.

    Attributes:
        returncode: Its exit code.
        stdout: What it said; of `--json` the document.
        stderr: What it said beside that.
        seconds: How long it took.
    """

    returncode: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def output(self) -> str:
        """All that it said."""
        return self.stdout + self.stderr


class EngineError(Exception):
    """A command that this module needs for itself failed; the message has what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The `pulumi` command, pointed at an emulated AWS and at a state in a folder.

    Attributes:
        project: Folder of the project's Pulumi.yaml; nothing is written there.
        folder: Everything that a run leaves: the state, the stack's file, a copy of Pulumi.yaml.
        stack: Name of the stack.
        emulator_url: Where the emulator listens.
        name: Name of the project, as its Pulumi.yaml has it.
    """

    project: Path
    folder: Path
    stack: str
    emulator_url: str
    name: str = PROJECT

    @property
    def stack_file(self) -> Path:
        """The stack's settings, as the engine reads them."""
        return self.folder / f"Pulumi.{self.stack}.yaml"

    @property
    def state_file(self) -> Path:
        """The stack's state."""
        return self.folder / "state" / ".pulumi" / "stacks" / self.name / f"{self.stack}.json"

    def prepare(self, config: Mapping[str, Any]) -> None:
        """Write the settings, and make the stack where there is none.

        Args:
            config: Full keys, such as `story:web`; the emulator's own settings of the provider are added.
        """
        (self.folder / "state").mkdir(parents=True, exist_ok=True)
        # `stack init` writes into the stack file beside Pulumi.yaml, so it gets a Pulumi.yaml outside of the project.
        shutil.copyfile(self.project / "Pulumi.yaml", self.folder / "Pulumi.yaml")
        write_settings(self.stack_file, config)
        if not self.state_file.is_file():
            self._ask("stack", "init", "--no-select")

    def config(self) -> dict[str, Any]:
        """The settings that `prepare` wrote."""
        return dict(_mapping(self.stack_file)["config"])

    def run(self, *args: str, image: str | None = None, timeout_seconds: float = 900) -> Finished:
        """Run `pulumi ARGS` to its end.

        Args:
            args: Command and options; stack, settings and `--non-interactive` are added.
            image: Image of a release; None is an update without one.
            timeout_seconds: After that it is killed.

        Raises:
            subprocess.TimeoutExpired: It was killed.
        """
        began = time.monotonic()
        with subprocess.Popen(
            self.command(*args, "--non-interactive"),
            cwd=self._cwd(args),
            env=self.environment(image),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                stdout, stderr = process.communicate(timeout=timeout_seconds)
            finally:
                # Its plugins as well: in time, they would hold the pipes open; later, they would only take memory.
                end_session(process.pid)
        return Finished(returncode=process.returncode, stdout=stdout, stderr=stderr, seconds=time.monotonic() - began)

    def start(self, *args: str, image: str | None = None, log: Path) -> subprocess.Popen[bytes]:
        """Start `pulumi ARGS` in a session of its own: its process id is that of a group, which can be killed as one.

        Args:
            args: Command and options; stack, settings and `--non-interactive` are added.
            image: Image of a release; None is an update without one.
            log: File that gets all that it says.
        """
        with log.open("wb") as file:
            return subprocess.Popen(
                self.command(*args, "--non-interactive"),
                cwd=self._cwd(args),
                env=self.environment(image),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs; a secret one reads `[secret]`."""
        return cast(dict[str, Any], json.loads(self._ask("stack", "output", "--json")))

    def state(self) -> dict[str, Any]:
        """The stack's state, with its secrets encrypted."""
        return cast(dict[str, Any], json.loads(self._ask("stack", "export")))

    def command(self, *args: str) -> list[str]:
        """The command line for `pulumi ARGS`."""
        settings = ["--config-file", str(self.stack_file.resolve())] if args[0] in RUN_WITH_PROGRAM else []
        return ["pulumi", *args, "--stack", f"organization/{self.name}/{self.stack}", *settings]

    def environment(self, image: str | None = None) -> dict[str, str]:
        """The environment of a command: of a person's own settings of AWS and Pulumi, none but Pulumi's folder of
        plugins reaches it, so that no run on the emulator touches an account."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if name == "PULUMI_HOME" or not name.startswith(("AWS_", "PULUMI_", "STORY_"))
        }
        return {
            **kept,
            **pulumi_environment(self.emulator_url, self.folder / "state", self.folder),
            **({"STORY_IMAGE": image} if image else {}),
        }

    def _ask(self, *args: str) -> str:
        finished = self.run(*args)
        if finished.returncode:
            raise EngineError(f"pulumi {' '.join(args)}: {finished.output.strip()}")
        return finished.stdout

    def _cwd(self, args: tuple[str, ...]) -> Path:
        return self.project if args[0] in RUN_WITH_PROGRAM else self.folder


def aws_environment(emulator_url: str) -> dict[str, str]:
    """What points any client of AWS at the emulator."""
    return {
        "AWS_ENDPOINT_URL": emulator_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
    }


def pulumi_environment(emulator_url: str, state: Path, credentials: Path) -> dict[str, str]:
    """What points `pulumi` at the emulator, and at a state of its own.

    Args:
        emulator_url: Where the emulator listens.
        state: Folder of the state.
        credentials: Folder in which Pulumi keeps what it is signed in to.
    """
    return {
        **aws_environment(emulator_url),
        # Without the files of attributes, which are not replaced at once as the state is: a program that reads its own
        # stack's outputs may find one empty. pkg.go.dev/gocloud.dev/blob/fileblob#URLOpener
        "PULUMI_BACKEND_URL": f"{state.resolve().as_uri()}?metadata=skip",
        "PULUMI_CREDENTIALS_PATH": str(credentials.resolve()),
        "PULUMI_CONFIG_PASSPHRASE": "local",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


def write_settings(stack_file: Path, config: Mapping[str, Any]) -> None:
    """Write a stack's settings with those that the emulator needs, beside what Pulumi keeps in the file."""
    before = _mapping(stack_file) if stack_file.is_file() else {}
    content = {**before, "config": {"aws:region": REGION, **config, **PROVIDER_SETTINGS}}
    stack_file.write_text(yaml.safe_dump(content, sort_keys=False), "utf-8")


def _mapping(file: Path) -> dict[str, Any]:
    return cast(dict[str, Any], yaml.safe_load(file.read_text("utf-8")))

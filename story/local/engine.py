"""The `pulumi` command, pointed at an emulated AWS and at a state in a folder."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from emulator.process import end_session
from settings.project import PROJECT
from story.engine.process import Finished, json_object, program, run_pulumi, succeeded

REGION = "ap-northeast-1"
EXAMPLE_REPOSITORY = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/story"
EXAMPLE_IMAGE = f"{EXAMPLE_REPOSITORY}@sha256:{'1' * 64}"
"""An image by digest, in the registry of the emulator's account. It is not pulled, because no container runs here."""
PROVIDER_SETTINGS = {
    # The emulator answers an action that it does not have with 501, which the provider would retry for minutes.
    "aws:maxRetries": "2",
    "aws:s3UsePathStyle": "true",
    "aws:skipCredentialsValidation": "true",
}
# These commands have --config-file; all others run in the folder of the stack's file.
RUN_WITH_PROGRAM = ("destroy", "import", "preview", "refresh", "up")


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The `pulumi` command, pointed at an emulated AWS and at a state in a folder.

    Attributes:
        project: Folder of the project's Pulumi.yaml; nothing is written there.
        folder: Folder for the state, the stack's file and a copy of Pulumi.yaml.
        stack: Name of the stack.
        emulator_url: URL of the emulator.
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
        """Write the settings, and create the stack if there is none.

        Args:
            config: Full keys, such as `story:web`; the emulator's own settings of the provider are added.
        """
        (self.folder / "state").mkdir(parents=True, exist_ok=True)
        # `stack init` writes into the stack file beside Pulumi.yaml, so it gets a Pulumi.yaml outside of the project.
        shutil.copyfile(self.project / "Pulumi.yaml", self.folder / "Pulumi.yaml")
        write_settings(self.stack_file, config)
        if not self.state_file.is_file():
            arguments = ("stack", "init", "--no-select")
            succeeded(arguments, self.run(*arguments))

    def config(self) -> dict[str, Any]:
        """The settings that `prepare` wrote."""
        return dict(_mapping(self.stack_file)["config"])

    def run(self, *args: str, image: str | None = None, timeout_seconds: float = 900) -> Finished:
        """Run `pulumi ARGS` to its end.

        Args:
            args: Command and options; stack, settings and `--non-interactive` are added.
            image: Image of a release; None is an update without one.
            timeout_seconds: It is ended after so many seconds; 900 by default.

        Raises:
            story.engine.process.PulumiError: There is no `pulumi` on the PATH.
            subprocess.TimeoutExpired: It took longer, and was ended.
        """
        # The session's plugins are ended too: at a timeout they would hold the pipes open, and later use memory.
        return run_pulumi(
            self._arguments(args),
            cwd=self._cwd(args),
            environment=self.environment(image),
            timeout_seconds=timeout_seconds,
            end_session=end_session,
        )

    def start(self, *args: str, image: str | None = None, log: Path) -> subprocess.Popen[bytes]:
        """Start `pulumi ARGS` in a session of its own: its process id is that of a group, which can be killed as one.

        Args:
            args: Command and options; stack, settings and `--non-interactive` are added.
            image: Image of a release; None is an update without one.
            log: File for its output.
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
        """The stack's outputs; a secret one is `[secret]`."""
        return self._json("stack", "output", "--json")

    def state(self) -> dict[str, Any]:
        """The stack's state, with its secrets encrypted."""
        return self._json("stack", "export")

    def command(self, *args: str) -> list[str]:
        """The command line for `pulumi ARGS`."""
        return [program(), *self._arguments(args)]

    def environment(self, image: str | None = None) -> dict[str, str]:
        """The environment of a command. Of the user's own variables for AWS and Pulumi it has only PULUMI_HOME, the
        folder of the plugins, so that no run on the emulator reaches an account."""
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

    def _arguments(self, args: Sequence[str]) -> list[str]:
        settings = ["--config-file", str(self.stack_file.resolve())] if args[0] in RUN_WITH_PROGRAM else []
        return [*args, "--stack", f"organization/{self.name}/{self.stack}", *settings]

    def _json(self, *args: str) -> dict[str, Any]:
        return json_object(args, succeeded(args, self.run(*args)).stdout)

    def _cwd(self, args: tuple[str, ...]) -> Path:
        return self.project if args[0] in RUN_WITH_PROGRAM else self.folder


def aws_environment(emulator_url: str) -> dict[str, str]:
    """Environment variables for clients of AWS that use the emulator."""
    return {
        "AWS_ENDPOINT_URL": emulator_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
    }


def pulumi_environment(emulator_url: str, state: Path, credentials: Path) -> dict[str, str]:
    """Environment variables for `pulumi` with the emulator and a state of its own.

    Args:
        emulator_url: URL of the emulator.
        state: Folder of the state.
        credentials: Folder for Pulumi's credentials.
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
    """Write a stack's settings and those that the emulator needs; keep what Pulumi wrote to the file."""
    before = _mapping(stack_file) if stack_file.is_file() else {}
    content = {**before, "config": {"aws:region": REGION, **config, **PROVIDER_SETTINGS}}
    stack_file.write_text(yaml.safe_dump(content, sort_keys=False), "utf-8")


def _mapping(file: Path) -> dict[str, Any]:
    return cast(dict[str, Any], yaml.safe_load(file.read_text("utf-8")))

"""The `pulumi` command for one stack."""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO, cast

from release.step_output import print_line
from story.engine.process import PulumiError, json_object, program, run_pulumi, succeeded

HEARTBEAT_SECONDS = 10
HALF_WRITTEN = "failed to load checkpoint: EOF"
"""Error of a command that reads a state in a `file://` backend while the file of its attributes is being written. S3
returns either the old or the new object, and `file://...?metadata=skip` has no files of attributes."""
HALF_WRITTEN_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PulumiCommand:
    """`pulumi`, for one stack.

    Attributes:
        stack: Name of the stack, short or in full.
        project: Folder of Pulumi.yaml.
        config_file: Settings of the stack, if they are not in that folder.
    """

    stack: str
    project: Path
    config_file: Path | None = None

    def backend_url(self) -> str:
        """URL of the state backend."""
        url = self._json("whoami", "--json").get("url")
        if not isinstance(url, str):
            raise PulumiError("pulumi whoami: its output has no url of a backend")
        return url

    def export(self) -> dict[str, Any]:
        """The state, with its secrets encrypted."""
        return self._json("stack", "export", "--stack", self.stack)

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, after its last update; a secret one is `[secret]`."""
        return self._json("stack", "output", "--json", "--stack", self.stack)

    def aws_profile(self) -> str | None:
        """The profile of the AWS credentials, from `aws:profile` in the stack's config; None without one."""
        config = self._json("config", "--json", "--stack", self.stack, *self._settings)
        profile = config.get("aws:profile")
        return cast(dict[str, Any], profile).get("value") if isinstance(profile, dict) else None

    def up(
        self, environment: Mapping[str, str], *, on_output: Callable[[str], None] | None = None, preview: bool = True
    ) -> int:
        """Update the stack, and print the output while it runs; returns the exit code.

        Args:
            environment: Variables in addition to those of this process; an empty one is removed.
            on_output: Called with each line as well.
            preview: Show a preview first.
        """
        options = ["--yes", *([] if preview else ["--skip-preview"])]
        with (
            _interrupts_left_to_pulumi(),
            subprocess.Popen(
                [program(), "up", *options, "--stack", self.stack, *self._settings, "--non-interactive"],
                cwd=self.project,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if on_output else None,
                stderr=subprocess.STDOUT if on_output else None,
                env=_with(environment),
                encoding="utf-8",
                errors="replace",
            ) as update,
        ):
            for line in update.stdout or ():
                print_line(line.rstrip("\n"))
                if on_output:
                    on_output(line)
        return update.returncode

    def preview(self, environment: Mapping[str, str]) -> tuple[int, str]:
        """A preview after a refresh: the exit code, and the whole output.

        Args:
            environment: As for `up`.
        """
        arguments = ["preview", "--json", "--refresh", "--stack", self.stack, *self._settings]
        finished = run_pulumi(arguments, cwd=self.project, environment=_with(environment))
        return finished.returncode, f"{finished.stdout}\n{finished.stderr}"

    def planned(self, environment: Mapping[str, str]) -> list[dict[str, Any]]:
        """The steps of the next update, with the state that the engine would record of each resource.

        Args:
            environment: As for `up`.

        Raises:
            PulumiError: The preview failed.
        """
        # With that variable set it writes a stream of events instead of one document.
        one_document = {"PULUMI_ENABLE_STREAMING_JSON_PREVIEW": ""}
        arguments = ["preview", "--json", "--stack", self.stack, *self._settings]
        finished = run_pulumi(arguments, cwd=self.project, environment=_with({**environment, **one_document}))
        try:
            document = cast(dict[str, Any], json.loads(finished.stdout))
        except ValueError:
            raise PulumiError(f"pulumi preview: {finished.reason}") from None
        if finished.returncode:
            said = "\n".join(str(one.get("message", "")) for one in document.get("diagnostics") or ())
            raise PulumiError(f"pulumi preview: {replace(finished, stdout=said).reason}")
        return cast(list[dict[str, Any]], document.get("steps") or [])

    def check_secrets(self) -> None:
        """Check that the secrets in the state can be decrypted, which every command that writes the state needs.

        Raises:
            PulumiError: Wrong passphrase, or no access to the key.
        """
        self._run("stack", "export", "--show-secrets", "--stack", self.stack)

    def cancel(self) -> None:
        """Remove the stack's lock."""
        self._run("cancel", "--yes", "--stack", self.stack)

    def import_state(self, file: Path) -> None:
        """Replace the state with the content of a file."""
        self._run("stack", "import", "--file", str(file.resolve()), "--stack", self.stack)

    def refresh(self) -> None:
        """Read every resource of the stack from AWS."""
        with heartbeat("refreshing"):
            self._run("refresh", "--yes", "--skip-preview", "--stack", self.stack, *self._settings)

    @property
    def _settings(self) -> list[str]:
        return ["--config-file", str(self.config_file.resolve())] if self.config_file else []

    def _json(self, *args: str) -> dict[str, Any]:
        """The JSON object that a command prints. A half-written state is read again until it is complete."""
        for _ in range(HALF_WRITTEN_TRIES - 1):
            try:
                return json_object(args, self._run(*args))
            except PulumiError as error:
                if HALF_WRITTEN not in str(error):
                    raise
                time.sleep(1)
        return json_object(args, self._run(*args))

    def _run(self, *args: str) -> str:
        return succeeded(args, run_pulumi(args, cwd=self.project)).stdout


def _with(environment: Mapping[str, str]) -> dict[str, str]:
    given = {**os.environ, **environment}
    return {name: value for name, value in given.items() if value}


def state_text(state: Mapping[str, Any]) -> str:
    """A state as JSON text with the indentation of `pulumi stack export`."""
    return json.dumps(state, indent=4) + "\n"


@contextmanager
def heartbeat(what: str, seconds: float = HEARTBEAT_SECONDS, to: TextIO | None = None) -> Generator[None]:
    """Print every few seconds that something is still in progress.

    Args:
        what: What is in progress, such as `refreshing`.
        seconds: Time between two lines; 10 by default.
        to: Stream for the lines; None is the standard output.
    """
    over, began = threading.Event(), time.monotonic()

    def beat() -> None:
        while not over.wait(seconds):
            print(f"    still {what}, {time.monotonic() - began:.0f} s", file=to, flush=True)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def _interrupts_left_to_pulumi() -> Generator[None]:
    """Ignore Ctrl-C here, because it also reaches `pulumi`, which then ends its update cleanly. If this process ended,
    it would kill `pulumi` a quarter of a second later."""

    def nothing(_signal: int, _frame: object) -> None: ...

    before = signal.signal(signal.SIGINT, nothing)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)

"""The `pulumi` command, as far as the tools need it."""

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, cast

from release.step_output import print_line
from settings.checking import printable

HEARTBEAT_SECONDS = 10
HALF_WRITTEN = "failed to load checkpoint: EOF"
"""What is said of a state in a `file://` store that is read while the file of its attributes is written. Stores such as
S3 show either the old file or the new one, and so does `file://...?metadata=skip`, which keeps no attributes."""
HALF_WRITTEN_TRIES = 5
LONGEST_SHOWN = 60
"""Letters that are shown of output that is no JSON; a state may begin with anything."""


class PulumiError(Exception):
    """`pulumi` is not there or refused; the message is the one line to show."""


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
        """Where the state is kept."""
        url = _object("whoami", self._run("whoami", "--json")).get("url")
        if not isinstance(url, str):
            raise PulumiError("pulumi whoami: what it wrote has no url of a backend")
        return url

    def export(self) -> dict[str, Any]:
        """The state, with its secrets encrypted."""
        return _object("stack export", self._read("stack", "export", "--stack", self.stack))

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, as the last update left them; a secret one reads `[secret]`."""
        return _object("stack output", self._read("stack", "output", "--json", "--stack", self.stack))

    def aws_profile(self) -> str | None:
        """The profile of the AWS credentials that the stack's config names."""
        config = _object("config", self._run("config", "--json", "--stack", self.stack, *self._settings))
        profile = config.get("aws:profile")
        return cast(dict[str, Any], profile).get("value") if isinstance(profile, dict) else None

    def up(
        self, environment: Mapping[str, str], *, on_output: Callable[[str], None] | None = None, preview: bool = True
    ) -> int:
        """Update the stack, and show what it says as it comes; returns the exit code.

        Args:
            environment: Variables that the program gets beside those of this process; an empty one is taken away.
            on_output: Called with each line as well.
            preview: Show first what it would do.
        """
        options = ["--yes", *([] if preview else ["--skip-preview"])]
        with (
            _interrupts_left_to_pulumi(),
            subprocess.Popen(
                [_program(), "up", *options, "--stack", self.stack, *self._settings, "--non-interactive"],
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
        """What an update would do, after a look at what really exists: the exit code, and all that was said.

        Args:
            environment: As for `up`.
        """
        finished = subprocess.run(
            [_program(), "preview", "--json", "--refresh", "--stack", self.stack, *self._settings, "--non-interactive"],
            cwd=self.project,
            stdin=subprocess.DEVNULL,
            env=_with(environment),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        return finished.returncode, f"{finished.stdout}\n{finished.stderr}"

    def planned(self, environment: Mapping[str, str]) -> list[dict[str, Any]]:
        """The steps of the next update, with what the engine would record of each resource.

        Args:
            environment: As for `up`.

        Raises:
            PulumiError: The program or the engine fails already in a preview.
        """
        # With that variable it writes events instead of the one document.
        one_document = {"PULUMI_ENABLE_STREAMING_JSON_PREVIEW": ""}
        finished = subprocess.run(
            [_program(), "preview", "--json", "--stack", self.stack, *self._settings, "--non-interactive"],
            cwd=self.project,
            stdin=subprocess.DEVNULL,
            env=_with({**environment, **one_document}),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        try:
            document = cast(dict[str, Any], json.loads(finished.stdout))
        except ValueError:
            raise PulumiError(f"pulumi preview: {_reason(finished.stdout + finished.stderr)}") from None
        if finished.returncode:
            said = [str(one.get("message", "")) for one in document.get("diagnostics") or ()]
            raise PulumiError(f"pulumi preview: {_reason(chr(10).join(said) + finished.stderr)}")
        return cast(list[dict[str, Any]], document.get("steps") or [])

    def check_secrets(self) -> None:
        """See whether the state's secrets can be read: every command that writes the state needs that.

        Raises:
            PulumiError: Wrong passphrase, or no access to the key.
        """
        self._run("stack", "export", "--show-secrets", "--stack", self.stack)

    def cancel(self) -> None:
        """Remove the stack's lock."""
        self._run("cancel", "--yes", "--stack", self.stack)

    def import_state(self, file: Path) -> None:
        """Make the file's content the state."""
        self._run("stack", "import", "--file", str(file.resolve()), "--stack", self.stack)

    def refresh(self) -> None:
        """Read every resource of the stack from AWS."""
        with heartbeat("refreshing"):
            self._run("refresh", "--yes", "--skip-preview", "--stack", self.stack, *self._settings)

    @property
    def _settings(self) -> list[str]:
        return ["--config-file", str(self.config_file.resolve())] if self.config_file else []

    def _read(self, *args: str) -> str:
        """What a command says that reads the state. Where it found a half-written one, the next look finds it whole."""
        for _ in range(HALF_WRITTEN_TRIES - 1):
            try:
                return self._run(*args)
            except PulumiError as error:
                if HALF_WRITTEN not in str(error):
                    raise
                time.sleep(1)
        return self._run(*args)

    def _run(self, *args: str) -> str:
        finished = subprocess.run(
            [_program(), *args, "--non-interactive"],
            cwd=self.project,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if finished.returncode:
            shown = " ".join(args[:2] if args[0] == "stack" else args[:1])
            raise PulumiError(f"pulumi {shown}: {_reason(finished.stdout + finished.stderr)}")
        return finished.stdout


def _object(command: str, written: str) -> dict[str, Any]:
    """The JSON object that a command wrote.

    Args:
        command: Words of the command, for the message.
        written: Its standard output.

    Raises:
        PulumiError: It is something else, such as nothing at all, a part of an object, or a page of a proxy.
    """
    try:
        document: Any = json.loads(written)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict):
        return cast(dict[str, Any], document)
    first = next((" ".join(line.split()) for line in written.splitlines() if line.strip()), "")
    begins = f"it begins: {printable(first[:LONGEST_SHOWN])}" if first else "it is empty"
    raise PulumiError(f"pulumi {command}: what it wrote is no JSON object; {begins}")


def _program() -> str:
    program = shutil.which("pulumi")
    if program is None:
        raise PulumiError("there is no `pulumi` on the PATH; www.pulumi.com/docs/install says how to get it")
    return program


def _with(environment: Mapping[str, str]) -> dict[str, str]:
    given = {**os.environ, **environment}
    return {name: value for name, value in given.items() if value}


def state_text(state: Mapping[str, Any]) -> str:
    """A state as JSON text with the indentation of `pulumi stack export`."""
    return json.dumps(state, indent=4) + "\n"


@contextmanager
def heartbeat(what: str, seconds: float = HEARTBEAT_SECONDS, to: TextIO | None = None) -> Generator[None]:
    """Say every few seconds that something still goes on.

    Args:
        what: What goes on: `refreshing`.
        seconds: Time between two lines.
        to: Where they go; None is the standard output.
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


def _reason(output: str) -> str:
    """The lines of an output that say why, as one."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line.partition("error:")[2].strip() for line in lines if "error:" in line]
    chosen = list(dict.fromkeys(error for error in errors if error)) or lines[-1:]
    return "; ".join(chosen) or "failed without a word"


@contextmanager
def _interrupts_left_to_pulumi() -> Generator[None]:
    """Ctrl-C reaches every process of the terminal: `pulumi` ends its update in an orderly way by itself. If this one
    ended too, it would kill `pulumi` a quarter of a second later, in the middle of what it does."""

    def nothing(_signal: int, _frame: object) -> None: ...

    before = signal.signal(signal.SIGINT, nothing)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)

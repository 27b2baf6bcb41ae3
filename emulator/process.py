"""Start the emulator as a process of its own, wait for it, and end it; for tests and for `story local`."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatorProcess:
    """An emulator that was started here.

    Attributes:
        pid: Process id; `stop` takes it, also from another process and after a restart of this one.
        url: What AWS_ENDPOINT_URL has to be.
        log_file: Where its lines go.
    """

    pid: int
    url: str
    log_file: Path


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(port: int, log_file: Path, *, control_file: Path | None = None) -> EmulatorProcess:
    """Start the emulator on `port` of this machine, and return at once; see `wait_until_ready`.

    It has a session of its own, so that Ctrl-C in the terminal of its starter doesn't end it.
    """
    command = [sys.executable, "-m", "emulator", "--port", str(port)]
    if control_file is not None:
        command += ["--control", str(control_file)]
    with log_file.open("ab") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    _children[process.pid] = process
    return EmulatorProcess(pid=process.pid, url=f"http://127.0.0.1:{port}", log_file=log_file)


def wait_until_ready(url: str, timeout_seconds: float = 30) -> None:
    """Wait until the emulator answers.

    Raises:
        TimeoutError: It doesn't within `timeout_seconds`.
    """
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        with (
            contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError),
            urllib.request.urlopen(f"{url}/emulator/health", timeout=2) as response,
        ):
            if response.status == 200:
                return
        time.sleep(0.05)
    raise TimeoutError(f"no emulator answers at {url} after {timeout_seconds:g} seconds")


def stop(pid: int, timeout_seconds: float = 5) -> None:
    """End the process `pid`, and only that; it is no error if it has ended already."""
    _signal(pid, signal.SIGTERM)
    deadline = time.monotonic() + timeout_seconds
    while _runs(pid):
        if time.monotonic() > deadline:
            _signal(pid, signal.SIGKILL)
            deadline = float("inf")
        time.sleep(0.02)


def end_session(leader: int) -> None:
    """End at once whatever is left of the session that the process `leader` began, itself included.

    An engine puts each plugin into a process group of its own, and a plugin may leave a child behind when it ends; all
    of them stay in the session.
    """
    listed = subprocess.run(["ps", "-eo", "pid=,sess="], capture_output=True, text=True, check=True).stdout
    # The leader first: it would write down what becomes of the others.
    for pid in sorted(
        (int(pid) for pid, session in map(str.split, listed.splitlines()) if session == str(leader)),
        key=lambda pid: pid != leader,
    ):
        _signal(pid, signal.SIGKILL)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _runs(pid: int) -> bool:
    # A child that has ended stays in the process table until its parent asks for its status.
    child = _children.get(pid)
    if child is not None:
        if child.poll() is None:
            return True
        del _children[pid]
        return False
    # So does one whose parent never asks, such as the first process of many containers; `ps` calls it Z.
    shown = subprocess.run(["ps", "-p", str(pid), "-o", "stat="], capture_output=True, text=True, check=False)
    return shown.stdout.strip() not in ("", "Z", "Z+", "Zs")

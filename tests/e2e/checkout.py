"""A copy of this repository, in which scenarios can edit what a person would."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from emulator.process import end_session
from story.local.engine import REGION, pulumi_environment
from tests.e2e.support import PROJECT

LONGEST_SECONDS = 600


def copy_of_the_repository(folder: Path) -> Path:
    """Every file that is, or will be, in the repository, as it is now, with this environment's Python."""
    ours = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(ours, cwd=PROJECT, capture_output=True, text=True, check=True)
    for name in filter(lambda name: (PROJECT / name).is_file(), listed.stdout.splitlines()):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(PROJECT / name, folder / name)
    (folder / ".venv").symlink_to(PROJECT / ".venv")
    return folder


def emulated(emulator_url: str, folder: Path) -> dict[str, str]:
    """Variables that point a person's commands at the emulator and at a state below a folder."""
    return {
        **{name: os.environ[name] for name in ("HOME", "PATH", "PULUMI_HOME") if name in os.environ},
        **pulumi_environment(emulator_url, folder, folder),
        "AWS_DEFAULT_REGION": REGION,
    }


def run_in_bash(script: str, folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run a script in a shell, and end whatever it leaves running; returns its exit code and all that it said."""
    with subprocess.Popen(
        ["bash", "-c", script],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as shell:
        try:
            said, _ = shell.communicate(timeout=LONGEST_SECONDS)
        finally:
            end_session(shell.pid)
    return shell.returncode, said

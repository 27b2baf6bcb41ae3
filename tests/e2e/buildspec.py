"""Runs a buildspec's commands as CodeBuild does: one after the other, in one shell, until one of them fails."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.checkout import run_in_bash

END = "=== exported ==="


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A run that came to its end.

    Attributes:
        returncode: 0 if every command succeeded.
        log: All that was said.
        exported: The variables that later actions of the pipeline can use.
    """

    returncode: int
    log: str
    exported: Mapping[str, str]


def run(buildspec: Path, environment: Mapping[str, str], folder: Path) -> Build:
    """Run every command of every phase.

    Args:
        buildspec: The file.
        environment: All variables: the project's, those of the pipeline, and the machine's own.
        folder: The source.
    """
    spec: dict[str, Any] = yaml.safe_load(buildspec.read_text("utf-8"))
    assert spec["env"]["shell"] == "bash"
    commands = [command for phase in spec["phases"].values() for command in phase["commands"]]
    names = spec["env"].get("exported-variables", [])
    told = f"echo '{END}'; python3 -c 'import json, os; print(json.dumps(dict(os.environ)))'"
    script = "\n".join([*(f"{command}\n[ $? -eq 0 ] || exit 1" for command in commands), told])
    returncode, said = run_in_bash(script, folder, environment)
    log, _, after = said.partition(f"{END}\n")
    known = json.loads(after) if after else {}
    return Build(returncode=returncode, log=log, exported={name: known[name] for name in names if after})

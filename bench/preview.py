"""How long a plan and a preview take, and how much memory, as workers are added.

Run by `make bench`; writes bench/preview.md. Needs the Pulumi CLI on PATH; AWS is the project's emulator.
"""

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import yaml
from rich.console import Console

from emulator import process as emulator_process
from story.local.engine import EXAMPLE_IMAGE, Engine

PROJECT = Path(__file__).resolve().parent.parent
REPORT = PROJECT / "bench" / "preview.md"
WORKERS = (1, 5, 20, 50)
SAMPLE_SECONDS = 0.05
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One command: how long it took, and the most memory that it and its children had at one time."""

    seconds: float
    peak_mib: float


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--workers", type=int, nargs="+", default=list(WORKERS), help="numbers of worker services")
    chosen: Sequence[int] = arguments.parse_args().workers
    console = Console(stderr=True)
    rows: list[tuple[int, int, Measured, Measured]] = []
    with tempfile.TemporaryDirectory() as folder:
        emulator = emulator_process.start(emulator_process.free_port(), Path(folder) / "emulator.log")
        try:
            emulator_process.wait_until_ready(emulator.url)
            for count in chosen:
                console.print(f"{count} workers: plan and preview ...")
                rows.append(_row(count, Path(folder), emulator.url))
        finally:
            emulator_process.stop(emulator.pid)
    REPORT.write_text(_report(rows), "utf-8")
    console.print(REPORT.read_text("utf-8"))


def _row(count: int, folder: Path, emulator_url: str) -> tuple[int, int, Measured, Measured]:
    config = _config(count)
    file = folder / f"Pulumi.plan{count}.yaml"
    file.write_text(yaml.safe_dump({"config": config}), "utf-8")
    story = [sys.executable, "-m", "story.cli", "plan", "--file", str(file), "--format", "json"]
    plan = _measure(story, PROJECT, dict(os.environ))
    engine = Engine(project=PROJECT, folder=folder / str(count), stack=f"bench{count}", emulator_url=emulator_url)
    engine.prepare(config)
    preview = _measure(engine.command("preview", "--non-interactive"), PROJECT, engine.environment(EXAMPLE_IMAGE))
    return count, _resources(story), plan, preview


def _config(count: int) -> dict[str, Any]:
    dev = yaml.safe_load((PROJECT / "Pulumi.dev.yaml").read_text("utf-8"))["config"]
    return {**dev, "story:workers": {f"w{number}": {} for number in range(count)}}


def _measure(command: Sequence[str], folder: Path, environment: dict[str, str]) -> Measured:
    began = time.monotonic()
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT)
        root, peak = psutil.Process(child.pid), 0
        while child.poll() is None:
            peak = max(peak, _memory(root))
            time.sleep(SAMPLE_SECONDS)
        seconds = time.monotonic() - began
        if child.returncode:
            output.seek(0)
            sys.exit(f"{' '.join(command)} failed:\n{output.read().decode(errors='replace')[-3000:]}")
    return Measured(seconds=seconds, peak_mib=peak / MIB)


def _memory(root: psutil.Process) -> int:
    total = 0
    for process in [root, *_children(root)]:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def _children(root: psutil.Process) -> list[psutil.Process]:
    try:
        return root.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _resources(story: Sequence[str]) -> int:
    done = subprocess.run(story, cwd=PROJECT, capture_output=True, check=True)
    stacks: dict[str, Any] = json.loads(done.stdout)["stacks"]
    return sum(len(stack["resources"]) for stack in stacks.values())


def _report(rows: Sequence[tuple[int, int, Measured, Measured]]) -> str:
    lines = [
        "# Plan and preview",
        "",
        f"`make bench`, {datetime.date.today()}, {os.cpu_count()} cores, Python {platform.python_version()}.",
        "dev's settings with more and more workers; the preview is a first one, of every resource, on the emulator.",
        "Memory is the peak of all processes together.",
        "",
        "| workers | resources | `story plan` | memory | `pulumi preview` | memory |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for count, resources, plan, preview in rows:
        lines.append(
            f"| {count} | {resources} | {plan.seconds:.1f} s | {plan.peak_mib:.0f} MiB "
            f"| {preview.seconds:.1f} s | {preview.peak_mib:.0f} MiB |"
        )
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()

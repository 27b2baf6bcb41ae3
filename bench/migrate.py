"""How soon `run_task` sees the end of a task, how often it asks AWS, and what memory its log takes.

Run by `make bench-migrate`; writes bench/migrate.md. AWS is the project's emulator. On the same tasks waits
`aws ecs wait tasks-stopped`, of the newest `awscli` in Python's package index. All takes seven minutes, because the
longest tasks run for five; `--seconds 2 30` leaves them out, and writes nothing.
"""

import argparse
import datetime
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import venv
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import boto3
import psutil
from botocore.httpsession import URLLib3Session
from rich.console import Console

from emulator import process as emulator_process
from release.contract import OneOffTask, StackLocation
from release.migrate import run_task
from story.local.engine import REGION, aws_environment

PROJECT = Path(__file__).resolve().parent.parent
REPORT = PROJECT / "bench" / "migrate.md"
SECONDS = (2, 30, 300)
LINES = (1, 1_000, 10_000, 100_000)
LONGER_BY_SECONDS = (0, 2, 4)
"""Each length is run three times: how late a waiter is depends on where in its pause of six seconds a task ends."""
SAMPLE_SECONDS = 0.01
MIB = 1024 * 1024
LOCATION = StackLocation(project="story", stack="bench", region=REGION, profile=None, cluster="story-bench")
LOG_GROUP = "/story/bench/migration"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitResult:
    """How one of the two saw the end of a task.

    Attributes:
        late_seconds: From the task's `stoppedAt` to the end of the wait.
        calls: Requests to AWS.
    """

    late_seconds: float
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The tasks of about one length, as each of the two saw them.

    Attributes:
        seconds: How long the shortest one ran.
        run_task: As `run_task` saw them.
        waiter: As `aws ecs wait tasks-stopped` saw them.
    """

    seconds: int
    run_task: Sequence[WaitResult]
    waiter: Sequence[WaitResult]


@dataclass(slots=True)
class Calls:
    """Requests that each thread sent, the repeated ones among them."""

    of_thread: Counter[int] = field(default_factory=Counter[int])

    def count_from_now_on(self) -> None:
        """Count at the place where botocore hands a request to the network."""
        send: Any = URLLib3Session.send

        def counted(session: Any, request: Any) -> Any:
            self.of_thread[threading.get_ident()] += 1
            return send(session, request)

        setattr(URLLib3Session, "send", counted)  # noqa: B010


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=int, nargs="+", default=list(SECONDS), help="how long tasks run")
    arguments.add_argument("--memory-of", type=int, metavar="LINES", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.memory_of is not None:
        _write_many_lines(given.memory_of)
        return
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        console.print("installing awscli ...")
        aws, version = _awscli(folder / "awscli")
        emulator = emulator_process.start(emulator_process.free_port(), folder / "emulator.log")
        try:
            emulator_process.wait_until_ready(emulator.url)
            os.environ.update(aws_environment(emulator.url))
            rows = _rows(given.seconds, aws, folder, console)
            console.print("memory ...")
            memory = {count: _memory(count) for count in LINES}
        finally:
            emulator_process.stop(emulator.pid)
    report = _report(rows, memory, version)
    console.print(report)
    if given.seconds == list(SECONDS):
        REPORT.write_text(report, "utf-8")


def _rows(lengths: Sequence[int], aws: Path, folder: Path, console: Console) -> list[Row]:
    calls = Calls()
    calls.count_from_now_on()
    subnet_id = _account()
    rows: list[Row] = []
    for seconds in lengths:
        console.print(f"tasks of {_lengths(seconds)} ...")
        with ThreadPoolExecutor(len(LONGER_BY_SECONDS)) as pool:
            tasks = {longer_by: _task(f"runs-{seconds}-{longer_by}", subnet_id) for longer_by in LONGER_BY_SECONDS}
            for longer_by, task in tasks.items():
                _behaves(family=task.family, exits=0, after_seconds=seconds + longer_by, lines=["Running migrations."])
            begun = [pool.submit(_both, task, longer_by, aws, folder, calls) for longer_by, task in tasks.items()]
            pairs = [one.result() for one in begun]
        rows.append(Row(seconds=seconds, run_task=[pair[0] for pair in pairs], waiter=[pair[1] for pair in pairs]))
    return rows


def _both(task: OneOffTask, after_seconds: int, aws: Path, folder: Path, calls: Calls) -> tuple[WaitResult, WaitResult]:
    """Runs a task, and has the other waiter wait for it from the moment on when its id is known."""
    time.sleep(after_seconds)
    log = folder / f"{task.family}.log"
    waiters: list[subprocess.Popen[bytes]] = []
    ended_at: list[datetime.datetime] = []

    def begin_the_other(line: str) -> None:
        if (found := re.search(r"runs \S+ as (\S+)", line)) and not waiters:
            command = [aws, "ecs", "wait", "tasks-stopped", "--debug", "--region", REGION]
            command += ["--cluster", LOCATION.cluster, "--tasks", found[1]]
            with log.open("wb") as file:
                waiters.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=file))
            threading.Thread(target=lambda: (waiters[0].wait(), ended_at.append(_now())), daemon=True).start()

    before = calls.of_thread[threading.get_ident()]
    run_task(task, output=begin_the_other)
    returned = _now()
    asked = calls.of_thread[threading.get_ident()] - before
    stopped_at = _stopped_at(task)
    while not ended_at:
        time.sleep(0.05)
    if waiters[0].returncode:
        sys.exit(f"aws ecs wait ended with {waiters[0].returncode}:\n{log.read_text('utf-8')[-2000:]}")
    asked_by_waiter = len(re.findall(r"Making request for OperationModel", log.read_text("utf-8")))
    return (
        WaitResult(late_seconds=(returned - stopped_at).total_seconds(), calls=asked),
        WaitResult(late_seconds=(ended_at[0] - stopped_at).total_seconds(), calls=asked_by_waiter),
    )


def _stopped_at(task: OneOffTask) -> datetime.datetime:
    ecs = _client("ecs")
    listed = ecs.list_tasks(cluster=LOCATION.cluster, family=task.family, desiredStatus="STOPPED")["taskArns"]
    [found] = ecs.describe_tasks(cluster=LOCATION.cluster, tasks=listed)["tasks"]
    return found["stoppedAt"]


def _memory(lines: int) -> float:
    """MiB by which a process grows at most with a task that writes so many lines; a new one for each number of lines,
    so that no earlier task has made it large."""
    command = [sys.executable, __file__, "--memory-of", str(lines)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        before = peak = int(child.stdout.readline() or 0)
        while child.poll() is None:
            peak = max(peak, _rss(child.pid))
            time.sleep(SAMPLE_SECONDS)
    if child.returncode:
        sys.exit(f"{lines} log lines: the process failed")
    return (peak - before) / MIB


def _rss(pid: int) -> int:
    try:
        return psutil.Process(pid).memory_info().rss
    except psutil.NoSuchProcess:
        return 0


def _write_many_lines(lines: int) -> None:
    """Runs a task that writes nothing, so that everything is loaded, says how large this process is, and runs a task
    that writes many lines."""
    subnet_id = _account()
    for count in (0, lines):
        task = _task(f"writes-{count}-of-{lines}", subnet_id)
        _behaves(family=task.family, exits=0, after_seconds=1, line_count=count)
        last: deque[str] = deque(maxlen=1)
        if count == lines:
            print(psutil.Process().memory_info().rss, flush=True)
        run_task(task, output=last.append)
        if f"({count} log lines)" not in last[0]:
            sys.exit(f"not all lines were read: {last[0]}")


def _account() -> str:
    """Makes a cluster and what a task needs, unless they are there; returns a subnet."""
    ec2, ecs, logs = _client("ec2"), _client("ecs"), _client("logs")
    ecs.create_cluster(clusterName=LOCATION.cluster, capacityProviders=["FARGATE"])
    if not logs.describe_log_groups(logGroupNamePrefix=LOG_GROUP)["logGroups"]:
        logs.create_log_group(logGroupName=LOG_GROUP)
    vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]


def _task(name: str, subnet_id: str) -> OneOffTask:
    options = {"awslogs-group": LOG_GROUP, "awslogs-region": REGION, "awslogs-stream-prefix": "migration"}
    container = {
        "name": "app",
        "image": "app",
        "essential": True,
        "logConfiguration": {"logDriver": "awslogs", "options": options},
    }
    answer = _client("ecs").register_task_definition(
        family=f"story-bench-{name}",
        cpu="256",
        memory="512",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        containerDefinitions=[container],
    )
    return OneOffTask(
        step="migration",
        location=LOCATION,
        started_by=f"story-bench/{name}",
        task_definition=answer["taskDefinition"]["taskDefinitionArn"],
        container="app",
        subnet_ids=[subnet_id],
        security_group_id="sg-12345678",
        log_group=LOG_GROUP,
        log_stream_prefix="migration",
        timeout_seconds=3600,
    )


def _behaves(**behaviour: Any) -> None:
    """What containers do; see emulator/README.md."""
    url = f"{os.environ['AWS_ENDPOINT_URL']}/emulator/behaviours"
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(behaviour).encode(), method="POST"), timeout=30):
        pass


def _awscli(folder: Path) -> tuple[Path, str]:
    """A virtual environment with awscli; returns the command and its version."""
    venv.create(folder, with_pip=True)
    pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "awscli"]
    subprocess.run(pip, check=True)
    aws = folder / "bin" / "aws"
    told = subprocess.run([aws, "--version"], capture_output=True, text=True, check=True).stdout
    return aws, told.split()[0].replace("/", " ")


def _client(service: str) -> Any:
    untyped: Any = boto3
    return untyped.client(service, region_name=REGION)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _report(rows: Sequence[Row], memory: Mapping[int, float], version: str) -> str:
    lines = [
        "# The end of a migration",
        "",
        f"`make bench-migrate`, {datetime.date.today()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"{version}.",
        "Three tasks a row on the emulator, which end at different points of a pause. For each waited `run_task` and,",
        "as soon as its id was known, `aws ecs wait tasks-stopped`. Late is the time from the task's `stoppedAt` to",
        "the end of the wait: the median, and the worst. Calls are requests to AWS, the median.",
        "",
        "| tasks of | `run_task`: late | worst | calls | `aws ecs wait`: late | worst | calls |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        lines.append(f"| {_lengths(row.seconds)} | {_told(row.run_task)} | {_told(row.waiter)} |")
    lines += [
        "",
        "- Of its lateness `run_task` spends half a second on the last log lines, after it has seen the end.",
        "- It asks every second, for the task and for its log; the other asks every six seconds, for the task alone.",
        "- `aws ecs wait` gives up after 100 looks, so after 10 minutes; it knows neither exit code nor log.",
        "",
        "## Memory",
        "",
        "How much the memory (RSS) of a process grows at most with a task that writes so many lines, if it has run one",
        "without a line before. The first MiB are the client of AWS, which each task gets anew; then come the answers",
        "of CloudWatch Logs, of at most 10,000 lines or 1 MB each.",
        "",
        "| log lines | growth |",
        "| ---: | ---: |",
        *(f"| {count:,} | {grown:.1f} MiB |" for count, grown in memory.items()),
    ]
    return "\n".join([*lines, ""])


def _lengths(seconds: int) -> str:
    return f"{', '.join(str(seconds + longer_by) for longer_by in LONGER_BY_SECONDS)} s"


def _told(seen: Sequence[WaitResult]) -> str:
    late = [one.late_seconds for one in seen]
    return f"{median(late):.1f} s | {max(late):.1f} s | {median(one.calls for one in seen):.0f}"


if __name__ == "__main__":
    main()

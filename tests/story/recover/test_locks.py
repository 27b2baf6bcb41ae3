"""Locks that stand in a bucket, and which process still holds one; those in files are in test_recover."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aws.client import AwsClient
from story.recover.locks import Lock, locks_of
from tests.story.recover.given_things import make_bucket


@pytest.mark.parametrize(
    ("address", "bucket", "prefix"),
    [("s3://states", "states", ""), ("s3://states-of-all/team?region=ap-northeast-1", "states-of-all", "team/")],
)
def test_locks_in_a_bucket_are_read(
    aws: AwsClient, monkeypatch: pytest.MonkeyPatch, address: str, bucket: str, prefix: str
) -> None:
    for name, value in (("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x"), ("AWS_REGION", "ap-northeast-1")):
        monkeypatch.setenv(name, value)
    make_bucket(aws, bucket)
    said = b'{"pid": 7, "username": "ci", "hostname": "build-7", "timestamp": "2026-01-02T03:04:05Z"}'
    place = f"{prefix}.pulumi/locks/organization/story"
    for stack in ("dev", "developers"):
        aws.service("s3").put_object(Bucket=bucket, Key=f"{place}/{stack}/1f0c.json", Body=said)
        aws.service("s3").put_object(Bucket=bucket, Key=f"{place}/{stack}/1f0c.json.attrs", Body=b"{}")
    locks = locks_of(address, "story", "dev")
    assert [str(lock) for lock in locks or ()] == ["ci on build-7, process 7, since 2026-01-02 03:04:05 UTC"]


def test_a_store_without_lock_files_says_nothing_of_locks() -> None:
    assert locks_of("https://api.pulumi.com/team", "story", "dev") is None


PULUMI = "import sys; sys.stdin.read()  # pulumi"
Start = Callable[[str], "subprocess.Popen[bytes]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a process of Python that runs until it is told to end."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(code: str) -> "subprocess.Popen[bytes]":
        started.append(subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def lock(pid: int, host: str | None = None) -> Lock:
    return Lock(user="ci", host=host or socket.gethostname(), pid=pid, since=datetime(2026, 1, 2, tzinfo=UTC))


def becomes_a_zombie(pid: int) -> None:
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_process_of_pulumi_that_runs_holds_its_lock(start: Start) -> None:
    assert lock(start(PULUMI).pid).is_alive_here


def test_a_process_that_is_stopped_holds_its_lock_still(start: Start) -> None:
    process = start(PULUMI)
    os.kill(process.pid, signal.SIGSTOP)
    assert lock(process.pid).is_alive_here


def test_a_process_that_ended_and_whose_parent_did_not_ask_for_it_holds_none(tmp_path: Path) -> None:
    """In many containers the first process asks for none of those that lost their parent."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("only /proc says so without asking for the process")
    # Of a process that ended, the program's name alone is left.
    program = tmp_path / "pulumi"
    program.symlink_to(sys.executable)
    process = subprocess.Popen([str(program), "-c", ""])
    becomes_a_zombie(process.pid)
    os.kill(process.pid, 0)  # it is still in the table
    assert not lock(process.pid).is_alive_here
    process.wait()


def test_another_program_with_the_process_id_holds_none(start: Start) -> None:
    assert not lock(start("import sys; sys.stdin.read()").pid).is_alive_here


def test_a_process_id_that_is_not_in_use_holds_none(start: Start) -> None:
    process = start(PULUMI)
    process.kill()
    process.wait()
    assert not lock(process.pid).is_alive_here


def test_a_process_of_another_machine_is_not_looked_for(start: Start) -> None:
    assert not lock(start(PULUMI).pid, host="build-7").is_alive_here


def test_a_process_of_another_user_is_judged_by_its_program(start: Start) -> None:
    def may_not(_pid: int, _signal: int) -> None:
        raise PermissionError

    pulumi, other = start(PULUMI).pid, start("import sys; sys.stdin.read()").pid
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "kill", may_not)
        assert (lock(pulumi).is_alive_here, lock(other).is_alive_here) == (True, False)


@pytest.mark.parametrize("newest_first", [True, False])
def test_locks_are_listed_from_the_oldest_on(tmp_path: Path, newest_first: bool) -> None:
    folder = tmp_path / ".pulumi/locks/organization/story/dev"
    folder.mkdir(parents=True)
    for name, day in zip(("a", "b"), (3, 2) if newest_first else (2, 3), strict=True):
        said = f'{{"pid": {day}, "username": "ci", "hostname": "h", "timestamp": "2026-01-0{day}T03:04:05+09:00"}}'
        (folder / f"{name}.json").write_text(said)
    found = locks_of(tmp_path.as_uri(), "story", "dev")
    assert [(one.pid, one.since.isoformat()) for one in found or ()] == [
        (2, "2026-01-01T18:04:05+00:00"),
        (3, "2026-01-02T18:04:05+00:00"),
    ]

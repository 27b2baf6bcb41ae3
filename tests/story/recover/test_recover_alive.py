"""`story recover` refuses a stack whose update still runs on this machine."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from story.recover import recover
from story.recover.recover import Request
from tests.story.recover.given_states import FakePulumi, dead_process


@pytest.fixture
def alive() -> Iterator[int]:
    """Id of a process of `pulumi` that runs."""
    with subprocess.Popen([sys.executable, "-c", "input()  # pulumi"], stdin=subprocess.PIPE) as process:
        yield process.pid
        process.kill()


def run(pulumi: FakePulumi, **options: Any) -> int:
    return recover.run(Request(**{"stack": "dev", "project": pulumi.home, "yes": True, **options}))


def refused(pulumi: FakePulumi, capsys: pytest.CaptureFixture[str], alive: int, **options: Any) -> bool:
    before = pulumi.state
    code, said = run(pulumi, **options), capsys.readouterr()
    assert "checking what exists in AWS" not in said.out, "AWS was called for nothing"
    assert (pulumi.writes, pulumi.state) == ([], before)
    return code == 1 and f"process {alive} is running on this machine, so its update is still in progress" in said.err


@pytest.mark.parametrize("yes", [True, False])
def test_a_lock_of_a_running_process_stops_the_repair_before_aws_is_called(
    pulumi: FakePulumi, alive: int, capsys: pytest.CaptureFixture[str], yes: bool
) -> None:
    lock = pulumi.lock(pid=alive)
    assert refused(pulumi, capsys, alive, yes=yes)
    assert lock.exists()


@pytest.mark.parametrize("place", ["0000.json", "ffff.json"])
def test_one_that_runs_among_several_is_enough(
    pulumi: FakePulumi, alive: int, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    of_alive = pulumi.lock(pid=alive, since=f"2026-01-0{1 if place[0] == '0' else 9}T03:04:05+09:00")
    of_alive.rename(of_alive.parent / place)
    pulumi.lock(pid=dead_process())
    assert refused(pulumi, capsys, alive)


def test_force_repairs_although_a_process_runs(pulumi: FakePulumi, alive: int) -> None:
    lock = pulumi.lock(pid=alive)
    assert run(pulumi, force=True) == 0
    assert not lock.exists()
    assert pulumi.writes == ["cancel", "stack import", "refresh"]


def test_a_process_that_ended_does_not_stop_it(pulumi: FakePulumi) -> None:
    pulumi.lock(pid=dead_process())
    assert run(pulumi) == 0

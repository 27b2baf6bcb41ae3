"""Updates that are killed, and what `story recover` makes of them, on a stack with stores and domain off."""

import os
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from emulator.process import end_session
from story.local.engine import Finished
from tests.e2e.conftest import Begin
from tests.e2e.support import WITHOUT_STORES, Stack, image

CONFIG: dict[str, Any] = {
    **WITHOUT_STORES,
    # By them things are found that have no name.
    "aws:defaultTags": {"tags": {"Project": "story", "Environment": "killed"}},
    "story:network": {"nat": "single"},
}
FIRST, SECOND = image(1), image(2)
ONCE = {"vpc", "internet-gateway", "nat-gateway", "elastic-ip", "flow-log", "cluster", "load-balancer"}
"""What the stack has once, and AWS would make twice if an update were just run again."""
LONGEST_SECONDS = 180


@pytest.fixture(scope="module")
def stack(begin: Begin) -> Stack:
    stack = begin("killed")
    stack.engine.prepare(CONFIG)
    return stack


def test_after_a_kill_every_further_update_is_refused(stack: Stack) -> None:
    # Not with both buckets still unrecorded: the plugin may be one that writes their names down afterwards only.
    buckets = ("BucketVersioning uploads creating", "BucketOwnershipControls ingress-logs creating")
    begun = ("aws:ec2:Vpc network creating", *buckets)
    kill_an_update(stack, FIRST, begun=begun, made=exists(stack, "ec2", "vpc"))
    assert "locked by 1 lock" in stack.failing_up(image=FIRST)


def test_a_look_shows_who_holds_the_lock_and_what_was_made_and_changes_nothing(stack: Stack) -> None:
    before = stack.engine.state_file.read_bytes()
    shown = recover(stack)
    assert shown.returncode == 2, shown.output
    assert re.search(r"Lock: \S+ on \S+, process \d+, since ", shown.output)
    assert re.search(r"create  Vpc network: exists: vpc-\w+$", shown.output, re.MULTILINE)
    assert stack.engine.state_file.read_bytes() == before


def test_a_repair_takes_in_what_was_made(stack: Stack) -> None:
    assert re.search(r"- added Vpc network to the state: vpc-\w+$", repaired(stack), re.MULTILINE)


def test_a_second_repair_finds_nothing(stack: Stack) -> None:
    again = recover(stack, "--yes")
    assert again.returncode == 0, again.output
    assert "nothing to repair" in again.output


def test_a_kill_while_the_nat_gateway_is_made(stack: Stack) -> None:
    said = killed_and_repaired(stack, FIRST, begun=["NatGateway"], made=exists(stack, "ec2", "nat-gateway"))
    assert re.search(r"create  NatGateway \S+: exists: nat-\w+", said)


def test_a_kill_while_the_load_balancer_is_made(stack: Stack) -> None:
    balancer = exists(stack, "elbv2", "load-balancer")
    said = killed_and_repaired(stack, FIRST, begun=["LoadBalancer ingress creating"], made=balancer)
    assert re.search(r"create  LoadBalancer ingress: exists: arn:\S+", said)


def test_a_kill_during_the_migration(stack: Stack) -> None:
    # Long enough for a repair and for the beginning of the next update.
    stack.behaves("migration", container="app", exits=0, after_seconds=100, lines=["altering a large table"])
    said = killed_and_repaired(
        stack, FIRST, begun=["RandomUuid migration creating"], made=lambda: stack.migrations() == 1
    )
    assert "RandomUuid migration: the next update repeats it" in said
    assert "migration" not in stack.markers()


def test_after_all_these_kills_an_update_follows_the_migration_that_still_runs_and_goes_through(stack: Stack) -> None:
    finished = stack.up(FIRST)
    assert "which an earlier update started" in finished.output
    assert "| altering a large table" in finished.output
    assert stack.migrations() == 1, "a schema change must not be made twice at a time"
    stack.behaves_well()
    assert stack.engine.outputs()["image"] == FIRST
    assert stack.is_clean()
    assert made_twice(stack) == []


def test_a_kill_in_the_middle_of_a_release(stack: Stack) -> None:
    stack.configure("story:workers", {"mail": {"queues": ["mail"]}})
    said = killed_and_repaired(
        stack,
        SECOND,
        begun=["Service worker-mail creating"],
        made=lambda: "worker-mail" in names(stack, "ecs", "service"),
        image_is_known=True,
    )
    assert re.search(r"create  Service worker-mail: exists: story-killed/worker-mail", said)
    assert stack.engine.outputs()["image"] == FIRST, "the release did not end"


def test_the_release_goes_through_when_it_is_run_again(stack: Stack) -> None:
    stack.up(SECOND)
    assert stack.engine.outputs()["image"] == SECOND
    assert {stack.image_of(service) for service in names(stack, "ecs", "service")} == {SECOND}
    assert stack.is_clean()
    assert made_twice(stack) == []


def killed_and_repaired(
    stack: Stack, image: str, *, begun: Sequence[str], made: Callable[[], bool], image_is_known: bool = False
) -> str:
    """Kills an update at a moment, and repairs the stack; returns what the repair said."""
    kill_an_update(stack, image, begun=begun, made=made)
    return repaired(stack, image_is_known=image_is_known)


def repaired(stack: Stack, *, image_is_known: bool = False) -> str:
    """Repairs the stack; returns what was said."""
    finished = recover(stack, "--yes")
    assert finished.returncode == 0, finished.output
    assert ("so none is recorded" in finished.output) is not image_is_known, finished.output
    [backup] = re.findall(r"saved the state before the repair: (\S+)", finished.output)
    assert Path(backup).stat().st_mode & 0o777 == 0o600
    assert not stack.engine.state()["deployment"].get("pending_operations")
    return finished.output


def recover(stack: Stack, *args: str) -> Finished:
    """`story recover`."""
    return stack.story("recover", "--backups", str(stack.engine.folder / "backups"), *args)


def kill_an_update(stack: Stack, image: str, *, begun: Sequence[str], made: Callable[[], bool]) -> None:
    """Runs an update until it says that it begins something and AWS has made it, and ends it with all of its plugins,
    as a lost machine would. While AWS is asked the engine sleeps: it must not write down what its plugin did."""
    log = stack.engine.folder / "killed.log"
    began = time.monotonic()
    process = stack.engine.start("up", "--yes", "--skip-preview", image=image, log=log)

    def goes_on(seconds: float) -> None:
        time.sleep(seconds)
        said = log.read_text("utf-8", "replace")
        assert process.poll() is None, f"it ended before it could be killed:\n{said}"
        assert time.monotonic() - began < LONGEST_SECONDS, said

    try:
        while not all(text in log.read_text("utf-8", "replace") for text in begun):
            goes_on(0.02)
        os.kill(process.pid, signal.SIGSTOP)
        while not made():
            os.kill(process.pid, signal.SIGCONT)
            goes_on(0.005)
            os.kill(process.pid, signal.SIGSTOP)
    finally:
        end_session(process.pid)
        process.wait()
    stack.ran.append(f"up, killed {time.monotonic() - began:.0f}")


def exists(stack: Stack, service: str, kind: str) -> Callable[[], bool]:
    """Whether AWS has made one."""
    return lambda: bool(names(stack, service, kind))


def names(stack: Stack, service: str, kind: str) -> list[str]:
    return [item["name"] for item in stack.inventory().get(service, []) if item["type"] == kind]


def made_twice(stack: Stack) -> list[tuple[str, str]]:
    """Things that exist once too often: by their kind, or by their name without the automatic ending."""
    kinds: Counter[tuple[str, str]] = Counter()
    named: Counter[tuple[str, str]] = Counter()
    for items in stack.inventory().values():
        for item in items:
            kinds[item["type"], ""] += item["type"] in ONCE
            if item["type"] not in ("task", "task-definition", "network-interface"):
                named[item["type"], re.sub(r"-[0-9a-f]{7}(?=-|$)", "", item["name"])] += 1
    assert {kind for kind, _ in kinds if kinds[kind, ""]} == ONCE, "the list of what exists once is out of date"
    return sorted(key for counted in (kinds, named) for key, count in counted.items() if count > 1)

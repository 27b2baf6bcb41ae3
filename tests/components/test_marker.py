"""Markers and the image as state."""

import asyncio
import threading
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from components.base import Component
from components.image import remembered, running_image
from components.marker import marker
from story.plan.recorder import Record, record

IMAGE = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/site@sha256:" + "1" * 64
OTHER = IMAGE.replace("1", "2")


class Owner(Component):
    pass


def made(work: Any = print, preview: bool = False) -> Record:
    return record(lambda: _marker(work), preview=preview)


def _marker(work: Any, name: str = "migration") -> None:
    contract = pulumi.Output.from_input("known")
    marker(Owner(f"owner-of-{name}"), name, keepers={"image": IMAGE}, contract=contract, work=work, depends_on=[])


def run_hook(monkeypatch: pytest.MonkeyPatch, work: Any) -> None:
    """Call the hook as the engine would, while the program still runs."""
    callbacks: list[Any] = []
    original = pulumi.ResourceHook.__init__

    def remember(self: Any, name: str, callback: Any, *args: Any, **options: Any) -> None:
        callbacks.append(callback)
        original(self, name, callback, *args, **options)

    monkeypatch.setattr(pulumi.ResourceHook, "__init__", remember)

    async def program() -> None:
        _marker(work)
        await callbacks[0](None)

    record(program)


def test_a_marker_runs_its_work_before_it_is_created() -> None:
    found = made().one("RandomUuid")
    assert found.hooks == {"before_create": ("migration",)}, "an after-hook would hold back every other step"
    assert found.inputs["keepers"] == {"image": IMAGE}


@pytest.mark.parametrize("preview", [True, False])
def test_registering_a_marker_runs_nothing(preview: bool) -> None:
    ran: list[str] = []
    made(ran.append, preview=preview)
    assert ran == []


def test_the_work_gets_the_plain_values_of_its_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    run_hook(monkeypatch, ran.append)
    assert ran == ["known"]


def test_work_that_fails_fails_the_marker(monkeypatch: pytest.MonkeyPatch) -> None:
    def work(_: str) -> None:
        raise RuntimeError("the migration failed")

    with pytest.raises(RuntimeError, match="the migration failed"):
        run_hook(monkeypatch, work)


def test_work_runs_in_a_thread_so_that_other_steps_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []
    run_hook(monkeypatch, lambda _: threads.append(threading.current_thread()))
    assert threads[0] is not threading.main_thread()


def test_many_steps_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = 60
    all_of_them = threading.Barrier(steps)
    callbacks: list[Any] = []
    monkeypatch.setattr(pulumi, "ResourceHook", lambda _, callback: callbacks.append(callback))
    monkeypatch.setattr(pulumi, "ResourceHookBinding", lambda **_: None)

    async def program() -> None:
        for number in range(steps):
            _marker(lambda _: all_of_them.wait(timeout=20), name=f"rollout-{number}")
        await asyncio.gather(*(callback(None) for callback in callbacks))

    record(program)
    assert all_of_them.n_waiting == 0
    assert not all_of_them.broken


def image_output(given: str | None, last: str | None) -> Any:
    def build() -> None:
        pulumi.export("image", running_image(given))

    return record(build, last_outputs={"image": last} if last else {}).outputs["image"]


def test_an_image_that_is_given_wins() -> None:
    assert image_output(IMAGE, None) == image_output(IMAGE, OTHER) == IMAGE


def test_without_one_the_last_good_image_stays() -> None:
    assert image_output(None, OTHER) == OTHER


@pytest.mark.parametrize("preview", [True, False])
def test_a_first_update_without_an_image_says_what_to_give(preview: bool) -> None:
    def build() -> None:
        pulumi.export("image", running_image(None))

    with pytest.raises(pulumi.RunError, match=r"stack test has no image yet; .*STORY_IMAGE=<registry>/<repository>@"):
        record(build, last_outputs={"other": "1"}, preview=preview)


def test_the_image_is_remembered_once_every_step_is_there() -> None:
    def build() -> None:
        steps = [aws.sns.Topic(name).id for name in ("one", "two")]
        pulumi.export("image", remembered(pulumi.Output.from_input(IMAGE), steps))

    assert record(build).outputs["image"] == IMAGE
    assert record(build, preview=True).outputs["image"] == "<unknown>", "it would move although a step is to come"

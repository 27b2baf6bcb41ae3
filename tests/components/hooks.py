"""What the hooks of a program would do, without doing it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from components import marker
from plan.recorder import record


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a hook would call.

    Attributes:
        work: The function.
        contract: What it would get.
    """

    work: Callable[[Any], None]
    contract: Any


def steps(build: Callable[[], Any], **options: Any) -> Mapping[str, Step]:
    """What each marker's hook would call, by the marker's name.

    Args:
        build: Makes components.
        options: Those of `plan.recorder.record`.
    """
    hooks: dict[str, Any] = {}
    found: dict[str, Step] = {}
    original = pulumi.ResourceHook.__init__

    def remember(self: Any, name: str, callback: Any, *args: Any, **more: Any) -> None:
        hooks[name] = callback
        original(self, name, callback, *args, **more)

    async def program() -> None:
        build()
        for name, hook in hooks.items():

            async def to_thread(work: Any, contract: Any, name: str = name) -> None:
                await asyncio.sleep(0)
                found[name] = Step(work=work, contract=contract)

            with pytest.MonkeyPatch.context() as changed:
                changed.setattr(marker, "asyncio", SimpleNamespace(to_thread=to_thread))
                await hook(None)

    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(pulumi.ResourceHook, "__init__", remember)
        record(program, **options)
    return found

"""What the hooks of a program would do, without doing it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pytest

from components import fargate_service, migration_task
from components.marker import marker
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
    """What each marker's hook calls, by the marker's name, once the engine comes to it.

    Args:
        build: Makes components.
        options: Those of `plan.recorder.record`.
    """
    hooks: list[Any] = []
    found: dict[str, Step] = {}
    original = pulumi.ResourceHook.__init__

    def remember(self: Any, name: str, callback: Any, *args: Any, **more: Any) -> None:
        hooks.append(callback)
        original(self, name, callback, *args, **more)

    def noting(owner: Any, name: str, *, work: Any, **more: Any) -> Any:
        def note(contract: Any) -> None:
            found[name] = Step(work=work, contract=contract)

        return marker(owner, name, work=note, **more)

    async def program() -> None:
        build()
        for hook in hooks:
            await hook(None)

    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(pulumi.ResourceHook, "__init__", remember)
        for user in (fargate_service, migration_task):
            changed.setattr(user, "marker", noting)
        record(program, **options)
    return found

"""What the hooks of a program would do, without doing it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pytest

from components import observability
from components.marker import before_creation, marker
from components.service import fargate_service, migration_task
from story.plan.recorder import record


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
    """What each hook calls, by its name, once the engine comes to it: those of markers and of alarms.

    Args:
        build: Makes components.
        options: Those of `story.plan.recorder.record`.
    """
    hooks: list[Any] = []
    found: dict[str, Step] = {}
    original = pulumi.ResourceHook.__init__

    def remember(self: Any, name: str, callback: Any, *args: Any, **more: Any) -> None:
        hooks.append(callback)
        original(self, name, callback, *args, **more)

    def note(name: str, work: Any) -> Callable[[Any], None]:
        def noted(contract: Any) -> None:
            found[name] = Step(work=work, contract=contract)

        return noted

    def noting(owner: Any, name: str, *, work: Any, **more: Any) -> Any:
        return marker(owner, name, work=note(name, work), **more)

    def noting_before_creation(name: str, *, work: Any, **more: Any) -> Any:
        return before_creation(name, work=note(name, work), **more)

    async def program() -> None:
        build()
        for hook in hooks:
            await hook(None)

    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(pulumi.ResourceHook, "__init__", remember)
        for user in (fargate_service, migration_task):
            changed.setattr(user, "marker", noting)
        changed.setattr(observability, "before_creation", noting_before_creation)
        record(program, **options)
    return found

"""Markers: the steps of a release, kept in the state."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, cast

import pulumi
import pulumi_random as random

from components.base import Component

Contract = TypeVar("Contract")

STEPS_AT_ONCE = 256
"""More than a stack has. The event loop's own threads are few, and Pulumi registers resources with them."""
_threads = ThreadPoolExecutor(max_workers=STEPS_AT_ONCE, thread_name_prefix="step")


def marker(
    owner: Component,
    name: str,
    *,
    keepers: Mapping[str, pulumi.Input[str]],
    contract: pulumi.Output[Contract],
    work: Callable[[Contract], None],
    depends_on: Sequence[pulumi.Resource],
) -> random.RandomUuid:
    """A resource that exists once `work` was done for exactly these keepers.

    The work happens while the marker is created, never in a preview (which shows the marker as created or replaced).
    If it raises, the marker is not in the state: nothing that depends on it is touched, and the next update does the
    work again. It runs in a thread, so that steps that do not depend on each other run side by side.

    Args:
        owner: Component that the marker belongs to.
        name: Name of the step, unique in the stack.
        keepers: What must have happened for which value; a change makes the step run again.
        contract: Plain values that `work` is called with.
        work: Does the step, or waits for it; prints what a person should see.
        depends_on: What must exist before.
    """

    return random.RandomUuid(
        name,
        keepers=dict(keepers),
        opts=owner.child(depends_on=depends_on, hooks=before_creation(name, contract=contract, work=work)),
    )


def before_creation(
    name: str, *, contract: pulumi.Output[Contract], work: Callable[[Contract], None]
) -> pulumi.ResourceHookBinding:
    """Work that is done before a resource is created, in a thread; in no preview, and in no update that finds it there.

    Args:
        name: Unique in the stack.
        contract: Plain values that `work` is called with.
        work: What is done. If it raises, the resource is not created.
    """

    async def step(_: Any) -> None:
        # Hooks run in updates only, and after everything that the resource depends on: the value is known.
        known = cast(Contract, await contract.future())
        await asyncio.get_running_loop().run_in_executor(_threads, work, known)

    return pulumi.ResourceHookBinding(before_create=[pulumi.ResourceHook(name, step)])

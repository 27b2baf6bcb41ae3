"""What stays in the account after `pulumi destroy` of an environment: docs/operate.md lists it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """One kind of thing that stays.

    Attributes:
        service: AWS's name of the service, as the emulator's inventory has it.
        kind: What it is, as the inventory has it.
        name: Its name as a regular expression; `{stack}` stands for the stack's name.
        state: The state that it must be in, where the inventory shows one.
        why: Why it stays, and what it costs.
        removal: How it goes for good.
    """

    service: str
    kind: str
    name: str
    state: str | None = None
    why: str
    removal: str

    def matches(self, service: str, item: Mapping[str, str], *, stack: str) -> bool:
        """Whether an item of the inventory is of this kind."""
        if (service, item["type"]) != (self.service, self.kind) or self.state not in (None, item.get("state")):
            return False
        return bool(re.fullmatch(self.name.format(stack=stack), item["name"]))


LEFT_AFTER_DESTROY = (
    Left(
        service="rds",
        kind="cluster-snapshot",
        name=r"story-{stack}-(aurora|documentdb)-final-[0-9a-f]{{8}}",
        why="The last state of a database, billed by size. It can be restored as long as the stack's key exists: "
        "cancel the key's deletion, or copy the snapshot with another key, within 30 days.",
        removal="aws rds (or docdb) delete-db-cluster-snapshot",
    ),
    Left(
        service="elasticache",
        kind="snapshot",
        name=r"story-{stack}-valkey-final-[0-9a-f]{{8}}",
        why="The last state of the cache and its queues, billed by size; with the key it is as with the databases'.",
        removal="aws elasticache delete-snapshot",
    ),
    Left(
        service="kms",
        kind="key",
        name=r"Everything of story-{stack}-\*",
        state="PendingDeletion",
        why="AWS deletes the key after 30 days, without cost. After that, the snapshots cannot be read any more.",
        removal="by itself; `aws kms cancel-key-deletion` and `enable-key` keep it",
    ),
    Left(
        service="secretsmanager",
        kind="secret",
        name=r"story-{stack}-(app-key|aurora-user|documentdb-user|valkey-token)-[0-9a-f]{{7}}",
        state="deleted",
        why="A deleted secret can be restored for some days (its recovery window), without cost.",
        removal="by itself; `aws secretsmanager restore-secret` keeps it",
    ),
    Left(
        service="ecs",
        kind="task-definition",
        name=r"story-{stack}-(users|migration|web|scheduler|worker-.+):[0-9]+",
        state="ACTIVE",
        why="Revisions are kept, so that ECS can go back to one; they are free.",
        removal="aws ecs deregister-task-definition, then delete-task-definitions",
    ),
    Left(
        service="ecs",
        kind="task",
        name=r"story-{stack}-(users|migration)",
        state="STOPPED",
        why="ECS tells of a task for about an hour after its end, without cost.",
        removal="by itself",
    ),
)


def left_table() -> str:
    """The list as a table for people."""
    rows = [f"| {left.service}: {left.kind} | {left.why} | {left.removal} |" for left in LEFT_AFTER_DESTROY]
    return "\n".join(["| what | why, and what it costs | how it goes for good |", "| --- | --- | --- |", *rows])

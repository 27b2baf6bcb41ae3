"""The impact of a change: its category in the summary, and notes about its consequences."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from story.cost.items import number
from story.engine.preview import Change, Op
from story.resource_categories import (
    KEY,
    LOG_GROUP,
    MARKER,
    RANDOM_BYTES,
    ROLLOUT,
    SECRET_VERSION,
    SERVICE,
    Category,
    category_of,
)

GONE = (Op.DELETE, Op.REPLACE)
STEPS = ("migration", "users")


def impact(change: Change) -> Category:
    """`DATA` is a change that loses data; a change of a store that keeps its data is `STORE`."""
    category = category_of(change.type)
    if change.type == MARKER and not (change.name in STEPS or change.name.startswith(ROLLOUT)):
        return Category.OTHER
    if category is not Category.DATA:
        return category
    return Category.DATA if change.op in GONE and not (change.kept and change.op is Op.DELETE) else Category.STORE


def notes(change: Change) -> Iterator[str]:
    """Notes about the consequences of a change."""
    before, after = change.before or {}, change.after or {}
    if change.op in GONE:
        yield from _of_loss(change, before)
    elif change.op is Op.UPDATE:
        yield from _of_update(before, after)
    if change.op is Op.IMPORT:
        yield "already exists and is imported into the stack"
    if unguarded(change):
        yield "Pulumi's protection is removed"
    if change.type == MARKER and change.name == "users" and change.op in (Op.CREATE, Op.REPLACE):
        yield "the databases' users are created or updated"


def _of_loss(change: Change, before: Mapping[str, Any]) -> Iterator[str]:
    if change.was_protected:
        yield "protected: Pulumi rejects this change"
    if change.kept:
        yield "the old one stays in AWS; Pulumi only removes it from the state"
    if before.get("deletionProtection") is True or before.get("enableDeletionProtection") is True:
        yield "AWS rejects this while deletion protection is on"
    if before.get("skipFinalSnapshot") is True:
        yield "no final snapshot is kept"
    elif "finalSnapshotIdentifier" in before:
        yield "a final snapshot is kept; it is not restored automatically"
    if change.type.startswith("aws:s3/bucket:"):
        force = before.get("forceDestroy") is True
        yield "its objects are deleted too" if force else "AWS rejects this while it contains objects"
    if change.type == KEY:
        days = number(before.get("deletionWindowInDays")) or Decimal(30)
        yield f"data encrypted with it can no longer be read; the deletion can be cancelled for {days:f} days"
    if change.type == "aws:secretsmanager/secret:Secret":
        days = number(before.get("recoveryWindowInDays", 30))
        yield "deleted immediately" if days == 0 else f"can be restored for {days or Decimal(30):f} days"
    if change.type == RANDOM_BYTES:
        yield "its derived key changes: data encrypted with the old key can't be read, and all users are logged out"
    if change.type == LOG_GROUP:
        yield "its log lines are deleted too"
    if change.type == SECRET_VERSION and change.op is Op.REPLACE:
        yield "the secret gets a new value"


def _of_update(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for key in ("deletionProtection", "enableDeletionProtection"):
        if before.get(key) is True and after.get(key) is not True:
            yield "AWS's deletion protection is removed"
    if before.get("skipFinalSnapshot") is not True and after.get("skipFinalSnapshot") is True:
        yield "no final snapshot will be kept"
    if before.get("forceDestroy") is not True and after.get("forceDestroy") is True:
        yield "a deletion would now delete its objects too"
    for key in ("backupRetentionPeriod", "snapshotRetentionLimit"):
        old, new = number(before.get(key)), number(after.get(key))
        if old is not None and new is not None and new < old:
            yield f"backups are kept for {new:f} days instead of {old:f}"
    if "engineVersion" in before and before["engineVersion"] != after.get("engineVersion"):
        yield "engine version upgrade: connections are interrupted, and the upgrade cannot be undone"


def unguarded(change: Change) -> bool:
    """Whether Pulumi's protection is removed from a resource that stays."""
    return change.was_protected and not change.protected and change.op is Op.UPDATE


def services(all_changes: Sequence[Change]) -> dict[str, Change]:
    """The changes of services by name; a rollout counts for its service if the service itself does not change."""
    found = {
        change.name.removeprefix(ROLLOUT): change
        for change in all_changes
        if change.type == MARKER and change.name.startswith(ROLLOUT)
    }
    own = (change for change in all_changes if change.type == SERVICE and tuple(change.because) != ("protect",))
    return found | {change.name: change for change in own}

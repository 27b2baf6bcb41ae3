"""What a change means to the people who run the site: where it belongs in the summary, and what to know about it."""

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
    """`DATA` is only what loses data; a change of a store that keeps what it holds is `STORE`."""
    category = category_of(change.type)
    if change.type == MARKER and not (change.name in STEPS or change.name.startswith(ROLLOUT)):
        return Category.OTHER
    if category is not Category.DATA:
        return category
    return Category.DATA if change.op in GONE and not (change.kept and change.op is Op.DELETE) else Category.STORE


def notes(change: Change) -> Iterator[str]:
    """What a person should know beside the bare fact, in our own words."""
    before, after = change.before or {}, change.after or {}
    if change.op in GONE:
        yield from _of_loss(change, before)
    elif change.op is Op.UPDATE:
        yield from _of_update(before, after)
    if change.op is Op.IMPORT:
        yield "exists already and is taken into the stack as it is"
    if unguarded(change):
        yield "Pulumi's protection is lifted"
    if change.type == MARKER and change.name == "users" and change.op in (Op.CREATE, Op.REPLACE):
        yield "the databases' users are made or renewed"


def _of_loss(change: Change, before: Mapping[str, Any]) -> Iterator[str]:
    if change.was_protected:
        yield "protected: Pulumi refuses this"
    if change.kept:
        yield "AWS keeps the old one; Pulumi only forgets it"
    if before.get("deletionProtection") is True or before.get("enableDeletionProtection") is True:
        yield "AWS refuses this until its deletion protection is lifted"
    if before.get("skipFinalSnapshot") is True:
        yield "no final snapshot is kept"
    elif "finalSnapshotIdentifier" in before:
        yield "a final snapshot is kept; nothing is copied from it by itself"
    if change.type.startswith("aws:s3/bucket:"):
        force = before.get("forceDestroy") is True
        yield "its objects are deleted with it" if force else "AWS refuses this while it holds objects"
    if change.type == KEY:
        days = number(before.get("deletionWindowInDays")) or Decimal(30)
        yield f"what it encrypted can't be read any more; for {days:f} days its deletion can be cancelled"
    if change.type == "aws:secretsmanager/secret:Secret":
        days = number(before.get("recoveryWindowInDays", 30))
        yield "gone at once" if days == 0 else f"can be restored for {days or Decimal(30):f} days"
    if change.type == RANDOM_BYTES:
        yield "a key made of it changes: what was encrypted with the old one can't be read, and everybody is logged out"
    if change.type == LOG_GROUP:
        yield "its log lines go with it"
    if change.type == SECRET_VERSION and change.op is Op.REPLACE:
        yield "the secret gets a new value"


def _of_update(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for key in ("deletionProtection", "enableDeletionProtection"):
        if before.get(key) is True and after.get(key) is not True:
            yield "AWS's deletion protection is lifted"
    if before.get("skipFinalSnapshot") is not True and after.get("skipFinalSnapshot") is True:
        yield "no final snapshot will be kept"
    if before.get("forceDestroy") is not True and after.get("forceDestroy") is True:
        yield "from now on its objects would be deleted with it"
    for key in ("backupRetentionPeriod", "snapshotRetentionLimit"):
        old, new = number(before.get(key)), number(after.get(key))
        if old is not None and new is not None and new < old:
            yield f"backups are kept for {new:f} days instead of {old:f}"
    if "engineVersion" in before and before["engineVersion"] != after.get("engineVersion"):
        yield "another engine version: connections break for a while, and there is no way back"


def unguarded(change: Change) -> bool:
    """Whether Pulumi's protection is lifted from something that stays for now."""
    return change.was_protected and not change.protected and change.op is Op.UPDATE


def services(all_changes: Sequence[Change]) -> dict[str, Change]:
    """The changes of services by their names; a rollout stands for its service if that does not change itself."""
    found = {
        change.name.removeprefix(ROLLOUT): change
        for change in all_changes
        if change.type == MARKER and change.name.startswith(ROLLOUT)
    }
    own = (change for change in all_changes if change.type == SERVICE and tuple(change.because) != ("protect",))
    return found | {change.name: change for change in own}

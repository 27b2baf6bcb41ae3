"""What an inventory has after `pulumi destroy` of an environment, beside what is known to stay."""

from collections.abc import Mapping, Sequence

from story.docs.left_after_destroy import LEFT_AFTER_DESTROY


def left_after_destroy(
    inventory: Mapping[str, Sequence[Mapping[str, str]]], stack: str
) -> tuple[list[tuple[str, Mapping[str, str]]], set[str]]:
    """What an inventory has that no kind of the list matches, and the names of those kinds that it has.

    A hosted zone is left out: it is a person's, who has it before the environment.
    """
    unknown: list[tuple[str, Mapping[str, str]]] = []
    found: set[str] = set()
    for service, items in inventory.items():
        for item in items:
            if (service, item["type"]) == ("route53", "zone"):
                continue
            matching = {left.name for left in LEFT_AFTER_DESTROY if left.matches(service, item, stack=stack)}
            found |= matching
            unknown += [] if matching else [(service, item)]
    return unknown, found

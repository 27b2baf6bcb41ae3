"""Which of the known names was meant by an unknown one, if it is near in a sense that people mean."""

import re
from collections.abc import Sequence

UNITS = frozenset(
    [
        *("days", "hours", "minutes", "seconds", "mib", "gib", "mb", "gb", "percent"),
        *("arn", "count", "name", "number", "units", "variables", "vars"),
    ]
)
"""Words that a name may end with, or not, without being another one."""


def nearest(given: str, names: Sequence[str]) -> str | None:
    """The known name that `given` misspells, or that it is in another style or with another unit; None if none is near.

    Near is a name with one letter wrong in four (swapped neighbours count once), the same words in another style
    (`memoryMib`), or the same without its unit or with one (`memory` for `memory_mib`). A name that shares a word only
    is another wish: `vpc_id` is no `zone_id`.

    Args:
        given: What was written.
        names: The names that are known, the most important ones first.
    """
    plain = _plain(given)
    distances = {name: distance(plain, _plain(name)) for name in names}
    least = min(distances.values(), default=None)
    if least is not None:
        name = next(name for name, found in distances.items() if found == least)
        if least <= (max(len(plain), len(_plain(name))) + 1) // 4:
            return name
    return next((name for name in names if _same_but_for_the_unit(plain, name)), None)


def _same_but_for_the_unit(given: str, name: str) -> bool:
    longer, shorter = (given, name) if len(given) > len(name) else (name, given)
    return longer.startswith(f"{shorter}_") and longer.removeprefix(f"{shorter}_") in UNITS


def distance(first: str, second: str) -> int:
    """Letters to add, leave out, change or swap with their neighbours to make one text the other."""
    rows = [list(range(len(second) + 1))]
    for i, letter in enumerate(first, start=1):
        row = [i]
        for j, other in enumerate(second, start=1):
            least = min(row[j - 1] + 1, rows[-1][j] + 1, rows[-1][j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == second[j - 2] and first[i - 2] == other:
                least = min(least, rows[-2][j - 2] + 1)
            row.append(least)
        rows.append(row)
    return rows[-1][-1]


def _plain(name: str) -> str:
    """In the style of the settings: `memoryMib` and `Memory-MiB` become `memory_mib`."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.replace("-", "_").replace(" ", "_"))
    return snake.lower()

"""`make screens`: writes the pictures of docs/screens anew, or says which of them are out of date."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from screens.live import doctor_screen, status_screen
from screens.plan import plan_screen

FOLDER = Path(__file__).parents[1] / "docs" / "screens"
OUT_OF_DATE = 1
FAILED = 2


SCREENS: Mapping[str, Callable[[], str]] = {
    "plan": plan_screen,
    "status": status_screen,
    "doctor": doctor_screen,
}


def main(arguments: Sequence[str], folder: Path = FOLDER) -> int:
    """Makes the pictures; returns the exit code.

    Exit code 0: all are written, or with --check up to date. 1: one is out of date. 2: one could not be made.

    Args:
        arguments: What was typed.
        folder: Where the pictures are.
    """
    parser = argparse.ArgumentParser(prog="python -m screens", description="Make the pictures of docs/screens.")
    parser.add_argument("--check", action="store_true", help="write nothing; say which are out of date")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(SCREENS)}; default: all")
    chosen = parser.parse_args(arguments)
    if unknown := [name for name in chosen.names if name not in SCREENS]:
        parser.error(f"given {', '.join(unknown)}; allowed are {', '.join(SCREENS)}")
    stale = False
    for name in chosen.names or SCREENS:
        try:
            made = SCREENS[name]()
        except LookupError as error:
            print(f"screens: {name}: {error}", file=sys.stderr)
            return FAILED
        stale = _settle(folder / f"{name}.svg", made, check=chosen.check) or stale
    return OUT_OF_DATE if stale else 0


def _settle(path: Path, made: str, *, check: bool) -> bool:
    """Writes the picture, or says that it is out of date; returns whether it said so."""
    if path.is_file() and path.read_text("utf-8") == made:
        return False
    if check:
        print(f"screens: {path.name} is out of date; `make screens` makes it anew", file=sys.stderr)
        return True
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(made, "utf-8")
    print(f"screens: {path.name} is made anew")
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Which folder may import which, and how long a file is."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest

from tests.paths import PROJECT

ROOMS = ("aws", "bootstrap", "components", "emulator", "release", "settings", "story")
ALLOWED: Mapping[str, Sequence[str]] = {
    "__main__": ("settings", "components", "release"),
    "settings": (),
    "aws": (),
    "release": ("aws",),
    "components": ("settings", "release"),
    "bootstrap": ("settings", "components", "release"),
    "emulator": (),
    "story": ("settings", "aws", "release", "emulator", "bootstrap"),
}
"""Top-level packages that each one may import, beside itself. `story` imports the emulator for `story local`, and
bootstrap's settings for `story docs`; it runs `__main__.py`, and so the components, through Pulumi's mocks only."""
LONGEST_FILE = 400


@cache
def imports() -> Mapping[str, frozenset[str]]:
    """The project's modules, and the project's modules that each one imports."""
    files = [PROJECT / "__main__.py", *(file for room in ROOMS for file in sorted((PROJECT / room).rglob("*.py")))]
    names = {_module(file): file for file in files}
    return {name: frozenset(_imported(file, names)) for name, file in names.items()}


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_imports_only_the_rooms_below_it(room: str) -> None:
    allowed = {room, *ALLOWED[room]}
    wrong = [
        f"{name} imports {other}"
        for name, others in imports().items()
        if name.partition(".")[0] == room
        for other in sorted(others)
        if other.partition(".")[0] not in allowed
    ]
    assert wrong == []


@pytest.mark.parametrize("package", ["components", "components.observability", "emulator", "story"])
def test_the_rooms_of_a_package_import_each_other_in_one_direction(package: str) -> None:
    assert circles(package) == []


def test_every_package_of_the_project_has_its_allowed_imports_in_this_test() -> None:
    packages = {file.parent.name for file in PROJECT.glob("*/__init__.py")} - {"screens"}
    assert packages == set(ROOMS)


def test_no_file_is_too_long() -> None:
    files = [*PROJECT.glob("*.py"), *(file for room in ROOMS for file in (PROJECT / room).rglob("*.py"))]
    lengths = {str(file.relative_to(PROJECT)): len(file.read_text("utf-8").splitlines()) for file in files}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def circles(package: str) -> list[str]:
    """Rooms of a package that can be reached from themselves. A room is a folder, or a file beside the folders."""
    rooms: dict[str, set[str]] = {}
    for name, others in imports().items():
        if room := _room(name, package):
            rooms.setdefault(room, set()).update(
                found for other in others if (found := _room(other, package)) and found != room
            )
    return sorted(room for room in rooms if room in _reached(room, rooms))


def _reached(room: str, rooms: Mapping[str, set[str]]) -> set[str]:
    found, ahead = set[str](), list(rooms[room])
    while ahead:
        if (one := ahead.pop()) not in found:
            found.add(one)
            ahead.extend(rooms.get(one, ()))
    return found


def _room(module: str, package: str) -> str:
    """The room of a package that a module is in; "" outside of it, and for the package's own `__init__`."""
    return module.removeprefix(f"{package}.").partition(".")[0] if module.startswith(f"{package}.") else ""


def _imported(file: Path, names: Mapping[str, Path]) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                if whole in names or node.module in names:
                    yield whole if whole in names else node.module


def _module(file: Path) -> str:
    return ".".join(file.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")

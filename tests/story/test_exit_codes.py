"""One place says what exit codes mean, and every command takes them from there."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from story.exit_codes import ExitCode
from tests.paths import PROJECT

NO_EXIT_CODES = {("timeline/parts.py", "waves")}
"""Functions that return a number of another kind."""
FILES = sorted((PROJECT / "story").rglob("*.py"))


def ends(file: Path) -> Iterator[str]:
    """Where a file ends a command, or a function that returns an exit code, with a number of its own."""
    name = str(file.relative_to(PROJECT / "story"))
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("typer.Exit", "sys.exit"):
            yield from (f"{name}:{node.lineno}" for argument in node.args if _number(argument))
        elif isinstance(node, ast.FunctionDef) and node.returns and ast.unparse(node.returns) == "int":
            if (name, node.name) in NO_EXIT_CODES:
                continue
            returns = [one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value]
            yield from (f"{name}:{value.lineno} {node.name}" for value in returns if _number(value))


def _number(value: ast.expr) -> bool:
    if isinstance(value, ast.IfExp):
        return _number(value.body) or _number(value.orelse)
    return isinstance(value, ast.Constant) and isinstance(value.value, int)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PROJECT / "story")))
def test_no_command_ends_with_a_number_of_its_own(file: Path) -> None:
    assert list(ends(file)) == []


def test_the_codes_are_those_of_the_help_and_of_the_pages() -> None:
    assert {code.name: int(code) for code in ExitCode} == {
        "OK": 0,
        "FAILED": 1,
        "WRONG_USAGE": 2,
        "FOUND": 3,
        "ERRORS": 4,
        "INTERRUPTED": 130,
    }

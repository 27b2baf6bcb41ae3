"""Reads the list of pending migrations that artisan writes, and says which of them destroy something.

Taken are the outputs of `php artisan migrate --pretend` (names and SQL; best) and of `php artisan migrate:status
--pending` (names only), of Laravel 9 and later: laravel.com/docs/migrations#running-migrations
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from plan.redact import redacted

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
NAME = re.compile(r"\s{0,4}([A-Za-z0-9_][\w-]*)\s+\.{2,}(.*)")
DATED = re.compile(r"\s{0,4}(\d{4}_\d{2}_\d{2}_\d{6}_\w+)\s*(.*)")
OLD_PRETEND = re.compile(r"\s*([A-Za-z_]\w*):\s+((?:create|alter|drop|rename|insert|update|delete|truncate)\b.*)", re.I)
STATEMENT = re.compile(r"\s*[⇂•]\s*(.*)")
STATUS_HEADER = re.compile(r"\s*migration name\b", re.IGNORECASE)
RAN = re.compile(r"\bRan\b")

QUOTED = re.compile(r"'(?:[^'\\]|\\.|'')*'|`[^`]*`|\"[^\"]*\"")
TEXT = re.compile(r"'(?:[^'\\]|\\.|'')*'")
ROWS = re.compile(r"(?:insert|update|delete|replace)\b", re.IGNORECASE)
NOT_DATA = r"(?!(?:index|key|foreign|primary|constraint|check|default|not)\b)"
IN_SQL = {
    "drops": re.compile(rf"\bdrop\s+{NOT_DATA}", re.IGNORECASE),
    "renames": re.compile(r"\brename\s+(?!index\b|key\b)", re.IGNORECASE),
    "changes a type": re.compile(
        r"\b(?:modify|change)\s|\balter\s+column\s+\S+\s+(?:set\s+data\s+)?type\b", re.IGNORECASE
    ),
    "deletes rows": re.compile(r"\b(?:truncate|delete\s+from)\b", re.IGNORECASE),
}
IN_NAME = {
    "drops": re.compile(r"(?:^|_)(?:drop|drops|remove|removes|delete|deletes)(?:_|$)", re.IGNORECASE),
    "renames": re.compile(r"(?:^|_)(?:rename|renames)(?:_|$)", re.IGNORECASE),
    "changes a type": re.compile(r"(?:^|_)(?:change|changes|modify|alter_type|convert)(?:_|$)", re.IGNORECASE),
    "deletes rows": re.compile(r"(?:^|_)(?:truncate|purge)(?:_|$)", re.IGNORECASE),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One migration that has not run yet.

    Attributes:
        statements: Its SQL, if the list has it.
        destroys: What it does that the running code or its data may not survive: `drops`, `renames`, ...
        by_name: Whether that was only concluded from its name.
    """

    name: str
    statements: Sequence[str]
    destroys: Sequence[str]
    by_name: bool


def read_migrations(text: str) -> list[Migration]:
    """The pending migrations in what artisan wrote; lines that are not about one are passed over."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in ESCAPES.sub("", text).splitlines():
        if STATUS_HEADER.match(line):
            name = ""
        elif match := STATEMENT.match(line):
            if name:
                found[name].append(match[1].strip())
        elif match := NAME.match(line) or DATED.match(line):
            name = "" if RAN.search(match[2]) else match[1]
            if name:
                found.setdefault(name, [])
        elif match := OLD_PRETEND.match(line):
            name = match[1]
            found.setdefault(name, []).append(match[2].strip())
        elif name and found[name] and line.strip():
            # A statement that goes on.
            found[name][-1] += f" {line.strip()}"
    return [_migration(name, statements) for name, statements in found.items()]


def _migration(name: str, statements: Sequence[str]) -> Migration:
    # Names of columns and texts are no keywords: `drop` may be a column.
    plain = [QUOTED.sub("x", statement) for statement in statements]
    destroys = [word for word, pattern in IN_SQL.items() if any(pattern.search(sql) for sql in plain)]
    if not statements:
        destroys = [word for word, pattern in IN_NAME.items() if pattern.search(name)]
    return Migration(
        name=name,
        statements=tuple(map(_shown, statements)),
        destroys=tuple(destroys),
        by_name=not statements,
    )


def _shown(statement: str) -> str:
    """A statement without the values of rows, which are nobody's business in a comment."""
    return redacted(TEXT.sub("?", statement) if ROWS.match(statement) else statement)

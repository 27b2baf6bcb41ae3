"""Reads the list of pending migrations that artisan writes, and says which of them destroy something.

Taken are the outputs of `php artisan migrate --pretend` (names and SQL; best) and of `php artisan migrate:status
--pending` (names only), of Laravel 9 and later: laravel.com/docs/migrations#running-migrations
What artisan prints is in github.com/laravel/framework, src/Illuminate/Database/Migrations/Migrator.php and
src/Illuminate/Database/Console/Migrations/StatusCommand.php. Any other text is refused: that a list has no migration is
concluded only from artisan's own sentence, never from a text in which none was found.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from plan.redact import redacted
from specs.checking import printable

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
NAME = re.compile(r"\s{0,4}([A-Za-z0-9_][\w-]*)\s+\.{2,}(.*)")
DATED = re.compile(r"\s{0,4}(\d{4}_\d{2}_\d{2}_\d{6}_\w+)\s*(.*)")
OLD_PRETEND = re.compile(r"\s*([A-Za-z_]\w*):\s+((?:create|alter|drop|rename|insert|update|delete|truncate)\b.*)", re.I)
ARROW, BULLET = "⇂", "•"
ARROWS = (ARROW, BULLET, *(ARROW.encode().decode(page) for page in ("cp437", "cp850", "cp1252")))
"""What stands before a statement; also as a console of Windows stores it that takes the UTF-8 for its own code page.
In Japanese Windows (code page 932) only the first two bytes are a letter, and the third one becomes any other."""
STATEMENT = re.compile(rf"\s*(?:{'|'.join(map(re.escape, ARROWS))}|竍.)\s*(.*)")
STATUS_HEADER = re.compile(r"\s*migration name\b", re.IGNORECASE)
PENDING = re.compile(r"(?:Pending)?", re.IGNORECASE)
RAN = re.compile(r"(?:\[\d+\]\s*)?Ran", re.IGNORECASE)
DONE = re.compile(r"\b(?:DONE|FAIL|SKIPPED)$")
"""What artisan says of a migration that it did not list, but ran."""
NOTHING = re.compile(
    r"\s*(?:INFO\s+)?(?:Nothing to migrate|No pending migrations|No migrations found)\.?\s*", re.IGNORECASE
)
FAILED = re.compile(
    r"\s*(?:SQLSTATE\[|ERROR  +\S|(?i:error)(?:: | response from daemon| during connect)|docker: |In \S+\.php line \d+:"
    r"|(?:PHP )?(?:Fatal|Parse) error:|(?:PHP )?Uncaught |[A-Z]\w*(?:\\\w+)*(?:Exception|Error)\b\s*(?:$|:))"
)
"""The beginning of a line with which artisan, PHP or docker say that the list ends here, or never began."""
LONGEST_SHOWN = 160

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


class UnreadableListError(Exception):
    """The text is no list of artisan; the message says why, with the line that shows it, in one line."""


def read_migrations(text: str) -> list[Migration]:
    """The pending migrations in what artisan wrote; none if artisan says that there are none.

    Lines of other programs around the list, such as warnings of PHP, are passed over.

    Raises:
        UnreadableListError: It is empty, or no list, or an error is in it, so that migrations may be missing.
    """
    found: dict[str, list[str]] = {}
    name, is_list = "", False
    lines = ESCAPES.sub("", text).splitlines()
    for line in lines:
        if match := STATEMENT.match(line):
            if name:
                found[name].append(match[1].strip())
            elif not line.lstrip().startswith(BULLET):
                raise UnreadableListError(f"it holds a statement of no migration: {_first_words(line)}")
        elif FAILED.match(line):
            raise UnreadableListError(f"it holds an error: {_first_words(line)}")
        elif STATUS_HEADER.match(line):
            name = ""
        elif NOTHING.fullmatch(line):
            name, is_list = "", True
        elif match := NAME.match(line) or DATED.match(line):
            status = match[2].strip(" .")
            if not PENDING.fullmatch(status) and not RAN.fullmatch(status):
                if DATED.match(line) or DONE.search(status):
                    raise UnreadableListError(f"it holds a line that is none of a list: {_first_words(line)}")
                continue
            name, is_list = "" if RAN.fullmatch(status) else match[1], True
            if name:
                found.setdefault(name, [])
        elif match := OLD_PRETEND.match(line):
            name, is_list = match[1], True
            found.setdefault(name, []).append(match[2].strip())
        elif name and found[name] and line.strip():
            # A statement that goes on.
            found[name][-1] += f" {line.strip()}"
    if not is_list:
        raise UnreadableListError(_why_no_list(lines))
    return [_migration(name, statements) for name, statements in found.items()]


def _why_no_list(lines: Sequence[str]) -> str:
    first = next((line for line in lines if line.strip()), "")
    if not first:
        return "it is empty"
    return f"it is no output of `migrate --pretend` or `migrate:status --pending`; it begins: {_first_words(first)}"


def _first_words(line: str) -> str:
    shown = printable(redacted(" ".join(line.split())))
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}..."


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

"""Reads artisan's list of pending migrations, and finds the destructive ones.

Accepted are the outputs of `php artisan migrate --pretend` (names and SQL; best) and of `php artisan migrate:status
--pending` (names only), of Laravel 9 and later: laravel.com/docs/migrations#running-migrations
The source of artisan's output is github.com/laravel/framework, src/Illuminate/Database/Migrations/Migrator.php and
src/Illuminate/Database/Console/Migrations/StatusCommand.php. Any other text is rejected: a list counts as
empty only if it contains artisan's own sentence for that.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from settings.checking import printable
from story.redact import redacted

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
NAME = re.compile(r"\s{0,4}([A-Za-z0-9_][\w-]*)\s+\.{2,}(.*)")
DATED = re.compile(r"\s{0,4}(\d{4}_\d{2}_\d{2}_\d{6}_\w+)\s*(.*)")
ARROW, BULLET = "⇂", "•"
ARROWS = (ARROW, BULLET, *(ARROW.encode().decode(page) for page in ("cp437", "cp850", "cp1252")))
"""What stands before a statement; also as a console of Windows stores it that takes the UTF-8 for its own code page.
In Japanese Windows (code page 932) only the first two bytes are a letter, and the third one becomes any other."""
STATEMENT = re.compile(rf"\s*(?:{'|'.join(map(re.escape, ARROWS))}|竍.)\s*(.*)")
SQL = (
    r"(?:create|alter|drop|comment\s+on|refresh)\s+(?:[\w`\"@=]+\s+){0,6}?"
    r"(?:table|view|index|column|constraint|database|schema|sequence|type|domain|function|procedure|trigger|extension"
    r"|event|policy|role|user)\b"
    r"|(?:rename|truncate|lock|unlock|optimize|analyze)\s+tables?\b|truncate\s+[`\"\[]|(?:insert|replace|merge)\s+(?:\w+\s+)?into\b"
    r"|update\s+\S+\s+(?:\S+\s+)*?set\b|delete\s+(?:\S+\s+)*?from\b|select\s+\S+|with\s+(?:recursive\s+)?\S+\s+as\s*\("
    r"|set\s+[\w@.]+(?:\s+[\w@.]+)?\s*(?:=|:=|to\b|on\b|off\b)|pragma\s+\w+|exec(?:ute)?\s+sp_\w+|sp_rename\b|declare\s+@"
    r"|do\s+\$|call\s+[\w`.]+\s*\(|(?:grant|revoke)\s+.+\s(?:to|from)\b"
)
OLD_PRETEND = re.compile(rf"\s*(\w+):\s+((?:{SQL}).*)", re.IGNORECASE)
"""A statement in the first releases of Laravel 9: after the class or the file of its migration."""
UNMARKED = re.compile(rf"\s*(?:[^\sA-Za-z0-9]{{1,6}}\s*)?((?:{SQL}).*)", re.IGNORECASE)
"""A statement whose arrow the encoding of a console does not know: most write one to three `?` for it, some nothing."""
CONTINUED = re.compile(r"(?:\t| {4})\s*\S")
"""A line that goes on with the statement above. Messages of artisan have three spaces at most.
In today's output, a statement is one line: Termwind makes one space of each line break (src/ValueObjects/Node.php in
github.com/nunomaduro/termwind). Earlier, SQL of several lines was written as it stood in the migration."""
BESIDE = re.compile(r"\s*INFO  +\S|(?:PHP )?(?:Warning|Notice|Deprecated|Strict Standards): .* on line \d+\s*$")
"""Lines within a list after which artisan continues."""
STATUS_HEADER = re.compile(r"\s*migration name\b", re.IGNORECASE)
PENDING = re.compile(r"(?:Pending)?", re.IGNORECASE)
RAN = re.compile(r"(?:\[\d+\]\s*)?Ran", re.IGNORECASE)
DONE = re.compile(r"\b(?:DONE|FAIL|SKIPPED)$")
"""Artisan's line for a migration that it ran instead of listing it."""
NOTHING = re.compile(
    r"\s*(?:INFO\s+)?(?:Nothing to migrate|No pending migrations|No migrations found)\.?\s*", re.IGNORECASE
)
FAILED = re.compile(
    r"\s*(?:SQLSTATE\[|ERROR  +\S|(?i:error)(?:: | response from daemon| during connect)|docker: |In \S+\.php line \d+:"
    r"|(?:PHP )?(?:Fatal|Parse) error:|(?:PHP )?Uncaught |[A-Z]\w*(?:\\\w+)*(?:Exception|Error)\b\s*(?:$|:))"
)
"""The beginning of an error line of artisan, PHP or docker, after which a list is incomplete."""
LONGEST_SHOWN = 160

QUOTED = re.compile(r"'(?:[^'\\]|\\.|'')*'|`[^`]*`|\"[^\"]*\"")
UNQUOTED = tuple(
    re.compile(rf"\$(\w*)\$.*?\$\1\$|/\*.*?\*/|{text}|`[^`]*`|\"[^\"]*\"", re.DOTALL)
    for text in (r"'(?:[^'\\]|\\.|'')*'", r"'[^']*'")
)
"""Strings, names and comments in SQL: with backslash escapes as in MySQL, and without as in PostgreSQL."""
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
        statements: The SQL, if the list contains it.
        destroys: Destructive operations: `drops`, `renames`, ...
        by_name: Whether `destroys` was derived from the migration's name only.
    """

    name: str
    statements: Sequence[str]
    destroys: Sequence[str]
    by_name: bool


class UnreadableListError(Exception):
    """The text is not a list of artisan; the message is one line with the reason and the line of the text."""


def read_migrations(text: str) -> list[Migration]:
    """The pending migrations in artisan's output; empty if artisan says that there are none.

    Skipped are lines of other programs before the list, and messages of artisan and PHP within it.

    Raises:
        UnreadableListError: The text is empty, is not a list, ends within a statement, or contains an error or an
            unknown line after the first name, so that migrations can be missing.
    """
    found: dict[str, list[str]] = {}
    name, is_list, inside = "", False, False
    lines = ESCAPES.sub("", text).splitlines()
    for line in lines:
        goes_on = bool(name and found[name] and _is_open(found[name][-1]))
        if match := STATEMENT.match(line) or (None if goes_on and line[:1].isspace() else UNMARKED.match(line)):
            if name:
                found[name].append(match[1].strip())
            elif not line.lstrip().startswith(BULLET):
                raise UnreadableListError(f"it contains a statement without a migration: {_first_words(line)}")
        elif FAILED.match(line):
            raise UnreadableListError(f"it contains an error: {_first_words(line)}")
        elif STATUS_HEADER.match(line):
            name, inside = "", True
        elif NOTHING.fullmatch(line):
            name, is_list = "", True
        elif match := OLD_PRETEND.match(line):
            name, is_list, inside = match[1], True, True
            found.setdefault(name, []).append(match[2].strip())
        elif match := NAME.match(line) or DATED.match(line):
            status = match[2].strip(" .")
            if not PENDING.fullmatch(status) and not RAN.fullmatch(status):
                if inside or DATED.match(line) or DONE.search(status):
                    raise UnreadableListError(f"it contains an unknown line: {_first_words(line)}")
                continue
            name, is_list, inside = "" if RAN.fullmatch(status) else match[1], True, True
            if name:
                found.setdefault(name, [])
        elif line.strip() and (goes_on or (name and found[name] and CONTINUED.match(line))):
            found[name][-1] += f" {line.strip()}"
        elif inside and line.strip() and not BESIDE.match(line):
            raise UnreadableListError(f"it contains an unknown line: {_first_words(line)}")
    if name and found[name] and _is_open(found[name][-1]):
        raise UnreadableListError(f"it ends within a statement: {_first_words(found[name][-1])}")
    if not is_list:
        raise UnreadableListError(_why_no_list(lines))
    return [_migration(name, statements) for name, statements in found.items()]


def _is_open(statement: str) -> bool:
    """Whether a bracket or a quote is not closed, with MySQL's rules for strings and with PostgreSQL's."""
    rests = [pattern.sub("x", statement) for pattern in UNQUOTED]
    return all(rest.count("(") > rest.count(")") or re.search(r"['`\"]|\$\w*\$|/\*", rest) for rest in rests)


def _why_no_list(lines: Sequence[str]) -> str:
    first = next((line for line in lines if line.strip()), "")
    if not first:
        return "it is empty"
    return f"it is not output of `migrate --pretend` or `migrate:status --pending`; it begins: {_first_words(first)}"


def _first_words(line: str) -> str:
    shown = printable(redacted(" ".join(line.split())))
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}..."


def _migration(name: str, statements: Sequence[str]) -> Migration:
    # Names of columns and strings are not keywords: `drop` can be a column.
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
    """A statement without the values of rows, which must not be published in a comment."""
    return redacted(TEXT.sub("?", statement) if ROWS.match(statement) else statement)

"""What a migration command does that its author may not have meant.

The options and what they do: github.com/laravel/framework/tree/12.x/src/Illuminate/Database/Console (Migrations, and
WipeCommand) and laravel.com/docs/12.x/migrations#running-migrations (read 2026-11-27).
"""

import re
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from settings.rules.commands import place_of_script

ENDS = (";", "&&", "||", "|", "&")
DESTROYS = ("migrate:fresh", "migrate:refresh", "migrate:reset", "db:wipe")
UNDOES = "migrate:rollback"
ASKS = ("migrate", *DESTROYS, UNDOES, "db:seed")
"""Commands that ask for a confirmation where `APP_ENV` is `production`."""
KNOWN = (*ASKS, "migrate:install", "migrate:status")
OPTIONS_WITH_VALUE = ("--batch", "--class", "--database", "--path", "--schema-path", "--seeder")
"""Options of these commands that need a value. Where one stands before the command, with its value in a word of its
own, artisan takes that value for the name of the command:
github.com/symfony/console/blob/7.3/Input/ArgvInput.php (getFirstArgument)"""
ENVIRONMENT = "--env"
"""An option of artisan itself, so that its value is not taken for the command:
github.com/laravel/framework/blob/12.x/src/Illuminate/Console/Application.php (getEnvironmentOption)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artisan:
    """One call of artisan.

    Attributes:
        command: Its command: `migrate`.
        options: Its options with their values, if they have some: `--force`, `--step` with `1`.
        before: What stands between it and the next command of a script; empty at the end.
        taken: The word before the command that artisan takes for it, being the value of an option before it; empty if
            there is none.
    """

    command: str
    options: Mapping[str, str]
    before: str = ""
    taken: str = ""

    @property
    def told(self) -> str:
        return f"artisan {self.command}"


def artisan_calls(command: Sequence[str]) -> Sequence[Artisan]:
    """Every call of artisan in a command, also within `sh -c`.

    Args:
        command: Command and arguments, as a container gets them.
    """
    return [call for words, before in _commands(command) if (call := _call(words, before))]


def refused_options(command: Sequence[str]) -> Iterator[str]:
    """What makes a migration useless: it may report success without having migrated."""
    for call in artisan_calls(command):
        if call.command.startswith("migrate") and "--graceful" in call.options:
            yield f"given {' '.join(command)}; --graceful reports success on an error"


def destroying(command: Sequence[str]) -> Iterator[str]:
    """The commands that would destroy the database's content at every release."""
    yield from (call.told for call in artisan_calls(command) if call.command in DESTROYS)


def doubts(command: Sequence[str]) -> Iterator[str]:
    """What works and surprises, in one line each."""
    for call in artisan_calls(command):
        if call.taken:
            yield (
                f"artisan takes {call.taken} for its command, because it is the first word without a hyphen; write "
                f"{call.command} before all options"
            )
        if call.command in ASKS and "--force" not in call.options:
            yield (
                f"{call.told} without --force asks for a confirmation where APP_ENV is production; nobody answers in a "
                "task, so that nothing is migrated"
            )
        if call.options.get("--force"):
            yield f"{call.told} fails, because --force takes no value; write --force alone"
        if call.command == "migrate" and "--isolated" in call.options:
            given = call.options["--isolated"]
            does = f"fails with {given}" if given.strip("0") else "reports success without a migration"
            yield (
                f"--isolated {does} while its lock is held, and the lock of a stopped task is held for an hour; "
                "releases need no lock, because a stack has one migration at a time"
            )
        if call.command.startswith("migrate") and "--pretend" in call.options:
            yield "--pretend shows the statements and migrates nothing"
        if call.command == UNDOES:
            yield f"{call.told} undoes the last migrations at every release"
        if call.command in ASKS and call.before in _hiding(command):
            yield f"a failure of {call.told} is not the command's, because {call.before} follows it; write && instead"


def _script(command: Sequence[str]) -> str | None:
    """The script behind `sh -c`, whatever options stand before it: `bash -euo pipefail -c "..."`, `sh -lc "..."`."""
    place = place_of_script(command)
    return None if place is None else command[place]


def _hiding(command: Sequence[str]) -> Collection[str]:
    """What hides the failure of the command before it, with the options that the shell has."""
    place = place_of_script(command)
    if place is None:
        return ()
    options, script = " ".join(command[1:place]), command[place]
    stops = re.search(r"(^|\s)-[A-Za-z]*e|errexit", options) or re.search(r"\bset\s+(-[A-Za-z]*e|.*errexit)", script)
    needless = {*([";"] if stops else []), *(["|"] if stops and "pipefail" in options + script else [])}
    return [end for end in ENDS if end not in ("&&", *needless)]


def _commands(command: Sequence[str]) -> Iterator[tuple[Sequence[str], str]]:
    """The simple commands with what follows each."""
    script = _script(command)
    words = list(command) if script is None else _words(script)
    held: list[str] = []
    for word in words:
        if script is not None and word in ENDS:
            yield held, word
            held = []
        else:
            held.append(word)
    yield held, ""


def _words(script: str) -> Sequence[str]:
    lines = script.replace("\\\n", " ").strip().rstrip(";").replace("\n", " ; ")
    lexer = shlex.shlex(lines, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        return list(lexer)
    except ValueError:
        # A quotation mark without its pair: the shell says so in the task's log.
        return script.split()


def _call(words: Sequence[str], before: str) -> Artisan | None:
    """The call of artisan in a simple command: `php -d memory_limit=-1 /app/artisan migrate --force`."""
    place = next((index for index, word in enumerate(words) if word.rpartition("/")[2] == "artisan"), None)
    if place is None:
        return None
    arguments = words[place + 1 :]
    first, meant = _named(arguments)
    options = {word.partition("=")[0]: word.partition("=")[2] for word in arguments if word.startswith("--")}
    return Artisan(command=meant, options=options, before=before, taken=first if first != meant else "")


def _named(arguments: Sequence[str]) -> tuple[str, str]:
    """The word that artisan takes for its command, and the command that is meant.

    They differ where an option of the command stands before it, with its value in a word of its own:
    `--database mysql migrate`.
    """
    words = [
        (word, before)
        for before, word in zip(("", *arguments), arguments, strict=False)
        if not word.startswith("-") and before != ENVIRONMENT
    ]
    if not words:
        return "", ""
    first, option = words[0]
    if option not in OPTIONS_WITH_VALUE:
        return first, first
    return first, next((word for word, _ in words[1:] if word in KNOWN), first)

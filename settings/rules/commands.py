"""Commands of containers: a list of words, as ECS hands it to the container without a shell.

docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html (`command`) and
docs.docker.com/reference/dockerfile/#cmd (exec form): the first word is the program, nothing splits a word at its
spaces, and nothing understands `&&`. Read 2026-11-27.
"""

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from typing import cast

SHELLS = ("sh", "bash", "ash", "dash", "zsh")
LETTERS = re.compile(r"-[A-Za-z]+")
PLAIN = re.compile(
    r"(?!(true|false|yes|no|on|off|null|y|n)$)(?![0-9.-]+$)[a-z./_-][a-z0-9./_=:@+-]*(?<!:)", re.IGNORECASE
)
"""Words that YAML takes as text without quotes within a list."""
FOR_A_SHELL = re.compile(r"[;&|<>$`()*?\n]")
QUOTED = re.compile(r"'[^']*'|\"[^\"$`\\\\]*\"")
"""Text in which a shell changes nothing."""
JOINS = ("&&", "||")
LONGEST_SHOWN = 200


def program_of(word: str) -> str:
    """The program that a word names: `sh` for `/bin/sh`."""
    return word.rpartition("/")[2]


def place_of_script(command: Sequence[str]) -> int | None:
    """Where the script behind `sh -c` stands, whatever options are before it; None without one.

    Args:
        command: Command and arguments: `bash -euo pipefail -c "..."`, `sh -lc "..."`.
    """
    if not command or program_of(command[0]) not in SHELLS:
        return None
    letters = (index for index, word in enumerate(command[:-1]) if LETTERS.fullmatch(word) and word.endswith("c"))
    return next((index + 1 for index in letters), None)


def as_written(words: Sequence[str]) -> str:
    """A command as a stack file has it: `[php, artisan, migrate, --force]`."""
    return f"[{', '.join(word if PLAIN.fullmatch(word) else json.dumps(word, ensure_ascii=False) for word in words)}]"


def text_refused(value: object) -> object:
    """The value for pydantic to read as a tuple, which it does not make of a list by itself in strict mode.

    Raises:
        ValueError: It is one text; says which list to write instead.
    """
    if isinstance(value, str) and value.strip():
        raise ValueError(f"allowed is a list; write {as_written(_words(value))}")
    return tuple(cast(list[object], value)) if isinstance(value, list) else value


def checked_command(command: tuple[str, ...]) -> tuple[str, ...]:
    """The command itself.

    Raises:
        ValueError: No container could run it as it was meant; says which list to write instead.
    """
    if problem := next(_problems(command), None):
        raise ValueError(f"given {_shown(as_written(command))}; {problem}")
    return command


def _problems(command: Sequence[str]) -> Iterator[str]:
    if not command:
        return
    if not command[0].strip():
        yield "the first item is empty; allowed is the program to run"
    place = place_of_script(command)
    if place is not None:
        yield from _problems_of_script(command, place)
        return
    yield from _problem_of_shell(command)
    joins = [word for word in command if word in JOINS]
    if joins:
        written = ["sh", "-c", " ".join(word if word in JOINS else shlex.quote(word) for word in command)]
        yield f"{joins[0]} is for a shell, and ECS starts none; write {_shown(as_written(written))}"
    for index in _unsplit(command):
        yield f"no shell splits the item {_shown(json.dumps(command[index], ensure_ascii=False))}; write " + _shown(
            as_written(_split(command, index))
        )


def _problems_of_script(command: Sequence[str], place: int) -> Iterator[str]:
    script, behind = command[place], command[place + 1 :]
    # POSIX's sh makes $0, $1, ... of what stands behind the script.
    if behind and script and not FOR_A_SHELL.search(script):
        whole = " ".join([script, *map(shlex.quote, behind)])
        written = as_written([*command[:place], whole])
        yield f"{program_of(command[0])} -c runs {script} alone, without what follows it; write {_shown(written)}"


def _problem_of_shell(command: Sequence[str]) -> Iterator[str]:
    """A script given to a shell as the name of a file: `bash "php artisan migrate"`."""
    if program_of(command[0]) not in SHELLS:
        return
    place = next((index for index, word in enumerate(command[1:], 1) if not word.startswith("-")), None)
    if place and re.search(r"\S\s+\S", command[place]):
        written = as_written([*command[:place], "-c", *command[place:]])
        yield f"{program_of(command[0])} takes its script for the name of a file; write {_shown(written)}"


def _unsplit(command: Sequence[str]) -> Iterator[int]:
    """The items that must have been meant as several words: a program with arguments, and what artisan gets."""
    if re.search(r"\s", command[0]):
        yield 0
    artisan = next((index for index, word in enumerate(command) if re.match(r"(\S*/)?artisan(\s|$)", word)), None)
    if artisan is None or program_of(command[0]) in SHELLS:
        return
    if artisan and re.search(r"\s\S", command[artisan]):
        yield artisan
        return
    named = False
    for index, word in enumerate(command[artisan + 1 :], artisan + 1):
        is_option = word.startswith("-")
        # The name of a command has no space, and a value with spaces stands behind = or in an item of its own.
        if re.search(r"\s", word) and (re.match(r"--[A-Za-z-]+\s", word) if is_option else not named):
            yield index
        named = named or not is_option


def _split(command: Sequence[str], unsplit: int) -> Sequence[str]:
    """The command with the first item that was meant as several words, and those like it, written as words."""
    if len(command) == 1:
        return _words(command[0])
    places = {unsplit, *_unsplit(command)}
    parts = [_of_item(word) if index in places else [word] for index, word in enumerate(command)]
    return [word for part in parts for word in part]


def _of_item(item: str) -> Sequence[str]:
    """The words of one item; an option keeps its value, which artisan could take for its command otherwise."""
    option, *value = item.split(maxsplit=1)
    return [f"{option}={value[0].strip()}"] if option.startswith("--") and value else _parts(item)


def _words(text: str) -> Sequence[str]:
    """The list for a whole command in one text; with a shell if the text needs one."""
    parts = _parts(text)
    if place_of_script(parts) is not None or not FOR_A_SHELL.search(QUOTED.sub("", text.strip())):
        return parts
    return ["sh", "-c", text.strip()]


def _parts(text: str) -> Sequence[str]:
    try:
        return shlex.split(text)
    except ValueError:
        # A quotation mark without its pair.
        return text.split()


def _shown(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."

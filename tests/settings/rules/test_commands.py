"""Commands that no container could run as they were meant: which list is to be written."""

import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from settings.checking import check
from settings.rules.commands import as_written, checked_command, text_refused
from settings.stack import Settings


@pytest.mark.parametrize(
    "command",
    [
        (),
        ("php", "artisan", "migrate", "--force"),
        ("./artisan", "queue:work", "--queue=high,default"),
        ("php", "-d", "memory_limit=-1", "artisan", "app:greet", "two words"),
        ("php", "artisan", "tinker", "--execute=echo 1"),
        ("php", "artisan", "app:say", "--message", "two words"),
        ("nginx", "-g", "daemon off;"),
        ("sh", "-c", "php artisan migrate --force"),
        ("/bin/bash", "-euo", "pipefail", "-c", "php artisan migrate && php artisan db:seed"),
        ("sh", "-c", 'exec "$@"', "--", "php", "artisan", "migrate"),
        ("sh", "-c", "$0 $1", "php", "artisan"),
        ("sh", "entrypoint.sh", "artisan migrate"),
        ("bash", "-e", "/app/run.sh"),
        ("find", ".", "-exec", "echo", "{}", ";"),
        ("cut", "-d", "|"),
    ],
)
def test_a_command_that_a_container_can_run_is_taken(command: tuple[str, ...]) -> None:
    assert checked_command(command) == command


@pytest.mark.parametrize(
    ("command", "wrong", "written"),
    [
        (("php artisan migrate --force",), "the item", "[php, artisan, migrate, --force]"),
        (("php artisan", "migrate"), "the item", "[php, artisan, migrate]"),
        (("php ", "artisan"), "the item", "[php, artisan]"),
        (("php", "artisan migrate --force"), "the item", "[php, artisan, migrate, --force]"),
        (("php", "artisan", "migrate --force"), "the item", "[php, artisan, migrate, --force]"),
        (
            ("php", "artisan", "queue:work --queue=a,b", "--tries=3"),
            "the item",
            '[php, artisan, queue:work, "--queue=a,b", --tries=3]',
        ),
        (("php", "artisan", "--database mysql", "migrate"), "the item", "[php, artisan, --database=mysql, migrate]"),
        (
            ("php", "artisan", "migrate", "--path a", "--database b"),
            "the item",
            "[php, artisan, migrate, --path=a, --database=b]",
        ),
        (("php", "artisan", "migrate ", "--force "), "the item", "[php, artisan, migrate, --force]"),
        (("bash", "php artisan migrate"), "takes its script for", '[bash, -c, "php artisan migrate"]'),
        (("/bin/sh", "-e", "a && b"), "takes its script for", '[/bin/sh, -e, -c, "a && b"]'),
        (("a && b",), "the item", '[sh, -c, "a && b"]'),
        (("sh -c 'a; b'",), "the item", '[sh, -c, "a; b"]'),
        (("php", "a b", "&&", "php", "c"), "&& is for a shell", "[sh, -c, \"php 'a b' && php c\"]"),
        (("php", "a", "||", "true"), "|| is for a shell", '[sh, -c, "php a || true"]'),
        (("sh", "-c", "php", "artisan", "migrate"), "sh -c runs php alone", '[sh, -c, "php artisan migrate"]'),
        (("/bin/sh", "-lc", "php artisan", "x y"), "sh -c runs", "[/bin/sh, -lc, \"php artisan 'x y'\"]"),
    ],
)
def test_the_list_that_was_meant_is_told(command: tuple[str, ...], wrong: str, written: str) -> None:
    with pytest.raises(ValueError, match=f"^given .*{re.escape(wrong)}.*; write {re.escape(written)}$"):
        checked_command(command)


def test_an_empty_program_is_refused() -> None:
    with pytest.raises(ValueError, match=r'^given \["", a\]; the first item is empty; allowed is the program to run$'):
        checked_command(("", "a"))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("php artisan migrate --force", "[php, artisan, migrate, --force]"),
        ("php artisan app:greet 'two words'", '[php, artisan, app:greet, "two words"]'),
        ("php artisan migrate && php artisan db:seed", '[sh, -c, "php artisan migrate && php artisan db:seed"]'),
        ("nginx -g 'daemon off;'", '[nginx, -g, "daemon off;"]'),
        ('php artisan app:greet "$NAME"', '[sh, -c, "php artisan app:greet \\"$NAME\\""]'),
        ("sh -c 'php artisan migrate'", '[sh, -c, "php artisan migrate"]'),
        ("php artisan 'x", '[php, artisan, "\'x"]'),
    ],
)
def test_one_text_in_place_of_a_list_is_told_the_list(text: str, written: str) -> None:
    with pytest.raises(ValueError, match=f"^allowed is a list; write {re.escape(written)}$"):
        text_refused(text)


def settings_with(key: str, value: object) -> dict[str, Any]:
    for name in reversed(key.split(".")):
        value = {name: value}
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize("key", ["migration.command", "web.command", "web.nginx.command", "workers.mail.command"])
@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (
            ["php artisan x"],
            'given ["php artisan x"]; no shell splits the item "php artisan x"; write [php, artisan, x]',
        ),
        ("php artisan x", 'given "php artisan x"; allowed is a list; write [php, artisan, x]'),
    ],
)
def test_every_setting_that_is_a_command_is_checked(key: str, value: object, problem: str) -> None:
    (mistake,) = check(Settings, settings_with(key, value)).mistakes
    assert (mistake.key, mistake.problem) == (key, problem)


WORDS = st.lists(
    st.text(max_size=10)
    | st.text(alphabet="ab01-.:=/_,#' ", max_size=8)
    | st.sampled_from(["sh", "-c", "php", "artisan", "migrate", "--a b", "&&", "true", "-1", "null", "'"]),
    max_size=7,
)


@given(WORDS)
def test_any_command_is_taken_or_told_in_one_line(command: list[str]) -> None:
    problem = ""
    try:
        checked_command(tuple(command))
    except ValueError as error:
        problem = str(error)
    assert problem == "" or problem.startswith("given [")


@given(WORDS.filter(lambda words: all(word.isprintable() for word in words)))
def test_a_list_as_it_is_written_is_the_same_list_in_a_stack_file(command: list[str]) -> None:
    assert yaml.safe_load(as_written(command)) == command

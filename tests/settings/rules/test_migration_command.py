"""Migration commands that do something else than their author meant."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings.rules.migration_command import artisan_calls, destroying, doubts, refused_options
from settings.services import MigrationSpec

FORCE = "without --force asks for a confirmation where APP_ENV is production"
TAKEN = "for its command, because it is the first word without a hyphen"
HIDES = "is not the command's, because"
SOUND = (
    ("php", "artisan", "migrate", "--force"),
    ("php", "artisan", "--force", "migrate"),
    ("php", "artisan", "migrate", "--force", "--seed", "--step", "--no-interaction"),
    ("php", "-d", "memory_limit=-1", "/app/artisan", "migrate", "--force"),
    ("./artisan", "migrate", "--force"),
    ("sh", "-c", "php artisan migrate --force"),
    ("sh", "-c", "php artisan migrate --force\n"),
    ("sh", "-c", "php artisan migrate --force && php artisan db:seed --force"),
    ("sh", "-c", "php artisan migrate --force 2>&1"),
    ("sh", "-ec", "php artisan migrate --force; php artisan cache:clear"),
    ("sh", "-e", "-c", "php artisan migrate --force; php artisan cache:clear"),
    ("sh", "-c", "set -eu\nphp artisan migrate --force\nphp artisan cache:clear"),
    ("bash", "-euo", "pipefail", "-c", "php artisan migrate --force | tee /tmp/log; echo done"),
    ("php", "artisan", "--database=mysql", "migrate", "--force"),
    ("php", "artisan", "--env", "production", "migrate", "--force"),
    ("php", "artisan", "--env=production", "-v", "--force", "migrate"),
    ("php", "artisan", "migrate", "--database", "mysql", "--force"),
    ("sh", "-c", "php artisan migrate --database mysql --path migrate --force"),
    ("php", "artisan", "--no-interaction", "site:release", "migrate"),
    ("php", "artisan", "--database", "mysql", "site:release"),
    ("php", "artisan", "config:cache"),
    ("vendor/bin/doctrine-migrations", "migrate"),
    ("true",),
)


@pytest.mark.parametrize("command", SOUND)
def test_sound_commands_raise_no_doubt(command: tuple[str, ...]) -> None:
    assert [*refused_options(command), *destroying(command), *doubts(command)] == []


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("php", "artisan", "migrate"), [FORCE]),
        (("./artisan", "migrate"), [FORCE]),
        (("sh", "-c", "php artisan migrate"), [FORCE]),
        (("/bin/bash", "-lc", "cd /app && exec php artisan migrate"), [FORCE]),
        (("sh", "-c", "php artisan 'migrate'"), [FORCE]),
        (("sh", "-c", "php \\\n  artisan migrate"), [FORCE]),
        (("sh", "-c", "php artisan migrate --force && php artisan db:seed"), [f"artisan db:seed {FORCE}"]),
        (("php", "artisan", "migrate", "--force", "--isolated"), ["--isolated reports success without a migration"]),
        (("php", "artisan", "migrate", "--force", "--isolated=0"), ["--isolated reports success without a migration"]),
        (
            ("php", "artisan", "migrate", "--force", "--isolated=12"),
            ["--isolated fails with 12 while its lock is held"],
        ),
        (("sh", "-c", "php artisan migrate --force --isolated"), ["--isolated reports success without a migration"]),
        (
            ("php", "artisan", "migrate", "--force", "--pretend"),
            ["--pretend shows the statements and migrates nothing"],
        ),
        (("php", "artisan", "migrate:rollback", "--force"), ["undoes the last migrations at every release"]),
        (("sh", "-c", "php artisan migrate --force || true"), [f"{HIDES} || follows it"]),
        (("sh", "-c", "php artisan migrate --force; exit 0"), [f"{HIDES} ; follows it"]),
        (("sh", "-c", "php artisan migrate --force\necho done"), [f"{HIDES} ; follows it"]),
        (("sh", "-c", "php artisan migrate --force | tee /tmp/log"), [f"{HIDES} | follows it"]),
        (("sh", "-ec", "php artisan migrate --force | tee /tmp/log"), [f"{HIDES} | follows it"]),
        (("sh", "-ec", "php artisan migrate --force & wait"), [f"{HIDES} & follows it"]),
        (("sh", "-c", "php -e artisan migrate --force; echo done"), [f"{HIDES} ; follows it"]),
        (("php", "artisan", "migrate", "--isolated"), [FORCE, "--isolated reports success"]),
        (("php", "artisan", "--env", "production", "migrate"), [f"artisan migrate {FORCE}"]),
        (("php", "artisan", "migrate", "--force=true"), ["artisan migrate fails, because --force takes no value"]),
        (("php", "artisan", "--database", "mysql", "migrate"), [f"mysql {TAKEN}; write migrate before", FORCE]),
        (("php", "artisan", "--path", "a", "--database", "b", "migrate", "--force"), [f"a {TAKEN}"]),
        (("sh", "-c", "php artisan --database mysql migrate --force"), [f"mysql {TAKEN}; write migrate before"]),
    ],
)
def test_what_surprises_is_told_with_its_reason(command: tuple[str, ...], told: list[str]) -> None:
    found = list(doubts(command))
    assert len(found) == len(told), found
    assert all(part in line for part, line in zip(told, found, strict=True)), found
    assert [(each.key, each.problem) for each in MigrationSpec(command=command).warnings()] == [
        ("command", line) for line in found
    ]


@pytest.mark.parametrize(
    "command",
    [
        ("php", "artisan", "migrate", "--force", "--graceful"),
        ("sh", "-c", "php artisan migrate --force --graceful"),
        ("./artisan", "migrate", "--graceful", "--force"),
    ],
)
def test_success_on_an_error_is_refused(command: tuple[str, ...]) -> None:
    (mistake,) = MigrationSpec(command=command).mistakes()
    assert mistake.problem == f"given {' '.join(command)}; --graceful reports success on an error"


@pytest.mark.parametrize("name", ["migrate:fresh", "migrate:refresh", "migrate:reset", "db:wipe"])
@pytest.mark.parametrize(
    "around",
    [
        ("php", "artisan", "{}", "--force"),
        ("php", "artisan", "--database=mysql", "{}", "--force"),
        ("php", "artisan", "--database", "mysql", "{}", "--force"),
        ("sh", "-c", "php artisan {} --force && true"),
    ],
)
def test_commands_that_delete_data_are_known_however_they_are_written(name: str, around: tuple[str, ...]) -> None:
    assert list(destroying([word.format(name) for word in around])) == [f"artisan {name}"]


@given(st.lists(st.text(max_size=12) | st.sampled_from(["sh", "-c", "php artisan migrate", "artisan", "--force", "'"])))
def test_any_command_is_judged(command: list[str]) -> None:
    judged: list[Any] = [*artisan_calls(command), *refused_options(command), *destroying(command), *doubts(command)]
    assert all(judged)

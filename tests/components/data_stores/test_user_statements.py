"""The script of the task `users`, read but not run."""

import json

import pytest

from components.data_stores.aurora.user_statements import (
    CREATE_DATABASE,
    CREATE_USER,
    GRANT,
    PRIVILEGES,
    aurora_user_statements,
)
from components.data_stores.documentdb.user_statements import documentdb_user_statements
from components.data_stores.user_statements import php_text, users_command
from settings.stores import MASTER_USERNAME, AuroraSpec, DocumentDbSpec


def command(*, aurora: bool = True, documentdb: bool = True) -> list[str]:
    return users_command(
        [
            *([aurora_user_statements()] if aurora else []),
            *([documentdb_user_statements()] if documentdb else []),
        ]
    )


def script(*, aurora: bool = True, documentdb: bool = True) -> str:
    return command(aurora=aurora, documentdb=documentdb)[2]


def test_it_is_one_php_command() -> None:
    assert command()[:2] == ["php", "-r"]
    assert not script().startswith("<?php"), "php -r takes code without the opening tag"


def test_it_is_small_enough_for_a_container_definition() -> None:
    assert len(json.dumps(command())) < 8 * 1024


def test_no_value_stands_in_the_script() -> None:
    ports = [str(spec.port) for spec in (AuroraSpec(), DocumentDbSpec())]
    assert [word for word in (AuroraSpec().database, MASTER_USERNAME, *ports) if word in script()] == []


def test_only_the_databases_that_are_on_are_spoken_to() -> None:
    assert ("DOCUMENTDB" in script(documentdb=False), "mongodb" in script(documentdb=False)) == (False, False)
    assert ("AURORA" in script(aurora=False), "mysql" in script(aurora=False)) == (False, False)
    assert script().index("AURORA_HOST") < script().index("DOCUMENTDB_HOST")


def test_without_a_database_there_is_nothing_to_run() -> None:
    with pytest.raises(ValueError, match="no database is on, so there is no user to make"):
        users_command([])


@pytest.mark.parametrize("prefix", ["AURORA", "DOCUMENTDB"])
def test_everything_comes_from_the_environment(prefix: str) -> None:
    keys = ("HOST", "PORT", "DATABASE", "MASTER_USERNAME", "MASTER_PASSWORD", "USER", "PASSWORD")
    assert [key for key in keys if f"env('{prefix}_{key}')" not in script()] == []


def test_both_connections_verify_the_server() -> None:
    assert "PDO::MYSQL_ATTR_SSL_CA => env('CA_BUNDLE_PATH')" in script(documentdb=False)
    assert "PDO::MYSQL_ATTR_SSL_VERIFY_SERVER_CERT => true" in script(documentdb=False)
    assert "'tls' => true,\n            'tlsCAFile' => env('CA_BUNDLE_PATH')" in script(aurora=False)


def test_statements_can_run_again_and_again() -> None:
    assert CREATE_DATABASE.startswith("CREATE DATABASE IF NOT EXISTS ")
    assert CREATE_USER.startswith("CREATE USER IF NOT EXISTS ")
    assert "usersInfo" in script(aurora=False), "createUser fails for a user who is there"


def test_the_user_may_do_what_migrations_do_in_one_database_and_no_more() -> None:
    assert set(PRIVILEGES) == {
        *("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "INDEX", "REFERENCES"),
        *("CREATE VIEW", "SHOW VIEW", "TRIGGER", "CREATE TEMPORARY TABLES"),
    }
    assert GRANT.endswith(" ON {database_only}.* TO {user}")
    assert "GRANT OPTION" not in script()
    assert "['readWrite', 'dbAdmin']" in script()


def test_a_name_with_an_underscore_opens_no_other_database() -> None:
    assert "addcslashes($database, '_%')" in script(), "in GRANT, my_app is also myXapp"


def test_the_user_comes_over_tls_only() -> None:
    assert CREATE_USER.endswith(" REQUIRE SSL")
    assert "'ALTER USER {user} REQUIRE SSL'" in script(), "a user who was there before must be told too"


def test_the_old_password_is_kept_and_a_current_one_is_not_changed() -> None:
    steps = script()
    keep = steps.index("'ALTER USER {user} IDENTIFIED BY {password} RETAIN CURRENT PASSWORD'")
    change = steps.index("'ALTER USER {user} IDENTIFIED BY {password}'")
    tried = steps.index("$connect(env('AURORA_USER'), env('AURORA_PASSWORD'))")
    assert tried < keep < change, "a second run would keep the new password twice and end the old one"


def test_values_are_quoted_by_the_server_s_own_rules() -> None:
    assert "$master->quote(env('AURORA_USER'))" in script()
    assert "$master->quote(env('AURORA_PASSWORD'))" in script()
    assert "str_replace('`', '``', env('AURORA_DATABASE'))" in script()


def test_a_failure_is_one_line_without_a_password() -> None:
    steps = script()
    assert steps.count("exit(1)") == 1
    assert "fwrite(STDERR, hidden(" in steps
    assert "str_ends_with($name, 'PASSWORD')" in steps


def test_nothing_that_is_printed_is_a_password() -> None:
    printed = [line for line in script().splitlines() if line.lstrip().startswith("echo ")]
    assert len(printed) == 8
    assert [line for line in printed if "PASSWORD" in line or "$password" in line] == []


def test_text_is_quoted_for_php() -> None:
    assert php_text("a'b\\c") == r"'a\'b\\c'"

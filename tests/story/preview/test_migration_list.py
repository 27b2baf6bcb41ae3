"""What artisan lists as pending, and which of it destroys something."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from story.preview.migrations import UnreadableListError, read_migrations

STATUS = """
  Migration name .................................... Batch / Status
  2014_10_12_000000_create_users_table ............... [1] Ran
  2026_11_20_100000_add_phone_to_users_table ......... Pending
  2026_11_21_100000_drop_old_orders_table ............ Pending
"""


def test_pending_migrations_are_read_from_the_status() -> None:
    found = read_migrations(STATUS)
    assert [one.name for one in found] == [
        "2026_11_20_100000_add_phone_to_users_table",
        "2026_11_21_100000_drop_old_orders_table",
    ]
    assert [(one.destroys, one.by_name) for one in found] == [((), True), (("drops",), True)]


@pytest.mark.parametrize(
    "said",
    [
        "\n   INFO  Nothing to migrate.  \n\n",
        "\n   INFO  No pending migrations.  \n\n",
        "\n   INFO  No migrations found.  \n\n",
        "Nothing to migrate.\n",
        "\x1b[44;37;1m INFO \x1b[39;49;22m Nothing to migrate.\n",
        'PHP Warning:  Module "mongodb" is already loaded in Unknown on line 0\n\n   INFO  Nothing to migrate.\n',
        "  Migration name .......... Batch / Status\n  2014_10_12_000000_create_users_table .... [1] Ran\n",
    ],
)
def test_the_list_is_empty_where_artisan_says_that_nothing_is_pending(said: str) -> None:
    assert read_migrations(said) == []


QUERY_FAILED = """
   Illuminate\\Database\\QueryException

  SQLSTATE[HY000] [2002] Connection refused (Connection: mysql, SQL: select * from `migrations`)

  at vendor/laravel/framework/src/Illuminate/Database/Connection.php:829
""".replace("\\", "\\")
ROW = "  2026_01_01_000000_add_phone ............ \n  ⇂ alter table `users` add `phone` int\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty"),
        (" \n\t\n", "it is empty"),
        (QUERY_FAILED, "Illuminate\\Database\\QueryException"),
        ("SQLSTATE[HY000] [1045] Access denied for user 'x'@'y' (using password: YES)\n", "SQLSTATE[HY000] [1045]"),
        (
            "In Connection.php line 829:\n\n  SQLSTATE[42S02]: Base table or view not found\n",
            "In Connection.php line 829:",
        ),
        ("\n   ERROR  Migration table not found.  \n", "ERROR Migration table not found."),
        ("docker: Error response from daemon: pull access denied for x\n", "docker: Error response from daemon"),
        ("Error response from daemon: network build not found\n", "Error response from daemon"),
        ("error during connect: Get http://docker: EOF\n", "error during connect"),
        (
            "Unable to find image 'x:latest' locally\nlatest: Pulling from x\n",
            "Unable to find image 'x:latest' locally",
        ),
        ("PHP Warning:  Undefined variable $x in /app/a.php on line 3\n", "PHP Warning: Undefined variable $x"),
        ("PHP Fatal error:  Uncaught Error: Class not found in /app/a.php:3\n", "PHP Fatal error"),
        ("Could not open input file: artisan\n", "Could not open input file: artisan"),
        ("<!DOCTYPE html>\n<html><body>502 Bad Gateway</body></html>\n", "<!DOCTYPE html>"),
        ('{"steps": [], "changeSummary": {}}\n', '{"steps": []'),
        ("+------+-----------+-------+\n| Ran? | Migration | Batch |\n", "+------+"),
        ("APPLICATION IN PRODUCTION.\n\n   INFO  Command cancelled.\n", "APPLICATION IN PRODUCTION."),
        ("\n   INFO  Running migrations.\n", "INFO Running migrations."),
        ("\n  Migration name ................. Batch / Status\n", "Migration name ...."),
        (f"\n   INFO  Running migrations.\n\n{ROW}{QUERY_FAILED}", "Illuminate\\Database\\QueryException"),
        ("  2026_01_01_000000_add_phone ........ 12.34ms DONE\n", "12.34ms DONE"),
        (f"{ROW}  2026_01_02_000000_x ........ 12.34ms DONE\n", "2026_01_02_000000_x"),
        (f"{ROW}  create_orders ........ 12.34ms FAIL\n", "create_orders"),
        (f"  {chr(0x3042)} .....\n  ⇂ drop table `a`\n\n{ROW}", "drop table `a`"),
        ("2026_01_01_000000_add_phone.php\n2026_01_02_000000_drop_a.php\n", "2026_01_01_000000_add_phone.php"),
    ],
)
def test_what_is_no_whole_list_is_refused_with_the_line_that_shows_it(text: str, why: str) -> None:
    with pytest.raises(UnreadableListError) as refused:
        read_migrations(text)
    message = str(refused.value)
    assert why in message
    assert len(message.splitlines()) == 1
    assert len(message) < 300


@given(st.text())
def test_no_text_without_a_sentence_of_artisan_is_an_empty_list(text: str) -> None:
    try:
        found = read_migrations(text)
    except UnreadableListError:
        return
    assert found or any(words in text.lower() for words in ("nothing to migrate", "no pending", "no migrations", "ran"))


@pytest.mark.parametrize(
    "noise", ["  • check the host\n", "  Loading ....... done\n", "Deprecated: x in y.php on line 3\n"]
)
def test_lines_of_other_programs_before_the_list_are_passed_over(noise: str) -> None:
    assert [one.name for one in read_migrations(f"{noise}\n{ROW}")] == ["2026_01_01_000000_add_phone"]


STRANGE = [
    "Killed",
    "Terminated",
    "  Killed",
    "make: *** [migrations] Error 137",
    'OCI runtime exec failed: exec failed: unable to start container process: exec: "php"',
    "mysql server has gone away",
    "Permission denied",
    "sh: php: not found",
    "Drop failed",
    "  There are no commands defined in this namespace.",
    "mysql: create failed",
]
NAMED = "  2026_01_01_000000_add_phone ............ \n"
HEADER = "  Migration name .......... Batch / Status\n"


@pytest.mark.parametrize("line", STRANGE)
@pytest.mark.parametrize(
    "above",
    [
        pytest.param(ROW, id="statement"),
        pytest.param("  2026_01_01_000000_x .....\n  ⇂ alter table users add x int\n\n", id="statement and empty line"),
        pytest.param("AddPhone: alter table `users` add `phone` int\n", id="statement of early Laravel 9"),
        pytest.param(NAMED, id="name"),
        pytest.param(f"{HEADER}  2014_10_12_000000_create_users_table .... [1] Ran\n", id="migration that ran"),
        pytest.param(f"{HEADER}  2026_11_20_100000_add_phone ......... Pending\n", id="pending migration"),
    ],
)
def test_a_line_that_is_none_of_a_list_is_refused_after_the_first_name(above: str, line: str) -> None:
    for after in ("", "\n", f"\n{ROW}"):
        with pytest.raises(UnreadableListError) as refused:
            read_migrations(f"{above}{line}{after}")
        assert str(refused.value) == f"it contains an unknown line: {' '.join(line.split())}"


@pytest.mark.parametrize("status", ["Permission denied", "Killed"])
def test_a_row_with_an_unknown_status_is_refused_after_the_first_name(status: str) -> None:
    with pytest.raises(UnreadableListError, match=status):
        read_migrations(f"{ROW}  create_orders ........ {status}\n")


@pytest.mark.parametrize("start", ["create table `t` (`a` int,", "insert into `t` values ('a", "alter table `t"])
@pytest.mark.parametrize("end", ["", "\n", "\nKilled\n", "\nmake: *** [migrations] Error 137\n"])
def test_a_list_that_ends_within_a_statement_is_refused(start: str, end: str) -> None:
    with pytest.raises(UnreadableListError, match="it ends within a statement"):
        read_migrations(f"{NAMED}  ⇂ {start}{end}")


@pytest.mark.parametrize(
    "mark", ["  ? ", "  ??? ", "??? ", "  ", "", "    ", "  \ufffd ", "  \ufffd\ufffd\ufffd ", "  -> "]
)
@pytest.mark.parametrize(
    ("sql", "destroys"),
    [
        ("alter table users drop column y", "drops"),
        ("DROP TABLE IF EXISTS users", "drops"),
        ("create or replace view v as select 1", None),
        ("create table `t` (`a` int)", None),
        ("create unique index i on t (a)", None),
        ("rename table a to b", "renames"),
        ("truncate table `jobs`", "deletes rows"),
        ("delete from jobs where id = 1", "deletes rows"),
        ("insert ignore into t values (1)", None),
        ("update `t` set `a` = 1", None),
        ("SET FOREIGN_KEY_CHECKS=0", None),
        ("pragma foreign_keys = 0", None),
        ("select * from t", None),
    ],
)
def test_a_statement_is_found_behind_an_unknown_mark(mark: str, sql: str, destroys: str | None) -> None:
    found = read_migrations(f"{NAMED}{mark}alter table t add z int\n{mark}{sql}\n  2026_01_02_000000_y .....\n")
    assert [one.name for one in found] == ["2026_01_01_000000_add_phone", "2026_01_02_000000_y"]
    assert tuple(found[0].statements) == ("alter table t add z int", sql)
    assert tuple(found[0].destroys) == ((destroys,) if destroys else ())


@pytest.mark.parametrize(
    "line",
    [
        "PHP Warning:  Undefined variable $x in /app/a.php on line 3",
        "Deprecated: x in y.php on line 3",
        "   INFO  Running migrations.",
    ],
)
def test_lines_after_which_artisan_goes_on_are_no_part_of_a_statement(line: str) -> None:
    found = read_migrations(f"{ROW}\n{line}\n\n  2026_01_02_000000_y .....\n  ⇂ drop table `y`\n")
    assert [tuple(one.statements) for one in found] == [("alter table `users` add `phone` int",), ("drop table `y`",)]


@pytest.mark.parametrize(
    "sql",
    [
        "insert into `t` values ('it''s (', 'a \\' b')",
        "insert into t values ('App\\')",
        "create function f() returns trigger as $$ begin -- don't (\n end $$ language plpgsql",
        "create view v as\n    select a\n    from t",
        "create table t (\nKilled int,\ndrop_at int\n)",
        "comment on column `a` is 'two\nlines'",
        "alter table t comment = 'a /* b' /* don't */",
    ],
)
def test_sql_of_several_lines_and_with_quotes_is_whole(sql: str) -> None:
    found = read_migrations(f"{NAMED}  ⇂ {sql}\n{NAMED.replace('01_01', '01_02')}  ⇂ drop table `y`\n")
    assert [tuple(one.destroys) for one in found] == [(), ("drops",)]
    [alone] = read_migrations(f"{NAMED}  ⇂ {sql}\n")
    assert alone.destroys == ()


def test_a_list_of_early_laravel_9_is_read_with_names_of_classes_and_of_files() -> None:
    found = read_migrations(
        "AddPhone: alter table `users` add `phone` int\n2026_01_02_000000_tidy_up: create table `t` (\n  `a` int\n)\n"
        "2026_01_02_000000_tidy_up: drop table `y`\n"
    )
    assert [(one.name, len(one.statements), tuple(one.destroys)) for one in found] == [
        ("AddPhone", 1, ()),
        ("2026_01_02_000000_tidy_up", 2, ("drops",)),
    ]


def test_a_password_in_an_error_is_not_repeated() -> None:
    with pytest.raises(UnreadableListError) as refused:
        read_migrations("SQLSTATE[HY000] mysql://root:hush@db/site refused\n")
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize("arrow", ["⇂", "•", "Γçé", "Ôçé", "\u00e2\u2021\u201a", "竍・", "竍\ufffd"])
def test_sql_is_found_behind_the_arrow_as_each_console_stores_it(arrow: str) -> None:
    [migration] = read_migrations(f"  2026_01_01_000000_tidy_up ........\n  {arrow} alter table `users` drop `phone`\n")
    assert (migration.destroys, migration.by_name) == (("drops",), False)


def test_a_column_named_error_in_sql_of_several_lines_is_no_error() -> None:
    sql = "create table `calls` (\n    error text null,\n    `n` int\n)"
    [migration] = read_migrations(f"  2026_01_01_000000_x ........\n  ⇂ {sql}\n")
    assert "error text null" in migration.statements[0]


@pytest.mark.parametrize(
    ("sql", "destroys"),
    [
        ("alter table `users` add `phone` varchar(32) null", ()),
        ("create table `t` (`drop` int, `rename` int)", ()),
        ("alter table `users` drop `phone`", ("drops",)),
        ("drop table if exists `users`", ("drops",)),
        ("alter table `users` drop column `a`, drop column `b`", ("drops",)),
        ("alter table `users` drop index `users_phone_index`", ()),
        ("alter table `users` drop foreign key `users_team_id_foreign`", ()),
        ("alter table `users` rename column `a` to `b`", ("renames",)),
        ("rename table `a` to `b`", ("renames",)),
        ("alter table `users` rename index `a` to `b`", ()),
        ("alter table `users` modify `name` varchar(10) not null", ("changes a type",)),
        ("alter table `users` change `a` `b` int", ("changes a type",)),
        ('alter table "users" alter column "name" type varchar(10)', ("changes a type",)),
        ("delete from `jobs` where `queue` = 'drop table'", ("deletes rows",)),
        ("truncate table `jobs`", ("deletes rows",)),
        ("insert into `words` values ('drop table `x`', 'rename')", ()),
    ],
)
def test_destructive_sql_is_told_from_the_rest(sql: str, destroys: tuple[str, ...]) -> None:
    [migration] = read_migrations(f"  2026_01_01_000000_x ........\n  ⇂ {sql}\n")
    assert tuple(migration.destroys) == destroys


def test_values_of_rows_are_not_shown() -> None:
    sql = "update `users` set `name` = 'hush \\' hush', `n` = 1 where `a` = 'it''s hush'"
    [migration] = read_migrations(f"  2026_01_01_000000_x ........\n  ⇂ {sql}\n")
    assert migration.statements == ("update `users` set `name` = ?, `n` = 1 where `a` = ?",)

"""What artisan lists as pending, and which of it destroys something."""

import pytest

from plan.migrations import read_migrations

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


def test_nothing_to_migrate_is_an_empty_list() -> None:
    assert read_migrations("\n   INFO  Nothing to migrate.\n") == []


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

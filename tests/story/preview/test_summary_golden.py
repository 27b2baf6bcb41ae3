"""The comment for each preview that was recorded from the engine, to the letter.

`STORY_WRITE_GOLDEN=1 pytest tests/story/preview/test_summary_golden.py` writes them anew; then read what changed.
"""

import os
from pathlib import Path

import pytest

from story.preview.markdown import LIMIT, comment, size
from story.preview.migrations import read_migrations
from story.preview.plain_text import plain_text
from story.preview.summary import summarise
from tests.story.preview.previews import NAMES, RECORDED, recorded, recorded_text

GOLDEN = Path(__file__).parent / "test_summary_golden"
PRETENDED = """
   INFO  Running migrations.

  2026_11_20_100000_add_phone_to_users_table ......................
  ⇂ alter table `users` add `phone` varchar(32) null
  2026_11_21_090000_tidy_up_orders ................................
  ⇂ alter table `orders` drop `drop_off`
  ⇂ alter table `orders` rename column `sum` to `total`
"""
VERDICTS = {
    "create": "A new environment of 108 resources, at least 180.11 USD a month",
    "data_delete": "DATA WOULD BE LOST (4 deleted), no service restarts, -1.65 USD a month",
    "data_replace": "DATA WOULD BE LOST (2 replaced), no service restarts, same costs",
    "delete": "1 service ends, no data is replaced or deleted, 2 changes of the network, 4 changes of permissions, "
    "-10.19 USD a month",
    "failed": "The preview failed, so the effect of this update is unknown",
    "import": "No service restarts, no data is replaced or deleted, +0.25 USD a month",
    "many": "A new environment of 500 resources, 0.00 USD a month",
    "network_replace": "2 services restart, no data is replaced or deleted, 45 changes of the network, same costs",
    "policy": "The preview failed, so the effect of this update is unknown",
    "policy_stream": "A policy forbids this update",
    "release": "2 services restart, a migration runs, no data is replaced or deleted, same costs",
    "secret": "No service restarts, no data is replaced or deleted, same costs",
    "traceback": "The preview failed, so the effect of this update is unknown",
    "unprotect": "No service restarts, no data is replaced or deleted, the protection of 1 resource is removed, "
    "same costs",
    "update": "1 service restarts, no data is replaced or deleted, +44.98 USD a month",
}
SECRETS = ("hunter2", "first-secret", "second-secret")


def same_as_kept(name: str, page: str) -> None:
    kept = GOLDEN / name
    if os.environ.get("STORY_WRITE_GOLDEN"):
        kept.write_text(page, "utf-8")
    assert page == kept.read_text("utf-8"), f"{name} is another; STORY_WRITE_GOLDEN=1 writes it anew"


@pytest.mark.parametrize("name", NAMES)
def test_the_comment_is_the_one_that_was_read_and_kept(name: str) -> None:
    page = comment(summarise(recorded(name)))
    assert page.splitlines()[0].removeprefix("### ").removeprefix("⚠️ ") == VERDICTS[name]
    assert size(page) < LIMIT
    same_as_kept(f"{name}.md", page)


@pytest.mark.parametrize("name", ["release", "data_delete", "failed"])
def test_the_text_is_the_one_that_was_read_and_kept(name: str) -> None:
    same_as_kept(f"{name}.txt", plain_text(summarise(recorded(name))))


def test_a_release_with_its_migrations_is_the_one_that_was_read_and_kept() -> None:
    page = comment(summarise(recorded("release"), migrations=read_migrations(PRETENDED)))
    assert page.startswith(
        "### ⚠️ 2 services restart, 2 migrations run (1 DESTRUCTIVE), no store is replaced or deleted"
    )
    same_as_kept("release_with_migrations.md", page)


@pytest.mark.parametrize("name", NAMES)
def test_neither_the_recording_nor_the_page_has_a_secret_or_the_machine_that_it_was_recorded_on(name: str) -> None:
    pages = [recorded_text(name), comment(summarise(recorded(name))), plain_text(summarise(recorded(name)))]
    for page in pages:
        for text in (*SECRETS, "/root/", "/tmp/", "/home/", "127.0.0.1"):
            assert text not in page


def test_all_recordings_together_stay_small() -> None:
    assert sum(path.stat().st_size for path in RECORDED.iterdir()) < 1_100_000

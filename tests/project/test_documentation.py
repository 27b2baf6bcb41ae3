"""What the documentation quotes is what the code says."""

import re

import pytest

from tests.e2e.left_after_destroy import LEFT_AFTER_DESTROY
from tests.paths import PROJECT

PAGES = [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md"), *(PROJECT / "emulator").glob("*.md")]


def test_what_a_destroy_leaves_is_listed() -> None:
    page = (PROJECT / "docs" / "operate.md").read_text("utf-8")
    for left in LEFT_AFTER_DESTROY:
        assert f"| {left.service}: {left.kind} | {left.why} | {left.removal} |" in page, left.kind


@pytest.mark.parametrize("page", sorted({str(page.relative_to(PROJECT)) for page in PAGES}))
def test_every_link_leads_somewhere(page: str) -> None:
    path = PROJECT / page
    links = re.findall(r"\]\((?!https?://)([^)#]+)", path.read_text("utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_every_make_target_of_the_readme_exists() -> None:
    makefile = (PROJECT / "Makefile").read_text("utf-8")
    named = set(re.findall(r"\bmake ([a-z0-9-]+)", (PROJECT / "README.md").read_text("utf-8")))
    assert named - set(re.findall(r"^([a-z0-9-]+):", makefile, re.MULTILINE)) == set()


WHAT_TO_DO = (
    *(
        "Add",
        "Build",
        "Check",
        "Copy",
        "Do",
        "Edit",
        "Give",
        "PageClient",
        "Make",
        "Open",
        "Put",
        "Read",
        "Restart",
        "Run",
    ),
    *("Say", "See", "Set", "Start", "Stop", "Turn", "Type", "Wait", "Write", "まず"),
)


@pytest.mark.parametrize("page", sorted(str(page.relative_to(PROJECT)) for page in (PROJECT / "docs").rglob("*.md")))
def test_every_page_says_what_to_do_in_its_first_three_lines(page: str) -> None:
    title, _, first = (PROJECT / page).read_text("utf-8").splitlines()[:3]
    assert title.startswith("# ")
    assert first.startswith(WHAT_TO_DO), first

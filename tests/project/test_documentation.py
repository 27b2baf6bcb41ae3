"""What the documentation quotes is what the code says."""

import re

import pytest

from tests.paths import PROJECT

PAGES = [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md"), *(PROJECT / "emulator").glob("*.md")]


@pytest.mark.parametrize("page", sorted({str(page.relative_to(PROJECT)) for page in PAGES}))
def test_every_link_leads_somewhere(page: str) -> None:
    path = PROJECT / page
    links = re.findall(r"\]\((?!https?://)([^)#]+)", path.read_text("utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_every_make_target_of_the_readme_exists() -> None:
    makefile = (PROJECT / "Makefile").read_text("utf-8")
    named = set(re.findall(r"\bmake ([a-z0-9-]+)", (PROJECT / "README.md").read_text("utf-8")))
    assert named - set(re.findall(r"^([a-z0-9-]+):", makefile, re.MULTILINE)) == set()

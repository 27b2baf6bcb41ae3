"""What docstrings, comments, messages and pages point to has the form of something that is there."""

import re
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import pytest

from tests.project.links import (
    PROJECT,
    headings,
    names_a_page,
    prose_of,
    python_files,
    texts_of,
    wrong_addresses,
    wrong_anchors,
    wrong_paths,
)

PAGES = [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md"), *(PROJECT / "emulator").glob("*.md")]
THIS = Path(__file__)


def wrong(texts: Callable[[str], Iterable[tuple[int, str]]], *judges: Callable[[str], list[str]]) -> list[str]:
    """What is wrong in all Python files but this one, which has wrong ones on purpose."""
    return [
        f"{path.relative_to(PROJECT)}:{line}: {told}"
        for path in python_files()
        if path != THIS
        for line, text in texts(path.read_text("utf-8"))
        for judge in judges
        for told in judge(text)
    ]


def test_every_address_in_a_docstring_or_a_comment_has_the_form_of_a_page_that_is_there() -> None:
    assert wrong(prose_of, wrong_addresses) == []


def test_every_anchor_in_a_docstring_or_a_comment_has_its_page() -> None:
    found = [
        f"{path.relative_to(PROJECT)}:{line}: {told}"
        for path in python_files()
        if path != THIS and not names_a_page(source := path.read_text("utf-8"))
        for line, text in prose_of(source)
        for told in wrong_anchors(text)
    ]
    assert found == []


def test_every_page_and_module_that_a_comment_names_exists() -> None:
    assert wrong(prose_of, wrong_paths) == []


def test_every_page_and_address_that_a_message_names_exists() -> None:
    found = wrong(texts_of, wrong_paths, partial(wrong_addresses, bases=True))
    assert [one for one in found if not one.startswith("tests/")] == []


@pytest.mark.parametrize("page", sorted({str(page.relative_to(PROJECT)) for page in PAGES}))
def test_every_address_in_a_page_has_the_form_of_one_that_is_there(page: str) -> None:
    assert wrong_addresses((PROJECT / page).read_text("utf-8"), bases=True) == []


@pytest.mark.parametrize("page", sorted({str(page.relative_to(PROJECT)) for page in PAGES}))
def test_every_heading_that_a_page_points_to_exists(page: str) -> None:
    path = PROJECT / page
    links = re.findall(r"\]\((?!https?://)([^)#]*)#([^)]+)\)", path.read_text("utf-8"))
    targets = [((path.parent / file).resolve() if file else path, anchor) for file, anchor in links]
    assert [f"{target.name}#{anchor}" for target, anchor in targets if anchor not in headings(target)] == []


# What is found out.


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("see application.com/docs/12.x/queues#running", "application.com is not among the known hosts"),
        ("https://docs.aws.amazon.org/sns/latest/dg/a.html", "docs.aws.amazon.org is not among the known hosts"),
        ("docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/\nBest_Practice.html", "stand in one line"),
        ("docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-\nexec.html", "it is cut off"),
        ("docs.aws.amazon.com/AmazonECS/latest\n/developerguide/ecs-exec.html", "stand in one line"),
        ("docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec", "end with .html"),
        ("docs.aws.amazon.com/AmazonECS/latest/developerguide/#ecs-exec", "end with .html"),
        ("docs.aws.amazon.com/AmazonECS//developerguide/ecs-exec.html", "it is cut off"),
        ("docs.aws.amazon.com/AmazonECS/latest/develperguide/ecs-exec.html", "is not among the known guides"),
        ("docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html#", "end with .html"),
    ],
)
def test_a_wrong_address_is_found_out(text: str, told: str) -> None:
    [found] = wrong_addresses(text)
    assert told in found


@pytest.mark.parametrize(
    "text",
    [
        "docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html#ecs-exec-logging.",
        "(https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html):",
        "laravel.com/docs/12.x/queues#running-the-queue-worker. It starts afresh",
        "wiki.example.com/runbooks/queue-age.md",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/site@sha256:1",
        "components/x.py and spec.com",
    ],
)
def test_a_right_address_is_taken(text: str) -> None:
    assert wrong_addresses(text) == []


@pytest.mark.parametrize(("base", "is_taken"), [("AmazonECS/latest", True), ("AmazonECS/lates", False)])
def test_a_guide_without_a_page_is_taken_only_where_pages_are_named_below_it(base: str, is_taken: bool) -> None:
    assert (wrong_addresses(f"docs.aws.amazon.com/{base}", bases=True) == []) is is_taken
    assert wrong_addresses(f"docs.aws.amazon.com/{base}") != []


def test_an_anchor_without_its_page_is_found_out() -> None:
    assert wrong_anchors("In one widget: #CloudWatch-Dashboard-Properties of the page above.") != []
    assert wrong_anchors("page.html#anchor-of-it, a #hash and issue #12-34") == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("read docs/nothing.md", "docs/nothing.md: no such page"),
        ("read docs/alarms.md#no-such-heading", "docs/alarms.md#no-such-heading: no such heading"),
        ("as `release/nothing.py` does", "release/nothing.py: no such file"),
    ],
)
def test_a_path_that_leads_nowhere_is_found_out(text: str, told: str) -> None:
    assert wrong_paths(text) == [told]


def test_a_path_that_leads_somewhere_is_taken() -> None:
    assert wrong_paths("docs/alarms.md#all-of-them, docs/runbooks/README.md and `story/doctor/alarms.py`") == []


def test_docstrings_of_attributes_and_comments_are_read() -> None:
    source = '"""module"""\nA = 1\n"""attribute"""\n# comment\ndef f():\n    """function"""\n    return "text"\n'
    assert {text.strip() for _, text in prose_of(source)} == {"module", "attribute", "comment", "function"}
    assert "text" in {text for _, text in texts_of(source)}

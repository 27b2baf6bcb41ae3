"""The comment holds whatever names and values there are: it never grows too long, and nothing in it acts."""

import json
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from story.engine.preview import read_preview
from story.preview.markdown import LIMIT, code, comment, size, visible
from story.preview.migrations import Migration
from story.preview.plain_text import plain_text
from story.preview.summary import Summary, summarise
from tests.story.preview.previews import document, recorded_text, step, urn

EVIL = "EVIL"
HOSTILE = [
    "@team",
    "#123",
    "[x](https://evil.example)",
    "![x](https://evil.example/x.png)",
    "https://evil.example www.evil.example a@evil.example",
    "<b>x</b> <!-- x --> --> </details></summary><img src=x onerror=alert(1)>",
    "`x` ``` ~~~ ```` ``",
    "a|b\\|c\\\\|d",
    "line\nline\r\n\n# head\n\n- list\n> quote\n```\n```diff",
    "\u202eright to left\u202c\u2066x\u2069\u200b\ufeff",
    "\x00\x07\x1b[31mred\x1b[0m\x85\u2028",
    "&lt;&#64;team&copy;",
    "**x** __x__ ~~x~~ $x$ :smile: *",
    "\ud800",
    "::error::x ##[error]x",
    " ",
    "\\",
    "`",
]
SPECIAL = st.text(alphabet="`|\\<>!-[]()@#*_~&;:/\n\r\t $\"' \u202eaE", max_size=40)
TEXTS = (st.sampled_from(HOSTILE) | SPECIAL | st.text(max_size=30)).map(lambda text: f"{text}{EVIL}{text}")
OPS = st.sampled_from(["create", "update", "replace", "delete", "import"])
TYPES = st.sampled_from(
    ["aws:s3/bucket:Bucket", "aws:ecs/service:Service", "aws:iam/role:Role", "aws:ec2/subnet:Subnet", "aws:x/y:Z"]
) | TEXTS.map(lambda text: f"aws:{text}")
INPUTS = st.dictionaries(TEXTS, TEXTS | st.lists(TEXTS, max_size=2) | st.integers(), max_size=3)


@st.composite
def steps(draw: st.DrawFn) -> dict[str, Any]:
    before, after = draw(INPUTS), draw(INPUTS)
    keys = draw(st.lists(TEXTS, max_size=2))
    parent = urn("story:index:FargateService", draw(TEXTS))
    return step(draw(OPS), draw(TYPES), draw(TEXTS), before=before, after=after, parent=parent, because=keys)


@st.composite
def summaries(draw: st.DrawFn) -> Summary:
    failing = draw(st.booleans())
    diagnostics = [{"severity": "warning", "message": draw(TEXTS)}]
    diagnostics += [{"severity": "error", "message": draw(TEXTS)}] if failing else []
    text = document(*draw(st.lists(steps(), max_size=6)), diagnostics=diagnostics)
    policies = [
        {"policyEvent": {"resourceUrn": urn("a", draw(TEXTS)), "message": draw(TEXTS), "policyName": draw(TEXTS)}}
        for _ in range(draw(st.integers(0, 2)))
    ]
    events = "\n".join(map(json.dumps, policies))
    migrations = [
        Migration(name=draw(TEXTS), statements=[draw(TEXTS)], destroys=["drops"], by_name=False)
        for _ in range(draw(st.integers(0, 2)))
    ]
    stack, unread = draw(TEXTS | st.just("")), draw(TEXTS | st.just(""))
    return summarise(read_preview(f"{text}\n{events}"), stack=stack, migrations=migrations, list_unread=unread)


def tokens(page: str) -> list[Token]:
    """What a reader of Markdown makes of a page, flat."""
    found: list[Token] = []
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(page):
        found += [token, *(token.children or [])]
    return found


@given(summaries())
@settings(max_examples=150)
def test_names_and_values_stand_in_code_and_nowhere_else(summary: Summary) -> None:
    page = comment(summary)
    body, _, marker = page.rstrip("\n").rpartition("\n")
    assert re.fullmatch(r"<!-- story-summary: [A-Za-z0-9._/-]+ -->", marker)
    assert "--" not in marker[4:-3]
    for token in tokens(body):
        if token.type in ("code_inline", "fence"):
            continue
        assert token.type not in ("link_open", "image", "s_open", "code_block", "hr"), token
        if token.type in ("text", "html_block", "html_inline"):
            assert EVIL not in token.content, token
        if token.type in ("html_block", "html_inline"):
            assert re.fullmatch(r"<details><summary>[A-Za-z ,()]+</summary>|</details>", token.content.strip()), token


@given(summaries())
def test_no_character_is_invisible_or_turns_the_direction(summary: Summary) -> None:
    for page in (comment(summary), plain_text(summary)):
        odd = {char for char in page if not char.isprintable()} - {"\n", "\ufe0f"}
        assert odd == set()


@given(summaries())
def test_no_line_of_the_text_begins_with_what_a_build_would_take_for_a_command(summary: Summary) -> None:
    assert not [line for line in plain_text(summary).splitlines() if line.strip().startswith(("::", "##["))]


@given(TEXTS, st.booleans())
def test_a_span_ends_where_it_should(text: str, cell: bool) -> None:
    page = f"| a | b |\n|--|--|\n| {code(text, cell=cell)} | end |\n" if cell else f"- {code(text)} end\n"
    spans = [token for token in tokens(page) if token.type == "code_inline"]
    assert len(spans) == 1
    assert [token.content.strip() for token in tokens(page) if token.type == "text"][-1] == "end"


@given(st.integers(1, 60), st.integers(1, 4000), st.sampled_from(["delete", "create", "update", "replace"]))
@settings(max_examples=30)
def test_the_comment_is_never_too_long_and_says_what_it_left_out(count: int, length: int, op: str) -> None:
    many = [
        step(
            op,
            "aws:s3/bucket:Bucket",
            f"{n}{'`😀' * length}",
            before={f"k{i}": "a" * length for i in range(9)},
            after={},
        )
        for n in range(count)
    ]
    page = comment(summarise(read_preview(document(*many))))
    assert size(page) < LIMIT
    assert page.endswith("-->\n")
    assert page.count("<details>") == page.count("</details>")


@given(st.integers(1_500, 60_000))
@settings(max_examples=30)
def test_what_is_dropped_is_dropped_from_the_end(limit: int) -> None:
    summary = summarise(read_preview(recorded_text("create")))
    whole, page = comment(summary), comment(summary, limit)
    assert size(page) < limit
    assert page.splitlines()[:3] == whole.splitlines()[:3]
    assert page.splitlines()[-1] == whole.splitlines()[-1]
    if page != whole:
        assert "_Truncated to GitHub" in page
        assert "All differences" in page.rpartition("_Truncated")[2]


def test_2000_changes_of_long_names_still_show_what_is_lost() -> None:
    steps_ = [step("create", f"aws:x/y:Z{n}", f"{'n' * 200}{n}", after={"a": "b" * 500}) for n in range(2000)]
    page = comment(
        summarise(read_preview(document(step("delete", "aws:s3/bucket:Bucket", "photos", before={}), *steps_)))
    )
    assert size(page) < LIMIT
    assert "> - delete `s3 Bucket` `photos`" in page
    assert "more" in page


def test_escapes_are_seen_by_the_reader() -> None:
    assert visible("a\u202eb\nc\ud800") == "a\\u202eb\\nc\\ud800"
    assert code("a|b", cell=True) == "`a\\x7cb`"

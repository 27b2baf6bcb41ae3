"""`story summary` and `story drift` say what they could not read, and never conclude anything from it."""

import codecs
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from story.engine.output import CHANGES
from story.engine.preview import read_preview
from story.preview.drift import read_drift
from story.preview.drift_command import run as run_drift
from story.preview.summary import summarise
from story.preview.summary_command import run
from tests.story.preview.previews import document, recorded_text, step

BUCKET = "aws:s3/bucket:Bucket"
RELEASE = recorded_text("release")


def said(
    capsys: pytest.CaptureFixture[str],
    folder: Path,
    preview: str | bytes = RELEASE,
    migrations: str | bytes | None = None,
    stack: str = "",
) -> tuple[int, str, str]:
    """Exit code, page and errors of `story summary` for files with this content."""
    content = {"preview.json": preview, "pending.txt": migrations}
    for name, given_content in content.items():
        if given_content is not None:
            (folder / name).write_bytes(given_content.encode() if isinstance(given_content, str) else given_content)
    listed = None if migrations is None else folder / "pending.txt"
    code = run(file=str(folder / "preview.json"), as_format="text", stack=stack, migrations=listed)
    page = capsys.readouterr()
    return code, page.out, page.err


@pytest.mark.parametrize(
    ("listed", "why"),
    [
        ("", "it is empty"),
        (
            "SQLSTATE[HY000] [2002] Connection refused\n",
            "it contains an error: SQLSTATE[HY000] [2002] Connection refused",
        ),
        ("<html>\n<body>\n", "it begins: <html>"),
        (b"\x1f\x8b\x08\0\0\0", "it is binary, not text"),
    ],
)
def test_a_list_of_migrations_that_cannot_be_read_is_in_the_verdict_and_in_the_exit_code(
    listed: str | bytes, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, page, error = said(capsys, tmp_path, migrations=listed)
    assert code == 1
    assert "THE LIST OF MIGRATIONS COULD NOT BE READ" in page.splitlines()[0]
    assert "no migration is pending" not in page
    [line] = [line for line in page.splitlines() if "the list of migrations could not be read: " in line]
    assert why in line
    [told] = error.splitlines()
    assert told.startswith("story summary: ")
    assert why in told


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_the_list_of_migrations_is_read_as_powershell_stores_it(
    encoding: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = "  2026_01_01_000000_drop_orders ........ Pending\r\n"
    code, page, _ = said(capsys, tmp_path, migrations=row.encode(encoding))
    assert code == 0
    assert "2026_01_01_000000_drop_orders: DESTRUCTIVE, it drops" in page


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (b"", "utf-16-le"),
    ],
)
def test_a_preview_makes_the_same_page_in_every_encoding(
    mark: bytes, encoding: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = said(capsys, tmp_path)
    assert wanted[0] == 0
    assert said(capsys, tmp_path, mark + RELEASE.replace("\n", "\r\n").encode(encoding)) == wanted


@pytest.mark.parametrize(
    ("preview", "why"),
    [
        ("", "the input contains no output of pulumi preview --json"),
        ("\n\n", "the input contains no output of pulumi preview --json"),
        ("{", "the output of pulumi preview --json ends early"),
        (RELEASE[: len(RELEASE) // 2], "the output of pulumi preview --json ends early"),
        (json.dumps(json.loads(RELEASE))[:-30], "the output of pulumi preview --json ends early"),
        ("[1, 2]", "the input contains no output of pulumi preview --json, but other lines"),
        ("<html></html>", "the input contains no output of pulumi preview --json, but other lines"),
        ('{"version": 3, "deployment": {}}', "its keys are deployment, version"),
        ('{"url": "https://x"}', "its keys are url"),
        (document(step("create", BUCKET, "b", after={})).replace("::story::", "::shop::"), "of the project shop"),
        (document(steps={"a": 1}), "its steps are no list"),
        (document(steps=None, changeSummary={"create": 3}), "its steps are no list"),
        (document(steps=[{"urn": "x"}], changeSummary={"create": 1}), "1 of its 1 steps have no operation"),
        (document(steps=[3], changeSummary={"create": 1}), "1 of its 1 steps have no operation"),
        (document(changeSummary={"same": 1, "delete": 5}), "it counts 5 changes and lists none"),
        (document(step("vanish", BUCKET, "b", before={})), "it has steps of unknown kinds: vanish"),
        ('{"steps": [], "config": {}}', "it has no changeSummary"),
    ],
)
def test_a_preview_that_cannot_be_read_says_why_and_is_never_one_without_changes(
    preview: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, page, _ = said(capsys, tmp_path, preview)
    assert code == 1
    assert page.startswith("!! The preview failed, so the effect of this update is unknown\n")
    assert len([line for line in page.splitlines() if why in line]) == 1
    drift = read_drift(preview, stack="test")
    assert any(why in line for line in drift.errors)
    assert run_drift(preview=(0, preview), stack="test", as_format="text") == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("stack", ["prod", "organization/story/prod"])
def test_a_preview_of_another_stack_is_refused(stack: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    preview = document(step("create", BUCKET, "b", after={}))
    code, page, _ = said(capsys, tmp_path, preview, stack=stack)
    assert code == 1
    assert "the preview is of the stack test, not of prod" in page
    assert said(capsys, tmp_path, preview, stack="organization/story/test")[0] == 0


@pytest.mark.parametrize("name", ["preview.json", "pending.txt"])
def test_a_folder_in_place_of_a_file_is_one_line(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for file in ("preview.json", "pending.txt"):
        (tmp_path / file).mkdir() if file == name else (tmp_path / file).write_text(RELEASE)
    assert (
        run(file=str(tmp_path / "preview.json"), as_format="text", stack="", migrations=tmp_path / "pending.txt") == 2
    )
    [line] = capsys.readouterr().err.splitlines()
    assert line == f"story summary: {tmp_path / name}: is a directory"


def test_a_binary_file_in_place_of_a_preview_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, page, error = said(capsys, tmp_path, b"\x7fELF\0\0\0\0")
    assert (code, page) == (2, "")
    assert error == f"story summary: {tmp_path / 'preview.json'}: it is binary, not text\n"


STEPS = st.one_of(st.none(), st.integers(), st.text(), st.lists(st.one_of(st.none(), st.integers(), st.text())))
COUNTS = st.dictionaries(st.sampled_from(sorted(CHANGES)), st.integers(1, 9), min_size=1)


@given(STEPS, COUNTS)
def test_nothing_changes_is_never_said_where_the_engine_counts_changes(steps: Any, counts: dict[str, int]) -> None:
    found = read_preview(document(steps=steps, changeSummary=counts))
    assert found.failed
    assert summarise(found).verdict.startswith("The preview failed")

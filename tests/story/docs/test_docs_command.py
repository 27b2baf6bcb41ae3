"""`story docs`: what is made from the code is up to date, and is written and checked by the command."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from story import cli
from story.docs.blocks import BlockError, with_block
from story.docs.project_file import declared_keys
from tests.paths import PROJECT

FILES = ("Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yaml", "__main__.py", "settings.schema.json")
WRITTEN = {
    "settings.schema.json": ('"Settings of a stack"', '"Settings"'),
    "docs/settings.md": ('| `nat` | `"single"` |', '| `nat` | `"none"` |'),
    "bootstrap/settings.schema.json": ('"Settings of a stack"', '"Settings"'),
    "docs/bootstrap-settings.md": ("# Settings", "# Keys"),
    "Pulumi.yaml": ("story:valkey", "story:redis"),
    "docs/alarms.md": ("| `aurora-capacity` |", "| `aurora-cpu` |"),
    "docs/runbooks/README.md": ("| Jobs failed |", "| Jobs |"),
    "docs/operate.md": ("| ecs: task |", "| ecs: tasks |"),
}
"""Each file that is written, or has parts that are, with an edit of such a part."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project's program with its pages, to be edited."""
    for name in FILES:
        shutil.copy(PROJECT / name, tmp_path / name)
    shutil.copytree(PROJECT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("screens", "example-*"))
    (tmp_path / "bootstrap").mkdir()
    shutil.copy(PROJECT / "bootstrap" / "settings.schema.json", tmp_path / "bootstrap")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def story(*arguments: str) -> Result:
    result = CliRunner().invoke(cli.app, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    return result


def texts(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text("utf-8") for name in WRITTEN}


def test_everything_that_is_made_from_the_code_is_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    result = story("docs", "--check")
    assert (result.exit_code, result.output) == (0, ""), "`make docs` writes it"


def test_the_check_names_what_differs_and_writes_nothing_and_the_command_writes_it(project: Path) -> None:
    whole = texts(project)
    for name, (before, after) in WRITTEN.items():
        assert whole[name].count(before) >= 1, name
        (project / name).write_text(whole[name].replace(before, after), "utf-8")
    page = project / "docs" / "alarms.md"
    page.write_text(page.read_text("utf-8").replace("# Alarms\n", "# Alarms\n\nWritten by hand.\n", 1))
    edited = texts(project)
    result = story("docs", "--check")
    assert (result.exit_code, result.stdout) == (1, "")
    said = result.stderr.splitlines()
    assert {line for line in said if line.startswith("story docs: ")} == {
        f"story docs: {name} is out of date; `story docs` writes it" for name in WRITTEN
    }
    assert "-| [failed-jobs](failed-jobs.md) | Jobs |" in said
    assert "+| [failed-jobs](failed-jobs.md) | Jobs failed |" in said
    assert texts(project) == edited
    assert story("docs").exit_code == 0
    whole["docs/alarms.md"] = whole["docs/alarms.md"].replace("# Alarms\n", "# Alarms\n\nWritten by hand.\n", 1)
    assert texts(project) == whole, "what people wrote around the tables stays"


@pytest.mark.parametrize("name", ["docs", "schema"])
def test_a_page_without_its_comments_is_one_line_and_nothing_is_written(project: Path, name: str) -> None:
    page = project / "docs" / "operate.md"
    page.write_text(page.read_text("utf-8").replace("<!-- written by story docs: left after destroy -->\n", ""))
    (project / "settings.schema.json").write_text("{}")
    result = story(name)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        'story docs: docs/operate.md: it has to have "<!-- written by story docs: left after destroy -->" and '
        '"<!-- end -->" once, each on a line of its own\n'
    )
    assert (project / "settings.schema.json").read_text() == "{}"


def test_a_page_that_is_gone_is_one_line(project: Path) -> None:
    (project / "docs" / "runbooks" / "README.md").unlink()
    result = story("docs", "--check")
    assert result.exit_code == 1
    assert result.stderr == (
        "story docs: docs/runbooks/README.md: there is no such file, and runbooks is written into it\n"
    )


def test_mistakes_in_the_stack_file_that_is_described_are_one_line(project: Path) -> None:
    file = project / "Pulumi.prod.yaml"
    file.write_text(file.read_text("utf-8") + "  story:nothing: {}\n")
    result = story("docs", "--check")
    assert result.exit_code == 1
    assert result.stderr.startswith("story docs: Pulumi.prod.yaml has mistakes (story plan --stack prod): story:")
    assert len(result.stderr.splitlines()) == 1


def test_the_old_name_of_the_command_works_and_is_not_in_the_help() -> None:
    shown = story("--help").stdout
    assert "  docs " in shown
    assert "schema " not in shown.replace("schemas ", "")
    assert story("schema", "--help").exit_code == 0


PAGE = "a\n<!-- written by story docs: x -->\nold\n<!-- end -->\nb\n<!-- written by story docs: y -->\n<!-- end -->\n"


def test_only_the_named_part_is_written() -> None:
    new = with_block(PAGE, ending=".md", name="x", content=r"\1 new")
    assert new == PAGE.replace("old", r"\1 new")
    assert with_block(new, ending=".md", name="y", content="z").count("z\n<!-- end -->") == 1


@pytest.mark.parametrize("text", ["", PAGE + PAGE, PAGE.replace("<!-- end -->", ""), f"`{PAGE}".replace("a\n", "")])
def test_a_part_that_is_not_there_once_is_refused(text: str) -> None:
    with pytest.raises(BlockError, match="once"):
        with_block(text, ending=".md", name="x", content="new")


def test_declared_keys_have_the_project_s_name() -> None:
    from settings.stack import Settings

    lines = declared_keys(Settings, "kiosk").splitlines()
    assert lines[:4] == [
        "  kiosk:protect:",
        "    type: boolean",
        '    description: "Protect everything that holds data from deletion"',
        "    default: true",
    ]
    assert "story" not in "\n".join(lines)

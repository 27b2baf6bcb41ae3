"""`story docs`: every table and file that is made from the code."""

import difflib
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bootstrap.account_settings import PREFIX as ACCOUNT_PREFIX
from bootstrap.account_settings import AccountSettings
from settings.project import project_name
from settings.stack import Settings
from story.docs.alarms import ALL_ALARMS, REGION, alarm_cost, alarm_table
from story.docs.blocks import BlockError, with_block
from story.docs.left_after_destroy import left_table
from story.docs.project_file import declared_keys
from story.docs.reference import settings_reference
from story.docs.schema import stack_file_schema
from story.exit_codes import ExitCode
from story.plan.program import example_image, plan_stack, project_folder
from story.plan.recorder import Record, record_program
from story.plan.stack_file import StackFile

LINES_SHOWN = 20
"""Lines of a difference that are shown of each file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A part of a hand-written file.

    Attributes:
        file: Path of the file in the project.
        name: Name of the part.
        content: Makes what it has to hold.
    """

    file: str
    name: str
    content: Callable[[], str]


def run(*, check: bool, start: Path) -> int:
    """Writes what is out of date; returns the exit code: 1 if it only checks and something is, or if a file lacks the
    comments between which a part is written.

    Args:
        check: Write nothing, and show what would change.
        start: Folder that the project is looked for in and above.
    """
    project = project_folder(start)
    wrong = False
    try:
        wanted = _wanted(project)
    except BlockError as error:
        print(f"story docs: {error}", file=sys.stderr)
        return ExitCode.FAILED
    for file, text in wanted.items():
        path = project / file
        before = path.read_text("utf-8") if path.is_file() else ""
        if before == text:
            continue
        if check:
            wrong = True
            print(f"story docs: {file} is out of date; `story docs` writes it", file=sys.stderr)
            print("\n".join(_difference(before, text)), file=sys.stderr)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    return ExitCode.FAILED if wrong else ExitCode.OK


def _wanted(project: Path) -> Mapping[str, str]:
    """What each file has to hold, by its path in the project.

    Raises:
        BlockError: A hand-written file is not there, or lacks the comments around a part.
    """
    name = project_name(project)
    wanted = {
        "settings.schema.json": stack_file_schema(Settings, name),
        "docs/settings.md": settings_reference(Settings, name),
        "bootstrap/settings.schema.json": stack_file_schema(AccountSettings, ACCOUNT_PREFIX),
        "docs/bootstrap-settings.md": settings_reference(AccountSettings, ACCOUNT_PREFIX),
    }
    blocks = _blocks(project, name)
    pages = {block.file: _page(project, block) for block in blocks}
    # Only where each has its place, for it takes seconds to run the program.
    for block in blocks:
        pages[block.file] = _with(pages[block.file], block, block.content())
    return {**wanted, **pages}


def _page(project: Path, block: Block) -> str:
    path = project / block.file
    if not path.is_file():
        raise BlockError(f"{block.file}: there is no such file, and {block.name} is written into it")
    text = path.read_text("utf-8")
    _with(text, block, "")
    return text


def _with(text: str, block: Block, content: str) -> str:
    try:
        return with_block(text, ending=Path(block.file).suffix, name=block.name, content=content)
    except BlockError as error:
        raise BlockError(f"{block.file}: {error}") from None


def _blocks(project: Path, name: str) -> Sequence[Block]:
    return [
        Block(file="Pulumi.yaml", name="config", content=lambda: declared_keys(Settings, name)),
        Block(file="docs/alarms.md", name="alarms", content=lambda: alarm_table(_with_all_alarms(project, name))),
        Block(file="docs/alarms.md", name="cost of alarms", content=lambda: alarm_cost(_prod(project))),
        Block(
            file="docs/runbooks/README.md",
            name="runbooks",
            content=lambda: runbook_index(project / "docs" / "runbooks"),
        ),
        Block(file="docs/operate.md", name="left after destroy", content=left_table),
    ]


def runbook_index(folder: Path) -> str:
    """A row for each page of a folder, with its title."""
    pages = sorted(page for page in folder.glob("*.md") if page.stem != "README")
    rows = [f"| [{page.stem}]({page.name}) | {_title(page)} |" for page in pages]
    return "\n".join(["| page | when |", "| --- | --- |", *rows])


def _title(page: Path) -> str:
    return page.read_text("utf-8").partition("\n")[0].removeprefix("# ")


def _with_all_alarms(project: Path, name: str) -> Record:
    config = {"aws:region": REGION, **{f"{name}:{key}": json.dumps(value) for key, value in ALL_ALARMS.items()}}
    image = example_image(StackFile(stack="prod", config=config))
    return record_program(project, environment={"STORY_IMAGE": image}, project=name, stack_name="prod", config=config)


def _prod(project: Path) -> Record:
    plan = plan_stack(project, project / "Pulumi.prod.yaml")
    if plan.record is None:
        raise BlockError(f"{plan.file.name} has mistakes (story plan --stack prod): {'; '.join(plan.mistakes)}")
    return plan.record


def _difference(before: str, after: str) -> Iterator[str]:
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), "is", "should be", n=0, lineterm=""))
    yield from lines[:LINES_SHOWN]
    if len(lines) > LINES_SHOWN:
        yield f"... and {len(lines) - LINES_SHOWN} lines more"

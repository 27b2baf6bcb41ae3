"""Runs the project's program for a stack file, and returns the resources or the mistakes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi

from settings.ecr import registry_host
from settings.project import PROJECT, project_name
from story.plan.fake_outputs import ACCOUNT, REGION
from story.plan.recorder import Record, record_program
from story.plan.stack_file import StackFile, read_stack_file, stack_of

EXAMPLE_DIGEST = "sha256:" + "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class StackPlan:
    """The plan of a stack.

    Attributes:
        stack: Name of the stack.
        file: The stack file.
        image: The image of the plan.
        image_is_example: Whether the image is an example because none was given.
        record: The resources that would be registered; None if there are mistakes.
        mistakes: Mistakes in the settings, one line each.
    """

    stack: str
    file: Path
    image: str
    image_is_example: bool
    record: Record | None
    mistakes: Sequence[str]


class ProgramError(Exception):
    """The program failed; the cause is the exception that it raised."""


def project_folder(start: Path) -> Path:
    """The project's folder: `start`, a parent of it, or the folder from which `story` is installed.

    Raises:
        LookupError: No folder holds the project.
    """
    for folder in (start, *start.parents, Path(__file__).parents[2]):
        if _is_project(folder):
            return folder
    raise LookupError(f"no Pulumi.yaml of the project {PROJECT} in {start} or above it")


def stack_files(project: Path) -> list[Path]:
    """All stack files of a project, by name."""
    return sorted(path for path in project.glob("Pulumi.*.yaml") if stack_of(path))


def plan_stack(project: Path, file: Path, image: str | None = None, stack: str | None = None) -> StackPlan:
    """The plan of the program in `project` with the settings in `file`.

    Args:
        project: Folder of Pulumi.yaml.
        file: The stack file.
        image: Image to plan with; None uses an example image.
        stack: Name of the stack; None reads it from the file's name.

    Raises:
        ProgramError: The program failed, and the cause is not a mistake in the settings.
        ValueError: No stack is given, and the file is not named like a stack file.
        OSError: The file cannot be read.
    """
    name = project_name(project)
    read = read_stack_file(file, name, stack)
    used = example_image(read) if image is None else image
    result, mistakes = (None, read.mistakes) if read.mistakes else _run(project, file, read, used)
    return StackPlan(
        stack=read.stack, file=file, image=used, image_is_example=image is None, record=result, mistakes=mistakes
    )


def example_image(read: StackFile) -> str:
    """An example image, in a registry in the stack's own region, which every network setting can reach."""
    region = read.config.get("aws:region", "")
    home = region if re.fullmatch(r"[a-z0-9-]+", region) else REGION
    return f"{registry_host(ACCOUNT, home)}/example@{EXAMPLE_DIGEST}"


def _run(project: Path, file: Path, read: StackFile, image: str) -> tuple[Record | None, Sequence[str]]:
    try:
        record = record_program(
            project,
            environment={"STORY_IMAGE": image},
            project=project_name(project),
            stack_name=read.stack,
            config=read.config,
            secret_keys=read.secret_keys,
        )
    except pulumi.RunError as mistake:
        return None, str(mistake).splitlines()
    except Exception as error:
        raise ProgramError(f"stack {read.stack} ({file}): {type(error).__name__}: {error}") from error
    return record, ()


def _is_project(folder: Path) -> bool:
    file = folder / "Pulumi.yaml"
    if not (file.is_file() and (folder / "__main__.py").is_file()):
        return False
    # A renamed project is still this one where the settings lie beside the program.
    return project_name(folder) == PROJECT or (folder / "settings" / "stack.py").is_file()

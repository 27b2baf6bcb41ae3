"""The project's name: where it is read, and which names AWS's names can be made with."""

import json
from pathlib import Path

import pulumi
import pytest

from settings.project import PROJECT, project_name
from settings.stack import stack_of
from story.cost.command import run as cost
from story.plan.program import plan_stack, project_folder
from story.timeline.command import release_of
from tests.paths import PROJECT as FOLDER

PROGRAM = """
import pulumi
pulumi.export("name", f"{pulumi.get_project()}-{pulumi.get_stack()}")
pulumi.export("web", pulumi.Config().get_object("web"))
"""


def refused(project: str, stack: str) -> list[str]:
    with pytest.raises(pulumi.RunError) as error:
        stack_of(project=project, name=stack, config={"aws:region": "ap-northeast-1"})
    return str(error.value).splitlines()


@pytest.fixture
def renamed(tmp_path: Path) -> Path:
    """A project of this kind with another name."""
    (tmp_path / "Pulumi.yaml").write_text("name: kiosk  # until 2025: story\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(PROGRAM)
    (tmp_path / "settings").mkdir()
    (tmp_path / "settings" / "stack.py").touch()
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {'aws:region': ap-northeast-1, 'kiosk:web': {cpu: 512}}\n")
    return tmp_path


def test_the_name_for_what_runs_outside_of_the_program_is_that_of_the_project_file() -> None:
    assert project_name(FOLDER) == PROJECT == "story"


@pytest.mark.parametrize("line", ["name: kiosk", "name: 'kiosk'", 'name: "kiosk" # ours', "name:   kiosk   "])
def test_the_name_is_read_from_the_project_file(tmp_path: Path, line: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text(f"description: name is below\nruntime:\n  name: python\n{line}\n")
    assert project_name(tmp_path) == "kiosk"


def test_tools_without_a_project_file_have_the_name_of_the_release(tmp_path: Path) -> None:
    assert project_name(tmp_path) == "story"


def test_the_tools_find_a_renamed_project_and_plan_it_by_its_own_name(renamed: Path) -> None:
    assert project_folder(renamed) == renamed
    plan = plan_stack(renamed, renamed / "Pulumi.dev.yaml")
    assert plan.record
    assert plan.record.outputs == {"name": "kiosk-dev", "web": {"cpu": 512}}


def test_a_release_of_a_renamed_project_is_made_of_its_own_keys(renamed: Path) -> None:
    file = renamed / "Pulumi.dev.yaml"
    file.write_text("config: {'aws:region': ap-northeast-1, 'kiosk:web': {cpus: 1}}\n")
    assert list(release_of(file, "kiosk").mistakes) == ["kiosk:web.cpus: unknown key; did you mean cpu?"]


def test_costs_of_a_renamed_project_read_a_key_without_the_name(
    renamed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (renamed / "Pulumi.dev.yaml").write_text("config: {'aws:region': ap-northeast-1, web: {cpu: 256}}\n")
    assert cost(stacks=[], as_format="json", start=renamed) == 0
    assert list(json.loads(capsys.readouterr().out)["stacks"]) == ["dev"]


@pytest.mark.parametrize(("project", "stack"), [("story", "a234567890123456"), ("kiosk-long-name-20b", "de")])
def test_names_of_21_characters_together_are_taken(project: str, stack: str) -> None:
    assert stack_of(project=project, name=stack, config={"aws:region": "ap-northeast-1"}).name == stack


@pytest.mark.parametrize(("project", "stack"), [("storys", "a234567890123456"), ("kiosk-long-name-20b", "dev")])
def test_names_that_are_too_long_together_are_refused_in_one_line(project: str, stack: str) -> None:
    assert refused(project, stack) == [
        f'stack: given "{stack}" in the project {project}; allowed are names that have at most 21 characters together, '
        "because AWS's names are made with both"
    ]


@pytest.mark.parametrize("project", ["Kiosk", "kiosk_2", "2kiosk", "kiosk.jp", "kiosk-"])
def test_a_project_that_aws_s_names_cannot_be_made_with_is_refused(project: str) -> None:
    assert refused(project, "dev") == [
        f'name in Pulumi.yaml: given "{project}"; allowed is a name of a-z, 0-9 and - that begins with a letter, '
        "because AWS's names are made with it"
    ]

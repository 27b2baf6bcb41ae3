"""`story rollback`, on the emulator: which image goes back, and how `pulumi up` is called for it."""

import io
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from story.deploy import rollback
from story.image_given import KEEPING
from tests.release.steps import FAMILY, IMAGE, Cloud
from tests.story.live import BROKEN, OLDER, Live, Process, story

pytestmark = pytest.mark.timed

NO_MIGRATION = "No migration runs: the database keeps its current schema and data."


@pytest.fixture
def live(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Live:
    """A stack with three releases behind it: an older one, a broken one and the last good one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    for name in KEEPING:
        monkeypatch.delenv(name, raising=False)
    made = Live(home=tmp_path, cloud=cloud).prepared()
    assert cloud.cluster
    for image in (OLDER, BROKEN):
        cloud.task_definition(image=image)
    return made.up("web")


class Terminal(io.TextIOWrapper):
    """A person's keyboard."""

    def isatty(self) -> bool:
        return True


def back(*arguments: str) -> Any:
    return story("rollback", "--stack", "prod", *arguments)


def refused(live: Live, *arguments: str) -> str:
    """The line of a rollback that is wrong usage."""
    result = back(*arguments, "--yes")
    assert (result.exit_code, result.stdout, live.updates) == (2, "", [])
    [line] = result.stderr.splitlines()
    return line


def test_the_last_good_image_goes_back_by_an_update_without_any_image(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.services_run("web", image=BROKEN)
    monkeypatch.setenv("STORY_IMAGE", BROKEN)
    monkeypatch.setenv("STORY_ROLLBACK_IMAGE", OLDER)
    result = back("--yes")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        f"Every service of prod is rolled back to the last good image, {IMAGE}.",
        NO_MIGRATION,
    ]
    assert live.updates == ["up --yes --stack prod --non-interactive"]
    assert not {"STORY_IMAGE", "STORY_ROLLBACK_IMAGE"} & set(live.environment_of_the_update), (
        "the image that a shell still exports would be released again"
    )


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(OLDER, id="in full"),
        pytest.param("2" * 8, id="the beginning of its digest"),
        pytest.param("sha256:" + "2" * 64, id="its digest"),
    ],
)
def test_an_earlier_image_goes_back_as_such_and_never_as_a_release(
    live: Live, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("STORY_IMAGE", BROKEN)
    result = back(given, "--yes")
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"Every service of prod is rolled back to {OLDER}." in result.stdout
    environment = live.environment_of_the_update
    assert environment["STORY_ROLLBACK_IMAGE"] == OLDER
    assert "STORY_IMAGE" not in environment, "it would migrate"
    assert environment["AWS_ENDPOINT_URL"] == live.cloud.url, "all the rest stays"


def test_the_last_good_image_may_be_named_too(live: Live) -> None:
    assert back("1" * 12, "--yes").exit_code == 0
    assert live.environment_of_the_update["STORY_ROLLBACK_IMAGE"] == IMAGE


def test_settings_from_elsewhere_go_along(live: Live) -> None:
    live.services_run("web", image=BROKEN)
    assert back("--yes", "--config-file", "elsewhere/Pulumi.prod.yaml").exit_code == 0
    file = live.home / "elsewhere" / "Pulumi.prod.yaml"
    assert live.updates == [f"up --yes --stack prod --config-file {file} --non-interactive"]


def test_an_update_that_fails_is_exit_code_1(live: Live) -> None:
    live.update("echo 'error: update failed' >&2; exit 255")
    assert back(OLDER, "--yes").exit_code == 1


def test_where_everything_is_well_on_the_last_good_image_earlier_ones_are_named(live: Live) -> None:
    live.services_run("web")
    line = refused(live)
    assert line.startswith(f"story rollback: every service already runs the last good image, {IMAGE}; ")
    assert line.endswith(f": {BROKEN}, {OLDER}")


def test_where_there_is_no_earlier_image_that_is_said(live: Live) -> None:
    live.services_run("web")
    family = live.cloud.client("ecs").list_task_definitions(familyPrefix=FAMILY)["taskDefinitionArns"]
    for definition in family[:-1]:
        live.cloud.client("ecs").deregister_task_definition(taskDefinition=definition)
    assert refused(live).endswith(": none is known")


def test_a_service_that_is_not_well_goes_back_to_the_last_good_image_too(live: Live) -> None:
    live.services_run("web")
    live.cloud.behaves(family="story-prod-web", stays="PENDING")
    live.cloud.deployed()
    assert back("--yes").exit_code == 0


def test_before_any_update_succeeded_there_is_nothing_to_go_back_to(live: Live) -> None:
    live.up("web", image="")
    assert (
        refused(live)
        == "story rollback: no update of this stack has succeeded yet, so there is no image to roll back to"
    )


@pytest.mark.parametrize("given", ["4" * 12, "2222222", "latest", "site@sha256:2222", "", "sha256:"])
def test_what_fits_no_image_is_wrong_usage_and_says_what_would(live: Live, given: str) -> None:
    assert refused(live, given) == (
        f'story rollback: given "{given}"; allowed is an image by digest, or the first 8 or more letters of the '
        f"digest of one of: {IMAGE}, {BROKEN}, {OLDER}"
    )


def test_what_fits_no_image_of_a_stack_that_never_succeeded_names_only_images(live: Live) -> None:
    live.up("web", image="")
    assert refused(live, "4" * 12).endswith(f"of one of: {IMAGE}, {BROKEN}, {OLDER}")


def test_what_fits_several_images_names_these(live: Live) -> None:
    similar = IMAGE.replace("1" * 64, "2" * 63 + "0")
    live.cloud.task_definition(image=similar)
    assert refused(live, "2" * 12) == (
        f'story rollback: given "{"2" * 12}", which matches several images; allowed is one of: {similar}, {OLDER}'
    )


def test_without_a_terminal_nobody_is_asked_and_nothing_happens(live: Live) -> None:
    result = back(OLDER)
    assert result.exit_code == 2
    assert result.stderr == "story rollback: there is no terminal to ask for confirmation; use --yes\n"
    assert live.updates == []


@pytest.mark.parametrize(
    ("typed", "exit_code"), [("y\n", 0), ("Yes \n", 0), ("n\n", 2), ("\n", 2), ("yesterday\n", 2), ("", 2)]
)
def test_only_a_yes_is_one(live: Live, monkeypatch: pytest.MonkeyPatch, typed: str, exit_code: int) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(io.BytesIO(typed.encode())))
    result = rollback.run(stack="prod", image=OLDER, project=live.home, config_file=None, yes=False)
    assert result == exit_code
    assert bool(live.updates) == (exit_code == 0)


def test_what_it_says_stands_before_what_pulumi_says_also_in_a_file(live: Live) -> None:
    with Process(live, "rollback", "--stack", "prod", OLDER, "--yes") as process:
        assert process.ended() == 0
        assert process.said.splitlines() == [
            f"Every service of prod is rolled back to {OLDER}.",
            NO_MIGRATION,
            "Updating prod",
        ]


def test_ctrl_c_lets_pulumi_end_its_update_in_an_orderly_way(live: Live) -> None:
    live.update(
        "trap 'interrupted=1' INT; echo Updating; while [ -z \"$interrupted\" ]; do sleep 0.05; done; "
        "sleep 1; echo state written; exit 1"
    )
    with Process(live, "rollback", "--stack", "prod", OLDER, "--yes") as process:
        process.until_it_says("Updating")
        process.interrupted(signal.SIGINT)
        assert process.ended() == 1
        assert process.said.splitlines()[-1] == "state written", "killed, it would leave a lock and half a state"

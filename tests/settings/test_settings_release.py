"""What an update is to do with the image: release one, go back to one, or keep the one that runs."""

from typing import Any

import pulumi
import pytest

from settings import read
from settings.stack import Stack, stack_of
from story.plan.recorder import record

DIGEST = "@sha256:" + "0" * 64
ECR = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/app" + DIGEST
OLDER = ECR.replace("0" * 64, "1" * 64)
FORM = "<registry>/<repository>@sha256:<64 hexadecimal digits>"
CONFIG = {"aws:region": "ap-northeast-1"}


def stack(*, image: str | None = None, back: str | None = None, **config: str) -> Stack:
    return stack_of(name="dev", config={**CONFIG, **config}, image_given=image, rollback_image=back)


def mistakes(**given: Any) -> list[str]:
    with pytest.raises(pulumi.RunError) as raised:
        stack(**given)
    return str(raised.value).splitlines()


def test_an_image_is_a_release() -> None:
    made = stack(image=ECR)
    assert (made.image_given, made.is_release) == (ECR, True)


def test_going_back_brings_an_image_and_is_no_release() -> None:
    made = stack(back=OLDER)
    assert (made.image_given, made.is_release) == (OLDER, False), "going back must never migrate"


def test_no_image_keeps_the_one_that_runs_and_is_no_release() -> None:
    made = stack()
    assert (made.image_given, made.is_release) == (None, False)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("", f"given nothing; allowed is {FORM}, or no variable to keep the running image"),
        ("site" + DIGEST, f'given "site{DIGEST}", which contains no registry; allowed is {FORM}'),
        (
            "ghcr.io/site:latest",
            f'given "ghcr.io/site:latest", which has a tag instead of a digest; allowed is {FORM}',
        ),
        (ECR[:-1], f'given "{ECR[:-1]}"; allowed is {FORM}'),
    ],
)
def test_an_image_to_go_back_to_has_the_form_of_any_image(given: str, problem: str) -> None:
    assert mistakes(back=given) == [f"STORY_ROLLBACK_IMAGE: {problem}"]


def test_a_release_and_going_back_exclude_each_other() -> None:
    line = "STORY_ROLLBACK_IMAGE: given together with STORY_IMAGE; allowed is one of the two"
    assert mistakes(image=ECR, back=OLDER) == [line]
    assert mistakes(image=ECR, back=ECR) == [line], "also the same one twice: nobody knows whether to migrate"


def test_all_mistakes_of_the_two_come_at_once() -> None:
    assert [line.partition(":")[0] for line in mistakes(image="", back="x")] == [
        "STORY_IMAGE",
        "STORY_ROLLBACK_IMAGE",
        "STORY_ROLLBACK_IMAGE",
    ]


def test_without_nat_an_image_to_go_back_to_must_be_in_the_region_s_own_registry_too() -> None:
    nat = {"story:network": '{"nat": "none"}'}
    [line] = mistakes(back="ghcr.io/app" + DIGEST, **nat)
    assert line.startswith("story:network.nat: given none, but STORY_ROLLBACK_IMAGE is pulled from ghcr.io")
    assert stack(back=OLDER, **nat).image_given == OLDER


@pytest.mark.parametrize(("given", "profile"), [({}, None), ({"aws:profile": ""}, None), ({"aws:profile": "w"}, "w")])
def test_the_steps_get_the_profile_that_the_provider_has(given: dict[str, str], profile: str | None) -> None:
    assert stack(**given).profile == profile


def test_the_reader_takes_both_variables_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Stack] = []
    monkeypatch.delenv("STORY_IMAGE", raising=False)
    monkeypatch.setenv("STORY_ROLLBACK_IMAGE", OLDER)
    record(lambda: seen.append(read()), stack_name="dev", config=CONFIG)
    monkeypatch.delenv("STORY_ROLLBACK_IMAGE")
    monkeypatch.setenv("STORY_IMAGE", ECR)
    record(lambda: seen.append(read()), stack_name="dev", config=CONFIG)
    assert [(one.image_given, one.is_release) for one in seen] == [(OLDER, False), (ECR, True)]

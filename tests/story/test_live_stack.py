"""A live stack, read from what `pulumi` says of it."""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError, ProfileNotFound

from aws.errors import CredentialsExpiredError
from release.contract import OneOffTask, Rollout, StackLocation, StepError
from story.engine.pulumi_command import PulumiError
from story.live_stack import CommandLineError, LiveStackError, command_words, error_line, live_stack, stack_of_outputs
from tests.release.steps import CLUSTER, DIGEST, IMAGE, LOG_GROUP, REGION, Cloud
from tests.story.live import OLDER, Live

DEFINITION = f"arn:aws:ecs:{REGION}:123456789012:task-definition/story-prod-migration:7"
OUTPUTS: dict[str, Any] = {
    "cluster": CLUSTER,
    "region": REGION,
    "image": IMAGE,
    "services": {"web": {"taskDefinition": "arn:of:web:3", "rolloutTimeoutSeconds": 900}},
    "migration": {
        "taskDefinition": DEFINITION,
        "container": "app",
        "subnetIds": ["subnet-1", "subnet-2"],
        "securityGroupId": "sg-1",
        "logGroup": LOG_GROUP,
        "timeoutSeconds": 1800,
    },
}


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Live:
    """A stack without an account: only `pulumi` is asked."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return Live(home=tmp_path, cloud=Cloud(url="")).prepared()


def test_what_an_update_left_is_read_from_its_outputs_and_the_profile_from_the_config(live: Live) -> None:
    live.told(**OUTPUTS)
    live.config(profile="work")
    found = live_stack("prod", live.home, None)
    expected = StackLocation(project="story", stack="prod", region=REGION, profile="work", cluster=CLUSTER)
    assert found.location == expected
    assert (found.image, found.services, found.migration) == (IMAGE, OUTPUTS["services"], OUTPUTS["migration"])
    assert live.calls == [
        "stack output --json --stack prod --non-interactive",
        "config --json --stack prod --non-interactive",
    ]


def test_a_stack_s_full_name_is_pulumi_s_and_its_short_one_is_aws_s(live: Live) -> None:
    live.told(**OUTPUTS)
    assert live_stack("team/story/prod", live.home, None).location.stack == "prod"
    assert "--stack team/story/prod" in live.calls[0]


def test_settings_from_elsewhere_are_read_from_there(live: Live) -> None:
    live.told(**OUTPUTS)
    live_stack("prod", live.home, live.home / "Pulumi.prod.yaml")
    assert f"--config-file {live.home}/Pulumi.prod.yaml" in live.calls[1]


@pytest.mark.parametrize("config", [{}, {"profile": ""}])
def test_without_a_profile_the_default_credentials_count(live: Live, config: dict[str, str]) -> None:
    live.told(**OUTPUTS)
    live.config(**config)
    assert live_stack("prod", live.home, None).location.profile is None


@pytest.mark.parametrize(
    ("outputs", "missing"),
    [
        ({}, "cluster, region, services, migration"),
        ({"url": "https://x", "cluster": CLUSTER, "region": REGION, "image": IMAGE}, "services, migration"),
    ],
)
def test_a_stack_that_never_got_so_far_says_what_makes_it(outputs: dict[str, Any], missing: str) -> None:
    with pytest.raises(LiveStackError) as failed:
        stack_of_outputs("dev", outputs, None, project="story")
    assert str(failed.value) == (
        f"stack dev has no successful update yet (it has no output {missing}): "
        "`STORY_IMAGE=<registry>/<repository>@sha256:<digest> pulumi up --stack dev` creates it"
    )


def test_a_first_update_that_failed_remembers_no_image() -> None:
    without = {name: value for name, value in OUTPUTS.items() if name != "image"}
    assert (
        stack_of_outputs("prod", without, None, project="story").image
        == stack_of_outputs("prod", {**OUTPUTS, "image": None}, None, project="story").image
    )
    assert stack_of_outputs("prod", without, None, project="story").image == ""


def test_an_unknown_stack_is_pulumi_s_own_line(live: Live) -> None:
    with pytest.raises(PulumiError, match=r"^pulumi stack output: no stack named 'prod' found$"):
        live_stack("prod", live.home, None)


def test_without_pulumi_it_is_said_where_to_get_it(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(live.home / "nowhere"))
    with pytest.raises(PulumiError, match=r"there is no `pulumi` on the PATH; www\.pulumi\.com"):
        live_stack("prod", live.home, None)


def test_the_migration_by_hand_is_the_task_that_an_update_starts() -> None:
    assert stack_of_outputs("prod", OUTPUTS, "work", project="story").migration_task(IMAGE) == OneOffTask(
        step="migration",
        location=StackLocation(project="story", stack="prod", region=REGION, profile="work", cluster=CLUSTER),
        started_by=f"story-prod/migration/{DIGEST}",
        task_definition=DEFINITION,
        container="app",
        command=(),
        subnet_ids=["subnet-1", "subnet-2"],
        security_group_id="sg-1",
        log_group=LOG_GROUP,
        log_stream_prefix="migration",
        timeout_seconds=1800,
    )


def test_after_a_failed_update_the_migration_is_known_by_the_image_of_its_task() -> None:
    assert stack_of_outputs("prod", OUTPUTS, None, project="story").migration_task(OLDER).started_by.endswith("2" * 64)


def test_another_command_is_only_the_same_as_itself() -> None:
    stack = stack_of_outputs("a2345678-1234567", OUTPUTS, None, project="story")
    starters = {
        stack.migration_task(IMAGE, words).started_by
        for words in (["php", "artisan", "a"], ["php", "artisan", "b"], ["php", "artisan a"], ["php", "artisan", "a"])
    }
    assert len(starters) == 3, "a command would be taken for another one that still runs"
    assert all(len(starter) <= 128 and "/command/" in starter for starter in starters)
    task = stack.migration_task(IMAGE, ["php", "artisan", "about"])
    assert (task.step, task.command) == ("command", ["php", "artisan", "about"])


def test_a_rollout_has_the_timeout_of_its_service() -> None:
    stack = stack_of_outputs("prod", OUTPUTS, None, project="story")
    assert stack.rollout("web", "arn:4") == Rollout(
        location=stack.location, service="web", task_definition="arn:4", timeout_seconds=900
    )


def test_a_command_line_is_split_as_a_shell_does() -> None:
    assert command_words("php artisan tinker --execute 'echo 1;'") == [
        "php",
        "artisan",
        "tinker",
        "--execute",
        "echo 1;",
    ]


@pytest.mark.parametrize(
    ("line", "given"),
    [
        ("", "nothing"),
        ("   ", "nothing"),
        ("php artisan 'tinker", '"php artisan \'tinker" (no closing quotation)'),
        ("php \\", '"php \\" (no escaped character)'),
    ],
)
def test_what_is_no_command_line_says_what_is(line: str, given: str) -> None:
    with pytest.raises(CommandLineError) as failed:
        command_words(line)
    assert str(failed.value) == f"--command: given {given}; allowed is a line such as `php artisan migrate:status`"


def test_every_expected_error_is_one_line_that_says_where() -> None:
    refused: Any = {"Error": {"Code": "ClusterNotFoundException", "Message": "Cluster not found."}}
    expired = CredentialsExpiredError("ExpiredTokenException: old")
    assert (
        error_line("dev", ClientError(refused, "x")) == "stack dev: AWS: ClusterNotFoundException: Cluster not found."
    )
    assert error_line("dev", NoCredentialsError()) == (
        "stack dev: AWS: Unable to locate credentials; sign in, or name a profile in AWS_PROFILE, until `aws sts "
        "get-caller-identity` answers"
    )
    assert error_line("dev", ProfileNotFound(profile="work")) == (
        "stack dev: AWS: The config profile (work) could not be found; `aws configure list-profiles` lists them: "
        "AWS_PROFILE, or aws:profile in the stack's file"
    )
    assert error_line("dev", expired).endswith("no longer valid (ExpiredTokenException: old); sign in and try again")
    assert error_line("dev", StepError("migration: failed")) == "migration: failed"

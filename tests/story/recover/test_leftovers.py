"""Log groups that AWS made anew after a stack was destroyed, and that the next stack of that name takes in."""

from collections.abc import Callable
from typing import Any

import pytest

from aws.client import AwsClient
from story.recover import recover
from story.recover.account import Account as AwsAccount
from story.recover.decisions import Choices
from story.recover.leftovers import UNKNOWN, missing_log_groups
from story.recover.recover import Request
from story.recover.state_file import StateFile
from tests.aws.answers import Told, refusal
from tests.story.recover.given_states import (
    COMPONENT,
    KEY,
    LOG_GROUP,
    PROVIDER,
    FakePulumi,
    fake_pulumi,
    pending,
    resource,
    state,
)

NAME = "/aws/ecs/containerinsights/story-dev/performance"
OTHER_NAME = "/aws/rds/cluster/story-dev-aurora/error"
GROUP_ARN = "arn:aws:logs:ap-northeast-1:123456789012:log-group:"


def step(name: str = "cluster-insights", physical: str = NAME, op: str = "create", **more: Any) -> dict[str, Any]:
    """A step of a preview."""
    made = pending(LOG_GROUP, name, {"name": physical, "retentionInDays": 14, "kmsKeyId": "arn:key"}, **more)
    return {"op": op, "urn": made["urn"], "newState": made}


class Account:
    """An account with log groups, and what was asked of it.

    Attributes:
        groups: Names of its log groups, with their tags.
    """

    def __init__(self) -> None:
        self.groups: dict[str, dict[str, str]] = {}
        self.id = "123456789012"
        self.told: Any = Told(
            {("logs", "describe_log_groups"): self._describe, ("logs", "list_tags_for_resource"): self._tags}
        )

    def _describe(self, logGroupNamePrefix: str) -> Any:  # noqa: N803
        found = sorted(name for name in self.groups if name.startswith(logGroupNamePrefix))
        made = [{"logGroupName": name, "arn": f"{GROUP_ARN}{name}:*", "creationTime": 1767322800000} for name in found]
        return {"logGroups": made}

    def _tags(self, resourceArn: str) -> Any:  # noqa: N803
        return {"tags": self.groups[resourceArn.removeprefix(GROUP_ARN)]}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Account:
    made = Account()
    monkeypatch.setattr(recover, "account_of", lambda *_: AwsAccount(id=made.id, aws=AwsClient(made.told)))
    return made


@pytest.fixture
def pulumi(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> FakePulumi:
    """A command `pulumi` with a stack in order, whose next update would make one log group."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    made = fake_pulumi(tmp_path)
    made.holds(state())
    made.answers(steps=[step()])
    return made


def run(pulumi: FakePulumi, **changes: Any) -> int:
    return recover.run(Request(**{"stack": "dev", "project": pulumi.home, "yes": True, **changes}))


def log_groups(pulumi: FakePulumi) -> list[dict[str, Any]]:
    return [one for one in pulumi.state["deployment"]["resources"] if one["type"] == LOG_GROUP]


def test_an_existing_log_group_becomes_a_resource_of_the_stack(
    pulumi: FakePulumi, aws: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.groups[NAME] = {}
    before = pulumi.state
    assert run(pulumi) == 0
    [taken] = log_groups(pulumi)
    assert taken == {**step()["newState"], "id": NAME, "outputs": {"id": NAME}}
    assert pulumi.writes == ["stack import", "refresh"]
    said = capsys.readouterr().out
    assert "1 log group that the next update would create:\n" in said
    assert f"  adopt      LogGroup cluster-insights: exists: {NAME}, created 2026-01-02 03:00 UTC\n" in said
    assert f"- added LogGroup cluster-insights to the state: {NAME}\n" in said
    assert "interrupted" not in said.partition("- saved")[2]
    assert "Next: STORY_IMAGE=" in said
    assert [one["urn"] for one in before["deployment"]["resources"]] == [
        one["urn"] for one in pulumi.state["deployment"]["resources"][:-1]
    ]


def test_a_second_run_finds_nothing(pulumi: FakePulumi, aws: Account, capsys: pytest.CaptureFixture[str]) -> None:
    aws.groups[NAME] = {}
    run(pulumi)
    pulumi.answers(steps=[step(op="same")])
    assert run(pulumi) == 0
    assert capsys.readouterr().out.endswith("no leftover log group found; nothing to repair.\n")
    assert pulumi.writes == ["stack import", "refresh"]


def test_several_are_taken_in_at_once(pulumi: FakePulumi, aws: Account) -> None:
    aws.groups |= {NAME: {}, OTHER_NAME: {}}
    pulumi.answers(steps=[step(), step("aurora-error", OTHER_NAME), step("aurora-slow", "/aws/rds/cluster/x/slow")])
    assert run(pulumi) == 0
    assert [one["id"] for one in log_groups(pulumi)] == [NAME, OTHER_NAME]


@pytest.mark.parametrize("existing", [f"{NAME}-2", NAME.upper(), NAME[:-1], "/somebody/elses"])
def test_a_group_whose_name_is_not_exactly_that_of_the_program_stays_where_it_is(
    pulumi: FakePulumi, aws: Account, existing: str
) -> None:
    aws.groups[existing] = {}
    assert run(pulumi) == 0
    assert pulumi.writes == []


@pytest.mark.parametrize("op", ["same", "update", "delete", "replace", "create-replacement", "refresh", "read"])
def test_only_what_the_next_update_would_create_is_looked_for(pulumi: FakePulumi, aws: Account, op: str) -> None:
    aws.groups[NAME] = {}
    pulumi.answers(steps=[step(op=op)])
    assert run(pulumi) == 0
    assert (pulumi.writes, aws.told.asked) == ([], [])


def test_only_log_groups_are_looked_for(pulumi: FakePulumi, aws: Account) -> None:
    other = pending("aws:ecs/cluster:Cluster", "cluster", {"name": NAME})
    pulumi.answers(steps=[{"op": "create", "urn": other["urn"], "newState": other}, {"op": "delete", "urn": "x"}])
    assert run(pulumi) == 0
    assert aws.told.asked == []


@pytest.mark.parametrize(
    "missing",
    [
        {"parent": f"{COMPONENT}-2"},
        {"provider": f"{PROVIDER}-2::1"},
        {"dependencies": [KEY, f"{KEY}-2"]},
    ],
)
def test_a_group_whose_surroundings_are_not_recorded_yet_is_left_to_the_update(
    pulumi: FakePulumi, aws: Account, missing: dict[str, Any]
) -> None:
    aws.groups[NAME] = {}
    pulumi.answers(steps=[step(**missing)])
    assert run(pulumi) == 0
    assert pulumi.writes == []


def test_a_group_that_the_state_has_under_another_urn_is_not_taken_twice(pulumi: FakePulumi, aws: Account) -> None:
    aws.groups[NAME] = {}
    recorded = resource(f"urn:pulumi:dev::story::{LOG_GROUP}::old-name", id=NAME, outputs={"id": NAME}, inputs={})
    pulumi.holds(state(resources=[recorded]))
    assert run(pulumi) == 0
    assert pulumi.writes == []


def test_a_resource_that_is_recorded_already_is_not_taken_twice() -> None:
    recorded = resource(step()["urn"], id="another", outputs={"id": "another"})
    assert missing_log_groups([step()], StateFile(state(resources=[recorded]))) == []


def test_inputs_that_only_the_update_will_know_are_left_out() -> None:
    unknown = step()
    unknown["newState"]["inputs"]["kmsKeyId"] = UNKNOWN
    [made] = missing_log_groups([unknown], StateFile(state()))
    assert made["resource"]["inputs"] == {"name": NAME, "retentionInDays": 14}


@pytest.mark.parametrize("tags", [{}, {"Project": "story"}, {"Owner": "somebody"}, {"aws:x": "y", "Project": "story"}])
def test_tags_that_contradict_nothing_do_no_harm(pulumi: FakePulumi, aws: Account, tags: dict[str, str]) -> None:
    aws.groups[NAME] = tags
    assert run(pulumi) == 0
    assert len(log_groups(pulumi)) == 1


def test_a_group_with_the_tags_of_something_else_is_not_taken_and_nothing_else_either(
    pulumi: FakePulumi, aws: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.groups |= {NAME: {"Project": "shop"}, OTHER_NAME: {}}
    pulumi.answers(steps=[step(), step("aurora-error", OTHER_NAME)])
    assert run(pulumi) == 1
    said = capsys.readouterr()
    assert (
        f"LogGroup cluster-insights: exists: {NAME}, but its tags say that it belongs to something else (Project=shop)"
        in (said.out)
    )
    assert said.err.startswith("story recover: nothing was changed, because some of them may not belong to this stack")
    assert said.err.count("\n") == 1
    assert pulumi.writes == []


@pytest.mark.parametrize("question", ["describe_log_groups", "list_tags_for_resource"])
def test_where_aws_does_not_tell_nothing_is_changed(
    pulumi: FakePulumi, aws: Account, capsys: pytest.CaptureFixture[str], question: str
) -> None:
    aws.groups[NAME] = {}
    aws.told.said["logs", question] = refusal()
    assert run(pulumi) == 1
    assert (
        "could not read it from AWS: these credentials may not call Asked (AccessDeniedException)"
        in capsys.readouterr().out
    )
    assert pulumi.writes == []


def test_without_a_terminal_and_without_yes_it_only_shows(
    pulumi: FakePulumi, aws: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.groups[NAME] = {}
    assert run(pulumi, yes=False) == 2
    assert capsys.readouterr().out.endswith("`story recover --yes` adds them without confirmation.\n")
    assert pulumi.writes == []


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 2), ("", 2)])
def test_in_a_terminal_it_asks(
    pulumi: FakePulumi, aws: Account, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    aws.groups[NAME] = {}
    asked: list[str] = []
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or answer)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    assert run(pulumi, yes=False) == code
    assert asked == ["Add them to the stack? [y/N] "]
    assert bool(pulumi.writes) is (code == 0)


def test_credentials_of_another_account_take_nothing(
    pulumi: FakePulumi, aws: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.groups[NAME] = {}
    aws.id = "999999999999"
    assert run(pulumi) == 1
    assert "these credentials belong to account 999999999999" in capsys.readouterr().err
    assert pulumi.writes == []


def test_a_preview_that_fails_is_no_stack_in_order(
    pulumi: FakePulumi, aws: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    assert aws
    pulumi.answers(preview="error: story:network.zonez: unknown key")
    assert run(pulumi) == 1
    said = capsys.readouterr()
    assert "in order" not in said.out
    assert said.err == "story recover: pulumi preview: story:network.zonez: unknown key\n"


def test_a_state_that_changes_meanwhile_is_left_alone(
    pulumi: FakePulumi, aws: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.groups[NAME] = {}
    described: Callable[..., Any] = aws.told.said["logs", "describe_log_groups"]

    def meanwhile(**parameters: Any) -> Any:
        pulumi.holds(state(image="another"))
        return described(**parameters)

    aws.told.said["logs", "describe_log_groups"] = meanwhile
    assert run(pulumi) == 1
    assert "an update is still running" in capsys.readouterr().err
    assert pulumi.writes == []


def test_a_decision_on_an_operation_is_refused_if_none_was_interrupted(pulumi: FakePulumi, aws: Account) -> None:
    aws.groups[NAME] = {}
    assert run(pulumi, choices=Choices(adopt={"cluster-insights": "/mine"})) == 2
    assert pulumi.writes == []


def test_a_killed_update_comes_first(pulumi: FakePulumi, aws: Account) -> None:
    """The next run finds what is left over."""
    aws.groups[NAME] = {}
    pulumi.lock(pid=4321, host="build-7")
    assert run(pulumi) == 0
    assert pulumi.writes == ["cancel", "refresh"]
    assert run(pulumi) == 0
    assert pulumi.writes == ["cancel", "refresh", "stack import", "refresh"]


ANY_IMAGE = f"000000000000.dkr.ecr.ap-northeast-1.amazonaws.com/any@sha256:{'0' * 64}"


@pytest.mark.parametrize(("recorded", "given"), [(None, ANY_IMAGE), ("registry/story@sha256:1", "")])
def test_the_preview_of_a_stack_without_an_image_gets_one_of_its_region(
    pulumi: FakePulumi, aws: Account, monkeypatch: pytest.MonkeyPatch, recorded: str | None, given: str
) -> None:
    assert aws
    environments: list[dict[str, str]] = []

    def planned(_self: Any, environment: dict[str, str]) -> list[Any]:
        environments.append(environment)
        return []

    monkeypatch.setattr(recover.PulumiCommand, "planned", planned)
    pulumi.holds(state(image=recorded))
    assert run(pulumi) == 0
    assert environments == [{"STORY_IMAGE": given, "STORY_ROLLBACK_IMAGE": ""}]


def test_the_log_groups_of_a_stack_that_was_never_updated_are_not_checked(
    pulumi: FakePulumi, aws: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.groups[NAME] = {}
    pulumi.answers(preview="error: no image")
    for empty in ({"version": 3}, {"version": 3, "deployment": {"resources": []}}):
        pulumi.holds(empty)
        assert run(pulumi) == 0
        assert "no log groups were checked; update it first" in capsys.readouterr().out
    assert aws.told.asked == []

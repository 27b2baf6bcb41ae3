"""`story recover`, with a fake `pulumi` that records its calls, and fake answers from AWS."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from story.recover import decisions, recover
from story.recover.decisions import Choices
from story.recover.match import Match
from story.recover.recover import Request
from tests.story.recover.given_states import (
    FOUND,
    GROUP,
    LOG_GROUP,
    URN,
    FakePulumi,
    creation,
    dead_process,
    pending,
    resource,
    state,
)

pytestmark = pytest.mark.timed

POLICY = creation("aws:s3/bucketPolicy:BucketPolicy", "logs", {})
MIGRATION = creation("random:index/randomUuid:RandomUuid", "migration", {})


def answers(*found: Any) -> Iterator[Any]:
    return iter(found)


def run(pulumi: FakePulumi, **changes: Any) -> int:
    request = {"stack": "dev", "project": pulumi.home, "yes": True, **changes}
    return recover.run(Request(**request))


def refused(code: str, operation: str = "DescribeLogGroups") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


def test_a_stack_in_order_is_left_alone(pulumi: FakePulumi, capsys: pytest.CaptureFixture[str]) -> None:
    pulumi.holds(state())
    assert run(pulumi) == 0
    assert capsys.readouterr().out == (
        "dev has no lock, no interrupted operation; checking for log groups that the next update would create\n"
        "dev is in order: no lock, no interrupted operation, no leftover log group found; nothing to repair.\n"
    )
    assert pulumi.writes == []


def test_without_a_terminal_and_without_yes_it_only_shows(
    pulumi: FakePulumi, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = pulumi.lock(pid=4321, host="build-7")
    pulumi.holds(state(GROUP, POLICY, MIGRATION, {"type": "updating", "resource": pending(LOG_GROUP, "web", {})}))
    assert run(pulumi, yes=False) == 2
    shown = capsys.readouterr().out
    assert "Lock: ci on build-7, process 4321, since 2026-01-01 18:04:05 UTC" in shown
    assert "  create  LogGroup flow: exists: /story/dev/flow\n" in shown
    assert "  create  BucketPolicy logs: the next update repeats it (a setting of the bucket)\n" in shown
    assert "  create  RandomUuid migration: the next update repeats it (a step of the release" in shown
    assert "  update  LogGroup web: the refresh reads its current values" in shown
    assert lock.exists()
    assert pulumi.writes == []


def test_with_yes_it_repairs_and_a_second_run_finds_nothing(
    pulumi: FakePulumi, capsys: pytest.CaptureFixture[str]
) -> None:
    pulumi.lock(pid=4321, host="build-7")
    before = pulumi.state
    assert run(pulumi) == 0
    assert pulumi.writes == ["cancel", "stack import", "refresh"]
    assert pulumi.state["deployment"]["resources"][-1]["id"] == "/story/dev/flow"
    said = capsys.readouterr().out
    [backup] = [line.split(": ")[1].split(" ")[0] for line in said.splitlines() if line.startswith("- saved")]
    assert json.loads(Path(backup).read_text()) == before
    assert Path(backup).stat().st_mode & 0o777 == 0o600
    assert [file.name for file in Path(backup).parent.iterdir()] == [Path(backup).name], "no second copy stays"

    assert run(pulumi) == 0
    assert "nothing to repair" in capsys.readouterr().out
    assert pulumi.writes == ["cancel", "stack import", "refresh"]


def test_a_lock_alone_is_removed(pulumi: FakePulumi) -> None:
    pulumi.holds(state())
    pulumi.lock(pid=4321, host="build-7")
    assert run(pulumi) == 0
    assert pulumi.writes == ["cancel", "refresh"]


def test_a_lock_that_was_removed_by_hand_leaves_the_rest_to_repair(pulumi: FakePulumi) -> None:
    assert run(pulumi) == 0
    assert pulumi.writes == ["stack import", "refresh"]


def test_what_does_not_exist_is_forgotten(pulumi: FakePulumi, account: dict[str, Any]) -> None:
    account["log groups"] = answers([])
    assert run(pulumi) == 0
    assert [one["urn"] for one in pulumi.state["deployment"]["resources"]] == [
        one["urn"] for one in state()["deployment"]["resources"]
    ]


def test_it_asks_with_all_tags_in_the_region_of_the_provider(pulumi: FakePulumi, account: dict[str, Any]) -> None:
    pulumi.holds(state(creation(LOG_GROUP, "flow", {"name": "x", "tags": {"Name": "flow"}})))
    run(pulumi)
    assert account["asked"].tags == {"Project": "story", "Name": "flow"}
    assert account["places"] == [("ap-northeast-1", None)]


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ([Match(id="a"), Match(id="b")], "exists 2 times: a, b"),
        (refused("AccessDeniedException"), "these credentials may not call DescribeLogGroups (AccessDeniedException)"),
        (refused("ThrottlingException"), "DescribeLogGroups was throttled; wait a minute and try again"),
        (refused("InternalFailure"), "could not read it from AWS: DescribeLogGroups: no"),
    ],
)
def test_an_undecided_operation_changes_nothing(
    pulumi: FakePulumi, account: dict[str, Any], capsys: pytest.CaptureFixture[str], found: Any, reason: str
) -> None:
    lock = pulumi.lock(pid=4321, host="build-7")
    account["log groups"] = answers(found)
    assert run(pulumi) == 1
    said = capsys.readouterr()
    assert reason in said.out
    assert "nothing was changed" in said.err
    assert "flow" in said.err
    assert "--adopt NAME=ID" in said.err
    assert pulumi.writes == []
    assert lock.exists()


def test_an_unknown_type_is_left_to_the_user(pulumi: FakePulumi, capsys: pytest.CaptureFixture[str]) -> None:
    pulumi.holds(state(creation("aws:mq/broker:Broker", "queue", {})))
    assert run(pulumi) == 1
    assert "story cannot look up a aws:mq/broker:Broker" in capsys.readouterr().out


def test_the_user_may_decide(pulumi: FakePulumi, account: dict[str, Any]) -> None:
    account["log groups"] = answers()
    assert run(pulumi, choices=Choices(adopt={"flow": "/mine"})) == 0
    assert pulumi.state["deployment"]["resources"][-1]["id"] == "/mine"
    pulumi.holds(state(GROUP))
    assert run(pulumi, choices=Choices(forget=frozenset({URN}))) == 0
    assert URN not in [one["urn"] for one in pulumi.state["deployment"]["resources"]]


def test_a_decision_on_something_else_is_a_mistake(pulumi: FakePulumi, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(pulumi, choices=Choices(forget=frozenset({"flaw"}))) == 2
    assert "flaw is not an interrupted creation" in capsys.readouterr().err
    twice = creation("aws:s3/bucketPolicy:BucketPolicy", "flow", {})
    pulumi.holds(state(GROUP, twice))
    assert run(pulumi, choices=Choices(adopt={"flow": "x"})) == 2
    assert twice["resource"]["urn"] in capsys.readouterr().err
    assert pulumi.writes == []


def test_what_is_older_than_the_killed_update_is_not_its_work(
    pulumi: FakePulumi, account: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    began = datetime(2026, 1, 1, 18, 4, 5, tzinfo=UTC)
    account["log groups"] = answers(
        [Match(id="old", created=began - timedelta(hours=1))], [Match(id="new", created=began)]
    )
    pulumi.lock(pid=4321, host="build-7")
    assert run(pulumi) == 1
    assert "old exists since 2026-01-01 17:04 UTC, so the killed update did not create it" in capsys.readouterr().out
    assert run(pulumi) == 0


def test_of_several_killed_updates_the_first_one_may_have_made_it(pulumi: FakePulumi, account: dict[str, Any]) -> None:
    between = datetime(2026, 1, 1, 17, 4, 5, tzinfo=UTC)
    account["log groups"] = answers([Match(id="/story/dev/web", created=between)])
    later = pulumi.lock(pid=4321, host="build-7", since="2026-01-01T18:04:05+00:00")
    later.rename(later.with_stem("2a0b"))
    pulumi.lock(pid=4322, host="build-8", since="2026-01-01T16:04:05+00:00")
    assert run(pulumi) == 0


def test_what_is_recorded_already_is_not_what_was_being_made(pulumi: FakePulumi, account: dict[str, Any]) -> None:
    other = resource("urn:pulumi:dev::story::aws:x/y:Y::other", id="arn:of:it", outputs={"id": "arn:of:it"})
    pulumi.holds(state(GROUP, resources=[other]))
    account["log groups"] = answers(FOUND)
    assert run(pulumi) == 0
    assert URN not in [one["urn"] for one in pulumi.state["deployment"]["resources"]]


def test_a_network_that_may_belong_to_another_stack_is_left_to_the_user(
    pulumi: FakePulumi, account: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(decisions, "LOOKUPS", {"aws:ec2/vpc:Vpc": decisions.LOOKUPS[LOG_GROUP]})
    account["log groups"] = iter([[Match(id="vpc-1")]] * 2)
    vpc = creation("aws:ec2/vpc:Vpc", "network", {"tags": {"Name": "network"}})
    pulumi.holds(state(vpc))
    assert run(pulumi) == 1
    assert "vpc-1 matches, but no tag of it names the stack dev" in capsys.readouterr().out
    vpc["resource"]["inputs"]["tags"]["Environment"] = "dev"
    pulumi.holds(state(vpc))
    assert run(pulumi) == 0


def test_it_waits_for_an_object_that_aws_is_still_creating(
    pulumi: FakePulumi, account: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    making = [Match(id="/story/dev/flow", ready=False)]
    account["log groups"] = answers(making, making, making, FOUND)
    assert run(pulumi) == 0
    assert next(account["log groups"], "all asked for") == "all asked for"
    said = capsys.readouterr().out
    assert said.index("waiting until AWS has created LogGroup flow") < said.index("- added LogGroup flow")


def test_a_wait_has_an_end(
    pulumi: FakePulumi, account: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(recover, "READY_TIMEOUT_SECONDS", -1)
    account["log groups"] = iter([[Match(id="x", ready=False)]] * 9)
    assert run(pulumi) == 1
    assert "LogGroup flow is not ready after" in capsys.readouterr().err
    assert pulumi.state == state(GROUP), "the operation is still there for the next run"


def test_an_update_that_still_runs_here_is_not_disturbed(
    pulumi: FakePulumi, capsys: pytest.CaptureFixture[str]
) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()  # pulumi"], stdin=subprocess.PIPE) as alive:
        lock = pulumi.lock(pid=alive.pid)
        assert run(pulumi) == 1
        assert f"process {alive.pid} is running on this machine" in capsys.readouterr().err
        assert lock.exists()
        assert run(pulumi, force=True) == 0
        alive.kill()


def test_a_process_that_ended_or_is_another_program_by_now_does_not_count(pulumi: FakePulumi) -> None:
    pulumi.lock(pid=dead_process())
    assert run(pulumi) == 0
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as alive:
        pulumi.holds(state(GROUP))
        pulumi.lock(pid=alive.pid)
        assert run(pulumi) == 0
        alive.kill()


def test_a_process_of_another_machine_does_not_count(pulumi: FakePulumi) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()  # pulumi"], stdin=subprocess.PIPE) as alive:
        pulumi.lock(pid=alive.pid, host=f"not-{socket.gethostname()}")
        assert run(pulumi) == 0
        alive.kill()


def test_a_state_that_changes_meanwhile_belongs_to_an_update_that_runs(
    pulumi: FakePulumi, account: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    lock = pulumi.lock(pid=4321, host="build-7")

    def meanwhile() -> Iterator[Any]:
        pulumi.holds(state(GROUP, POLICY))
        yield FOUND

    account["log groups"] = meanwhile()
    assert run(pulumi) == 1
    assert "an update is still running" in capsys.readouterr().err
    assert lock.exists()
    assert pulumi.writes == []


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 2), ("", 2), (EOFError(), 2), (KeyboardInterrupt(), 2)])
def test_in_a_terminal_it_asks_once(
    pulumi: FakePulumi,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: str | BaseException,
    code: int,
) -> None:
    asked: list[str] = []

    def reply(question: str) -> str:
        asked.append(question)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    pulumi.lock(pid=4321, host="build-7")
    monkeypatch.setattr("builtins.input", reply)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    assert run(pulumi, yes=False) == code
    assert len(asked) == 1
    assert "If that update still runs" in capsys.readouterr().out
    assert bool(pulumi.writes) is (code == 0)


def test_it_says_what_to_run_next(pulumi: FakePulumi, capsys: pytest.CaptureFixture[str]) -> None:
    run(pulumi)
    assert "Next: STORY_IMAGE=<repository>@sha256:<digest> pulumi up --stack dev\n" in capsys.readouterr().out
    pulumi.holds(state(GROUP, image="registry/story@sha256:1"))
    run(pulumi)
    assert "Next: pulumi up --stack dev\n" in capsys.readouterr().out


def test_a_refresh_that_fails_shows_the_way_back_and_the_next_run_refreshes_again(
    pulumi: FakePulumi, capsys: pytest.CaptureFixture[str]
) -> None:
    pulumi.answers(refresh="error: no such thing\nerror: update failed")
    assert run(pulumi) == 1
    said = capsys.readouterr().err
    assert "pulumi refresh: no such thing; update failed" in said
    assert "pulumi stack import --stack dev --file /" in said
    pulumi.answers()
    assert run(pulumi) == 0
    assert pulumi.writes == ["stack import", "refresh", "refresh"]


def test_a_thing_that_the_refresh_does_not_find_is_named(
    pulumi: FakePulumi, capsys: pytest.CaptureFixture[str]
) -> None:
    pulumi.answers(not_read=["/story/dev/flow"])
    assert run(pulumi) == 1
    assert URN in capsys.readouterr().err


@pytest.mark.parametrize(
    ("failure", "line"),
    [
        ({"stack_export": "error: no stack named 'dev' found"}, "pulumi stack export: no stack named 'dev' found"),
        ({"show_secrets": "error: incorrect passphrase"}, "pulumi stack export: incorrect passphrase"),
        ({"whoami": "error: no credentials"}, "pulumi whoami: no credentials"),
        ({"whoami": "what"}, "pulumi whoami: what"),
    ],
)
def test_what_pulumi_refuses_is_one_line(
    pulumi: FakePulumi, capsys: pytest.CaptureFixture[str], failure: dict[str, str], line: str
) -> None:
    pulumi.answers(**failure)
    assert run(pulumi) == 1
    assert capsys.readouterr().err == f"story recover: {line}\n"
    assert pulumi.writes == []


def test_without_pulumi_it_says_where_to_get_it(
    pulumi: FakePulumi, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert run(pulumi) == 1
    assert "no `pulumi` on the PATH" in capsys.readouterr().err


def test_without_a_stack_file_where_it_should_be_it_says_so(
    pulumi: FakePulumi, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(pulumi, config_file=Path("/nowhere/Pulumi.dev.yaml")) == 2
    assert capsys.readouterr().err == "story recover: there is no file /nowhere/Pulumi.dev.yaml\n"


@pytest.mark.parametrize(
    ("account_or_error", "line"),
    [
        ("999999999999", "these credentials belong to account 999999999999, and the stack is in account 123456789012"),
        (NoCredentialsError(), "AWS: Unable to locate credentials"),
        (refused("ExpiredToken", "GetCallerIdentity"), "AWS: GetCallerIdentity: no"),
    ],
)
def test_credentials_that_are_wrong_are_one_line(
    pulumi: FakePulumi, account: dict[str, Any], capsys: pytest.CaptureFixture[str], account_or_error: Any, line: str
) -> None:
    account["account"] = account_or_error
    assert run(pulumi) == 1
    assert capsys.readouterr().err == f"story recover: {line}\n"
    assert pulumi.writes == []


def test_a_store_that_shows_no_locks_is_asked_to_remove_one(
    pulumi: FakePulumi, capsys: pytest.CaptureFixture[str]
) -> None:
    pulumi.answers(url="https://api.pulumi.com/team")
    assert run(pulumi) == 0
    assert "this state backend does not show who holds it" in capsys.readouterr().out
    assert pulumi.writes == ["cancel", "stack import", "refresh"]
    pulumi.holds(state(GROUP))
    pulumi.answers(url="https://api.pulumi.com/team", cancel="error: no update in progress")
    assert run(pulumi) == 0, "there may have been none to remove"

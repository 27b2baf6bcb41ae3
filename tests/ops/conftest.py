"""An emulator for the tests that ask AWS; for the others a `pulumi` and an AWS that answer as told."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from emulator.engine import aws_environment
from ops import findings, recover
from ops.aws_account import Account, Aws, Candidate
from tests.emulator.support import RunningEmulator
from tests.ops import aws_models
from tests.ops.given_states import FOUND, GROUP, LOG_GROUP, FakePulumi, fake_pulumi, state
from tests.ops.steps import Cloud


@pytest.fixture(autouse=True)
def _all_that_is_asked_and_answered_is_of_aws() -> Iterator[None]:
    aws_models.mistakes.clear()
    yield
    assert aws_models.mistakes == []


@pytest.fixture(scope="session")
def emulator_url(started: RunningEmulator) -> str:
    """Where the session's emulator listens; who uses it empties it first."""
    return started.url


@pytest.fixture(scope="module")
def aws(emulator_url: str) -> Iterator[Aws]:
    """An account and region that the tests of a file share."""
    Cloud(url=emulator_url).ask("POST", "/emulator/reset")
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="ap-northeast-1")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", emulator_url)
        environment.delenv("AWS_CA_BUNDLE", raising=False)
        yield Aws(session)


@pytest.fixture
def cloud(emulator_url: str, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """An account in which nothing exists yet, and to which the environment points."""
    for name, value in aws_environment(emulator_url).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    made = Cloud(url=emulator_url)
    made.ask("POST", "/emulator/reset")
    return made


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, account: dict[str, Any]) -> FakePulumi:
    """A command `pulumi`, whose state has one interrupted creation."""
    assert account
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(recover, "READY_POLL_SECONDS", 0)
    made = fake_pulumi(tmp_path)
    made.holds(state(GROUP))
    return made


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What AWS answers: the account, and what fits a log group."""
    answers: dict[str, Any] = {"account": "123456789012", "places": [], "log groups": iter([FOUND] * 9)}

    def account_of(region: str | None, profile: str | None) -> Account:
        answers["places"].append((region, profile))
        if isinstance(answers["account"], Exception):
            raise answers["account"]
        return Account(id=answers["account"], aws=Aws(object()))  # type: ignore[arg-type]

    def find(_aws: Aws, wanted: Any) -> list[Candidate]:
        answers["asked"] = wanted
        found = next(answers["log groups"])
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(recover, "account_of", account_of)
    monkeypatch.setattr(findings, "FINDERS", {LOG_GROUP: find})
    return answers

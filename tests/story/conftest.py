"""A `pulumi` and an AWS that answer what a test gives them."""

from pathlib import Path
from typing import Any

import pytest

from aws.client import AwsClient
from story.recover import decisions, recover
from story.recover.account import Account
from story.recover.match import Match
from tests.story.recover.given_states import FOUND, GROUP, LOG_GROUP, FakePulumi, fake_pulumi, state


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
        return Account(id=answers["account"], aws=AwsClient(object()))  # type: ignore[arg-type]

    def find(_aws: AwsClient, wanted: Any) -> list[Match]:
        answers["asked"] = wanted
        found = next(answers["log groups"])
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(recover, "account_of", account_of)
    monkeypatch.setattr(decisions, "LOOKUPS", {LOG_GROUP: find})
    return answers

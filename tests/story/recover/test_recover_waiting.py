"""How long a repair waits for what AWS is still making."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from story.recover import recover
from story.recover.match import Match
from story.recover.recover import Request
from tests.aws.clock import Clock
from tests.story.recover.given_states import FOUND, FakePulumi

MAKING = [Match(id="/story/dev/flow", ready=False)]
FOREVER = 10_000


def waited(pulumi: FakePulumi, account: dict[str, Any], monkeypatch: pytest.MonkeyPatch, *, minutes: int) -> Any:
    """The exit code, and the minutes that passed, where AWS needs so many to make a thing."""
    clock = Clock()
    monkeypatch.setattr(recover, "READY_POLL_SECONDS", 15)
    monkeypatch.setattr(recover, "time", SimpleNamespace(monotonic=clock.monotonic, sleep=clock.sleep))

    def answers() -> Iterator[Any]:
        while True:
            yield FOUND if clock.passed >= minutes * 60 else MAKING

    account["log groups"] = answers()
    code = recover.run(Request(stack="dev", project=pulumi.home, yes=True))
    return code, clock.passed / 60


@pytest.mark.parametrize("minutes", [1, 20, 44])
def test_a_cluster_that_takes_long_is_waited_for(
    pulumi: FakePulumi, account: dict[str, Any], monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    code, passed = waited(pulumi, account, monkeypatch, minutes=minutes)
    assert (code, minutes <= passed < minutes + 1) == (0, True)


def test_after_three_quarters_of_an_hour_it_is_given_up(
    pulumi: FakePulumi, account: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, passed = waited(pulumi, account, monkeypatch, minutes=FOREVER)
    assert (code, 45 <= passed < 46) == (1, True)
    assert "LogGroup flow is not ready after 45 minutes; try again" in capsys.readouterr().err

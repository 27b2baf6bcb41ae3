"""The `pulumi` command as a repair runs it."""

from pathlib import Path
from typing import Any

import pytest

from ops import pulumi_command
from ops.pulumi_command import HALF_WRITTEN, HALF_WRITTEN_TRIES, PulumiCommand, PulumiError


def export(monkeypatch: pytest.MonkeyPatch, *answers: str | Exception) -> tuple[Any, list[str | Exception]]:
    left = list(answers)

    def run(_self: PulumiCommand, *_args: str, **_options: Any) -> str:
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(PulumiCommand, "_run", run)
    monkeypatch.setattr(pulumi_command.time, "sleep", lambda _seconds: None)
    return PulumiCommand(stack="dev", project=Path(), config_file=None).export(), left


def test_a_half_written_state_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert export(monkeypatch, PulumiError(HALF_WRITTEN), '{"version": 3}') == ({"version": 3}, [])


def test_a_state_that_stays_half_written_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PulumiError, match="EOF"):
        export(monkeypatch, *[PulumiError(HALF_WRITTEN)] * HALF_WRITTEN_TRIES, "{}")


def test_another_failure_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PulumiError, match="no stack"):
        export(monkeypatch, PulumiError("no stack named dev"), "{}")

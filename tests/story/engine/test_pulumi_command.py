"""The `pulumi` command as a repair runs it."""

from pathlib import Path
from typing import Any

import pytest

from story.engine import pulumi_command
from story.engine.pulumi_command import HALF_WRITTEN, HALF_WRITTEN_TRIES, PulumiCommand, PulumiError


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


@pytest.mark.parametrize(
    ("written", "begins"),
    [
        ("", "it is empty"),
        ('{"version": 3, "deplo', 'it begins: {"version": 3, "deplo'),
        ("[]", "it begins: []"),
        ("null", "it begins: null"),
        ("<html>proxy</html>\nmore", "it begins: <html>proxy</html>"),
        ("\\377\\376\\000{", "it begins: "),
    ],
)
@pytest.mark.parametrize(
    ("command", "read"),
    [
        ("whoami", PulumiCommand.backend_url),
        ("stack export", PulumiCommand.export),
        ("stack output", PulumiCommand.outputs),
        ("config", PulumiCommand.aws_profile),
    ],
)
def test_output_that_is_not_a_json_object_is_one_line_that_names_the_command(
    command: str, read: Any, written: str, begins: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "pulumi"
    program.write_text(f"#!/bin/sh\nprintf '%b' '{written}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(PulumiError) as refused:
        read(PulumiCommand(stack="dev", project=tmp_path))
    [line] = str(refused.value).splitlines()
    assert line.startswith(f"pulumi {command}: its output is not a JSON object; {begins}")


def test_a_config_of_another_shape_names_no_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PulumiCommand, "_run", lambda *_args: '{"aws:profile": "mine"}')
    assert PulumiCommand(stack="dev", project=tmp_path).aws_profile() is None

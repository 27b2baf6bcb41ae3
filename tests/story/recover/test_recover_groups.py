"""What a repair does in AWS itself: it closes security groups that a kill left open."""

from typing import Any

import pytest

from story.recover import decisions, recover
from story.recover.match import Match
from story.recover.recover import Request
from tests.story.recover.given_states import FakePulumi, creation, state


def test_a_security_group_that_is_taken_in_is_closed_before_the_state_changes(
    pulumi: FakePulumi, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    closed: list[str] = []

    def close(_aws: Any, group_id: str) -> bool:
        assert "stack import" not in str(pulumi.writes), "a failure here must leave the operation pending"
        closed.append(group_id)
        return True

    monkeypatch.setattr(recover, "close_security_group", close)
    monkeypatch.setattr(decisions, "LOOKUPS", {recover.SECURITY_GROUP: lambda _aws, _wanted: [Match(id="sg-1")]})
    pulumi.holds(state(creation(recover.SECURITY_GROUP, "web", {"name": "web-1"})))
    recover.run(Request(stack="dev", project=pulumi.home, yes=True))
    assert closed == ["sg-1"]
    assert "- SecurityGroup web: removed the rule that allows all outbound traffic" in capsys.readouterr().out

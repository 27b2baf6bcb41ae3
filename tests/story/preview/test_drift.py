"""What moved in AWS is told apart from what was edited, in one line each, on previews as the engine writes them."""

import json
from pathlib import Path
from typing import Any

import pytest

from story.engine.preview import UNKNOWNS
from story.preview.drift import Drift, read_drift
from story.preview.drift_command import run
from story.preview.drift_page import drift_json, drift_markdown, drift_text
from tests.story.preview.previews import document, step

RECORDED = Path(__file__).parent / "recorded_drift"
NAMES = sorted(path.stem for path in RECORDED.glob("*.json"))
ALARM, SERVICE = "aws:cloudwatch/metricAlarm:MetricAlarm", "aws:ecs/service:Service"
ROLE, TOKEN = "aws:iam/role:Role", "aws:elasticache/replicationGroup:ReplicationGroup"
MASKED = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "x"}


def recorded_text(name: str) -> str:
    return (RECORDED / f"{name}.json").read_text("utf-8")


def three_ways(
    type_: str,
    recorded: dict[str, Any],
    actual: dict[str, Any],
    wanted: dict[str, Any],
    *because: str,
    op: str = "update",
) -> list[dict[str, Any]]:
    """A thing as the last update left it, as AWS has it, and as the program wants it."""
    return [
        step("refresh", type_, "x", before=recorded, after=recorded),
        step(op, type_, "x", before=actual, after=wanted, because=because),
    ]


def drift_of(*steps: dict[str, Any], **more: Any) -> Drift:
    return read_drift(document(*steps, **more), stack="test")


def lines(drift: Drift) -> list[str]:
    """The lines about what drifted."""
    return [line.removeprefix("  - ") for line in drift_text(drift).partition("Not drift")[0].splitlines()[4:] if line]


def waiting(drift: Drift) -> dict[str, list[str]]:
    return {one.name: list(one.because) for one in drift.waiting}


def test_what_moved_is_a_line_each_with_what_aws_has_and_what_the_program_wants() -> None:
    drift = read_drift(recorded_text("moved_and_edited"))
    assert drift_text(drift).splitlines()[:2] == ["7 resources changed outside of the program", "Stack small."]
    told = lines(drift)
    assert told[:5] == [
        "LogGroup worker-default: was deleted in AWS",
        "SecurityGroupIngressRule web-from-load-balancer: was deleted in AWS",
        "LogGroup web: retentionInDays is 1 in AWS, in the program 30",
        "MetricAlarm observability-web-cpu: threshold is 99 in AWS, in the program 85",
        "Role story-small-web-task: tags.who is [secret] in AWS, and not set in the program",
    ]
    assert told[5].startswith(
        'RolePolicy story-small-web-task: policy.Statement.0.Action is "*" in AWS, in the program '
    )
    assert told[5].endswith("; and 3 more properties")
    assert told[5].count(" in AWS, ") == 4
    assert told[6:] == ["Service web: desiredCount is 5 in AWS, in the program 1"]


def test_what_was_edited_or_follows_from_drift_stands_apart() -> None:
    assert waiting(read_drift(recorded_text("moved_and_edited"))) == {
        "RandomUuid rollout-web": ["keepers"],
        "RolePolicy story-small-worker-default-execution": ["policy"],
        "Service web": ["taskDefinition"],
        "TaskDefinition web": ["memory"],
    }


def test_what_aws_moves_by_itself_is_no_drift_although_something_else_of_that_thing_is() -> None:
    recorded, actual = {"desiredCount": 1, "cpu": 1}, {"desiredCount": 3, "cpu": 2}
    # An ignored property is as AWS has it on both sides, and the engine does not name it.
    drift = drift_of(*three_ways(SERVICE, recorded, actual, {"desiredCount": 3, "cpu": 1}, "cpu"))
    assert lines(drift) == ["Service x: cpu is 2 in AWS, in the program 1"]


def test_tags_that_every_resource_gets_are_looked_at_by_name_and_never_by_value() -> None:
    told = lines(read_drift(recorded_text("moved")))
    assert "LogGroup web: tags.Project is missing in AWS, in the program [secret]" in told
    assert (
        "Role story-small-web-task: tags.Project is [secret] in AWS, in the program [secret]; "
        "tags.who is [secret] in AWS, and not set in the program"
    ) in told
    assert waiting(read_drift(recorded_text("moved"))) == {}


def test_an_edit_of_tags_is_no_drift() -> None:
    [first, then] = three_ways(
        ALARM, {"tags": {"a": "1"}}, {"tags": {"a": "1"}}, {"tags": {"a": "2"}}, "tags", "tagsAll"
    )
    for one in (first, then):
        one["oldState"]["outputs"] = {"tagsAll": {"a": "1", "Project": "story"}}
    drift = drift_of(first, then)
    assert (drift.drifted, waiting(drift)) == ([], {"MetricAlarm x": ["tags"]})


def test_where_nothing_moved_there_is_no_drift() -> None:
    drift = read_drift(recorded_text("unmoved"))
    assert (drift.stack, drift.drifted, drift.waiting, drift.errors) == ("small", [], [], [])
    assert drift_text(drift).startswith("No drift: AWS matches the last update\n")


def test_an_edit_alone_is_no_drift() -> None:
    drift = drift_of(
        *three_ways(ALARM, {"threshold": 80}, {"threshold": 80}, {"threshold": 90}, "threshold"),
        step("create", ALARM, "new", after={}),
        step("refresh", ALARM, "old", before={}, after={}),
        step("delete", ALARM, "old", before={}),
    )
    assert (drift.drifted, [(one.name, one.op) for one in drift.waiting]) == (
        [],
        [("MetricAlarm new", "create"), ("MetricAlarm old", "delete"), ("MetricAlarm x", "update")],
    )
    assert "they were edited but not applied yet\n" in drift_text(drift)


def test_what_moved_and_was_edited_too_says_what_the_program_wants_now() -> None:
    drift = drift_of(*three_ways(ALARM, {"threshold": 80}, {"threshold": 99}, {"threshold": 90}, "threshold"))
    assert lines(drift) == ["MetricAlarm x: threshold is 99 in AWS, in the program 90"]
    assert drift.waiting == []


def test_what_was_changed_in_aws_to_what_the_program_wants_is_no_drift() -> None:
    recorded, actual = {"threshold": 80, "period": 60}, {"threshold": 90, "period": 60}
    drift = drift_of(*three_ways(ALARM, recorded, actual, {"threshold": 90, "period": 30}, "period"))
    assert (drift.drifted, waiting(drift)) == ([], {"MetricAlarm x": ["period"]})


def test_a_document_that_aws_writes_in_another_way_did_not_move() -> None:
    recorded, actual = '{"Statement": [], "Version": "1"}', '{"Version":"1","Statement":[]}'
    steps = three_ways(ROLE, {"policy": recorded}, {"policy": actual}, {"policy": next(iter(UNKNOWNS))}, "policy")
    assert drift_of(*steps).drifted == []


def test_what_the_program_leaves_to_aws_is_known_from_what_aws_answered() -> None:
    steps = three_ways(ALARM, {}, {}, {}, "unit")
    steps[0]["oldState"]["outputs"], steps[1]["oldState"]["outputs"] = {"unit": "Count"}, {"unit": "Bytes"}
    assert lines(drift_of(*steps)) == ['MetricAlarm x: unit is "Bytes" in AWS, in the program "Count"']
    steps[0]["oldState"]["outputs"], steps[1]["oldState"]["outputs"] = {}, {"unit": ""}
    assert drift_of(*steps).drifted == [], "nothing is the same as no text"


def test_a_thing_that_would_be_replaced_because_it_moved_says_so() -> None:
    steps = three_ways(ALARM, {"name": "a"}, {"name": "b"}, {"name": "a"}, "name", op="replace")
    assert lines(drift_of(*steps)) == [
        'MetricAlarm x: name is "b" in AWS, in the program "a"; the next update replaces the resource'
    ]


def test_a_replacement_in_three_steps_is_one_thing() -> None:
    first, told = three_ways(ALARM, {"name": "a"}, {"name": "b"}, {"name": "a"}, "name", op="create-replacement")
    then = [{**told, "op": "replace"}, {**told, "op": "delete-replaced"}]
    assert [one.name for one in drift_of(first, told, *then).drifted] == ["MetricAlarm x"]


@pytest.mark.parametrize(
    ("recorded", "actual"),
    [
        pytest.param({"authToken": "hush-1"}, {"authToken": "hush-2"}, id="named like one"),
        pytest.param({"value": MASKED}, {"value": "hush-2"}, id="known to the engine"),
        pytest.param({"env": '[{"name": "DB_PASSWORD", "value": "hush-1"}]'}, {"env": "[]"}, id="in a document"),
    ],
)
@pytest.mark.parametrize("page", [drift_text, drift_markdown, drift_json])
def test_a_secret_is_shown_on_neither_side(page: Any, recorded: dict[str, Any], actual: dict[str, Any]) -> None:
    shown = page(drift_of(*three_ways(TOKEN, recorded, actual, recorded, *recorded)))
    assert "hush" not in shown
    assert "[secret]" in shown


def test_tools_get_every_property_in_full() -> None:
    told = json.loads(drift_json(read_drift(recorded_text("moved_and_edited"))))
    assert told["stack"] == "small"
    by_name = {one["name"]: one for one in told["drifted"]}
    assert by_name["LogGroup worker-default"]["gone"] is True
    assert by_name["LogGroup web"] == {
        "name": "LogGroup web",
        "urn": by_name["LogGroup web"]["urn"],
        "op": "update",
        "moved": [{"path": "retentionInDays", "aws": "1", "program": "30"}],
        "gone": False,
    }
    assert len(by_name["RolePolicy story-small-web-task"]["moved"]) == 7
    assert {one["name"] for one in told["waiting"]} >= {"TaskDefinition web"}


def test_the_issue_shows_the_same_lines_in_code_and_ends_with_a_line_to_find_it_by() -> None:
    page = drift_markdown(read_drift(recorded_text("moved_and_edited"), stack="organization/story/prod"))
    assert page.startswith("### 7 resources changed outside of the program\n")
    assert "- `Service web`: `desiredCount` is `5` in AWS, in the program `1`\n" in page
    assert page.splitlines()[-1] == "<!-- story-drift: prod -->"


def test_what_an_attacker_names_a_thing_stays_in_code() -> None:
    steps = three_ways(ALARM, {"a": "x"}, {"a": "@team `<b>` --> ![](https://evil.example)"}, {"a": "x"}, "a")
    page = drift_markdown(drift_of(*steps))
    assert '``"@team `<b>` --> ![](https://evil.example)"``' in page


@pytest.mark.parametrize(
    ("preview", "words"),
    [
        pytest.param((255, "error: no stack named 'test' found\n"), "no stack named 'test' found", id="no stack"),
        pytest.param((0, ""), "the input contains no output of pulumi preview --json", id="nothing"),
        pytest.param(
            (0, document(step("same", ALARM, "x"))), "did not refresh the state from AWS", id="without a refresh"
        ),
        pytest.param((1, document(step("refresh", ALARM, "x"))), "ended with exit code 1", id="failed silently"),
        pytest.param(
            (
                255,
                document(step("refresh", ALARM, "x"), diagnostics=[{"severity": "error", "message": "error: denied"}]),
            ),
            "denied",
            id="failed",
        ),
    ],
)
def test_where_the_preview_failed_nobody_can_tell_and_no_page_looks_clean(
    capsys: pytest.CaptureFixture[str], preview: tuple[int, str], words: str
) -> None:
    assert run(preview=preview, stack="organization/story/test", as_format="markdown") == 1
    said = capsys.readouterr()
    assert said.out == ""
    [line] = said.err.splitlines()
    assert line.startswith("story drift: stack test: ")
    assert words in line


@pytest.mark.parametrize(("name", "exit_code"), [("moved", 3), ("moved_and_edited", 3), ("unmoved", 0)])
def test_the_exit_code_says_whether_there_is_drift(name: str, exit_code: int) -> None:
    assert run(preview=(0, recorded_text(name)), stack="small", as_format="text") == exit_code


@pytest.mark.parametrize("name", NAMES)
def test_no_recording_has_a_secret_or_the_machine_that_it_was_recorded_on(name: str) -> None:
    assert not [text for text in ("hush", "/root/", "/tmp/", "/home/", "127.0.0.1") if text in recorded_text(name)]

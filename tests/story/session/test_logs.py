"""`story logs`, on the emulator: each line once, in whatever order it arrives."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws.retrying import retrying_client
from story.session import log_events, logs
from story.session.log_events import Events, Search, filter_pattern
from tests.release.steps import LOCATION, Cloud
from tests.story.live import PROJECT, Live, Process, story
from tests.story.session.access import stack_with_access

GROUP = "/story/prod/web"
TASK, OTHER = "3f" + "0" * 30, "9a" + "0" * 30


@pytest.fixture
def live(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Live:
    return stack_with_access(cloud, tmp_path, monkeypatch)


def wrote(cloud: Cloud, *messages: str, task: str = TASK, container: str = "app", seconds_ago: float = 5) -> None:
    """A container wrote lines, all in the same millisecond."""
    api, stream = cloud.client("logs"), f"web/{container}/{task}"
    for make, names in (
        (api.create_log_group, {"logGroupName": GROUP}),
        (api.create_log_stream, {"logGroupName": GROUP, "logStreamName": stream}),
    ):
        try:
            make(**names)
        except api.exceptions.ResourceAlreadyExistsException:
            continue
    moment = int((time.time() - seconds_ago) * 1000)
    events = [{"timestamp": moment, "message": message} for message in messages]
    api.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=events)


def shown(*arguments: str) -> list[str]:
    """The messages that are shown."""
    result = story("logs", "web", "--stack", "prod", "--format", "json", *arguments)
    assert result.exit_code == 0, result.output
    return [json.loads(line)["message"] for line in result.stdout.splitlines()]


def refusal(*arguments: str, code: int = 1) -> str:
    result = story("logs", *arguments)
    assert (result.exit_code, result.stdout) == (code, ""), result.output
    [line] = result.stderr.splitlines()
    return line.removeprefix("story logs: ")


def test_a_line_has_its_time_its_task_and_its_message(live: Live) -> None:
    wrote(live.cloud, "GET /up 200", "\x1b[31mred\x1b[0m\x07 half\rover")
    wrote(live.cloud, "ready", container="nginx")
    result = story("logs", "web", "--stack", "prod")
    assert (result.exit_code, result.stderr) == (0, "")
    plain = [line[24:] for line in result.stdout.splitlines()]
    assert sorted(plain) == [
        "3f000000   red   half over",
        "3f000000  GET /up 200",
        "3f000000/nginx  ready",
    ]
    assert "\x1b" not in result.stdout, "no colours outside a terminal, and no control characters from the log"


def test_a_terminal_gets_colours_and_a_task_always_the_same_one() -> None:
    event = {"timestamp": 1_700_000_000_123, "message": "hi\n", "logStreamName": f"web/app/{TASK}"}
    line = logs.line_of(event, colours=True)
    assert line == logs.line_of(event, colours=True)
    assert line.startswith("\x1b[2m2023-11-14 22:13:20.123\x1b[0m \x1b[3")
    assert line.endswith("m3f000000\x1b[0m  hi")


def test_json_is_an_object_for_each_line_with_nothing_left_out(live: Live) -> None:
    wrote(live.cloud, "移行しました\x1b[0m")
    result = story("logs", "web", "--stack", "prod", "--format", "json")
    [line] = map(json.loads, result.stdout.splitlines())
    assert line.pop("time").endswith("+00:00")
    assert line == {"task": TASK, "container": "app", "message": "移行しました\x1b[0m"}


def test_ten_minutes_are_shown_and_more_on_demand(live: Live) -> None:
    wrote(live.cloud, "old", seconds_ago=700)
    wrote(live.cloud, "new", seconds_ago=500)
    assert shown() == ["new"]
    assert shown("--since", "1h") == ["old", "new"]
    assert shown("--since", "1m") == []


def test_a_message_says_that_there_is_nothing_to_show(live: Live) -> None:
    wrote(live.cloud, "old", seconds_ago=700)
    result = story("logs", "web", "--stack", "prod")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"story logs: {GROUP} has no matching lines in the last 10m; --since sets a longer period\n"


@pytest.mark.parametrize("since", ["", "10", "0m", "-5m", "1w", "1.5h", "99999999d", "10m "])
def test_a_bad_since_is_wrong_usage_in_one_line(live: Live, since: str) -> None:
    assert refusal("web", "--stack", "prod", "--since", since, code=2) == (
        f'--since: given "{since}"; allowed is a number and s, m, h or d, such as 10m, 2h, 1d'
    )
    assert live.calls == []


def test_the_longest_since_is_the_beginning_of_time(live: Live) -> None:
    wrote(live.cloud, "old", seconds_ago=900)
    assert shown("--since", "9999999d") == ["old"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SQLSTATE", ['SQLSTATE["42"] 100%']),
        ('SQLSTATE["42"]', ['SQLSTATE["42"] 100%']),
        ("100%", ['SQLSTATE["42"] 100%']),
        ('"', ['SQLSTATE["42"] 100%']),
        ("-> [ERROR] ?x", ["a -> [ERROR] ?x {y}"]),
        ("{y}", ["a -> [ERROR] ?x {y}"]),
        ("error", []),
    ],
)
def test_a_text_is_found_letter_for_letter(live: Live, text: str, found: list[str]) -> None:
    wrote(live.cloud, 'SQLSTATE["42"] 100%', "a -> [ERROR] ?x {y}", "42 SQLSTATE")
    assert shown("--grep", text) == (found if text != "SQLSTATE" else [*found, "42 SQLSTATE"])


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("", ""),
        ("GET /up", '"GET /up"'),
        ("-x", '"-x"'),
        ('say "hi" 100%', '"say "'),
        (r"App\Jobs\Mailer", '"Mailer"'),
        ('"', ""),
        ("  ", ""),
        ("x" * 2000, f'"{"x" * 1022}"'),
    ],
)
def test_the_pattern_quotes_what_it_can_and_leaves_out_what_it_can_not(text: str, pattern: str) -> None:
    assert filter_pattern(text) == pattern


@given(st.text(max_size=1500))
def test_a_pattern_is_one_quoted_part_of_the_text_in_aws_s_limit(text: str) -> None:
    pattern = filter_pattern(text)
    assert len(pattern) <= 1024
    if pattern:
        assert (pattern[0], pattern[-1]) == ('"', '"')
        assert pattern[1:-1] in text
        assert not {'"', "\\", "%", "\n"} & set(pattern[1:-1])


def test_lines_of_one_task_or_one_container(live: Live) -> None:
    wrote(live.cloud, "one")
    wrote(live.cloud, "two", task=OTHER)
    wrote(live.cloud, "three", task=OTHER, container="nginx")
    assert shown("--task", "3f") == ["one"]
    assert shown("--task", f"arn:aws:ecs:x:1:task/story-prod/{OTHER}") == ["two", "three"]
    assert shown("--task", OTHER, "--container", "nginx") == ["three"]
    assert shown("--container", "app") == ["one", "two"]


def test_only_the_container_s_streams_are_asked_for() -> None:
    search = Search(group=GROUP, since_ms=7, text="a b", stream_prefix="web/app/")
    assert search.parameters(9) == {
        "logGroupName": GROUP,
        "startTime": 9,
        "filterPattern": '"a b"',
        "logStreamNamePrefix": "web/app/",
    }


def test_the_migration_has_its_own_group(live: Live) -> None:
    live.cloud.fails_at("FilterLogEvents", contains="/story/prod/migration", answer={"events": [event("1", 5)]})
    result = story("logs", "migration", "--stack", "prod")
    assert result.stdout.endswith("3f000000  line 1\n")


def event(identifier: str, moment: int) -> dict[str, Any]:
    message = f"line {identifier}"
    return {"eventId": identifier, "timestamp": moment, "message": message, "logStreamName": f"web/app/{TASK}"}


def test_every_page_is_shown_also_after_an_empty_one(live: Live) -> None:
    pages = [[event("1", 1)], [], [event("2", 2), event("3", 2)]]
    for number, page in enumerate(pages):
        more = {"nextToken": f"page-{number + 1}"} if number < 2 else {}
        contains = f"page-{number}" if number else ""
        live.cloud.fails_at("FilterLogEvents", contains=contains, answer={"events": page, **more})
    assert shown() == ["line 1", "line 2", "line 3"]


def followed(cloud: Cloud, since_seconds: float = 600) -> Events:
    """The events that `--follow` reads, to be read step by step."""
    search = Search(group=GROUP, since_ms=int((time.time() - since_seconds) * 1000))
    return Events(aws=retrying_client(LOCATION, cloud.said.append), search=search)


def new_messages(events: Events) -> list[str]:
    return [str(one["message"]) for page in events.so_far() for one in page]


def test_following_shows_each_line_once_and_loses_none(live: Live) -> None:
    cloud = live.cloud
    wrote(cloud, "one")
    events = followed(cloud)
    assert new_messages(events) == ["one"]
    assert new_messages(events) == [], "nothing new"
    wrote(cloud, "two", "two again", seconds_ago=3)
    assert new_messages(events) == ["two", "two again"], "the same millisecond"
    wrote(cloud, "late", task=OTHER, seconds_ago=30)
    assert new_messages(events) == ["late"], "written before what was shown, and sent after it"
    assert new_messages(events) == []


def test_lines_of_the_same_millisecond_that_come_in_at_different_times_are_all_shown(live: Live) -> None:
    live.cloud.fails_at("FilterLogEvents", answer={"events": [event("1", 5_000_000)]})
    live.cloud.fails_at("FilterLogEvents", answer={"events": [event("1", 5_000_000), event("2", 5_000_000)]})
    events = followed(live.cloud)
    assert new_messages(events) == ["line 1"]
    assert new_messages(events) == ["line 2"]


def test_the_memory_of_shown_events_does_not_grow_without_limit(live: Live) -> None:
    wrote(live.cloud, "old", seconds_ago=400)
    events = followed(live.cloud)
    assert new_messages(events) == ["old"]
    wrote(live.cloud, "new")
    assert new_messages(events) == ["new"]
    assert len(events._shown) == 1


def test_a_throttled_page_is_asked_for_again_and_nothing_is_lost(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aws.retrying.PAUSE_SECONDS", 0.01)
    wrote(live.cloud, "one")
    events = followed(live.cloud)
    live.cloud.fails_at("FilterLogEvents", status=503, code="ServiceUnavailableException", times=1)
    assert new_messages(events) == ["one"]


@pytest.mark.timed
def test_following_continues_until_ctrl_c_which_is_130_without_a_message(live: Live) -> None:
    wrote(live.cloud, "before")
    with Process(live, "logs", "web", "--stack", "prod", "--follow") as process:
        process.until_it_says("before")
        wrote(live.cloud, "after", seconds_ago=0)
        process.until_it_says("after")
        process.interrupted()
        assert process.ended() == 130
        assert len(process.said.splitlines()) == 2


def test_a_closed_pipe_ends_it_without_a_message(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    wrote(live.cloud, "one", "two")
    gone, output = os.pipe()
    os.close(gone)
    command = [sys.executable, "-m", "story.cli", "logs", "web", "--stack", "prod"]
    ended = subprocess.run(command, stdout=output, stderr=subprocess.PIPE, check=False)
    os.close(output)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_a_group_that_does_not_exist_says_what_creates_it(live: Live) -> None:
    assert live.outputs
    assert refusal("scheduler", "--stack", "prod") == (
        "log group /story/prod/scheduler does not exist; the next `pulumi up` creates it"
    )


def test_denied_access_names_the_policy_that_allows_it(live: Live) -> None:
    wrote(live.cloud, "one")
    live.cloud.fails_at("FilterLogEvents", code="AccessDeniedException")
    line = refusal("web", "--stack", "prod")
    assert line.startswith("stack prod: AWS: AccessDeniedException: ")
    assert line.endswith("; the policy bootstrap-story-operators-prod allows it (docs/shell.md)")


def test_expired_credentials_an_unknown_service_and_an_unknown_stack_are_one_line(live: Live) -> None:
    live.cloud.fails_at("FilterLogEvents", code="ExpiredTokenException", times=2)
    assert "the AWS credentials are no longer valid" in refusal("web", "--stack", "prod")
    assert refusal("wbe", "--stack", "prod", code=2).startswith('given "wbe"; stack prod has ')
    (live.home / "outputs.json").unlink()
    assert refusal("web", "--stack", "prod") == "pulumi stack output: no stack named 'prod' found"


def test_requests_to_aws_have_a_pause_while_there_are_no_new_lines() -> None:
    assert log_events.POLL_SECONDS >= 1

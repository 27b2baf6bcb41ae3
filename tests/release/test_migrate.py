"""A one-off task of a release, on the emulator: it runs once, and only exit code 0 of its container is success."""

import re
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.config import Config

from aws import retrying
from release import migrate
from release.contract import OneOffTask, StepError
from release.migrate import run_task
from tests.release.steps import CLUSTER, DIGEST, LOG_GROUP, STARTED_BY, Cloud

pytestmark = pytest.mark.timed

CAPACITY = {
    "tasks": [],
    "failures": [{"arn": "arn:1", "reason": "Capacity is unavailable at this time. Please try again later"}],
}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "POLL_SECONDS", 0.25)
    monkeypatch.setattr(migrate, "CAPACITY_PAUSES_SECONDS", (0.1, 0.1))
    monkeypatch.setattr(migrate, "LATE_LINES_SECONDS", 1.5)
    monkeypatch.setattr(retrying, "PAUSE_SECONDS", 0.1)


def run(cloud: Cloud, task: OneOffTask, **options: Any) -> None:
    run_task(task, output=cloud.said.append, **options)


def failure(cloud: Cloud, task: OneOffTask, **options: Any) -> str:
    with pytest.raises(StepError) as failed:
        run(cloud, task, **options)
    return str(failed.value)


def test_a_task_that_ends_with_0_is_done_and_its_lines_are_shown(cloud: Cloud) -> None:
    cloud.behaves(exits=0, after_seconds=0.5, lines=["Running migrations.", "2026_01_create_users ... DONE"])
    run(cloud, cloud.task())
    assert "| Running migrations." in cloud.output
    assert re.search(r"migration: +[0-9.]+ s  done: app ended with exit code 0 \(2 log lines\)", cloud.output)
    assert all(line.startswith("migration: ") for line in cloud.said), cloud.output


def durations(cloud: Cloud, metric: str = "MigrationSeconds") -> list[dict[str, Any]]:
    return cloud.client("cloudwatch").list_metrics(Namespace="story/prod", MetricName=metric)["Metrics"]


def test_how_long_a_migration_took_is_told_to_cloudwatch(cloud: Cloud) -> None:
    cloud.behaves(exits=0, after_seconds=0.5)
    run(cloud, cloud.task())
    assert [metric["Dimensions"] for metric in durations(cloud)] == [[]]
    until = datetime.now(UTC) + timedelta(minutes=1)
    (point,) = cloud.client("cloudwatch").get_metric_statistics(
        Namespace="story/prod",
        MetricName="MigrationSeconds",
        StartTime=until - timedelta(minutes=5),
        EndTime=until,
        Period=300,
        Statistics=["Maximum"],
    )["Datapoints"]
    assert 0.5 <= point["Maximum"] < 10


def test_a_failed_migration_and_another_command_have_no_duration_on_the_dashboard(cloud: Cloud) -> None:
    cloud.behaves(exits=1, after_seconds=0)
    failure(cloud, cloud.task())
    cloud.behaves(exits=0, after_seconds=0)
    run(cloud, replace(cloud.task(), step="command", command=("php", "artisan", "about")))
    assert durations(cloud) == []


def test_a_migration_whose_duration_cannot_be_told_is_done_all_the_same(cloud: Cloud) -> None:
    cloud.fails_at("PutMetricData", code="AccessDenied")
    run(cloud, cloud.task())
    assert "its duration is not on the dashboard (AccessDenied" in cloud.output


def test_it_runs_on_demand_in_private_subnets_under_its_own_name(cloud: Cloud) -> None:
    task = cloud.task()
    run(cloud, task)
    [started] = cloud.tasks()
    assert started["startedBy"] == STARTED_BY == f"story-prod/migration/{DIGEST}"
    assert started["taskDefinitionArn"] == task.task_definition
    request = migrate._request(task)
    assert request["capacityProviderStrategy"] == [{"capacityProvider": "FARGATE", "weight": 1}]
    assert request["networkConfiguration"]["awsvpcConfiguration"] == {
        "subnets": [cloud.subnet_id],
        "securityGroups": ["sg-12345678"],
        "assignPublicIp": "DISABLED",
    }
    assert "launchType" not in request, "refused beside a strategy"
    assert request["propagateTags"] == "TASK_DEFINITION"


def test_exit_code_1_fails_with_everything_that_is_known(cloud: Cloud) -> None:
    cloud.behaves(exits=1, container="app", lines=[f"line {number}" for number in range(40)])
    message = failure(cloud, cloud.task())
    [task] = cloud.tasks()
    assert message.startswith("migration: app ended with exit code 1: ")
    assert task["taskArn"] in message
    assert "\n" not in message
    for told in ("stop code       EssentialContainerExited", "container       app: exit code 1", task["taskArn"]):
        assert told in cloud.output
    assert "Next: no service was changed" in cloud.output
    shown = cloud.output.partition("last 30 of 40 log lines:")[2]
    assert re.findall(r"\| line ([0-9]+)", shown) == [str(number) for number in range(10, 40)]


def test_a_task_without_an_exit_code_has_failed(cloud: Cloud) -> None:
    cloud.behaves(cannot_be_pulled=True)
    message = failure(cloud, cloud.task())
    assert message.startswith("migration: app ended without an exit code: CannotPullContainerError")
    assert "container       app: no exit code" in cloud.output
    assert "Check that the image exists" in cloud.output
    assert len(cloud.tasks()) == 1, "an image that is not there is not there the next time"


def test_a_side_container_that_dies_first_changes_nothing(cloud: Cloud) -> None:
    cloud.behaves(container="agent", exits=3)
    cloud.behaves(container="app", exits=0, after_seconds=1)
    run(cloud, cloud.task())
    assert "done: app ended with exit code 0" in cloud.output


def test_an_essential_side_container_that_dies_first_takes_the_migration_along_and_is_named(cloud: Cloud) -> None:
    cloud.behaves(container="agent", exits=3, after_seconds=0.5)
    cloud.behaves(container="app", exits=143, after_seconds=20)
    message = failure(cloud, cloud.task(task_definition=cloud.task_definition(essential_agent=True)))
    assert message.startswith("migration: app ended with exit code 143: ")
    assert "container       agent: exit code 3" in cloud.output


def test_a_stop_that_aws_throttles_is_asked_for_again(cloud: Cloud) -> None:
    cloud.behaves(stays="PENDING")
    task = cloud.task(timeout_seconds=1)
    cloud.fails_at("StopTask", code="ThrottlingException", times=2)
    assert "was stopped" in failure(cloud, task)
    assert [one["desiredStatus"] for one in cloud.tasks()] == ["STOPPED"]


def test_a_container_that_is_killed_is_told_to_want_memory(cloud: Cloud) -> None:
    cloud.behaves(container="app", exits=137)
    assert "exit code 137" in failure(cloud, cloud.task())
    assert "memory_mib in the stack's file" in cloud.output


def test_a_task_that_ends_too_quickly_to_be_seen_running_is_judged_as_any(cloud: Cloud) -> None:
    cloud.behaves(container="app", exits=0, after_seconds=0, starts_after_seconds=0)
    run(cloud, cloud.task())
    assert "done" in cloud.output


def test_no_capacity_that_comes_back_is_waited_for(cloud: Cloud) -> None:
    cloud.fails_at("RunTask", answer=CAPACITY, times=2)
    run(cloud, cloud.task())
    assert cloud.output.count("ECS could not start the task (Capacity is unavailable at this time.") == 2
    assert len(cloud.tasks()) == 1


def test_no_capacity_that_stays_away_is_a_failure_with_ecs_own_reason(cloud: Cloud) -> None:
    cloud.fails_at("RunTask", answer=CAPACITY, times=50)
    assert failure(cloud, cloud.task()).startswith(
        "migration: ECS could not start the task: Capacity is unavailable at this time."
    )
    assert cloud.tasks() == []


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"status": 400, "code": "ThrottlingException"}, id="throttled"),
        pytest.param({"status": 500, "code": "ServerException"}, id="failing inside"),
        pytest.param({"status": 503, "code": "ServiceUnavailable"}, id="unavailable"),
        pytest.param({"lost": True}, id="lost"),
    ],
)
@pytest.mark.parametrize("action", ["ListTasks", "RunTask", "DescribeTasks", "GetLogEvents"])
def test_what_passes_by_itself_is_passed_over_and_starts_nothing_twice(
    cloud: Cloud, action: str, fault: dict[str, Any]
) -> None:
    cloud.behaves(exits=0, after_seconds=0.5, lines=["hello"])
    cloud.fails_at(action, times=2, **fault)
    run(cloud, cloud.task())
    assert len(cloud.tasks()) == 1
    assert "| hello" in cloud.output


def test_a_call_that_aws_does_not_answer_for_long_is_made_again_with_the_same_token(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each try of AWS's client is up to six requests; all of the first try's answers are lost.
    monkeypatch.setattr("aws.client.CONFIG", Config(retries={"total_max_attempts": 1}))
    cloud.fails_at("RunTask", lost=True, times=3)
    run(cloud, cloud.task())
    assert len(cloud.tasks()) == 1
    assert "AWS does not answer run_task" in cloud.output
    assert "AWS answers again" in cloud.output


def test_what_aws_refuses_is_one_line_at_once(cloud: Cloud) -> None:
    cloud.fails_at("RunTask", code="AccessDeniedException", times=50)
    began = time.monotonic()
    message = failure(cloud, cloud.task())
    assert message.startswith("migration: AccessDeniedException: ")
    assert message.endswith("no task was started")
    assert time.monotonic() - began < 5


def test_a_task_that_is_missing_right_after_its_start_is_waited_for(cloud: Cloud) -> None:
    task = cloud.task()
    cloud.fails_at("DescribeTasks", answer={"tasks": [], "failures": [{"arn": "a", "reason": "MISSING"}]}, times=5)
    run(cloud, task)
    assert len(cloud.tasks()) == 1


def test_a_task_that_stays_missing_is_a_failure(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "UNKNOWN_SECONDS", 0.5)
    cloud.fails_at("DescribeTasks", answer={"tasks": [], "failures": [{"arn": "a", "reason": "MISSING"}]}, times=500)
    assert "ECS no longer has the task, so its result is unknown: arn:" in failure(cloud, cloud.task())


def test_a_task_that_runs_too_long_is_left_alone_and_named(cloud: Cloud) -> None:
    cloud.behaves(exits=0, after_seconds=60, lines=["altering a large table"])
    message = failure(cloud, cloud.task(timeout_seconds=2))
    [task] = cloud.tasks()
    assert message.startswith("migration: not ended within 2 s, the timeout in the stack's file; the task continues")
    assert message.endswith(task["taskArn"])
    assert task["desiredStatus"] == "RUNNING", "half of a schema change is worse than a long one"
    assert "| altering a large table" in cloud.output.partition("last 1 of 1 log lines:")[2]


def test_a_task_that_never_starts_is_stopped_at_the_timeout(cloud: Cloud) -> None:
    cloud.behaves(stays="PROVISIONING")
    message = failure(cloud, cloud.task(timeout_seconds=1))
    assert "it did not start (last status PROVISIONING) and was stopped" in message
    assert [task["desiredStatus"] for task in cloud.tasks()] == ["STOPPED"]


def test_a_start_that_fails_at_the_network_is_tried_again(cloud: Cloud) -> None:
    cloud.behaves(fails_to_start="Timeout waiting for network interface provisioning to complete.", times=1)
    run(cloud, cloud.task())
    assert len(cloud.tasks()) == 2
    assert "did not start (Timeout waiting for network interface provisioning to complete.); starting it again" in (
        cloud.output
    )


def test_starts_are_not_tried_for_ever(cloud: Cloud) -> None:
    cloud.behaves(fails_to_start="Timeout waiting for network interface provisioning to complete.")
    assert "without an exit code: Timeout waiting for network interface" in failure(cloud, cloud.task())
    assert len(cloud.tasks()) == migrate.STARTS


def test_a_run_that_failed_is_never_repeated(cloud: Cloud) -> None:
    cloud.behaves(container="app", exits=1)
    failure(cloud, cloud.task())
    assert len(cloud.tasks()) == 1


def test_a_hundred_thousand_lines_are_counted_but_not_all_shown(cloud: Cloud) -> None:
    cloud.behaves(container="app", exits=0, after_seconds=1, line_count=100_000)
    run(cloud, cloud.task(timeout_seconds=120), shown_lines=100)
    assert "(100000 log lines)" in cloud.output
    assert sum("| line " in line for line in cloud.said) == 100
    assert "100 lines were printed; the others are in the log group" in cloud.output


def test_lines_that_no_terminal_can_show_do_no_harm(cloud: Cloud) -> None:
    nasty = ["\x1b[31mred\x1b[0m", "bell\x07", "half\rover", "移行しました", "x" * 5000]
    cloud.behaves(container="app", exits=0, after_seconds=0.5, lines=nasty)
    half = {"events": [{"message": "half a \ud83d letter"}], "nextForwardToken": "f/1"}
    task = cloud.task()
    cloud.fails_at("GetLogEvents", answer=half)
    run(cloud, task)
    cloud.output.encode("utf-8")
    assert "移行しました" in cloud.output
    assert "half a ? letter" in cloud.output
    assert "\x1b" not in cloud.output
    assert "\x07" not in cloud.output
    assert max(map(len, cloud.said)) < 1100


def test_lines_that_arrive_after_the_end_are_shown(cloud: Cloud) -> None:
    cloud.behaves(container="app", exits=1, lines=["early"], late_lines=["SQLSTATE[42S01]: table exists"])
    failure(cloud, cloud.task())
    assert "| SQLSTATE[42S01]: table exists" in cloud.output


def test_without_a_log_group_the_end_is_still_seen(cloud: Cloud) -> None:
    definition = cloud.task_definition(log_group="/nowhere")
    cloud.behaves(container="app", exits=1)
    task = cloud.task(task_definition=definition, log_group="/nowhere")
    assert "ended with exit code 1" in failure(cloud, task)
    assert "no log lines: " in cloud.output


def test_a_log_that_may_not_be_read_does_not_fail_the_task(cloud: Cloud) -> None:
    cloud.fails_at("GetLogEvents", code="AccessDeniedException", times=500)
    run(cloud, cloud.task())
    assert "done" in cloud.output


def test_credentials_that_expire_while_waiting_leave_the_task_to_the_next_update(cloud: Cloud) -> None:
    cloud.behaves(exits=0, after_seconds=3, lines=["altering"])
    task = cloud.task()
    threading.Timer(1, lambda: cloud.fails_at("DescribeTasks", code="ExpiredTokenException", times=500)).start()
    message = failure(cloud, task)
    [running] = cloud.tasks_without_faults()
    assert message.startswith("migration: the AWS credentials are no longer valid")
    assert f"the next update with this image follows it: {running['taskArn']}" in message
    run(cloud, task)
    assert len(cloud.tasks()) == 1
    assert f"follows {running['taskArn'].rpartition('/')[2]}" in cloud.output


def test_credentials_that_somebody_renewed_are_taken(cloud: Cloud) -> None:
    cloud.fails_at("DescribeTasks", code="ExpiredTokenException", times=1)
    cloud.fails_at("RunTask", code="ExpiredTokenException", times=1)
    run(cloud, cloud.task())
    assert len(cloud.tasks()) == 1


def test_a_task_of_this_release_that_still_runs_is_followed(cloud: Cloud) -> None:
    cloud.behaves(exits=0, after_seconds=2, lines=["first line"])
    task = cloud.task()
    earlier = cloud.started(task)
    run(cloud, task)
    assert [one["taskArn"] for one in cloud.tasks()] == [earlier["taskArn"]]
    assert "| first line" in cloud.output, "also what it wrote before"


def test_a_task_of_another_release_that_still_runs_is_an_error_that_names_it(cloud: Cloud) -> None:
    cloud.behaves(exits=0, after_seconds=60)
    other = cloud.started(cloud.task(started_by=f"story-prod/migration/{'2' * 64}"))
    message = failure(cloud, cloud.task())
    assert f"another task is still running, started by story-prod/migration/{'2' * 64}: {other['taskArn']}" in message
    assert f"aws ecs stop-task --cluster {CLUSTER} --task " in message
    assert len(cloud.tasks()) == 1


def test_yesterdays_failed_task_of_the_same_image_does_not_come_back(cloud: Cloud) -> None:
    task = cloud.task()
    cloud.behaves(container="app", exits=1, times=1)
    failure(cloud, task)
    run(cloud, task)
    codes = [
        container["exitCode"] for one in cloud.tasks() for container in one["containers"] if container["name"] == "app"
    ]
    assert sorted(codes) == [0, 1]


def test_a_command_replaces_the_migrations_own(cloud: Cloud) -> None:
    run(cloud, cloud.task(step="command", started_by="story-prod/command/1", command=["php", "artisan", "about"]))
    [task] = cloud.tasks()
    [override] = task["overrides"]["containerOverrides"]
    assert (override["name"], override["command"]) == ("app", ["php", "artisan", "about"])


def test_it_is_said_how_to_follow_a_task_before_anything_can_go_wrong(cloud: Cloud) -> None:
    run(cloud, cloud.task())
    [task] = cloud.tasks()
    assert (
        f"aws logs tail {LOG_GROUP} --log-stream-names migration/app/{task['taskArn'].rpartition('/')[2]} --follow"
        in (cloud.output)
    )

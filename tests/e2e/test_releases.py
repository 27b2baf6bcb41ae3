"""Releases that are broken in themselves, on a stack with three services and no stores, and what each step does."""

import re
from datetime import datetime

import pytest

from tests.e2e.conftest import Begin
from tests.e2e.recorded_calls import assert_on_record
from tests.e2e.support import MARKER, TASK_DEFINITION, WITHOUT_STORES, Stack, image, steps_in, succeeded

SERVICES = ["scheduler", "web", "worker-default"]
BROKEN_FIRST, FIRST, SECOND, BAD_MIGRATION, BAD_WORKER, BAD_WEB, THIRD, FOURTH = (image(n) for n in range(1, 9))
FATAL = "PHP Fatal error: Uncaught Error: Class not found"


@pytest.fixture(scope="module")
def stack(begin: Begin) -> Stack:
    stack = begin("releases")
    stack.engine.prepare(WITHOUT_STORES)
    return stack


def test_a_first_update_with_a_broken_image_fails_at_the_worker_and_remembers_no_image(stack: Stack) -> None:
    stack.behaves("worker-default", BROKEN_FIRST, container="app", exits=1, lines=[FATAL])
    output = stack.failing_up(image=BROKEN_FIRST)
    assert f"| {FATAL}" in output
    assert re.search(r"rollout worker-default: story-releases-worker-default:1 failed: ", output)
    assert "image" not in stack.engine.outputs()
    assert "rollout-worker-default" not in stack.markers()


def test_the_same_broken_first_update_fails_again_although_nothing_else_changed(stack: Stack) -> None:
    migrations = stack.migrations()
    output = stack.failing_up(image=BROKEN_FIRST)
    assert "had failed and is started again" in output
    assert re.search(r"rollout worker-default: story-releases-worker-default:1 failed: ", output)
    assert stack.migrations() == migrations, "this image was migrated"
    assert "image" not in stack.engine.outputs()


def test_after_it_an_update_with_a_good_image_makes_all(stack: Stack) -> None:
    stack.up(FIRST)
    assert stack.images_of(SERVICES) == {FIRST}
    assert stack.engine.outputs()["image"] == FIRST
    assert stack.is_clean()


def test_workers_and_scheduler_roll_out_side_by_side_and_web_after_them(stack: Stack) -> None:
    for service in SERVICES:
        stack.behaves(service, SECOND, healthy_after_seconds=6)
    finished = stack.up(SECOND)
    assert steps_in(finished.output)[0] == "migration"
    assert steps_in(finished.output)[-1] == "rollout web"
    times = {service: _deployment_times(stack, service) for service in SERVICES}
    consumers = [times["scheduler"], times["worker-default"]]
    assert max(began for began, _ in consumers) < min(ended for _, ended in consumers), "one after the other"
    assert times["web"][0] > max(ended for _, ended in consumers), "the site moved before its consumers"
    assert stack.images_of(SERVICES) == {SECOND}


def test_a_migration_that_fails_changes_nothing_but_its_own_definition(stack: Stack) -> None:
    before = {name: stack.revisions(name) for name in (*SERVICES, "migration")}
    running, outputs, markers = stack.running_tasks(), stack.engine.outputs(), stack.markers()
    stack.behaves("migration", BAD_MIGRATION, container="app", exits=1, lines=["SQLSTATE[42S01]: Table exists"])
    output = stack.failing_up(image=BAD_MIGRATION)
    assert "| SQLSTATE[42S01]: Table exists" in output
    assert "migration: app ended with exit code 1" in output
    assert {name: stack.revisions(name) for name in (*SERVICES, "migration")} == {
        **before,
        "migration": before["migration"] + 1,
    }
    assert stack.running_tasks() == running
    assert stack.markers() == markers
    assert stack.engine.outputs()["image"] == outputs["image"] == SECOND


def test_a_worker_that_never_becomes_healthy_leaves_the_site_untouched(stack: Stack) -> None:
    site, definition = stack.running_tasks()["web"], stack.service("web")["taskDefinition"]
    stack.behaves("worker-default", BAD_WORKER, container="app", exits=255, lines=[FATAL])
    output = stack.failing_up(image=BAD_WORKER)
    assert re.search(r"rollout worker-default: story-releases-worker-default:\d+ failed: ECS rolled it back", output)
    assert "rollout web" not in steps_in(output)
    assert stack.running_tasks()["web"] == site
    assert stack.service("web")["taskDefinition"] == definition
    assert stack.image_of("worker-default") == SECOND, "ECS put it back by itself"
    assert stack.engine.outputs()["image"] == SECOND


def test_a_site_that_never_becomes_healthy_fails_with_its_reason_and_log_lines(stack: Stack) -> None:
    stack.behaves("web", BAD_WEB, never_healthy=True, lines=["Listening on 8080", FATAL])
    output = stack.failing_up(image=BAD_WEB)
    assert re.search(r"rollout web: story-releases-web:\d+ failed: ECS rolled it back", output)
    assert "tasks stopped: Task failed ELB health checks" in output
    assert re.search(r"is unhealthy in \(target-group [^)]*\) due to \(reason [^)]+\)", output)
    assert f"| {FATAL}" in output
    assert "Traceback" not in output
    assert stack.image_of("web") == SECOND
    assert stack.image_of("worker-default") == BAD_WEB
    assert stack.engine.outputs()["image"] == SECOND


def test_the_same_broken_release_fails_twice(stack: Stack) -> None:
    migrations = stack.migrations()
    output = stack.failing_up(image=BAD_WEB)
    assert re.search(r"rollout web: story-releases-web:\d+ failed: ", output)
    assert stack.migrations() == migrations, "this image was migrated"
    assert stack.engine.outputs()["image"] == SECOND


def test_on_the_way_back_every_service_returns_although_a_worker_can_not_start(stack: Stack) -> None:
    migrations = stack.migrations()
    stack.behaves("worker-default", SECOND, cannot_be_pulled=True)
    stack.behaves("scheduler", SECOND, cannot_be_pulled=True)
    output = stack.failing_up()
    assert stack.image_of("web") == SECOND
    assert "rollout worker-default: story-releases-worker-default:" in output
    assert "rollout scheduler: story-releases-scheduler:" in output, "failures are told together"
    assert stack.migrations() == migrations
    assert stack.engine.outputs()["image"] == SECOND


def test_the_way_back_ends_clean_once_the_worker_can_start(stack: Stack) -> None:
    migrations = stack.migrations()
    stack.behaves_well()
    stack.up()
    assert stack.images_of(SERVICES) == {SECOND}
    assert stack.migrations() == migrations, "a way back never migrates"
    assert stack.is_clean()


def test_the_next_good_release_goes_through(stack: Stack) -> None:
    migrations = stack.migrations()
    stack.up(THIRD)
    assert stack.images_of(SERVICES) == {THIRD}
    assert stack.migrations() == migrations + 1
    assert stack.engine.outputs()["image"] == THIRD


def test_where_all_is_well_a_rollback_names_the_earlier_images(stack: Stack) -> None:
    finished = stack.story("rollback", "--yes")
    assert finished.returncode == 2, finished.output
    assert f"every service already runs the last good image, {THIRD}" in finished.output
    assert SECOND in finished.output


def test_a_named_earlier_image_goes_back_without_a_migration(stack: Stack) -> None:
    migrations = stack.migrations()
    finished = succeeded(stack.story("rollback", "--yes", SECOND.partition("@")[2][:71]))
    assert "migration: no new image, so there is nothing to migrate" in finished.output
    assert stack.images_of(SERVICES) == {SECOND}
    assert stack.migrations() == migrations
    assert stack.engine.outputs()["image"] == SECOND
    assert stack.is_clean()


def test_the_status_tells_what_runs(stack: Stack) -> None:
    assert_on_record(stack, "releases")
    finished = succeeded(stack.story("status", "--wait"))
    assert f"Last good image: {SECOND}" in finished.stdout
    for service in SERVICES:
        assert re.search(
            rf"^  {service} +1 of 1 tasks, COMPLETED, story-releases-{service}:", finished.stdout, re.MULTILINE
        )
    stack.forget_what_was_asked_for()


def test_a_command_runs_in_the_migrations_task(stack: Stack) -> None:
    stack.behaves("migration", container="app", exits=0, after_seconds=1, lines=["2026_01_01_create_users ... [1] Ran"])
    finished = succeeded(stack.story("migrate", "--command", "php artisan migrate:status"))
    assert "| 2026_01_01_create_users ... [1] Ran" in finished.output
    stack.behaves_well()


def test_a_setting_that_ecs_deploys_is_followed_too(stack: Stack) -> None:
    stack.configure("story:web", {"health_check_grace_seconds": 90})
    changes = stack.changes()
    assert {(change.op, change.name) for change in changes} == {("update", "web"), ("replace", "rollout-web")}
    assert [change.name for change in changes if change.type == MARKER] == ["rollout-web"]
    assert [change.name for change in changes if change.type == TASK_DEFINITION] == []
    finished = stack.up()
    assert steps_in(finished.output) == ["rollout web"]


def _deployment_times(stack: Stack, service: str) -> tuple[datetime, datetime]:
    """When the newest deployment of a service began and ended."""
    api, cluster = stack.client("ecs"), f"story-{stack.engine.stack}"
    newest = api.list_service_deployments(cluster=cluster, service=service)["serviceDeployments"][0]
    arns = [newest["serviceDeploymentArn"]]
    [described] = api.describe_service_deployments(serviceDeploymentArns=arns)["serviceDeployments"]
    return described["createdAt"], described["finishedAt"]


def test_what_all_this_asked_for_is_on_record(stack: Stack) -> None:
    assert_on_record(stack, "releases")

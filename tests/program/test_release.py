"""A release under the recorder: the order of its steps, its image, its one-off tasks."""

from collections import Counter

import pytest

from story.plan.recorder import Record
from tests.program.given import IMAGE, OFF, containers, program

# The order of a release (docs/decisions: markers).


def reaches(made: Record, start: str, goal: str) -> bool:
    """Whether a resource waits, directly or over others, for another one; both as `<kind> <name>`."""
    by_label = {f"{resource.kind} {resource.name}": resource for resource in made.resources}
    seen: set[str] = set()
    todo = [start]
    while todo:
        label = todo.pop()
        if label == goal:
            return True
        if label in seen or label not in by_label:
            continue
        seen.add(label)
        todo.extend(by_label[label].depends_on)
    return False


SERVICES = ["worker-default", "worker-mail", "scheduler", "web"]


@pytest.mark.parametrize("service", SERVICES)
def test_no_task_definition_changes_before_the_migration(service: str) -> None:
    assert reaches(program("prod"), f"TaskDefinition {service}", "RandomUuid migration")


def test_the_migration_comes_after_the_users_and_these_after_their_databases() -> None:
    made = program("prod")
    assert reaches(made, "RandomUuid migration", "RandomUuid users")
    for needed in ("ClusterInstance aurora-1", "ClusterInstance documentdb-1", "Vpc network"):
        assert reaches(made, "RandomUuid users", needed), needed


def test_the_migration_waits_for_everything_that_its_task_needs_to_start() -> None:
    waits_for = program("prod").one("RandomUuid", "migration").depends_on
    assert {
        "LogGroup migration",
        "RolePolicy story-prod-migration-execution",
        "ReplicationGroup story-prod-valkey",
    } <= {*waits_for}
    assert "SecurityGroupIngressRule migration-to-aurora" in waits_for


@pytest.mark.parametrize("step", ["users", "migration"])
def test_a_step_that_runs_a_task_waits_for_its_definition(step: str) -> None:
    marker = program("dev").one("RandomUuid", step)
    assert f"TaskDefinition {step}" in marker.depends_on, "if it cannot be made, the hook waits for it for ever"


@pytest.mark.parametrize("consumer", ["worker-default", "worker-mail", "scheduler"])
def test_in_a_release_web_comes_after_every_consumer_of_its_jobs(consumer: str) -> None:
    assert reaches(program("prod"), "TaskDefinition web", f"RandomUuid rollout-{consumer}")


def test_workers_and_scheduler_go_side_by_side() -> None:
    made = program("prod")
    assert not reaches(made, "TaskDefinition scheduler", "RandomUuid rollout-worker-default")
    assert not reaches(made, "TaskDefinition worker-mail", "RandomUuid rollout-scheduler")


@pytest.mark.parametrize("consumer", ["worker-default", "scheduler"])
def test_going_back_web_waits_for_nobody_but_the_gate(consumer: str) -> None:
    made = program("prod", image=None, last_image=IMAGE)
    assert not reaches(made, "TaskDefinition web", f"RandomUuid rollout-{consumer}")
    assert reaches(made, "TaskDefinition web", "RandomUuid migration")


def test_an_update_without_an_image_has_the_same_inputs_as_the_release_before_it() -> None:
    before = {resource.urn: resource.inputs for resource in program("prod").resources}
    after = {resource.urn: resource.inputs for resource in program("prod", image=None, last_image=IMAGE).resources}
    assert after == before, "the preview after a release would not be clean"


def test_the_migration_exists_although_every_service_is_off() -> None:
    made = program("dev", web=OFF, scheduler=OFF, workers={"default": OFF})
    assert made.all("Service") == []
    assert made.one("RandomUuid", "migration").inputs["keepers"] == {"image": IMAGE}


def test_each_service_has_its_rollout() -> None:
    made = program("prod")
    markers = {resource.name for resource in made.all("RandomUuid")}
    assert markers == {"users", "migration", *(f"rollout-{service}" for service in SERVICES)}
    assert all(resource.hooks == {"before_create": (resource.name,)} for resource in made.all("RandomUuid"))


def test_a_new_password_makes_the_users_anew_and_a_new_revision_of_every_task() -> None:
    keepers = program("prod").one("RandomUuid", "users").inputs["keepers"]
    stores = ("aurora", "documentdb")
    assert set(keepers) == {f"{store}{part}" for store in stores for part in ("", "User", "Database")}
    secrets = {entry["name"]: entry["valueFrom"] for entry in containers(program("prod"), "web")["app"]["secrets"]}
    assert secrets["DB_PASSWORD"].endswith(":password::aurora-user-version"), "the version makes the revision new"


def test_a_new_name_of_a_database_makes_it_and_lets_the_user_in() -> None:
    keepers = [program("dev", aurora={"database": name}).one("RandomUuid", "users").inputs["keepers"] for name in "ab"]
    assert keepers[0] != keepers[1], "nobody would create the database"


# The image as state.


def test_the_image_output_is_the_image_of_the_release() -> None:
    assert program("dev").outputs["image"] == IMAGE


def test_the_image_output_is_unknown_until_every_step_is_there() -> None:
    assert program("dev", preview=True).outputs["image"] == "<unknown>"


def test_every_task_of_the_site_runs_the_same_image() -> None:
    made = program("prod")
    images = {containers(made, task)["app"]["image"] for task in ("users", "migration", *SERVICES)}
    assert images == {IMAGE}


# The two one-off tasks.


def test_the_migration_runs_artisan_and_never_loses_a_line_of_its_log() -> None:
    app = containers(program("prod"), "migration")["app"]
    assert app["command"] == ["php", "artisan", "migrate", "--force"]
    assert app["logConfiguration"]["options"]["mode"] == "blocking"
    assert app["logConfiguration"]["options"]["awslogs-group"] == "/story/prod/migration"


def test_only_the_task_that_makes_the_users_can_read_a_master_secret() -> None:
    made = program("prod")
    readers = [policy.name for policy in made.all("RolePolicy") if "-master" in policy.inputs["policy"]]
    assert readers == ["story-prod-users-execution"]
    users = {entry["name"] for entry in containers(made, "users")["app"]["secrets"]}
    assert users == {
        f"{store}_{name}"
        for store in ("AURORA", "DOCUMENTDB")
        for name in ("MASTER_USERNAME", "MASTER_PASSWORD", "USER", "PASSWORD")
    }


def test_the_users_task_shares_no_role_and_its_code_may_do_nothing_in_aws() -> None:
    made = program("prod")
    definitions = {found.name: found.inputs for found in made.all("TaskDefinition")}
    roles = Counter(
        role for found in definitions.values() for role in (found["taskRoleArn"], found["executionRoleArn"])
    )
    assert set(roles.values()) == {1}, "two tasks share a role"
    assert "story-prod-users-task" not in [policy.name for policy in made.all("RolePolicy")]


def test_the_users_task_reaches_its_databases_and_https_alone() -> None:
    rules = [rule for rule in program("prod").all("SecurityGroupEgressRule") if rule.name.startswith("users-")]
    assert {rule.name for rule in rules} == {"users-out", "users-to-aurora", "users-to-documentdb"}

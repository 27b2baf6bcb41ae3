"""MigrationTask and the rollouts of FargateService: what their markers' hooks run, and with what."""

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from components.data_stores import DataStores, DataStoresArgs
from components.service.fargate_service import FargateService, FargateServiceArgs
from components.service.migration_task import MigrationTask, MigrationTaskArgs
from release.contract import OneOffTask, Rollout, StackLocation, started_by
from release.migrate import run_task, say_nothing_to_migrate
from release.rollout import follow_rollout
from settings.services import MigrationSpec, ServiceSpec
from settings.site import ApplicationSpec
from settings.stores import AuroraSpec, DocumentDbSpec, ValkeySpec
from story.plan.recorder import record
from tests.components.given import ACCOUNT, DIGEST, IMAGE, REGION, container, context, stack
from tests.components.hooks import Step, steps

HEX = DIGEST.partition(":")[2]
LOCATION = StackLocation(project="story", stack="test", region=REGION, profile="work", cluster="story-test")
SUBNETS = ["subnet-1", "subnet-2"]


def migration(*, databases: bool = True, migrates: bool = True, **spec: Any) -> MigrationTask:
    stores = DataStores(
        "stores",
        DataStoresArgs(
            aurora=AuroraSpec(enabled=databases),
            valkey=ValkeySpec(enabled=False),
            documentdb=DocumentDbSpec(enabled=False),
            vpc_id="vpc-1",
            subnet_ids=SUBNETS,
            zones=("ap-northeast-1a", "ap-northeast-1c"),
            stack=stack(protect=False),
        ),
    )
    application: Any = SimpleNamespace(
        spec=ApplicationSpec(),
        image=IMAGE,
        stores=stores,
        context=context(profile="work"),
        environment=pulumi.Output.from_input({}),
        secrets={},
        task_statements=[],
        exec=True,
    )
    spec = MigrationSpec(**spec)
    return MigrationTask("migration", MigrationTaskArgs(spec=spec, application=application, migrates=migrates))


def steps_of_migration(**options: Any) -> Mapping[str, Step]:
    return steps(lambda: migration(**options))


def definition(name: str) -> str:
    return f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/story-test-{name}:1"


def test_the_migration_s_hook_runs_its_task_once_with_all_that_run_task_needs() -> None:
    step = steps_of_migration(timeout_seconds=1234, users_timeout_seconds=99)["migration"]
    assert step.work is run_task
    assert step.contract == OneOffTask(
        step="migration",
        location=LOCATION,
        started_by=f"story-test/migration/{HEX}",
        task_definition=definition("migration"),
        container="app",
        command=(),
        subnet_ids=SUBNETS,
        security_group_id="migration-id",
        log_group="/story/test/migration",
        log_stream_prefix="migration",
        timeout_seconds=1234,
        exec=True,
    )


def test_the_users_hook_runs_its_own_task_with_its_own_group_log_and_timeout() -> None:
    step = steps_of_migration(timeout_seconds=1234, users_timeout_seconds=99)["users"]
    assert step.work is run_task
    assert step.contract == OneOffTask(
        step="users",
        location=LOCATION,
        started_by=f"story-test/users/{HEX}/1",
        task_definition=definition("users"),
        container="app",
        command=(),
        subnet_ids=SUBNETS,
        security_group_id="users-id",
        log_group="/story/test/users",
        log_stream_prefix="users",
        timeout_seconds=99,
    )


def test_without_a_release_the_migration_s_hook_only_speaks_and_the_users_still_runs() -> None:
    found = steps_of_migration(migrates=False)
    assert found["migration"].work is say_nothing_to_migrate
    assert found["users"].work is run_task, "a new password also comes without a new image"


def test_an_update_that_goes_back_says_that_it_migrates_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    step = steps_of_migration(migrates=False)["migration"]
    step.work(step.contract)
    assert capsys.readouterr().out == "migration: no new image, so there is nothing to migrate\n"


def test_without_databases_there_are_no_users_to_make() -> None:
    assert set(steps_of_migration(databases=False)) == {"migration"}


@pytest.mark.parametrize("migrates", [True, False])
def test_whether_it_migrates_changes_no_input(migrates: bool) -> None:
    made = record(lambda: migration(migrates=migrates)).one("RandomUuid", "migration")
    assert made.inputs["keepers"] == {"image": IMAGE}, "the update after a release would run the step once more"


@pytest.mark.parametrize("step", ["users", "migration"])
def test_the_log_prefix_is_the_one_of_the_task_definition(step: str) -> None:
    contract = steps_of_migration()[step].contract
    made = record(migration).one("TaskDefinition", step).inputs["containerDefinitions"]
    for told in (contract.log_group, f'"awslogs-stream-prefix":"{contract.log_stream_prefix}"'):
        assert told in made.replace(": ", ":"), "the lines of the task would not be found"
    assert f'"name":"{contract.container}"' in made.replace(": ", ":")


def test_a_rollout_s_hook_follows_the_deployment_of_its_service() -> None:
    def build() -> None:
        FargateService(
            "worker-mail",
            FargateServiceArgs(
                spec=ServiceSpec(rollout_timeout_seconds=777),
                context=context(profile="work"),
                containers=[container()],
                task_statements=[],
                stores=[],
                tasks=1,
                exec=False,
                after=[],
            ),
        )

    found = steps(build)
    assert set(found) == {"rollout-worker-mail"}
    step = found["rollout-worker-mail"]
    assert step.work is follow_rollout
    assert step.contract == Rollout(
        location=LOCATION, service="worker-mail", task_definition=definition("worker-mail"), timeout_seconds=777
    )


LONGEST_STACK = "a2345678-1234567"


@pytest.mark.parametrize("step", ["users", "migration", "command"])
def test_who_starts_a_task_fits_into_what_ecs_allows_for_the_longest_stack_name(step: str) -> None:
    arn = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/story-{LONGEST_STACK}-{step}:2147483647"
    place = replace(LOCATION, stack=LONGEST_STACK)
    told = started_by(place, step, image=f"registry.example:5000/a/b@sha256:{'f' * 64}", task_definition=arn)
    # docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
    allowed = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/_")
    assert len(told) <= 128
    assert set(told) <= allowed
    assert told.endswith("/2147483647") == (step == "users")


def test_a_migration_is_the_same_for_every_revision_and_another_for_another_image() -> None:
    def told(step: str, image: str, revision: int) -> str:
        return started_by(LOCATION, step, image=f"a/b@sha256:{image * 64}", task_definition=f"arn:x/story:{revision}")

    assert told("migration", "1", 1) == told("migration", "1", 2) != told("migration", "2", 2)
    assert told("users", "1", 1) != told("users", "1", 2), "the passwords stand in its definition"

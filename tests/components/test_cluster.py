"""Cluster, under the recorder."""

from typing import Any

import pulumi_aws as aws
import pytest

from components.cluster import Cluster, ClusterArgs
from settings.site import ClusterSpec
from story.plan.fake_outputs import ACCOUNT, REGION
from story.plan.recorder import Record, record
from tests.components.given import stack

KEY = "arn:aws:kms:ap-northeast-1:123456789012:key/1"
EXEC_OFF = {"exec": False}
INSIGHTS_OFF = {"container_insights": "disabled"}


def cluster(*, preview: bool = False, stack_name: str = "test", **changes: Any) -> Record:
    args = ClusterArgs(spec=ClusterSpec(**changes), stack=stack())
    return record(lambda: Cluster("cluster", args), preview=preview, stack_name=stack_name)


def sessions(made: Record) -> dict[str, Any]:
    return made.one("aws:ecs/cluster:Cluster").inputs["configuration"]["executeCommandConfiguration"]


def test_the_token_never_changes() -> None:
    assert cluster().one("story:index:Cluster").name == "cluster", "a changed token replaces the cluster and every task"


def test_every_child_belongs_to_the_cluster() -> None:
    assert {resource.parent for resource in cluster().resources if resource.custom} == {"cluster"}


@pytest.mark.parametrize("changes", [{}, EXEC_OFF, INSIGHTS_OFF])
def test_a_preview_shows_everything_that_an_update_makes(changes: dict[str, Any]) -> None:
    preview, update = cluster(preview=True, **changes), cluster(**changes)
    assert {(r.type, r.name) for r in preview.resources} == {(r.type, r.name) for r in update.resources}


@pytest.mark.parametrize("preview", [True, False])
def test_its_name_is_one_that_a_person_types_and_known_before_it_exists(preview: bool) -> None:
    made = cluster(stack_name="prod", preview=preview)
    assert made.one("aws:ecs/cluster:Cluster").inputs["name"] == "story-prod"
    assert made.registered_outputs["cluster"]["name"] == "story-prod"


@pytest.mark.parametrize("setting", ["enhanced", "enabled", "disabled"])
def test_container_insights_is_what_the_spec_says_also_where_the_account_has_another_default(setting: str) -> None:
    inputs = cluster(container_insights=setting).one("aws:ecs/cluster:Cluster").inputs
    assert inputs["settings"] == [{"name": "containerInsights", "value": setting}]


def test_the_insights_log_group_exists_before_aws_would_make_one_to_keep_for_ever() -> None:
    made = cluster(stack_name="prod", insights_log_retention_days=30)
    group = made.one("LogGroup", "cluster-insights").inputs
    assert group["name"] == "/aws/ecs/containerinsights/story-prod/performance"
    assert (group["retentionInDays"], group["kmsKeyId"]) == (30, KEY)
    assert "LogGroup cluster-insights" in made.one("aws:ecs/cluster:Cluster").depends_on


def test_without_insights_there_is_no_log_group_of_theirs() -> None:
    assert [group.name for group in cluster(container_insights="disabled").all("LogGroup")] == ["cluster-exec"]


def test_shell_sessions_are_encrypted_and_recorded() -> None:
    made = cluster(exec_log_retention_days=400)
    group = made.one("LogGroup", "cluster-exec").inputs
    assert sessions(made) == {
        "kmsKeyId": KEY,
        "logging": "OVERRIDE",
        "logConfiguration": {"cloudWatchLogGroupName": "/story/test/exec", "cloudWatchEncryptionEnabled": True},
    }
    assert (group["name"], group["retentionInDays"], group["kmsKeyId"]) == ("/story/test/exec", 400, KEY)


def test_without_exec_there_is_nothing_to_record() -> None:
    made = cluster(**EXEC_OFF)
    assert sessions(made) == {"logging": "NONE"}
    assert [group.name for group in made.all("LogGroup")] == ["cluster-insights"]


def test_tasks_run_on_fargate_and_on_spot() -> None:
    inputs = cluster().one("ClusterCapacityProviders").inputs
    assert inputs["capacityProviders"] == ["FARGATE", "FARGATE_SPOT"]
    assert inputs["clusterName"] == "story-test"


def test_no_default_strategy_moves_a_service_behind_its_own() -> None:
    assert "defaultCapacityProviderStrategies" not in cluster().one("ClusterCapacityProviders").inputs


def test_whoever_has_the_arn_finds_something_to_run_tasks_on() -> None:
    args = ClusterArgs(spec=ClusterSpec(), stack=stack())
    made = record(lambda: aws.ecs.Service("web", cluster=Cluster("cluster", args).arn))
    assert "ClusterCapacityProviders cluster" in made.one("Service").depends_on, (
        "ECS refuses a service on Spot while the cluster does not have it yet"
    )


def test_what_services_need_is_given_out() -> None:
    assert cluster().registered_outputs["cluster"] == {
        "name": "story-test",
        "arn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/cluster",
        "exec": True,
        "execLogGroupArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/story/test/exec",
        "execLogGroup": "/story/test/exec",
    }


def test_without_exec_no_log_group_is_given_out() -> None:
    given_out = cluster(**EXEC_OFF).registered_outputs["cluster"]
    assert given_out["exec"] is False
    assert (given_out.get("execLogGroupArn"), given_out.get("execLogGroup")) == (None, None)

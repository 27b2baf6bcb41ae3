"""ECS and Application Auto Scaling."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.support import (
    Client,
    RunningEmulator,
    described,
    run_task,
    service,
    subnets,
    task_definition,
    until_completed,
    until_stopped,
    wait_for,
)

pytestmark = pytest.mark.timed


def test_a_service_remembers_what_it_was_created_with(client: Client) -> None:
    strategy = [
        {"capacityProvider": "FARGATE", "weight": 1, "base": 1},
        {"capacityProvider": "FARGATE_SPOT", "weight": 3, "base": 0},
    ]
    made = {
        "capacityProviderStrategy": strategy,
        "enableExecuteCommand": True,
        "enableECSManagedTags": True,
        "propagateTags": "SERVICE",
        "healthCheckGracePeriodSeconds": 60,
        "availabilityZoneRebalancing": "ENABLED",
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "maximumPercent": 150,
            "minimumHealthyPercent": 50,
        },
    }
    service(client, **made)
    now = described(client)
    assert {name: now[name] for name in made} == made
    assert "launchType" not in now, "a launch type beside a strategy is a difference at every refresh"


def test_a_service_remembers_what_it_was_updated_with(client: Client) -> None:
    service(client)
    second = task_definition(client)
    changed = {
        "desiredCount": 3,
        "enableExecuteCommand": True,
        "healthCheckGracePeriodSeconds": 30,
        "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}],
    }
    client("ecs").update_service(cluster="site", service="web", taskDefinition=second, **changed)
    now = described(client)
    assert {name: now[name] for name in changed} == changed
    assert now["taskDefinition"] == second
    assert now["deployments"][0]["taskDefinition"] == second


def test_what_an_update_does_not_mention_stays(client: Client) -> None:
    service(client, enableExecuteCommand=True, healthCheckGracePeriodSeconds=60)
    client("ecs").update_service(cluster="site", service="web", desiredCount=2)
    now = described(client)
    assert now["enableExecuteCommand"]
    assert now["healthCheckGracePeriodSeconds"] == 60


def test_a_service_comes_to_its_steady_state(client: Client) -> None:
    created = service(client, desiredCount=2)
    assert created["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    assert (created["runningCount"], created["pendingCount"]) == (0, 2)
    now = until_completed(client)
    deployment = now["deployments"][0]
    assert (deployment["desiredCount"], deployment["runningCount"], deployment["pendingCount"]) == (2, 2, 0)
    assert (now["runningCount"], now["pendingCount"]) == (2, 0)


def test_a_new_task_definition_is_a_new_deployment_and_a_new_count_is_not(client: Client) -> None:
    service(client)
    first = described(client)["deployments"][0]["id"]
    client("ecs").update_service(cluster="site", service="web", desiredCount=2)
    assert described(client)["deployments"][0]["id"] == first
    client("ecs").update_service(cluster="site", service="web", taskDefinition=task_definition(client))
    assert described(client)["deployments"][0]["id"] != first


def test_a_forced_deployment_is_a_new_deployment(client: Client) -> None:
    service(client)
    first = described(client)["deployments"][0]["id"]
    client("ecs").update_service(cluster="site", service="web", forceNewDeployment=True)
    assert described(client)["deployments"][0]["id"] != first


def test_a_service_without_a_strategy_takes_the_clusters(client: Client) -> None:
    strategy = [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}]
    client("ecs").create_cluster(
        clusterName="site", capacityProviders=["FARGATE_SPOT"], defaultCapacityProviderStrategy=strategy
    )
    service(client, capacityProviderStrategy=[])
    assert described(client)["capacityProviderStrategy"] == strategy


def test_a_service_can_not_be_created_twice(client: Client) -> None:
    service(client)
    with pytest.raises(ClientError, match="Creation of service was not idempotent"):
        service(client)


def test_a_deleted_services_name_can_be_used_again(client: Client) -> None:
    service(client)
    client("ecs").delete_service(cluster="site", service="web", force=True)
    service(client, desiredCount=5)
    assert described(client)["desiredCount"] == 5


def test_a_cluster_is_created_once_and_not_deleted_while_in_use(client: Client) -> None:
    insights = [{"name": "containerInsights", "value": "enhanced"}]
    client("ecs").create_cluster(clusterName="site", settings=insights)
    service(client)
    assert client("ecs").create_cluster(clusterName="site")["cluster"]["settings"] == insights
    with pytest.raises(ClientError, match="ClusterContainsServicesException"):
        client("ecs").delete_cluster(cluster="site")


def test_a_cluster_with_a_running_task_is_not_deleted(client: Client) -> None:
    run_task(client)
    with pytest.raises(ClientError, match="ClusterContainsTasksException"):
        client("ecs").delete_cluster(cluster="site")


def test_a_task_has_all_its_containers_and_no_exit_code_while_it_runs(client: Client) -> None:
    task = run_task(client)
    assert [container["name"] for container in task["containers"]] == ["app", "agent"]
    assert all("exitCode" not in container for container in task["containers"])


def test_a_task_ends_by_itself_with_exit_code_0(client: Client) -> None:
    task = until_stopped(client, run_task(client)["taskArn"])
    assert [container["exitCode"] for container in task["containers"]] == [0, 0]
    assert task["stopCode"] == "EssentialContainerExited"


def test_the_control_file_decides_how_a_task_ends(emulator: RunningEmulator, client: Client) -> None:
    emulator.decide(
        ecs_exit_codes={"migration/app": 3}, ecs_stopped_reason={"migration": "Essential container in task exited: oh"}
    )
    task = until_stopped(client, run_task(client)["taskArn"])
    assert {container["name"]: container["exitCode"] for container in task["containers"]} == {"app": 3, "agent": 0}
    assert task["stoppedReason"] == "Essential container in task exited: oh"


def test_an_exit_code_is_looked_up_by_container_in_family_then_container_then_family(
    emulator: RunningEmulator, client: Client
) -> None:
    emulator.decide(ecs_exit_codes={"migration/app": 1, "app": 2, "agent": 3, "migration": 4, "other": 5})
    named = until_stopped(client, run_task(client)["taskArn"])
    assert [container["exitCode"] for container in named["containers"]] == [1, 3]
    emulator.decide(ecs_exit_codes={"app": 2, "migration": 4})
    unnamed = until_stopped(client, run_task(client)["taskArn"])
    assert [container["exitCode"] for container in unnamed["containers"]] == [2, 4]


def test_a_broken_control_file_leaves_the_last_good_one_in_force(emulator: RunningEmulator, client: Client) -> None:
    emulator.decide(ecs_exit_codes={"migration": 3})
    until_stopped(client, run_task(client)["taskArn"])
    emulator.control_file.write_text('{"ecs_exit_codes": {')
    task = until_stopped(client, run_task(client)["taskArn"])
    assert task["containers"][0]["exitCode"] == 3
    assert "control.json" in emulator.log_file.read_text()


def test_a_repeated_client_token_returns_the_same_task(client: Client) -> None:
    given = {
        "taskDefinition": task_definition(client, "migration"),
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": subnets(client)[:1]}},
        "clientToken": "one-update",
    }
    first, again = run_task(client, **given), run_task(client, **given)
    assert again["taskArn"] == first["taskArn"]
    assert client("ecs").list_tasks(cluster="site")["taskArns"] == [first["taskArn"]]
    assert run_task(client, **{**given, "clientToken": "another"})["taskArn"] != first["taskArn"]


def test_a_client_token_counts_for_one_cluster(client: Client) -> None:
    client("ecs").create_cluster(clusterName="other")
    given = {
        "taskDefinition": task_definition(client, "migration"),
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": subnets(client)[:1]}},
        "clientToken": "one-update",
    }
    assert run_task(client, **given)["taskArn"] != run_task(client, **given, cluster="other")["taskArn"]


def test_a_client_token_of_another_request_is_a_conflict_that_names_the_task(client: Client) -> None:
    first = run_task(client, clientToken="one-update")
    with pytest.raises(client("ecs").exceptions.ClientError) as refused:
        run_task(client, clientToken="one-update", startedBy="somebody-else")
    assert refused.value.response["Error"]["Code"] == "ConflictException"
    assert refused.value.response["resourceIds"] == [first["taskArn"]]


def test_a_client_token_has_at_most_64_characters(client: Client) -> None:
    run_task(client, clientToken="x" * 64)
    with pytest.raises(ClientError, match="longer than 64"):
        run_task(client, clientToken="x" * 65)


def test_a_task_takes_the_tags_of_its_definition_if_asked_to(client: Client) -> None:
    tagged = task_definition(client, "migration", tags=[{"key": "stack", "value": "dev"}])
    arns = [
        run_task(client, taskDefinition=tagged, **propagated)["taskArn"]
        for propagated in ({"propagateTags": "TASK_DEFINITION"}, {})
    ]
    tasks = client("ecs").describe_tasks(cluster="site", tasks=arns, include=["TAGS"])["tasks"]
    tags = {task["taskArn"]: task.get("tags", []) for task in tasks}
    assert [tags[arn] for arn in arns] == [[{"key": "stack", "value": "dev"}], []]


def test_tasks_are_listed_while_they_should_run(client: Client) -> None:
    arn = run_task(client, startedBy="story-dev")["taskArn"]
    assert client("ecs").list_tasks(cluster="site", startedBy="story-dev")["taskArns"] == [arn]
    until_stopped(client, arn)
    assert client("ecs").list_tasks(cluster="site", startedBy="story-dev")["taskArns"] == []
    assert client("ecs").list_tasks(cluster="site", desiredStatus="STOPPED")["taskArns"] == [arn]


def test_tasks_are_listed_by_family_service_and_whoever_started_them(client: Client) -> None:
    service(client, desiredCount=2)
    ran = run_task(client, startedBy="story-dev")["taskArn"]

    def listed(**filters: Any) -> list[str]:
        return client("ecs").list_tasks(cluster="site", **filters)["taskArns"]

    of_service = listed(serviceName="web")
    assert len(of_service) == 2
    assert set(listed()) == {*of_service, ran}
    assert listed(family="migration") == listed(startedBy="story-dev") == [ran]
    assert listed(family="web") == listed(startedBy=described(client)["deployments"][0]["id"]) == of_service
    assert listed(serviceName="other") == listed(serviceName="web", desiredStatus="STOPPED") == []


def test_tasks_are_listed_by_family_after_the_definition_was_deregistered(client: Client) -> None:
    task = run_task(client)
    client("ecs").deregister_task_definition(taskDefinition=task["taskDefinitionArn"])
    assert client("ecs").list_tasks(cluster="site", family="migration")["taskArns"] == [task["taskArn"]]


def test_a_cluster_lists_only_its_own_tasks(client: Client) -> None:
    client("ecs").create_cluster(clusterName="site2")
    run_task(client, cluster="site2")
    client("ecs").create_cluster(clusterName="site")
    assert client("ecs").list_tasks(cluster="site")["taskArns"] == []


def test_a_task_that_is_stopped_by_a_user_says_so(client: Client) -> None:
    arn = run_task(client)["taskArn"]
    client("ecs").stop_task(cluster="site", task=arn, reason="enough")
    task = until_stopped(client, arn)
    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "enough")


def test_unknown_tasks_are_named_as_missing_and_can_not_be_stopped(client: Client) -> None:
    client("ecs").create_cluster(clusterName="site")
    answer = client("ecs").describe_tasks(cluster="site", tasks=["0" * 32])
    assert answer["tasks"] == []
    assert answer["failures"] == [{"arn": "0" * 32, "reason": "MISSING"}]
    with pytest.raises(ClientError, match="InvalidParameterException"):
        client("ecs").stop_task(cluster="site", task="0" * 32)


def test_a_stopped_tasks_network_interface_is_gone(emulator: RunningEmulator, client: Client) -> None:
    arn = run_task(client)["taskArn"]
    assert len(emulator.names("ec2", "network-interface")) == 1
    until_stopped(client, arn)
    assert emulator.names("ec2", "network-interface") == []


TARGET = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/site/web",
    "ScalableDimension": "ecs:service:DesiredCount",
}


@pytest.mark.parametrize(("desired", "expected"), [(1, 2), (3, 3), (9, 4)])
def test_registering_a_target_moves_the_desired_count_into_its_range(
    client: Client, desired: int, expected: int
) -> None:
    service(client, desiredCount=desired)
    client("application-autoscaling").register_scalable_target(**TARGET, MinCapacity=2, MaxCapacity=4)
    assert described(client)["desiredCount"] == expected
    wait_for(lambda: described(client), lambda now: now["runningCount"] == expected)
    assert described(client)["deployments"][0]["desiredCount"] == expected


def test_a_later_change_of_one_bound_moves_the_desired_count_too(client: Client) -> None:
    service(client, desiredCount=2)
    scaling = client("application-autoscaling")
    scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=4)
    assert described(client)["desiredCount"] == 2
    scaling.register_scalable_target(**TARGET, MinCapacity=3)
    assert described(client)["desiredCount"] == 3
    scaling.register_scalable_target(**TARGET, MinCapacity=0, MaxCapacity=1)
    assert described(client)["desiredCount"] == 1


def test_moving_the_desired_count_is_no_deployment(client: Client) -> None:
    service(client)
    before = described(client)["deployments"][0]["id"]
    client("application-autoscaling").register_scalable_target(**TARGET, MinCapacity=2, MaxCapacity=4)
    assert described(client)["deployments"][0]["id"] == before


def test_an_update_may_go_below_the_minimum(client: Client) -> None:
    service(client)
    client("application-autoscaling").register_scalable_target(**TARGET, MinCapacity=2, MaxCapacity=4)
    client("ecs").update_service(cluster="site", service="web", desiredCount=0)
    assert described(client)["desiredCount"] == 0


@pytest.mark.parametrize("bounds", [{"MinCapacity": 3, "MaxCapacity": 2}, {"MinCapacity": 3}])
def test_a_range_without_room_or_without_an_end_is_refused(client: Client, bounds: dict[str, int]) -> None:
    service(client)
    with pytest.raises(ClientError, match="ValidationException"):
        client("application-autoscaling").register_scalable_target(**TARGET, **bounds)


def test_a_policy_has_its_two_alarms_also_after_a_change(client: Client) -> None:
    service(client, desiredCount=1)
    scaling = client("application-autoscaling")
    scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=4)
    for percent in (60, 50):
        scaling.put_scaling_policy(
            **TARGET,
            PolicyName="cpu",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": percent,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
            },
        )
        assert len(client("cloudwatch").describe_alarms()["MetricAlarms"]) == 2


def test_a_target_takes_its_policies_schedules_and_alarms_with_it(emulator: RunningEmulator, client: Client) -> None:
    service(client)
    scaling = client("application-autoscaling")
    scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=4)
    scaling.put_scaling_policy(
        **TARGET,
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 60,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        },
    )
    scaling.put_scheduled_action(**TARGET, ScheduledActionName="night", Schedule="cron(0 22 * * ? *)")
    kinds = {item["type"] for item in emulator.inventory("application-autoscaling")}
    assert kinds == {"target", "policy", "scheduled-action"}
    assert emulator.names("cloudwatch", "alarm") != []

    scaling.deregister_scalable_target(**TARGET)

    assert emulator.inventory("application-autoscaling") == []
    assert emulator.names("cloudwatch", "alarm") == []


def test_a_target_keeps_its_tags(client: Client) -> None:
    service(client)
    scaling = client("application-autoscaling")
    arn = scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=2, Tags={"stack": "dev"})[
        "ScalableTargetARN"
    ]
    scaling.tag_resource(ResourceARN=arn, Tags={"owner": "web"})
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"stack": "dev", "owner": "web"}
    scaling.untag_resource(ResourceARN=arn, TagKeys=["stack"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"owner": "web"}


def test_task_definitions_are_listed_page_by_page_in_the_order_asked_for(client: Client) -> None:
    arns = [task_definition(client, "site") for _ in range(11)]
    task_definition(client, "sit")
    pages = client("ecs").get_paginator("list_task_definitions")
    asked = {"familyPrefix": "site", "PaginationConfig": {"PageSize": 4}}
    listed = {
        order: [arn for page in pages.paginate(**asked, sort=order) for arn in page["taskDefinitionArns"]]
        for order in ("ASC", "DESC")
    }
    assert listed == {"ASC": arns, "DESC": arns[::-1]}

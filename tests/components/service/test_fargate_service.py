"""FargateService and its autoscaling, under the recorder."""

import json
from typing import Any

import pulumi_aws as aws
import pytest

from components.service.fargate_service import FargateService, FargateServiceArgs, capacity_strategy
from components.service.load_balancer_target import LoadBalancerTarget
from settings.services import AutoscalingSpec, CapacitySpec, ScheduleSpec, ServiceSpec, WebSpec
from story.plan.recorder import Record, record
from tests.components.given import container, context, store

DOOR_GROUP = "sg-load-balancer"


def service(
    preview: bool = False, target: WebSpec | None = None, name: str = "worker-default", **changes: Any
) -> Record:
    def build() -> None:
        given: dict[str, Any] = {
            "spec": ServiceSpec(),
            "context": context(),
            "containers": [container()],
            "task_statements": [],
            "stores": [store()],
            "tasks": 2,
            "exec": True,
            "target": _door(target) if target else None,
            "after": [aws.sns.Topic("step")],
        }
        FargateService(name, FargateServiceArgs(**{**given, **changes}))

    return record(build, preview=preview)


def _door(spec: WebSpec) -> LoadBalancerTarget:
    listener = aws.lb.Listener("listener", load_balancer_arn="lb", default_actions=[])
    return LoadBalancerTarget(
        spec=spec,
        listener=listener,
        load_balancer_arn_suffix="app/ingress/1",
        security_group_id=DOOR_GROUP,
        container="app",
    )


def web(**changes: Any) -> Record:
    spec = WebSpec(**changes.pop("web", {}))
    return service(name="web", target=spec, spec=spec, **changes)


def test_the_token_never_changes() -> None:
    assert service().one("FargateService").type == "story:index:FargateService"


@pytest.mark.parametrize("target", [None, WebSpec()])
def test_a_preview_shows_the_same_resources_as_the_update(target: WebSpec | None) -> None:
    scaled = AutoscalingSpec(schedules={"morning": ScheduleSpec(cron="0 8 ? * * *", min_tasks=4, max_tasks=8)})
    seen, made = (
        {(r.type, r.name) for r in service(preview=p, target=target, autoscaling=scaled).resources}
        for p in (True, False)
    )
    assert seen == made


def test_a_broken_deployment_is_rolled_back_by_ecs() -> None:
    assert service().one("Service").inputs["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}


def test_no_task_is_missing_during_a_deployment_and_zones_are_balanced() -> None:
    made = service().one("Service").inputs
    assert (made["deploymentMinimumHealthyPercent"], made["deploymentMaximumPercent"]) == (100, 200)
    assert made["availabilityZoneRebalancing"] == "ENABLED"


def test_the_scheduler_never_has_two_tasks() -> None:
    made = service(stop_before_start=True, tasks=1).one("Service").inputs
    assert (made["deploymentMinimumHealthyPercent"], made["deploymentMaximumPercent"]) == (0, 100)
    assert made["availabilityZoneRebalancing"] == "DISABLED", (
        "rebalancing starts a second task before it stops the first"
    )


def test_tasks_stand_in_private_subnets_without_a_public_address() -> None:
    network = service().one("Service").inputs["networkConfiguration"]
    assert network["subnets"] == ["subnet-1", "subnet-2"]
    assert network["assignPublicIp"] is False


def test_the_service_names_its_capacity_and_never_a_launch_type() -> None:
    made = service(spec=ServiceSpec(capacity=CapacitySpec(on_demand_base=1, on_demand_weight=1, spot_weight=3)))
    inputs = made.one("Service").inputs
    assert inputs["capacityProviderStrategies"] == [
        {"capacityProvider": "FARGATE", "base": 1, "weight": 1},
        {"capacityProvider": "FARGATE_SPOT", "base": 0, "weight": 3},
    ]
    assert "launchType" not in inputs
    assert inputs["forceNewDeployment"] is True, "a changed weight needs a new deployment"


def test_a_provider_without_base_and_weight_is_left_out() -> None:
    spot = CapacitySpec(on_demand_base=0, on_demand_weight=0, spot_weight=1)
    assert [found.capacity_provider for found in capacity_strategy(spot)] == ["FARGATE_SPOT"]
    assert [found.capacity_provider for found in capacity_strategy(CapacitySpec())] == ["FARGATE"]


def test_tags_reach_the_tasks() -> None:
    made = service().one("Service").inputs
    assert (made["propagateTags"], made["enableEcsManagedTags"]) == ("SERVICE", True)


@pytest.mark.parametrize("allowed", [True, False])
def test_a_shell_in_a_task_is_a_setting(allowed: bool) -> None:
    assert service(exec=allowed).one("Service").inputs["enableExecuteCommand"] is allowed


def test_the_engine_does_not_wait_for_a_steady_state_because_the_marker_does() -> None:
    assert service().one("Service").inputs["waitForSteadyState"] is False


def test_a_fixed_number_of_tasks_is_the_settings_to_change() -> None:
    made = service(tasks=3)
    assert made.one("Service").inputs["desiredCount"] == 3
    assert made.one("Service").ignore_changes == ()
    assert made.all("Target") == []


def test_a_number_that_autoscaling_owns_is_left_alone() -> None:
    assert service(autoscaling=AutoscalingSpec()).one("Service").ignore_changes == ("desiredCount",)


def test_the_range_is_registered_for_the_service() -> None:
    target = service(autoscaling=AutoscalingSpec(min_tasks=3, max_tasks=9)).one("Target").inputs
    assert (target["minCapacity"], target["maxCapacity"]) == (3, 9)
    assert target["resourceId"] == "service/story-test/worker-default"


def test_each_target_of_the_settings_is_tracked_and_no_other() -> None:
    made = service(autoscaling=AutoscalingSpec(cpu_percent=55, memory_percent=None)).all("Policy")
    configuration = [policy.inputs["targetTrackingScalingPolicyConfiguration"] for policy in made]
    metrics = [found["predefinedMetricSpecification"]["predefinedMetricType"] for found in configuration]
    assert metrics == ["ECSServiceAverageCPUUtilization"]
    assert configuration[0]["targetValue"] == 55
    assert (configuration[0]["scaleInCooldown"], configuration[0]["scaleOutCooldown"]) == (300, 60)


def test_requests_are_counted_at_the_target_group_of_the_service() -> None:
    made = web(autoscaling=AutoscalingSpec(cpu_percent=None, memory_percent=None, requests_per_target=900))
    metric = made.one("Policy").inputs["targetTrackingScalingPolicyConfiguration"]["predefinedMetricSpecification"]
    assert metric == {
        "predefinedMetricType": "ALBRequestCountPerTarget",
        "resourceLabel": "app/ingress/1/targetgroup/web/0123456789abcdef",
    }


def test_a_schedule_moves_the_range_and_the_state_lets_it() -> None:
    morning = ScheduleSpec(cron="0 8 ? * MON-FRI *", timezone="Asia/Tokyo", min_tasks=4, max_tasks=8)
    made = service(autoscaling=AutoscalingSpec(schedules={"morning": morning}))
    action = made.one("ScheduledAction").inputs
    assert (action["schedule"], action["timezone"]) == ("cron(0 8 ? * MON-FRI *)", "Asia/Tokyo")
    assert action["scalableTargetAction"] == {"minCapacity": 4, "maxCapacity": 8}
    assert made.one("Target").ignore_changes == ("minCapacity", "maxCapacity")
    assert service(autoscaling=AutoscalingSpec()).one("Target").ignore_changes == ()


def test_visitors_come_through_the_load_balancer_alone() -> None:
    made = web(web={"port": 8081})
    ways = {rule.name: rule.inputs for rule in made.all("SecurityGroupIngressRule")}
    way_in = ways["web-from-load-balancer"]
    assert (way_in["referencedSecurityGroupId"], way_in["fromPort"], way_in["toPort"]) == (DOOR_GROUP, 8081, 8081)
    way_out = made.one("SecurityGroupEgressRule", "web-from-load-balancer").inputs
    assert (way_out["securityGroupId"], way_out["fromPort"]) == (DOOR_GROUP, 8081)


def test_a_worker_has_no_target_group_and_no_way_in() -> None:
    made = service()
    assert made.all("TargetGroup") == made.all("ListenerRule") == []
    assert [rule.name for rule in made.all("SecurityGroupIngressRule")] == ["worker-default-to-aurora"]
    assert "healthCheckGracePeriodSeconds" not in made.one("Service").inputs


def test_health_check_delay_and_grace_come_from_the_settings() -> None:
    made = web(
        web={
            "health_check_path": "/ready",
            "health_check_interval_seconds": 15,
            "health_check_timeout_seconds": 4,
            "deregistration_delay_seconds": 20,
            "health_check_grace_seconds": 90,
        }
    )
    group = made.one("TargetGroup").inputs
    check = group["healthCheck"]
    assert (check["path"], check["interval"], check["timeout"], check["matcher"]) == ("/ready", 15, 4, "200")
    assert group["deregistrationDelay"] == 20
    assert made.one("Service").inputs["healthCheckGracePeriodSeconds"] == 90


def test_every_request_goes_to_the_service_container() -> None:
    made = web()
    assert (
        made.one("ListenerRule").inputs["actions"][0]["targetGroupArn"]
        == made.one("Service").inputs["loadBalancers"][0]["targetGroupArn"]
    )
    balancer = made.one("Service").inputs["loadBalancers"][0]
    assert (balancer["containerName"], balancer["containerPort"]) == ("app", 8080)


def test_the_service_waits_for_all_that_its_tasks_need_to_become_healthy() -> None:
    needed = set(web().one("Service").depends_on)
    assert {
        "ListenerRule web",
        "LogGroup web",
        "RolePolicy story-test-web-execution",
        "SecurityGroupIngressRule web-from-load-balancer",
        "SecurityGroupEgressRule web-from-load-balancer",
        "SecurityGroupIngressRule web-to-aurora",
        "TaskDefinition web",
    } <= needed


def test_the_task_definition_waits_for_the_steps_before_it() -> None:
    assert "Topic step" in service().one("TaskDefinition").depends_on


def test_the_rollout_is_a_step_of_its_own_with_the_revision_and_the_capacity_as_keepers() -> None:
    marker = service().one("RandomUuid", "rollout-worker-default")
    keepers = marker.inputs["keepers"]
    assert keepers["taskDefinition"].endswith("task-definition/story-test-worker-default:1")
    assert json.loads(keepers["capacityProviderStrategy"]) == CapacitySpec().model_dump()
    assert "Service worker-default" in marker.depends_on
    assert marker.hooks == {"before_create": ("rollout-worker-default",)}


def test_names_that_a_person_types_are_given_out() -> None:
    assert set(service().registered_outputs["worker-default"]) >= {"serviceName", "taskDefinitionArn", "logGroupName"}

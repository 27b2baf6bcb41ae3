"""How a service's deployments go: exact inputs for each strategy, and what AWS's own model says of them."""

import json
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import botocore.session
import pulumi_aws as aws
import pytest
from botocore.validate import ParamValidator

from components.service.fargate_service import FargateService, FargateServiceArgs
from components.service.load_balancer_target import LoadBalancerTarget
from settings.deployment import DeploymentAlarmsSpec, DeploymentSpec
from settings.services import AutoscalingSpec, ServiceSpec, WebSpec
from story.plan.recorder import Record, record
from tests.components.given import ACCOUNT, REGION, container, context

STRATEGIES: dict[str, dict[str, Any]] = {
    "rolling": {"strategy": "ROLLING"},
    "blue-green": {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": "5"},
    "canary": {
        "strategy": "CANARY",
        "bakeTimeInMinutes": "5",
        "canaryConfiguration": {"canaryPercent": 5.0, "canaryBakeTimeInMinutes": "5"},
    },
    "linear": {
        "strategy": "LINEAR",
        "bakeTimeInMinutes": "5",
        "linearConfiguration": {"stepPercent": 25.0, "stepBakeTimeInMinutes": "2"},
    },
}
SHIFTING = [name for name in STRATEGIES if name != "rolling"]
BALANCING = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}"
LISTENER, RULE, GROUP = f"{BALANCING}:listener/app", f"{BALANCING}:listener-rule/app", f"{BALANCING}:targetgroup"
PART = "0123456789abcdef"


@cache
def web(
    strategy: str = "rolling",
    *,
    preview: bool = False,
    exec: bool = True,
    tasks: int = 2,
    autoscaling: AutoscalingSpec | None = None,
    grace: int = 60,
    **changes: Any,
) -> Record:
    spec = WebSpec(
        deployment=DeploymentSpec(**{"strategy": strategy, **changes}),
        health_check_grace_seconds=grace,
        rollout_timeout_seconds=7200,
    )

    def build() -> None:
        listener, test = (
            aws.lb.Listener(name, load_balancer_arn="lb", default_actions=[]) for name in ("serving", "test")
        )
        target = LoadBalancerTarget(
            spec=spec,
            listener=listener,
            test_listener=test if spec.test_listener else None,
            load_balancer_arn_suffix="app/ingress/1",
            security_group_id="sg-lb",
            container="app",
        )
        args = FargateServiceArgs(
            spec=spec,
            context=context(),
            containers=[container()],
            task_statements=[],
            stores=[],
            tasks=tasks,
            autoscaling=autoscaling,
            exec=exec,
            target=target,
            after=[],
        )
        FargateService("web", args)

    return record(build, preview=preview)


@cache
def worker() -> Record:
    args = FargateServiceArgs(
        spec=ServiceSpec(),
        context=context(),
        containers=[container()],
        task_statements=[],
        stores=[],
        tasks=1,
        exec=True,
        after=[],
    )
    return record(lambda: FargateService("worker-default", args))


def service(made: Record) -> Any:
    return made.one("Service").inputs


def kept(made: Record) -> str:
    (marker,) = made.all("RandomUuid")
    return marker.inputs["keepers"]["service"]


def weights(made: Record, rule: str) -> dict[str, int]:
    (action,) = made.one("ListenerRule", rule).inputs["actions"]
    return {group["arn"].split("/")[1]: group["weight"] for group in action["forward"]["targetGroups"]}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_preview_shows_the_same_resources_as_the_update(strategy: str) -> None:
    seen, made = ({(r.type, r.name) for r in web(strategy, preview=p).resources} for p in (True, False))
    assert seen == made


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_settings_become_ecs_s_configuration(strategy: str) -> None:
    assert service(web(strategy))["deploymentConfiguration"] == STRATEGIES[strategy]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_controller_stays_ecs_s_own(strategy: str) -> None:
    assert "deploymentController" not in service(web(strategy)), "another one replaces the service"


def test_the_circuit_breaker_is_for_rolling_deployments() -> None:
    assert service(web())["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert not [strategy for strategy in SHIFTING if "deploymentCircuitBreaker" in service(web(strategy))]


def test_a_worker_is_as_it_was() -> None:
    made = worker()
    assert not {"alarms", "deploymentConfiguration", "loadBalancers"} & set(service(made))
    assert service(made)["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert made.all("MetricAlarm") == []


def test_alarms_undo_a_deployment_with_every_strategy() -> None:
    own = ["story-test-web-deployment-5xx"]
    both = [*own, "story-test-web-alternate-deployment-5xx"]
    assert service(web())["alarms"] == {"enable": True, "rollback": True, "alarmNames": own}
    for strategy in SHIFTING:
        assert service(web(strategy))["alarms"] == {"enable": True, "rollback": True, "alarmNames": both}


def test_the_teams_own_alarms_count_too() -> None:
    made = web("canary", alarms=DeploymentAlarmsSpec(errors_5xx_percent=None, names=("checkout is slow",)))
    assert service(made)["alarms"]["alarmNames"] == ["checkout is slow"]
    assert made.all("MetricAlarm") == []


def test_alarms_that_are_switched_off_are_said_to_be_off() -> None:
    assert service(web(alarms=None))["alarms"] == {
        "enable": False,
        "rollback": False,
        "alarmNames": ["story-test-web-deployment-5xx"],
    }, "ECS keeps the alarms of an update that says nothing of them"


def test_each_group_is_judged_by_itself_so_that_a_canary_is_not_lost_in_the_crowd() -> None:
    made = web("canary", alarms=DeploymentAlarmsSpec(errors_5xx_percent=2.5, errors_5xx_count=7, minutes=3))
    for group in ("web", "web-alternate"):
        alarm = made.one("MetricAlarm", f"{group}-deployment-5xx").inputs
        *metrics, result = alarm["metricQueries"]
        dimensions = {"LoadBalancer": "app/ingress/1", "TargetGroup": f"targetgroup/{group}/0123456789abcdef"}
        assert [query["metric"]["dimensions"] for query in metrics] == [dimensions] * 3
        assert result["expression"] == (
            "IF((FILL(errors, 0) + FILL(unreached, 0)) >= 7, "
            "100 * (FILL(errors, 0) + FILL(unreached, 0)) / requests, 0)"
        )
        assert (alarm["threshold"], alarm["evaluationPeriods"], alarm["datapointsToAlarm"]) == (2.5, 3, 3)
        assert alarm["treatMissingData"] == "notBreaching", "without visitors there is nothing to undo"
        assert "alarmActions" not in alarm


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_alarms_are_there_before_the_service_and_without_it(strategy: str) -> None:
    made = web(strategy)
    alarms = made.all("MetricAlarm")
    assert {f"MetricAlarm {alarm.name}" for alarm in alarms} <= set(made.one("Service").depends_on)
    assert not [alarm.name for alarm in alarms if "Service web" in alarm.depends_on]


@pytest.mark.parametrize("strategy", SHIFTING)
def test_the_load_balancer_block_names_groups_rules_and_role(strategy: str) -> None:
    assert service(web(strategy))["loadBalancers"] == [
        {
            "targetGroupArn": f"{GROUP}/web/{PART}",
            "containerName": "app",
            "containerPort": 8080,
            "advancedConfiguration": {
                "alternateTargetGroupArn": f"{GROUP}/web-alternate/{PART}",
                "productionListenerRule": f"{RULE}/web-shifting/{PART}/{PART}/{PART}",
                "testListenerRule": f"{RULE}/web-test/{PART}/{PART}/{PART}",
                "roleArn": f"arn:aws:iam::{ACCOUNT}:role/story-test-web-deployment",
            },
        }
    ]


def test_without_a_test_port_there_is_no_test_rule() -> None:
    made = web("blue-green", test_port=None)
    assert [rule.name for rule in made.all("ListenerRule")] == ["web-shifting"]
    assert "testListenerRule" not in service(made)["loadBalancers"][0]["advancedConfiguration"]


def test_both_groups_are_alike() -> None:
    made = web("blue-green")
    own, alternate = (dict(made.one("TargetGroup", name).inputs) for name in ("web", "web-alternate"))
    assert own == alternate


def test_visitors_begin_at_the_services_own_group_and_testers_at_the_other() -> None:
    made = web("linear")
    assert weights(made, "web-shifting") == {"web": 100, "web-alternate": 0}
    assert weights(made, "web-test") == {"web": 0, "web-alternate": 100}
    serving, test = (made.one("ListenerRule", name) for name in ("web-shifting", "web-test"))
    assert (serving.inputs["listenerArn"], test.inputs["listenerArn"]) == (
        f"{LISTENER}/serving/{PART}/{PART}",
        f"{LISTENER}/test/{PART}/{PART}",
    )


@pytest.mark.parametrize("strategy", SHIFTING)
def test_the_weights_are_ecs_s(strategy: str) -> None:
    for rule in web(strategy).all("ListenerRule"):
        assert rule.ignore_changes == ("actions",), "an update would send visitors to an empty group"


def test_a_change_of_strategy_leaves_the_running_group_and_has_two_rules_side_by_side() -> None:
    rolling, shifting = web(), web("blue-green")
    before, after = ({(r.type, r.name, r.parent): r.inputs for r in made.resources} for made in (rolling, shifting))
    assert {name for _, name, _ in set(before) - set(after)} == {"web"}
    assert [type_ for type_, _, _ in set(before) - set(after)] == ["aws:lb/listenerRule:ListenerRule"]
    group = ("aws:lb/targetGroup:TargetGroup", "web", "web")
    assert before[group] == after[group], "the running tasks are in it"
    assert service(rolling)["name"] == service(shifting)["name"]
    priorities = {
        made.one("ListenerRule", name).inputs["priority"]
        for made, name in ((rolling, "web"), (shifting, "web-shifting"))
    }
    assert priorities == {99, 100}, "a rule that is made before the other goes cannot have its priority"


def test_between_the_strategies_a_rolling_service_has_both_groups() -> None:
    made = web(both_groups=True)
    assert service(made)["deploymentConfiguration"] == {"strategy": "ROLLING"}
    assert service(made)["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert {r.name for r in made.all("ListenerRule")} == {"web-shifting", "web-test"}
    assert "advancedConfiguration" in service(made)["loadBalancers"][0]


def test_ecs_takes_the_role_by_awss_own_trust_policy_and_may_touch_these_things_alone() -> None:
    made = web("blue-green")
    (trust,) = json.loads(made.one("Role", "story-test-web-deployment").inputs["assumeRolePolicy"])["Statement"]
    assert trust == {"Effect": "Allow", "Principal": {"Service": "ecs.amazonaws.com"}, "Action": "sts:AssumeRole"}, (
        "no page of AWS names a condition that ECS meets here, and without the role no visitor is moved"
    )
    statements = json.loads(made.one("RolePolicy", "story-test-web-deployment").inputs["policy"])["Statement"]
    groups = [f"{GROUP}/web/{PART}", f"{GROUP}/web-alternate/{PART}"]
    rights = {
        action.partition(":")[2]: statement["Resource"] for statement in statements for action in statement["Action"]
    }
    assert rights == {
        "DescribeListeners": ["*"],
        "DescribeRules": ["*"],
        "DescribeTargetGroups": ["*"],
        "DescribeTargetHealth": ["*"],
        "DeregisterTargets": groups,
        "RegisterTargets": groups,
        "ModifyListener": [f"{LISTENER}/serving/{PART}/{PART}", f"{LISTENER}/test/{PART}/{PART}"],
        "ModifyRule": [f"{RULE}/web-shifting/{PART}/{PART}/{PART}", f"{RULE}/web-test/{PART}/{PART}/{PART}"],
    }


def test_the_service_waits_for_the_rules_and_the_rights() -> None:
    assert {
        "ListenerRule web-shifting",
        "ListenerRule web-test",
        "RolePolicy story-test-web-deployment",
        "TargetGroup web-alternate",
    } <= set(web("canary").one("Service").depends_on)


@pytest.mark.parametrize(
    "changes",
    [
        {"tasks": 3},
        {"exec": False},
        {"grace": 61},
        {"strategy": "blue-green"},
        {"alarms": None},
        {"both_groups": True},
    ],
)
def test_whatever_makes_ecs_start_a_deployment_makes_the_rollout_run_again(changes: dict[str, Any]) -> None:
    assert kept(web(**changes)) != kept(web())


def test_a_number_of_tasks_that_autoscaling_owns_starts_no_deployment() -> None:
    # Its settings hold a map, which nothing can be remembered by.
    made = (web.__wrapped__(autoscaling=AutoscalingSpec(), tasks=tasks) for tasks in (2, 3))
    assert len({kept(one) for one in made}) == 1


def test_the_keeper_is_written_the_same_way_each_time() -> None:
    text = kept(web("linear"))
    assert text == json.dumps(json.loads(text), sort_keys=True)


# AWS's own model.


def create_service(inputs: Any) -> dict[str, Any]:
    """The CreateService request that these inputs mean."""
    given = inputs.get("deploymentConfiguration", {})
    minutes = {"bakeTimeInMinutes", "canaryBakeTimeInMinutes", "stepBakeTimeInMinutes"}

    def numbers(values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        return {key: int(value) if key in minutes else numbers(value) for key, value in values.items()}

    configuration = {
        **numbers(given),
        "minimumHealthyPercent": inputs["deploymentMinimumHealthyPercent"],
        "maximumPercent": inputs["deploymentMaximumPercent"],
        **{
            theirs: inputs[ours]
            for theirs, ours in (("alarms", "alarms"), ("deploymentCircuitBreaker", "deploymentCircuitBreaker"))
            if ours in inputs
        },
    }
    network = inputs["networkConfiguration"]
    request = {
        "serviceName": inputs["name"],
        "cluster": inputs["cluster"],
        "taskDefinition": inputs["taskDefinition"],
        "desiredCount": inputs["desiredCount"],
        "capacityProviderStrategy": inputs["capacityProviderStrategies"],
        "platformVersion": inputs["platformVersion"],
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": network["subnets"],
                "securityGroups": network["securityGroups"],
                "assignPublicIp": "ENABLED" if network["assignPublicIp"] else "DISABLED",
            }
        },
        "loadBalancers": inputs.get("loadBalancers", []),
        "deploymentConfiguration": configuration,
        "availabilityZoneRebalancing": inputs["availabilityZoneRebalancing"],
        "enableExecuteCommand": inputs["enableExecuteCommand"],
        "enableECSManagedTags": inputs["enableEcsManagedTags"],
        "propagateTags": inputs["propagateTags"],
    }
    if "healthCheckGracePeriodSeconds" in inputs:
        request["healthCheckGracePeriodSeconds"] = inputs["healthCheckGracePeriodSeconds"]
    return request


ECS = botocore.session.get_session().get_service_model("ecs")
SHAPE: Any = ECS.operation_model("CreateService").input_shape


def problems(request: dict[str, Any]) -> str:
    return ParamValidator().validate(request, SHAPE).generate_report()


@pytest.mark.parametrize(
    "build",
    [
        *(partial(web, strategy) for strategy in STRATEGIES),
        partial(web, "blue-green", test_port=None),
        partial(web, both_groups=True),
        partial(web, alarms=None),
        worker,
    ],
    ids=[*STRATEGIES, "no test port", "both groups", "no alarms", "worker"],
)
def test_aws_s_model_takes_the_request(build: Callable[[], Record]) -> None:
    assert problems(create_service(service(build()))) == ""


def test_the_check_would_find_what_aws_does_not_know() -> None:
    request = create_service(service(web("canary")))
    request["deploymentConfiguration"]["canaryConfiguration"]["percent"] = 1
    assert "Unknown parameter in deploymentConfiguration.canaryConfiguration" in problems(request)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_is_one_of_aws_s(strategy: str) -> None:
    known = SHAPE.members["deploymentConfiguration"].members["strategy"].enum
    assert STRATEGIES[strategy]["strategy"] in known

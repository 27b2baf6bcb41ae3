"""What a service's deployments are to be like, as ECS takes it: settings in, arguments out, no resources."""

import json
from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from components.alarm import Alarm, Math
from components.base import physical_name
from components.iam import Statement, allow
from settings.deployment import DeploymentAlarmsSpec, DeploymentSpec, Strategy
from settings.services import WebSpec


def deployment_configuration(spec: DeploymentSpec) -> aws.ecs.ServiceDeploymentConfigurationArgs:
    """Strategy and bake times. `rolling` is said as well, because ECS keeps what an update leaves out: the way back
    from another strategy would not be taken."""
    if not spec.shifts:
        return aws.ecs.ServiceDeploymentConfigurationArgs(strategy=spec.strategy.name)
    return aws.ecs.ServiceDeploymentConfigurationArgs(
        strategy=spec.strategy.name,
        bake_time_in_minutes=str(spec.bake_time_minutes),
        canary_configuration=aws.ecs.ServiceDeploymentConfigurationCanaryConfigurationArgs(
            canary_percent=spec.canary_percent, canary_bake_time_in_minutes=str(spec.canary_bake_time_minutes)
        )
        if spec.strategy is Strategy.CANARY
        else None,
        linear_configuration=aws.ecs.ServiceDeploymentConfigurationLinearConfigurationArgs(
            step_percent=spec.step_percent, step_bake_time_in_minutes=str(spec.step_bake_time_minutes)
        )
        if spec.strategy is Strategy.LINEAR
        else None,
    )


def circuit_breaker(spec: DeploymentSpec | None) -> aws.ecs.ServiceDeploymentCircuitBreakerArgs | None:
    """ECS's own judgement of tasks that do not start; it knows it for rolling deployments only:
    docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html"""
    if spec and spec.shifts:
        return None
    return aws.ecs.ServiceDeploymentCircuitBreakerArgs(enable=True, rollback=True)


def service_alarms(names: Sequence[pulumi.Input[str]], service: str) -> aws.ecs.ServiceAlarmsArgs:
    """The alarms for which ECS rolls a deployment back. An update that leaves them out keeps the old ones, so none is
    given as `enable: false`, with the name of an alarm that the service would have: ECS requires names, and the
    provider leaves out an empty list: docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentAlarms.html

    Args:
        names: Names of the alarms.
        service: Name of the service: `web`.
    """
    return aws.ecs.ServiceAlarmsArgs(
        enable=bool(names), rollback=bool(names), alarm_names=list(names) or [physical_name(_error_alarm(service))]
    )


def _error_alarm(group: str) -> str:
    return f"{group}-deployment-5xx"


def error_alarm(
    group: str,
    spec: DeploymentAlarmsSpec,
    load_balancer: pulumi.Input[str],
    target_group: pulumi.Input[str],
) -> Alarm | None:
    """An alarm for the answers of one target group. Each group is judged by itself: among all answers, those of a
    canary's few visitors would not be noticed.

    Metrics: docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html

    Args:
        group: Name of the target group: `web`.
        spec: When it goes off.
        load_balancer: The load balancer's ARN suffix, `app/...`.
        target_group: The target group's ARN suffix, `targetgroup/...`.
    """
    if spec.errors_5xx_percent is None:
        return None
    failed = "(FILL(errors, 0) + FILL(unreached, 0))"
    return Alarm(
        name=_error_alarm(group),
        description=(
            f"Over {spec.errors_5xx_percent:g} % of the answers of {group} are errors (5xx), or its tasks take no "
            "connection; ECS undoes a deployment for it: look first at the log of the tasks that it stopped."
        ),
        namespace="AWS/ApplicationELB",
        metric=Math(
            expression=f"IF({failed} >= {spec.errors_5xx_count}, 100 * {failed} / requests, 0)",
            metrics={
                "errors": "HTTPCode_Target_5XX_Count",
                "unreached": "TargetConnectionErrorCount",
                "requests": "RequestCount",
            },
            label="Failed answers, in percent",
        ),
        dimensions={"LoadBalancer": load_balancer, "TargetGroup": target_group},
        statistic="Sum",
        threshold=spec.errors_5xx_percent,
        comparison="GreaterThanThreshold",
        period_seconds=60,
        evaluation_periods=spec.minutes,
        datapoints_to_alarm=spec.minutes,
        treat_missing_data="notBreaching",
    )


def shifting_statements(
    *,
    target_groups: list[pulumi.Input[str]],
    listeners: list[pulumi.Input[str]],
    rules: list[pulumi.Input[str]],
) -> list[Statement]:
    """What ECS needs to move visitors between two target groups: AWS's own policy, for these things alone.

    Source: docs.aws.amazon.com/AmazonECS/latest/developerguide/AmazonECSInfrastructureRolePolicyForLoadBalancers.html
    """
    return [
        # The Describe actions know no resource:
        # docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html
        allow(
            [
                "elasticloadbalancing:DescribeListeners",
                "elasticloadbalancing:DescribeRules",
                "elasticloadbalancing:DescribeTargetGroups",
                "elasticloadbalancing:DescribeTargetHealth",
            ],
            ["*"],
        ),
        allow(["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"], target_groups),
        allow(["elasticloadbalancing:ModifyListener"], listeners),
        allow(["elasticloadbalancing:ModifyRule"], rules),
    ]


def keeper(
    *, tasks: int | None, stop_before_start: bool, exec: bool, container: str | None, web: WebSpec | None
) -> str:
    """All plain values that make ECS start a deployment when they change, beside task definition and capacity.

    A value too many does no harm: a step whose update started no deployment ends at once.
    """
    known: dict[str, Any] = {"tasks": tasks, "neverTwo": stop_before_start, "exec": exec, "container": container}
    if web:
        known |= {
            "port": web.port,
            "healthCheckGraceSeconds": web.health_check_grace_seconds,
            "deployment": web.deployment.model_dump(mode="json"),
        }
    return json.dumps(known, sort_keys=True)

"""The way from the load balancer to the tasks of a service."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from settings.deployment import HEALTHY_THRESHOLD
from settings.services import WebSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBalancerTarget:
    """How visitors reach a service.

    Attributes:
        spec: Port, health check, and how a new version takes over.
        listener: The load balancer's listener that serves the site.
        test_listener: Its listener for a version that visitors do not yet get.
        load_balancer_arn_suffix: Last part of the load balancer's ARN, as metrics name it.
        security_group_id: The load balancer's group, the only one that may connect.
        container: Name of the container that listens.
    """

    spec: WebSpec
    listener: aws.lb.Listener
    test_listener: aws.lb.Listener | None = None
    load_balancer_arn_suffix: pulumi.Input[str]
    security_group_id: pulumi.Input[str]
    container: str


def target_group(
    name: str, spec: WebSpec, vpc_id: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> aws.lb.TargetGroup:
    """A group of tasks behind the target, and the check that tells which of them are well."""
    return aws.lb.TargetGroup(
        name,
        vpc_id=vpc_id,
        target_type="ip",
        protocol="HTTP",
        port=spec.port,
        deregistration_delay=spec.deregistration_delay_seconds,
        health_check=aws.lb.TargetGroupHealthCheckArgs(
            path=spec.health_check_path,
            matcher="200",
            interval=spec.health_check_interval_seconds,
            timeout=spec.health_check_timeout_seconds,
            healthy_threshold=HEALTHY_THRESHOLD,
            unhealthy_threshold=3,
        ),
        opts=opts,
    )


def every_request() -> list[aws.lb.ListenerRuleConditionArgs]:
    """The conditions of a rule that is for whatever comes."""
    return [aws.lb.ListenerRuleConditionArgs(path_pattern=aws.lb.ListenerRuleConditionPathPatternArgs(values=["/*"]))]

"""How many tasks a service has, and what moves their number."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component
from settings.services import AutoscalingSpec

NAMESPACE = "ecs"
DIMENSION = "ecs:service:DesiredCount"


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoscalingArgs:
    """What an `Autoscaling` needs to know.

    Attributes:
        spec: The range and what moves it.
        cluster_name: Name of the ECS cluster.
        service_name: Name of the service.
        request_label: `<load balancer>/<target group>`, as the metric of requests per target names them; None for
            a service without a load balancer.
    """

    spec: AutoscalingSpec
    cluster_name: str
    service_name: pulumi.Input[str]
    request_label: pulumi.Input[str] | None = None


class Autoscaling(Component):
    """A range of tasks with target tracking and schedules.

    Makes: Target, a Policy for each target, a ScheduledAction for each schedule. A schedule moves the range itself, so
    where there is one, the range in the state is the first one and AWS's own is left alone.
    """

    def __init__(self, name: str, args: AutoscalingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        target = self._target(name, args)
        self._track(f"{name}-cpu", args, target, "ECSServiceAverageCPUUtilization", args.spec.cpu_percent)
        self._track(f"{name}-memory", args, target, "ECSServiceAverageMemoryUtilization", args.spec.memory_percent)
        self._track(f"{name}-requests", args, target, "ALBRequestCountPerTarget", args.spec.requests_per_target)
        self._schedule(name, args, target)
        self.register_outputs({})

    def _target(self, name: str, args: AutoscalingArgs) -> aws.appautoscaling.Target:
        return aws.appautoscaling.Target(
            name,
            service_namespace=NAMESPACE,
            scalable_dimension=DIMENSION,
            resource_id=pulumi.Output.concat("service/", args.cluster_name, "/", args.service_name),
            min_capacity=args.spec.min_tasks,
            max_capacity=args.spec.max_tasks,
            opts=self.child(ignore_changes=["minCapacity", "maxCapacity"] if args.spec.schedules else ()),
        )

    def _track(
        self, name: str, args: AutoscalingArgs, target: aws.appautoscaling.Target, metric: str, value: int | None
    ) -> None:
        if value is None:
            return
        label = args.request_label if metric == "ALBRequestCountPerTarget" else None
        aws.appautoscaling.Policy(
            name,
            policy_type="TargetTrackingScaling",
            service_namespace=NAMESPACE,
            scalable_dimension=DIMENSION,
            resource_id=target.resource_id,
            target_tracking_scaling_policy_configuration=aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs(
                target_value=value,
                predefined_metric_specification=aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs(
                    predefined_metric_type=metric, resource_label=label
                ),
                scale_in_cooldown=args.spec.scale_in_cooldown_seconds,
                scale_out_cooldown=args.spec.scale_out_cooldown_seconds,
            ),
            opts=self.child(),
        )

    def _schedule(self, name: str, args: AutoscalingArgs, target: aws.appautoscaling.Target) -> None:
        for schedule_name, schedule in sorted(args.spec.schedules.items()):
            aws.appautoscaling.ScheduledAction(
                f"{name}-{schedule_name}",
                name=f"{name}-{schedule_name}",
                service_namespace=NAMESPACE,
                scalable_dimension=DIMENSION,
                resource_id=target.resource_id,
                schedule=f"cron({schedule.cron})",
                timezone=schedule.timezone,
                scalable_target_action=aws.appautoscaling.ScheduledActionScalableTargetActionArgs(
                    min_capacity=schedule.min_tasks, max_capacity=schedule.max_tasks
                ),
                opts=self.child(),
            )

"""A service on Fargate: the web tasks, a worker, the scheduler."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component, physical_name
from components.iam import Statement
from components.marker import marker
from components.metric_alarm import metric_alarm
from components.service.autoscaling import Autoscaling, AutoscalingArgs
from components.service.containers import Container
from components.service.deployment import circuit_breaker, deployment_configuration, error_alarm, keeper, service_alarms
from components.service.fargate_task import FargateTask, FargateTaskArgs, TaskContext
from components.service.load_balancer_target import LoadBalancerTarget, every_request, target_group
from components.service.traffic_shift import TrafficShift, TrafficShiftArgs
from components.wiring import StoreAccess
from release.contract import Rollout
from release.rollout import follow_rollout
from settings.deployment import ROLLING_PERCENT, STOP_FIRST_PERCENT
from settings.services import AutoscalingSpec, CapacitySpec, ServiceSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class FargateServiceArgs:
    """What a `FargateService` needs to know.

    Attributes:
        spec: Size, capacity and timeouts.
        context: What all tasks of the stack share.
        containers: Its containers.
        task_statements: What the code may do.
        stores: The stores that it connects to.
        tasks: Number of tasks; with autoscaling the number that it starts with.
        autoscaling: Range of tasks and what moves it; None leaves `tasks` as it is.
        stop_before_start: Stop the old task before the new one starts, and never start a second one beside it.
        exec: Allow ECS Exec.
        target: How visitors reach it; None for a service that only works.
        after: What must have happened before its task definition changes.
    """

    spec: ServiceSpec
    context: TaskContext
    containers: Sequence[Container]
    task_statements: pulumi.Input[Sequence[Statement]]
    stores: Sequence[StoreAccess]
    tasks: int
    autoscaling: AutoscalingSpec | None = None
    stop_before_start: bool = False
    exec: bool
    target: LoadBalancerTarget | None = None
    after: Sequence[pulumi.Resource]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetGroups:
    """The target of a service, once it is made.

    Attributes:
        target: How visitors reach the service.
        groups: Its target groups by name; the first one is the service's own, the second the alternate one.
        shift: What ECS moves visitors with.
        alarms: Names of the alarms for which ECS goes back.
        needed: What must be there before ECS starts a deployment.
    """

    target: LoadBalancerTarget
    groups: Mapping[str, aws.lb.TargetGroup]
    shift: TrafficShift | None
    alarms: Sequence[pulumi.Input[str]]
    needed: Sequence[pulumi.Resource]

    @property
    def group(self) -> aws.lb.TargetGroup:
        """The service's own target group."""
        return next(iter(self.groups.values()))


class FargateService(Component):
    """Tasks that ECS keeps running, spread over the zones and replaced where they fail.

    A deployment that does not become healthy is rolled back by ECS's circuit breaker, one that lets the alarms of a
    target's deployment settings go off by these; the `rollout` marker is where an update finds out. Pulumi is the only
    writer of the service, but for the desired count where autoscaling owns it and the weights of a TrafficShift.

    Makes: FargateTask; with a target TargetGroup, ListenerRule or TrafficShift, a MetricAlarm for each target group and
    the rules between load balancer and tasks; Service; with a range Autoscaling; the marker `rollout-<name>`.
    """

    service_name: pulumi.Output[str]
    task_definition_arn: pulumi.Output[str]
    log_group_name: str
    fewest_tasks: int
    runs_php_fpm: bool
    target_group_arns: Mapping[str, pulumi.Output[str]]
    target_group_arn_suffixes: Mapping[str, pulumi.Output[str]]
    rollout: pulumi.Resource
    rollout_id: pulumi.Output[str]
    rollout_timeout_seconds: int

    def __init__(self, name: str, args: FargateServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        task = self._task(name, args)
        target_groups = self._target_groups(name, args, args.target, task) if args.target else None
        service = self._service(name, args, task, target_groups)
        self._autoscaling(name, args, service, target_groups)
        rollout = self._rollout(name, args, task, service)

        self.service_name = service.name
        self.task_definition_arn = task.task_definition_arn
        self.log_group_name = task.log_group_name
        self.fewest_tasks = args.autoscaling.fewest_tasks if args.autoscaling else args.tasks
        self.runs_php_fpm = bool(args.target and args.target.spec.nginx)
        groups: Mapping[str, aws.lb.TargetGroup] = target_groups.groups if target_groups else {}
        self.target_group_arns = {group_name: group.arn for group_name, group in groups.items()}
        self.target_group_arn_suffixes = {group_name: group.arn_suffix for group_name, group in groups.items()}
        self.rollout = rollout
        self.rollout_id = rollout.id
        self.rollout_timeout_seconds = args.spec.rollout_timeout_seconds
        self.register_outputs(
            {
                "serviceName": self.service_name,
                "taskDefinitionArn": self.task_definition_arn,
                "logGroupName": self.log_group_name,
            }
        )

    def _task(self, name: str, args: FargateServiceArgs) -> FargateTask:
        return FargateTask(
            name,
            FargateTaskArgs(
                spec=args.spec,
                context=args.context,
                containers=args.containers,
                task_statements=args.task_statements,
                stores=args.stores,
                internet=True,
                after=args.after,
            ),
            opts=self.child(),
        )

    def _target_groups(
        self, name: str, args: FargateServiceArgs, target: LoadBalancerTarget, task: FargateTask
    ) -> TargetGroups:
        own = target_group(name, target.spec, args.context.vpc_id, self.child())
        groups, shift, rules = {name: own}, None, list[pulumi.Resource]()
        if target.spec.deployment.has_two_groups:
            context = args.context
            shift_args = TrafficShiftArgs(
                target=target,
                primary=own,
                vpc_id=context.vpc_id,
                stack=context.stack,
            )
            shift = TrafficShift(name, shift_args, opts=self.child())
            groups[f"{name}-alternate"] = shift.alternate
            rules += shift.needed
        else:
            rules.append(self._rule(name, target, own))
        alarms = self._alarms(target, groups)
        return TargetGroups(
            target=target,
            groups=groups,
            shift=shift,
            alarms=[*(alarm.name for alarm in alarms), *_names(target)],
            needed=[*rules, *alarms, *self._ways(name, target, task)],
        )

    def _rule(self, name: str, target: LoadBalancerTarget, group: aws.lb.TargetGroup) -> aws.lb.ListenerRule:
        return aws.lb.ListenerRule(
            name,
            listener_arn=target.listener.arn,
            priority=100,
            conditions=every_request(),
            actions=[aws.lb.ListenerRuleActionArgs(type="forward", target_group_arn=group.arn)],
            opts=self.child(),
        )

    def _alarms(
        self, target: LoadBalancerTarget, groups: Mapping[str, aws.lb.TargetGroup]
    ) -> Sequence[aws.cloudwatch.MetricAlarm]:
        """They watch target groups, not the service: ECS wants them to be there before it."""
        spec = target.spec.deployment.alarms
        if not spec:
            return []
        described = [
            error_alarm(group_name, spec, target.load_balancer_arn_suffix, group.arn_suffix)
            for group_name, group in groups.items()
        ]
        return [metric_alarm(alarm.name, alarm, opts=self.child()) for alarm in described if alarm]

    def _ways(self, name: str, target: LoadBalancerTarget, task: FargateTask) -> Sequence[pulumi.Resource]:
        way_in = aws.vpc.SecurityGroupIngressRule(
            f"{name}-from-load-balancer",
            security_group_id=task.security_group_id,
            description="From the load balancer",
            referenced_security_group_id=target.security_group_id,
            ip_protocol="tcp",
            from_port=target.spec.port,
            to_port=target.spec.port,
            opts=self.child(),
        )
        way_out = aws.vpc.SecurityGroupEgressRule(
            f"{name}-from-load-balancer",
            security_group_id=target.security_group_id,
            description=f"To {physical_name(name)}",
            referenced_security_group_id=task.security_group_id,
            ip_protocol="tcp",
            from_port=target.spec.port,
            to_port=target.spec.port,
            opts=self.child(),
        )
        return [way_in, way_out]

    def _service(
        self,
        name: str,
        args: FargateServiceArgs,
        task: FargateTask,
        target_groups: TargetGroups | None,
    ) -> aws.ecs.Service:
        target = target_groups.target if target_groups else None
        deployment = target.spec.deployment if target else None
        minimum_percent, maximum_percent = STOP_FIRST_PERCENT if args.stop_before_start else ROLLING_PERCENT
        return aws.ecs.Service(
            name,
            name=name,
            cluster=args.context.cluster_arn,
            task_definition=task.task_definition_arn,
            desired_count=args.tasks,
            capacity_provider_strategies=capacity_strategy(args.spec.capacity),
            platform_version="LATEST",
            network_configuration=aws.ecs.ServiceNetworkConfigurationArgs(
                subnets=args.context.subnet_ids,
                security_groups=[task.security_group_id],
                assign_public_ip=False,
            ),
            load_balancers=[_load_balancer(target_groups)] if target_groups else None,
            health_check_grace_period_seconds=target.spec.health_check_grace_seconds if target else None,
            deployment_configuration=deployment_configuration(deployment) if deployment else None,
            deployment_circuit_breaker=circuit_breaker(deployment),
            alarms=service_alarms(target_groups.alarms, name) if target_groups else None,
            deployment_minimum_healthy_percent=minimum_percent,
            deployment_maximum_percent=maximum_percent,
            # Rebalancing starts a second task before it stops the first, and needs a maximum over 100 percent:
            # docs.aws.amazon.com/AmazonECS/latest/developerguide/service-rebalancing.html
            availability_zone_rebalancing="DISABLED" if args.stop_before_start else "ENABLED",
            enable_execute_command=args.exec,
            enable_ecs_managed_tags=True,
            propagate_tags="SERVICE",
            force_new_deployment=True,
            wait_for_steady_state=False,
            opts=self.child(
                depends_on=[*task.needed_to_start, *(target_groups.needed if target_groups else ())],
                ignore_changes=["desiredCount"] if args.autoscaling else (),
            ),
        )

    def _autoscaling(
        self, name: str, args: FargateServiceArgs, service: aws.ecs.Service, target_groups: TargetGroups | None
    ) -> None:
        """Requests are counted at the service's own group, so the settings allow that target only where it is the only
        one: AWS does not support it with blue/green.
        docs.aws.amazon.com/AmazonECS/latest/developerguide/service-autoscaling-targettracking.html"""
        if not args.autoscaling:
            return
        Autoscaling(
            name,
            AutoscalingArgs(
                spec=args.autoscaling,
                cluster_name=args.context.cluster_name,
                service_name=service.name,
                request_label=pulumi.Output.concat(
                    target_groups.target.load_balancer_arn_suffix, "/", target_groups.group.arn_suffix
                )
                if target_groups
                else None,
            ),
            opts=self.child(),
        )

    def _rollout(
        self, name: str, args: FargateServiceArgs, task: FargateTask, service: aws.ecs.Service
    ) -> pulumi.CustomResource:
        location, timeout_seconds = args.context.location, args.spec.rollout_timeout_seconds
        contract = pulumi.Output.all(service.name, task.task_definition_arn).apply(
            lambda known: Rollout(
                location=location,
                service=known[0],
                task_definition=known[1],
                timeout_seconds=timeout_seconds,
            )
        )
        return marker(
            self,
            f"rollout-{name}",
            keepers={
                "taskDefinition": task.task_definition_arn,
                "capacityProviderStrategy": json.dumps(args.spec.capacity.model_dump(), sort_keys=True),
                "service": keeper(
                    tasks=None if args.autoscaling else args.tasks,
                    stop_before_start=args.stop_before_start,
                    exec=args.exec,
                    container=args.target.container if args.target else None,
                    web=args.target.spec if args.target else None,
                ),
            },
            contract=contract,
            work=follow_rollout,
            depends_on=[service],
        )


def _names(target: LoadBalancerTarget) -> Sequence[str]:
    alarms = target.spec.deployment.alarms
    return alarms.names if alarms else ()


def _load_balancer(target_groups: TargetGroups) -> aws.ecs.ServiceLoadBalancerArgs:
    return aws.ecs.ServiceLoadBalancerArgs(
        target_group_arn=target_groups.group.arn,
        container_name=target_groups.target.container,
        container_port=target_groups.target.spec.port,
        advanced_configuration=target_groups.shift.advanced_configuration if target_groups.shift else None,
    )


def capacity_strategy(capacity: CapacitySpec) -> list[aws.ecs.ServiceCapacityProviderStrategyArgs]:
    """The capacity providers of a service; one without base and weight is left out."""
    strategy: list[aws.ecs.ServiceCapacityProviderStrategyArgs] = []
    if capacity.on_demand_base or capacity.on_demand_weight:
        strategy.append(
            aws.ecs.ServiceCapacityProviderStrategyArgs(
                capacity_provider="FARGATE", base=capacity.on_demand_base, weight=capacity.on_demand_weight
            )
        )
    if capacity.spot_weight:
        strategy.append(
            aws.ecs.ServiceCapacityProviderStrategyArgs(
                capacity_provider="FARGATE_SPOT", base=0, weight=capacity.spot_weight
            )
        )
    return strategy

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
from components.service.door import Door, every_request, target_group
from components.service.fargate_task import FargateTask, FargateTaskArgs, Surroundings
from components.service.traffic_shift import TrafficShift, TrafficShiftArgs
from components.wiring import StoreAccess
from release.contract import Rollout
from release.rollout import follow_rollout
from settings.services import AutoscalingSpec, CapacitySpec, ServiceSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class FargateServiceArgs:
    """What a `FargateService` needs to know.

    Attributes:
        spec: Size, capacity and timeouts.
        surroundings: What all tasks of the stack share.
        containers: Its containers.
        task_statements: What the code may do.
        stores: The stores that it connects to.
        tasks: Number of tasks; with autoscaling the number that it starts with.
        autoscaling: Range of tasks and what moves it; None leaves `tasks` as it is.
        never_two: Stop the old task before the new one starts, and never start a second one beside it.
        exec: Allow ECS Exec.
        door: How visitors reach it; None for a service that only works.
        after: What must have happened before its task definition changes.
    """

    spec: ServiceSpec
    surroundings: Surroundings
    containers: Sequence[Container]
    task_statements: pulumi.Input[Sequence[Statement]]
    stores: Sequence[StoreAccess]
    tasks: int
    autoscaling: AutoscalingSpec | None = None
    never_two: bool = False
    exec: bool
    door: Door | None = None
    after: Sequence[pulumi.Resource]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """The door of a service, once it is made.

    Attributes:
        door: How visitors reach the service.
        groups: Its target groups by name; the first one is the service's own, the second the alternate one.
        shift: What ECS moves visitors with.
        alarms: Names of the alarms for which ECS goes back.
        needed: What must be there before ECS starts a deployment.
    """

    door: Door
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
    door's deployment settings go off by these; the `rollout` marker is where an update finds out. Pulumi is the only
    writer of the service, but for the desired count where autoscaling owns it and the weights of a TrafficShift.

    Makes: FargateTask; with a door TargetGroup, ListenerRule or TrafficShift, a MetricAlarm for each target group and
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
        entrance = self._entrance(name, args, args.door, task) if args.door else None
        service = self._service(name, args, task, entrance)
        self._autoscaling(name, args, service, entrance)
        rollout = self._rollout(name, args, task, service)

        self.service_name = service.name
        self.task_definition_arn = task.task_definition_arn
        self.log_group_name = task.log_group_name
        self.fewest_tasks = args.autoscaling.fewest_tasks if args.autoscaling else args.tasks
        self.runs_php_fpm = bool(args.door and args.door.spec.nginx)
        groups: Mapping[str, aws.lb.TargetGroup] = entrance.groups if entrance else {}
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
                surroundings=args.surroundings,
                containers=args.containers,
                task_statements=args.task_statements,
                stores=args.stores,
                internet=True,
                after=args.after,
            ),
            opts=self.child(),
        )

    def _entrance(self, name: str, args: FargateServiceArgs, door: Door, task: FargateTask) -> Entrance:
        own = target_group(name, door.spec, args.surroundings.vpc_id, self.child())
        groups, shift, rules = {name: own}, None, list[pulumi.Resource]()
        if door.spec.deployment.has_two_groups:
            surroundings = args.surroundings
            shift_args = TrafficShiftArgs(
                door=door,
                primary=own,
                vpc_id=surroundings.vpc_id,
                boundary_arn=surroundings.boundary_arn,
            )
            shift = TrafficShift(name, shift_args, opts=self.child())
            groups[f"{name}-alternate"] = shift.alternate
            rules += shift.needed
        else:
            rules.append(self._rule(name, door, own))
        alarms = self._alarms(door, groups)
        return Entrance(
            door=door,
            groups=groups,
            shift=shift,
            alarms=[*(alarm.name for alarm in alarms), *_names(door)],
            needed=[*rules, *alarms, *self._ways(name, door, task)],
        )

    def _rule(self, name: str, door: Door, group: aws.lb.TargetGroup) -> aws.lb.ListenerRule:
        return aws.lb.ListenerRule(
            name,
            listener_arn=door.listener.arn,
            priority=100,
            conditions=every_request(),
            actions=[aws.lb.ListenerRuleActionArgs(type="forward", target_group_arn=group.arn)],
            opts=self.child(),
        )

    def _alarms(self, door: Door, groups: Mapping[str, aws.lb.TargetGroup]) -> Sequence[aws.cloudwatch.MetricAlarm]:
        """They watch target groups, not the service: ECS wants them to be there before it."""
        spec = door.spec.deployment.alarms
        if not spec:
            return []
        described = [
            error_alarm(group_name, spec, door.load_balancer_arn_suffix, group.arn_suffix)
            for group_name, group in groups.items()
        ]
        return [metric_alarm(alarm.name, alarm, opts=self.child()) for alarm in described if alarm]

    def _ways(self, name: str, door: Door, task: FargateTask) -> Sequence[pulumi.Resource]:
        way_in = aws.vpc.SecurityGroupIngressRule(
            f"{name}-from-load-balancer",
            security_group_id=task.security_group_id,
            description="From the load balancer",
            referenced_security_group_id=door.security_group_id,
            ip_protocol="tcp",
            from_port=door.spec.port,
            to_port=door.spec.port,
            opts=self.child(),
        )
        way_out = aws.vpc.SecurityGroupEgressRule(
            f"{name}-from-load-balancer",
            security_group_id=door.security_group_id,
            description=f"To {physical_name(name)}",
            referenced_security_group_id=task.security_group_id,
            ip_protocol="tcp",
            from_port=door.spec.port,
            to_port=door.spec.port,
            opts=self.child(),
        )
        return [way_in, way_out]

    def _service(
        self,
        name: str,
        args: FargateServiceArgs,
        task: FargateTask,
        entrance: Entrance | None,
    ) -> aws.ecs.Service:
        door = entrance.door if entrance else None
        deployment = door.spec.deployment if door else None
        return aws.ecs.Service(
            name,
            name=name,
            cluster=args.surroundings.cluster_arn,
            task_definition=task.task_definition_arn,
            desired_count=args.tasks,
            capacity_provider_strategies=capacity_strategy(args.spec.capacity),
            platform_version="LATEST",
            network_configuration=aws.ecs.ServiceNetworkConfigurationArgs(
                subnets=args.surroundings.subnet_ids,
                security_groups=[task.security_group_id],
                assign_public_ip=False,
            ),
            load_balancers=[_load_balancer(entrance)] if entrance else None,
            health_check_grace_period_seconds=door.spec.health_check_grace_seconds if door else None,
            deployment_configuration=deployment_configuration(deployment) if deployment else None,
            deployment_circuit_breaker=circuit_breaker(deployment),
            alarms=service_alarms(list(entrance.alarms)) if entrance else None,
            deployment_minimum_healthy_percent=0 if args.never_two else 100,
            deployment_maximum_percent=100 if args.never_two else 200,
            # Rebalancing starts a second task before it stops the first, and needs a maximum over 100 percent:
            # docs.aws.amazon.com/AmazonECS/latest/developerguide/service-rebalancing.html
            availability_zone_rebalancing="DISABLED" if args.never_two else "ENABLED",
            enable_execute_command=args.exec,
            enable_ecs_managed_tags=True,
            propagate_tags="SERVICE",
            force_new_deployment=True,
            wait_for_steady_state=False,
            opts=self.child(
                depends_on=[*task.needed_to_start, *(entrance.needed if entrance else ())],
                ignore_changes=["desiredCount"] if args.autoscaling else (),
            ),
        )

    def _autoscaling(
        self, name: str, args: FargateServiceArgs, service: aws.ecs.Service, entrance: Entrance | None
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
                cluster_name=args.surroundings.cluster_name,
                service_name=service.name,
                request_label=pulumi.Output.concat(
                    entrance.door.load_balancer_arn_suffix, "/", entrance.group.arn_suffix
                )
                if entrance
                else None,
            ),
            opts=self.child(),
        )

    def _rollout(
        self, name: str, args: FargateServiceArgs, task: FargateTask, service: aws.ecs.Service
    ) -> pulumi.CustomResource:
        place, timeout_seconds = args.surroundings.place, args.spec.rollout_timeout_seconds
        contract = pulumi.Output.all(service.name, task.task_definition_arn).apply(
            lambda known: Rollout(
                place=place,
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
                    never_two=args.never_two,
                    exec=args.exec,
                    container=args.door.container if args.door else None,
                    web=args.door.spec if args.door else None,
                ),
            },
            contract=contract,
            work=follow_rollout,
            depends_on=[service],
        )


def _names(door: Door) -> Sequence[str]:
    alarms = door.spec.deployment.alarms
    return alarms.names if alarms else ()


def _load_balancer(entrance: Entrance) -> aws.ecs.ServiceLoadBalancerArgs:
    return aws.ecs.ServiceLoadBalancerArgs(
        target_group_arn=entrance.group.arn,
        container_name=entrance.door.container,
        container_port=entrance.door.spec.port,
        advanced_configuration=entrance.shift.advanced_configuration if entrance.shift else None,
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

"""A service on Fargate: the web tasks, a worker, the scheduler."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.autoscaling import Autoscaling, AutoscalingArgs
from components.base import Component, physical_name
from components.containers import Container
from components.fargate_task import FargateTask, FargateTaskArgs, Surroundings
from components.iam import Statement
from components.marker import marker
from components.wiring import StoreAccess
from ops.announce import announce_rollout
from ops.contract import Rollout
from specs.services import AutoscalingSpec, CapacitySpec, ServiceSpec, WebSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """How visitors reach a service.

    Attributes:
        spec: Port and health check.
        listener: The load balancer's listener that serves the site.
        load_balancer_arn_suffix: Last part of the load balancer's ARN, as metrics name it.
        security_group_id: The load balancer's group, the only one that may connect.
        container: Name of the container that listens.
    """

    spec: WebSpec
    listener: aws.lb.Listener
    load_balancer_arn_suffix: pulumi.Input[str]
    security_group_id: pulumi.Input[str]
    container: str


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


class FargateService(Component):
    """Tasks that ECS keeps running, spread over the zones and replaced where they fail.

    A deployment that does not become healthy is rolled back by ECS's circuit breaker; the `rollout` marker is where an
    update finds out. Pulumi is the only writer of the service, but for the desired count where autoscaling owns it.

    Makes: FargateTask; with a door TargetGroup, ListenerRule and the rules between load balancer and tasks; Service;
    with a range Autoscaling; the marker `rollout-<name>`.
    """

    service_name: pulumi.Output[str]
    task_definition_arn: pulumi.Output[str]
    log_group_name: str
    target_group_arn_suffix: pulumi.Output[str] | None
    rollout: pulumi.Resource
    rollout_id: pulumi.Output[str]

    def __init__(self, name: str, args: FargateServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        task = self._task(name, args)
        target_group, ways_in = self._door(name, args, task)
        service = self._service(name, args, task, target_group, ways_in)
        self._autoscaling(name, args, service, target_group)
        rollout = self._rollout(name, args, task, service)

        self.service_name = service.name
        self.task_definition_arn = task.task_definition_arn
        self.log_group_name = task.log_group_name
        self.target_group_arn_suffix = target_group.arn_suffix if target_group else None
        self.rollout = rollout
        self.rollout_id = rollout.id
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

    def _door(
        self, name: str, args: FargateServiceArgs, task: FargateTask
    ) -> tuple[aws.lb.TargetGroup | None, Sequence[pulumi.Resource]]:
        if not args.door:
            return None, []
        spec = args.door.spec
        target_group = aws.lb.TargetGroup(
            name,
            vpc_id=args.surroundings.vpc_id,
            target_type="ip",
            protocol="HTTP",
            port=spec.port,
            deregistration_delay=spec.deregistration_delay_seconds,
            health_check=aws.lb.TargetGroupHealthCheckArgs(
                path=spec.health_check_path,
                matcher="200",
                interval=spec.health_check_interval_seconds,
                timeout=spec.health_check_timeout_seconds,
                healthy_threshold=2,
                unhealthy_threshold=3,
            ),
            opts=self.child(),
        )
        rule = aws.lb.ListenerRule(
            name,
            listener_arn=args.door.listener.arn,
            priority=100,
            conditions=[
                aws.lb.ListenerRuleConditionArgs(
                    path_pattern=aws.lb.ListenerRuleConditionPathPatternArgs(values=["/*"])
                )
            ],
            actions=[aws.lb.ListenerRuleActionArgs(type="forward", target_group_arn=target_group.arn)],
            opts=self.child(),
        )
        way_in = aws.vpc.SecurityGroupIngressRule(
            f"{name}-from-load-balancer",
            security_group_id=task.security_group_id,
            description="From the load balancer",
            referenced_security_group_id=args.door.security_group_id,
            ip_protocol="tcp",
            from_port=spec.port,
            to_port=spec.port,
            opts=self.child(),
        )
        way_out = aws.vpc.SecurityGroupEgressRule(
            f"{name}-from-load-balancer",
            security_group_id=args.door.security_group_id,
            description=f"To {physical_name(name)}",
            referenced_security_group_id=task.security_group_id,
            ip_protocol="tcp",
            from_port=spec.port,
            to_port=spec.port,
            opts=self.child(),
        )
        return target_group, [rule, way_in, way_out]

    def _service(
        self,
        name: str,
        args: FargateServiceArgs,
        task: FargateTask,
        target_group: aws.lb.TargetGroup | None,
        ways_in: Sequence[pulumi.Resource],
    ) -> aws.ecs.Service:
        door = args.door
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
            load_balancers=[
                aws.ecs.ServiceLoadBalancerArgs(
                    target_group_arn=target_group.arn, container_name=door.container, container_port=door.spec.port
                )
            ]
            if door and target_group
            else None,
            health_check_grace_period_seconds=door.spec.health_check_grace_seconds if door else None,
            deployment_circuit_breaker=aws.ecs.ServiceDeploymentCircuitBreakerArgs(enable=True, rollback=True),
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
                depends_on=[*task.needed_to_start, *ways_in],
                ignore_changes=["desiredCount"] if args.autoscaling else (),
            ),
        )

    def _autoscaling(
        self, name: str, args: FargateServiceArgs, service: aws.ecs.Service, target_group: aws.lb.TargetGroup | None
    ) -> None:
        if not args.autoscaling:
            return
        Autoscaling(
            name,
            AutoscalingArgs(
                spec=args.autoscaling,
                cluster_name=args.surroundings.cluster_name,
                service_name=service.name,
                request_label=pulumi.Output.concat(args.door.load_balancer_arn_suffix, "/", target_group.arn_suffix)
                if args.door and target_group
                else None,
            ),
            opts=self.child(),
        )

    def _rollout(
        self, name: str, args: FargateServiceArgs, task: FargateTask, service: aws.ecs.Service
    ) -> pulumi.CustomResource:
        surroundings, timeout_seconds = args.surroundings, args.spec.rollout_timeout_seconds
        contract = pulumi.Output.all(service.name, task.task_definition_arn).apply(
            lambda known: Rollout(
                region=surroundings.region,
                cluster=surroundings.cluster_name,
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
            },
            contract=contract,
            work=announce_rollout,
            depends_on=[service],
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

"""What every task on Fargate has, whether a service keeps it running or a release runs it once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from components.base import Component, log_group_name, physical_name
from components.cluster import Cluster
from components.context import StackContext
from components.iam import Statement, trusted_by_tasks
from components.network import Network
from components.service.containers import TMP_VOLUME, Container, Logs, container_definitions
from components.service.task_policies import execution_policy, task_policy
from components.wiring import StoreAccess
from release.contract import StackLocation
from settings.project import running_project
from settings.services import TaskSpec
from settings.site import Architecture


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskContext:
    """What all tasks of a stack share.

    Attributes:
        stack: What all components of the stack share.
        architecture: Processor of the tasks.
        cluster_name: Name of the ECS cluster.
        cluster_arn: ARN of the ECS cluster.
        vpc_id: The VPC.
        subnet_ids: Private subnets.
        secret_key_arns: Further keys that secrets are encrypted with, which the settings name.
        needed: What must be there before any task starts: the network with its routes, the cluster with its capacity.
    """

    stack: StackContext
    architecture: Architecture
    cluster_name: str
    cluster_arn: pulumi.Input[str]
    vpc_id: pulumi.Input[str]
    subnet_ids: pulumi.Input[Sequence[str]]
    needed: Sequence[pulumi.Resource]
    secret_key_arns: Sequence[str] = ()

    @classmethod
    def within(
        cls, stack: StackContext, network: Network, cluster: Cluster, secret_key_arns: Sequence[str]
    ) -> "TaskContext":
        """Those of tasks in the private subnets of a network, on a cluster."""
        return cls(
            stack=stack,
            architecture=cluster.spec.architecture,
            cluster_name=cluster.name,
            cluster_arn=cluster.arn,
            vpc_id=network.vpc_id,
            subnet_ids=network.private_subnet_ids,
            needed=[network, cluster],
            secret_key_arns=secret_key_arns,
        )

    @property
    def location(self) -> StackLocation:
        """Where the steps of a release find the tasks."""
        return StackLocation(
            project=running_project(),
            stack=pulumi.get_stack(),
            region=self.stack.region,
            profile=self.stack.profile,
            cluster=self.cluster_name,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FargateTaskArgs:
    """What a `FargateTask` needs to know.

    Attributes:
        spec: CPU, memory, disk, and how long its logs are kept.
        context: What all tasks of the stack share.
        containers: Its containers.
        task_statements: What the code in the containers may do; none for nothing.
        stores: The stores that it connects to.
        internet: Let it open connections to any address; otherwise only HTTPS and its stores.
        after: What must have happened before the task definition changes.
    """

    spec: TaskSpec
    context: TaskContext
    containers: Sequence[Container]
    task_statements: pulumi.Input[Sequence[Statement]] = ()
    stores: Sequence[StoreAccess] = ()
    internet: bool = False
    after: Sequence[pulumi.Resource] = field(default=())


class FargateTask(Component):
    """A task definition, with its own roles, log group and security group.

    Makes: LogGroup, SecurityGroup, egress rules, an ingress rule at each store, an execution Role and RolePolicy, a
    task Role and (if it may do anything) its RolePolicy, TaskDefinition. Old revisions of the task definition are
    kept, so that ECS has something to go back to.
    """

    task_definition_arn: pulumi.Output[str]
    security_group_id: pulumi.Output[str]
    log_group_name: str
    needed_to_start: Sequence[pulumi.Resource]

    def __init__(self, name: str, args: FargateTaskArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        log_group = self._log_group(name, args)
        group, rules = self._security_group(name, args)
        execution_role, execution_rights = self._execution_role(name, args, log_group)
        task_role, task_rights = self._task_role(name, args)
        definition = self._task_definition(name, args, execution_role, task_role)

        self.task_definition_arn = definition.arn
        self.security_group_id = group.id
        self.log_group_name = log_group_name(name)
        # The definition as well: a step that waited for it within a hook would wait for ever if it could not be made.
        rights = [*execution_rights, *task_rights]
        self.needed_to_start = [definition, log_group, *rules, *rights, *args.context.needed]
        self.register_outputs(
            {"taskDefinitionArn": self.task_definition_arn, "securityGroupId": self.security_group_id}
        )

    def _log_group(self, name: str, args: FargateTaskArgs) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            name,
            name=log_group_name(name),
            retention_in_days=args.spec.log_retention_days,
            kms_key_id=args.context.stack.key_arn,
            opts=self.child(),
        )

    def _security_group(
        self, name: str, args: FargateTaskArgs
    ) -> tuple[aws.ec2.SecurityGroup, Sequence[pulumi.Resource]]:
        group = aws.ec2.SecurityGroup(
            name,
            vpc_id=args.context.vpc_id,
            description=f"Tasks of {physical_name(name)}",
            tags={"Name": physical_name(name)},
            opts=self.child(),
        )
        rules: list[pulumi.Resource] = [
            aws.vpc.SecurityGroupEgressRule(
                f"{name}-out",
                security_group_id=group.id,
                description="Anywhere" if args.internet else "HTTPS, for AWS",
                cidr_ipv4="0.0.0.0/0",
                ip_protocol="-1" if args.internet else "tcp",
                from_port=None if args.internet else 443,
                to_port=None if args.internet else 443,
                opts=self.child(),
            )
        ]
        for store in args.stores:
            rules.append(
                aws.vpc.SecurityGroupIngressRule(
                    f"{name}-to-{store.store}",
                    security_group_id=store.security_group_id,
                    description=f"From {physical_name(name)}",
                    referenced_security_group_id=group.id,
                    ip_protocol="tcp",
                    from_port=store.port,
                    to_port=store.port,
                    opts=self.child(),
                )
            )
            if not args.internet:
                rules.append(
                    aws.vpc.SecurityGroupEgressRule(
                        f"{name}-to-{store.store}",
                        security_group_id=group.id,
                        description=f"To {store.store}",
                        referenced_security_group_id=store.security_group_id,
                        ip_protocol="tcp",
                        from_port=store.port,
                        to_port=store.port,
                        opts=self.child(),
                    )
                )
        return group, rules

    def _execution_role(
        self, name: str, args: FargateTaskArgs, log_group: aws.cloudwatch.LogGroup
    ) -> tuple[aws.iam.Role, Sequence[pulumi.Resource]]:
        role = self._role(f"{name}-execution", args)
        secrets = [secret.arn for container in args.containers for secret in container.every_secret]
        rights = aws.iam.RolePolicy(
            physical_name(f"{name}-execution"),
            role=role.id,
            policy=pulumi.Output.all(
                images=[container.image for container in args.containers],
                log_group_arn=log_group.arn,
                secret_arns=secrets,
                key_arn=args.context.stack.key_arn,
                secret_key_arns=list(args.context.secret_key_arns),
            ).apply(lambda known: execution_policy(**known)),
            opts=self.child(),
        )
        return role, [rights]

    def _task_role(self, name: str, args: FargateTaskArgs) -> tuple[aws.iam.Role, Sequence[pulumi.Resource]]:
        role = self._role(f"{name}-task", args)
        if not isinstance(args.task_statements, pulumi.Output) and not args.task_statements:
            return role, []
        statements: pulumi.Output[Sequence[Statement]] = pulumi.Output.from_input(args.task_statements)
        rights = aws.iam.RolePolicy(
            physical_name(f"{name}-task"),
            role=role.id,
            policy=statements.apply(task_policy),
            opts=self.child(),
        )
        return role, [rights]

    def _role(self, name: str, args: FargateTaskArgs) -> aws.iam.Role:
        return aws.iam.Role(
            physical_name(name),
            assume_role_policy=trusted_by_tasks(args.context.stack.account_id, args.context.stack.region),
            permissions_boundary=args.context.stack.boundary_arn,
            opts=self.child(),
        )

    def _task_definition(
        self, name: str, args: FargateTaskArgs, execution_role: aws.iam.Role, task_role: aws.iam.Role
    ) -> aws.ecs.TaskDefinition:
        logs = Logs(group=log_group_name(name), region=args.context.stack.region, stream_prefix=name)
        disk = args.spec.ephemeral_storage_gib
        read_only = any(container.readonly_root_filesystem for container in args.containers)
        return aws.ecs.TaskDefinition(
            name,
            family=physical_name(name),
            cpu=str(args.spec.cpu),
            memory=str(args.spec.memory_mib),
            network_mode="awsvpc",
            requires_compatibilities=["FARGATE"],
            runtime_platform=aws.ecs.TaskDefinitionRuntimePlatformArgs(
                operating_system_family="LINUX",
                cpu_architecture=args.context.architecture.upper(),
            ),
            ephemeral_storage=aws.ecs.TaskDefinitionEphemeralStorageArgs(size_in_gib=disk) if disk else None,
            volumes=[aws.ecs.TaskDefinitionVolumeArgs(name=TMP_VOLUME)] if read_only else None,
            execution_role_arn=execution_role.arn,
            task_role_arn=task_role.arn,
            container_definitions=container_definitions(args.containers, logs),
            skip_destroy=True,
            opts=self.child(depends_on=args.after),
        )

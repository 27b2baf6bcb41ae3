"""The ECS cluster, what it shows of its tasks, and the record of shell sessions in them."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component, log_group_name, stack_name
from components.context import StackContext
from settings.site import ClusterSpec

CAPACITY_PROVIDERS = ("FARGATE", "FARGATE_SPOT")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterArgs:
    """What a `Cluster` needs to know.

    Attributes:
        spec: Container Insights, ECS Exec, retention of their logs.
        stack: Key that encrypts the logs and the shell sessions.
    """

    spec: ClusterSpec
    stack: StackContext


class Cluster(Component):
    """A cluster for tasks on Fargate and Fargate Spot.

    It has no default capacity provider strategy: each service and task names its own, so that no edit of the cluster
    moves a running service to Spot, and a preview shows the strategy where it counts.

    Makes: Cluster, ClusterCapacityProviders; unless they are off, a LogGroup for Container Insights and one for the
    record of shell sessions.
    """

    name: str
    arn: pulumi.Output[str]
    exec: bool
    spec: ClusterSpec
    exec_log_group_arn: pulumi.Output[str] | None
    exec_log_group: str | None

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        insights_group = self._insights_log_group(name, args)
        exec_group = self._exec_log_group(name, args)
        cluster = self._cluster(name, args, insights_group, exec_group)
        providers = aws.ecs.ClusterCapacityProviders(
            name, cluster_name=cluster.name, capacity_providers=list(CAPACITY_PROVIDERS), opts=self.child()
        )

        self.name = stack_name()
        # Whoever has the ARN can start tasks, so it is given out when there is something to run them on.
        self.arn = pulumi.Output.all(cluster.arn, providers.id).apply(lambda known: known[0])
        self.spec = args.spec
        self.exec = args.spec.exec
        self.exec_log_group_arn = exec_group.arn if exec_group else None
        self.exec_log_group = log_group_name("exec") if exec_group else None
        self.register_outputs(
            {
                "name": self.name,
                "arn": self.arn,
                "exec": self.exec,
                "execLogGroupArn": self.exec_log_group_arn,
                "execLogGroup": self.exec_log_group,
            }
        )

    def _insights_log_group(self, name: str, args: ClusterArgs) -> aws.cloudwatch.LogGroup | None:
        """Made before the cluster: AWS would make it itself, to keep for ever, and then it could not be made here.
        docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-reference-performance-logs-ECS.html"""
        if args.spec.container_insights == "disabled":
            return None
        return aws.cloudwatch.LogGroup(
            f"{name}-insights",
            name=f"/aws/ecs/containerinsights/{stack_name()}/performance",
            retention_in_days=args.spec.insights_log_retention_days,
            kms_key_id=args.stack.key_arn,
            opts=self.child(),
        )

    def _exec_log_group(self, name: str, args: ClusterArgs) -> aws.cloudwatch.LogGroup | None:
        if not args.spec.exec:
            return None
        return aws.cloudwatch.LogGroup(
            f"{name}-exec",
            name=log_group_name("exec"),
            retention_in_days=args.spec.exec_log_retention_days,
            kms_key_id=args.stack.key_arn,
            opts=self.child(),
        )

    def _cluster(
        self,
        name: str,
        args: ClusterArgs,
        insights_group: aws.cloudwatch.LogGroup | None,
        exec_group: aws.cloudwatch.LogGroup | None,
    ) -> aws.ecs.Cluster:
        return aws.ecs.Cluster(
            name,
            name=stack_name(),
            settings=[aws.ecs.ClusterSettingArgs(name="containerInsights", value=args.spec.container_insights)],
            configuration=aws.ecs.ClusterConfigurationArgs(
                execute_command_configuration=_sessions(args.stack.key_arn, exec_group)
            ),
            opts=self.child(depends_on=[insights_group] if insights_group else []),
        )


def _sessions(
    key_arn: pulumi.Input[str], log_group: aws.cloudwatch.LogGroup | None
) -> aws.ecs.ClusterConfigurationExecuteCommandConfigurationArgs:
    """How shell sessions are encrypted and recorded:
    docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html#ecs-exec-logging"""
    if log_group is None:
        return aws.ecs.ClusterConfigurationExecuteCommandConfigurationArgs(logging="NONE")
    return aws.ecs.ClusterConfigurationExecuteCommandConfigurationArgs(
        kms_key_id=key_arn,
        logging="OVERRIDE",
        log_configuration=aws.ecs.ClusterConfigurationExecuteCommandConfigurationLogConfigurationArgs(
            cloud_watch_log_group_name=log_group.name, cloud_watch_encryption_enabled=True
        ),
    )

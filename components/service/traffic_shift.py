"""What ECS moves visitors with, from the old tasks of a service to the new ones."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component, physical_name
from components.context import StackContext
from components.iam import assumed_by, document
from components.service.deployment import shifting_statements
from components.service.load_balancer_target import LoadBalancerTarget, every_request, target_group

PRIORITY = 99
"""Before the rule of a rolling service (100), so that both can stand side by side while the strategy changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficShiftArgs:
    """What a `TrafficShift` needs to know.

    Attributes:
        target: How visitors reach the service.
        primary: The service's own target group; here its tasks are when it is made.
        vpc_id: The VPC.
        stack: Boundary of its role.
    """

    target: LoadBalancerTarget
    primary: aws.lb.TargetGroup
    vpc_id: pulumi.Input[str]
    stack: StackContext


class TrafficShift(Component):
    """A second target group, the rules whose weights ECS moves, and the role with which it does.

    With each deployment the two groups change their parts. So the weights of the rules are ECS's: they are given once,
    when nothing but the primary group has tasks, and never touched again.
    docs.aws.amazon.com/AmazonECS/latest/developerguide/alb-resources-for-blue-green.html

    Makes: TargetGroup `<name>-alternate`, ListenerRule `<name>-shifting`, with a test listener ListenerRule
    `<name>-test`, Role and RolePolicy.
    """

    alternate: aws.lb.TargetGroup
    advanced_configuration: aws.ecs.ServiceLoadBalancerAdvancedConfigurationArgs
    needed: list[pulumi.Resource]

    def __init__(self, name: str, args: TrafficShiftArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.alternate = target_group(f"{name}-alternate", args.target.spec, args.vpc_id, self.child())
        production = self._rule(f"{name}-shifting", args, args.target.listener, primary_weight=100)
        test = (
            self._rule(f"{name}-test", args, args.target.test_listener, primary_weight=0)
            if args.target.test_listener
            else None
        )
        role, rights = self._role(name, args, production, test)

        self.advanced_configuration = aws.ecs.ServiceLoadBalancerAdvancedConfigurationArgs(
            alternate_target_group_arn=self.alternate.arn,
            production_listener_rule=production.arn,
            test_listener_rule=test.arn if test else None,
            role_arn=role.arn,
        )
        self.needed = [production, *([test] if test else []), rights]
        self.register_outputs({"alternateTargetGroupArn": self.alternate.arn, "roleArn": role.arn})

    def _rule(
        self, name: str, args: TrafficShiftArgs, listener: aws.lb.Listener, *, primary_weight: int
    ) -> aws.lb.ListenerRule:
        weights = {args.primary: primary_weight, self.alternate: 100 - primary_weight}
        return aws.lb.ListenerRule(
            name,
            listener_arn=listener.arn,
            priority=PRIORITY,
            conditions=every_request(),
            actions=[
                aws.lb.ListenerRuleActionArgs(
                    type="forward",
                    forward=aws.lb.ListenerRuleActionForwardArgs(
                        target_groups=[
                            aws.lb.ListenerRuleActionForwardTargetGroupArgs(arn=group.arn, weight=weight)
                            for group, weight in weights.items()
                        ]
                    ),
                )
            ],
            opts=self.child(ignore_changes=["actions"]),
        )

    def _role(
        self, name: str, args: TrafficShiftArgs, production: aws.lb.ListenerRule, test: aws.lb.ListenerRule | None
    ) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
        """The trust policy is AWS's own for this role. It has no condition, and no page names a key that ECS sends:
        docs.aws.amazon.com/AmazonECS/latest/developerguide/AmazonECSInfrastructureRolePolicyForLoadBalancers.html"""
        role = aws.iam.Role(
            physical_name(f"{name}-deployment"),
            assume_role_policy=assumed_by("ecs.amazonaws.com"),
            permissions_boundary=args.stack.boundary_arn,
            opts=self.child(),
        )
        tested = args.target.test_listener
        rights = aws.iam.RolePolicy(
            physical_name(f"{name}-deployment"),
            role=role.id,
            policy=document(
                *shifting_statements(
                    target_groups=[args.primary.arn, self.alternate.arn],
                    listeners=[args.target.listener.arn, *([tested.arn] if tested else [])],
                    rules=[production.arn, *([test.arn] if test else [])],
                )
            ),
            opts=self.child(),
        )
        return role, rights

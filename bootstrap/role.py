"""A role of the account's foundation, with its policies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component, physical_name
from components.iam import Statement, policy_document


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleArgs:
    """What a `Role` needs to know.

    Attributes:
        trust: Who may take it on, as JSON.
        policies: The statements of its policies, by name. IAM takes policies of 6,144 characters:
            docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    """

    trust: pulumi.Input[str]
    policies: Mapping[str, pulumi.Input[Sequence[Statement]]]


class Role(Component):
    """A role named `bootstrap-<stack>-<name>`, which no `story-<stack>-*` covers: no role that deploys can touch it.

    Makes: Role, and for each of its policies Policy and RolePolicyAttachment.
    """

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: RoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        role = aws.iam.Role(name, name=physical_name(name), assume_role_policy=args.trust, opts=self.child())
        attached = [self._attach(f"{name}-{part}", role, statements) for part, statements in args.policies.items()]

        # Given out when it may do what it should.
        self.arn = pulumi.Output.all(role.arn, *(one.id for one in attached)).apply(lambda known: str(known[0]))
        self.register_outputs({"arn": self.arn})

    def _attach(
        self, name: str, role: aws.iam.Role, statements: pulumi.Input[Sequence[Statement]]
    ) -> aws.iam.RolePolicyAttachment:
        policy = aws.iam.Policy(
            name,
            name=physical_name(name),
            policy=policy_document(statements),
            opts=self.child(),
        )
        return aws.iam.RolePolicyAttachment(name, role=role.name, policy_arn=policy.arn, opts=self.child())

"""The policies that bound the roles of each stack."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from bootstrap.boundary import boundary_statements
from bootstrap.scope import Scope
from components.base import Component, physical_name


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundariesArgs:
    """What `Boundaries` need to know.

    Attributes:
        stacks: The stacks of the account.
        region: AWS region.
        account_id: The account.
        state_bucket_arn: Bucket of the state.
        state_key_arn: Key of the state.
    """

    stacks: Sequence[str]
    region: str
    account_id: pulumi.Input[str]
    state_bucket_arn: pulumi.Input[str]
    state_key_arn: pulumi.Input[str]


class Boundaries(Component):
    """For each stack the policy that bounds its roles, `bootstrap-story-boundary-<stack>`.

    Makes: Policy for each stack.
    """

    arns: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: BoundariesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.arns = {stack: self._boundary(f"{name}-{stack}", args, stack).arn for stack in args.stacks}
        self.register_outputs({"arns": dict(self.arns)})

    def _boundary(self, name: str, args: BoundariesArgs, stack: str) -> aws.iam.Policy:
        others = [other for other in args.stacks if other != stack]
        statements = pulumi.Output.all(args.account_id, args.state_bucket_arn, args.state_key_arn).apply(
            lambda known: boundary_statements(
                Scope(account_id=known[0], region=args.region, stack=stack), others, known[1], known[2]
            )
        )
        return aws.iam.Policy(
            name,
            name=physical_name(name),
            description=f"What the roles of {stack} may do at most",
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": statements}),
            opts=self.child(),
        )

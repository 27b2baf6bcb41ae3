"""The policies that bound the roles of each stack."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from bootstrap.boundary import boundary_statements
from bootstrap.foundation import Foundation
from components.base import Component, physical_name
from components.iam import policy_document

BOUNDARY = "boundary"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundariesArgs:
    """What `Boundaries` need to know.

    Attributes:
        stacks: The stacks of the account.
        foundation: Account, region and state.
        task_rights: What tasks may do for their agents: action to the ARN of what it is done to.
    """

    stacks: Sequence[str]
    foundation: Foundation
    task_rights: Mapping[str, str]


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
        policies = args.foundation.policies(
            stack,
            [BOUNDARY],
            lambda scope, known: {
                BOUNDARY: boundary_statements(scope, others, known["bucket"], known["key"], args.task_rights)
            },
        )
        return aws.iam.Policy(
            name,
            name=physical_name(name),
            description=f"What the roles of {stack} may do at most",
            policy=policy_document(policies[BOUNDARY]),
            opts=self.child(),
        )

"""The policies for those who operate the stacks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from bootstrap.foundation import Foundation
from bootstrap.operator_rights import operator_statements
from components.base import Component, physical_name
from components.iam import policy_document

RIGHTS = "rights"


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorsArgs:
    """What `Operators` need to know.

    Attributes:
        stacks: The stacks of the account.
        foundation: Account, region and state.
    """

    stacks: Sequence[str]
    foundation: Foundation


class Operators(Component):
    """For each stack a policy that a person attaches to the role of those who operate it: nobody has it by itself.

    It allows what `story status`, `story logs`, `story exec` and `story port-forward` ask of AWS, and forbids sessions
    that are not recorded, which other policies may allow. A deploying role can't change it.

    Makes: Policy `bootstrap-story-operators-<stack>` for each stack.
    """

    policy_arns: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: OperatorsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.policy_arns = {stack: self._policy(f"{name}-{stack}", args, stack).arn for stack in args.stacks}
        self.register_outputs({"policyArns": dict(self.policy_arns)})

    def _policy(self, name: str, args: OperatorsArgs, stack: str) -> aws.iam.Policy:
        statements = args.foundation.policies(
            stack, [RIGHTS], lambda scope, _known: {RIGHTS: operator_statements(scope)}
        )
        return aws.iam.Policy(
            name,
            name=physical_name(name),
            description=f"For those who operate {stack}: look, read logs, go into tasks",
            policy=policy_document(statements[RIGHTS]),
            opts=self.child(),
        )

"""What GitHub's workflows may do here: look, and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from bootstrap.foundation import Foundation
from bootstrap.role import Role, RoleArgs
from bootstrap.stack_reads import READS
from bootstrap.state_access import reads_state
from components.base import Component
from components.iam import document

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
ENVIRONMENTS = ("preview", "drift")
"""Environments on GitHub whose jobs may look at a stack: `preview-<stack>`, `drift-<stack>`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GithubArgs:
    """What a `Github` needs to know.

    Attributes:
        repository: `owner/name` of this repository.
        provider_arn: The account's provider of GitHub, if it has one.
        stacks: Stacks to look at.
        foundation: Account, region and state.
    """

    repository: str
    provider_arn: str | None
    stacks: Sequence[str]
    foundation: Foundation


class Github(Component):
    """The account's trust in GitHub's tokens, and a role for each stack that can look at it and write nothing.

    Makes: OpenIdConnectProvider (if there is none yet), Role `preview-<stack>` for each stack.
    """

    role_arns: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: GithubArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        provider_arn = args.provider_arn or self._trust_github(name).arn
        self.role_arns = {stack: self._preview_role(args, provider_arn, stack) for stack in args.stacks}
        self.register_outputs({"roleArns": dict(self.role_arns)})

    def _trust_github(self, name: str) -> aws.iam.OpenIdConnectProvider:
        return aws.iam.OpenIdConnectProvider(
            name, url=f"https://{ISSUER}", client_id_lists=[AUDIENCE], opts=self.child()
        )

    def _preview_role(self, args: GithubArgs, provider_arn: pulumi.Input[str], stack: str) -> pulumi.Output[str]:
        policies = args.foundation.policies(
            stack,
            [*READS, "state"],
            lambda scope, known: {
                **{name: statements(scope) for name, statements in READS.items()},
                "state": reads_state(known["bucket"], known["key"], [stack]),
            },
        )
        role = Role(
            f"preview-{stack}",
            RoleArgs(trust=trusts_jobs(provider_arn, args.repository, stack), policies=policies),
            opts=self.child(),
        )
        return role.arn


def trusts_jobs(provider_arn: pulumi.Input[str], repository: str, stack: str) -> pulumi.Output[str]:
    """The trust policy: jobs of this repository that run in one of these environments, and no other job.

    docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws
    """
    subjects = [f"repo:{repository}:environment:{environment}-{stack}" for environment in ENVIRONMENTS]
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Federated": provider_arn},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {f"{ISSUER}:aud": AUDIENCE, f"{ISSUER}:sub": subjects}},
        }
    )

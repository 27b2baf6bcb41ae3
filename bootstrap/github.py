"""What GitHub's workflows may do here: look, and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from bootstrap.role import Role, RoleArgs
from bootstrap.scope import Scope
from bootstrap.stack_reads import read_statements
from bootstrap.state_access import reads_state
from components.base import Component
from components.iam import Statement, document

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
PARTS = ("reads", "state")
ENVIRONMENTS = ("preview", "drift")
"""Environments on GitHub whose jobs may look at a stack: `preview-<stack>`, `drift-<stack>`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GithubArgs:
    """What a `Github` needs to know.

    Attributes:
        repository: `owner/name` of this repository.
        provider_arn: The account's provider of GitHub, if it has one.
        stacks: Stacks to look at.
        region: AWS region.
        account_id: The account.
        state_bucket_arn: Bucket of the state.
        state_key_arn: Key of the state.
    """

    repository: str
    provider_arn: str | None
    stacks: Sequence[str]
    region: str
    account_id: pulumi.Input[str]
    state_bucket_arn: pulumi.Input[str]
    state_key_arn: pulumi.Input[str]


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
        known = pulumi.Output.all(account_id=args.account_id, bucket=args.state_bucket_arn, key=args.state_key_arn)

        def made(known: Mapping[str, str]) -> Mapping[str, Sequence[Statement]]:
            scope = Scope(account_id=known["account_id"], region=args.region, stack=stack)
            return {
                "reads": read_statements(scope),
                "state": reads_state(known["bucket"], known["key"], [stack]),
            }

        statements = known.apply(made)
        role = Role(
            f"preview-{stack}",
            RoleArgs(
                trust=trusts_jobs(provider_arn, args.repository, stack),
                policies={part: statements.apply(lambda known, part=part: known[part]) for part in PARTS},
            ),
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

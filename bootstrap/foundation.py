"""What the parts of the account's foundation stand on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pulumi

from bootstrap.scope import Scope
from components.iam import Statement

Known = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """Account, region and state.

    Attributes:
        region: AWS region.
        account_id: The account.
        state_bucket_arn: Bucket of the state.
        state_key_arn: Key of the state.
    """

    region: str
    account_id: pulumi.Input[str]
    state_bucket_arn: pulumi.Input[str]
    state_key_arn: pulumi.Input[str]

    def policies(
        self,
        stack: str,
        names: Sequence[str],
        made: Callable[[Scope, Known], Mapping[str, Sequence[Statement]]],
        **further: pulumi.Input[str],
    ) -> Mapping[str, pulumi.Output[Sequence[Statement]]]:
        """Statements for a stack by the name of their policy, which must be known before the account is.

        Args:
            stack: Name of the stack.
            names: Names of the policies.
            made: Makes the statements of all of them, of the stack and of what is known: `bucket` and `key` of the
                state, and what is in `further`.
            further: What else the statements name.
        """
        known = pulumi.Output.all(
            account_id=self.account_id, bucket=self.state_bucket_arn, key=self.state_key_arn, **further
        )
        statements = known.apply(
            lambda known: made(Scope(account_id=known["account_id"], region=self.region, stack=stack), known)
        )
        return {name: statements.apply(lambda found, name=name: found[name]) for name in names}

"""What the stores have in common: a door without a rule, log groups, the name of the last snapshot."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws
import pulumi_random as random

from components.base import physical_name
from components.wiring import StoreAccess


def closed_security_group(
    store: str, *, vpc_id: pulumi.Input[str], port: int, opts: pulumi.ResourceOptions | None = None
) -> StoreAccess:
    """A security group that lets nobody in or out; whoever uses the store adds the rule for its own group."""
    group = aws.ec2.SecurityGroup(
        physical_name(store),
        vpc_id=vpc_id,
        description=f"Who may reach {store}",
        tags={"Name": physical_name(store)},
        opts=opts,
    )
    return StoreAccess(store=store, security_group_id=group.id, port=port)


def log_groups(
    names: Sequence[str],
    *,
    retention_days: int,
    key_arn: pulumi.Input[str],
    opts: pulumi.ResourceOptions | None = None,
) -> list[aws.cloudwatch.LogGroup]:
    """Log groups that AWS would make itself, to keep for ever and not encrypted with the stack's key."""
    return [
        aws.cloudwatch.LogGroup(name, name=name, retention_in_days=retention_days, kms_key_id=key_arn, opts=opts)
        for name in names
    ]


def final_snapshot(store: str, *, opts: pulumi.ResourceOptions | None = None) -> pulumi.Output[str]:
    """A name for the snapshot that is taken when the store is deleted. The snapshot stays, and a store that is made
    anew may be deleted again, so the name is used once."""
    suffix = random.RandomId(f"{store}-final-snapshot", byte_length=4, opts=opts)
    return pulumi.Output.concat(physical_name(f"{store}-final"), "-", suffix.hex)

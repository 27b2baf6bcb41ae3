"""Who may touch which part of the state's bucket.

Where the engine keeps what: github.com/pulumi/pulumi, pkg/backend/diy (stacks, their backups, history and locks).
"""

from collections.abc import Sequence

from components.iam import Statement, allow
from settings.project import PROJECT


def reads_state(bucket_arn: str, key_arn: str, stacks: Sequence[str]) -> list[Statement]:
    """To read the state of these stacks, with its secrets: the key is the same for all, the files are not."""
    files = [f"{bucket_arn}/.pulumi/{path}" for stack in stacks for path in _paths(stack)]
    return [
        allow(["s3:ListBucket"], bucket_arn),
        allow(["s3:GetObject"], [f"{bucket_arn}/.pulumi/meta.yaml", *files]),
        allow(["kms:Decrypt"], key_arn),
    ]


def writes_state(bucket_arn: str, key_arn: str, stack: str) -> list[Statement]:
    """To write the state of one stack, and to lock it."""
    files = [f"{bucket_arn}/.pulumi/{path}" for path in _paths(stack)]
    return [
        allow(["s3:DeleteObject", "s3:PutObject"], files),
        allow(["kms:Encrypt", "kms:GenerateDataKey"], key_arn),
        # Whatever the tags of the key are: its users stay those that the account's foundation names.
        {
            "Effect": "Deny",
            "Action": [
                *("kms:CreateGrant", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:TagResource"),
                *("kms:UntagResource",),
            ],
            "Resource": key_arn,
        },
    ]


def _paths(stack: str) -> Sequence[str]:
    return (
        f"stacks/{PROJECT}/{stack}.json*",
        f"backups/{PROJECT}/{stack}/*",
        f"history/{PROJECT}/{stack}/*",
        f"locks/organization/{PROJECT}/{stack}/*",
    )

"""How the settings name a secret, or a part of one: the forms that ECS takes, and one shorter form.

docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html (read 2026-11-27)
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from settings.base import Problem

ALLOWED = (
    "the ARN of a Secrets Manager secret, if need be with :<key of its JSON> behind it, or in ECS's form "
    "<arn>:<key>:<stage>:<version id>"
)
REFERENCE = re.compile(
    r"(?P<arn>arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:(?P<name>[A-Za-z0-9/_+=.@!-]+))"
    r"(:(?P<short_key>[!-9;-~]+)"
    r"|:(?P<key>[!-9;-~]*):(?P<stage>[!-9;-~]*):(?P<version>[A-Za-z0-9-]*))?"
)
REFERENCE_FORM = re.sub(r"\?P<\w+>", "", REFERENCE.pattern)
"""For editors, whose regular expressions know no names of groups."""
SUFFIX = re.compile(r".+-[A-Za-z0-9]{6}")
"""Secrets Manager adds a hyphen and six random characters to each name, and IAM compares them too:
docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html#secret-name"""
LIKE_A_WORD = re.compile(r"[a-z]{6}|[0-9]{6}")
VERSION_ID = re.compile(r"[A-Za-z0-9-]{32,64}")
"""docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html (VersionId)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretReference:
    """A secret, or a part of one.

    Attributes:
        arn: ARN of the secret, with its random suffix.
        key: Key of the JSON in it; None for the whole text.
        stage: Staging label of the version; None for the current one.
        version: Id of the version; None for the current one.
    """

    arn: str
    key: str | None = None
    stage: str | None = None
    version: str | None = None


def secret_reference(text: str) -> SecretReference:
    """What a checked reference names.

    Raises:
        ValueError: It is none; see `checked_reference`.
    """
    match = REFERENCE.fullmatch(text)
    if match is None:
        raise ValueError(f"allowed is {ALLOWED}")
    return SecretReference(
        arn=match["arn"],
        key=match["short_key"] or match["key"] or None,
        stage=match["stage"] or None,
        version=match["version"] or None,
    )


def checked_reference(text: str) -> str:
    """The text itself.

    Raises:
        ValueError: It names no secret, or with it no task could read the secret.
    """
    reference = secret_reference(text)
    name = reference.arn.rpartition(":")[2]
    if not SUFFIX.fullmatch(name):
        raise ValueError(
            f"given the ARN of {name} without its random suffix (a hyphen and six characters), with which IAM denies "
            f"every task; allowed is the ARN that `aws secretsmanager describe-secret --secret-id {name}` shows"
        )
    if reference.stage and reference.version:
        raise ValueError("ECS takes a stage or a version id of a secret, not both")
    if reference.version and not VERSION_ID.fullmatch(reference.version):
        raise ValueError("allowed as version id are 32 to 64 letters, digits and hyphens")
    return text


def doubtful_suffixes(references: Mapping[str, str]) -> Iterator[Problem]:
    """Warnings of secrets whose names may lack the suffix: `prod/api-secret` ends like one that has it.

    Args:
        references: Checked references by their keys in the settings.
    """
    for key, text in references.items():
        name = secret_reference(text).arn.rpartition(":")[2]
        if LIKE_A_WORD.fullmatch(name[-6:]):
            yield Problem(
                key=key,
                problem=f"{name[-6:]} at the end looks like a part of the secret's name; if it is no random suffix, "
                "IAM denies every task: compare it with the ARN that `aws secretsmanager describe-secret` shows",
            )

"""How the settings name a secret, or a part of one: the forms that ECS takes, and one shorter form.

docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html (read 2026-11-27). The parts of
an ARN: docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from settings.base import Problem
from settings.partition import REGION, partition_of

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
SERVICE = re.compile(r"[a-z][a-z0-9-]{0,40}")
ACCOUNT = re.compile(r"[0-9]{12}")
ARN_PARTS = 7
"""arn, partition, service, region, account, `secret`, name."""
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
        raise ValueError(f"{_what_is_wrong(text)}; allowed is {ALLOWED}")
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
    _, partition, _, region, _, _, name = reference.arn.split(":")
    if partition != (needed := partition_of(region).name):
        raise ValueError(f"given an ARN of {partition}; allowed in {region} are ARNs that begin with arn:{needed}:")
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


def _what_is_wrong(text: str) -> str:
    """Why a text is no reference, without the text: it may be the secret itself."""
    parts = text.split(":")
    if parts[0].strip() == "arn" and text != text.strip():
        return "given an ARN with spaces before or behind it"
    if parts[0] != "arn":
        return "given text that is not shown here, which is no ARN"
    service = parts[2] if len(parts) > 2 and SERVICE.fullmatch(parts[2]) else ""
    if service == "ssm":
        return "given the ARN of a parameter of Systems Manager, which this program does not give to tasks"
    if service and service != "secretsmanager":
        return f"given an ARN of {service}, which is not Secrets Manager"
    if service:
        return _what_is_wrong_with_secret(parts)
    return "given an ARN whose third part is no service"


def _what_is_wrong_with_secret(parts: Sequence[str]) -> str:
    named = [*parts, *[""] * ARN_PARTS][:ARN_PARTS]
    for place, is_right, wanted in (
        ("second", named[1].startswith("aws"), "aws, aws-cn or aws-us-gov"),
        ("fourth", REGION.fullmatch(named[3]), "a region such as ap-northeast-1"),
        ("fifth", ACCOUNT.fullmatch(named[4]), "an account of 12 digits"),
        ("sixth", named[5] == "secret", "the word secret"),
        ("seventh", named[6], "the name of the secret"),
    ):
        if not is_right:
            return f"given an ARN whose {place} part is not {wanted}: check for a colon too few or too many"
    behind = parts[ARN_PARTS:]
    if behind == [""]:
        return "given an ARN with a colon at its end; leave it out"
    if len(behind) == 2:
        return "given an ARN with two colons behind the secret's name; ECS takes three, as in <arn>:<key>::"
    if len(behind) > 3:
        return f"given an ARN with {len(behind)} colons behind the secret's name; ECS takes three, as in <arn>:<key>::"
    return "given an ARN with a character that no name, key, stage or version of a secret has"


def secrets_of_other_regions(references: Mapping[str, str], region: str, *, has_nat: bool) -> Iterator[Problem]:
    """What to know about secrets that are not in the stack's region.

    ECS asks for a secret in the region of its ARN (github.com/aws/amazon-ecs-agent, agent/taskresource/asmsecret),
    which AWS's page on secrets neither promises nor excludes. Without a NAT gateway nothing leads there: an interface
    endpoint is for one region (docs.aws.amazon.com/secretsmanager/latest/userguide/vpc-endpoint-overview.html).

    Args:
        references: Checked references by their keys in the settings.
        region: Region of the stack.
        has_nat: Whether tasks reach the internet. If not, each finding is a mistake, otherwise a warning.
    """
    for key, text in references.items():
        _, partition, _, other, _, _, name = secret_reference(text).arn.split(":")
        if other == region or partition != partition_of(region).name:
            continue
        replica = (
            f"a replica of it in {region} has an ARN of its own: `aws secretsmanager replicate-secret-to-regions "
            f"--region {other} --secret-id {name[:-7]} --add-replica-regions Region={region}`"
        )
        if has_nat:
            problem = f"{name} is in {other}: each start of a task then needs both regions; {replica}"
        else:
            problem = f"given {name} in {other}, which tasks do not reach with network.nat none; {replica}"
        yield Problem(key=key, problem=problem, involves=("network.nat",))


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

"""The secrets in the settings: they exist, have the JSON keys that tasks read, and a KMS key that tasks may use."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from botocore.exceptions import ClientError

from aws.caching import CachingClient
from aws.client import Json, part
from aws.errors import code_of, is_not_found
from story.doctor.finding import Finding, Severity, ok, unknown
from story.doctor.preflight.subject import Subject
from story.doctor.secrets import SECRETS, Read, evaluate_key, evaluate_secret, keys_of, name_of, reads

KEY = "aws:kms/key:Key"
GRANT_SETTING = "application.secret_key_arns"
"""Setting with the KMS keys with which tasks may decrypt secrets."""
DECRYPT = "kms:Decrypt"
MANAGED_ALIAS = "alias/aws/secretsmanager"
WHY = "tasks cannot start: ResourceInitializationError, AccessDeniedException"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferencedSecret:
    """A secret in the settings, as the tasks read it.

    Attributes:
        read: What the tasks read.
        granted: ARNs of the KMS keys that all execution roles that read it may use.
    """

    read: Read
    granted: frozenset[str]


def evaluate_encryption(read: Read, key: Json | None, granted: frozenset[str]) -> Finding | None:
    """Why a task cannot decrypt a secret; None if it can.

    A secret with the AWS managed key needs no permission for the key:
    docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html

    Args:
        read: What a task reads.
        key: The key's metadata from KMS; None for the AWS managed key `aws/secretsmanager`.
        granted: ARNs of the keys that the execution role may use.
    """
    if key is None or key.get("KeyManager") == "AWS":
        return None
    arn = str(key.get("Arn", ""))
    what = f"{read.variable}: {name_of(read.arn)} is encrypted with the key {arn}"
    if key.get("KeyState", "Enabled") != "Enabled":
        fix = f"`aws kms enable-key --key-id {arn}`, or use another key for the secret"
        return _error(f"{what}, which is {key.get('KeyState')}", fix)
    if arn not in granted:
        return _error(f"{what}, which the tasks' roles may not use", f"set {GRANT_SETTING}: [{arn}] in the stack file")
    return None


def evaluate_foreign(read: Read, owner: str) -> Finding:
    """Why a task cannot read a secret of another account with the AWS managed key:
    docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples_cross.html

    Args:
        read: What a task reads.
        owner: The account that has the secret.
    """
    return _error(
        f"{read.variable}: {name_of(read.arn)} of account {owner} is encrypted with the AWS managed key "
        "aws/secretsmanager, which other accounts cannot use",
        f"use a customer managed key whose policy allows this account, and set {GRANT_SETTING}: [the key's ARN]",
    )


def evaluate_unread_key(read: Read, arn: str) -> Finding:
    """The finding for a key of another account that the credentials cannot describe.

    Args:
        read: What a task reads.
        arn: ARN of the key, or of its alias; an alias cannot be used to allow a role to decrypt.
    """
    return unknown(
        SECRETS,
        "tasks",
        f"{read.variable}: {name_of(read.arn)} is encrypted with {arn}, which the credentials cannot describe; its "
        f"policy must allow this account, and {GRANT_SETTING} must have the ARN of the key (not of an alias)",
    )


def key_arn(key_id: str, secret_arn: str) -> str:
    """The ARN of the key, or of the alias, that a secret is encrypted with. KMS searches the caller's account for a
    key ID or an alias without an ARN, and another key may have that alias there:
    docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html

    Args:
        key_id: As DescribeSecret returns it: ARN, key ID or alias.
        secret_arn: ARN of the secret, which is in the account and region of the key.
    """
    if key_id.startswith("arn:"):
        return key_id
    _, partition, _, region, account = secret_arn.split(":")[:5]
    resource = key_id if key_id.startswith("alias/") else f"key/{key_id}"
    return f"arn:{partition}:kms:{region}:{account}:{resource}"


def secrets_of(subject: Subject) -> tuple[list[ReferencedSecret], list[str]]:
    """The secrets in the settings that tasks read, and those that are not in Secrets Manager."""
    text = "\n".join(subject.planned.config.values())
    granted: dict[Read, frozenset[str]] = {}
    elsewhere: set[str] = set()
    for definition in subject.planned.definitions().values():
        found, others = reads(definition)
        of_role = _granted(subject, str(definition.get("executionRoleArn", "")))
        for read in found:
            # The stack's own secrets are created by the update; their ARNs are not in the settings.
            if read.arn in text:
                granted[read] = granted.get(read, of_role) & of_role
        elsewhere |= {other for other in others if other in text}
    return [ReferencedSecret(read=read, granted=keys) for read, keys in granted.items()], sorted(elsewhere)


def check_elsewhere(subject: Subject) -> Iterator[Finding]:
    """Secrets that are not in Secrets Manager."""
    for value in secrets_of(subject)[1]:
        yield unknown(SECRETS, "tasks", f"{value}: it is not in Secrets Manager")


def check_secret(subject: Subject, one: ReferencedSecret) -> Iterator[Finding]:
    """One secret, asked for in its own region, as ECS does."""
    read = one.read
    region = read.arn.split(":")[3]
    aws = subject.aws if region == subject.region else subject.aws.in_region(region)
    secret = _described(aws, read.arn)
    if secret is None:
        fix = (
            "create it (`aws secretsmanager create-secret`), or correct its ARN in the settings: it ends with a hyphen "
            "and six characters"
        )
        yield _error(f"{read.variable}: the secret {name_of(read.arn)} does not exist in {region}", fix)
        return
    problem = evaluate_secret("tasks", read, secret)
    if problem:
        yield problem
        return
    # Both checks are made, even if access is denied for one of them.
    unreadable: list[ClientError] = []
    for check in (_encryption, _json_key):
        try:
            found = check(aws, subject.account, one, secret)
        except ClientError as error:
            unreadable.append(error)
        else:
            if found:
                yield found
                problem = found
    if unreadable:
        raise unreadable[0]
    if not problem:
        where = "" if region == subject.region else f", in {region}"
        yield ok(SECRETS, "tasks", f"{read.variable}: {name_of(read.arn)} can be read{where}")


def _encryption(aws: CachingClient, account: str, one: ReferencedSecret, secret: Json) -> Finding | None:
    key_id = str(secret.get("KmsKeyId") or "")
    owner = one.read.arn.split(":")[4]
    is_foreign = owner != account
    if is_foreign and (not key_id or key_id.endswith(MANAGED_ALIAS)):
        return evaluate_foreign(one.read, owner)
    if not key_id or (arn := key_arn(key_id, one.read.arn)) in one.granted:
        return None
    try:
        key = part(aws.call("kms", "describe_key", KeyId=arn), "KeyMetadata")
    except ClientError as error:
        if is_foreign and (is_not_found(error) or code_of(error) == "AccessDeniedException"):
            return evaluate_unread_key(one.read, arn)
        raise
    if is_foreign and key.get("KeyManager") == "AWS":
        return evaluate_foreign(one.read, owner)
    return evaluate_encryption(one.read, key, one.granted)


def _json_key(aws: CachingClient, _account: str, one: ReferencedSecret, _secret: Json) -> Finding | None:
    read = one.read
    if not read.key:
        return None
    version = {key: value for key, value in (("VersionStage", read.stage), ("VersionId", read.version)) if value}
    value = aws.uncached.call("secretsmanager", "get_secret_value", SecretId=read.arn, **version)
    return evaluate_key("tasks", read, keys_of(value.get("SecretString")))


def _granted(subject: Subject, role_arn: str) -> frozenset[str]:
    """The keys with which a role may decrypt by the policies of the program, and the stack's own key."""
    name = role_arn.rpartition("/")[2]
    found: set[str] = {
        str(arn)
        for one in subject.planned.all("aws:iam/rolePolicy:RolePolicy")
        if str(one.inputs.get("role", "")).removesuffix("-id") == name
        for statement in _statements(one.inputs)
        if DECRYPT in _listed(statement.get("Action")) and statement.get("Effect") == "Allow"
        for arn in _listed(statement.get("Resource"))
    }
    own = {str(part(one, "outputs").get("arn", "")) for one in subject.owned.resources if one.get("type") == KEY}
    return frozenset(found | own)


def _statements(policy: Json) -> Sequence[Json]:
    document: Any = json.loads(str(policy.get("policy") or "{}"))
    return cast(Sequence[Json], _listed(document.get("Statement")))


def _listed(value: Any) -> Sequence[Any]:
    """The value of a policy element as a list; a policy may have a single value instead."""
    return cast(Sequence[Any], value) if isinstance(value, list) else [value]


def _described(aws: CachingClient, arn: str) -> Json | None:
    try:
        return aws.call("secretsmanager", "describe_secret", SecretId=arn)
    except ClientError as error:
        if is_not_found(error):
            return None
        raise


def _error(what: str, fix: str) -> Finding:
    return Finding(area=SECRETS, subject="tasks", severity=Severity.ERROR, what=what, why=WHY, fix=fix)

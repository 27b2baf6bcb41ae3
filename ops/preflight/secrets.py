"""The secrets that the settings name: there, with the JSON keys that tasks read, and under a key that tasks may use."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from botocore.exceptions import ClientError  # pyright: ignore[reportMissingTypeStubs]

from ops.aws_account import Json, is_absence, part
from ops.doctor.asking import Asking
from ops.doctor.finding import Finding, Severity, ok, unknown
from ops.doctor.secrets import SECRETS, Read, judge_key, judge_secret, keys_of, name_of, reads
from ops.preflight.subject import Subject

KEY = "aws:kms/key:Key"
GRANT_SETTING = "application.secret_key_arns"
"""Setting that names the keys which tasks may decrypt secrets with."""
DECRYPT = "kms:Decrypt"
MANAGED_ALIAS = "alias/aws/secretsmanager"
WHY = "no task can start: ResourceInitializationError, AccessDeniedException"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A secret of the settings, as the tasks read it.

    Attributes:
        read: What they read.
        granted: ARNs of the keys that every execution role which reads it may decrypt with.
    """

    read: Read
    granted: frozenset[str]


def judge_encryption(read: Read, key: Json | None, granted: frozenset[str]) -> Finding | None:
    """What keeps a task from decrypting a secret; None if nothing does.

    A secret under the AWS managed key needs no right on it:
    docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html

    Args:
        read: What a task reads.
        key: The key's metadata as KMS describes it; None for the AWS managed key `aws/secretsmanager`.
        granted: ARNs of the keys that the execution role may decrypt with.
    """
    if key is None or key.get("KeyManager") == "AWS":
        return None
    arn = str(key.get("Arn", ""))
    told = f"{read.variable}: {name_of(read.arn)} is under the key {arn}"
    if key.get("KeyState", "Enabled") != "Enabled":
        cure = f"`aws kms enable-key --key-id {arn}`, or another key for the secret"
        return _error(f"{told}, which is {key.get('KeyState')}", cure)
    if arn not in granted:
        return _error(f"{told}, which the tasks' roles may not use", f"{GRANT_SETTING}: [{arn}] in the stack's file")
    return None


def judge_foreign(read: Read, owner: str) -> Finding:
    """What keeps a task from a secret of another account under the AWS managed key:
    docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples_cross.html

    Args:
        read: What a task reads.
        owner: The account that has the secret.
    """
    return _error(
        f"{read.variable}: {name_of(read.arn)} of the account {owner} is under the AWS managed key aws/secretsmanager, "
        "which no other account may use",
        f"put it under a customer managed key whose policy allows this account, and {GRANT_SETTING}: [the key's ARN]",
    )


def wanted(subject: Subject) -> tuple[list[Wanted], list[str]]:
    """The secrets that the settings name and tasks read, and those that are not in Secrets Manager."""
    text = "\n".join(subject.planned.config.values())
    granted: dict[Read, frozenset[str]] = {}
    elsewhere: set[str] = set()
    for definition in subject.planned.definitions().values():
        found, others = reads(definition)
        of_role = _granted(subject, str(definition.get("executionRoleArn", "")))
        for read in found:
            # The stack's own secrets are made by the update; their ARNs stand in no settings.
            if read.arn in text:
                granted[read] = granted.get(read, of_role) & of_role
        elsewhere |= {other for other in others if other in text}
    return [Wanted(read=read, granted=keys) for read, keys in granted.items()], sorted(elsewhere)


def check_elsewhere(subject: Subject) -> Iterator[Finding]:
    """Secrets that are kept somewhere else than in Secrets Manager."""
    for value in wanted(subject)[1]:
        yield unknown(SECRETS, "tasks", f"{value}: it is not in Secrets Manager")


def check_secret(subject: Subject, one: Wanted) -> Iterator[Finding]:
    """One secret, asked for in its own region, as ECS does."""
    read = one.read
    region = read.arn.split(":")[3]
    asking = subject.asking if region == subject.region else subject.asking.in_region(region)
    secret = _described(asking, read.arn)
    if secret is None:
        cure = "make it (`aws secretsmanager create-secret`), or mend its ARN in the settings: it ends in six letters"
        yield _error(f"{read.variable}: there is no secret {name_of(read.arn)} in {region}", cure)
        return
    wrong = judge_secret("tasks", read, secret)
    if wrong:
        yield wrong
        return
    # Beside one another: what may not be read of the one says nothing of the other.
    unreadable: list[ClientError] = []
    for look in (_encryption, _json_key):
        try:
            found = look(asking, subject.account, one, secret)
        except ClientError as error:
            unreadable.append(error)
        else:
            if found:
                yield found
                wrong = found
    if unreadable:
        raise unreadable[0]
    if not wrong:
        place = "" if region == subject.region else f", in {region}"
        yield ok(SECRETS, "tasks", f"{read.variable}: {name_of(read.arn)} can be read{place}")


def _encryption(asking: Asking, account: str, one: Wanted, secret: Json) -> Finding | None:
    key_id = str(secret.get("KmsKeyId") or "")
    owner = one.read.arn.split(":")[4]
    is_foreign = owner != account
    if is_foreign and (not key_id or key_id.endswith(MANAGED_ALIAS)):
        return judge_foreign(one.read, owner)
    if not key_id or key_id in one.granted:
        return None
    key = part(asking.ask("kms", "describe_key", KeyId=key_id), "KeyMetadata")
    if is_foreign and key.get("KeyManager") == "AWS":
        return judge_foreign(one.read, owner)
    return judge_encryption(one.read, key, one.granted)


def _json_key(asking: Asking, _account: str, one: Wanted, _secret: Json) -> Finding | None:
    read = one.read
    if not read.key:
        return None
    version = {key: value for key, value in (("VersionStage", read.stage), ("VersionId", read.version)) if value}
    value = asking.fresh("secretsmanager", "get_secret_value", SecretId=read.arn, **version)
    return judge_key("tasks", read, keys_of(value.get("SecretString")))


def _granted(subject: Subject, role_arn: str) -> frozenset[str]:
    """The keys that a role may decrypt with, by the policies that the program gives it, and the stack's own key."""
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
    """What a policy may write as one value or as a list of them."""
    return cast(Sequence[Any], value) if isinstance(value, list) else [value]


def _described(asking: Asking, arn: str) -> Json | None:
    try:
        return asking.ask("secretsmanager", "describe_secret", SecretId=arn)
    except ClientError as error:
        if is_absence(error):
            return None
        raise


def _error(what: str, cure: str) -> Finding:
    return Finding(area=SECRETS, subject="tasks", severity=Severity.ERROR, what=what, why=WHY, cure=cure)

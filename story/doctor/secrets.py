"""The secrets that tasks read: they exist, are not scheduled for deletion, and have the JSON keys that tasks read.

Only the names of the keys in a secret's value are used; the value is neither stored nor shown.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from botocore.exceptions import BotoCoreError, ClientError

from aws.client import Json, items, part
from aws.errors import is_not_found, reason
from story.doctor.context import DoctorContext
from story.doctor.finding import Finding, Severity, ok, unknown

SECRETS = "secrets"
CURRENT = "AWSCURRENT"
WHY = "running tasks continue, but new tasks cannot start: ResourceInitializationError"
ARN_PARTS = 7
MIGRATION = "migration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a container reads from a secret.

    Attributes:
        arn: ARN of the secret.
        key: JSON key; "" for the whole value.
        stage: Version stage; "" for the current one.
        version: Version ID; "" for none.
        variable: Environment variable that gets the value.
    """

    arn: str
    key: str = ""
    stage: str = ""
    version: str = ""
    variable: str = field(default="", compare=False)


def read_of(variable: str, value_from: str) -> Read | None:
    """What a `valueFrom` refers to; None if it is not a secret of Secrets Manager.

    Its form: docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
    """
    parts = value_from.split(":")
    if len(parts) < ARN_PARTS or parts[2] != "secretsmanager":
        return None
    key, stage, version = [*parts[ARN_PARTS:], "", "", ""][:3]
    return Read(arn=":".join(parts[:ARN_PARTS]), key=key, stage=stage, version=version, variable=variable)


def reads(definition: Json) -> tuple[list[Read], list[str]]:
    """The secrets that the containers of a task definition read, and values that are stored elsewhere."""
    references = [
        (str(one["name"]), str(one["valueFrom"]))
        for container in items(definition, "containerDefinitions")
        for one in (*items(container, "secrets"), *items(part(container, "logConfiguration"), "secretOptions"))
    ]
    found = [(value, read_of(name, value)) for name, value in references]
    return [one for _, one in found if one], sorted({value for value, one in found if one is None})


def name_of(arn: str) -> str:
    """The secret's name, with the suffix that AWS adds."""
    return arn.split(":")[-1]


def evaluate_secret(user: str, read: Read, secret: Json | None) -> Finding | None:
    """The problem of a secret itself; None if there is none.

    Args:
        user: The service that reads it.
        read: What the service reads.
        secret: As DescribeSecret returns it; None if it does not exist.
    """
    name = name_of(read.arn)
    if secret is None:
        return _error(
            user,
            f"{read.variable}: the secret {name} does not exist",
            "`pulumi up` creates the stack's own secrets again",
        )
    if secret.get("DeletedDate"):
        return _error(
            user,
            f"{read.variable}: the secret {name} is scheduled for deletion ({secret['DeletedDate']:%Y-%m-%d})",
            f"`aws secretsmanager restore-secret --secret-id {read.arn}`",
        )
    versions = cast(Mapping[str, Sequence[str]], secret.get("VersionIdsToStages") or {})
    stage = read.stage or CURRENT
    if read.version and read.version not in versions:
        return _error(user, f"{read.variable}: {name} has no version {read.version}", "name another version, or none")
    if not read.version and stage not in {one for stages in versions.values() for one in stages}:
        fix = f"`aws secretsmanager put-secret-value --secret-id {read.arn} ...` adds a value"
        return _error(user, f"{read.variable}: {name} has no version {stage}", fix)
    return None


def evaluate_key(user: str, read: Read, keys: frozenset[str] | None) -> Finding | None:
    """The problem of the JSON key that a container reads; None if there is none.

    Args:
        user: The service.
        read: What the service reads.
        keys: Names of the keys in the secret; None if it is not a JSON object.
    """
    if keys is None:
        problem = "is not a JSON object"
    elif read.key not in keys:
        problem = f"has only {', '.join(sorted(keys)) or 'no key'}"
    else:
        return None
    fix = f'store a JSON object with "{read.key}" in it, or name another key'
    return _error(user, f"{read.variable}: the task reads the key {read.key}, but {name_of(read.arn)} {problem}", fix)


def keys_of(value: str | None) -> frozenset[str] | None:
    """The names of a secret's keys; None if it is not a JSON object."""
    try:
        content: Any = json.loads(value or "")
    except ValueError:
        return None
    return frozenset(cast(Mapping[str, Any], content)) if isinstance(content, dict) else None


def evaluate_age(user: str, changed: Mapping[str, datetime], oldest_task: datetime | None) -> Finding | None:
    """Secrets that were changed after the tasks started; tasks read them only at their start.

    Args:
        user: The service.
        changed: Time of the last change of each secret, by name.
        oldest_task: Start of its oldest task; None if none is running.
    """
    newer = sorted(name for name, when in changed.items() if oldest_task and when > oldest_task)
    if not newer:
        return None
    return Finding(
        area=SECRETS,
        subject=user,
        severity=Severity.NOTE,
        what=f"changed after its oldest task started: {', '.join(newer)}",
        why="a task reads secrets when it starts, so older tasks still have the old values",
        fix="run `aws ecs update-service --force-new-deployment`, or wait for the next release",
    )


def check_service(context: DoctorContext, name: str) -> Iterator[Finding]:
    """The secrets of a service."""
    references, elsewhere = reads(context.definition_of(name))
    yield from _check_secrets(context, name, references, elsewhere)


def check_age(context: DoctorContext, name: str) -> Iterator[Finding]:
    """Whether the tasks of a service have the current values of its secrets."""
    references, _ = reads(context.definition_of(name))
    yield from _check_age(context, name, references)


def check_migration(context: DoctorContext) -> Iterator[Finding]:
    """The secrets of the migration."""
    references, elsewhere = reads(context.definition(context.live.migration_definition))
    yield from _check_secrets(context, MIGRATION, references, elsewhere)


def _check_secrets(
    context: DoctorContext, user: str, references: Sequence[Read], elsewhere: Sequence[str]
) -> Iterator[Finding]:
    for value in elsewhere:
        yield unknown(SECRETS, user, f"{value}: it is not in Secrets Manager")
    passed = 0
    for read in dict.fromkeys(references):
        finding = _check_secret(context, user, read)
        passed += finding is None
        if finding:
            yield finding
    if passed:
        yield ok(SECRETS, user, f"{passed} secrets exist, with the keys that it reads")


def _check_secret(context: DoctorContext, user: str, read: Read) -> Finding | None:
    try:
        secret: Json | None = _described(context, read.arn)
    except (BotoCoreError, ClientError) as error:
        return unknown(SECRETS, user, f"{read.variable} in {name_of(read.arn)}: {reason(error)}")
    problem = evaluate_secret(user, read, secret)
    if problem or not read.key:
        return problem
    version = {key: value for key, value in (("VersionStage", read.stage), ("VersionId", read.version)) if value}
    try:
        keys = keys_of(
            context.aws.uncached.call("secretsmanager", "get_secret_value", SecretId=read.arn, **version).get(
                "SecretString"
            )
        )
    except (BotoCoreError, ClientError) as error:
        return unknown(SECRETS, user, f"the keys of {name_of(read.arn)}: {reason(error)}")
    return evaluate_key(user, read, keys)


def _check_age(context: DoctorContext, user: str, references: Sequence[Read]) -> Iterator[Finding]:
    changed: dict[str, datetime] = {}
    for arn in {read.arn for read in references}:
        try:
            secret = _described(context, arn)
        except (BotoCoreError, ClientError):
            continue
        if secret and secret.get("LastChangedDate"):
            changed[name_of(arn)] = secret["LastChangedDate"]
    began = [task["startedAt"] for task in context.tasks(user) if task.get("startedAt")]
    finding = evaluate_age(user, changed, min(began, default=None))
    if finding:
        yield finding


def _described(context: DoctorContext, arn: str) -> Json | None:
    try:
        return context.aws.call("secretsmanager", "describe_secret", SecretId=arn)
    except ClientError as error:
        if is_not_found(error):
            return None
        raise


def _error(user: str, what: str, fix: str) -> Finding:
    return Finding(area=SECRETS, subject=user, severity=Severity.ERROR, what=what, why=WHY, fix=fix)

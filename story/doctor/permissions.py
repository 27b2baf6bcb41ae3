"""What a role may do, read from its policies.

Read, not simulated: `iam:SimulatePrincipalPolicy` is a right that few have, and it does not know of conditions either.
How statements are weighed: docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, cast

from aws.caching import CachingClient
from aws.client import Json, items, part


class Allowed(StrEnum):
    """Whether something is allowed."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """It hangs on a condition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolePermissions:
    """The policies of a role.

    Attributes:
        role: Its name.
        policies: What it is given.
        boundary: What it may do at most; None without a boundary.
    """

    role: str
    policies: Sequence[Json]
    boundary: Json | None = field(default=None)

    def evaluate(self, action: str, resource: str = "*") -> Allowed:
        """Whether the role may do something.

        Args:
            action: Such as `kms:Decrypt`.
            resource: ARN; `*` for actions that know no resource.
        """
        given = evaluate_policies(self.policies, action, resource)
        bounded = Allowed.YES if self.boundary is None else evaluate_policies([self.boundary], action, resource)
        if Allowed.NO in (given, bounded):
            return Allowed.NO
        return Allowed.UNKNOWN if Allowed.UNKNOWN in (given, bounded) else Allowed.YES


def evaluate_policies(policies: Iterable[Json], action: str, resource: str) -> Allowed:
    """What policies together say of an action on a resource: a denial counts over every permission."""
    fitting = [one for policy in policies for one in _statements(policy) if _fits(one, action, resource)]
    denials = [one for one in fitting if one.get("Effect") == "Deny"]
    if any(not one.get("Condition") for one in denials):
        return Allowed.NO
    permissions = [one for one in fitting if one.get("Effect") == "Allow"]
    if not permissions:
        return Allowed.NO
    if denials or all(one.get("Condition") for one in permissions):
        return Allowed.UNKNOWN
    return Allowed.YES


def permissions_of(aws: CachingClient, role_arn: str) -> RolePermissions:
    """The policies of a role, its own and the attached ones.

    Args:
        aws: The account.
        role_arn: ARN of the role.
    """
    name = role_arn.rpartition("/")[2]
    role = part(aws.call("iam", "get_role", RoleName=name), "Role")
    own = [
        _document(aws.call("iam", "get_role_policy", RoleName=name, PolicyName=policy).get("PolicyDocument"))
        for policy in aws.paginate("iam", "list_role_policies", "PolicyNames", RoleName=name)
    ]
    attached = [
        _managed(aws, str(policy["PolicyArn"]))
        for policy in aws.paginate("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name)
    ]
    boundary = part(role, "PermissionsBoundary").get("PermissionsBoundaryArn")
    return RolePermissions(
        role=name, policies=[*own, *attached], boundary=_managed(aws, boundary) if boundary else None
    )


def _managed(aws: CachingClient, arn: str) -> Json:
    policy = part(aws.call("iam", "get_policy", PolicyArn=arn), "Policy")
    answer = aws.call("iam", "get_policy_version", PolicyArn=arn, VersionId=policy["DefaultVersionId"])
    return _document(part(answer, "PolicyVersion").get("Document"))


def _document(content: Any) -> Json:
    return cast(Json, json.loads(content) if isinstance(content, str) else content or {})


def _statements(policy: Json) -> Sequence[Json]:
    found: Any = policy.get("Statement") or ()
    return [cast(Json, found)] if isinstance(found, dict) else items(policy, "Statement")


def _fits(statement: Json, action: str, resource: str) -> bool:
    if "NotAction" in statement:
        acts = not _any_like(statement["NotAction"], action.lower(), lower=True)
    else:
        acts = _any_like(statement.get("Action"), action.lower(), lower=True)
    if "NotResource" in statement:
        return acts and not _any_like(statement["NotResource"], resource)
    return acts and _any_like(statement.get("Resource"), resource)


def _any_like(patterns: Any, text: str, *, lower: bool = False) -> bool:
    listed = [patterns] if isinstance(patterns, str) else cast(Sequence[str], patterns or ())
    return any(_like(pattern.lower() if lower else pattern, text) for pattern in listed)


def _like(pattern: str, text: str) -> bool:
    """`*` is any text, `?` any letter:
    docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html"""
    expression = "".join(".*" if one == "*" else "." if one == "?" else re.escape(one) for one in pattern)
    return re.fullmatch(expression, text, re.DOTALL) is not None

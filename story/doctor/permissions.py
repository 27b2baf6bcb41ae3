"""The permissions of a role, read from its policies.

They are read, not simulated: few roles may call `iam:SimulatePrincipalPolicy`, and it does not know the values of
conditions either. How policies are evaluated:
docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
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
    """Whether an action is allowed."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """It depends on a condition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolePermissions:
    """The policies of a role.

    Attributes:
        role: Its name.
        policies: Its own and attached policies.
        boundary: Its permissions boundary; None without one.
    """

    role: str
    policies: Sequence[Json]
    boundary: Json | None = field(default=None)

    def evaluate(self, action: str, resource: str = "*") -> Allowed:
        """Whether the role is allowed to call an action.

        Args:
            action: Such as `kms:Decrypt`.
            resource: ARN; `*` for actions without resources.
        """
        granted = evaluate_policies(self.policies, action, resource)
        bounded = Allowed.YES if self.boundary is None else evaluate_policies([self.boundary], action, resource)
        if Allowed.NO in (granted, bounded):
            return Allowed.NO
        return Allowed.UNKNOWN if Allowed.UNKNOWN in (granted, bounded) else Allowed.YES


def evaluate_policies(policies: Iterable[Json], action: str, resource: str) -> Allowed:
    """Whether policies together allow an action on a resource; an explicit deny overrides every allow."""
    matching = [one for policy in policies for one in _statements(policy) if _matches(one, action, resource)]
    denials = [one for one in matching if one.get("Effect") == "Deny"]
    if any(not one.get("Condition") for one in denials):
        return Allowed.NO
    permissions = [one for one in matching if one.get("Effect") == "Allow"]
    if not permissions:
        return Allowed.NO
    if denials or all(one.get("Condition") for one in permissions):
        return Allowed.UNKNOWN
    return Allowed.YES


def permissions_of(aws: CachingClient, role_arn: str) -> RolePermissions:
    """The permissions of a role.

    Args:
        aws: Client for the account.
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
    response = aws.call("iam", "get_policy_version", PolicyArn=arn, VersionId=policy["DefaultVersionId"])
    return _document(part(response, "PolicyVersion").get("Document"))


def _document(content: Any) -> Json:
    return cast(Json, json.loads(content) if isinstance(content, str) else content or {})


def _statements(policy: Json) -> Sequence[Json]:
    found: Any = policy.get("Statement") or ()
    return [cast(Json, found)] if isinstance(found, dict) else items(policy, "Statement")


def _matches(statement: Json, action: str, resource: str) -> bool:
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
    """`*` matches any text, `?` any character:
    docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html"""
    expression = "".join(".*" if one == "*" else "." if one == "?" else re.escape(one) for one in pattern)
    return re.fullmatch(expression, text, re.DOTALL) is not None

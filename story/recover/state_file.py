"""The state of a stack, as `pulumi stack export` writes it: interrupted operations, resources, and the repair."""

import copy
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

AWS_PROVIDER = "pulumi:providers:aws"
ACCOUNT_IN_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{12}):")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """An interrupted operation: the engine began it, and its end is not recorded.

    Attributes:
        kind: `creating`, `updating`, `deleting`, or another type of operation of the engine.
        urn: URN of the resource.
        type: Its type, such as `aws:ec2/vpc:Vpc`.
        name: Its name in the program.
        inputs: The inputs that the provider got, including automatic names.
        provider: URN of its provider, without the id.
    """

    kind: str
    urn: str
    type: str
    name: str
    inputs: Mapping[str, Any]
    provider: str

    @property
    def stack(self) -> str:
        """Name of the stack: `urn:pulumi:<stack>::<project>::...`."""
        return self.urn.split("::", 1)[0].rsplit(":", 1)[-1]

    @property
    def label(self) -> str:
        """Short type and name, such as `Vpc network`."""
        return f"{self.type.rsplit(':', 1)[-1]} {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Region, profile and default tags of a provider.

    Attributes:
        region: AWS region; None takes it from the environment.
        profile: Profile of AWS's configuration files; None takes it from the environment.
        default_tags: Tags that every resource gets.
    """

    region: str | None
    profile: str | None
    default_tags: Mapping[str, str]


class StateFile:
    """An exported state.

    Attributes:
        document: The whole export.
        resources: The recorded resources.
        pending: The interrupted operations, and others that are to be handled like them.
    """

    document: Mapping[str, Any]
    resources: Sequence[Mapping[str, Any]]
    pending: Sequence[Pending]

    def __init__(self, document: Mapping[str, Any], more: Sequence[Mapping[str, Any]] = ()) -> None:
        """Read an export.

        Args:
            document: The whole export.
            more: Operations to handle like interrupted ones, in the format of the export.
        """
        deployment = _mapping(document.get("deployment"))
        self.document = document
        self.resources = _list(deployment.get("resources"))
        self._operations = [*_list(deployment.get("pending_operations")), *more]
        self.pending = [_pending(operation) for operation in self._operations]

    @property
    def creates(self) -> list[Pending]:
        """The interrupted creations."""
        return [pending for pending in self.pending if pending.kind == "creating"]

    @property
    def urns(self) -> frozenset[str]:
        """The URNs of all recorded resources."""
        return frozenset(resource["urn"] for resource in self.resources)

    @property
    def unread(self) -> list[str]:
        """URNs of adopted resources that were not read from AWS yet."""
        return [
            resource["urn"]
            for resource in self.resources
            if resource.get("custom") and resource.get("id") and resource.get("inputs") and not resource.get("outputs")
        ]

    @property
    def recorded(self) -> frozenset[str]:
        """The ids and ARNs of all recorded resources."""
        return frozenset(
            value
            for resource in self.resources
            for value in (resource.get("id"), _mapping(resource.get("outputs")).get("arn"))
            if isinstance(value, str) and value
        )

    @property
    def account_id(self) -> str | None:
        """The account of the stack, from the first recorded ARN; None without one."""
        for resource in self.resources:
            found = ACCOUNT_IN_ARN.match(str(_mapping(resource.get("outputs")).get("arn", "")))
            if found and found.group(1) and str(resource.get("type", "")).startswith("aws:"):
                return found.group(1)
        return None

    @property
    def has_image(self) -> bool:
        """Whether an update of this stack has succeeded, so that its image is recorded."""
        stacks = [resource for resource in self.resources if resource["type"] == "pulumi:pulumi:Stack"]
        return any(_mapping(stack.get("outputs")).get("image") for stack in stacks)

    @property
    def region(self) -> str | None:
        """The region of the stack's AWS provider, or None if none is recorded."""
        found = [_mapping(one.get("inputs")).get("region") for one in self.resources if one["type"] == AWS_PROVIDER]
        return next(filter(None, map(_text, found)), None)

    def provider(self, urn: str) -> Provider:
        """A provider as it is recorded."""
        found = [resource for resource in self.resources if resource["urn"] == urn]
        inputs = _mapping(found[0].get("inputs")) if found else {}
        return Provider(
            region=_text(inputs.get("region")),
            profile=_text(inputs.get("profile")),
            default_tags=_default_tags(inputs.get("defaultTags")),
        )

    def tags_of(self, pending: Pending) -> dict[str, str]:
        """All tags of an operation, including the default tags of its provider."""
        given: dict[str, str] = pending.inputs.get("tags") or {}
        return {**self.provider(pending.provider).default_tags, **given}

    def ids(self, urns: Sequence[str]) -> dict[str, str]:
        """The ids of those resources that are recorded and were read from AWS, by URN."""
        return {
            resource["urn"]: resource["id"]
            for resource in self.resources
            if resource["urn"] in urns and resource.get("outputs") and not resource.get("delete")
        }

    def repaired(self, adopted: Mapping[str, str]) -> dict[str, Any]:
        """The export without interrupted operations.

        Args:
            adopted: URNs of creations whose object exists, with the id that the provider imports it by. They become
                resources, with the parent, the dependencies and the protection that the program gave them. Their
                outputs are left out, because a provider imports a resource that has none.
        """
        document = copy.deepcopy(cast(dict[str, Any], self.document))
        deployment = document["deployment"]
        deployment.pop("pending_operations", None)
        resources: list[dict[str, Any]] = deployment.get("resources") or []
        for operation in copy.deepcopy(self._operations):
            resource = operation["resource"]
            identifier = adopted.get(resource["urn"])
            if identifier is None or operation["type"] != "creating":
                continue
            resources = _without_predecessor(resources, resource["urn"])
            resources.append({**resource, "id": identifier})
        deployment["resources"] = list(_in_order(resources))
        return document


def _without_predecessor(resources: Sequence[dict[str, Any]], urn: str) -> list[dict[str, Any]]:
    """Without the resource that a replacement replaces, or with it marked for deletion, as the engine leaves it."""
    kept = [
        resource
        for resource in resources
        if not (resource["urn"] == urn and resource.get("pendingReplacement") and not resource.get("delete"))
    ]
    return [{**resource, "delete": True} if resource["urn"] == urn else resource for resource in kept]


def _in_order(resources: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The same resources in the order that Pulumi requires: each after those that it refers to."""
    by_urn: dict[str, list[dict[str, Any]]] = {}
    for resource in resources:
        by_urn.setdefault(resource["urn"], []).append(resource)
    seen: set[int] = set()
    for resource in resources:
        stack = [(resource, iter(_references(resource)))]
        if id(resource) in seen:
            continue
        seen.add(id(resource))
        while stack:
            current, references = stack[-1]
            following = next(
                (found for urn in references for found in by_urn.get(urn, ()) if id(found) not in seen), None
            )
            if following is None:
                stack.pop()
                yield current
            else:
                seen.add(id(following))
                stack.append((following, iter(_references(following))))


def _references(resource: Mapping[str, Any]) -> list[str]:
    found = [
        resource.get("parent"),
        _without_id(resource.get("provider") or ""),
        resource.get("deletedWith"),
        *_list(resource.get("dependencies")),
        *_list(resource.get("replaceWith")),
        *(urn for urns in _mapping(resource.get("propertyDependencies")).values() for urn in _list(urns)),
    ]
    return [urn for urn in found if urn]


def _pending(operation: Mapping[str, Any]) -> Pending:
    resource = operation["resource"]
    return Pending(
        kind=operation["type"],
        urn=resource["urn"],
        type=resource["type"],
        name=resource["urn"].rsplit("::", 1)[-1],
        inputs=_mapping(resource.get("inputs")),
        provider=_without_id(resource.get("provider") or ""),
    )


def _without_id(provider: str) -> str:
    """`urn:...::name` of `urn:...::name::id`."""
    return provider.rsplit("::", 1)[0]


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _default_tags(value: Any) -> dict[str, str]:
    """The tags in a provider's `defaultTags`, which the state holds as JSON text of an object or of a list with one."""
    block: Any = json.loads(value) if isinstance(value, str) and value[:1] in ("{", "[") else value
    first = next(iter(_list(block)), block)
    return {key: str(text) for key, text in _mapping(_mapping(first).get("tags")).items()}


def _mapping(value: Any) -> dict[str, Any]:
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return cast(list[Any], value) if isinstance(value, list) else []

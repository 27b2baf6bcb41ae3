"""The settings as a page for people: every key with its type, its default and what it means."""

import inspect
import json
import types
import typing
from collections.abc import Iterator
from enum import Enum
from typing import Any

from pydantic.fields import FieldInfo

from settings.base import Spec

HEAD = """# Settings

Write into `Pulumi.<stack>.yaml`, below `config:`, the keys whose defaults do not fit; leave out all others.
Made from the specs by `story docs`; do not edit.
"""


def settings_reference(settings: type[Spec], prefix: str) -> str:
    """The page for all keys of `settings`, which stand as `<prefix>:<key>` in a stack file."""
    return "\n".join([HEAD, *_simple_keys(settings, prefix), *_sections(settings, f"{prefix}:"), ""])


def _simple_keys(settings: type[Spec], prefix: str) -> Iterator[str]:
    plain = {name: field for name, field in settings.model_fields.items() if _spec_of(field.annotation) is None}
    if plain:
        yield from _table(plain, f"{prefix}:")
        yield ""


def _sections(spec: type[Spec], path: str) -> Iterator[str]:
    for name, field in spec.model_fields.items():
        inner = _spec_of(field.annotation)
        if inner is None:
            continue
        key = f"{path}{name}" + (".<name>" if _is_map(field.annotation) else "")
        yield f"## `{key}`"
        yield ""
        yield _sentence(field.description or inspect.getdoc(inner))
        yield ""
        yield from _table(inner.model_fields, "")
        yield ""
        yield from _sections(inner, f"{key}.")


def _table(fields: dict[str, FieldInfo], prefix: str) -> Iterator[str]:
    yield "| key | default | what it is |"
    yield "| --- | --- | --- |"
    for name, field in fields.items():
        inner = _spec_of(field.annotation)
        default = "see below" if inner else _default(field)
        yield f"| `{prefix}{name}` | {default} | {_sentence(field.description)} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None:
        return "none"
    plain = value.value if isinstance(value, Enum) else value
    return f"`{json.dumps(plain, ensure_ascii=False)}`"


def _sentence(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


def _spec_of(annotation: Any) -> type[Spec] | None:
    """The spec that a field holds: itself, an optional one, or one by name."""
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        return annotation
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) in (types.UnionType, typing.Union, dict):
        return next((spec for argument in arguments if (spec := _spec_of(argument))), None)
    return None


def _is_map(annotation: Any) -> bool:
    return typing.get_origin(annotation) is dict

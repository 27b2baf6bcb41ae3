"""The keys that Pulumi.yaml declares: each with its type, what it is about, and its default."""

import json
import typing
from collections.abc import Iterator
from typing import Any, cast

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from settings.base import Spec


def declared_keys(settings: type[Spec], prefix: str) -> str:
    """The block `config` of Pulumi.yaml.

    Args:
        settings: All keys of the project.
        prefix: What they begin with, the project's name.
    """
    return "\n".join(line for name, field in settings.model_fields.items() for line in _lines(name, field, prefix))


def _lines(name: str, field: FieldInfo, prefix: str) -> Iterator[str]:
    value = field.get_default(call_default_factory=True, validated_data={})
    yield f"  {prefix}:{name}:"
    yield f"    type: {'boolean' if isinstance(value, bool) else 'object'}"
    yield f"    description: {json.dumps(_first_sentence(field.description or ''), ensure_ascii=False)}"
    yield f"    default: {json.dumps(_given(value))}"


def _first_sentence(text: str) -> str:
    return " ".join(text.split()).partition(". ")[0].removesuffix(".")


def _given(value: Any) -> Any:
    """A default as a person would write it: of a section, only what differs from the section's own defaults."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_defaults=True)
    if typing.get_origin(type(value)) is dict or isinstance(value, dict):
        return {key: _given(inner) for key, inner in cast(dict[str, Any], value).items()}
    return value

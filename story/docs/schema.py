"""The JSON schema of a stack file, for completion and checks in editors."""

import json
import re
from typing import Any, cast

from settings.base import Spec

AWS_KEYS: dict[str, Any] = {
    "aws:region": {
        "type": "string",
        "pattern": "^[a-z]{2}(-[a-z]+)+-[0-9]$",
        "description": "AWS region, such as ap-northeast-1. The one key that has no default.",
    },
    "aws:defaultTags": {
        "type": "object",
        "description": "Tags that everything gets.",
        "properties": {"tags": {"type": "object", "additionalProperties": {"type": "string"}}},
        "additionalProperties": False,
    },
}
PULUMIS_OWN: dict[str, Any] = {
    "environment": {"description": "Pulumi ESC environments."},
    "secretsprovider": {"type": "string", "description": "What encrypts the state's secrets; Pulumi writes it."},
    "encryptedkey": {"type": "string", "description": "Written by Pulumi."},
    "encryptionsalt": {"type": "string", "description": "Written by Pulumi."},
}


def stack_file_schema(settings: type[Spec], prefix: str) -> str:
    """JSON schema of `Pulumi.<stack>.yaml`, as text.

    Args:
        settings: All keys of the project.
        prefix: What they begin with: `story`.
    """
    schema = cast(dict[str, Any], _tidy(settings.model_json_schema(ref_template="#/definitions/{model}")))
    keys = {f"{prefix}:{name}": _rewritten(node) for name, node in schema["properties"].items()}
    unknown = f"^{prefix}:(?!({'|'.join(map(re.escape, settings.model_fields))})$)"
    config = {
        "type": ["object", "null"],
        "properties": {**AWS_KEYS, **keys},
        "patternProperties": {unknown: False},
        "required": ["aws:region"],
    }
    document = {
        # Draft 7 is what the YAML language server knows best.
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Settings of a stack",
        "type": "object",
        "properties": {"config": config, **PULUMIS_OWN},
        "required": ["config"],
        "additionalProperties": False,
        "definitions": schema["$defs"],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _rewritten(node: dict[str, Any]) -> dict[str, Any]:
    """With what Pulumi makes of a value when it writes the file anew: `false` becomes text, but not below a map."""
    if node.get("type") != "boolean":
        return node
    return {**node, "type": ["boolean", "string"], "enum": [True, False, "true", "false"]}


def _noise(key: str, value: Any) -> bool:
    """Titles that only repeat a name, and defaults of whole maps: those of their keys say it."""
    if key == "title":
        return isinstance(value, str)
    return key == "default" and (value is None or (isinstance(value, dict) and bool(cast(object, value))))


def _tidy(node: Any) -> Any:
    """Without noise, and with wrong names in a map refused."""
    if isinstance(node, list):
        return [_tidy(item) for item in cast(list[Any], node)]
    if not isinstance(node, dict):
        return node
    fields = cast(dict[str, Any], node)
    tidy = {key: _tidy(value) for key, value in fields.items() if not _noise(key, value)}
    if "patternProperties" in tidy:
        tidy["additionalProperties"] = False
    if "$ref" in tidy:
        # Draft 7 ignores whatever stands beside a reference.
        return {"allOf": [{"$ref": tidy.pop("$ref")}], **tidy} if len(tidy) > 1 else tidy
    return tidy

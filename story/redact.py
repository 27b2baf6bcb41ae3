"""Hides values that look like secrets. The engine masks the values that are marked as secrets; this module masks the
others."""

import re
from typing import Any, cast

from settings.rules.secret_names import looks_secret
from settings.rules.secret_values import PASSWORD_IN_URL, SECRET_VALUE
from story.plan.recorder import SECRET

ASSIGNED = re.compile(
    r"""\b([A-Za-z0-9_.-]{0,60}(?:password|passwd|secret|token|api_?key|access_?key)["']?\s*(?:=|:(?=[\s"']))\s*)"""
    r"""("[^"]*"|'[^']*'|[^\s,;)&"']+)""",
    re.IGNORECASE,
)
NAMES_A_SECRET = re.compile(r"arn:aws[a-z-]*:secretsmanager:[^\s\"']+")


def redacted(text: str) -> str:
    """The text with `[secret]` in place of everything that looks like a secret. ARNs of secrets stay."""
    text = SECRET_VALUE.sub(SECRET, text)
    text = PASSWORD_IN_URL.sub(f"{SECRET}@", text)
    return ASSIGNED.sub(lambda match: match[0] if _harmless(match[2]) else f"{match[1]}{SECRET}", text)


def hidden(value: Any, key: str = "") -> Any:
    """A value with `[secret]` in place of text that is, or is named like, a secret.

    Args:
        value: A value as JSON has it.
        key: Name of the value.
    """
    match value:
        case dict():
            fields = cast(dict[str, Any], value)
            called = fields.get("name")
            if isinstance(called, str) and "value" in fields:
                # The environment of a container is a list of such pairs.
                return {name: hidden(item, called if name == "value" else name) for name, item in fields.items()}
            return {name: hidden(item, str(name)) for name, item in fields.items()}
        case list():
            return [hidden(item, key) for item in cast(list[Any], value)]
        case str() if named_like_a_secret(key) and not _harmless(value):
            return SECRET
        case str():
            return redacted(value)
        case _:
            return value


def named_like_a_secret(key: str) -> bool:
    """Whether something of this name is a secret; `apiKey` is one as well as `API_KEY`."""
    return looks_secret(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).replace("-", "_"))


def _harmless(value: str) -> bool:
    value = value.strip("\"'")
    return not value or value in (SECRET, "<unknown>") or bool(NAMES_A_SECRET.fullmatch(value))

"""Reads stack files as Pulumi's engine does: the same YAML, the same default namespace, the same values.

Observed with the engine 3.259: `yes` is text and `010` is 8; 8.0 is passed as 8; a key without a namespace belongs to
the project; an empty value is passed as empty text; maps and lists are passed as JSON; encrypted values come with the
names of their top-level keys.
"""

import difflib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from settings.checking import printable
from settings.project import PROJECT

NAME = re.compile(r"Pulumi\.(?P<stack>[^/]+)\.yaml")
KNOWN_KEYS = ("config", "environment", "secretsprovider", "encryptedkey", "encryptionsalt")
SECRET = "[secret]"
TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True, kw_only=True)
class StackFile:
    """One stack file.

    Attributes:
        stack: Name of the stack, from the file's name.
        config: Text by full key, as the engine passes it to a program.
        secret_keys: Keys of `config` that hold encrypted values; their text is `[secret]`.
        mistakes: Why the file cannot be read, one line each; `config` is empty in that case.
    """

    stack: str
    config: Mapping[str, str]
    secret_keys: Sequence[str] = ()
    mistakes: Sequence[str] = ()


class _UnreadableError(Exception):
    """The whole file cannot be read; the message is the line to show."""


class _Loader(yaml.SafeLoader):
    """YAML as Go's yaml.v3 reads it, which Pulumi uses; not YAML 1.1, where `no` is false and 12:30 is 750."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - PyYAML's own way to begin without its resolvers

    def construct_mapping(self, node: yaml.Node, deep: bool = False) -> dict[Any, Any]:
        keys: set[Any] = set()
        for key_node, _ in cast(list[tuple[yaml.Node, yaml.Node]], node.value):
            if not isinstance(key_node, yaml.ScalarNode):
                continue
            if (key := key_node.value) in keys:
                raise yaml.MarkedYAMLError(problem=f"{key} is given twice", problem_mark=key_node.start_mark)
            keys.add(key)
        return super().construct_mapping(cast(yaml.MappingNode, node), deep=deep)


def _integer(loader: _Loader, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node)).replace("_", "")
    return int(re.sub(r"^([+-]?)0(?=[0-7])", r"\g<1>0o", text), 0)


_Loader.add_constructor(f"{TAG}int", _integer)
for tag, pattern, first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|0o?[0-7_]+|0b[01_]+)", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", None),
    ("merge", r"<<", ["<"]),
):
    _Loader.add_implicit_resolver(  # pyright: ignore[reportUnknownMemberType] - untyped in PyYAML
        f"{TAG}{tag}", re.compile(f"^(?:{pattern})$"), first or list("-+0123456789.")
    )


def stack_of(path: Path) -> str | None:
    """Name of the stack that a file belongs to, or None if it is not named like a stack file."""
    match = NAME.fullmatch(path.name)
    return match["stack"] if match else None


def read_stack_file(path: Path, project: str = PROJECT, stack: str | None = None) -> StackFile:
    """The config in a stack file, or why it cannot be read.

    Args:
        path: The file.
        project: Name of the project.
        stack: Name of the stack; None reads it from the file's name.

    Raises:
        ValueError: No stack is given, and the file is not named like a stack file.
        OSError: The file cannot be opened.
    """
    stack = stack or stack_of(path)
    if stack is None:
        raise ValueError(f"{path.name} is not named Pulumi.<stack>.yaml")
    content = path.read_bytes()
    try:
        values = _config(content, project)
        config = {key: _text(key, value) for key, value in values.items()}
    except _UnreadableError as mistake:
        return StackFile(stack=stack, config={}, mistakes=[printable(f"{path.name}: {mistake}")])
    return StackFile(
        stack=stack, config=config, secret_keys=[key for key, value in values.items() if _holds_secret(value)]
    )


def _config(content: bytes, project: str) -> dict[str, Any]:
    document = _parsed(content)
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise _UnreadableError(f"given {_kind(document)}; allowed is a map with the key config")
    fields = {str(key): value for key, value in cast(dict[Any, Any], document).items()}
    for key in fields:
        if key not in KNOWN_KEYS:
            near = difflib.get_close_matches(key, KNOWN_KEYS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"put settings below config, each with the prefix {project}:"
            raise _UnreadableError(f"{key}: unknown key; {hint}")
    config = fields.get("config")
    if config is None:
        return {}
    if not isinstance(config, dict):
        raise _UnreadableError(f"config: given {_kind(config)}; allowed is a map of keys such as {project}:web")
    named: dict[str, Any] = {}
    for key, value in cast(dict[Any, Any], config).items():
        full = str(key) if ":" in str(key) else f"{project}:{key}"
        if full in named:
            raise _UnreadableError(f"{full} is given twice, once without {project}:")
        named[full] = value
    return named


def _parsed(content: bytes) -> Any:
    try:
        return yaml.load(content.decode("utf-8"), Loader=_Loader)
    except UnicodeDecodeError:
        raise _UnreadableError("it is not text in UTF-8") from None
    except RecursionError:
        raise _UnreadableError("its values are nested too deeply") from None
    except yaml.MarkedYAMLError as error:
        raise _UnreadableError(_where(error) + _why(error)) from None
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, AttributeError, KeyError) as error:
        # PyYAML raises these for invalid values with explicit tags, such as `!!int x`.
        raise _UnreadableError(f"it is not valid YAML ({type(error).__name__})") from None


def _where(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    return f"line {mark.line + 1}: " if mark else ""


def _why(error: yaml.MarkedYAMLError) -> str:
    problem = " ".join((error.problem or "not YAML").split())
    if problem == "mapping values are not allowed here":
        # PyYAML's words; the line is often a secret in ECS's form, `arn:...:key::`.
        return "a value that ends with a colon or holds a colon with a space behind it is put into quotes"
    return "a tab; allowed are spaces for indentation" if r"'\t'" in problem else problem


def _text(key: str, value: Any) -> str:
    """A value as the engine passes it to a program."""
    match _unmasked(value, key, ()):
        case None:
            return ""
        case str() as text:
            return text
        case other:
            return json.dumps(other, ensure_ascii=False)


def _unmasked(value: Any, key: str, holders: tuple[int, ...]) -> Any:
    """The value with numbers as the engine writes them, and `[secret]` for each encrypted value."""
    if id(value) in holders:
        raise _UnreadableError(f"{key}: the value contains itself")
    inside = (*holders, id(value))
    if len(inside) > 100:
        raise _UnreadableError(f"{key}: nested too deeply")
    if _is_secret(value):
        return SECRET
    match value:
        case dict():
            items = cast(dict[Any, Any], value).items()
            return {str(name): _unmasked(item, key, inside) for name, item in items}
        case list():
            return [_unmasked(item, key, inside) for item in cast(list[Any], value)]
        case float() if not math.isfinite(value):
            raise _UnreadableError(f"{key}: given {value}; allowed is a finite number")
        case float() if value.is_integer():
            return int(value)
        case None | bool() | int() | float() | str():
            return value
        case _:
            raise _UnreadableError(
                f"{key}: given {_kind(value)}; allowed are text, numbers, true, false, lists and maps"
            )


def _is_secret(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    fields = cast(dict[Any, Any], value)
    return set(fields) == {"secure"} and isinstance(fields["secure"], str)


def _holds_secret(value: Any) -> bool:
    if _is_secret(value):
        return True
    match value:
        case dict():
            return any(map(_holds_secret, cast(dict[Any, Any], value).values()))
        case list():
            return any(map(_holds_secret, cast(list[Any], value)))
        case _:
            return False


def _kind(value: Any) -> str:
    match value:
        case list():
            return "a list"
        case str():
            return "text"
        case bool() | int() | float():
            return json.dumps(value)
        case _:
            return f"a {type(value).__name__}"

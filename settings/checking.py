"""Reads plain values of YAML or JSON into a spec, and describes every mistake in one line."""

import copy
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from settings.base import Problem, Spec
from settings.rules.near_names import nearest

S = TypeVar("S", bound=Spec)
Schema = Mapping[str, Any]

HIDDEN_BELOW = ("environment", "secrets")
"""Maps whose values are never shown, because a mistaken value can be a secret."""
LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked(Generic[S]):
    """The result of reading values.

    Attributes:
        spec: The values, with defaults in place of the wrong ones.
        mistakes: Mistakes in single values.
        wrong: Keys of the wrong values.
    """

    spec: S
    mistakes: Sequence[Problem]
    wrong: Sequence[str]

    def without_follow_ups(self, problems: Iterable[Problem]) -> Iterator[Problem]:
        """The problems that do not depend on a value that is wrong by itself."""
        for problem in problems:
            keys = (problem.key, *problem.involves)
            if not any(_related(key, wrong) for key in keys for wrong in self.wrong):
                yield problem


def check(kind: type[S], values: Mapping[str, Any], known: Sequence[Problem] = ()) -> Checked[S]:
    """Reads `values` as a spec of this kind and finds the mistakes in all single values at once.

    Rules about several values (`Spec.mistakes`) are left to the caller, who adds rules of its own and calls
    `without_follow_ups`.

    Args:
        kind: The spec; all of its own fields have defaults.
        values: The given values.
        known: Mistakes that the caller has already found; their keys are not in `values`.
    """
    kept = copy.deepcopy(dict(values))
    errors = _errors(kind, kept)
    schema = kind.model_json_schema() if errors else {}
    found = [(error["type"], _problem(schema, error)) for error in errors]
    misspelt = {key for _, problem in found for key in problem.involves}
    # A required key that is misspelt is one mistake: the line about the misspelt key is enough.
    mistakes = [*known, *(one for type_, one in found if not (type_ == "missing" and one.key in misspelt))]
    meant = [key for problem in mistakes for key in problem.involves if not _holds(values, key)]
    wrong = [*(problem.key for problem in mistakes), *meant]
    while errors:
        for error in errors:
            path = _path(error)
            wrong.append(".".join(map(str, path)))
            # A map without a required key is left out as a whole.
            _drop(kept, path[:-1] if error["type"] == "missing" else path)
        errors = _errors(kind, kept)
    return Checked(spec=kind.model_validate_json(json.dumps(kept)), mistakes=mistakes, wrong=wrong)


def _errors(kind: type[Spec], values: Mapping[str, Any]) -> list[ErrorDetails]:
    """All errors, checked key by key, so that text that pydantic cannot read only affects one key."""
    found: list[ErrorDetails] = []
    for key, value in values.items():
        try:
            kind.model_validate_json(json.dumps({key: value}))
        except ValidationError as error:
            for details in error.errors(include_url=False):
                found.append({**details, "loc": details["loc"] or (key,)})
    # A list of wrong items only is also reported as too short; the items' own errors are enough.
    holders = {error["loc"][:-1] for error in found}
    return [error for error in found if error["type"] != "too_short" or error["loc"] not in holders]


def _path(error: ErrorDetails) -> tuple[str | int, ...]:
    return tuple(part for part in error["loc"] if part != "[key]")


def _holds(values: object, key: str) -> bool:
    for part in key.split("."):
        if not isinstance(values, dict) or part not in values:
            return False
        values = cast(dict[str, object], values)[part]
    return True


def _drop(values: dict[str, Any], path: Sequence[str | int]) -> None:
    """Removes the value at `path`; a list is removed as a whole, to keep the indexes of its other items."""
    holder = values
    for part in path[:-1]:
        inner = holder.get(str(part))
        if not isinstance(inner, dict):
            holder.pop(str(part), None)
            return
        holder = cast(dict[str, Any], inner)
    holder.pop(str(path[-1]), None)


def _related(key: str, other: str) -> bool:
    return key == other or key.startswith(f"{other}.") or other.startswith(f"{key}.")


def _problem(schema: Schema, error: ErrorDetails) -> Problem:
    path = _path(error)
    key = ".".join(map(str, path))
    match error["type"]:
        case "extra_forbidden":
            return unknown_key(key, _names(_at(schema, path[:-1])))
        case "missing":
            return Problem(key=key, problem=f"not given; allowed is {_allowed(_at(schema, path))}")
        case "json_invalid":
            return Problem(key=key, problem=f"cannot be read: {error['msg'].partition(': ')[2]}")
        case "value_error":
            problem = str(error.get("ctx", {}).get("error"))
            said = problem.startswith("given")
            return Problem(key=key, problem=problem if said else f"given {_given(path, error['input'])}; {problem}")
        case _:
            allowed = _allowed(_at(schema, path))
            return Problem(key=key, problem=f"given {_given(path, error['input'])}; allowed is {allowed}")


def printable(line: str) -> str:
    """The line with escapes in place of line breaks and invisible characters."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in line)


def unknown_key(key: str, names: Sequence[str]) -> Problem:
    """An unknown key; it involves the known key that was probably meant."""
    holder, _, last = key.rpartition(".")
    near = nearest(last, names)
    if near is None:
        return Problem(key=key, problem=f"unknown key; allowed are {', '.join(names)}")
    meant = f"{holder}.{near}" if holder else near
    return Problem(key=key, problem=f"unknown key; did you mean {near}?", involves=(meant,))


def _given(path: Sequence[str | int], value: object) -> str:
    match value:
        case None:
            return "nothing"
        case dict():
            return "a map"
        case []:
            return "an empty list"
        case list():
            return "a list"
        case _ if any(part in HIDDEN_BELOW for part in path):
            return "text (hidden)" if isinstance(value, str) else "no text"
        case _:
            text = json.dumps(value, ensure_ascii=False)
            return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def _at(schema: Schema, path: Sequence[str | int]) -> Schema:
    """The part of a JSON schema that describes the value at `path`."""
    node = _resolved(schema, schema)
    for part in path:
        named = (*node.get("patternProperties", {}).values(), node.get("additionalProperties", {}))
        inner = node.get("items", {}) if isinstance(part, int) else node.get("properties", {}).get(part, named[0])
        node = _resolved(schema, inner)
    return node


def _resolved(schema: Schema, node: object) -> Schema:
    """The node itself, after resolving references and `or null`; empty for `additionalProperties: false`."""
    while isinstance(node, dict):
        fields = cast(dict[str, Any], node)
        if "$ref" in fields:
            node = {**schema["$defs"][fields["$ref"].rpartition("/")[2]]}
        elif "anyOf" in fields:
            node = next(variant for variant in fields["anyOf"] if variant.get("type") != "null")
        else:
            return fields
    return {}


def _names(node: Schema) -> list[str]:
    return list(node.get("properties", {}))


def _allowed(node: Schema) -> str:
    if "patternErrorMessage" in node:
        return str(node["patternErrorMessage"])
    if "enum" in node:
        return ", ".join(map(str, node["enum"]))
    if "const" in node:
        return str(node["const"])
    match node.get("type"):
        case "object":
            return "a map of keys and values; without the key, defaults apply"
        case "array":
            return "a list" + _range(node, "minItems", "maxItems", " items")
        case "boolean":
            return "true or false, without quotes"
        case "integer":
            return "a whole number" + _range(node, "minimum", "maximum")
        case "number":
            over = f" over {node['exclusiveMinimum']:g}" if "exclusiveMinimum" in node else ""
            steps = f" in steps of {node['multipleOf']:g}" if "multipleOf" in node else ""
            return "a number" + over + steps + _range(node, "minimum", "maximum")
        case "string":
            return "text; put numbers, true and false in quotes" + _range(node, "minLength", "maxLength", " characters")
        case _:
            return "another value"


def _range(node: Schema, least: str, most: str, unit: str = "") -> str:
    match node.get(least), node.get(most):
        case None, None:
            return ""
        case low, None:
            return f" ({low:g} or more{unit})"
        case None, high:
            return f" (up to {high:g}{unit})"
        case low, high:
            return f" ({low:g} to {high:g}{unit})"

"""The values in inputs and in requests, whatever their form: JSON, XML or a form, nested as deep as it may be."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

Leaf = tuple[str, str]
"""A value and the name of the field that holds it, in lower case: `("days", "30")`."""
PAIRS = (
    *(("key", "value"), ("name", "value")),
    *(("attributename", "attributevalue"), ("parametername", "parametervalue")),
)
"""Fields of an object that is one entry of a map."""


def leaves(value: Any, name: str = "") -> Iterator[Leaf]:
    """Every value in a document. A text that is a document is read; a list's values have the list's name.

    An object of a name and a value is an entry of a map as well: `{"Key": "Team", "Value": "web"}` also gives
    `("team", "web")`.

    Args:
        value: The document.
        name: The field that holds it.
    """
    document = _document(value) if isinstance(value, str) else value
    if isinstance(document, Mapping):
        fields = {str(key).lower(): item for key, item in document.items()}
        for key, item in fields.items():
            yield from leaves(item, key)
        for key, item in PAIRS:
            if isinstance(fields.get(key), str) and isinstance(fields.get(item), str | int | float):
                yield from leaves(fields[item], fields[key].lower())
    elif isinstance(document, list):
        for item in document:
            yield from leaves(item, name)
    elif document is not None:
        yield name, _text(document)


def leaves_of_request(body: str) -> Iterator[Leaf]:
    """Every value in the body of a request to AWS."""
    if body.lstrip().startswith("<"):
        yield from leaves(_of_xml(ElementTree.fromstring(body)))
    elif _document(body) is not body:
        yield from leaves(body)
    else:
        yield from leaves(_of_form(body))


def _document(text: str) -> Any:
    if text[:1] in ("{", "["):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def _text(value: Any) -> str:
    """A domain's last dot is left out: some of AWS's answers have it, and the provider takes it away."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).removesuffix(".")


def _of_xml(element: ElementTree.Element) -> Any:
    if not len(element):
        return element.text or ""
    found: dict[str, list[Any]] = {}
    for child in element:
        found.setdefault(child.tag.rpartition("}")[2], []).append(_of_xml(child))
    return found


def _of_form(body: str) -> Any:
    """Nested as AWS's query protocol writes it: `Tags.member.1.Key=Team`, `Attributes.entry.1.key=...`."""
    found: dict[str, Any] = {}
    for path, value in parse_qsl(body, keep_blank_values=True):
        place = found
        words = [word for word in path.split(".") if word not in ("member", "entry")]
        for word in words[:-1]:
            place = place.setdefault(word, {})
        place[words[-1]] = value
    return _with_lists(found)


def _with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    items = {key: _with_lists(item) for key, item in value.items()}
    return list(items.values()) if items and all(re.fullmatch(r"[0-9]+", key) for key in items) else items

"""Requests and answers, held against the models of AWS's services that botocore ships.

A request is checked as boto3 checks it (unknown parameters, types, what is required, lower bounds), and for what only
AWS itself would refuse: values of enumerations and upper bounds. An answer is checked for members that AWS does not
have, for types and for values of enumerations; it may leave out what the test does not need.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.validate import ParamValidator

TYPES: Mapping[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list, tuple),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (datetime,),
}
DECODED = ("policyDocumentType",)
"""Texts of IAM that boto3 hands out as what they say."""
NOT_OF_AWS = ("ResponseMetadata",)
"""Members of an answer that boto3 adds."""


mistakes: list[str] = []
"""What was raised since the test began. Some of the code under test goes on after every exception, so a fixture in
conftest fails a test that leaves something here."""


class NotOfAwsError(AssertionError):
    """AWS knows no such request, or gives no such answer."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        mistakes.append(what)


@cache
def _session() -> Any:
    untyped: Any = botocore.session
    return untyped.get_session()


@cache
def _operations(service: str) -> Mapping[str, Any]:
    """The models of a service's operations, by the names of boto3's methods."""
    model = _session().get_service_model(service)
    return {xform_name(name): model.operation_model(name) for name in model.operation_names}


@cache
def _in_pages(service: str) -> frozenset[str]:
    """The operations that have a paginator, by the names of boto3's methods."""
    return frozenset(map(xform_name, _session().get_paginator_model(service)._paginator_config))


def operation_of(service: str, method: str) -> Any:
    """The model of an operation.

    Raises:
        NotOfAwsError: The service has none of that name.
    """
    if method not in _operations(service):
        raise NotOfAwsError(f"{service} has no operation {method}")
    return _operations(service)[method]


def check_pages(service: str, method: str) -> None:
    """See whether an operation has a paginator.

    Raises:
        NotOfAwsError: It has none.
    """
    if method not in _in_pages(service):
        raise NotOfAwsError(f"{service} has no paginator of {method}")


def check_request(service: str, method: str, parameters: Mapping[str, Any]) -> None:
    """See whether AWS would take a request.

    Raises:
        NotOfAwsError: It would not; all reasons are named.
    """
    shape = operation_of(service, method).input_shape
    if shape is None:
        found = [f"{name}: the operation has no parameters" for name in parameters]
    else:
        refused = ParamValidator().validate(dict(parameters), shape)
        found = refused.generate_report().splitlines()
        # What boto3 refuses has not the shape that the walk goes by.
        found = found or list(_beyond(parameters, shape, "", is_request=True))
    _raise(f"{service} {method}", found)


def check_answer(service: str, method: str, answer: Any) -> None:
    """See whether AWS could answer so.

    Raises:
        NotOfAwsError: It could not; all reasons are named.
    """
    shape = operation_of(service, method).output_shape
    if shape is None:
        found = [f"{name}: the operation answers nothing" for name in answer or ()]
    else:
        found = list(_beyond(answer, shape, "", is_request=False))
    _raise(f"the answer to {service} {method}", found)


def _raise(what: str, found: list[str]) -> None:
    if found:
        raise NotOfAwsError(f"{what}: {'; '.join(found)}")


def _beyond(value: Any, shape: Any, path: str, *, is_request: bool) -> Iterator[str]:
    """What the model does not allow."""
    kind = shape.type_name
    if kind == "blob" or shape.name in DECODED:
        return
    if not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        if not (is_request and kind == "timestamp"):  # A request may have it as a text.
            yield f"{path[1:] or 'all of it'}: given {value!r}, which is no {kind}"
        return
    values = getattr(shape, "enum", None)
    if values and not _is_one_of(value, values, is_request=is_request):
        yield f"{path[1:]}: given {value!r}; allowed are {', '.join(values)}"
    if is_request:
        yield from _out_of_bounds(value, shape, path)
    if kind == "structure":
        for name, part in value.items():
            if name in shape.members:
                yield from _beyond(part, shape.members[name], f"{path}.{name}", is_request=is_request)
            elif not (name in NOT_OF_AWS and not path):
                yield f"{path}.{name}: unknown; known are {', '.join(shape.members)}"[1:]
    elif kind == "list":
        for number, part in enumerate(value):
            yield from _beyond(part, shape.member, f"{path}[{number}]", is_request=is_request)
    elif kind == "map":
        for name, part in value.items():
            yield from _beyond(name, shape.key, f"{path} (key {name})", is_request=is_request)
            yield from _beyond(part, shape.value, f"{path}.{name}", is_request=is_request)


def _is_one_of(value: str, values: list[str], *, is_request: bool) -> bool:
    # EC2 answers "available" where its model says "Available":
    # docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpoints.html
    return value in values or (not is_request and value.lower() in map(str.lower, values))


def _out_of_bounds(value: Any, shape: Any, path: str) -> Iterator[str]:
    """A number, or the length of a text or a list, beyond what the model allows."""
    size = len(value) if isinstance(value, str | list | tuple | dict) else value
    least, most = (shape.metadata.get(bound) for bound in ("min", "max"))
    if isinstance(size, int | float) and ((least is not None and size < least) or (most is not None and size > most)):
        of = "its length is" if isinstance(value, str | list | tuple | dict) else "given"
        yield f"{path[1:]}: {of} {size}; allowed are {least or 0} to {'any' if most is None else most}"

"""What the check of the alarms makes of an answer that it does not get, and of a fault of its own."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from story.doctor.alarms import check_alarms


def context(error: Exception) -> Any:
    """A stack without alarms whose services cannot be read."""

    def services() -> Any:
        raise error

    return SimpleNamespace(aws=SimpleNamespace(paginate=lambda *_, **__: []), cluster="story-dev", services=services)


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeServices")


def test_what_aws_refuses_is_said_and_the_alarms_are_still_checked() -> None:
    [unknown, alarms] = check_alarms(context(refused("AccessDeniedException")))
    assert unknown.what.endswith("these credentials may not call DescribeServices (AccessDeniedException)")
    assert alarms.what == "the stack has no alarms"


@pytest.mark.parametrize("error", [TypeError("a fault"), KeyError("serviceName"), refused("ExpiredToken")])
def test_a_fault_of_the_program_and_credentials_that_expired_are_not_taken_for_that(error: Exception) -> None:
    with pytest.raises(type(error)):
        list(check_alarms(context(error)))

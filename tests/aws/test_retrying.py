"""What passes by itself when AWS is asked, and what does not."""

from typing import Any, cast

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
    ProfileNotFound,
    ReadTimeoutError,
)
from botocore.retries import standard

from aws import errors, retrying
from aws.client import Client
from aws.errors import CredentialsExpiredError, NoAnswerError, code_of, in_one_line, is_transient
from aws.retrying import RetryingClient


def refusal(code: str, message: str = "no", status: int = 400) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "DescribeTasks")


CHECKERS: Any = standard
LATER = [
    *CHECKERS.ThrottledRetryableChecker._THROTTLED_ERROR_CODES,
    *CHECKERS.TransientRetryableChecker._TRANSIENT_ERROR_CODES,
]


@pytest.mark.parametrize("code", sorted(set(LATER)))
def test_all_that_aws_s_own_client_would_repeat_passes(code: str) -> None:
    assert is_transient(refusal(code))


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_failure_inside_of_aws_passes_whatever_its_code(status: int) -> None:
    assert is_transient(refusal("Whatever", status=status))


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="https://ecs"),
        ConnectionClosedError(endpoint_url="https://ecs"),
        ConnectTimeoutError(endpoint_url="https://ecs"),
        ReadTimeoutError(endpoint_url="https://ecs"),
        IncompleteReadError(actual_bytes=1, expected_bytes=2),
    ],
)
def test_a_lost_connection_passes(error: BotoCoreError) -> None:
    assert is_transient(error)


@pytest.mark.parametrize(
    "error",
    [
        *map(refusal, ("AccessDeniedException", "ClusterNotFoundException", "InvalidParameterException", "")),
        *map(refusal, errors.EXPIRED),
        NoCredentialsError(),
        ProfileNotFound(profile="work"),
        ParamValidationError(report="tasks"),
        ValueError("a bug"),
    ],
)
def test_what_stays_as_it_is_does_not_pass(error: Exception) -> None:
    assert not is_transient(error)


def test_an_error_in_short_is_one_line_with_aws_s_code_and_without_botocore_s_preface() -> None:
    assert in_one_line(refusal("AccessDeniedException", "You may\n\tnot")) == "AccessDeniedException: You may not"
    assert in_one_line(refusal("AccessDeniedException", "")) == "AccessDeniedException"
    assert in_one_line(NoCredentialsError()) == "Unable to locate credentials"
    assert code_of(refusal("SlowDown")) == "SlowDown"


class Answers:
    """An AWS that gives these answers, and a client that calls it.

    Attributes:
        left: Answers that nobody got yet.
        said: What the client said.
        connections: How many clients it made.
    """

    def __init__(self, *answers: Any) -> None:
        self.said: list[str] = []
        self.left = list(answers)
        self.connections = 0
        self.client = RetryingClient(self._connect, self.said.append)

    def _connect(self) -> Client:
        self.connections += 1
        return cast(Client, self)

    def call(self, service: str, operation: str, /, **parameters: Any) -> Any:
        assert (service, operation, parameters) == ("ecs", "describe_tasks", {"cluster": "c"})
        answer = self.left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def tried(self) -> Any:
        return self.client.try_call("ecs", "describe_tasks", cluster="c")


def test_trouble_is_said_once_and_its_end_once() -> None:
    slow = refusal("ThrottlingException", "slower")
    aws = Answers(slow, slow, {"a": 1}, {"a": 2})
    assert [aws.tried() for _ in range(4)] == [None, None, {"a": 1}, {"a": 2}]
    assert aws.said == [
        "AWS does not answer describe_tasks (ThrottlingException: slower); asking again",
        "AWS answers again",
    ]


def test_asking_ends_with_what_aws_said_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "ANSWER_SECONDS", 0)
    aws = Answers(refusal("ThrottlingException", "slower"))
    with pytest.raises(
        NoAnswerError, match=r"^AWS did not answer describe_tasks for 0 s: ThrottlingException: slower$"
    ):
        aws.client.call("ecs", "describe_tasks", cluster="c")


def test_a_refusal_is_not_asked_again() -> None:
    aws = Answers(refusal("AccessDeniedException"))
    with pytest.raises(ClientError, match="AccessDenied"):
        aws.tried()
    assert (aws.left, aws.said) == ([], [])


@pytest.mark.parametrize("code", errors.EXPIRED)
def test_expired_credentials_are_looked_for_once_more(code: str) -> None:
    assert Answers(refusal(code), {"a": 1}).tried() == {"a": 1}
    with pytest.raises(CredentialsExpiredError, match=f"^{code}: old$"):
        Answers(refusal(code), refusal(code, "old")).tried()


def test_new_credentials_that_may_not_do_it_are_refused_as_such() -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        Answers(refusal("ExpiredTokenException"), refusal("AccessDeniedException")).tried()

"""What AWS's errors mean, whichever service answers."""

from typing import Any, cast

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    IncompleteReadError,
)

AWS_ERRORS = (BotoCoreError, ClientError)
"""What a call may raise: the first where no answer came, the second where AWS refused."""
TRANSIENT = (
    "Throttl",
    "TooManyRequests",
    "LimitExceeded",
    "ThroughputExceeded",
    "SlowDown",
    "RequestTimeout",
    "PriorRequestNotComplete",
    "TransactionInProgress",
)
"""Parts of the codes with which AWS asks to try again later; some of them come with status 400."""
EXPIRED = (
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
)
"""Codes of credentials that are no longer valid:
docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html"""


class CredentialsExpiredError(Exception):
    """The credentials are no longer valid, and there are no newer ones."""


class NoAnswerError(Exception):
    """AWS did not answer for as long as it was asked; the message is the one line to show."""


def code_of(error: Exception) -> str:
    """AWS's code of an error, such as `AccessDeniedException`; "" where AWS did not answer."""
    return str(_answer(error).get("Error", {}).get("Code", ""))


def is_not_found(error: Exception) -> bool:
    """Whether AWS says that there is no such thing. Each service has its own code, and all contain one of these."""
    code = code_of(error)
    return "NotFound" in code or "NoSuch" in code or code == "404"


def is_denied(error: Exception) -> bool:
    """Whether the credentials do not have the right to make the call."""
    code = code_of(error)
    return "AccessDenied" in code or "Unauthorized" in code or code == "403"


def is_throttled(error: Exception) -> bool:
    """Whether AWS refused the call because there were too many."""
    code = code_of(error)
    return "hrottl" in code or "RequestLimit" in code or code == "TooManyRequestsException"


def is_expired(error: Exception) -> bool:
    """Whether the credentials are no longer valid."""
    return code_of(error) in EXPIRED


def is_transient(error: Exception) -> bool:
    """Whether the same call may succeed the next time: throttling, a failure inside AWS, a lost connection."""
    if isinstance(error, ClientError):
        status = int(_answer(error).get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        return status >= 500 or any(part in code_of(error) for part in TRANSIENT)
    return isinstance(error, (HTTPClientError, ConnectionError, IncompleteReadError))


def in_one_line(error: Exception) -> str:
    """An error as AWS's code and message, without botocore's introduction."""
    answer = _answer(error).get("Error", {})
    text = f"{code_of(error)}: {answer.get('Message', '')}".rstrip(": ") if answer else str(error)
    return " ".join(text.split())


def reason(error: Exception) -> str:
    """Why a call failed, in one line, for a person who can do something about it."""
    if not isinstance(error, ClientError):
        return " ".join(str(error).split())
    if is_throttled(error):
        return f"{error.operation_name} was throttled; wait a minute and try again"
    if is_denied(error):
        return f"these credentials may not call {error.operation_name} ({code_of(error)})"
    message = _answer(error).get("Error", {}).get("Message")
    return f"{error.operation_name}: {message or code_of(error) or 'Unknown'}"


def _answer(error: Exception) -> dict[str, Any]:
    return cast(dict[str, Any], error.response) if isinstance(error, ClientError) else {}

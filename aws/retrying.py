"""AWS, asked again and again by a step that waits: what passes by itself is passed over."""

import time
from collections.abc import Callable
from typing import Any, cast

import boto3  # pyright: ignore[reportMissingTypeStubs]
from botocore.exceptions import (  # pyright: ignore[reportMissingTypeStubs]
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    IncompleteReadError,
)

from aws.client import Aws, Json
from release.contract import Place, StepError

ANSWER_SECONDS = 180
PAUSE_SECONDS = 1.0
PASSING = (
    "Throttl",
    "TooManyRequests",
    "LimitExceeded",
    "ThroughputExceeded",
    "SlowDown",
    "RequestTimeout",
    "PriorRequestNotComplete",
    "TransactionInProgress",
)
"""What AWS's codes for "later" contain; some of them come with status 400."""
EXPIRED = (
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
)
"""An expired session token is not renewed by asking again with it:
docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html"""


class CredentialsExpiredError(Exception):
    """The credentials are no longer valid, and there were no newer ones."""


class Patience:
    """An account and region, asked until it answers.

    Args:
        place: Whose region and profile count.
        say: Told once when AWS stops answering, and once when it answers again.
    """

    def __init__(self, place: Place, say: Callable[[str], None]) -> None:
        self._place = place
        self._say = say
        self._aws = _session(place)
        self._trouble = ""

    def try_to_ask(self, service: str, operation: str, /, **parameters: Any) -> Json | None:
        """The answer; None if AWS could not be asked this time, for a reason that may pass.

        Raises:
            CredentialsExpiredError: Nobody renewed the credentials.
            botocore.exceptions.ClientError: AWS answered that it will not do this.
        """
        try:
            answer = self._ask_with_new_credentials_if_needed(service, operation, parameters)
        except (BotoCoreError, ClientError) as error:
            if not is_passing(error):
                raise
            if not self._trouble:
                self._say(f"AWS does not answer {operation} ({in_short(error)}); asking again")
            self._trouble = in_short(error)
            return None
        if self._trouble:
            self._say("AWS answers again")
            self._trouble = ""
        return answer

    def ask(self, service: str, operation: str, /, **parameters: Any) -> Json:
        """The answer, for which AWS is asked for three minutes.

        Raises:
            StepError: It did not answer.
        """
        deadline = time.monotonic() + ANSWER_SECONDS
        while (answer := self.try_to_ask(service, operation, **parameters)) is None:
            if time.monotonic() >= deadline:
                raise StepError(f"AWS did not answer {operation} for {ANSWER_SECONDS} s: {self._trouble}")
            time.sleep(PAUSE_SECONDS)
        return answer

    def _ask_with_new_credentials_if_needed(self, service: str, operation: str, parameters: dict[str, Any]) -> Json:
        try:
            return self._call(service, operation, parameters)
        except ClientError as error:
            if code_of(error) not in EXPIRED:
                raise
        # Somebody may have signed in again, or the machine's role has new ones.
        self._aws = _session(self._place)
        try:
            return self._call(service, operation, parameters)
        except ClientError as error:
            if code_of(error) in EXPIRED:
                raise CredentialsExpiredError(in_short(error)) from None
            raise

    def _call(self, service: str, operation: str, parameters: dict[str, Any]) -> Json:
        return cast(Json, getattr(self._aws.client(service), operation)(**parameters))


def is_passing(error: Exception) -> bool:
    """Whether the next request may well succeed: throttling, a failure inside AWS, a lost connection."""
    if isinstance(error, ClientError):
        return _status_of(error) >= 500 or any(word in code_of(error) for word in PASSING)
    return isinstance(error, (HTTPClientError, ConnectionError, IncompleteReadError))


def code_of(error: ClientError) -> str:
    """AWS's code of an error, such as `AccessDeniedException`."""
    return str(cast(Any, error.response).get("Error", {}).get("Code", ""))


def in_short(error: Exception) -> str:
    """An error in one line, without botocore's preface."""
    if isinstance(error, ClientError):
        told = f"{code_of(error)}: {cast(Any, error.response).get('Error', {}).get('Message', '')}".rstrip(": ")
    else:
        told = str(error)
    return " ".join(told.split())


def _status_of(error: ClientError) -> int:
    return int(cast(Any, error.response).get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _session(place: Place) -> Aws:
    return Aws(boto3.Session(region_name=place.region, profile_name=place.profile))

"""A client for a step that waits: it calls again after throttling, lost connections and expired credentials."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from aws.client import Client, Connect, Json, connect
from aws.errors import CredentialsExpiredError, NoAnswerError, in_one_line, is_expired, is_transient

ANSWER_SECONDS = 180
PAUSE_SECONDS = 1.0


class Clock(Protocol):
    """The time that waiting goes by; the module `time` is one."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    def sleep(self, seconds: float, /) -> None:
        """Wait."""
        ...


class Location(Protocol):
    """Whose region and profile count."""

    @property
    def region(self) -> str:
        """AWS region."""
        ...

    @property
    def profile(self) -> str | None:
        """Profile of the AWS credentials; None for the default ones."""
        ...


class RetryingClient:
    """A client that calls until there is a response.

    Args:
        connect: Makes the client, and makes it again where the credentials have expired.
        on_output: Gets a line when AWS stops answering, and one when it answers again.
        clock: The time to go by.

    Raises:
        botocore.exceptions.BotoCoreError: There is no client, for one because the profile does not exist.
    """

    def __init__(self, connect: Callable[[], Client], on_output: Callable[[str], None], *, clock: Clock = time) -> None:
        self._connect = connect
        self._on_output = on_output
        self._clock = clock
        self._client = connect()
        self.last_error = ""
        """Why AWS does not answer now, in one line; "" while it answers."""

    def try_call(self, service: str, operation: str, /, **parameters: Any) -> Json | None:
        """The response to a call; None if there is none this time, for a reason that may pass.

        Raises:
            CredentialsExpiredError: The credentials are no longer valid, and there are no newer ones.
            botocore.exceptions.ClientError: AWS refused.
        """
        try:
            response = self._call_with_new_credentials_if_needed(service, operation, parameters)
        except (BotoCoreError, ClientError) as error:
            if not is_transient(error):
                raise
            if not self.last_error:
                self._on_output(f"AWS does not answer {operation} ({in_one_line(error)}); asking again")
            self.last_error = in_one_line(error)
            return None
        if self.last_error:
            self._on_output("AWS answers again")
            self.last_error = ""
        return response

    def call(self, service: str, operation: str, /, **parameters: Any) -> Json:
        """The response to a call, which is repeated for three minutes.

        Raises:
            NoAnswerError: There was none.
            CredentialsExpiredError: The credentials are no longer valid, and there are no newer ones.
            botocore.exceptions.ClientError: AWS refused.
        """
        deadline = self._clock.monotonic() + ANSWER_SECONDS
        while (response := self.try_call(service, operation, **parameters)) is None:
            if self._clock.monotonic() >= deadline:
                raise NoAnswerError(f"AWS did not answer {operation} for {ANSWER_SECONDS} s: {self.last_error}")
            self._clock.sleep(PAUSE_SECONDS)
        return response

    def _call_with_new_credentials_if_needed(self, service: str, operation: str, parameters: Json) -> Json:
        try:
            return self._client.call(service, operation, **parameters)
        except ClientError as error:
            if not is_expired(error):
                raise
        # An expired session token is not renewed by calling again; but somebody may have signed in again, or the
        # machine's role has new credentials.
        self._client = self._connect()
        try:
            return self._client.call(service, operation, **parameters)
        except ClientError as error:
            if is_expired(error):
                raise CredentialsExpiredError(in_one_line(error)) from None
            raise


def retrying_client(
    location: Location, on_output: Callable[[str], None], *, connect: Connect = connect, clock: Clock = time
) -> RetryingClient:
    """A client that calls until there is a response, with the credentials of this environment.

    Args:
        location: Whose region and profile count.
        on_output: Gets a line when AWS stops answering, and one when it answers again.
        connect: Makes the client.
        clock: The time to go by.

    Raises:
        botocore.exceptions.BotoCoreError: There is no such profile.
    """
    return RetryingClient(partial(connect, location.region, location.profile), on_output, clock=clock)

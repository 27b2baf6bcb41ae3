"""The emulator, emptied before each test, and boto3 clients that talk to it."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.emulator.support import Behave, Client, RunningEmulator

REGION = "ap-northeast-1"


@pytest.fixture
def emulator(started: RunningEmulator) -> Iterator[RunningEmulator]:
    """The emulator, empty, with a control file of this test alone."""
    started.request("POST", "/emulator/reset")
    yield started
    started.control_file.unlink(missing_ok=True)


@pytest.fixture(scope="session")
def clients(started: RunningEmulator) -> Client:
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
    once = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})

    @cache  # A client takes a good part of a second to make.
    def make(service: str) -> Any:
        untyped: Any = session
        return untyped.client(service, endpoint_url=started.url, config=once)

    return make


@pytest.fixture
def client(emulator: RunningEmulator, clients: Client) -> Client:
    """`client("ecs")` is a boto3 client of the empty emulator; it doesn't repeat failed requests."""
    del emulator  # Only that it has been emptied matters.
    return clients


@pytest.fixture
def behave(emulator: RunningEmulator) -> Behave:
    """`behave(exits=1)` posts a behaviour of the container `app`."""
    return lambda **behaviour: emulator.post("/emulator/behaviours", container="app", **behaviour)

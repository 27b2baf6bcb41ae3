"""What holds for every test."""

import gc
import os
import time
from collections.abc import Iterator

import boto3
import pytest
from hypothesis import settings

from aws.client import AwsClient
from emulator import process
from story.local.engine import aws_environment
from tests.aws import aws_models
from tests.emulator.support import RunningEmulator
from tests.release.steps import Cloud

# Turning an Output into a string is a bug everywhere: make it raise.
os.environ["PULUMI_ERROR_OUTPUT_STRING"] = "true"

# The SDK's modules are so many objects that looking for garbage among them at the usual pace is a third of the time.
gc.set_threshold(100_000, 50, 100)

# The same examples each time, and no deadline: a busy machine is no reason to fail.
settings.register_profile("story", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("story")


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """One emulator for the whole session; who uses it empties it first."""
    folder = tmp_path_factory.mktemp("emulator")
    control_file = folder / "control.json"
    began = time.monotonic()
    running = process.start(process.free_port(), folder / "emulator.log", control_file=control_file)
    try:
        process.wait_until_ready(running.url)
        yield RunningEmulator(
            url=running.url,
            log_file=running.log_file,
            control_file=control_file,
            seconds_to_start=time.monotonic() - began,
        )
    finally:
        process.stop(running.pid)


@pytest.fixture(autouse=True)
def _all_that_is_asked_and_answered_is_of_aws() -> Iterator[None]:
    aws_models.mistakes.clear()
    yield
    assert aws_models.mistakes == []


@pytest.fixture(scope="session")
def emulator_url(started: RunningEmulator) -> str:
    """Where the session's emulator listens; who uses it empties it first."""
    return started.url


@pytest.fixture(scope="module")
def aws(emulator_url: str) -> Iterator[AwsClient]:
    """An account and region that the tests of a file share."""
    Cloud(url=emulator_url).ask("POST", "/emulator/reset")
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="ap-northeast-1")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", emulator_url)
        environment.delenv("AWS_CA_BUNDLE", raising=False)
        yield AwsClient(session)


@pytest.fixture
def cloud(emulator_url: str, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """An account in which nothing exists yet, and to which the environment points."""
    for name, value in aws_environment(emulator_url).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    made = Cloud(url=emulator_url)
    made.ask("POST", "/emulator/reset")
    return made

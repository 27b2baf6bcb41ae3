"""An emulator for the tests that ask AWS."""

from collections.abc import Iterator

import boto3
import pytest

from emulator import process
from ops.aws_account import Aws


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """An account and region, in an emulator that the tests of a file share."""
    running = process.start(process.free_port(), tmp_path_factory.mktemp("emulator") / "emulator.log")
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="ap-northeast-1")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", running.url)
        environment.delenv("AWS_CA_BUNDLE", raising=False)
        try:
            process.wait_until_ready(running.url)
            yield Aws(session)
        finally:
            process.stop(running.pid)

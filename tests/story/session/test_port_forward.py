"""`story port-forward`, on the emulator, with a `session-manager-plugin` that notes how it was called."""

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from settings.partition import ca_bundle_url
from story.session.access import WrongUsageError
from story.session.port_forward import Forwarding, how_to_connect, parsed
from tests.release.steps import CLUSTER, Cloud
from tests.story.live import Live, Process, story, until
from tests.story.session.access import (
    STORES,
    arns,
    called,
    plugin,
    service_runs,
    stack_with_access,
    was_called,
    with_outputs,
)

AURORA = "aurora.cluster-1.rds.amazonaws.com"


@pytest.fixture
def live(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Live:
    return stack_with_access(cloud, tmp_path, monkeypatch)


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def refusal(address: str, *arguments: str, service: str = "web", code: int = 1) -> str:
    result = story("port-forward", service, address, "--stack", "prod", *arguments)
    assert (result.exit_code, result.stdout) == (code, ""), result.output
    [line] = result.stderr.splitlines()
    return line.removeprefix("story port-forward: ")


def test_a_port_is_forwarded_through_a_task_to_the_database(live: Live, free_port: int) -> None:
    service_runs(live.cloud)
    result = story("port-forward", "web", f"{free_port}:aurora", "--stack", "prod")
    assert (result.exit_code, result.stdout) == (0, "")
    response, region, operation, profile, request, endpoint = called(live).arguments
    assert (response, region, operation, profile, endpoint) == (
        "AWS_SSM_START_SESSION_RESPONSE",
        "ap-northeast-1",
        "StartSession",
        "",
        live.cloud.url,
    )
    [arn] = arns(live.cloud)
    parameters = json.loads(request)
    assert re.fullmatch(rf"ecs:{CLUSTER}_{arn.rpartition('/')[2]}_[0-9a-f]+-[0-9]+", parameters.pop("Target"))
    assert parameters == {
        "DocumentName": "AWS-StartPortForwardingSessionToRemoteHost",
        "Parameters": {"host": [AURORA], "portNumber": ["3306"], "localPortNumber": [str(free_port)]},
    }
    assert sorted(json.loads(called(live).variable)) == ["SessionId", "StreamUrl", "TokenValue"]


def test_it_says_how_to_connect_and_where_the_password_is_but_neither_password_nor_token(
    live: Live, free_port: int
) -> None:
    service_runs(live.cloud)
    result = story("port-forward", "web", f"{free_port}:aurora", "--stack", "prod")
    first, connect, secret, last = (line.removeprefix("story port-forward: ") for line in result.stderr.splitlines())
    [arn] = arns(live.cloud)
    task = arn.rpartition("/")[2]
    assert first == f"prod: port {free_port} is forwarded to {AURORA}:3306 through web {task}"
    assert connect == f"mysql --host=127.0.0.1 --port={free_port} --ssl-mode=REQUIRED --user=<user> --password"
    assert secret.endswith("get-secret-value --secret-id story-prod-aurora-user-1a2b3c4"), "the name, not the ARN"
    assert last == "press Ctrl-C to stop"
    assert json.loads(called(live).variable)["TokenValue"] not in f"{result.output} {called(live).arguments}"


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("3306:aurora", (3306, AURORA, 3306)),
        ("aurora", (3306, AURORA, 3306)),
        ("13306:aurora-reader", (13306, "aurora.cluster-ro-1.rds.amazonaws.com", 3306)),
        ("16379:valkey", (16379, "master.valkey.cache.amazonaws.com", 6379)),
        ("8080:search.internal:80", (8080, "search.internal", 80)),
        ("8080:10.0.0.7:80", (8080, "10.0.0.7", 80)),
    ],
)
def test_an_address_is_a_store_of_the_stack_or_a_host_and_port(given: str, address: tuple[int, str, int]) -> None:
    found = parsed(given, STORES)
    assert (found.local_port, found.host, found.port) == address


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("0:aurora", "a port is 1 to 65535"),
        ("70000:aurora", "a port is 1 to 65535"),
        ("80:host:70000", "a port is 1 to 65535"),
        ("3306:mysql", "allowed are, for example, 3306:aurora, "),
        ("search.internal:80", "allowed are, for example, 3306:aurora, "),
        ("", "allowed are, for example, 3306:aurora, "),
        ("27017:documentdb", "this stack has aurora, aurora-reader, valkey"),
        ("valkey-reader", "this stack has aurora, aurora-reader, valkey"),
    ],
)
def test_any_other_address_is_wrong_usage_and_says_what_is_allowed(given: str, problem: str) -> None:
    with pytest.raises(WrongUsageError) as refused:
        parsed(given, STORES)
    assert str(refused.value).startswith(f'given "{given}"; {problem}')


def test_a_stack_without_stores_says_so() -> None:
    with pytest.raises(WrongUsageError, match="this stack has no store"):
        parsed("aurora", {})


@pytest.mark.parametrize(
    ("store", "words"),
    [
        ("valkey", ["valkey-cli -h 127.0.0.1 -p 7000 --tls --sni end --askpass", "--secret-id name"]),
        ("documentdb", ["mongodb://127.0.0.1:7000/?tls=true", "directConnection=true", "global-bundle.pem"]),
        ("", ["127.0.0.1:7000 is forwarded to end:1"]),
    ],
)
def test_each_remote_host_has_its_own_command_to_connect(store: str, words: list[str]) -> None:
    printed = "\n".join(
        how_to_connect(Forwarding(local_port=7000, host="end", port=1, store=store, secret="name"), "eu-west-1")
    )
    assert [word for word in words if word not in printed] == []


@pytest.mark.parametrize("region", ["eu-west-1", "us-gov-west-1", "cn-northwest-1"])
def test_the_ca_bundle_that_it_names_is_the_one_of_the_partition(region: str) -> None:
    address = Forwarding(local_port=7000, host="end", port=1, store="documentdb", secret="name")
    assert f"the CA bundle: {ca_bundle_url(region)}" in how_to_connect(address, region)[1]


def test_a_port_that_is_in_use_is_one_line_with_another_port(live: Live, taken_port: int) -> None:
    other = taken_port + 10000 if taken_port + 10000 <= 65535 else taken_port - 10000
    assert refusal(f"{taken_port}:aurora") == (
        f"port {taken_port} of this machine is in use; try another one: {other}:aurora"
    )
    assert not was_called(live)


def test_wrong_usage_opens_no_session(live: Live) -> None:
    assert refusal("3306:mysql", code=2).startswith('given "3306:mysql"; allowed are, for example, ')
    assert refusal("aurora", service="wbe", code=2).startswith('given "wbe"; stack prod has ')
    assert not was_called(live)


def test_the_same_checks_come_first_as_for_a_shell(live: Live, free_port: int) -> None:
    service_runs(live.cloud, "scheduler", exec_on=False)
    assert "was started without ECS Exec" in refusal(f"{free_port}:aurora", service="scheduler")
    service_runs(live.cloud, "web", container="app", exec_agent="STOPPED")
    assert "the agent of ECS Exec in app of task " in refusal(f"{free_port}:aurora")
    assert "which matches no running task; web has " in refusal(f"{free_port}:aurora", "--task", "zz", code=2)
    (live.home / "session-manager-plugin").unlink()
    assert refusal(f"{free_port}:aurora").startswith("there is no `session-manager-plugin` on the PATH; ")
    assert not was_called(live)


def test_what_aws_refuses_is_one_line_each(live: Live, free_port: int) -> None:
    service_runs(live.cloud)
    live.cloud.fails_at("StartSession", code="AccessDeniedException")
    assert refusal(f"{free_port}:aurora").endswith(
        "; the policy bootstrap-story-operators-prod allows it (docs/shell.md)"
    )
    live.cloud.fails_at("StartSession", code="TargetNotConnected")
    assert "is running but not connected to Session Manager" in refusal(f"{free_port}:aurora")
    live.cloud.fails_at("StartSession", code="ExpiredTokenException", times=2)
    assert "the AWS credentials are no longer valid" in refusal(f"{free_port}:aurora")
    (live.home / "outputs.json").unlink()
    assert refusal("aurora") == "pulumi stack output: no stack named 'prod' found"
    with_outputs(live)


def test_ctrl_c_is_the_plugin_s_and_its_exit_code_is_returned(live: Live, free_port: int) -> None:
    service_runs(live.cloud)
    plugin(live, seconds=20)
    with Process(live, "port-forward", "web", f"{free_port}:aurora", "--stack", "prod") as process:
        until(lambda: was_called(live))
        process.interrupted()
        assert process.ended() == 42
        assert "Traceback" not in process.said

"""The server itself: starting, emptying, ending, and what it prints."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from emulator import process
from tests.emulator.support import Client, RunningEmulator, service, task_definition, wait_for

pytestmark = pytest.mark.timed


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "emulator", *arguments]
    return subprocess.run(command, cwd=process.ROOT, capture_output=True, text=True, timeout=30)


def test_a_port_in_use_is_one_clear_line_and_a_failure() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ended = run("--port", str(port))
    assert ended.returncode != 0
    assert ended.stderr.splitlines() == [f"can't listen on 127.0.0.1:{port}: Address already in use"]


def test_a_port_out_of_range_is_one_clear_line_and_a_failure() -> None:
    ended = run("--port", "70000")
    assert ended.returncode != 0
    assert len(ended.stderr.splitlines()) == 1
    assert "70000" in ended.stderr


def test_an_interrupt_ends_it_quietly(tmp_path: Path) -> None:
    running = process.start(process.free_port(), tmp_path / "log")
    process.wait_until_ready(running.url)
    os.kill(running.pid, signal.SIGINT)
    process.stop(running.pid)
    assert running.log_file.read_text() == f"ready on {running.url}\n", "more is noise that hides a real failure"


def test_a_signal_that_comes_while_it_starts_ends_it_as_orderly(tmp_path: Path) -> None:
    port = process.free_port()
    with (tmp_path / "log").open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "emulator", "--port", str(port)], cwd=process.ROOT, stdout=log, stderr=log
        )
    with socket.socket() as probe:
        while probe.connect_ex(("127.0.0.1", port)) != 0:
            time.sleep(0.01)
    child.send_signal(signal.SIGTERM)
    assert child.wait(timeout=60) == 0


def test_stop_ends_quietly_and_only_what_it_was_given(tmp_path: Path, emulator: RunningEmulator) -> None:
    running = process.start(process.free_port(), tmp_path / "log")
    process.wait_until_ready(running.url)
    process.stop(running.pid)
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{running.url}/emulator/health", timeout=2)
    assert running.log_file.read_text() == f"ready on {running.url}\n"
    assert emulator.request("GET", "/emulator/health") == {"status": "ready"}
    process.stop(running.pid)  # What has ended already is no error.


def test_stop_does_not_wait_for_a_parent_that_never_asks_how_its_child_ended() -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    began = time.monotonic()
    process.stop(child.pid)
    assert time.monotonic() - began < 5
    assert child.wait() == -signal.SIGTERM


def test_it_starts_in_seconds(emulator: RunningEmulator) -> None:
    assert emulator.seconds_to_start < 15, "three seconds are promised; the machine may be busy with other things"


def test_waiting_for_an_emulator_that_never_comes_ends_with_its_address() -> None:
    url = f"http://127.0.0.1:{process.free_port()}"
    with pytest.raises(TimeoutError, match=url):
        process.wait_until_ready(url, timeout_seconds=0.2)


@pytest.mark.parametrize("path", ["/emulator/reset", "/moto-api/reset"])
def test_reset_empties_everything(emulator: RunningEmulator, client: Client, path: str) -> None:
    service(client)
    client("elasticache").create_cache_parameter_group(
        CacheParameterGroupName="cache", CacheParameterGroupFamily="valkey8", Description="ours"
    )
    client("codestar-connections").create_connection(ConnectionName="github", ProviderType="GitHub")
    client("logs").put_query_definition(name="errors", queryString="fields @message")
    assert {"ecs", "ec2", "elasticache", "codestar-connections"} <= set(emulator.inventory())

    emulator.request("POST", path)

    assert emulator.inventory() == {}
    assert client("logs").describe_query_definitions()["queryDefinitions"] == []


def test_reset_forgets_the_tokens_of_tasks(emulator: RunningEmulator, client: Client) -> None:
    def run_with_token() -> str:
        client("ecs").create_cluster(clusterName="site")
        arn = task_definition(client)
        ec2 = client("ec2")
        subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
        answer = client("ecs").run_task(
            cluster="site",
            taskDefinition=arn,
            launchType="FARGATE",
            clientToken="same",
            networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet]}},
        )
        return answer["tasks"][0]["taskArn"]

    first = run_with_token()
    emulator.request("POST", "/emulator/reset")
    assert run_with_token() != first


def test_an_action_that_it_lacks_is_an_error_that_is_named_in_the_log(
    emulator: RunningEmulator, client: Client
) -> None:
    with pytest.raises(ClientError, match="NotImplemented"):
        client("ecs").submit_task_state_change(task="web")
    assert "unsupported: ecs.SubmitTaskStateChange" in emulator.log_file.read_text()


def test_an_action_that_it_lacks_is_an_error_in_the_xml_services_too(emulator: RunningEmulator, client: Client) -> None:
    with pytest.raises(ClientError, match="NotImplemented"):
        client("elasticache").describe_events()
    with pytest.raises(ClientError, match="NotImplemented"):
        client("ec2").describe_fast_launch_images()
    assert emulator.raw("elasticache", "DescribeEvents").startswith("<ErrorResponse><Error><Code>")
    assert emulator.raw("ec2", "DescribeFastLaunchImages").startswith("<Response><Errors><Error><Code>")
    log = emulator.log_file.read_text()
    assert "unsupported: elasticache.DescribeEvents" in log
    assert "unsupported: ec2.DescribeFastLaunchImages" in log


def test_a_service_that_it_lacks_is_an_error_that_is_named_in_the_log(
    emulator: RunningEmulator, client: Client
) -> None:
    with pytest.raises(ClientError, match="NotImplemented"):
        client("chime").list_accounts()
    assert "unsupported: chime GET /accounts" in emulator.log_file.read_text()


def test_requests_that_succeed_are_not_in_the_log(emulator: RunningEmulator, client: Client) -> None:
    before = emulator.log_file.read_text()
    client("sts").get_caller_identity()
    assert emulator.log_file.read_text() == before


def test_verbose_prints_each_request(tmp_path: Path) -> None:
    port = process.free_port()
    command = [sys.executable, "-m", "emulator", "--port", str(port), "--verbose"]
    with (tmp_path / "log").open("wb") as log:
        child = subprocess.Popen(command, cwd=process.ROOT, stdout=log, stderr=subprocess.STDOUT)
    try:
        process.wait_until_ready(f"http://127.0.0.1:{port}")
        wait_for((tmp_path / "log").read_text, lambda text: "GET /emulator/health" in text)
    finally:
        child.terminate()
        child.wait(timeout=10)


def test_a_path_of_its_own_that_does_not_exist_says_where_to_look(emulator: RunningEmulator) -> None:
    with pytest.raises(urllib.error.HTTPError) as answer:
        emulator.request("GET", "/emulator/invntory")
    assert answer.value.code == 404
    assert b"emulator/README.md" in answer.value.read()


def test_the_end_of_a_session_ends_what_its_processes_left_behind() -> None:
    leaves_a_child = "import subprocess; print(subprocess.Popen(['sleep', '60'], process_group=0).pid, flush=True)"
    with subprocess.Popen(
        [sys.executable, "-c", leaves_a_child], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as leader:
        assert leader.stdout
        left = int(leader.stdout.readline())
        leader.wait()
        os.kill(left, 0)
        process.end_session(leader.pid)
        deadline = time.monotonic() + 10
        while process._runs(left):
            assert time.monotonic() < deadline, "it was not ended"
            time.sleep(0.05)


def test_whoever_asks_before_it_sends_a_body_is_told_to_go_on(emulator: RunningEmulator) -> None:
    address = urlsplit(emulator.url)
    with socket.create_connection((str(address.hostname), address.port or 0), timeout=10) as connection:
        connection.sendall(b"PUT /things HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue")


def client_of(tool: str, service: str, emulator: RunningEmulator) -> Any:
    """A client that says who it is."""
    return boto3.client(
        service,
        endpoint_url=emulator.url,
        region_name="ap-northeast-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(user_agent_extra=tool, s3={"addressing_style": "path"}),
    )


def test_what_the_project_s_tools_sent_is_listed_with_its_values(emulator: RunningEmulator) -> None:
    for tool in ("story", "somebody"):
        client_of(tool, "ecs", emulator).create_cluster(clusterName=tool)
    client_of("story", "ecs", emulator).list_clusters()
    client_of("story", "sns", emulator).create_topic(Name="warning")
    client_of("story", "s3", emulator).create_bucket(
        Bucket="logs", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"}
    )
    cluster, topic, bucket = emulator.request("GET", "/emulator/requests/sent")
    assert (cluster["operation"], json.loads(cluster["body"])) == ("ecs.CreateCluster", {"clusterName": "story"})
    assert topic["operation"] == "sns.CreateTopic"
    assert "Name=warning" in topic["body"]
    assert (bucket["operation"], bucket["path"]) == ("s3 PUT /{}", "/logs")
    assert "<LocationConstraint>ap-northeast-1</LocationConstraint>" in bucket["body"]
    emulator.request("DELETE", "/emulator/requests")
    assert emulator.request("GET", "/emulator/requests/sent") == []


def test_what_the_project_s_tools_asked_for_is_listed_and_nobody_else_s_requests(emulator: RunningEmulator) -> None:
    asked = {"story": "list_clusters", "somebody": "list_task_definitions"}
    for tool, operation in asked.items():
        getattr(client_of(tool, "ecs", emulator), operation)()
    assert emulator.request("GET", "/emulator/requests") == {"ecs.ListClusters": 1}
    emulator.request("DELETE", "/emulator/requests")
    assert emulator.request("GET", "/emulator/requests") == {}

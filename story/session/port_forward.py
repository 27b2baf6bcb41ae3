"""`story port-forward`: forwards a local port through a running task to a data store or another host."""

import errno
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from aws.errors import code_of
from aws.retrying import RetryingClient, retrying_client
from settings.partition import ca_bundle_url
from settings.project import project_name
from story.engine.pulumi_command import PulumiCommand
from story.live_stack import LiveStack, stack_of_outputs
from story.session.access import (
    NoAccessError,
    WrongUsageError,
    exit_code,
    is_interactive,
    message_printer,
    print_message,
)
from story.session.shell_session import Plugin, Session, endpoint_of, hand_over, installed_plugin, session_target
from story.session.task_choice import (
    RunningTask,
    TaskSelection,
    chosen,
    not_connected,
    running_tasks,
    runtime_id,
    select_tasks,
)

NAME = "port-forward"
DOCUMENT = "AWS-StartPortForwardingSessionToRemoteHost"
"""The only document that the operator policy allows:
docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-sessions-start.html"""
STORES = ("aurora", "valkey", "documentdb")
READER = "-reader"
HERE = "127.0.0.1"
MOST = 65535
LOCAL = re.compile(r"([0-9]{1,5}):(.+)")
HOST_AND_PORT = re.compile(r"([A-Za-z0-9._-]+):([0-9]{1,5})")
SECRET_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}$")
"""The suffix that Secrets Manager adds to a name:
docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html"""
ALLOWED = (
    "allowed are, for example, 3306:aurora, 3306:aurora-reader, 6379:valkey, 27017:documentdb, aurora, 8080:host:80"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarding:
    """A port and where it is forwarded to.

    Attributes:
        local_port: Port of this machine.
        host: Remote host, as the task resolves it.
        port: Remote port.
        store: `aurora`, `valkey` or `documentdb`; "" for another host.
        secret: Name of the secret with user name and password; "" for another host.
    """

    local_port: int
    host: str
    port: int
    store: str = ""
    secret: str = ""


def run(
    *,
    stack: str | None,
    service: str,
    address: str,
    container: str,
    task: str | None,
    project: Path,
    config_file: Path | None,
) -> int:
    """Forwards the port until Ctrl-C; returns the plugin's exit code, 1 if no session was opened, 2 for wrong usage."""

    def forward(name: str) -> int:
        plugin = installed_plugin()
        pulumi = PulumiCommand(stack=name, project=project, config_file=config_file)
        outputs = pulumi.outputs()
        live = stack_of_outputs(
            name.rpartition("/")[2], outputs, pulumi.aws_profile() or None, project=project_name(project)
        )
        selection, forwarding = select_tasks(live, service), parsed(address, outputs)
        check_free(forwarding.local_port, address)
        aws = retrying_client(live.location, message_printer(NAME))
        tasks = running_tasks(aws, live.location, selection)
        selected = chosen(tasks, selection, task, asks=is_interactive())
        return _open(live, aws, plugin, selection, selected, container, forwarding)

    return exit_code(NAME, stack, project, forward)


def parsed(given: str, outputs: Mapping[str, Any]) -> Forwarding:
    """The forwarding for an address given on the command line.

    Args:
        given: `LOCAL:STORE`, `STORE`, or `LOCAL:HOST:PORT`.
        outputs: Of the stack.

    Raises:
        WrongUsageError: The address has another form, or the stack has no such store.
    """
    with_port = LOCAL.fullmatch(given)
    local, what = (int(with_port[1]), with_port[2]) if with_port else (0, given)
    if with_port and not 1 <= local <= MOST:
        raise WrongUsageError(f'given "{given}"; a port is 1 to {MOST}')
    store = what.removesuffix(READER)
    if store in STORES:
        return _to_store(given, local, store, outputs, reader=what.endswith(READER))
    address = HOST_AND_PORT.fullmatch(what)
    if not (with_port and address):
        raise WrongUsageError(f'given "{given}"; {ALLOWED}')
    if not 1 <= int(address[2]) <= MOST:
        raise WrongUsageError(f'given "{given}"; a port is 1 to {MOST}')
    return Forwarding(local_port=local, host=address[1], port=int(address[2]))


def check_free(port: int, given: str) -> None:
    """Checks that a local port is free.

    Raises:
        NoAccessError: The port is in use, or needs the rights of an administrator.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        # A connection that was just closed does not block the port.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HERE, port))
        except OSError as error:
            problem = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
            rest = given.split(":", 1)[1] if LOCAL.fullmatch(given) else given
            other = port + 10000 if port + 10000 <= MOST else port - 10000
            raise NoAccessError(f"port {port} of this machine {problem}; try another one: {other}:{rest}") from None


def how_to_connect(forwarding: Forwarding, region: str) -> Sequence[str]:
    """The commands for another terminal. The certificates are issued for the names of the stores, not for this machine,
    so the clients do not compare host names.

    Args:
        forwarding: The port and where it is forwarded to.
        region: AWS region of the stack.
    """
    port = forwarding.local_port
    secret = f"user name and password: aws secretsmanager get-secret-value --secret-id {forwarding.secret}"
    match forwarding.store:
        case "aurora":
            return [f"mysql --host={HERE} --port={port} --ssl-mode=REQUIRED --user=<user> --password", secret]
        case "valkey":
            return [f"valkey-cli -h {HERE} -p {port} --tls --sni {forwarding.host} --askpass", secret]
        case "documentdb":
            options = "tls=true&tlsAllowInvalidHostnames=true&directConnection=true&retryWrites=false"
            return [
                f"mongosh 'mongodb://{HERE}:{port}/?{options}' --tlsCAFile global-bundle.pem --username <user>",
                f"{secret}; the CA bundle: {ca_bundle_url(region)}",
            ]
        case _:
            return [f"{HERE}:{port} is forwarded to {forwarding.host}:{forwarding.port}"]


def _to_store(given: str, local: int, store: str, outputs: Mapping[str, Any], *, reader: bool) -> Forwarding:
    found: Mapping[str, Any] = outputs.get(store) or {}
    host = found.get("readerEndpoint" if reader else "endpoint")
    if not host:
        has = [f"{name}{end}" for name in STORES if name in outputs for end in _ends(outputs[name])]
        raise WrongUsageError(f'given "{given}"; this stack has {", ".join(has) or "no store"}')
    port = int(found["port"])
    secret = SECRET_SUFFIX.sub("", str(found.get("userSecret", "")).partition(":secret:")[2])
    return Forwarding(local_port=local or port, host=str(host), port=port, store=store, secret=secret)


def _ends(store: Mapping[str, Any]) -> Sequence[str]:
    return ["", READER] if store.get("readerEndpoint") else [""]


def _open(
    live: LiveStack,
    aws: RetryingClient,
    plugin: Plugin,
    selection: TaskSelection,
    selected: RunningTask,
    container: str,
    forwarding: Forwarding,
) -> int:
    location = live.location
    target = session_target(location.cluster, selected.id, runtime_id(selected, container, location.stack))
    request: dict[str, Any] = {
        "Target": target,
        "DocumentName": DOCUMENT,
        "Parameters": {
            "host": [forwarding.host],
            "portNumber": [str(forwarding.port)],
            "localPortNumber": [str(forwarding.local_port)],
        },
    }
    try:
        opened = aws.call("ssm", "start_session", **request)
    except ClientError as error:
        if code_of(error) != "TargetNotConnected":
            raise
        raise not_connected(selected) from None
    remote = f"{forwarding.host}:{forwarding.port} through {selection.name} {selected.id}"
    print_message(NAME, f"{location.stack}: port {forwarding.local_port} is forwarded to {remote}")
    for line in [*how_to_connect(forwarding, location.region), "press Ctrl-C to stop"]:
        print_message(NAME, line)
    response = {key: opened[key] for key in ("SessionId", "TokenValue", "StreamUrl")}
    session = Session(location=location, response=response, request=request, endpoint=endpoint_of(location, "ssm"))
    return hand_over(plugin, session, message_printer(NAME))

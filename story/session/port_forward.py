"""`story port-forward`: a port of this machine leads, through a task, to a data store or another address."""

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
from story.session.entering import NoEntryError, WrongUsageError, exit_code, is_interactive, say, sayer
from story.session.shell_session import Plugin, Session, endpoint_of, hand_over, installed_plugin, session_target
from story.session.task_choice import (
    Task,
    TaskSelection,
    chosen,
    not_connected,
    running_tasks,
    runtime_id,
    select_tasks,
)

NAME = "port-forward"
DOCUMENT = "AWS-StartPortForwardingSessionToRemoteHost"
"""The only one that operators may use:
docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-sessions-start.html"""
STORES = ("aurora", "valkey", "documentdb")
READER = "-reader"
HERE = "127.0.0.1"
MOST = 65535
LOCAL = re.compile(r"([0-9]{1,5}):(.+)")
HOST_AND_PORT = re.compile(r"([A-Za-z0-9._-]+):([0-9]{1,5})")
SECRET_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}$")
"""What Secrets Manager adds to a name:
docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html"""
ALLOWED = "allowed are such as 3306:aurora, 3306:aurora-reader, 6379:valkey, 27017:documentdb, aurora, 8080:host:80"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Where a port leads.

    Attributes:
        local_port: Port of this machine.
        host: The other end, as the task knows it.
        port: Its port.
        store: `aurora`, `valkey` or `documentdb`; "" for another address.
        secret: Name of the secret with user and password; "" for another address.
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
    way: str,
    container: str,
    task: str | None,
    project: Path,
    config_file: Path | None,
) -> int:
    """Opens it, until Ctrl-C; returns the plugin's exit code, 1 if nobody got in, 2 for wrong usage."""

    def forward(name: str) -> int:
        plugin = installed_plugin()
        pulumi = PulumiCommand(stack=name, project=project, config_file=config_file)
        outputs = pulumi.outputs()
        profile = pulumi.aws_profile() or None
        live = stack_of_outputs(name.rpartition("/")[2], outputs, profile, project=project_name(project))
        selection, leads = select_tasks(live, service), parsed(way, outputs)
        check_free(leads.local_port, way)
        aws = retrying_client(live.location, sayer(NAME))
        tasks = running_tasks(aws, live.location, selection)
        into = chosen(tasks, selection, task, asks=is_interactive())
        return _open(live, aws, plugin, selection, into, container, leads)

    return exit_code(NAME, stack, project, forward)


def parsed(given: str, outputs: Mapping[str, Any]) -> Way:
    """What a person means.

    Args:
        given: `LOCAL:STORE`, `STORE`, or `LOCAL:HOST:PORT`.
        outputs: Of the stack.

    Raises:
        WrongUsageError: It is none of them, or the stack has no such store.
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
    return Way(local_port=local, host=address[1], port=int(address[2]))


def check_free(port: int, given: str) -> None:
    """See whether a port of this machine can be listened on.

    Raises:
        NoEntryError: Something listens on it, or only an administrator may.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        # A connection that was just closed is in nobody's way.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HERE, port))
        except OSError as error:
            taken = "is in use" if error.errno == errno.EADDRINUSE else f"can't be used ({error.strerror})"
            rest = given.split(":", 1)[1] if LOCAL.fullmatch(given) else given
            other = port + 10000 if port + 10000 <= MOST else port - 10000
            raise NoEntryError(f"port {port} of this machine {taken}; another one is {other}:{rest}") from None


def how_to_connect(way: Way, region: str) -> Sequence[str]:
    """What to type in another terminal. The certificates name the stores, not this machine, so host names are not
    compared.

    Args:
        way: Where the port leads.
        region: AWS region of the stack.
    """
    port = way.local_port
    secret = f"user and password: aws secretsmanager get-secret-value --secret-id {way.secret}"
    match way.store:
        case "aurora":
            return [f"mysql --host={HERE} --port={port} --ssl-mode=REQUIRED --user=<user> --password", secret]
        case "valkey":
            return [f"valkey-cli -h {HERE} -p {port} --tls --sni {way.host} --askpass", secret]
        case "documentdb":
            options = "tls=true&tlsAllowInvalidHostnames=true&directConnection=true&retryWrites=false"
            return [
                f"mongosh 'mongodb://{HERE}:{port}/?{options}' --tlsCAFile global-bundle.pem --username <user>",
                f"{secret}; the CA bundle: {ca_bundle_url(region)}",
            ]
        case _:
            return [f"{HERE}:{port} leads to {way.host}:{way.port}"]


def _to_store(given: str, local: int, store: str, outputs: Mapping[str, Any], *, reader: bool) -> Way:
    found: Mapping[str, Any] = outputs.get(store) or {}
    host = found.get("readerEndpoint" if reader else "endpoint")
    if not host:
        has = [f"{name}{end}" for name in STORES if name in outputs for end in _ends(outputs[name])]
        raise WrongUsageError(f'given "{given}"; this stack has {", ".join(has) or "no store"}')
    port = int(found["port"])
    secret = SECRET_SUFFIX.sub("", str(found.get("userSecret", "")).partition(":secret:")[2])
    return Way(local_port=local or port, host=str(host), port=port, store=store, secret=secret)


def _ends(store: Mapping[str, Any]) -> Sequence[str]:
    return ["", READER] if store.get("readerEndpoint") else [""]


def _open(
    live: LiveStack, aws: RetryingClient, plugin: Plugin, selection: TaskSelection, into: Task, container: str, way: Way
) -> int:
    location = live.location
    target = session_target(location.cluster, into.id, runtime_id(into, container, location.stack))
    request: dict[str, Any] = {
        "Target": target,
        "DocumentName": DOCUMENT,
        "Parameters": {
            "host": [way.host],
            "portNumber": [str(way.port)],
            "localPortNumber": [str(way.local_port)],
        },
    }
    try:
        opened = aws.call("ssm", "start_session", **request)
    except ClientError as error:
        if code_of(error) != "TargetNotConnected":
            raise
        raise not_connected(into) from None
    say(
        NAME,
        f"{location.stack}: port {way.local_port} leads to {way.host}:{way.port}, through {selection.name} {into.id}",
    )
    for line in [*how_to_connect(way, location.region), "Ctrl-C ends it"]:
        say(NAME, line)
    answer = {key: opened[key] for key in ("SessionId", "TokenValue", "StreamUrl")}
    session = Session(location=location, answer=answer, request=request, endpoint=endpoint_of(location, "ssm"))
    return hand_over(plugin, session, sayer(NAME))

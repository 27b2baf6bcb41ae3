"""The server: moto's dispatcher behind one port, with this package's services installed and its own paths."""

import os
import signal
import socket
import threading
from pathlib import Path

from werkzeug.serving import make_server

from emulator.serving import control

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class CannotListenError(Exception):
    """The address can't be listened on; the message is for the person who chose it."""


def serve(host: str, port: int, *, control_file: Path | None = None, verbose: bool = False) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        CannotListenError: The port is in use, or the address isn't this machine's.
    """
    # Held back until this thread waits for them: a handler would run in the midst of whatever the server is doing.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)
    listener = _listen(host, port)
    port = listener.getsockname()[1]
    control.use(control_file)
    _configure_moto(port)
    install_services()
    from emulator.web import application, request_handler

    web_server = make_server(
        host,
        port,
        application(verbose=verbose),
        threaded=True,
        request_handler=request_handler(verbose=verbose),
        fd=listener.fileno(),
    )
    threading.Thread(target=web_server.serve_forever, daemon=True).start()
    print(f"ready on http://{host}:{port}", flush=True)
    signal.sigwait(ENDING_SIGNALS)


def install_services() -> None:
    """Change moto, service by service. Nothing here depends on another module's installation."""
    from emulator.services import (
        autoscaling,
        budgets,
        chatbot,
        cloudtrail,
        cloudwatch,
        codebuild,
        codepipeline,
        connections,
        ec2,
        ecs,
        elasticache,
        elbv2,
        iam,
        limits,
        logs,
        offers,
        rds,
        route53,
        s3,
    )

    ec2.install()
    elbv2.install()
    iam.install()
    ecs.install()
    autoscaling.install()
    rds.install()
    elasticache.install()
    logs.install()
    limits.install()
    offers.install()
    cloudwatch.install()
    budgets.install()
    chatbot.install()
    codebuild.install()
    codepipeline.install()
    connections.install()
    cloudtrail.install()
    route53.install()
    s3.install()


def _listen(host: str, port: int) -> socket.socket:
    # The socket is made here, not by the server, so that a taken port is one line instead of a traceback,
    # and is known before anything is loaded.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        raise CannotListenError(
            f"can't listen on {host}:{port}: {getattr(error, 'strerror', None) or error}"
        ) from error
    return listener


def _configure_moto(port: int) -> None:
    # moto reads these when it is imported, so they come before the first import of it.
    os.environ["MOTO_PORT"] = str(port)
    os.environ.setdefault("MOTO_ACM_VALIDATION_WAIT", "0")
    os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
    os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")

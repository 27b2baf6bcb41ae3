"""What stands between the socket and moto: this package's own paths, and one line in the log per failure."""

import io
import json
import re
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import WSGIRequestHandler

from emulator import inventory
from emulator.services.ecs import behaviour, clock
from emulator.serving import faults, requests

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

OPERATION = "emulator.operation"
SERVER_ERROR = "500 Internal Server Error"


class LostAnswerError(ConnectionError):
    """A request was carried out, and its answer is to be lost."""


def application(*, verbose: bool = False) -> Application:
    """The whole web application: `/emulator/...` is ours, everything else is AWS."""

    def app_of_service(service: Any) -> Any:
        if service is None:
            raise NotImplementedError("the emulator doesn't have this service")
        return create_backend_app(service)

    aws = DomainDispatcherApplication(app_of_service)

    def answer(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        handler = _own_path if path.startswith("/emulator/") else partial(_aws_or_fault, aws)
        operation = path if path.startswith("/emulator/") else _operation(environ)
        environ[OPERATION] = operation
        if not path.startswith("/emulator/"):
            requests.note(operation, environ, _body(environ))
        try:
            return handler(operation, environ, start_response)
        except NotImplementedError as error:
            _log(f"unsupported: {operation} ({error})")
            return _error(operation, environ, start_response, "501 Not Implemented", "NotImplemented", str(error))
        except ConnectionError:
            raise
        except Exception as error:
            message = f"{type(error).__name__}: {error}"
            _log(f"{SERVER_ERROR}: {operation}: {message}")
            if verbose:
                traceback.print_exc()
            return _error(operation, environ, start_response, SERVER_ERROR, "InternalFailure", message)

    return answer


def request_handler(*, verbose: bool = False) -> type[WSGIRequestHandler]:
    """moto's request handler; it prints a line per request only if `verbose`."""

    class Handler(MotoRequestHandler):
        # An answer leaves in one piece. Where its head and its body came in two, clients in Go now and then gave the
        # connection up between them, and asked again for what had been done already.
        wbufsize = -1

        def handle_expect_100(self) -> bool:
            # Whoever asks before it sends a body waits a second for the word.
            goes_on = super().handle_expect_100()
            self.wfile.flush()
            return goes_on

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            if verbose:
                super().log_request(code, size)

        def connection_dropped(self, error: BaseException, environ: Environ | None = None) -> None:
            # Whoever asked will ask again, and find that it was done already.
            self.close_connection = True
            operation = (environ or {}).get(OPERATION, "a request")
            if not operation.startswith("/emulator/"):
                _log(f"nobody waited for the answer: {operation} ({type(error).__name__})")

    return Handler


def _own_path(_operation: str, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    match environ["REQUEST_METHOD"], environ["PATH_INFO"]:
        case "GET", "/emulator/health":
            status, content = "200 OK", {"status": "ready"}
        case "GET", "/emulator/inventory":
            clock.advance()
            status, content = "200 OK", inventory.of_everything()
        case "POST", "/emulator/reset":
            with clock.lock:
                moto_api_backend.reset()
            faults.in_force.clear()
            behaviour.in_force.clear()
            requests.forget()
            status, content = "200 OK", {"status": "empty"}
        case "GET", "/emulator/requests":
            status, content = "200 OK", dict(sorted(requests.noted.items()))
        case "GET", "/emulator/requests/sent":
            status, content = "200 OK", list(requests.sent)
        case "DELETE", "/emulator/requests":
            requests.forget()
            status, content = "200 OK", {}
        case method, "/emulator/faults":
            status, content = _posted("faults", faults.in_force, method, environ)
        case method, "/emulator/behaviours":
            status, content = _posted("behaviours", behaviour.in_force, method, environ)
        case method, path:
            status, content = "404 Not Found", {"error": f"no {method} {path} here; see emulator/README.md"}
    return _answer(start_response, status, json.dumps(content, indent=1), "application/json")


def _posted(name: str, in_force: Any, method: str, environ: Environ) -> tuple[str, Any]:
    """Add to, list or clear what a test wants to happen."""
    match method:
        case "POST":
            try:
                in_force.add(_body(environ))
            except (faults.FaultError, behaviour.BehaviourError) as problem:
                return "400 Bad Request", {"error": str(problem)}
        case "DELETE":
            in_force.clear()
        case "GET":
            pass
        case _:
            return "405 Method Not Allowed", {"error": f"/emulator/{name} knows GET, POST and DELETE"}
    return "200 OK", {name: in_force.listed()}


def _aws_or_fault(aws: Application, operation: str, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    clock.advance()
    fault = None
    if faults.in_force.listed():
        fault = faults.in_force.met_by(operation.partition(".")[2], _body(environ))
    if fault is None:
        return _aws(aws, operation, environ, start_response)
    time.sleep(fault.seconds)
    if fault.lost:
        b"".join(_aws(aws, operation, environ, lambda *_answered: None))
        # The server takes this for a client that has gone, and closes the connection without a word.
        raise LostAnswerError
    if fault.answer is not None:
        return _answer(start_response, "200 OK", json.dumps(fault.answer), "application/x-amz-json-1.1")
    status = f"{fault.status} {HTTPStatus(fault.status).phrase}"
    return _error(operation, environ, start_response, status, fault.code, "/emulator/faults")


def _aws(aws: Application, operation: str, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    def noting_failures(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
        # moto leaves a path that it doesn't know to Flask, whose page is the only HTML that it answers a GET or POST
        # with. HEAD has no page: it asks S3 whether something exists, and 404 is the answer.
        html = any(name.lower() == "content-type" and value.startswith("text/html") for name, value in headers)
        if status.startswith("404") and html and environ["REQUEST_METHOD"] != "HEAD":
            _log(f"unsupported: {operation}")
        elif status.startswith("5"):
            _log(f"{status}: {operation}")
        return start_response(status, headers, *more)

    return aws(environ, noting_failures)


def _operation(environ: Environ) -> str:
    """A name such as `ecs.RunTask` for a request, whatever protocol its service speaks."""
    scope = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
    service = scope.group(1) if scope else "unsigned"
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return f"{service}.{target.rpartition('.')[2]}"
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        action = parse_qs(_body(environ).decode(errors="replace")).get("Action")
        if action:
            return f"{service}.{action[0]}"
    return f"{service} {environ['REQUEST_METHOD']} {environ['PATH_INFO']}"


def _body(environ: Environ) -> bytes:
    """The request's body, which the next reader finds as well."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _error(
    operation: str, environ: Environ, start_response: StartResponse, status: str, code: str, message: str
) -> Iterable[bytes]:
    """An error that AWS's clients can read: JSON for services that speak it, else the XML of the others."""
    message = f"{operation}: {message}"
    if "HTTP_X_AMZ_TARGET" in environ:
        content = json.dumps({"__type": code, "message": message})
        return _answer(start_response, status, content, "application/x-amz-json-1.1", ("X-Amzn-ErrorType", code))
    content = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
    if operation.startswith("ec2."):
        content = f"<Response><Errors><Error>{content}</Error></Errors></Response>"
    elif operation.startswith("s3 "):
        content = f"<Error>{content}</Error>"
    else:
        content = f"<ErrorResponse><Error>{content}</Error></ErrorResponse>"
    return _answer(start_response, status, content, "text/xml")


def _answer(
    start_response: StartResponse, status: str, content: str, content_type: str, *more: tuple[str, str]
) -> Iterable[bytes]:
    """A whole answer; one that tells its length needs no further piece that says where it ends."""
    body = content.encode()
    start_response(status, [("Content-Type", content_type), ("Content-Length", str(len(body))), *more])
    return [body]


def _log(line: str) -> None:
    print(line, file=sys.stderr, flush=True)

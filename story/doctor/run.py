"""`story doctor`, as a command."""

import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from rich.console import Console

from aws.caching import CachingClient
from aws.client import connect
from aws.errors import EXPIRED, CredentialsExpiredError, code_of, in_one_line
from release.contract import StackLocation
from release.step_output import print_line
from settings.project import project_name
from story.doctor import page
from story.doctor.context import DoctorContext
from story.doctor.examine import Step, checks_of, examine
from story.doctor.finding import Finding, exit_code
from story.engine.pulumi_command import PulumiCommand
from story.exit_codes import ExitCode
from story.live_stack import EXPECTED, LiveStackError, error_line, stack_of_outputs

LINES = 4
"""Number of lines that show the progress if the output is no terminal."""


def run(
    *, stack: str, service: str | None, project: Path, config_file: Path | None, as_json: bool, debug: bool = False
) -> int:
    """Checks a stack and shows the findings; returns the exit code: 0 without warnings and errors, 3 with warnings, 4
    with errors, 2 for a service that the stack does not have, 1 if the stack could not be checked."""
    try:
        context = _context(stack, service, project, config_file)
        known = sorted(context.live.services)
        if service is not None and service not in known:
            allowed = ", ".join(known) or "none, because the stack has no service"
            print(f'story doctor: --service: given "{service}"; allowed is one of: {allowed}', file=sys.stderr)
            return ExitCode.WRONG_USAGE
        _check_account(context)
        checks = checks_of(context)
        with progress(context.live.location.stack, len(checks)) as step:
            found = examine(checks, step, debug=debug)
    except EXPECTED as error:
        print(f"story doctor: {error_line(stack, error)}", file=sys.stderr)
        return ExitCode.FAILED
    show(context.live.location, found, as_json=as_json)
    return exit_code(found)


def _context(stack: str, service: str | None, project: Path, config_file: Path | None) -> DoctorContext:
    pulumi = PulumiCommand(stack=stack, project=project, config_file=config_file)
    outputs = pulumi.outputs()
    live = stack_of_outputs(
        stack.rpartition("/")[2], outputs, pulumi.aws_profile() or None, project=project_name(project)
    )
    return DoctorContext(
        live=live,
        outputs=outputs,
        names=sorted(live.services) if service is None else [service],
        aws=CachingClient(connect(live.location.region, live.location.profile)),
        now=_now(),
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _check_account(context: DoctorContext) -> None:
    """Checks that the credentials are valid and belong to the stack's account.

    Raises:
        aws.errors.CredentialsExpiredError: They are not valid.
        story.live_stack.LiveStackError: They belong to another account.
    """
    try:
        account = str(context.aws.call("sts", "get_caller_identity")["Account"])
    except ClientError as error:
        if code_of(error) in EXPIRED:
            raise CredentialsExpiredError(in_one_line(error)) from None
        raise
    expected = _account_in(context.outputs)
    if expected and account != expected:
        raise LiveStackError(
            f"stack {context.live.location.stack}: the credentials belong to account {account}, but the stack is in "
            f"{expected}: use another profile, or set `aws:profile` in the stack file"
        )


def _account_in(outputs: Mapping[str, Any]) -> str:
    arn = str(outputs.get("key", "")).split(":")
    return arn[4] if len(arn) > 4 else ""


@contextmanager
def progress(stack: str, checks: int) -> Generator[Step]:
    """Shows the progress on the standard error: live in a terminal, else as a few lines."""
    if sys.stderr.isatty():
        with Console(stderr=True).status(f"{checks} checks") as status:
            yield lambda area, done, of: status.update(f"{done} of {of} checks, {area}")
        return
    yield _lines(stack, checks)


def _lines(stack: str, checks: int) -> Step:
    print(f"story doctor: {checks} checks of stack {stack}", file=sys.stderr, flush=True)

    def step(_area: str, done: int, of: int) -> None:
        if done * LINES // of > (done - 1) * LINES // of:
            print(f"story doctor: {done} of {of} checks", file=sys.stderr, flush=True)

    return step


def show(location: StackLocation, found: list[Finding], *, as_json: bool) -> None:
    """Prints the findings: as a JSON document, a page for a terminal, or lines for a log."""
    output: Callable[[str], None] = print_line
    if as_json:
        output(page.document(location, found))
    elif sys.stdout.isatty():
        Console().print(page.page(location, found))
    else:
        for line in page.plain(location, found):
            output(line)

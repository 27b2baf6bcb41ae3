"""`story doctor`, as a command."""

import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError
from rich.console import Console

from aws.caching import CachingClient
from aws.client import AwsClient
from aws.errors import EXPIRED, CredentialsExpiredError, code_of, in_one_line
from release.contract import Place
from release.saying import print_line
from story.doctor import page
from story.doctor.context import DoctorContext
from story.doctor.examine import Step, checks_of, examine
from story.doctor.finding import Finding, exit_code
from story.engine.pulumi_command import PulumiCommand
from story.live_stack import EXPECTED, LiveStackError, explained, stack_of_outputs

WRONG_USAGE = 2
LINES = 4
"""Where nobody watches, so many lines tell how far it is."""


def run(*, stack: str, service: str | None, project: Path, config_file: Path | None, as_json: bool) -> int:
    """Looks at a stack and shows what it finds; returns the exit code: 0 with nothing worse than notes, 3 with
    warnings, 4 with errors, 2 for a service that the stack does not have, 1 if nobody could tell."""
    try:
        context = _context(stack, service, project, config_file)
        known = sorted(context.live.services)
        if service is not None and service not in known:
            allowed = ", ".join(known) or "none, for the stack has no service"
            print(f'story doctor: --service: given "{service}"; allowed is one of: {allowed}', file=sys.stderr)
            return WRONG_USAGE
        _check_account(context)
        checks = checks_of(context)
        with progress(context.live.place.stack, len(checks)) as step:
            found = examine(checks, step)
    except EXPECTED as error:
        print(f"story doctor: {explained(stack, error)}", file=sys.stderr)
        return 1
    show(context.live.place, found, as_json=as_json)
    return exit_code(found)


def _context(stack: str, service: str | None, project: Path, config_file: Path | None) -> DoctorContext:
    pulumi = PulumiCommand(stack=stack, project=project, config_file=config_file)
    outputs = pulumi.outputs()
    live = stack_of_outputs(stack.rpartition("/")[2], outputs, pulumi.aws_profile() or None)
    session = boto3.Session(region_name=live.place.region, profile_name=live.place.profile)
    return DoctorContext(
        live=live,
        outputs=outputs,
        names=sorted(live.services) if service is None else [service],
        aws=CachingClient(AwsClient(session)),
        now=_now(),
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _check_account(context: DoctorContext) -> None:
    """Whether the credentials are valid, and of the stack's account.

    Raises:
        aws.errors.CredentialsExpiredError: They are not valid.
        story.live_stack.LiveStackError: They are another account's.
    """
    try:
        account = str(context.aws.call("sts", "get_caller_identity")["Account"])
    except ClientError as error:
        if code_of(error) in EXPIRED:
            raise CredentialsExpiredError(in_one_line(error)) from None
        raise
    wanted = _account_in(context.outputs)
    if wanted and account != wanted:
        raise LiveStackError(
            f"stack {context.live.place.stack}: these credentials are of the account {account}, the stack is in "
            f"{wanted}: choose another profile, or `aws:profile` in the stack's file"
        )


def _account_in(outputs: Mapping[str, Any]) -> str:
    arn = str(outputs.get("key", "")).split(":")
    return arn[4] if len(arn) > 4 else ""


@contextmanager
def progress(stack: str, checks: int) -> Generator[Step]:
    """Shows how far it is, beside the document: live in a terminal, else as a few lines."""
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


def show(place: Place, found: list[Finding], *, as_json: bool) -> None:
    """Prints what was found: a document, a page for a terminal, or lines for a log."""
    output: Callable[[str], None] = print_line
    if as_json:
        output(page.document(place, found))
    elif sys.stdout.isatty():
        Console().print(page.page(place, found))
    else:
        for line in page.plain(place, found):
            output(line)

"""`story doctor --before`, as a command."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from botocore.exceptions import ClientError

from aws.caching import CachingClient
from aws.client import connect
from aws.errors import EXPIRED, CredentialsExpiredError, code_of, in_one_line
from release.contract import StackLocation
from settings.partition import partition_of
from settings.project import project_name
from story.doctor.examine import examine
from story.doctor.finding import Finding, Severity, exit_code, in_order
from story.doctor.images import IMAGE
from story.doctor.preflight.account import closed_region
from story.doctor.preflight.checks import checks_of
from story.doctor.preflight.planned import Owned, Planned
from story.doctor.preflight.public_dns import lookup
from story.doctor.preflight.state import read_state, without_state
from story.doctor.preflight.subject import Subject
from story.doctor.run import progress, show
from story.exit_codes import ExitCode
from story.image_given import RELEASED
from story.live_stack import EXPECTED, error_line
from story.plan.command import without_garbage_collection
from story.plan.program import ProgramError, StackPlan, plan_stack
from story.plan.stack_file import read_stack_file

SETTINGS = "settings"
IMAGE_FIX = "give an image by digest: REGISTRY/REPOSITORY@sha256:DIGEST"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The arguments of the command.

    Attributes:
        stack: Name of the stack, short or in full.
        file: Its stack file.
        project: Folder of Pulumi.yaml.
        image: Image of the update; None for the running one.
        only_first: Whether to skip the checks if an update of the stack has succeeded before.
        debug: Whether to raise an unexpected error of a check instead of reporting it as a finding.
    """

    stack: str
    file: Path
    project: Path
    image: str | None = None
    only_first: bool = False
    debug: bool = False

    @property
    def short_name(self) -> str:
        """Name of the stack, without organization and project."""
        return self.stack.rpartition("/")[2]


def run(request: Request, *, as_json: bool) -> int:
    """Runs the checks and shows the findings; returns the exit code: 0 without warnings and errors, 3 with warnings, 4
    with errors, 2 if the stack file does not exist, 1 if most of the checks could not be made."""
    if not request.file.is_file():
        print(
            f"story doctor: the file {request.file} does not exist; give another one with --stack or --file",
            file=sys.stderr,
        )
        return ExitCode.WRONG_USAGE
    owned = read_state(request.stack, request.project)
    if request.only_first and owned.image:
        message = f"stack {request.short_name} was updated before, so the checks are skipped (--only-first)"
        print(f"story doctor: {message}", file=sys.stderr)
        return ExitCode.OK
    try:
        location, found = run_checks(request, owned)
    except ProgramError as error:
        print(f"story doctor: {error}", file=sys.stderr)
        return ExitCode.FAILED
    except EXPECTED as error:
        print(f"story doctor: {error_line(request.stack, error)}", file=sys.stderr)
        return ExitCode.FAILED
    show(location, found, as_json=as_json)
    return exit_code(found)


def run_checks(request: Request, owned: Owned) -> tuple[StackLocation, list[Finding]]:
    """The stack's location, and the findings of all checks.

    Args:
        request: The arguments of the command.
        owned: The resources in the state.

    Raises:
        aws.errors.CredentialsExpiredError: The credentials are not valid.
        botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: No credentials, or no such profile.
    """
    image = request.image or owned.image
    project = project_name(request.project)
    read = read_stack_file(request.file, project, request.short_name)
    with without_garbage_collection():
        plan = plan_stack(request.project, request.file, image or None, request.short_name)
    region = read.config.get("aws:region", "")
    location = StackLocation(
        project=project,
        stack=request.short_name,
        region=region,
        profile=read.config.get("aws:profile") or None,
        cluster=f"{project}-{request.short_name}",
    )
    if plan.record is None:
        return location, in_order(_mistakes(plan))
    planned = Planned(
        project=project, stack=location.stack, region=region, config=read.config, record=plan.record, image=image
    )
    home_region = partition_of(region).home_region
    home = CachingClient(connect(home_region, location.profile))
    account = _account(home, home_region)
    closed = closed_region(home, region)
    if closed:
        return location, [closed]
    subject = _subject(location, planned, owned, home, account)
    checks = checks_of(subject)
    with progress(request.short_name, len(checks)) as step:
        return location, examine(checks, step, debug=request.debug)


def _mistakes(plan: StackPlan) -> Sequence[Finding]:
    return [
        Finding(
            area=IMAGE if mistake.startswith(RELEASED) else SETTINGS,
            severity=Severity.ERROR,
            what=f"--image or {mistake}" if mistake.startswith(RELEASED) else mistake,
            why="the update would stop before it creates anything; the account was not checked",
            fix=IMAGE_FIX if mistake.startswith(RELEASED) else f"correct it in {plan.file}",
        )
        for mistake in plan.mistakes
    ]


def _subject(location: StackLocation, planned: Planned, owned: Owned, home: CachingClient, account: str) -> Subject:
    aws = CachingClient(connect(location.region, location.profile))
    return Subject(
        planned=planned,
        owned=without_state(owned, aws, planned.cluster),
        account=account,
        aws=aws,
        home=home,
        lookup=lookup,
        now=_now(),
    )


def _account(home: CachingClient, region: str) -> str:
    """The account of the credentials, requested in a region that is always enabled.

    Raises:
        CredentialsExpiredError: They are not valid.
        botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: No credentials, or no response.
    """
    try:
        return str(home.call("sts", "get_caller_identity")["Account"])
    except ClientError as error:
        if code_of(error) in EXPIRED:
            raise CredentialsExpiredError(f"{in_one_line(error)}, in {region}") from None
        raise


def _now() -> datetime:
    return datetime.now(UTC)

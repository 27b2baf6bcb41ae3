"""`story rollback`: updates the stack with an earlier image."""

import sys
from collections.abc import Sequence
from pathlib import Path

from aws.retrying import retrying_client
from release.contract import revision
from release.step_output import print_line
from story.engine.pulumi_command import PulumiCommand
from story.exit_codes import ExitCode
from story.image_given import BY_DIGEST, going_back_to
from story.live_stack import EXPECTED, LiveStack, error_line, image_of, live_stack
from story.status.services import statuses

SHORTEST_DIGEST = 8
REVISIONS = 20
"""How many revisions of the migration's task definition are searched for earlier images."""


class RollbackError(Exception):
    """Nothing was rolled back; the message is for the user."""


def run(*, stack: str, image: str | None, project: Path, config_file: Path | None, yes: bool) -> int:
    """Roll back to an image, and show the update; returns the exit code: 0 if every service runs it, 1 if not, 2 for
    wrong usage or without confirmation."""
    try:
        live = live_stack(stack, project, config_file)
        chosen = _chosen(live, image)
    except RollbackError as error:
        print(f"story rollback: {error}", file=sys.stderr)
        return ExitCode.WRONG_USAGE
    except EXPECTED as error:
        print(f"story rollback: {error_line(stack, error)}", file=sys.stderr)
        return ExitCode.FAILED
    print_line(
        f"Every service of {live.location.stack} is rolled back to {chosen or f'the last good image, {live.image}'}."
    )
    print_line("No migration runs: the database keeps its current schema and data.")
    if not (yes or _confirmed()):
        return ExitCode.WRONG_USAGE
    pulumi = PulumiCommand(stack=stack, project=project, config_file=config_file)
    return ExitCode.FAILED if pulumi.up(going_back_to(chosen)) else ExitCode.OK


def earlier_images(live: LiveStack) -> Sequence[str]:
    """Images of earlier releases, newest first: every release has a revision of the migration's task definition."""
    aws = retrying_client(live.location, lambda line: print(line, file=sys.stderr))
    family = revision(live.migration_definition).rpartition(":")[0]
    answer = aws.call("ecs", "list_task_definitions", familyPrefix=family, sort="DESC", maxResults=REVISIONS)
    images = dict.fromkeys(image_of(aws, arn) for arn in answer["taskDefinitionArns"])
    return [image for image in images if image not in ("", live.image)]


def _chosen(live: LiveStack, image: str | None) -> str:
    """The image to pass to the program; "" for the last good one, which is in the state.

    Raises:
        RollbackError: There is no such image, or nothing to roll back.
    """
    if image is None:
        if not live.image:
            raise RollbackError("no update of this stack has succeeded yet, so there is no image to roll back to")
        if all(one.is_last_good and one.is_healthy for one in statuses(live)):
            raise RollbackError(
                f"every service already runs the last good image, {live.image}; give an earlier one (images of "
                f"failed releases are listed too): {_listed(earlier_images(live))}"
            )
        return ""
    if BY_DIGEST.fullmatch(image):
        return image
    known = [one for one in (live.image, *earlier_images(live)) if one]
    digest = image.removeprefix("sha256:")
    fitting = [
        one for one in known if len(digest) >= SHORTEST_DIGEST and one.partition("@sha256:")[2].startswith(digest)
    ]
    if len(fitting) > 1:
        raise RollbackError(f'given "{image}", which matches several images; allowed is one of: {_listed(fitting)}')
    if not fitting:
        raise RollbackError(
            f'given "{image}"; allowed is an image by digest, or the first {SHORTEST_DIGEST} or more letters of the '
            f"digest of one of: {_listed(known)}"
        )
    return fitting[0]


def _listed(images: Sequence[str]) -> str:
    return ", ".join(images) or "none is known"


def _confirmed() -> bool:
    if not sys.stdin.isatty():
        print("story rollback: there is no terminal to ask for confirmation; use --yes", file=sys.stderr)
        return False
    try:
        return input("Continue? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False

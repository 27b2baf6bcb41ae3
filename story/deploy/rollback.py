"""`story rollback`: puts an earlier image back, through the same program."""

import sys
from collections.abc import Sequence
from pathlib import Path

from aws.retrying import retrying_client
from release.contract import revision
from release.saying import print_line
from story.engine.pulumi_command import PulumiCommand
from story.image_given import BY_DIGEST, going_back_to
from story.live_stack import EXPECTED, LiveStack, explained, image_of, live_stack
from story.status.services import statuses

SHORTEST_DIGEST = 8
REVISIONS = 20
"""How many revisions of the migration's task definition are looked through for earlier images."""


class RollbackError(Exception):
    """Nothing was put back; the message is what to show."""


def run(*, stack: str, image: str | None, project: Path, config_file: Path | None, yes: bool) -> int:
    """Puts an image back, and shows the update; returns the exit code: 0 once every service runs it, 1 if not, 2 for
    wrong usage or if nobody agreed."""
    try:
        live = live_stack(stack, project, config_file)
        chosen = _chosen(live, image)
    except RollbackError as error:
        print(f"story rollback: {error}", file=sys.stderr)
        return 2
    except EXPECTED as error:
        print(f"story rollback: {explained(stack, error)}", file=sys.stderr)
        return 1
    print_line(f"Every service of {live.place.stack} goes back to {chosen or f'the last good image, {live.image}'}.")
    print_line("Nothing is migrated: the database stays as the last migration left it.")
    if not (yes or _agreed()):
        return 2
    pulumi = PulumiCommand(stack=stack, project=project, config_file=config_file)
    return 1 if pulumi.up(going_back_to(chosen)) else 0


def earlier_images(live: LiveStack) -> Sequence[str]:
    """Images of earlier releases, the newest one first: every release has a revision of the migration's task."""
    aws = retrying_client(live.place, lambda line: print(line, file=sys.stderr))
    family = revision(live.migration_definition).rpartition(":")[0]
    answer = aws.call("ecs", "list_task_definitions", familyPrefix=family, sort="DESC", maxResults=REVISIONS)
    images = dict.fromkeys(image_of(aws, arn) for arn in answer["taskDefinitionArns"])
    return [image for image in images if image not in ("", live.image)]


def _chosen(live: LiveStack, image: str | None) -> str:
    """The image to name to the program; "" for the last good one, which it knows by itself.

    Raises:
        RollbackError: It isn't one to go back to.
    """
    if image is None:
        if not live.image:
            raise RollbackError("no update of this stack succeeded yet, so there is nothing to go back to")
        if all(one.is_last_good and one.is_healthy for one in statuses(live)):
            raise RollbackError(
                f"every service runs the last good image already: {live.image}; name an earlier one (also those of "
                f"failed releases are known): {_listed(earlier_images(live))}"
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
        raise RollbackError(f'given "{image}", which fits several; allowed is one of: {_listed(fitting)}')
    if not fitting:
        raise RollbackError(
            f'given "{image}"; allowed is an image by digest, or the first {SHORTEST_DIGEST} or more letters of the '
            f"digest of one of: {_listed(known)}"
        )
    return fitting[0]


def _listed(images: Sequence[str]) -> str:
    return ", ".join(images) or "none is known"


def _agreed() -> bool:
    if not sys.stdin.isatty():
        print("story rollback: nobody can be asked here; --yes goes on without asking", file=sys.stderr)
        return False
    try:
        return input("Go on? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False

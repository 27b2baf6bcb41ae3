"""`story deploy`: a release of one stack as the pipeline runs it. The log of a failure ends with the reasons."""

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from aws.errors import in_one_line
from release.step_output import print_line
from story.engine.pulumi_command import PulumiCommand, PulumiError
from story.exit_codes import ExitCode
from story.image_given import BY_DIGEST, KEEPING, releasing
from story.kept_image import NoSuchImageError, keep

KEEP_RUNNING = "none"
"""Value of `--image` if no image has been built yet."""
REASON = re.compile(r"\berror: (?!update failed|preview failed)(.+)")
MOST_REASONS = 12


class DeployError(Exception):
    """Nothing was changed; the message is one line for the user."""


@dataclass(slots=True, kw_only=True)
class Reasons:
    """The reasons of a failed update, from the output of `pulumi`."""

    lines: list[str] = field(default_factory=list[str])

    def add_line(self, line: str) -> None:
        """Keep the reason in one line of `pulumi`'s output, if it has one; `pulumi` prints each reason twice."""
        found = REASON.search(line)
        if found and (reason := found[1].strip()) not in self.lines:
            self.lines.append(reason)


def run(*, stack: str, image: str, after: str, project: Path, config_file: Path | None, preflight: bool = True) -> int:
    """Release an image, or apply the settings if it runs already; returns the exit code: 0 if it succeeded, 1 if it
    failed, 2 for wrong usage.

    Args:
        stack: Name of the stack.
        image: `<registry>/<repository>@sha256:...`, or `none` for the current one.
        after: Stack that must already run this image; "" for none.
        project: Folder of Pulumi.yaml.
        config_file: The stack's settings, if they are not in that folder.
        preflight: Whether to check the account before a first update, and to stop at errors.
    """
    if image != KEEP_RUNNING and not BY_DIGEST.fullmatch(image):
        said = f'--image: given "{image}"; allowed is an image by digest, or {KEEP_RUNNING} for the current one'
        print(f"story deploy: {said}", file=sys.stderr)
        return ExitCode.WRONG_USAGE
    pulumi = PulumiCommand(stack=stack, project=project, config_file=config_file)
    try:
        running = _image_of(pulumi)
        if image == KEEP_RUNNING and not running:
            raise DeployError("the stack has no image, and none has been built yet; push the application's repository")
        if after and image != KEEP_RUNNING:
            _check_order(image, after, _image_of(PulumiCommand(stack=after, project=project)))
        if preflight and not running:
            _check_account(pulumi, image)
        if image in (KEEP_RUNNING, running):
            return _apply_settings(pulumi, running)
        return _release(pulumi, image, running)
    except (DeployError, PulumiError, NoSuchImageError) as error:
        print(f"story deploy: {stack}: {error}", file=sys.stderr)
    except (BotoCoreError, ClientError) as error:
        print(f"story deploy: {stack}: {in_one_line(error)}", file=sys.stderr)
    return ExitCode.FAILED


def _image_of(pulumi: PulumiCommand) -> str:
    """The image of a stack's last successful update; "" without one."""
    return str(pulumi.outputs().get("image", ""))


def _check_order(image: str, after: str, running_there: str) -> None:
    """Raise DeployError if the stack before this one runs another image."""
    if image != running_there:
        raise DeployError(
            f"{after} runs {running_there or 'no image yet'}, but this release has {image}; nothing was changed. "
            f"Wait for the release of the image that {after} runs, or start it"
        )


def _check_account(pulumi: PulumiCommand, image: str) -> None:
    """Raise DeployError if the preflight check finds errors in the settings or the account. A check that could not run
    is no error."""
    name = pulumi.stack.rpartition("/")[2]
    file = pulumi.config_file or pulumi.project / f"Pulumi.{name}.yaml"
    if not file.is_file():
        return
    # The program and its SDK take seconds to load, and a later release needs neither.
    from story.doctor.preflight.run import Request, run

    request = Request(stack=pulumi.stack, file=file, project=pulumi.project, image=image)
    if run(request, as_json=False) == ExitCode.ERRORS:
        raise DeployError(
            "the first update would fail because of the errors above; nothing was changed. Correct "
            "them, or skip this check with --no-preflight (STORY_PREFLIGHT=off)"
        )


def _apply_settings(pulumi: PulumiCommand, running: str) -> int:
    print_line(f"{pulumi.stack} keeps its image, {running}: only the settings are applied.")
    reasons = Reasons()
    if pulumi.up(KEEPING, on_output=reasons.add_line, preview=False) == 0:
        return ExitCode.OK
    _conclude(f"{pulumi.stack}: the settings were not applied", reasons)
    return ExitCode.FAILED


def _release(pulumi: PulumiCommand, image: str, running: str) -> int:
    if tag := keep(image, pulumi.stack.rpartition("/")[2], pulumi.aws_profile()):
        print_line(f"{image} has the tag {tag}, so that its repository keeps it.")
    print_line(f"{pulumi.stack}: updating from {running or 'no image'} to {image}.")
    reasons = Reasons()
    if pulumi.up(releasing(image), on_output=reasons.add_line, preview=False) == 0:
        return ExitCode.OK
    if not running:
        _conclude(
            f"{pulumi.stack}: the first release failed, and there is no earlier image to roll back to; "
            "correct the error, and release a good image",
            reasons,
        )
        return ExitCode.FAILED
    print_line(f"The release failed. {pulumi.stack}: rolling back to {running}, without a migration.")
    if pulumi.up(KEEPING, preview=False):
        _conclude(
            f"{pulumi.stack}: the release failed, and the rollback to {running} failed too: "
            f"check the stack now (story status --stack {pulumi.stack})",
            reasons,
        )
        return ExitCode.FAILED
    _conclude(f"{pulumi.stack}: the release failed and was rolled back; every service runs {running} again", reasons)
    return ExitCode.FAILED


def _conclude(what: str, reasons: Reasons) -> None:
    """Print the reasons as the last lines, because readers of a build log see these first."""
    shown = reasons.lines[:MOST_REASONS] or ["pulumi printed no reason; see its output above"]
    for line in (f"story deploy: {what}. Why:", *(f"  {reason}" for reason in shown)):
        print_line(line)

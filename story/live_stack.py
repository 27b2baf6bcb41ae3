"""A stack as it is after its last update, read from its outputs."""

import hashlib
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    ProfileNotFound,
)

from aws.client import Caller, Json, items, part
from aws.errors import AWS_ERRORS, CredentialsExpiredError, NoAnswerError, in_one_line
from release.contract import OneOffTask, Rollout, StackLocation, StepError, started_by
from settings.project import project_name
from story.engine.pulumi_command import PulumiCommand, PulumiError

APP = "app"
FIXES: Mapping[type[BotoCoreError], str] = {
    NoCredentialsError: "; sign in, or name a profile in AWS_PROFILE, until `aws sts get-caller-identity` answers",
    ProfileNotFound: "; `aws configure list-profiles` lists them: AWS_PROFILE, or aws:profile in the stack's file",
}
"""What to do where this machine has no credentials:
docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html"""


class LiveStackError(Exception):
    """The stack's outputs do not have what is needed; the message is one line for the user."""


class CommandLineError(Exception):
    """A text is not a command line; the message is one line for the user."""


EXPECTED = (PulumiError, LiveStackError, StepError, NoAnswerError, CredentialsExpiredError, *AWS_ERRORS)
"""The errors that reading a live stack may raise; `error_line` makes one line of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveStack:
    """The running stack.

    Attributes:
        location: Stack, region, profile and cluster.
        image: Image of the last successful update; "" without one.
        services: Outputs of each service, by its name in ECS.
        migration: Outputs of the migration's task.
    """

    location: StackLocation
    image: str
    services: Mapping[str, Json]
    migration: Json

    @property
    def migration_definition(self) -> str:
        """ARN of the migration's task definition. After a failed update its image may differ from `image`."""
        return str(self.migration["taskDefinition"])

    def migration_task(self, image: str, command: Sequence[str] = ()) -> OneOffTask:
        """The migration, or another command in its container.

        Args:
            image: Image of the task definition, by which a migration that an update started is recognized.
            command: Words of another command; empty for the migration.
        """
        step = "command" if command else "migration"
        starter = started_by(self.location, step, image=image, task_definition=self.migration_definition)
        return OneOffTask(
            step=step,
            location=self.location,
            # So that another command that still runs is not followed instead of this one.
            started_by=f"{starter}/{_short_hash(command)}" if command else starter,
            task_definition=self.migration_definition,
            container=str(self.migration["container"]),
            command=command,
            subnet_ids=list(self.migration["subnetIds"]),
            security_group_id=str(self.migration["securityGroupId"]),
            log_group=str(self.migration["logGroup"]),
            log_stream_prefix="migration",
            timeout_seconds=int(self.migration["timeoutSeconds"]),
            exec=bool(self.migration.get("exec")),
        )

    def rollout(self, service: str, task_definition: str) -> Rollout:
        """The deployment of a service that brings a task definition.

        Args:
            service: Name of the service.
            task_definition: ARN with the revision.
        """
        return Rollout(
            location=self.location,
            service=service,
            task_definition=task_definition,
            timeout_seconds=int(self.services[service]["rolloutTimeoutSeconds"]),
        )


def live_stack(stack: str, project: Path, config_file: Path | None) -> LiveStack:
    """The stack after its last update.

    Args:
        stack: Name of the stack, short or in full.
        project: Folder of Pulumi.yaml.
        config_file: Settings of the stack, if they are not in that folder.

    Raises:
        story.engine.pulumi_command.PulumiError: Pulumi does not have the stack, or is not installed.
        LiveStackError: No update of it has succeeded.
    """
    pulumi = PulumiCommand(stack=stack, project=project, config_file=config_file)
    return stack_of_outputs(
        stack.rpartition("/")[2], pulumi.outputs(), pulumi.aws_profile() or None, project=project_name(project)
    )


def stack_of_outputs(name: str, outputs: Mapping[str, Any], profile: str | None, *, project: str) -> LiveStack:
    """The stack that these outputs describe.

    Args:
        name: Short name of the stack.
        outputs: What `pulumi stack output --json` prints.
        profile: Profile of the AWS credentials.
        project: Name of the project.

    Raises:
        LiveStackError: Some of them are missing.
    """
    missing = [key for key in ("cluster", "region", "services", "migration") if key not in outputs]
    if missing:
        raise LiveStackError(
            f"stack {name} has no successful update yet (it has no output {', '.join(missing)}): "
            f"`STORY_IMAGE=<registry>/<repository>@sha256:<digest> pulumi up --stack {name}` creates it"
        )
    return LiveStack(
        location=StackLocation(
            project=project, stack=name, region=outputs["region"], profile=profile, cluster=outputs["cluster"]
        ),
        image=outputs.get("image") or "",
        services=outputs["services"],
        migration=outputs["migration"],
    )


def command_words(line: str) -> Sequence[str]:
    """The words of a command line.

    Raises:
        CommandLineError: It is not one.
    """
    allowed = "allowed is a line such as `php artisan migrate:status`"
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise CommandLineError(f'--command: given "{line}" ({str(error).lower()}); {allowed}') from None
    if not words:
        raise CommandLineError(f"--command: given nothing; {allowed}")
    return words


def image_of(aws: Caller, task_definition: str) -> str:
    """The application's image in a task definition; "" if it has none."""
    answer = aws.call("ecs", "describe_task_definition", taskDefinition=task_definition)
    containers = items(part(answer, "taskDefinition"), "containerDefinitions")
    return str({one["name"]: one["image"] for one in containers}.get(APP, ""))


def error_line(stack: str, error: Exception) -> str:
    """One of the `EXPECTED` errors as one line for the user.

    Args:
        stack: Name of the stack.
        error: The error.
    """
    if isinstance(error, CredentialsExpiredError):
        return f"stack {stack}: the AWS credentials are no longer valid ({error}); sign in and try again"
    if isinstance(error, (BotoCoreError, ClientError)):
        fix = next((fix for kind, fix in FIXES.items() if isinstance(error, kind)), "")
        return f"stack {stack}: AWS: {in_one_line(error)}{fix}"
    return str(error)


def _short_hash(words: Sequence[str]) -> str:
    return hashlib.sha256(shlex.join(words).encode("utf-8", "replace")).hexdigest()[:16]

"""A stack as its last update left it, read from its outputs."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.aws_account import Json
from ops.contract import OneOffTask, Place, Rollout, started_by
from ops.pulumi_command import PulumiCommand

NEVER_UP = "this stack was never up: `STORY_IMAGE=<registry>/<repository>@sha256:<digest> pulumi up` makes it"


class LiveStackError(Exception):
    """The stack's outputs do not say what is needed; the message is the one line to show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveStack:
    """What runs.

    Attributes:
        place: Its cluster.
        image: Image of the last fully successful update; "" if there was none.
        services: Outputs of each service, by its name in ECS.
        migration: Outputs of the migration's task.
    """

    place: Place
    image: str
    services: Mapping[str, Json]
    migration: Json

    def migration_task(self, command: str | None) -> OneOffTask:
        """The migration, or another command in its container.

        Args:
            command: Command line; None for the migration itself.

        Raises:
            LiveStackError: The command line is not one.
        """
        step = "migration" if command is None else "command"
        definition = str(self.migration["taskDefinition"])
        return OneOffTask(
            step=step,
            place=self.place,
            started_by=started_by(self.place.stack, step, image=self.image, task_definition=definition),
            task_definition=definition,
            container=str(self.migration["container"]),
            command=_words(command),
            subnet_ids=list(self.migration["subnetIds"]),
            security_group_id=str(self.migration["securityGroupId"]),
            log_group=str(self.migration["logGroup"]),
            log_stream_prefix="migration",
            timeout_seconds=int(self.migration["timeoutSeconds"]),
        )

    def rollout(self, service: str, task_definition: str) -> Rollout:
        """The deployment of a service that brings a task definition.

        Args:
            service: Name of the service.
            task_definition: ARN with the revision.
        """
        return Rollout(
            place=self.place,
            service=service,
            task_definition=task_definition,
            timeout_seconds=int(self.services[service]["rolloutTimeoutSeconds"]),
        )


def live_stack(stack: str, project: Path, config_file: Path | None) -> LiveStack:
    """The stack as its last update left it.

    Args:
        stack: Name of the stack, short or in full.
        project: Folder of Pulumi.yaml.
        config_file: Settings of the stack, if they are not in that folder.

    Raises:
        ops.pulumi_command.PulumiError: Pulumi does not know the stack, or is not there.
        LiveStackError: It was never up.
    """
    pulumi = PulumiCommand(stack=stack, project=project, config_file=config_file)
    return stack_of_outputs(stack.rpartition("/")[2], pulumi.outputs(), pulumi.aws_profile())


def stack_of_outputs(name: str, outputs: Mapping[str, Any], profile: str | None) -> LiveStack:
    """The stack that these outputs describe.

    Args:
        name: Short name of the stack.
        outputs: What `pulumi stack output --json` prints.
        profile: Profile of the AWS credentials.

    Raises:
        LiveStackError: They are not there yet.
    """
    missing = [key for key in ("cluster", "region", "services", "migration") if key not in outputs]
    if missing:
        raise LiveStackError(NEVER_UP)
    return LiveStack(
        place=Place(stack=name, region=outputs["region"], profile=profile, cluster=outputs["cluster"]),
        image=outputs.get("image", ""),
        services=outputs["services"],
        migration=outputs["migration"],
    )


def _words(command: str | None) -> Sequence[str]:
    try:
        words = shlex.split(command or "")
    except ValueError as error:
        raise LiveStackError(f"--command: {error}") from None
    if command is not None and not words:
        raise LiveStackError("--command: given nothing; allowed is a command line such as `php artisan migrate:status`")
    return words

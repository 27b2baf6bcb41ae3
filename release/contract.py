"""What components hand to the steps of a release: plain values, known once everything before the step is there."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StackLocation:
    """Where a step's tasks run.

    Attributes:
        project: Name of the project.
        stack: Name of the stack.
        region: AWS region.
        profile: Profile of the AWS credentials, as the stack's provider has it; None for the default ones.
        cluster: Name of the ECS cluster.
    """

    project: str
    stack: str
    region: str
    profile: str | None
    cluster: str

    @property
    def metric_namespace(self) -> str:
        """Where the stack's own metrics are in CloudWatch."""
        return f"{self.project}/{self.stack}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOffTask:
    """A task that runs once in a release.

    Attributes:
        step: `users`, `migration` or `command`: the first word of every line that is said about it.
        location: Where it runs.
        started_by: Who started it, in at most 128 letters: the stack, the step and the image. A task of the same
            starter that still runs is followed instead of starting another.
        task_definition: ARN of the task definition, with its revision.
        container: The container whose exit code counts.
        command: What the container runs; empty for what its definition says.
        subnet_ids: Private subnets.
        security_group_id: The task's own group.
        log_group: Log group of the task.
        log_stream_prefix: First part of the names of its log streams.
        timeout_seconds: Longest wait for its end.
        exec: Allow ECS Exec. Never for the users' task: whoever has a shell in it reads the master passwords.
    """

    step: str
    location: StackLocation
    started_by: str
    task_definition: str
    container: str
    command: Sequence[str] = ()
    subnet_ids: Sequence[str]
    security_group_id: str
    log_group: str
    log_stream_prefix: str
    timeout_seconds: int
    exec: bool = False

    @property
    def family(self) -> str:
        """Family of its task definition, which has one of its tasks running at a time."""
        return revision(self.task_definition).rpartition(":")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """A deployment of a service that is to be followed to its end.

    Attributes:
        location: Where it runs.
        service: Name of the service.
        task_definition: ARN that the deployment brings.
        timeout_seconds: Longest wait.
    """

    location: StackLocation
    service: str
    task_definition: str
    timeout_seconds: int


class StepError(Exception):
    """A step of a release failed. The message is one line; what else there is to know was said before."""


def started_by(location: StackLocation, step: str, *, image: str, task_definition: str) -> str:
    """Who starts a task, for ECS: at most 128 letters, digits, `-`, `/` and `_`
    (docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html).

    A migration is the same one while the image is the same. The users' task also depends on passwords and databases,
    which stand in its definition.

    Args:
        location: Project and stack.
        step: `users`, `migration` or `command`.
        image: Image by digest.
        task_definition: ARN with the revision.
    """
    digest = image.rpartition(":")[2]
    own = f"/{task_definition.rpartition(':')[2]}" if step == "users" else ""
    return f"{location.project}-{location.stack}/{step}/{digest}{own}"


def revision(task_definition_arn: str) -> str:
    """Family and revision, such as `story-prod-web:3`."""
    return task_definition_arn.rpartition("/")[2]

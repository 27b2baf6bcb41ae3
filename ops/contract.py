"""What components hand to the steps of a release: plain values, known once everything before the step is there."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOffTask:
    """A task that runs once in a release.

    Attributes:
        step: `users` or `migration`.
        region: AWS region.
        cluster: Name of the ECS cluster.
        task_definition: ARN of the task definition, with its revision.
        container: The container whose exit code counts.
        subnet_ids: Private subnets.
        security_group_id: The task's own group.
        log_group: Log group of the task.
        timeout_seconds: Longest wait for its end.
    """

    step: str
    region: str
    cluster: str
    task_definition: str
    container: str
    subnet_ids: Sequence[str]
    security_group_id: str
    log_group: str
    timeout_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """A deployment of a service that is to be followed to its end.

    Attributes:
        region: AWS region.
        cluster: Name of the ECS cluster.
        service: Name of the service.
        task_definition: ARN that the deployment brings.
        timeout_seconds: Longest wait.
    """

    region: str
    cluster: str
    service: str
    task_definition: str
    timeout_seconds: int

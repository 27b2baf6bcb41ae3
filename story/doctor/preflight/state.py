"""The resources in the state of a stack, read with the `pulumi` command if possible."""

from collections.abc import Iterator
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from aws.caching import CachingClient
from story.doctor.finding import Finding, unknown
from story.doctor.preflight.leftovers import clusters_of
from story.doctor.preflight.planned import Owned, owned_by
from story.doctor.preflight.subject import Subject
from story.engine.pulumi_command import PulumiCommand, PulumiError
from story.recover.state_file import StateFile

NO_SUCH_STACK = "no stack named"
"""Part of the error message of `pulumi` for a stack that does not exist."""


def read_state(stack: str, project: Path) -> Owned:
    """The resources in the state; if it cannot be read, the reason.

    Args:
        stack: Name of the stack, short or in full.
        project: Folder of Pulumi.yaml.
    """
    try:
        return owned_by(StateFile(PulumiCommand(stack=stack, project=project).export()))
    except PulumiError as error:
        if NO_SUCH_STACK in str(error):
            return Owned()
        return Owned(is_known=False, reason=str(error))


def without_state(owned: Owned, aws: CachingClient, cluster: str) -> Owned:
    """The state to assume if it could not be read: an empty one if the stack's cluster does not exist in the account.

    Args:
        owned: What was read.
        aws: Client for account and region of the stack.
        cluster: Name of its ECS cluster.
    """
    if owned.is_known:
        return owned
    try:
        return owned if clusters_of(aws, [cluster]) else Owned()
    except (BotoCoreError, ClientError):
        return owned


def check_state(subject: Subject) -> Iterator[Finding]:
    """Whether the state was read."""
    if not subject.owned.is_known:
        yield unknown("state", "", f"what this stack owns: {subject.owned.reason}")

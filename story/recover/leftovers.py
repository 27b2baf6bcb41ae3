"""Log groups of the stack that exist in AWS and are missing in the state.

ECS and RDS write to a log group until the cluster or database is deleted, and create it again if it was deleted
before. The next stack of that name cannot create its own then: github.com/hashicorp/terraform-provider-aws/issues/42858
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from aws.client import Client, Json, call_if_found
from aws.errors import reason
from story.recover.decisions import Decision, Outcome
from story.recover.lookups import log_group
from story.recover.match import Match, PendingInputs
from story.recover.state_file import Pending, StateFile

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Placeholder for a string that is known only after the update:
github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/plugin/rpc.go"""


def missing_log_groups(steps: Sequence[Json], state: StateFile) -> list[dict[str, Any]]:
    """The log groups that the next update would create, as pending creations for the state.

    A log group is left out if its component, provider or dependencies are not recorded, because then no update has
    reached it yet.

    Args:
        steps: Steps of a preview, as `pulumi preview --json` writes them.
        state: The state before the preview.
    """
    recorded = state.urns
    found = [step["newState"] for step in steps if step["op"] == "create" and step.get("newState")]
    return [
        {"type": "creating", "resource": {**resource, "inputs": dict(_known(resource.get("inputs") or {}))}}
        for resource in found
        if resource["type"] == LOG_GROUP and set(_needed(resource)) <= recorded and resource["urn"] not in recorded
    ]


def decide_on_log_group(aws: Client, pending: Pending, state: StateFile) -> Decision | None:
    """The decision on a log group that the next update would create; None if AWS has none of that name, or if the
    state has it under another name.

    Args:
        aws: Client for the stack's account.
        pending: The creation of the log group.
        state: The state.
    """
    tags = state.tags_of(pending)
    try:
        for found in log_group(aws, PendingInputs(inputs=pending.inputs, tags=tags)):
            if found.id in state.recorded:
                return None
            if others := _other_tags(aws, found, tags):
                text = f"exists: {found.id}, but its tags say that it belongs to something else ({', '.join(others)})"
                return Decision(pending=pending, outcome=Outcome.UNDECIDED, text=text)
            made = f", created {found.created:%Y-%m-%d %H:%M %Z}" if found.created else ""
            return Decision(pending=pending, outcome=Outcome.ADOPT, text=f"exists: {found.id}{made}", id=found.id)
    except (BotoCoreError, ClientError) as error:
        return Decision(pending=pending, outcome=Outcome.UNDECIDED, text=f"could not read it from AWS: {reason(error)}")
    return None


def _other_tags(aws: Client, found: Match, tags: Mapping[str, str]) -> list[str]:
    """The tags of a log group that differ from those of the program. A log group that AWS created has no tags."""
    # Other than DescribeLogGroups, it has ARNs without `:*`:
    # docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_ListTagsForResource.html
    listed = call_if_found(aws, "logs", "list_tags_for_resource", resourceArn=found.arn.removesuffix(":*")).get(
        "tags", {}
    )
    return sorted(f"{key}={value}" for key, value in listed.items() if tags.get(key, value) != value)


def _needed(resource: Json) -> Iterator[str]:
    yield str(resource.get("parent", ""))
    yield str(resource.get("provider", "")).rpartition("::")[0]
    yield from resource.get("dependencies") or ()


def _known(inputs: Json) -> Iterator[tuple[str, Any]]:
    return ((key, value) for key, value in inputs.items() if value != UNKNOWN)

"""Log groups that AWS has and the state lacks, although they are the stack's by their names.

ECS and RDS write to a log group until the cluster or the database is gone, and make it anew where it was deleted
before; the next stack of that name cannot make its own then: github.com/hashicorp/terraform-provider-aws/issues/42858
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from aws.client import Client, Json, call_if_found
from aws.errors import reason
from story.recover.findings import Finding, Outcome
from story.recover.lookups import log_group
from story.recover.match import Match, PendingInputs
from story.recover.state_file import Pending, State

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What stands for a text that only the update will know:
github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/plugin/rpc.go"""


def missing_log_groups(steps: Sequence[Json], state: State) -> list[dict[str, Any]]:
    """The log groups that the next update would make, as creations that can be recorded in the state.

    Left out is one whose component, provider or dependencies are not recorded either: then no update has come so far.

    Args:
        steps: Of a preview, as `pulumi preview --json` writes them.
        state: The state that the preview began with.
    """
    recorded = state.urns
    found = [step["newState"] for step in steps if step["op"] == "create" and step.get("newState")]
    return [
        {"type": "creating", "resource": {**resource, "inputs": dict(_known(resource.get("inputs") or {}))}}
        for resource in found
        if resource["type"] == LOG_GROUP and set(_needed(resource)) <= recorded and resource["urn"] not in recorded
    ]


def look_for_leftover(aws: Client, pending: Pending, state: State) -> Finding | None:
    """What becomes of a log group that the next update would make; None if AWS has none of its name, or if the state
    has it under another name.

    Args:
        aws: The account.
        pending: Its creation.
        state: The state.
    """
    tags = state.tags_of(pending)
    try:
        for found in log_group(aws, PendingInputs(inputs=pending.inputs, tags=tags)):
            if found.id in state.recorded:
                return None
            if others := _other_tags(aws, found, tags):
                text = f"exists: {found.id}, but belongs to something else by its tags ({', '.join(others)})"
                return Finding(pending=pending, outcome=Outcome.UNSETTLED, text=text)
            made = f", made {found.created:%Y-%m-%d %H:%M %Z}" if found.created else ""
            return Finding(pending=pending, outcome=Outcome.ADOPT, text=f"exists: {found.id}{made}", id=found.id)
    except (BotoCoreError, ClientError) as error:
        return Finding(pending=pending, outcome=Outcome.UNSETTLED, text=f"could not be read from AWS: {reason(error)}")
    return None


def _other_tags(aws: Client, found: Match, tags: Mapping[str, str]) -> list[str]:
    """The tags of a log group that contradict those that the program gives it. One that AWS made has none."""
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

"""Which events of AWS concern the stack: patterns of EventBridge, no resources.

docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.base import physical_name
from components.data_stores.monitoring import MonitoredStore
from settings.partition import partition_of

Pattern = Mapping[str, Any]
STOPPED_AS_TOLD = (0, 143)
"""Exit codes of a container that was done (a worker is, after `--max-time`) or got the signal to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a stack's tasks run.

    Attributes:
        region: AWS region.
        account_id: AWS account.
        cluster: Name of the cluster.
    """

    region: str
    account_id: str
    cluster: str

    def ecs(self, resource: str) -> str:
        """The ARN of something of ECS: `cluster/story-dev`."""
        return f"arn:{partition_of(self.region).name}:ecs:{self.region}:{self.account_id}:{resource}"


def rule_name(what: str) -> str:
    """`story-<stack>-<what>`: alarms and dashboards count what a rule met by its name."""
    return physical_name(what)


def event_kinds(*, exec: bool, stores: Sequence[MonitoredStore]) -> tuple[str, ...]:
    """The kinds of event that a stack has a rule for, in the order of their rules.

    Args:
        exec: Shells can be opened in tasks.
        stores: The stack's data stores.
    """
    return (
        *("deployments", "failed-tasks", "out-of-memory"),
        *(("exec",) if exec else ()),
        *(kind for store in stores for kind in store.events),
    )


def deployments(place: Place) -> Pattern:
    """Deployments of the cluster's services that began, ended or failed. Only the resource tells the cluster:
    docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html"""
    return {
        "source": ["aws.ecs"],
        "detail-type": ["ECS Deployment State Change"],
        "resources": [{"prefix": place.ecs(f"service/{place.cluster}/")}],
    }


def failed_tasks(place: Place) -> Pattern:
    """Tasks of services that ended by themselves, did not start, or were stopped because a health check failed.

    A task ends with its first essential container, also when that is done: only an exit code that is neither counts.
    docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html and
    docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
    """
    return _stopped(
        place,
        {
            "group": [{"prefix": "service:"}],
            "$or": [
                {"stopCode": ["TaskFailedToStart"]},
                {
                    "stopCode": ["EssentialContainerExited"],
                    "containers": {"exitCode": [{"anything-but": list(STOPPED_AS_TOLD)}]},
                },
                {"stoppedReason": [{"prefix": "Task failed "}]},
            ],
        },
    )


def out_of_memory(place: Place) -> Pattern:
    """Tasks, also those of a release, one of whose containers used more memory than it has:
    docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html"""
    return _stopped(place, {"containers": {"reason": [{"prefix": "OutOfMemoryError"}]}})


def opened_shells(place: Place) -> Pattern:
    """Shells and ports that somebody opened in a task, as CloudTrail saw it; only an account with a trail hears of it.

    A caller gives the name of the cluster or its ARN; a session's target is `ecs:<cluster>_<task>_<runtime>`.
    docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
    """
    return {
        "detail-type": ["AWS API Call via CloudTrail"],
        "$or": [
            {
                "source": ["aws.ecs"],
                "detail": {
                    "eventSource": ["ecs.amazonaws.com"],
                    "eventName": ["ExecuteCommand"],
                    "requestParameters": {"cluster": [place.cluster, place.ecs(f"cluster/{place.cluster}")]},
                },
            },
            {
                "source": ["aws.ssm"],
                "detail": {
                    "eventSource": ["ssm.amazonaws.com"],
                    "eventName": ["StartSession"],
                    "requestParameters": {"target": [{"prefix": f"ecs:{place.cluster}_"}]},
                },
            },
        ],
    }


def _stopped(place: Place, detail: Mapping[str, Any]) -> Pattern:
    return {
        "source": ["aws.ecs"],
        "detail-type": ["ECS Task State Change"],
        "detail": {
            "clusterArn": [place.ecs(f"cluster/{place.cluster}")],
            "lastStatus": ["STOPPED"],
            **detail,
        },
    }

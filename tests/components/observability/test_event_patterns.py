"""Patterns of EventBridge, held against events as AWS documents them."""

from collections.abc import Mapping
from typing import Any

import pytest
from moto.events.models import EventPattern

from components.data_stores.aurora.monitoring import automated_snapshots
from components.observability.event_patterns import (
    Pattern,
    Place,
    deployments,
    failed_tasks,
    opened_shells,
    out_of_memory,
)

PLACE = Place(region="ap-northeast-1", account_id="123456789012", cluster="story-dev")
CLUSTER = "arn:aws:ecs:ap-northeast-1:123456789012:cluster/story-dev"


def meets(pattern: Pattern, event: Mapping[str, Any]) -> bool:
    return EventPattern("", dict(pattern)).matches_event(flat(event))  # type: ignore[arg-type]


def flat(value: Any) -> Any:
    """A list of objects as an object of lists: EventBridge looks for any of them.

    docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-arrays.html
    """
    if isinstance(value, dict):
        return {key: flat(item) for key, item in value.items()}
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        return {key: [item[key] for item in value if key in item] for key in {key for item in value for key in item}}
    return value


def stopped(*containers: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """A task of web that has stopped: docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html"""
    detail = {
        "clusterArn": CLUSTER,
        "group": "service:web",
        "lastStatus": "STOPPED",
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "containers": list(containers),
        **changes,
    }
    return {"source": "aws.ecs", "detail-type": "ECS Task State Change", "detail": detail}


def code(number: int) -> dict[str, Any]:
    return {"name": "app", "exitCode": number}


@pytest.mark.parametrize(
    ("event", "met"),
    [
        pytest.param(stopped(code(1)), True, id="it crashed"),
        pytest.param(stopped(code(137)), True, id="it was killed"),
        pytest.param(stopped(code(0), code(255)), True, id="one of two crashed"),
        pytest.param(stopped(code(0)), False, id="a worker is done after an hour"),
        pytest.param(stopped(code(0), code(143)), False, id="and its agent was told to stop"),
        pytest.param(stopped(code(1), lastStatus="DEPROVISIONING"), False, id="the same task a second time"),
        pytest.param(
            stopped(stopCode="TaskFailedToStart", stoppedReason="CannotPullContainerError: no such image"),
            True,
            id="it did not start",
        ),
        pytest.param(
            stopped(
                code(143),
                stopCode="ServiceSchedulerInitiated",
                stoppedReason="Task failed ELB health checks in (target-group arn:aws:...)",
            ),
            True,
            id="the load balancer's check failed",
        ),
        pytest.param(
            stopped(
                code(137),
                stopCode="ServiceSchedulerInitiated",
                stoppedReason="Scaling activity initiated by (deployment ecs-svc/1)",
            ),
            False,
            id="a deployment or autoscaling stopped it",
        ),
        pytest.param(
            stopped(code(1), group="family:story-dev-migration"), False, id="a migration, which says so itself"
        ),
        pytest.param(stopped(code(1), clusterArn=CLUSTER + "-2"), False, id="another stack's"),
    ],
)
def test_a_task_that_ended_by_itself_is_met(event: Mapping[str, Any], met: bool) -> None:
    assert meets(failed_tasks(PLACE), event) is met


@pytest.mark.parametrize(
    ("event", "met"),
    [
        (stopped({**code(137), "reason": "OutOfMemoryError: Container killed due to memory usage"}), True),
        (stopped(code(0), {**code(137), "reason": "OutOfMemoryError: ..."}, group="family:story-dev-migration"), True),
        (stopped(code(137)), False),
        (stopped({**code(137), "reason": "OutOfMemoryError: ..."}, clusterArn=CLUSTER + "-2"), False),
    ],
)
def test_a_container_that_ran_out_of_memory_is_met(event: Mapping[str, Any], met: bool) -> None:
    assert meets(out_of_memory(PLACE), event) is met


@pytest.mark.parametrize(("cluster", "met"), [("story-dev", True), ("story-dev-2", False)])
def test_a_deployment_is_known_by_the_service_that_it_is_of(cluster: str, met: bool) -> None:
    event = {
        "source": "aws.ecs",
        "detail-type": "ECS Deployment State Change",
        "resources": [f"arn:aws:ecs:ap-northeast-1:123456789012:service/{cluster}/web"],
        "detail": {"eventName": "SERVICE_DEPLOYMENT_FAILED"},
    }
    assert meets(deployments(PLACE), event) is met


def call(service: str, action: str, **parameters: str) -> dict[str, Any]:
    return {
        "source": f"aws.{service}",
        "detail-type": "AWS API Call via CloudTrail",
        "detail": {
            "eventSource": f"{service}.amazonaws.com",
            "eventName": action,
            "requestParameters": parameters,
        },
    }


@pytest.mark.parametrize(
    ("event", "met"),
    [
        pytest.param(call("ecs", "ExecuteCommand", cluster="story-dev", task="1"), True, id="a shell, by the name"),
        pytest.param(call("ecs", "ExecuteCommand", cluster=CLUSTER, task="1"), True, id="a shell, by the ARN"),
        pytest.param(call("ssm", "StartSession", target="ecs:story-dev_1_2"), True, id="a port"),
        pytest.param(call("ecs", "ExecuteCommand", cluster="story-prod"), False, id="another stack's"),
        pytest.param(call("ssm", "StartSession", target="ecs:story-dev-2_1_2"), False, id="a port of another stack"),
        pytest.param(call("ssm", "StartSession", target="i-0123456789"), False, id="a machine"),
        pytest.param(call("ecs", "StopTask", cluster="story-dev"), False, id="something else"),
    ],
)
def test_an_opened_shell_or_port_is_met(event: Mapping[str, Any], met: bool) -> None:
    assert meets(opened_shells(PLACE), event) is met


@pytest.mark.parametrize(
    ("event_id", "snapshot", "met"),
    [
        ("RDS-EVENT-0169", "rds:aurora-1-2026-11-24-17-05", True),
        ("RDS-EVENT-0168", "rds:aurora-1-2026-11-24-17-05", False),
        ("RDS-EVENT-0075", "by-hand", False),
        ("RDS-EVENT-0169", "rds:other-2026-11-24-17-05", False),
    ],
)
def test_an_automated_snapshot_of_this_cluster_is_met_when_it_is_complete(
    event_id: str, snapshot: str, met: bool
) -> None:
    event = {
        "source": "aws.rds",
        "detail-type": "RDS DB Cluster Snapshot Event",
        "detail": {"EventID": event_id, "SourceIdentifier": snapshot, "SourceType": "CLUSTER_SNAPSHOT"},
    }
    assert meets(automated_snapshots("aurora-1"), event) is met

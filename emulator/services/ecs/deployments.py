"""What there is to know of a service's deployments: revisions with their tasks, and the record of each rollout.

- https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html
- https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html
- https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceRevision.html
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from emulator.services.ecs import life

ONGOING = ("PENDING", "IN_PROGRESS", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS")
LEAST_THRESHOLD, MOST_THRESHOLD = 3, 200


def threshold(desired_count: int, circuit_breaker: Mapping[str, Any] | None = None) -> int:
    """How many failed tasks make a deployment fail.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html: half of the desired
    count, rounded up, within 3 and 200, unless `thresholdConfiguration` says otherwise:
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentCircuitBreaker.html
    """
    configured = (circuit_breaker or {}).get("thresholdConfiguration") or {}
    kind, value = configured.get("type", "BOUNDED_PERCENT"), configured.get("value", 50)
    if kind == "COUNT":
        return value
    tasks = math.ceil(desired_count * value / 100)
    return max(tasks, 1) if kind == "UNBOUNDED_PERCENT" else min(max(tasks, LEAST_THRESHOLD), MOST_THRESHOLD)


@dataclass(kw_only=True, eq=False)
class Deployment:
    """One revision of a service and its tasks; a rollback makes an earlier one the primary again.

    Attributes:
        number: What its ids have in common: `ecs-svc/<number>`, and the end of the revision's ARN.
        task_definition: ARN of its task definition.
        revision: The service revision as DescribeServiceRevisions shows it.
        created_at: When it was started.
        target_groups: Where its tasks are registered, by place in the service's load balancers.
        state: Its rollout state.
        reason: Why it is in that state.
        failed_tasks: How many of its tasks have failed so far; a healthy one may start the count again.
        tasks: All tasks that aren't gone.
        noted: Tasks whose end, or whose health, has been seen.
    """

    number: str
    task_definition: str
    revision: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    target_groups: list[str] = field(default_factory=list)
    state: str = "IN_PROGRESS"
    reason: str = ""
    failed_tasks: int = 0
    tasks: list[Any] = field(default_factory=list)
    noted: set[str] = field(default_factory=set)

    @property
    def id(self) -> str:
        return f"ecs-svc/{self.number}"

    @property
    def arn(self) -> str:
        return self.revision["serviceRevisionArn"]

    def living(self) -> list[Any]:
        """The tasks that haven't stopped yet."""
        return [task for task in self.tasks if task.last_status != "STOPPED"]

    def wanted(self) -> list[Any]:
        """The tasks that run or are about to."""
        return [task for task in self.tasks if task.desired_status == "RUNNING"]

    def running(self) -> list[Any]:
        return [task for task in self.tasks if task.last_status == "RUNNING"]

    def healthy(self) -> list[Any]:
        return [task for task in self.tasks if life.is_healthy(task)]

    def counts(self) -> tuple[int, int]:
        """How many tasks run, and how many are about to."""
        return len(self.running()), len(self.wanted()) - len(self.running())

    def set_state(self, state: str, reason: str, moment: datetime) -> None:
        self.state, self.reason, self.updated_at = state, reason, moment

    def shown(self, status: str, desired_count: int) -> dict[str, Any]:
        """The deployment as DescribeServices shows it."""
        running, pending = self.counts()
        copied = ("launchType", "capacityProviderStrategy", "platformVersion", "networkConfiguration")
        found = {
            "id": self.id,
            "status": status,
            "taskDefinition": self.task_definition,
            "desiredCount": desired_count,
            "runningCount": running,
            "pendingCount": pending,
            "failedTasks": self.failed_tasks,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            "rolloutState": self.state,
            "rolloutStateReason": self.reason,
            "platformFamily": "Linux",
            **{key: self.revision.get(key) for key in copied},
        }
        if self.revision.get("serviceConnectConfiguration") is not None:
            found["serviceConnectConfiguration"] = self.revision["serviceConnectConfiguration"]
        return found

    def summary(self, requested: int) -> dict[str, Any]:
        running, pending = self.counts()
        return {
            "arn": self.arn,
            "requestedTaskCount": requested,
            "runningTaskCount": running,
            "pendingTaskCount": pending,
        }


@dataclass(kw_only=True, eq=False)
class ServiceDeployment:
    """The record of one rollout, which tells what came of it.

    Attributes:
        number: End of its ARN.
        target: What was to be rolled out.
        source: What ran before.
        configuration: The service's deployment configuration at its start.
        ignores_alarms: Whether an alarm was on at its start.
        status, status_reason: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html
        rollback: What DescribeServiceDeployments shows of its rollback, if there is one.
        triggered: The alarms that made it fail.
        failures: How many failed tasks its circuit breaker has counted.
        stage: Stage of a blue/green deployment.
        stage_since: When that stage began.
        weight: Percentage of the production traffic that goes to the target.
        test_weight: The same of the test traffic.
    """

    number: str
    target: Deployment
    source: list[Deployment]
    configuration: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    ignores_alarms: bool
    status: str = "IN_PROGRESS"
    status_reason: str | None = None
    finished_at: datetime | None = None
    stopped_at: datetime | None = None
    rollback: dict[str, Any] | None = None
    triggered: list[str] = field(default_factory=list)
    tripped: bool = False
    failures: int = 0
    stage: str | None = None
    stage_since: datetime | None = None
    weight: float = 0
    test_weight: float = 0

    @property
    def ongoing(self) -> bool:
        return self.status in ONGOING

    @property
    def breaker(self) -> dict[str, Any]:
        found = self.configuration.get("deploymentCircuitBreaker") or {}
        return found if found.get("enable") else {}

    @property
    def alarms(self) -> dict[str, Any]:
        found = self.configuration.get("alarms") or {}
        return found if found.get("enable") else {}

    def set_status(self, status: str, moment: datetime, reason: str | None = None) -> None:
        self.status, self.updated_at = status, moment
        self.status_reason = reason or self.status_reason
        if status not in ONGOING:
            self.finished_at = moment
            if status == "STOPPED":
                self.stopped_at = moment

    def brief(self, service: Any) -> dict[str, Any]:
        """The record as ListServiceDeployments shows it."""
        return {
            "serviceDeploymentArn": self.arn(service),
            "serviceArn": service.arn,
            "clusterArn": service.cluster_arn,
            "createdAt": self.created_at,
            "startedAt": self.created_at,
            "finishedAt": self.finished_at,
            "targetServiceRevisionArn": self.target.arn,
            "status": self.status,
            "statusReason": self.status_reason,
        }

    def arn(self, service: Any) -> str:
        return f"{service.arn.replace(':service/', ':service-deployment/')}/{self.number}"

    def shown(self, service: Any) -> dict[str, Any]:
        """The record as DescribeServiceDeployments shows it."""
        found = self.brief(service)
        del found["targetServiceRevisionArn"]
        breaker, alarms = self.breaker, self.alarms
        watching = "MONITORING" if self.ongoing else "MONITORING_COMPLETE"
        return {
            **found,
            "updatedAt": self.updated_at,
            "stoppedAt": self.stopped_at,
            "lifecycleStage": self.stage,
            "sourceServiceRevisions": [
                {
                    **item.summary(len(item.wanted())),
                    "requestedProductionTrafficWeight": 100 - self.weight,
                    "requestedTestTrafficWeight": 100 - self.test_weight,
                }
                for item in self.source
            ],
            "targetServiceRevision": {
                **self.target.summary(service.desired_count),
                "requestedProductionTrafficWeight": self.weight,
                "requestedTestTrafficWeight": self.test_weight,
            },
            "deploymentConfiguration": self.configuration,
            "rollback": self.rollback,
            "deploymentCircuitBreaker": {
                "status": "TRIGGERED" if self.tripped else watching if breaker else "DISABLED",
                "failureCount": self.failures,
                "threshold": threshold(service.desired_count, breaker),
            },
            "alarms": {
                "status": "TRIGGERED" if self.triggered else watching if alarms else "DISABLED",
                "alarmNames": alarms.get("alarmNames", []),
                "triggeredAlarmNames": self.triggered,
            },
        }

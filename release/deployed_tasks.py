"""The tasks of one deployment: how many are healthy, and why others stopped."""

import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from aws.client import Json, in_parts, items, part
from aws.errors import in_one_line
from aws.retrying import Clock, RetryingClient
from release.contract import Rollout
from release.step_output import LAST_LINES
from release.stopped_task import why
from release.task import TASKS_AT_ONCE, detail
from release.task_log import TaskLog, stream_name

STOPPED_BY_SIGNAL = 143
ADDRESS = "privateIPv4Address"
"""By which the load balancer knows a task."""
REQUEST_ID = re.compile(r",? ?request ?id:? [0-9a-f-]{36}", re.IGNORECASE)
"""What makes equal reasons differ."""
SETTLE_SECONDS = 10.0
SETTLE_PAUSE_SECONDS = 0.5
MOST_TASKS = 300
"""Of larger services a part tells enough."""


@dataclass(slots=True, kw_only=True)
class DeployedTasks:
    """What is known of a deployment's tasks.

    Attributes:
        aws: Where they run.
        clock: The time to go by.
        rollout: The service, and the task definition that the deployment brings.
        deployment_id: The deployment; a service's tasks name it as their starter. "" if it is not known: then all
            tasks of the task definition count.
        tasks: The tasks, as they were at the last look. A stopped one is kept.
        unhealthy: What the load balancer said of targets that were not healthy, the last thing for each address.
        refused: What AWS would not tell, with its words.
    """

    aws: RetryingClient
    clock: Clock
    rollout: Rollout
    deployment_id: str
    tasks: dict[str, Json] = field(default_factory=dict[str, Json])
    unhealthy: dict[str, str] = field(default_factory=dict[str, str])
    refused: dict[str, str] = field(default_factory=dict[str, str])
    _healthy: set[str] = field(default_factory=set[str])

    def look(self, service: Json) -> None:
        """Look at the tasks and their targets again."""
        for task in self._described():
            self.tasks[task["taskArn"]] = task
        self._look_at_targets(service)

    def look_until_settled(self, service: Json) -> None:
        """Look until each task that is being stopped has stopped, since only then its exit codes are known."""
        until = self.clock.monotonic() + SETTLE_SECONDS
        self.look(service)
        while any(map(_is_stopping, self.tasks.values())) and self.clock.monotonic() < until:
            self.clock.sleep(SETTLE_PAUSE_SECONDS)
            self.look(service)

    def counts(self) -> str:
        """How many tasks stand where, in words."""
        states = Counter(map(self._state_of, self.tasks.values()))
        told = [f"{states[state]} {state}" for state in ("healthy", "running", "starting", "stopped") if states[state]]
        return ", ".join(told) or "none yet"

    def stopped(self) -> Sequence[Json]:
        """The tasks that stopped, the latest one last."""
        found = [task for task in self.tasks.values() if task["lastStatus"] == "STOPPED"]
        return sorted(found, key=lambda task: (str(task.get("stoppedAt", "")), task["taskArn"]))

    def reasons(self) -> Sequence[tuple[str, int]]:
        """Why tasks stopped, with how many of them, the most frequent reason first."""
        return Counter(map(_reason, self.stopped())).most_common()

    def last_log_lines(self) -> tuple[str, Sequence[str]]:
        """Name and last log lines of the container that failed last, if it wrote any."""
        definition = self._ask("ecs", "describe_task_definition", taskDefinition=self.rollout.task_definition)
        containers = items(part(definition, "taskDefinition"), "containerDefinitions")
        for task in reversed(self.stopped()):
            for container, log in self._logs(task, containers):
                lines = deque(log.new_lines(), maxlen=LAST_LINES)
                if lines:
                    return container, list(lines)
        return "", []

    def _described(self) -> Iterator[Json]:
        location = self.rollout.location
        for status in ("RUNNING", "STOPPED"):
            listed = self._ask(
                "ecs", "list_tasks", cluster=location.cluster, serviceName=self.rollout.service, desiredStatus=status
            )
            arns: list[str] = [arn for arn in (listed or {}).get("taskArns", []) if not self._has_stopped(arn)]
            for some in in_parts(arns[:MOST_TASKS], TASKS_AT_ONCE):
                answer = self._ask("ecs", "describe_tasks", cluster=location.cluster, tasks=some)
                yield from filter(self._is_own, items(answer, "tasks"))

    def _is_own(self, task: Json) -> bool:
        if self.deployment_id:
            return task.get("startedBy") == self.deployment_id
        return task.get("taskDefinitionArn") == self.rollout.task_definition

    def _ask(self, service: str, operation: str, /, **parameters: Any) -> Json | None:
        """The answer; None if there is none, even for want of a right: it only explains, and decides nothing."""
        try:
            return self.aws.try_call(service, operation, **parameters)
        except ClientError as error:
            self.refused[operation] = in_one_line(error)
            return None

    def _has_stopped(self, arn: str) -> bool:
        return arn in self.tasks and self.tasks[arn]["lastStatus"] == "STOPPED"

    def _look_at_targets(self, service: Json) -> None:
        addresses = {address for task in self.tasks.values() if (address := detail(task, ADDRESS))}
        for balancer in items(service, "loadBalancers"):
            alternate = part(balancer, "advancedConfiguration").get("alternateTargetGroupArn")
            for group in filter(None, [balancer.get("targetGroupArn"), alternate]):
                answer = self._ask("elbv2", "describe_target_health", TargetGroupArn=group)
                for target in items(answer, "TargetHealthDescriptions"):
                    address, health = target["Target"]["Id"], target["TargetHealth"]
                    if health["State"] == "healthy":
                        self._healthy.add(address)
                    elif address in addresses and health["State"] == "unhealthy":
                        self._healthy.discard(address)
                        told = [health.get("Reason"), health.get("Description")]
                        self.unhealthy[address] = ": ".join(filter(None, told)) or "unhealthy"

    def _state_of(self, task: Json) -> str:
        if _is_stopping(task) or task["lastStatus"] == "STOPPED":
            return "stopped"
        if task["lastStatus"] != "RUNNING":
            return "starting"
        return (
            "healthy" if detail(task, ADDRESS) in self._healthy or task.get("healthStatus") == "HEALTHY" else "running"
        )

    def _logs(self, task: Json, definitions: Sequence[Json]) -> Iterator[tuple[str, TaskLog]]:
        """The logs of a task's containers, those that failed first."""
        failed = {one["name"] for one in items(task, "containers") if one.get("exitCode")}
        for definition in sorted(definitions, key=lambda one: (one["name"] not in failed, one["name"])):
            options = part(part(definition, "logConfiguration"), "options")
            if "awslogs-group" in options:
                prefix, name = options.get("awslogs-stream-prefix", ""), definition["name"]
                stream = stream_name(prefix, name, task["taskArn"])
                yield name, TaskLog(aws=self.aws, group=options["awslogs-group"], stream=stream)


def _is_stopping(task: Json) -> bool:
    return task["lastStatus"] in ("DEACTIVATING", "STOPPING", "DEPROVISIONING")


def _reason(task: Json) -> str:
    # A container that ECS stopped tells nothing of why.
    ended = [one for one in items(task, "containers") if one.get("exitCode") not in (None, 0, STOPPED_BY_SIGNAL)]
    codes = sorted(f"{one['name']} exit code {one['exitCode']}" for one in ended)
    return ", ".join([REQUEST_ID.sub("", why(task)), *codes])

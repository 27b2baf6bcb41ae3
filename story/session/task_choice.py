"""Selects a running task of a service, and checks that ECS Exec can open a session in it."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from botocore.exceptions import ClientError

from aws.client import Json, in_parts, items
from aws.errors import code_of
from aws.retrying import RetryingClient
from release.contract import StackLocation, revision
from release.stopped_task import container_named, why
from release.task import EXEC_AGENT, TASKS_AT_ONCE, task_id
from story.live_stack import LiveStack
from story.session.access import NoAccessError, WrongUsageError

SHOWN = 20
MIGRATION = "migration"
WORKER = "worker-"
HEALTH = {"HEALTHY": 0, "UNKNOWN": 1, "UNHEALTHY": 2}
"""UNKNOWN is also a task without a health check: docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html"""
TROUBLESHOOTING = "docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec-troubleshooting.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSelection:
    """A service of a stack, or its migration.

    Attributes:
        name: Its name in ECS, which is also the first part of its log streams' names.
        log_group: Its log group.
        selects: Parameters of ListTasks that select its tasks.
    """

    name: str
    log_group: str
    selects: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningTask:
    """A running task.

    Attributes:
        description: The task as DescribeTasks returns it.
    """

    description: Json

    @property
    def id(self) -> str:
        """Its id, without the rest of the ARN."""
        return task_id(self.description)

    @property
    def health(self) -> str:
        """`HEALTHY`, `UNHEALTHY` or `UNKNOWN`; without a health check it is `UNKNOWN`."""
        return str(self.description.get("healthStatus", "UNKNOWN"))

    @property
    def started(self) -> datetime:
        """When it started."""
        found: datetime = self.description.get("startedAt") or self.description["createdAt"]
        return found

    @property
    def has_exec(self) -> bool:
        """Whether it was started with ECS Exec."""
        return bool(self.description.get("enableExecuteCommand"))

    @property
    def rank(self) -> tuple[bool, int, float]:
        """Sort key, the best task first: tasks with ECS Exec, then healthy ones, then newer ones."""
        return not self.has_exec, HEALTH.get(self.health, 1), -self.started.timestamp()

    def line(self) -> str:
        """A line for the list of tasks to select from."""
        zone = str(self.description.get("availabilityZone", ""))
        started = f"{self.started.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        return f"{self.id}  {zone:15}  {started}  {self.health:9}  {revision(self.description['taskDefinitionArn'])}"


def select_tasks(live: LiveStack, given: str) -> TaskSelection:
    """The service for a name given on the command line.

    Args:
        live: The stack.
        given: `web`, `scheduler`, `worker-<name>`, `migration`; `worker` if the stack has one worker.

    Raises:
        WrongUsageError: The stack has no such service.
    """
    workers = [name for name in live.services if name.startswith(WORKER)]
    name = workers[0] if given == "worker" and len(workers) == 1 else given
    if name == MIGRATION:
        family = revision(live.migration_definition).rpartition(":")[0]
        return TaskSelection(name=name, log_group=str(live.migration["logGroup"]), selects={"family": family})
    if name not in live.services:
        known = ", ".join([*sorted(live.services), MIGRATION])
        raise WrongUsageError(f'given "{given}"; stack {live.location.stack} has {known}')
    return TaskSelection(name=name, log_group=str(live.services[name]["logGroup"]), selects={"serviceName": name})


def running_tasks(aws: RetryingClient, location: StackLocation, selection: TaskSelection) -> Sequence[RunningTask]:
    """The running tasks, the best one for a session first.

    Raises:
        NoAccessError: No task is running; the message says why the last one stopped.
    """
    tasks = _described(aws, location, _listed(aws, location, selection, "RUNNING"))
    running = [RunningTask(description=one) for one in tasks if one["lastStatus"] == "RUNNING"]
    if running:
        return sorted(running, key=lambda task: (task.rank, task.id))
    raise NoAccessError(_why_none(aws, location, selection, tasks))


def chosen(tasks: Sequence[RunningTask], selection: TaskSelection, requested: str | None, *, asks: bool) -> RunningTask:
    """The task for the session: the requested one, the one that the user selects, or the best one.

    Args:
        tasks: The running tasks, the best one first.
        selection: Their service.
        requested: Task ID, the beginning of one, or an ARN; None for any.
        asks: Whether to let the user select one if there are several.

    Raises:
        WrongUsageError: No task, or more than one, matches `requested`.
        NoAccessError: The user selected none.
    """
    if requested is None:
        return _selected(tasks, selection) if asks and len(tasks) > 1 else tasks[0]
    beginning = requested.rpartition("/")[2]
    matching = [task for task in tasks if beginning and task.id.startswith(beginning)]
    if len(matching) == 1:
        return matching[0]
    problem = "matches several tasks" if matching else "matches no running task"
    known = ", ".join(task.id for task in (matching or tasks)[:SHOWN])
    raise WrongUsageError(f'--task: given "{requested}", which {problem}; {selection.name} has {known}')


def runtime_id(task: RunningTask, container: str, stack: str) -> str:
    """The runtime ID of a container, after checking that ECS Exec can open a session in it.

    Raises:
        WrongUsageError: The task has no such container.
        NoAccessError: It was started without ECS Exec, or the agent is not running. The message says what to do.
    """
    found = container_named(task.description, container)
    if not found:
        names = ", ".join(sorted(str(one["name"]) for one in items(task.description, "containers")))
        raise WrongUsageError(f'--container: given "{container}"; task {task.id} has {names}')
    if not task.has_exec:
        raise NoAccessError(
            f"task {task.id} was started without ECS Exec: `cluster: {{exec: true}}` in Pulumi.{stack}.yaml and "
            "`pulumi up` turn it on for tasks that start afterwards"
        )
    agents = {str(one["name"]): one for one in items(found, "managedAgents")}
    agent = agents.get(EXEC_AGENT, {})
    status = str(agent.get("lastStatus", ""))
    if status == "PENDING":
        raise NoAccessError(
            f"the agent of ECS Exec in {container} of task {task.id} is starting; try again in a moment"
        )
    if status != "RUNNING" or not found.get("runtimeId"):
        reason = f" ({agent['reason']})" if agent.get("reason") else ""
        raise NoAccessError(
            f"the agent of ECS Exec in {container} of task {task.id} is {status or 'missing'}{reason}: select "
            "another task (--task), or stop this one with `aws ecs stop-task` so that the service starts a new one; "
            f"see {TROUBLESHOOTING}"
        )
    return str(found["runtimeId"])


def not_connected(task: RunningTask) -> NoAccessError:
    """The error for an agent that is running but not connected to Session Manager."""
    return NoAccessError(
        f"the agent of ECS Exec in task {task.id} is running but not connected to Session Manager: the task role "
        f"needs the ssmmessages actions, and the subnet a route to ssmmessages (NAT or an endpoint); see "
        f"{TROUBLESHOOTING}"
    )


def _listed(aws: RetryingClient, location: StackLocation, selection: TaskSelection, status: str) -> list[str]:
    arns: list[str] = []
    position: dict[str, str] = {}
    while True:
        try:
            page = aws.call(
                "ecs", "list_tasks", cluster=location.cluster, desiredStatus=status, **selection.selects, **position
            )
        except ClientError as error:
            if code_of(error) not in ("ServiceNotFoundException", "ClusterNotFoundException"):
                raise
            missing = (
                f"service {selection.name}" if code_of(error).startswith("Service") else f"cluster {location.cluster}"
            )
            raise NoAccessError(f"{missing} does not exist in ECS; the next `pulumi up` creates it again") from None
        arns += page["taskArns"]
        if not page.get("nextToken"):
            return arns
        position = {"nextToken": page["nextToken"]}


def _described(aws: RetryingClient, location: StackLocation, arns: Sequence[str]) -> list[Json]:
    return [
        task
        for some in in_parts(arns, TASKS_AT_ONCE)
        for task in items(aws.call("ecs", "describe_tasks", cluster=location.cluster, tasks=some), "tasks")
    ]


def _why_none(aws: RetryingClient, location: StackLocation, selection: TaskSelection, starting: Sequence[Json]) -> str:
    message = f"no task of {selection.name} is running"
    if starting:
        states = ", ".join(sorted({str(task["lastStatus"]) for task in starting}))
        return f"{message} yet ({len(starting)} {states}); try again in a moment"
    stopped = _described(aws, location, _listed(aws, location, selection, "STOPPED"))
    if stopped:
        last = max(stopped, key=lambda task: str(task.get("stoppedAt", "")))
        # ECS keeps a stopped task for about an hour.
        message = f"{message}; the last one stopped: {why(last)} ({task_id(last)})"
    if selection.name == MIGRATION:
        return f"{message}; `story migrate --stack {location.stack}` starts one"
    return f"{message}; `story status --stack {location.stack}` shows the desired count"


def _selected(tasks: Sequence[RunningTask], selection: TaskSelection) -> RunningTask:
    shown = tasks[:SHOWN]
    lines = [f"{len(tasks)} tasks of {selection.name} are running:"]
    lines += [f"{number:4}  {task.line()}" for number, task in enumerate(shown, 1)]
    if len(tasks) > SHOWN:
        lines.append(f"      and {len(tasks) - SHOWN} more; select one of them with --task ID")
    print("\n".join(lines), file=sys.stderr)
    while True:
        print(f"Which one? [1-{len(shown)}, default 1] ", end="", file=sys.stderr, flush=True)
        answer = sys.stdin.readline()
        if not answer:
            raise NoAccessError("no task was selected; select one with --task ID")
        if not answer.strip():
            return shown[0]
        if answer.strip().isdecimal() and 1 <= int(answer) <= len(shown):
            return shown[int(answer) - 1]

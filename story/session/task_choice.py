"""Which task of a service to go into, and whether it lets anybody in."""

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
from story.session.entering import NoEntryError, WrongUsageError

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
        selects: What ListTasks finds its tasks by.
    """

    name: str
    log_group: str
    selects: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task that runs, as ECS tells it."""

    told: Json

    @property
    def id(self) -> str:
        """Its id, without the rest of the ARN."""
        return task_id(self.told)

    @property
    def health(self) -> str:
        """`HEALTHY`, `UNKNOWN` (also without a check) or `UNHEALTHY`."""
        return str(self.told.get("healthStatus", "UNKNOWN"))

    @property
    def started(self) -> datetime:
        """When its containers ran."""
        found: datetime = self.told.get("startedAt") or self.told["createdAt"]
        return found

    @property
    def has_exec(self) -> bool:
        """It was started with ECS Exec."""
        return bool(self.told.get("enableExecuteCommand"))

    @property
    def rank(self) -> tuple[bool, int, float]:
        """The lower, the better: those that can be gone into, healthy ones, newer ones."""
        return not self.has_exec, HEALTH.get(self.health, 1), -self.started.timestamp()

    def line(self) -> str:
        """For a list to choose from."""
        zone = str(self.told.get("availabilityZone", ""))
        started = f"{self.started.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        return f"{self.id}  {zone:15}  {started}  {self.health:9}  {revision(self.told['taskDefinitionArn'])}"


def select_tasks(live: LiveStack, given: str) -> TaskSelection:
    """The service that a person means.

    Args:
        live: The stack.
        given: `web`, `scheduler`, `worker-<name>`, `migration`; `worker` where there is one worker.

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


def running_tasks(aws: RetryingClient, location: StackLocation, selection: TaskSelection) -> Sequence[Task]:
    """The tasks that run, the best one to go into first.

    Raises:
        NoEntryError: None does; the message says why the last one stopped.
    """
    told = _described(aws, location, _listed(aws, location, selection, "RUNNING"))
    running = [Task(told=one) for one in told if one["lastStatus"] == "RUNNING"]
    if running:
        return sorted(running, key=lambda task: (task.rank, task.id))
    raise NoEntryError(_why_none(aws, location, selection, told))


def chosen(tasks: Sequence[Task], selection: TaskSelection, wanted: str | None, *, asks: bool) -> Task:
    """The task to go into: the one that was named, the one that somebody chooses, or the best one.

    Args:
        tasks: Those that run, the best one first.
        selection: Their service.
        wanted: Id, its beginning, or ARN; None for any.
        asks: Where several fit, show them and ask.

    Raises:
        WrongUsageError: None, or more than one, is named so.
        NoEntryError: Nobody chose.
    """
    if wanted is None:
        return _asked(tasks, selection) if asks and len(tasks) > 1 else tasks[0]
    beginning = wanted.rpartition("/")[2]
    fitting = [task for task in tasks if beginning and task.id.startswith(beginning)]
    if len(fitting) == 1:
        return fitting[0]
    problem = "fits several" if fitting else "is none that runs"
    known = ", ".join(task.id for task in (fitting or tasks)[:SHOWN])
    raise WrongUsageError(f'--task: given "{wanted}", which {problem}; {selection.name} has {known}')


def runtime_id(task: Task, container: str, stack: str) -> str:
    """What SSM knows a container by, once it is sure that somebody can be let in.

    Raises:
        WrongUsageError: The task has no such container.
        NoEntryError: It was started without Exec, or the agent does not run. The message says what to do.
    """
    found = container_named(task.told, container)
    if not found:
        names = ", ".join(sorted(str(one["name"]) for one in items(task.told, "containers")))
        raise WrongUsageError(f'--container: given "{container}"; task {task.id} has {names}')
    if not task.has_exec:
        raise NoEntryError(
            f"task {task.id} was started without ECS Exec: `cluster: {{exec: true}}` in Pulumi.{stack}.yaml and "
            "`pulumi up` turn it on, for tasks that start afterwards"
        )
    agents = {str(one["name"]): one for one in items(found, "managedAgents")}
    agent = agents.get(EXEC_AGENT, {})
    status = str(agent.get("lastStatus", ""))
    if status == "PENDING":
        raise NoEntryError(f"the agent of ECS Exec in {container} of task {task.id} is starting; try again in a moment")
    if status != "RUNNING" or not found.get("runtimeId"):
        reason = f" ({agent['reason']})" if agent.get("reason") else ""
        raise NoEntryError(
            f"the agent of ECS Exec in {container} of task {task.id} is {status or 'not there'}{reason}: another task "
            f"(--task), or a new one after `aws ecs stop-task`, has one that runs; {TROUBLESHOOTING} says more"
        )
    return str(found["runtimeId"])


def not_connected(task: Task) -> NoEntryError:
    """What to say where an agent runs, and AWS does not reach it."""
    return NoEntryError(
        f"the agent of ECS Exec in task {task.id} runs, but does not answer AWS: it needs the task role's ssmmessages "
        f"actions, and a way to ssmmessages (NAT or an endpoint); {TROUBLESHOOTING} says more"
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
            raise NoEntryError(f"{missing} does not exist in ECS; the next `pulumi up` makes it again") from None
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
    told = f"no task of {selection.name} runs"
    if starting:
        states = ", ".join(sorted({str(task["lastStatus"]) for task in starting}))
        return f"{told} yet ({len(starting)} {states}); try again in a moment"
    stopped = _described(aws, location, _listed(aws, location, selection, "STOPPED"))
    if stopped:
        last = max(stopped, key=lambda task: str(task.get("stoppedAt", "")))
        # ECS keeps a stopped task for about an hour.
        told = f"{told}; the last one stopped: {why(last)} ({task_id(last)})"
    if selection.name == MIGRATION:
        return f"{told}; `story migrate --stack {location.stack}` starts one"
    return f"{told}; `story status --stack {location.stack}` shows how many there should be"


def _asked(tasks: Sequence[Task], selection: TaskSelection) -> Task:
    shown = tasks[:SHOWN]
    lines = [f"{len(tasks)} tasks of {selection.name} run:"]
    lines += [f"{number:4}  {task.line()}" for number, task in enumerate(shown, 1)]
    if len(tasks) > SHOWN:
        lines.append(f"      and {len(tasks) - SHOWN} more; --task chooses one of them by its id")
    print("\n".join(lines), file=sys.stderr)
    while True:
        print(f"Which one? [1-{len(shown)}, default 1] ", end="", file=sys.stderr, flush=True)
        answer = sys.stdin.readline()
        if not answer:
            raise NoEntryError("nobody chose a task; --task ID chooses one")
        if not answer.strip():
            return shown[0]
        if answer.strip().isdecimal() and 1 <= int(answer) <= len(shown):
            return shown[int(answer) - 1]

"""The life of a task, from PROVISIONING to STOPPED, by the clock.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html (which times and codes there are)
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from moto.ec2.models import ec2_backends

from emulator.services.ecs import behaviour, exec_agents, task_log
from emulator.services.ecs.behaviour import Behaviour
from emulator.services.ecs.clock import Timetable, timetable
from emulator.serving import control

SECONDS_OF_A_RUN = 0.3
SECONDS_TO_UNHEALTHY = 0.25
SECONDS_UNHEALTHY = 0.25
SECONDS_TO_STOP = 0.1
SECONDS_OF_LATE_LINES = 1

# What a process exits with that ends upon SIGTERM, the signal of StopTask:
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html
STOP_SIGNAL_EXIT_CODE = 143


@dataclass(kw_only=True, eq=False)
class Life:
    """What is known of a task beyond what ECS shows.

    Attributes:
        definitions: Definitions of its containers, by name.
        behaviours: What its containers do, by name; not all have one.
        table: Where what happens to it is written down.
        service: Whether a service started it.
        target: The container that target groups send their requests to, if any.
        ends: When containers end by themselves, and with which exit code.
        waiting: Containers that aren't healthy yet.
        was_healthy: Whether all of them were at some time.
        unhealthy: The container whose checks fail, if any.
        given_up: Whether they have failed long enough for a service to stop the task.
    """

    definitions: dict[str, dict[str, Any]]
    behaviours: dict[str, Behaviour]
    table: Timetable
    service: bool
    target: str
    ends: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)
    was_healthy: bool = False
    unhealthy: str = ""
    given_up: bool = False

    def behaviour(self, container: str) -> Behaviour:
        return self.behaviours.get(container) or Behaviour()

    def ends_at(self, container: str) -> datetime | None:
        return self.ends[container][0] if container in self.ends else None

    def is_essential(self, container: str) -> bool:
        return self.definitions[container]["essential"]

    def is_checked(self, container: str) -> bool:
        return container == self.target or bool(self.definitions[container].get("healthCheck"))


def begin(task: Any, backend: Any, moment: datetime, *, service: bool = False, target: str = "") -> None:
    """Let a new task live."""
    definitions = {
        item["name"]: item for item in backend.describe_task_definition(task.task_definition_arn).container_definitions
    }
    images = {name: definition.get("image", "") for name, definition in definitions.items()}
    task.life = life = Life(
        definitions=definitions,
        behaviours=behaviour.in_force.of_task(task.family, images),
        table=timetable(backend),
        service=service,
        target=target,
    )
    task.created_at, task.last_status = moment, "PROVISIONING"
    all_of_them = [life.behaviour(name) for name in definitions]
    stays = {item.stays for item in all_of_them}
    seconds = max(item.starts_after_seconds for item in all_of_them)
    if "PROVISIONING" not in stays:
        life.table.at(_after(moment, seconds / 2), partial(_pend, task))
        if "PENDING" not in stays:
            life.table.at(_after(moment, seconds), partial(_start, task))


def stop(task: Any, moment: datetime, code: str, reason: str) -> None:
    """Stop a task, whatever its state; one that is stopping already stays as it is.

    Containers that run get a stop signal, and exit with 143 or what their behaviour says; one that ends by itself at
    the same moment has its own code.
    """
    if task.desired_status == "STOPPED":
        return
    task.desired_status, task.last_status = "STOPPED", "DEPROVISIONING"
    task.stop_code, task.stopped_reason = code, reason
    task.stopping_at = task.execution_stopped_at = moment
    for container in task.containers:
        if container.last_status == "RUNNING":
            _exit(task, container, _code_when_stopped(task.life, container.name, moment), moment)
        container.last_status = "STOPPED"
    task.life.table.at(_after(moment, SECONDS_TO_STOP), partial(_finish, task))


def is_healthy(task: Any) -> bool:
    """Whether it runs and all its containers are healthy."""
    return task.last_status == "RUNNING" and not task.life.waiting


def _code_when_stopped(life: Life, container: str, moment: datetime) -> int:
    if container in life.ends and life.ends[container][0] <= moment:
        return life.ends[container][1]
    exits = life.behaviour(container).exits
    return STOP_SIGNAL_EXIT_CODE if exits is None else exits


def _after(moment: datetime, seconds: float) -> datetime:
    return moment + timedelta(seconds=seconds)


def _pend(task: Any, moment: datetime) -> None:
    if task.desired_status == "RUNNING":
        task.last_status, task.pull_started_at = "PENDING", moment


def _start(task: Any, moment: datetime) -> None:
    if task.desired_status == "STOPPED" or _fails_to_start(task, moment):
        return
    life: Life = task.life
    task.connectivity, task.connectivity_at = "CONNECTED", moment
    task.pull_stopped_at = moment
    life.waiting = {container.name for container in task.containers}
    life.ends = _ends(task, moment)
    if not any(life.ends_at(name) == moment and life.is_essential(name) for name in life.definitions):
        task.last_status, task.started_at = "RUNNING", moment
    for container in task.containers:
        container.last_status = "RUNNING"
        exec_agents.start(task, container, life.behaviour(container.name), moment)
        task_log.write(task, life.definitions[container.name], life.behaviour(container.name).all_lines(), moment)
        if container.name in life.ends:
            life.table.at(life.ends[container.name][0], partial(_end, task, container))
    _watch_health(task, moment)


def _fails_to_start(task: Any, moment: datetime) -> bool:
    for container in task.containers:
        does = task.life.behaviour(container.name)
        reason = does.fails_to_start
        if does.cannot_be_pulled:
            # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html
            reason = f"CannotPullContainerError: failed to resolve reference {container.image}: not found"
            container.reason = reason
        if reason:
            stop(task, moment, "TaskFailedToStart", reason)
            return True
    return False


def _ends(task: Any, start: datetime) -> dict[str, tuple[datetime, int]]:
    """When containers end by themselves, and with which exit code.

    Those of RunTask all end together if no behaviour says otherwise.
    """
    life: Life = task.life
    together = max([SECONDS_OF_A_RUN, *(does.after_seconds for does in life.behaviours.values())])
    ends: dict[str, tuple[datetime, int]] = {}
    for name in life.definitions:
        does = life.behaviour(name)
        if does.exits is not None:
            ends[name] = (_after(start, does.after_seconds), does.exits)
        elif not life.service:
            code = control.answer("ecs_exit_codes", f"{task.family}/{name}", name, task.family, default=0)
            ends[name] = (_after(start, does.after_seconds or together), code)
    return ends


def _end(task: Any, container: Any, moment: datetime) -> None:
    """A container ends by itself; an essential one takes the others with it."""
    life: Life = task.life
    if container.last_status != "RUNNING":
        return
    _exit(task, container, life.ends[container.name][1], moment)
    if life.is_essential(container.name):
        reason = "Essential container in task exited"
        if not life.service:
            reason = control.answer("ecs_stopped_reason", task.family, default=reason)
        stop(task, moment, "EssentialContainerExited", reason)
    else:
        _note_health(task)


def _exit(task: Any, container: Any, code: int, moment: datetime) -> None:
    container.last_status, container.exitCode = "STOPPED", code
    exec_agents.end(container)
    task.life.waiting.discard(container.name)
    late = task.life.behaviour(container.name).late_lines
    if late:
        definition = task.life.definitions[container.name]
        task.life.table.at(
            _after(moment, SECONDS_OF_LATE_LINES), lambda then: task_log.write(task, definition, late, then)
        )


def _watch_health(task: Any, moment: datetime) -> None:
    life: Life = task.life
    for container in task.containers:
        does = life.behaviour(container.name)
        if does.never_healthy and life.is_checked(container.name):
            life.table.at(_after(moment, SECONDS_TO_UNHEALTHY), partial(_become_unhealthy, task, container))
        else:
            life.table.at(_after(moment, does.healthy_after_seconds), partial(_become_healthy, task, container))


def _become_healthy(task: Any, container: Any, _moment: datetime) -> None:
    if container.last_status == "RUNNING":
        task.life.waiting.discard(container.name)
        _note_health(task)
        _show_health(task, container, "HEALTHY")


def _note_health(task: Any) -> None:
    task.life.was_healthy = task.life.was_healthy or is_healthy(task)


def _become_unhealthy(task: Any, container: Any, moment: datetime) -> None:
    if container.last_status == "RUNNING":
        task.life.unhealthy = container.name
        _show_health(task, container, "UNHEALTHY")
        task.life.table.at(_after(moment, SECONDS_UNHEALTHY), partial(_give_up, task))


def _give_up(task: Any, _moment: datetime) -> None:
    task.life.given_up = True


def _show_health(task: Any, container: Any, status: str) -> None:
    """A container's status is shown if its definition has a check, and the task's is that of all of these.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
    """
    checked = [item for item in task.containers if task.life.definitions[item.name].get("healthCheck")]
    if container in checked:
        container.health_status = status
        found = {item.health_status for item in checked}
        task.health_status = next(status for status in ("UNHEALTHY", "UNKNOWN", "HEALTHY") if status in found)


def _finish(task: Any, moment: datetime) -> None:
    task.last_status, task.stopped_at = "STOPPED", moment
    for container in task.containers:
        container.health_status = "UNKNOWN"
    task.health_status = "UNKNOWN"
    # A task's network interface goes with it, so that its subnet can be deleted:
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html
    interfaces = ec2_backends[task._account_id][task.region_name].enis
    for attachment in task.attachments:
        attachment["status"] = "DELETED"
        for detail in attachment["details"]:
            if detail["name"] == "networkInterfaceId":
                interfaces.pop(detail["value"], None)

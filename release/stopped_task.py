"""Whether a task started and why it stopped, from what ECS keeps of it (for about an hour)."""

from collections.abc import Sequence

from aws.client import Json, items

KILLED = 137
STOPPED_BY_SOMEBODY = ("UserInitiated", "ServiceSchedulerInitiated", "SpotInterruption", "TerminationNotice")
"""Stop codes of tasks that get a signal, and that are killed if they do not heed it in time."""

BEFORE_THE_START = ("PROVISIONING", "PENDING", "ACTIVATING")


def container_named(task: Json, name: str) -> Json:
    """A container of a task; empty if ECS does not list it."""
    return {one["name"]: one for one in items(task, "containers")}.get(name, {})


def has_started(task: Json) -> bool:
    """Whether any of its containers may have run."""
    return "startedAt" in task or any("exitCode" in container for container in items(task, "containers"))


def has_not_started(task: Json) -> bool:
    """Whether ECS says that none of its containers has run yet; a task of which it says too little may have started.

    A container may run before its task does, for one because another container depends on it:
    docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
    """
    containers = items(task, "containers")
    return (
        task.get("lastStatus") in BEFORE_THE_START
        and not has_started(task)
        and bool(containers)
        and all(container.get("lastStatus") == "PENDING" for container in containers)
    )


def why(task: Json) -> str:
    """The reason in one line, the most telling one first; errors of other services, which ECS passes on, have several
    lines."""
    reasons = [*(container.get("reason", "") for container in items(task, "containers")), task.get("stoppedReason", "")]
    known = [" ".join(reason.split()) for reason in dict.fromkeys(reasons) if reason]
    return "; ".join(known) or task.get("stopCode", "") or "ECS gives no reason"


def everything_known(task: Json) -> list[str]:
    """What ECS tells of a stopped task, a line for each."""
    lines = [f"task            {task['taskArn']}"]
    for key, label in (("stopCode", "stop code"), ("stoppedReason", "stopped reason")):
        if task.get(key):
            lines.append(f"{label:16}{task[key]}")
    for container in sorted(items(task, "containers"), key=lambda one: str(one.get("name"))):
        code = container.get("exitCode")
        told = "no exit code" if code is None else f"exit code {code}"
        reason = f", {container['reason']}" if container.get("reason") else ""
        lines.append(f"{'container':16}{container.get('name')}: {told}{reason}")
    return lines


def advice(task: Json, container: str) -> Sequence[str]:
    """What usually helps; nothing if only the log can tell."""
    said = why(task)
    if "CannotPull" in said:
        return ["Check that the image exists, is built for the cluster's processor architecture, and can be pulled."]
    if "ResourceInitializationError" in said:
        return ["A secret, a log group or the route to AWS's endpoints is missing; the reason names it."]
    was_killed = container_named(task, container).get("exitCode") == KILLED
    if "OutOfMemory" in said or (was_killed and task.get("stopCode") not in STOPPED_BY_SOMEBODY):
        return ["It was killed, usually because it ran out of memory: increase memory_mib in the stack's file."]
    return []

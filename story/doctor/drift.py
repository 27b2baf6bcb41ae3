"""Compares each service with the stack's last update."""

from collections.abc import Iterator, Mapping

from aws.client import Json, items
from release.contract import revision
from release.deployment import primary
from story.doctor.context import DoctorContext
from story.doctor.finding import Finding, Severity, ok
from story.doctor.images import short
from story.live_stack import APP

DRIFT = "drift"


def evaluate_presence(name: str, service: Json | None, stack: str) -> Finding | None:
    """Whether the service exists in ECS; None if it does."""
    if service is not None:
        return None
    return Finding(
        area=DRIFT,
        subject=name,
        severity=Severity.ERROR,
        what="the service does not exist in ECS",
        why="it was deleted outside Pulumi, and nothing else does its work",
        fix=f"run `pulumi up --stack {stack}` to create it again",
    )


def evaluate_definition(name: str, running: str, released: str, stack: str) -> Finding:
    """Whether it runs the task definition of the last update.

    Args:
        name: The service.
        running: ARN of its task definition.
        released: ARN in the outputs of the stack; "" if there is none.
        stack: Name of the stack.
    """
    if not released or running == released:
        return ok(DRIFT, name, f"runs {revision(running)}")
    return Finding(
        area=DRIFT,
        subject=name,
        severity=Severity.WARNING,
        what=f"runs {revision(running)}, but the last update deployed {revision(released)}",
        why="ECS rolled a deployment back, or the service was changed outside Pulumi; the next update overwrites that",
        fix=f"`story drift --stack {stack}` shows the differences, `pulumi up --stack {stack}` removes them",
    )


def evaluate_image(name: str, running: str, last_good: str, stack: str) -> Finding:
    """Whether it runs the image of the last fully successful update.

    Args:
        name: The service.
        running: Image of its application container; "" if it has none.
        last_good: Image of that update; "" if no update has succeeded yet.
        stack: Name of the stack.
    """
    if not running or running == last_good:
        return ok(DRIFT, name, "runs the last good image" if running else "has no application container")
    good = short(last_good) if last_good else "none yet"
    return Finding(
        area=DRIFT,
        subject=name,
        severity=Severity.WARNING,
        what=f"runs {short(running)}, but the last good image is {good}",
        why="a release is in progress, or one failed before its end; services may run different code",
        fix=f"run `story status --stack {stack} --wait`; then release again, or run `story rollback --stack {stack}`",
    )


def evaluate_deployment(name: str, service: Json, stack: str) -> Finding:
    """The state of its deployment."""
    leading = primary(service)
    state, reason = str(leading.get("rolloutState", "")), str(leading.get("rolloutStateReason", ""))
    if state == "FAILED":
        return Finding(
            area=DRIFT,
            subject=name,
            severity=Severity.ERROR,
            what=f"its deployment failed: {reason or 'ECS gives no reason'}",
            why="it may run too few tasks, or old ones",
            fix=f"see the events in `story status --stack {stack}`; then run `story rollback` or release a fixed image",
        )
    if state == "IN_PROGRESS":
        return Finding(
            area=DRIFT,
            subject=name,
            severity=Severity.NOTE,
            what=f"a deployment is in progress: {reason or revision(str(leading.get('taskDefinition', '')))}",
            why="other findings may be temporary",
            fix=f"`story status --stack {stack} --wait` waits until it ends",
        )
    return ok(DRIFT, name, f"its deployment is {state or 'in an unknown state'}")


def evaluate_tasks(name: str, service: Json, stack: str) -> Finding:
    """Whether all its tasks are running."""
    running, desired = int(service.get("runningCount", 0)), int(service.get("desiredCount", 0))
    if running >= desired:
        what = f"{running} of {desired} tasks are running" if desired else "its desired count is 0"
        severity = Severity.OK if desired else Severity.NOTE
        return Finding(area=DRIFT, subject=name, severity=severity, what=what)
    is_moving = len(items(service, "deployments")) > 1 or primary(service).get("rolloutState") == "IN_PROGRESS"
    severity = Severity.ERROR if not running else Severity.NOTE if is_moving else Severity.WARNING
    return Finding(
        area=DRIFT,
        subject=name,
        severity=severity,
        what=f"{running} of {desired} tasks are running",
        why="no task does the work of the service"
        if not running
        else "the running tasks have to do the work of the others",
        fix=f"see its events in `story status --stack {stack}`: they say why no task starts",
    )


def check_service(context: DoctorContext, name: str) -> Iterator[Finding]:
    """Compares a service with the outputs of the stack."""
    stack = context.live.location.stack
    service = context.services().get(name)
    missing = evaluate_presence(name, service, stack)
    if missing or service is None:
        if missing:
            yield missing
        return
    outputs: Mapping[str, object] = context.live.services.get(name, {})
    running = str(service["taskDefinition"])
    yield evaluate_definition(name, running, str(outputs.get("taskDefinition") or ""), stack)
    yield evaluate_deployment(name, service, stack)
    yield evaluate_tasks(name, service, stack)
    yield evaluate_image(name, _image(context, name), context.live.image, stack)


def _image(context: DoctorContext, name: str) -> str:
    containers = items(context.definition_of(name), "containerDefinitions")
    return str({one["name"]: one["image"] for one in containers}.get(APP, ""))

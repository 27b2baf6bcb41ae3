"""Each service against what the stack's last update left."""

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
    """Whether ECS has the service; None if it has."""
    if service is not None:
        return None
    return Finding(
        area=DRIFT,
        subject=name,
        severity=Severity.ERROR,
        what="the service does not exist in ECS",
        why="somebody deleted it: what it does, nobody does",
        fix=f"`pulumi up --stack {stack}` makes it again",
    )


def evaluate_definition(name: str, running: str, released: str, stack: str) -> Finding:
    """Whether it runs the task definition of the last update.

    Args:
        name: The service.
        running: ARN of the task definition that it runs.
        released: ARN that the stack's outputs name; "" if they name none.
        stack: Name of the stack.
    """
    if not released or running == released:
        return ok(DRIFT, name, f"runs {revision(running)}")
    return Finding(
        area=DRIFT,
        subject=name,
        severity=Severity.WARNING,
        what=f"runs {revision(running)}, the stack's last update left {revision(released)}",
        why="ECS rolled a deployment back, or somebody changed the service by hand; the next update undoes that",
        fix=f"`story drift --stack {stack}` shows what differs, `pulumi up --stack {stack}` puts it back",
    )


def evaluate_image(name: str, running: str, last_good: str, stack: str) -> Finding:
    """Whether it runs the image of the last fully successful update.

    Args:
        name: The service.
        running: Image of its application; "" if no container has that name.
        last_good: "" if no update succeeded yet.
        stack: Name of the stack.
    """
    if not running or running == last_good:
        return ok(DRIFT, name, "runs the last good image" if running else "has no container of the application")
    told = short(last_good) if last_good else "none yet"
    return Finding(
        area=DRIFT,
        subject=name,
        severity=Severity.WARNING,
        what=f"runs {short(running)}, the last good image is {told}",
        why="a release is going on, or one failed half-way: services may run different code",
        fix=f"`story status --stack {stack} --wait`; then release again, or `story rollback --stack {stack}`",
    )


def evaluate_deployment(name: str, service: Json, stack: str) -> Finding:
    """How its deployment stands."""
    leading = primary(service)
    state, reason = str(leading.get("rolloutState", "")), str(leading.get("rolloutStateReason", ""))
    if state == "FAILED":
        return Finding(
            area=DRIFT,
            subject=name,
            severity=Severity.ERROR,
            what=f"its deployment failed: {reason or 'ECS gives no reason'}",
            why="it may run too few tasks, or old ones",
            fix=f"`story status --stack {stack}` shows events and releases; then `story rollback`, or a fixed release",
        )
    if state == "IN_PROGRESS":
        return Finding(
            area=DRIFT,
            subject=name,
            severity=Severity.NOTE,
            what=f"is being deployed: {reason or revision(str(leading.get('taskDefinition', '')))}",
            why="what is found now may be over in a minute",
            fix=f"`story status --stack {stack} --wait` follows it to its end",
        )
    return ok(DRIFT, name, f"its deployment is {state or 'one of no known state'}")


def evaluate_tasks(name: str, service: Json, stack: str) -> Finding:
    """Whether all its tasks run."""
    running, desired = int(service.get("runningCount", 0)), int(service.get("desiredCount", 0))
    if running >= desired:
        told = f"{running} of {desired} tasks run"
        severity = Severity.OK if desired else Severity.NOTE
        return Finding(area=DRIFT, subject=name, severity=severity, what=told if desired else "should have no task")
    is_moving = len(items(service, "deployments")) > 1 or primary(service).get("rolloutState") == "IN_PROGRESS"
    severity = Severity.ERROR if not running else Severity.NOTE if is_moving else Severity.WARNING
    return Finding(
        area=DRIFT,
        subject=name,
        severity=severity,
        what=f"{running} of {desired} tasks run",
        why="no task runs: it does nothing" if not running else "the others have the work of those that are missing",
        fix=f"`story status --stack {stack}` shows its events: they say why no task starts",
    )


def check_service(context: DoctorContext, name: str) -> Iterator[Finding]:
    """A service against the stack's outputs."""
    stack = context.live.place.stack
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

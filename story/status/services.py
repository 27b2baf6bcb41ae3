"""What each service of a stack runs, and the state of its deployment."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Thread

from aws.client import Caller, Json, in_parts, items
from aws.retrying import retrying_client
from release.contract import Rollout, StepError, revision
from release.deployment import is_gone, primary
from release.rollout import follow_rollout
from release.step_output import Print
from story.live_stack import LiveStack, image_of

COMPLETE = "COMPLETED"
AT_ONCE = 10
"""Maximum of DescribeServices: docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """The current state of a service.

    Attributes:
        service: Its name.
        running: Number of running tasks.
        desired: Desired number of tasks.
        image: Image of its application; "" if it does not exist.
        revision: Family and revision of its task definition.
        deployment: `COMPLETED`, `IN_PROGRESS` or `FAILED`; `GONE` if the service does not exist.
        reason: The reason that ECS gives for the state of the deployment.
        is_last_good: Whether it runs the image of the last fully successful update.
    """

    service: str
    running: int
    desired: int
    image: str
    revision: str
    deployment: str
    reason: str
    is_last_good: bool

    @property
    def is_healthy(self) -> bool:
        """Whether all its tasks are running and no deployment is in progress."""
        return self.deployment == COMPLETE and self.running == self.desired


def statuses(live: LiveStack) -> Sequence[ServiceStatus]:
    """Every service of the stack, by name."""
    aws = retrying_client(live.location, to_stderr)
    return statuses_of(live, aws, services_of(live, aws))


def statuses_of(live: LiveStack, aws: Caller, services: Mapping[str, Json]) -> Sequence[ServiceStatus]:
    """The same, for services that were read already."""
    return [_status(live, aws, name, service) for name, service in sorted(services.items())]


def described(live: LiveStack, found: Sequence[ServiceStatus]) -> list[str]:
    """The services as lines of text."""
    lines = [f"Stack {live.location.stack}, cluster {live.location.cluster} in {live.location.region}"]
    lines += [f"Last good image: {live.image or 'none, no update has succeeded yet'}"]
    width = max((len(one.service) for one in found), default=0)
    for one in found:
        if not one.revision:
            lines.append(f"  {one.service:{width}}  does not exist in ECS; the next `pulumi up` creates it again")
            continue
        lines.append(f"  {one.service:{width}}  {one.running} of {one.desired} tasks, {one.deployment}, {one.revision}")
        if not one.is_last_good:
            lines.append(f"  {'':{width}}  runs another image: {one.image}")
        if one.deployment != COMPLETE and one.reason:
            lines.append(f"  {'':{width}}  {one.reason}")
    return lines if found else [*lines, "  no service is enabled"]


def wait(live: LiveStack, output: Print) -> list[str]:
    """Follows every deployment in progress to its end, in parallel; returns the failures."""
    aws = retrying_client(live.location, to_stderr)
    in_progress = [
        live.rollout(name, primary(service)["taskDefinition"])
        for name, service in sorted(services_of(live, aws).items())
        if primary(service).get("rolloutState") == "IN_PROGRESS"
    ]
    failures: dict[str, str] = {}
    unexpected: list[Exception] = []

    def follow(rollout: Rollout) -> None:
        try:
            follow_rollout(rollout, output=output, intervenes=False)
        except StepError as error:
            failures[rollout.service] = str(error)
        except Exception as error:
            unexpected.append(error)

    # Ctrl-C does not wait for daemon threads; it would wait for the threads of a pool.
    threads = [Thread(target=follow, args=(rollout,), daemon=True) for rollout in in_progress]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in unexpected:
        raise error
    return [message for _, message in sorted(failures.items())]


def to_stderr(line: str) -> None:
    """Prints a line that is not part of the page or document."""
    print(line, file=sys.stderr, flush=True)


def services_of(live: LiveStack, aws: Caller) -> dict[str, Json]:
    """Each service as DescribeServices returns it; empty if the service does not exist."""
    names, found = sorted(live.services), dict[str, Json]()
    for some in in_parts(names, AT_ONCE):
        response = aws.call("ecs", "describe_services", cluster=live.location.cluster, services=some)
        there = {one["serviceName"]: one for one in items(response, "services") if not is_gone(one)}
        found |= {name: there.get(name, {}) for name in some}
    return found


def _status(live: LiveStack, aws: Caller, name: str, service: Json) -> ServiceStatus:
    leading = primary(service)
    image = image_of(aws, service["taskDefinition"]) if service else ""
    return ServiceStatus(
        service=name,
        running=service.get("runningCount", 0),
        desired=service.get("desiredCount", 0),
        image=image,
        revision=revision(service.get("taskDefinition", "")),
        deployment=leading.get("rolloutState", "GONE"),
        reason=leading.get("rolloutStateReason", ""),
        is_last_good=image == live.image,
    )

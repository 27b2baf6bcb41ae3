"""How a deployment of a service stands, judged from what ECS says of it: pure functions over its answers.

ECS tells of a deployment twice: in DescribeServices as one of the service's `deployments` (with counts), and, for all
strategies and with reasons, as a service deployment:
docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html,
docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aws.client import Json, items, part
from release.contract import revision

GOING_ON = ("PENDING", "IN_PROGRESS")
STOPPED = ("STOP_REQUESTED", "STOPPED")


class DeploymentState(StrEnum):
    """Where a deployment stands."""

    GOING_ON = "going on"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a deployment stands.

    Attributes:
        state: Where it stands.
        reason: Why it failed.
    """

    state: DeploymentState
    reason: str = ""


def is_gone(service: Json) -> bool:
    """Whether a service was deleted, or is being deleted."""
    return service.get("status") != "ACTIVE"


def primary(service: Json) -> Json:
    """The deployment that the service is to become; empty if there is none."""
    return {one["status"]: one for one in items(service, "deployments")}.get("PRIMARY", {})


def with_id(service: Json, deployment_id: str) -> Json:
    """One of the service's deployments; empty once ECS no longer lists it."""
    return {one["id"]: one for one in items(service, "deployments")}.get(deployment_id, {})


def bringing(service: Json, task_definition: str) -> Json:
    """The deployment that brings a task definition; empty if none does. Of several it is the newest one."""
    if primary(service).get("taskDefinition") == task_definition:
        return primary(service)
    found = [one for one in items(service, "deployments") if one["taskDefinition"] == task_definition]
    return max(found, key=created) if found else {}


def evaluate(service: Json, deployment_id: str, service_deployment: Json) -> Verdict:
    """How a deployment stands.

    Args:
        service: As DescribeServices tells it.
        deployment_id: The deployment, such as `ecs-svc/1234`.
        service_deployment: The same as DescribeServiceDeployments tells it; empty if that is not known.
    """
    if is_gone(service):
        return Verdict(state=DeploymentState.FAILED, reason="the service was deleted")
    status = str(service_deployment.get("status", ""))
    if status == "ROLLBACK_FAILED":
        return Verdict(
            state=DeploymentState.FAILED, reason=f"the rollback failed: {rollback_reason(service_deployment)}"
        )
    if status.startswith("ROLLBACK"):
        return Verdict(
            state=DeploymentState.FAILED, reason=f"ECS rolled it back: {rollback_reason(service_deployment)}"
        )
    own, leading = with_id(service, deployment_id), primary(service)
    if own.get("rolloutState") == "FAILED":
        return Verdict(state=DeploymentState.FAILED, reason=own.get("rolloutStateReason") or "ECS gives no reason")
    if status == "SUCCESSFUL" or (own.get("rolloutState") == "COMPLETED" and status not in STOPPED):
        return Verdict(state=DeploymentState.DONE)
    if leading and leading["id"] != deployment_id and status not in GOING_ON:
        return Verdict(state=DeploymentState.FAILED, reason=f"another deployment replaced it: {_told(leading)}")
    if status in STOPPED:
        told = service_deployment.get("statusReason") or "ECS gives no reason"
        return Verdict(state=DeploymentState.FAILED, reason=f"it was stopped: {told}")
    return Verdict(state=DeploymentState.GOING_ON)


def _told(leading: Json) -> str:
    brought = revision(leading["taskDefinition"])
    told = leading.get("rolloutStateReason")
    return f"{leading['id']}, which deploys {brought}{f' ({told})' if told else ''}"


def rollback_reason(service_deployment: Json) -> str:
    """Why ECS goes back, or went back."""
    alarms = ", ".join(part(service_deployment, "alarms").get("triggeredAlarmNames") or ())
    reasons: list[str | None] = [
        part(service_deployment, "rollback").get("reason"),
        service_deployment.get("statusReason"),
        f"alarms: {alarms}" if alarms else None,
    ]
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason)) or "ECS gives no reason"


def is_over(service_deployment: Json) -> bool:
    """Whether nothing more happens in a service deployment, its rollback included."""
    return service_deployment.get("status") in ("SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED")


def created(one: Json) -> Any:
    """When something was made, to sort by."""
    return one["createdAt"]

"""The API actions on service deployments and service revisions, which moto doesn't have.

- https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServiceDeployments.html
- https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceDeployments.html
- https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceRevisions.html
- https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopServiceDeployment.html
"""

from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.exceptions import ECSException
from moto.ecs.responses import EC2ContainerServiceResponse

from emulator.serving.patching import add_actions, now

PAGE = 20


def install() -> None:
    add_actions(
        EC2ContainerServiceResponse,
        list_service_deployments,
        describe_service_deployments,
        describe_service_revisions,
        stop_service_deployment,
    )


def list_service_deployments(self: Any) -> ActionResult:
    service = self.ecs_backend._get_service(self._get_param("cluster", "default"), self._get_param("service"))
    statuses, created = self._get_param("status"), self._get_param("createdAt") or {}
    found = [
        record.brief(service)
        for record in service.rollout.records
        if (not statuses or record.status in statuses) and _is_between(record.created_at, created)
    ]
    first = int(self._get_param("nextToken") or 0)
    last = first + (self._get_param("maxResults") or PAGE)
    return ActionResult(
        {"serviceDeployments": found[first:last], "nextToken": str(last) if last < len(found) else None}
    )


def describe_service_deployments(self: Any) -> ActionResult:
    known = {
        record.arn(service): (record, service)
        for service in self.ecs_backend.services.values()
        for record in service.rollout.records
    }
    asked = self._get_param("serviceDeploymentArns", [])
    return ActionResult(
        {
            "serviceDeployments": [known[arn][0].shown(known[arn][1]) for arn in asked if arn in known],
            "failures": _missing(asked, known),
        }
    )


def describe_service_revisions(self: Any) -> ActionResult:
    known = {
        item.arn: item.revision for service in self.ecs_backend.services.values() for item in service.rollout.revisions
    }
    asked = self._get_param("serviceRevisionArns", [])
    return ActionResult(
        {"serviceRevisions": [known[arn] for arn in asked if arn in known], "failures": _missing(asked, known)}
    )


def stop_service_deployment(self: Any) -> ActionResult:
    """Only the newest deployment of a service can be under way, for a newer one displaces it."""
    arn = self._get_param("serviceDeploymentArn")
    for service in self.ecs_backend.services.values():
        for record in service.rollout.records:
            if record.arn(service) == arn:
                if not record.ongoing:
                    raise ECSException("ConflictException", f"The service deployment is {record.status} already.")
                if record.status == "IN_PROGRESS":
                    service.rollout.request_stop(self._get_param("stopType", "ROLLBACK") == "ROLLBACK", now())
                return ActionResult({"serviceDeploymentArn": arn})
    raise ECSException("ServiceDeploymentNotFoundException", "The service deployment was not found.")


def _is_between(moment: datetime, created: dict[str, Any]) -> bool:
    # Answers show milliseconds, and what they show must be found.
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    after, before = _moment(created.get("after")), _moment(created.get("before"))
    return (after is None or after <= moment) and (before is None or moment <= before)


def _moment(given: Any) -> datetime | None:
    if given is None or isinstance(given, datetime):
        return given if given is None or given.tzinfo else given.replace(tzinfo=UTC)
    return datetime.fromtimestamp(float(given), UTC)


def _missing(asked: list[str], known: dict[str, Any]) -> list[dict[str, str]]:
    return [{"arn": arn, "reason": "MISSING"} for arn in asked if arn not in known]

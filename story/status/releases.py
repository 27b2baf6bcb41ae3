"""The latest releases of a stack's services: their service deployments in ECS.

docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html; ECS keeps them for ninety days.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from aws.client import Json, in_parts, items, part
from release.contract import revision
from release.deployment import rollback_reason
from story.live_stack import APP
from story.status.client import PageClient

OF_EACH_SERVICE = 5
AT_ONCE = 20
"""docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceDeployments.html and
docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceRevisions.html"""
SHORT_DIGEST = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRelease:
    """A deployment of a service, in progress or past.

    Attributes:
        service: The service.
        began_at: When it started; None if ECS does not return it.
        ended_at: When it ended; None while it is in progress.
        status: Such as `SUCCESSFUL`, `IN_PROGRESS` or `ROLLBACK_SUCCESSFUL`.
        from_revision: Family and revision of the task definition before; "" for the first release.
        to_revision: Family and revision of its task definition.
        image: The beginning of the digest of the application's image; "" if it is not known.
        reason: Why it was rolled back or stopped; "" otherwise.
    """

    service: str
    began_at: datetime | None
    ended_at: datetime | None
    status: str
    from_revision: str
    to_revision: str
    image: str
    reason: str


def releases(aws: PageClient, cluster: str, services: Sequence[str]) -> list[PastRelease]:
    """The latest releases of all services, the newest first.

    Args:
        aws: Client for the account.
        cluster: Name of the cluster.
        services: Names of the services that exist.
    """
    arns = [str(arn) for service in services for arn in _listed(aws, cluster, service)]
    deployments = [
        one
        for some in in_parts(arns, AT_ONCE)
        for one in items(
            aws.call("ecs", "describe_service_deployments", serviceDeploymentArns=some), "serviceDeployments"
        )
    ]
    revisions = _revisions(aws, sorted({arn for one in deployments for arn in (_source(one), _target(one)) if arn}))
    found = [_release(one, revisions) for one in deployments]
    return sorted(found, key=lambda one: (_seconds(one.began_at), one.service), reverse=True)


def short_digest(service_revision: Json) -> str:
    """The beginning of the digest of the application's image in a service revision."""
    images = {str(one.get("containerName")): one for one in items(service_revision, "containerImages")}
    own = images.get(APP, {})
    digest = str(own.get("imageDigest") or str(own.get("image", "")).partition("@")[2])
    return digest.removeprefix("sha256:")[:SHORT_DIGEST]


def _listed(aws: PageClient, cluster: str, service: str) -> Sequence[str]:
    response = aws.call("ecs", "list_service_deployments", cluster=cluster, service=service, maxResults=OF_EACH_SERVICE)
    return [str(one["serviceDeploymentArn"]) for one in items(response, "serviceDeployments")]


def _revisions(aws: PageClient, arns: Sequence[str]) -> Mapping[str, Json]:
    return {
        str(one["serviceRevisionArn"]): one
        for some in in_parts(arns, AT_ONCE)
        for one in items(aws.call("ecs", "describe_service_revisions", serviceRevisionArns=some), "serviceRevisions")
    }


def _release(deployment: Json, revisions: Mapping[str, Json]) -> PastRelease:
    before, after = revisions.get(_source(deployment), {}), revisions.get(_target(deployment), {})
    status = str(deployment.get("status", ""))
    failed = status.startswith(("ROLLBACK", "STOP"))
    return PastRelease(
        service=str(deployment.get("serviceArn", "")).rpartition("/")[2],
        began_at=cast(datetime | None, deployment.get("startedAt") or deployment.get("createdAt")),
        ended_at=cast(datetime | None, deployment.get("finishedAt") or deployment.get("stoppedAt")),
        status=status,
        from_revision=_definition(before),
        to_revision=_definition(after),
        image=short_digest(after),
        reason=rollback_reason(deployment) if failed else "",
    )


def _definition(service_revision: Json) -> str:
    return revision(str(service_revision.get("taskDefinition", "")))


def _source(deployment: Json) -> str:
    return next((str(one.get("arn", "")) for one in items(deployment, "sourceServiceRevisions")), "")


def _target(deployment: Json) -> str:
    return str(part(deployment, "targetServiceRevision").get("arn", ""))


def _seconds(moment: Any) -> float:
    return moment.timestamp() if moment else 0.0

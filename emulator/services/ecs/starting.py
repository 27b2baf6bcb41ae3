"""What a service starts: its tasks, and the service revision that they are made of.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceRevision.html
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from moto.ec2.models import ec2_backends
from moto.ecs.models import Task

from emulator.services.ecs import life
from emulator.services.ecs.deployments import Deployment

if TYPE_CHECKING:
    from emulator.services.ecs.rollouts import DeploymentProgress


def revision(service: Any, backend: Any, number: str, moment: datetime) -> dict[str, Any]:
    """The service as it is configured now, as DescribeServiceRevisions shows it."""
    definition = backend.describe_task_definition(service.task_definition)
    return {
        "serviceRevisionArn": f"{service.arn.replace(':service/', ':service-revision/')}/{number}",
        "serviceArn": service.arn,
        "clusterArn": service.cluster_arn,
        "taskDefinition": service.task_definition,
        "capacityProviderStrategy": getattr(service, "capacity_provider_strategy", None),
        "launchType": service.launch_type,
        "platformVersion": service.platform_version,
        "platformFamily": "Linux",
        "loadBalancers": service.load_balancers,
        "networkConfiguration": service.network_configuration or None,
        "serviceConnectConfiguration": getattr(service, "service_connect_configuration", None),
        "containerImages": [
            {"containerName": item["name"], "image": item.get("image")} for item in definition.container_definitions
        ],
        "createdAt": moment,
    }


def start_task(rollout: "DeploymentProgress", deployment: Deployment, moment: datetime) -> Any:
    """Start a task of a deployment."""
    service, backend = rollout.service, rollout.backend
    definition = backend.describe_task_definition(deployment.task_definition)
    strategy = deployment.revision["capacityProviderStrategy"]
    task: Any = Task(
        cluster=backend._get_cluster(service.cluster_name),
        task_definition=definition,
        container_instance_arn=None,
        resource_requirements=None,
        backend=backend,
        group=f"service:{service.name}",
        launch_type=service.launch_type or "FARGATE",
        started_by=deployment.id,
        tags=_tags(service, backend, definition),
        networking_configuration=_network(service, len(deployment.tasks)),
        platform_version="1.4.0",
        capacity_provider_name=strategy[0]["capacityProvider"] if strategy else None,
    )
    task.enable_execute_command = bool(getattr(service, "enable_execute_command", False))
    interfaces: Any = ec2_backends[service._account_id][service.region_name].enis
    for attachment in task.attachments:
        for detail in attachment["details"]:
            if detail["name"] == "networkInterfaceId":
                interfaces[detail["value"]].of_a_service = True
    backend.tasks.setdefault(service.cluster_name, {})[task.task_arn] = task
    deployment.tasks.append(task)
    target = service.load_balancers[0]["containerName"] if service.load_balancers else ""
    life.begin(task, backend, moment, service=True, target=target)
    return task


def _network(service: Any, place: int) -> dict[str, Any] | None:
    """The service's network with its subnets in turn, for a task takes the first."""
    if not service.network_configuration:
        return None
    given = service.network_configuration["awsvpcConfiguration"]
    place %= len(given["subnets"])
    return {"awsvpcConfiguration": {**given, "subnets": [*given["subnets"][place:], *given["subnets"][:place]]}}


def _tags(service: Any, backend: Any, definition: Any) -> list[dict[str, str]]:
    """The tags of the service or of the task definition, and AWS's own two.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-using-tags.html
    """
    sources = {"SERVICE": service.arn, "TASK_DEFINITION": definition.arn}
    source = sources.get(service.propagate_tags)
    tags = list(backend.list_tags_for_resource(source) or []) if source else []
    if getattr(service, "enable_ecs_managed_tags", False):
        tags.append({"key": "aws:ecs:serviceName", "value": service.name})
        tags.append({"key": "aws:ecs:clusterName", "value": service.cluster_name})
    return tags

"""ECS services: they remember what CreateService and UpdateService gave, and roll it out; see `rollouts`.

moto drops many of a service's settings, so that a refresh would find a difference.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html
"""

from typing import Any

from botocore import xform_name
from moto.core.responses import ActionResult
from moto.ecs.exceptions import InvalidParameterException
from moto.ecs.models import EC2ContainerServiceBackend, Service
from moto.ecs.responses import EC2ContainerServiceResponse

from emulator.services.ecs import clock
from emulator.services.ecs.rollouts import DeploymentProgress
from emulator.serving.patching import now, replace

REMEMBERED = (
    "availabilityZoneRebalancing",
    "capacityProviderStrategy",
    "deploymentConfiguration",
    "enableECSManagedTags",
    "enableExecuteCommand",
    "healthCheckGracePeriodSeconds",
    "placementConstraints",
    "placementStrategy",
    "serviceConnectConfiguration",
)


def install() -> None:
    _accept_services_without_security_groups()
    _create_once()
    _create_and_remember()
    _update_and_remember()
    _delete_with_its_tasks()


def scale(service: Any, desired_count: int) -> None:
    """Change how many tasks the service wants, outside of any deployment, as Application Auto Scaling does."""
    with clock.lock:
        service.desired_count = desired_count
        service.rollout.settle(now())


def _remember(service: Any, given: dict[str, Any]) -> None:
    for key in REMEMBERED:
        if given.get(key) is not None:
            setattr(service, xform_name(key), given[key])
    if given.get("capacityProviderStrategy"):
        service.launch_type = None
    if not hasattr(service, "availability_zone_rebalancing"):
        service.availability_zone_rebalancing = "DISABLED"
    service.platform_version = service.platform_version or "LATEST"
    service.platform_family = "Linux"


def _accept_services_without_security_groups() -> None:
    # AWS then takes the VPC's default group; the service itself shows none.
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AwsVpcConfiguration.html
    original_validate: Any = Service._validate_network

    def validate_network(self: Any, network_configuration: dict[str, Any]) -> Any:
        network_configuration["awsvpcConfiguration"].setdefault("securityGroups", [])
        return original_validate(self, network_configuration)

    replace(Service, "_validate_network", validate_network)


def _create_once() -> None:
    original_create: Any = EC2ContainerServiceBackend.create_service

    def create_service(self: Any, cluster_str: str, service_name: str, *args: Any, **kwargs: Any) -> Any:
        cluster = self._get_cluster(cluster_str)
        existing = self.services.get(f"{cluster.name}:{service_name}")
        if existing is not None and existing.status != "INACTIVE":
            raise InvalidParameterException("Creation of service was not idempotent.")
        return original_create(self, cluster_str, service_name, *args, **kwargs)

    replace(EC2ContainerServiceBackend, "create_service", create_service)


def _create_and_remember() -> None:
    original_create: Any = EC2ContainerServiceResponse.create_service

    def create_service(self: Any) -> ActionResult:
        given = dict(self._get_params())
        _check_network(self.ecs_backend, given)
        original_create(self)
        service = self.ecs_backend._get_service(given.get("cluster", "default"), given["serviceName"])
        cluster = self.ecs_backend._get_cluster(service.cluster_name)
        # Without a strategy and a launch type, the cluster's default strategy applies:
        # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
        if not given.get("launchType") and not given.get("capacityProviderStrategy"):
            given["capacityProviderStrategy"] = cluster.default_capacity_provider_strategy
        _remember(service, given)
        service.created_at = now()
        service.rollout = DeploymentProgress(service, self.ecs_backend)
        if service.deployment_controller["type"] == "ECS":
            service.rollout.begin(service.created_at)
        return ActionResult({"service": service})

    replace(EC2ContainerServiceResponse, "create_service", create_service)


def _check_network(backend: Any, given: dict[str, Any]) -> None:
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html: the network mode awsvpc needs it
    definition = backend.describe_task_definition(given["taskDefinition"]) if given.get("taskDefinition") else None
    if definition and definition.network_mode == "awsvpc" and not given.get("networkConfiguration"):
        raise InvalidParameterException(
            "Network Configuration must be provided when networkMode 'awsvpc' is specified."
        )


def _delete_with_its_tasks() -> None:
    original_delete: Any = EC2ContainerServiceBackend.delete_service

    def delete_service(self: Any, cluster_name: str, service_name: str, force: bool) -> Any:
        service = original_delete(self, cluster_name, service_name, force)
        service.rollout.end(now())
        return service

    replace(EC2ContainerServiceBackend, "delete_service", delete_service)


def _update_and_remember() -> None:
    original_update: Any = EC2ContainerServiceResponse.update_service

    def update_service(self: Any) -> ActionResult:
        given = dict(self._get_params())
        service = self.ecs_backend._get_service(given.get("cluster", "default"), given["service"])
        ran_until_now = service.task_definition
        original_update(self)
        if given.get("networkConfiguration"):
            service.network_configuration = given["networkConfiguration"]
        if given.get("taskDefinition"):
            service.task_definition = self.ecs_backend.describe_task_definition(given["taskDefinition"]).arn
        _remember(service, given)
        if service.task_definition != ran_until_now or given.get("forceNewDeployment"):
            service.rollout.begin(now())
        service.rollout.settle(now())
        return ActionResult({"service": service})

    replace(EC2ContainerServiceResponse, "update_service", update_service)

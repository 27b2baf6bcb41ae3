"""ECS services: they remember what CreateService and UpdateService gave, and are at steady state at once.

moto drops many of a service's settings, so that a refresh would find a difference.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html
"""

from typing import Any

from botocore import xform_name
from moto.core.responses import ActionResult
from moto.ecs.exceptions import InvalidParameterException
from moto.ecs.models import EC2ContainerServiceBackend, Service
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.moto_api._internal import mock_random

from emulator.patching import now, replace

REMEMBERED = (
    "availabilityZoneRebalancing",
    "capacityProviderStrategy",
    "deploymentConfiguration",
    "enableECSManagedTags",
    "enableExecuteCommand",
    "healthCheckGracePeriodSeconds",
    "placementConstraints",
    "placementStrategy",
)


def install() -> None:
    _accept_services_without_security_groups()
    _create_once()
    _create_and_remember()
    _update_and_remember()


def scale(service: Any, desired_count: int) -> None:
    """Change how many tasks the service wants, outside of any deployment, as Application Auto Scaling does."""
    service.desired_count = desired_count
    settle(service)


def settle(service: Any) -> None:
    """Bring the service to steady state, as if all its tasks had become healthy this moment."""
    service.running_count, service.pending_count = service.desired_count, 0
    for deployment in service.deployments:
        deployment.update(
            desiredCount=service.desired_count,
            runningCount=service.desired_count,
            pendingCount=0,
            rolloutState="COMPLETED",
            rolloutStateReason=f"ECS deployment {deployment['id']} completed.",
        )


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
    for deployment in service.deployments:
        deployment.update(
            taskDefinition=service.task_definition,
            launchType=service.launch_type,
            capacityProviderStrategy=getattr(service, "capacity_provider_strategy", None),
            platformVersion=service.platform_version,
            networkConfiguration=service.network_configuration or None,
        )
        if given.get("serviceConnectConfiguration") is not None:
            deployment["serviceConnectConfiguration"] = given["serviceConnectConfiguration"]


def _start_deployment(service: Any) -> None:
    """Give the service's deployment a new identity: what ran until now is replaced."""
    if service.deployments:
        started = now()
        service.deployments[0].update(
            id=f"ecs-svc/{mock_random.randint(10**18, 10**19 - 1)}", createdAt=started, updatedAt=started
        )


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
        original_create(self)
        given = dict(self._get_params())
        service = self.ecs_backend._get_service(given.get("cluster", "default"), given["serviceName"])
        cluster = self.ecs_backend._get_cluster(service.cluster_name)
        # Without a strategy and a launch type, the cluster's default strategy applies:
        # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
        if not given.get("launchType") and not given.get("capacityProviderStrategy"):
            given["capacityProviderStrategy"] = cluster.default_capacity_provider_strategy
        _remember(service, given)
        settle(service)
        return ActionResult({"service": service})

    replace(EC2ContainerServiceResponse, "create_service", create_service)


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
        if service.task_definition != ran_until_now or given.get("forceNewDeployment"):
            _start_deployment(service)
        _remember(service, given)
        settle(service)
        return ActionResult({"service": service})

    replace(EC2ContainerServiceResponse, "update_service", update_service)

"""What every check of a stack is given: the stack, its account, and what ECS returns of its services."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from aws.caching import CachingClient
from aws.client import Json, in_parts, items, part
from release.deployment import is_gone
from release.task import TASKS_AT_ONCE
from story.doctor.finding import CannotCheckError, ServiceGoneError
from story.live_stack import LiveStack

SERVICES_AT_ONCE = 10
"""docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorContext:
    """A stack that is checked.

    Attributes:
        live: The stack, as its last update left it.
        outputs: All of its outputs.
        names: The services to check.
        aws: Client for its account and region.
        now: The current time.
    """

    live: LiveStack
    outputs: Mapping[str, Any]
    names: Sequence[str]
    aws: CachingClient
    now: datetime

    @property
    def cluster(self) -> str:
        """Name of the cluster, with which the names of the stack's resources begin."""
        return self.live.location.cluster

    @property
    def region(self) -> str:
        """AWS region."""
        return self.live.location.region

    def output(self, name: str) -> str:
        """An output that is a string; "" if there is no such output."""
        value = self.outputs.get(name)
        return value if isinstance(value, str) else ""

    def services(self) -> Mapping[str, Json]:
        """The services of the stack that exist in ECS, by name."""
        names, found = sorted(self.live.services), dict[str, Json]()
        for some in in_parts(names, SERVICES_AT_ONCE):
            response = self.aws.call("ecs", "describe_services", cluster=self.cluster, services=some)
            found |= {str(one["serviceName"]): one for one in items(response, "services") if not is_gone(one)}
        return found

    def service(self, name: str) -> Json:
        """A service.

        Raises:
            ServiceGoneError: It does not exist in ECS.
        """
        found = self.services().get(name)
        if found is None:
            raise ServiceGoneError(f"the service {name} does not exist")
        return found

    def definition_of(self, name: str) -> Json:
        """The task definition that a service runs."""
        return self.definition(str(self.service(name)["taskDefinition"]))

    def definition(self, arn: str) -> Json:
        """A task definition."""
        return part(self.aws.call("ecs", "describe_task_definition", taskDefinition=arn), "taskDefinition")

    def tasks(self, name: str, desired_status: str = "RUNNING") -> Sequence[Json]:
        """The tasks of a service whose desired status is RUNNING or STOPPED."""
        arns = self.aws.paginate(
            "ecs", "list_tasks", "taskArns", cluster=self.cluster, serviceName=name, desiredStatus=desired_status
        )
        found: list[Json] = []
        for some in in_parts(arns, TASKS_AT_ONCE):
            found += items(self.aws.call("ecs", "describe_tasks", cluster=self.cluster, tasks=some), "tasks")
        return found

    def subnet_ids(self) -> Sequence[str]:
        """The subnets of the services' tasks."""
        networks = [
            part(part(service, "networkConfiguration"), "awsvpcConfiguration") for service in self.services().values()
        ]
        return sorted({subnet for network in networks for subnet in cast(Sequence[str], network.get("subnets") or ())})

    def subnets(self) -> Mapping[str, Json]:
        """The same, as EC2 describes them, by id."""
        ids = list(self.subnet_ids())
        if not ids:
            raise CannotCheckError("no service of the stack has subnets")
        return {
            str(one["SubnetId"]): one
            for one in items(self.aws.call("ec2", "describe_subnets", SubnetIds=ids), "Subnets")
        }


def short_id(task: Json) -> str:
    """The first eight characters of a task ID."""
    return str(task.get("taskArn", "")).rpartition("/")[2][:8]

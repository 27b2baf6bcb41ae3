"""The stack as the program would create it, and the resources that its state has already."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from aws.client import Json, items, part
from story.doctor.quotas import CPU_UNITS, extra_tasks, spread
from story.plan.recorder import Record, Resource
from story.recover.state_file import StateFile

ON_DEMAND, SPOT = "FARGATE", "FARGATE_SPOT"
SERVICE = "aws:ecs/service:Service"
TASK_DEFINITION = "aws:ecs/taskDefinition:TaskDefinition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """The resources in the state of the stack.

    Attributes:
        is_known: Whether the state could be read. A stack that does not exist has an empty state.
        reason: Why it could not be read; "" if it could.
        resources: Its resources, each as `pulumi stack export` gives it.
        image: Image of the last fully successful update; "" if there was none.
    """

    is_known: bool = True
    reason: str = ""
    resources: Sequence[Json] = ()
    image: str = ""

    @property
    def is_first(self) -> bool:
        """Whether the next update is the first one: the state has no AWS resource."""
        return self.is_known and not any(str(one.get("type", "")).startswith("aws:") for one in self.resources)

    def count(self, *types: str) -> int:
        """The number of resources of these types in the state."""
        return sum(one.get("type") in types for one in self.resources)

    def names(self, type_: str, name_field: str) -> frozenset[str]:
        """The names of the resources of a type, from the input or output with the name, and their IDs."""
        found: set[str] = set()
        for one in self.resources:
            if one.get("type") == type_:
                values = (part(one, "inputs").get(name_field), part(one, "outputs").get(name_field), one.get("id"))
                found |= {value for value in values if isinstance(value, str)}
        return frozenset(found)

    def values(self, type_: str) -> list[Json]:
        """The inputs of each resource of a type, with its outputs over them."""
        return [{**part(one, "inputs"), **part(one, "outputs")} for one in self.resources if one.get("type") == type_]

    def services(self) -> "list[Workload]":
        """The services in the state, with the tasks, size and strategy of the last update, without tasks that a
        deployment adds."""
        cpu = {str(one.get("family")): number(one.get("cpu")) for one in self.values(TASK_DEFINITION)}
        return [
            Workload(
                name=str(one.get("name", "")),
                cpu_units=cpu.get(_family(one), 0),
                tasks=number(one.get("desiredCount")),
                most_tasks=number(one.get("desiredCount")),
                extra=0,
                most_extra=0,
                strategy=items(one, "capacityProviderStrategies"),
            )
            for one in self.values(SERVICE)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A service, or a one-off task, with the numbers that count for quotas.

    Attributes:
        name: Name of the service, or family of the one-off task.
        cpu_units: CPU units of one task; 1024 are one vCPU.
        tasks: Tasks that the update starts.
        most_tasks: Tasks that autoscaling may reach.
        extra: Tasks that a deployment may add to `tasks`.
        most_extra: Tasks that a deployment may add to `most_tasks`.
        strategy: Its capacity provider strategy in the form of ECS; empty for on demand.
    """

    name: str
    cpu_units: int
    tasks: int
    most_tasks: int
    extra: int
    most_extra: int
    strategy: Sequence[Json] = ()

    def vcpu(self, tasks: int, provider: str) -> float:
        """The vCPU that a number of tasks use of a capacity provider, `FARGATE` or `FARGATE_SPOT`."""
        return spread(tasks, self.strategy).get(provider, 0.0) * self.cpu_units / CPU_UNITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What the program registers for a stack file.

    Attributes:
        project: Name of the project.
        stack: Name of the stack, without organization and project.
        region: AWS region; "" if the file names none.
        config: The config of the stack file, as the program gets it.
        record: What the program registers.
        image: Image of the update; "" if none was given and none is deployed.
    """

    project: str
    stack: str
    region: str
    config: Mapping[str, str]
    record: Record
    image: str = ""
    _by_type: dict[str, list[Resource]] = field(default_factory=dict[str, list[Resource]], repr=False, compare=False)

    def all(self, type_: str) -> Sequence[Resource]:
        """The resources of a type, such as `aws:ecs/service:Service`."""
        if type_ not in self._by_type:
            self._by_type[type_] = [one for one in self.record.resources if one.type == type_]
        return self._by_type[type_]

    def has(self, *types: str) -> bool:
        """Whether a resource of one of these types is planned."""
        return any(self.all(type_) for type_ in types)

    def texts(self, type_: str, name_field: str) -> list[str]:
        """The string values of an input of the resources of a type, sorted and without duplicates."""
        values = (one.inputs.get(name_field) for one in self.all(type_))
        return sorted({value for value in values if isinstance(value, str)})

    @property
    def cluster(self) -> str:
        """Name of the ECS cluster."""
        return next(iter(self.texts("aws:ecs/cluster:Cluster", "name")), "")

    @property
    def vpc(self) -> Json:
        """Inputs of the VPC."""
        found = self.all("awsx:ec2:Vpc")
        return found[0].inputs if found else {}

    @property
    def zones(self) -> Sequence[str]:
        """Names of the availability zones."""
        return [str(zone) for zone in cast(Sequence[Any], self.vpc.get("availabilityZoneNames") or ())]

    @property
    def nat(self) -> str:
        """How the private subnets reach the internet: `None`, `Single` or `OnePerAz`, as awsx names it."""
        return str(part(self.vpc, "natGateways").get("strategy", ""))

    @property
    def nat_gateways(self) -> int:
        """Number of NAT gateways; each has an Elastic IP address."""
        return {"None": 0, "Single": 1}.get(self.nat, len(self.zones))

    @property
    def interface_endpoints(self) -> list[str]:
        """Service names of the interface endpoints, such as `com.amazonaws.ap-northeast-1.ecr.api`."""
        given = [one.inputs for one in self.all("aws:ec2/vpcEndpoint:VpcEndpoint")] + list(
            items(self.vpc, "vpcEndpointSpecs")
        )
        return sorted({str(one["serviceName"]) for one in given if one.get("vpcEndpointType") == "Interface"})

    @property
    def default_tags(self) -> Mapping[str, str]:
        """The tags that every resource gets: `aws:defaultTags`."""
        try:
            parsed: Any = json.loads(self.config.get("aws:defaultTags") or "{}")
        except ValueError:
            return {}
        tags: Any = cast(Json, parsed).get("tags") if isinstance(parsed, dict) else None
        return cast(Mapping[str, str], tags) if isinstance(tags, dict) else {}

    @property
    def boundaries(self) -> list[str]:
        """ARNs of the permissions boundaries of the roles."""
        return self.texts("aws:iam/role:Role", "permissionsBoundary")

    def definitions(self) -> Mapping[str, Json]:
        """Inputs of every task definition, by family, with parsed container definitions."""
        return {
            str(one.inputs["family"]): {**one.inputs, "containerDefinitions": containers(one.inputs)}
            for one in self.all(TASK_DEFINITION)
        }

    def services(self) -> list[Workload]:
        """The services."""
        return [self._service(one.inputs) for one in self.all(SERVICE)]

    def one_offs(self) -> list[Workload]:
        """The one-off tasks, one for every task definition that no service uses."""
        of_services = {_family(one.inputs) for one in self.all(SERVICE)}
        return [
            Workload(name=family, cpu_units=number(inputs.get("cpu")), tasks=1, most_tasks=1, extra=0, most_extra=0)
            for family, inputs in self.definitions().items()
            if family not in of_services
        ]

    def _service(self, service: Json) -> Workload:
        name, tasks = str(service["name"]), number(service.get("desiredCount"))
        most = max([tasks, *self._most(name)])
        shape = {
            "deploymentConfiguration": {
                "maximumPercent": service.get("deploymentMaximumPercent", 200),
                "strategy": part(service, "deploymentConfiguration").get("strategy"),
            }
        }
        definition = self.definitions().get(_family(service), {})
        return Workload(
            name=name,
            cpu_units=number(definition.get("cpu")),
            tasks=tasks,
            most_tasks=most,
            extra=extra_tasks({**shape, "desiredCount": tasks}),
            most_extra=extra_tasks({**shape, "desiredCount": most}),
            strategy=items(service, "capacityProviderStrategies"),
        )

    def _most(self, service: str) -> Iterator[int]:
        """Maximum number of tasks of autoscaling, at any time of day."""
        for one in self.all("aws:appautoscaling/target:Target"):
            if str(one.inputs.get("resourceId", "")).endswith(f"/{service}"):
                yield number(one.inputs.get("maxCapacity"))
        for one in self.all("aws:appautoscaling/scheduledAction:ScheduledAction"):
            if str(one.inputs.get("resourceId", "")).endswith(f"/{service}"):
                yield number(part(one.inputs, "scalableTargetAction").get("maxCapacity"))


def owned_by(state: StateFile) -> Owned:
    """The resources in a state."""
    stacks = [one for one in state.resources if one.get("type") == "pulumi:pulumi:Stack"]
    image = next((str(part(one, "outputs").get("image") or "") for one in stacks), "")
    return Owned(resources=state.resources, image=image)


def containers(definition: Json) -> Sequence[Json]:
    """The container definitions of a task definition, which are JSON in its inputs."""
    return cast(Sequence[Json], json.loads(str(definition.get("containerDefinitions") or "[]")))


def _family(service: Json) -> str:
    """The family of a service's task definition, `arn:...:task-definition/<family>:<revision>`."""
    return str(service.get("taskDefinition", "")).rpartition("/")[2].partition(":")[0]


def number(value: object) -> int:
    """An integer that may be a string; 0 for none."""
    return int(float(str(value or 0)))

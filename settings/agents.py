"""Containers beside the application that watch it, or carry its logs and traces away."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from settings.base import Problem, Spec
from settings.rules.secret_reference import doubtful_suffixes
from settings.services import MEMORY_MIB, ServiceSpec
from settings.types import EnvironmentName, Format, SecretArn

PINNED_IMAGE = re.compile(
    r"([a-z0-9.-]+(:[0-9]+)?/)?[a-z0-9._/-]+"
    r"(:(?!(latest|stable)(@|$))[A-Za-z0-9_][A-Za-z0-9_.-]*(@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})"
)
SERVICE = re.compile(r"web|scheduler|workers\.[a-z][a-z0-9-]*")
ACTION = re.compile(r"[a-z0-9-]+:[A-Za-z0-9]+")
RESOURCE_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:([0-9]{12})?:[!-~]*[A-Za-z0-9/*_-]")
LEAST_CPU = 128
LEAST_MEMORY_MIB = 256
"""What agents must leave to the application: less, and PHP with Laravel does not start."""


def _resource(value: str) -> str:
    if value.rpartition(":")[2] == "*":
        raise ValueError("allowed is the ARN of one thing, not of all")
    return value


AgentImage = Annotated[
    str, Format(PINNED_IMAGE, "an image with a version or a digest, such as public.ecr.aws/team/agent:v1.2.3")
]
AgentServices = tuple[Annotated[str, Format(SERVICE, "web, scheduler or workers.<name>")], ...]
Cpu = Annotated[int, Field(ge=1, le=16384)]
Memory = Annotated[int, Field(ge=6, le=122_880)]
ResourceArn = Annotated[str, Format(RESOURCE_ARN, "an ARN"), AfterValidator(_resource)]
Action = Annotated[str, Format(ACTION, "an action such as firehose:PutRecordBatch, without *")]


class AgentSpec(Spec):
    """A container beside the application. It may stop without taking the task along."""

    image: AgentImage
    """Image by version or by digest."""
    cpu: Cpu = 64
    """CPU units of the task that are the agent's."""
    memory_mib: Memory = 128
    """Memory of the task that is the agent's, in MiB. If it needs more, it is killed, and the application is not."""
    services: AgentServices | None = None
    """Services whose tasks have it: `web`, `scheduler`, `workers.<name>`. Default: all."""

    def serves(self, service: str) -> bool:
        """Whether the tasks of a service, by its key in the settings, have it."""
        return self.services is None or service in self.services


class NewRelicSpec(AgentSpec):
    """New Relic's infrastructure agent for ECS. APM of PHP is an extension of the image, not this."""

    license_key: SecretArn
    """Secret with the license key: its ARN, or a part of it as in `application.secrets`."""
    image: AgentImage = "newrelic/nri-ecs:1.15.6"
    """Image by version or by digest. It is on Docker Hub, which limits pulls: copy it into ECR for many tasks."""
    cpu: Cpu = 256
    """CPU units of the task that are the agent's. Default: New Relic's own example."""
    memory_mib: Memory = 512
    """Memory of the task that is the agent's, in MiB. Default: New Relic's own example."""

    def warnings(self) -> Iterator[Problem]:
        yield from super().warnings()
        yield from doubtful_suffixes({"license_key": self.license_key})


class MackerelSpec(AgentSpec):
    """Mackerel's container agent. Each task is one billed micro host."""

    api_key: SecretArn
    """Secret with the API key: its ARN, or a part of it as in `application.secrets`."""
    image: AgentImage = "public.ecr.aws/mackerel/mackerel-container-agent:v0.13.2"
    """Image by version or by digest. The images `vX.Y.Z-plugins` hold plugins for php-fpm and nginx too."""

    def warnings(self) -> Iterator[Problem]:
        yield from super().warnings()
        yield from doubtful_suffixes({"api_key": self.api_key})


class OpenTelemetrySpec(AgentSpec):
    """AWS's distribution of the OpenTelemetry collector: the application sends it traces at localhost."""

    image: AgentImage = "public.ecr.aws/aws-observability/aws-otel-collector:v0.48.0"
    """Image by version or by digest. Another distribution reads its configuration in another way."""
    memory_mib: Memory = 256
    """Memory of the task that is the agent's, in MiB. If it needs more, it is killed, and the application is not."""
    config: Annotated[str, Field(min_length=1, max_length=30_000)] | None = None
    """Configuration of the collector, as YAML. Default: OTLP at 4317 and 4318, traces to X-Ray."""
    secrets: dict[EnvironmentName, SecretArn] = Field(default={})
    """Secrets that `config` names as `${env:NAME}`: variable to ARN."""
    rights: dict[Action, ResourceArn] = Field(default={})
    """What the task may do for exporters that `config` adds: action to the ARN of what it is done to."""

    def warnings(self) -> Iterator[Problem]:
        yield from super().warnings()
        yield from doubtful_suffixes({f"secrets.{name}": text for name, text in self.secrets.items()})


class FluentBitSpec(AgentSpec):
    """FireLens: Fluent Bit takes the application's logs to one destination, in place of CloudWatch Logs."""

    image: AgentImage = "public.ecr.aws/aws-observability/aws-for-fluent-bit:2.34.3"
    """Image by version or by digest."""
    destination: Annotated[dict[str, str], Field(min_length=1)]
    """Options of Fluent Bit's output plugin, `Name` among them: `{ Name: http, Host: logs.example.com, tls: "On" }`."""
    secrets: dict[str, SecretArn] = Field(default={})
    """Options of the output plugin whose values are secrets: option to ARN."""
    rights: dict[Action, ResourceArn] = Field(default={})
    """What the task may do at a destination in AWS: action to the ARN of what it is done to."""

    def mistakes(self) -> Iterator[Problem]:
        yield from super().mistakes()
        if "Name" not in self.destination:
            yield Problem(
                key="destination",
                problem=f"given {', '.join(self.destination)}; allowed is a Name beside them, that of an output plugin",
            )
        for option in sorted(set(self.destination) & set(self.secrets)):
            yield Problem(
                key=f"secrets.{option}",
                problem="given here and in destination; allowed is one of them",
                involves=("destination",),
            )

    def warnings(self) -> Iterator[Problem]:
        yield from super().warnings()
        yield from doubtful_suffixes({f"secrets.{name}": text for name, text in self.secrets.items()})


class AgentsSpec(Spec):
    """Containers beside the application in the tasks of services; none by default. One-off tasks have none."""

    new_relic: NewRelicSpec | None = None
    """New Relic's infrastructure agent: CPU, memory and network of each container."""
    mackerel: MackerelSpec | None = None
    """Mackerel's container agent: the same, and each task as a host."""
    open_telemetry: OpenTelemetrySpec | None = None
    """OpenTelemetry collector for traces."""
    fluent_bit: FluentBitSpec | None = None
    """FireLens: logs to a destination of choice."""

    @property
    def all(self) -> Mapping[str, AgentSpec]:
        """The agents that there are, by their keys."""
        named = {
            "new_relic": self.new_relic,
            "mackerel": self.mackerel,
            "open_telemetry": self.open_telemetry,
            "fluent_bit": self.fluent_bit,
        }
        return {name: agent for name, agent in named.items() if agent}

    def of(self, service: str) -> Mapping[str, AgentSpec]:
        """The agents of a service, by their keys.

        Args:
            service: Key of the service in the settings: `web`, `scheduler`, `workers.<name>`.
        """
        return {name: agent for name, agent in self.all.items() if agent.serves(service)}

    def mistakes_among(self, services: Mapping[str, ServiceSpec]) -> Iterator[Problem]:
        """What does not fit the stack's services.

        Args:
            services: The services that are on, by their keys in the settings.
        """
        for name, agent in self.all.items():
            for service in agent.services or ():
                if service not in services:
                    yield Problem(
                        key=f"agents.{name}.services",
                        problem=f"given {service}; allowed are services that are on: {', '.join(services)}",
                    )
        for key, service in services.items():
            yield from _room(key, service, self.of(key))


def _room(key: str, service: ServiceSpec, agents: Mapping[str, AgentSpec]) -> Iterator[Problem]:
    """Whether agents leave enough of a task to the application."""
    for field, given, least, offered, unit in (
        ("cpu", service.cpu, LEAST_CPU, tuple(MEMORY_MIB), "CPU units"),
        ("memory_mib", service.memory_mib, LEAST_MEMORY_MIB, MEMORY_MIB[service.cpu], "MiB"),
    ):
        taken = {name: int(getattr(agent, field)) for name, agent in agents.items()}
        needed = sum(taken.values()) + least
        if taken and given < needed:
            yield Problem(
                key=f"{key}.{field}",
                problem=f"given {given}, of which agents take {_told(taken)}; allowed is at least {needed}, "
                f"so that {least} {unit} are the application's{_next(needed, offered)}",
                involves=tuple(f"agents.{name}.{field}" for name in taken),
            )


def _told(taken: Mapping[str, int]) -> str:
    return f"{sum(taken.values())} ({', '.join(f'{name} {much}' for name, much in taken.items())})"


def _next(needed: int, offered: Sequence[int]) -> str:
    larger = [size for size in offered if size >= needed]
    return f": Fargate offers {larger[0]}" if larger else ", which needs a larger cpu"

"""Sidecar containers that monitor the application, or send its logs and traces to another service."""

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
"""Minimum that agents must leave to the application: with less, PHP with Laravel does not start."""


def _resource(value: str) -> str:
    if value.rpartition(":")[2] == "*":
        raise ValueError("allowed is the ARN of a single resource, not a wildcard")
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
    """A sidecar container. If it stops, the task keeps running."""

    image: AgentImage
    """Image by version or by digest."""
    cpu: Cpu = 64
    """CPU units of the task that are reserved for the agent."""
    memory_mib: Memory = 128
    """Memory limit of the agent, in MiB. If the agent needs more, it is killed, and the application keeps running."""
    services: AgentServices | None = None
    """Services whose tasks get the agent: `web`, `scheduler`, `workers.<name>`. Default: all."""

    def serves(self, service: str) -> bool:
        """Whether the tasks of a service, by its key in the settings, get the agent."""
        return self.services is None or service in self.services


class NewRelicSpec(AgentSpec):
    """New Relic's infrastructure agent for ECS. For APM, install New Relic's PHP extension in the image."""

    license_key: SecretArn
    """Secret with the license key: an ARN, or a key of a secret as in `application.secrets`."""
    image: AgentImage = "newrelic/nri-ecs:1.15.6"
    """Image by version or by digest. Docker Hub limits pulls: for many tasks, copy the image into ECR."""
    cpu: Cpu = 256
    """CPU units of the task that are reserved for the agent. Default: as in New Relic's example."""
    memory_mib: Memory = 512
    """Memory of the task in MiB that is reserved for the agent. Default: as in New Relic's example."""

    def warnings(self) -> Iterator[Problem]:
        yield from super().warnings()
        yield from doubtful_suffixes({"license_key": self.license_key})


class MackerelSpec(AgentSpec):
    """Mackerel's container agent. Mackerel bills each task as a micro host."""

    api_key: SecretArn
    """Secret with the API key: an ARN, or a key of a secret as in `application.secrets`."""
    image: AgentImage = "public.ecr.aws/mackerel/mackerel-container-agent:v0.13.2"
    """Image by version or by digest. The images `vX.Y.Z-plugins` also contain plugins for php-fpm and nginx."""

    def warnings(self) -> Iterator[Problem]:
        yield from super().warnings()
        yield from doubtful_suffixes({"api_key": self.api_key})


class OpenTelemetrySpec(AgentSpec):
    """AWS Distro for OpenTelemetry collector: the application sends traces to it at localhost."""

    image: AgentImage = "public.ecr.aws/aws-observability/aws-otel-collector:v0.48.0"
    """Image by version or by digest. Other distributions of the collector read their configuration differently."""
    memory_mib: Memory = 256
    """Memory limit of the agent, in MiB. If the agent needs more, it is killed, and the application keeps running."""
    config: Annotated[str, Field(min_length=1, max_length=30_000)] | None = None
    """Configuration of the collector, as YAML. Default: OTLP at 4317 and 4318, traces to X-Ray."""
    secrets: dict[EnvironmentName, SecretArn] = Field(default={})
    """Secrets that `config` refers to as `${env:NAME}`: ARN by variable."""
    rights: dict[Action, ResourceArn] = Field(default={})
    """Permissions of the task for exporters in `config`: ARN of the resource by action."""

    def warnings(self) -> Iterator[Problem]:
        yield from super().warnings()
        yield from doubtful_suffixes({f"secrets.{name}": text for name, text in self.secrets.items()})


class FluentBitSpec(AgentSpec):
    """FireLens: Fluent Bit sends the application's logs to one destination instead of CloudWatch Logs."""

    image: AgentImage = "public.ecr.aws/aws-observability/aws-for-fluent-bit:2.34.3"
    """Image by version or by digest."""
    destination: Annotated[dict[str, str], Field(min_length=1)]
    """Options of Fluent Bit's output plugin, including `Name`: `{ Name: http, Host: logs.example.com, tls: "On" }`."""
    secrets: dict[str, SecretArn] = Field(default={})
    """Options of the output plugin whose values are secrets: ARN by option."""
    rights: dict[Action, ResourceArn] = Field(default={})
    """Permissions of the task for a destination in AWS: ARN of the resource by action."""

    def mistakes(self) -> Iterator[Problem]:
        yield from super().mistakes()
        if "Name" not in self.destination:
            yield Problem(
                key="destination",
                problem=f"given {', '.join(self.destination)}; add Name, the name of an output plugin",
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
    """Sidecar containers in the tasks of services; none by default. One-off tasks have none."""

    new_relic: NewRelicSpec | None = None
    """New Relic's infrastructure agent: CPU, memory and network of each container."""
    mackerel: MackerelSpec | None = None
    """Mackerel's container agent: the same metrics, with each task as a host."""
    open_telemetry: OpenTelemetrySpec | None = None
    """OpenTelemetry collector for traces."""
    fluent_bit: FluentBitSpec | None = None
    """FireLens: sends logs to another destination."""

    @property
    def all(self) -> Mapping[str, AgentSpec]:
        """The configured agents, by their keys."""
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
        """Mistakes in combination with the stack's services.

        Args:
            services: The enabled services, by their keys in the settings.
        """
        for name, agent in self.all.items():
            for service in agent.services or ():
                if service not in services:
                    yield Problem(
                        key=f"agents.{name}.services",
                        problem=f"given {service}; allowed are enabled services: {', '.join(services)}",
                    )
        for key, service in services.items():
            yield from _room(key, service, self.of(key))


def _room(key: str, service: ServiceSpec, agents: Mapping[str, AgentSpec]) -> Iterator[Problem]:
    """Checks whether agents leave enough of a task to the application."""
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
                f"so that {least} {unit} remain for the application{_next(needed, offered)}",
                involves=tuple(f"agents.{name}.{field}" for name in taken),
            )


def _told(taken: Mapping[str, int]) -> str:
    return f"{sum(taken.values())} ({', '.join(f'{name} {much}' for name, much in taken.items())})"


def _next(needed: int, offered: Sequence[int]) -> str:
    larger = [size for size in offered if size >= needed]
    return f": Fargate offers {larger[0]}" if larger else ", which needs a larger cpu"

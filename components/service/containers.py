"""Container definitions, in the form in which ECS gives them back.

ECS fills in what is left out and AWS's provider compares the result with what the program said: a definition that is
not canonical replaces the task definition at every update (github.com/pulumi/pulumi-aws/issues/4576). So containers,
environment and secrets are sorted, host ports are said, and empty lists are written out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pulumi

from components.wiring import SecretRef
from settings.deployment import CONTAINER_CHECK_SECONDS

Condition = Literal["START", "COMPLETE", "SUCCESS", "HEALTHY"]
LogMode = Literal["blocking", "non-blocking"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Logs:
    """Where the output of a task's containers goes.

    Attributes:
        group: Name of the log group.
        region: AWS region.
        stream_prefix: First part of the stream's name; the container's name and the task's id follow.
    """

    group: str
    region: str
    stream_prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogDestination:
    """Where a log router takes the output of a container, in place of CloudWatch Logs:
    docs.aws.amazon.com/AmazonECS/latest/developerguide/using_firelens.html

    Attributes:
        options: Options of Fluent Bit's output plugin.
        secrets: Options whose values are secrets.
    """

    options: Mapping[str, str]
    secrets: Mapping[str, SecretRef]


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """A command inside the container that exits with 0 while it is healthy."""

    command: Sequence[str]
    interval_seconds: int = CONTAINER_CHECK_SECONDS
    timeout_seconds: int = 5
    retries: int = 3
    start_period_seconds: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container of a task.

    Attributes:
        name: Name in the task.
        image: Image by digest.
        user: User of the image; None for the image's own.
        log_mode: `blocking` waits for CloudWatch Logs, `non-blocking` drops lines when its buffer of 25 MiB is full.
            AWS's default has changed once, so it is always said:
            docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html
        command: Command and arguments; empty runs the image's own.
        environment: Environment variables, without secrets.
        secrets: Secrets by the variable that holds them.
        port: Port on which it listens; None for none.
        depends_on: Containers that must reach a condition before this one starts.
        health_check: How ECS finds out whether it is healthy.
        stop_timeout_seconds: Seconds between the stop signal and the kill.
        readonly_root_filesystem: Mount its root read-only; `/tmp` is then a volume of the task.
        essential: The task stops when it stops.
        cpu: CPU units of the task that it may have when others want them too; None where it shares them with nobody.
        memory_mib: Memory in MiB, over which it is killed; None for whatever the task has.
        log_destination: Where a log router takes its output; None for CloudWatch Logs.
        routes_logs: It is the log router of the task: its built-in configuration, by its path in the image.
    """

    name: str
    image: pulumi.Input[str]
    user: str | None
    log_mode: LogMode
    command: Sequence[str] = ()
    environment: pulumi.Input[Mapping[str, str]] = field(default_factory=dict[str, str])
    secrets: Mapping[str, SecretRef] = field(default_factory=dict[str, SecretRef])
    port: int | None = None
    depends_on: Mapping[str, Condition] = field(default_factory=dict[str, Condition])
    health_check: HealthCheck | None = None
    stop_timeout_seconds: int = 30
    readonly_root_filesystem: bool = False
    essential: bool = True
    cpu: int | None = None
    memory_mib: int | None = None
    log_destination: LogDestination | None = None
    routes_logs: str | None = None

    @property
    def every_secret(self) -> Sequence[SecretRef]:
        """What ECS must be able to read before it can start it."""
        of_log = self.log_destination.secrets.values() if self.log_destination else ()
        return [*self.secrets.values(), *of_log]


TMP_VOLUME = "tmp"


def container_definitions(containers: Sequence[Container], logs: Logs) -> pulumi.Output[str]:
    """The definitions as JSON, canonical."""
    return pulumi.Output.json_dumps(
        [_definition(container, logs) for container in sorted(containers, key=lambda container: container.name)],
        sort_keys=True,
    )


def environment_entries(environment: Mapping[str, str]) -> list[dict[str, str]]:
    """Environment variables, sorted by name."""
    return [{"name": name, "value": environment[name]} for name in sorted(environment)]


def _definition(container: Container, logs: Logs) -> dict[str, Any]:
    environment: pulumi.Output[Mapping[str, str]] = pulumi.Output.from_input(container.environment)
    definition: dict[str, Any] = {
        "name": container.name,
        "image": container.image,
        "essential": container.essential,
        "environment": environment.apply(environment_entries),
        "secrets": _secrets(container.secrets),
        "portMappings": _ports(container),
        "mountPoints": _mounts(container),
        "volumesFrom": [],
        "systemControls": [],
        "linuxParameters": {"initProcessEnabled": True},
        "logConfiguration": _log_configuration(container, logs),
        "readonlyRootFilesystem": container.readonly_root_filesystem,
        "stopTimeout": container.stop_timeout_seconds,
    }
    given = {"user": container.user, "cpu": container.cpu, "memory": container.memory_mib}
    definition |= {name: value for name, value in given.items() if value is not None}
    if container.routes_logs:
        definition["firelensConfiguration"] = _router(container.routes_logs)
    if container.command:
        definition["command"] = list(container.command)
    if container.depends_on:
        definition["dependsOn"] = [
            {"containerName": name, "condition": container.depends_on[name]} for name in sorted(container.depends_on)
        ]
    if container.health_check:
        definition["healthCheck"] = {
            "command": list(container.health_check.command),
            "interval": container.health_check.interval_seconds,
            "timeout": container.health_check.timeout_seconds,
            "retries": container.health_check.retries,
            "startPeriod": container.health_check.start_period_seconds,
        }
    return definition


def _ports(container: Container) -> list[dict[str, Any]]:
    if container.port is None:
        return []
    return [{"containerPort": container.port, "hostPort": container.port, "protocol": "tcp"}]


def _mounts(container: Container) -> list[dict[str, Any]]:
    if not container.readonly_root_filesystem:
        return []
    return [{"sourceVolume": TMP_VOLUME, "containerPath": "/tmp", "readOnly": False}]


def _log_configuration(container: Container, logs: Logs) -> dict[str, Any]:
    if destination := container.log_destination:
        return {
            "logDriver": "awsfirelens",
            "options": dict(sorted(destination.options.items())),
            "secretOptions": _secrets(destination.secrets),
        }
    buffer = {"max-buffer-size": "25m"} if container.log_mode == "non-blocking" else {}
    return {
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": logs.group,
            "awslogs-region": logs.region,
            "awslogs-stream-prefix": logs.stream_prefix,
            "mode": container.log_mode,
            **buffer,
        },
        "secretOptions": [],
    }


def _secrets(secrets: Mapping[str, SecretRef]) -> list[dict[str, Any]]:
    return [{"name": name, "valueFrom": secrets[name].value_from} for name in sorted(secrets)]


def _router(config_path: str) -> dict[str, Any]:
    """Fargate takes the configuration of a log router from a file in its image only:
    docs.aws.amazon.com/AmazonECS/latest/developerguide/firelens-taskdef.html"""
    return {
        "type": "fluentbit",
        "options": {
            "config-file-type": "file",
            "config-file-value": config_path,
            "enable-ecs-log-metadata": "true",
        },
    }

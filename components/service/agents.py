"""The containers beside the application: which image runs with which environment, and what it may do.

None of them is essential: the task goes on when one of them stops. The application's containers depend on their start,
so that agents are the last ones to be stopped and see the application's end; not on their health, or a sick agent
would keep the site from starting. The order, and that the health of a task is that of its essential containers:
docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pulumi

from components.iam import Statement, allow
from components.service.containers import Container, HealthCheck, LogDestination
from components.service.laravel import given_secrets
from components.wiring import SecretRef
from settings.agents import AgentSpec, FluentBitSpec, MackerelSpec, NewRelicSpec, OpenTelemetrySpec

STOP_TIMEOUT_SECONDS = 30
OTLP_ENDPOINT = "http://localhost:4318"
TRACES_TO_XRAY: Mapping[str, Any] = {
    "extensions": {"health_check": {}},
    "receivers": {
        "otlp": {"protocols": {"grpc": {"endpoint": "localhost:4317"}, "http": {"endpoint": "localhost:4318"}}}
    },
    "processors": {"batch": {"timeout": "1s", "send_batch_size": 50}},
    "exporters": {"awsxray": {}},
    "service": {
        "extensions": ["health_check"],
        "pipelines": {"traces": {"receivers": ["otlp"], "processors": ["batch"], "exporters": ["awsxray"]}},
    },
}
"""aws-otel.github.io/docs/setup/ecs/config-through-ssm (the variable) and
aws-otel.github.io/docs/getting-started/x-ray (the exporter)"""
XRAY_ACTIONS = (
    "xray:GetSamplingRules",
    "xray:GetSamplingStatisticSummaries",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
)
ROUTER_CONFIG = "/fluent-bit/configs/output-metrics-healthcheck.conf"
"""In the image since 2.29.1: it makes Fluent Bit answer whether its outputs succeed.
github.com/aws-samples/amazon-ecs-firelens-examples/tree/mainline/examples/fluent-bit/health-check"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The task that agents stand in.

    Attributes:
        project: Name of the project.
        stack: Name of the stack.
        service: Name of the service in ECS.
        cpu: CPU units of the task.
    """

    project: str
    stack: str
    service: str
    cpu: int

    @property
    def name(self) -> str:
        """What the service is called outside of AWS: `story-prod-web`."""
        return f"{self.project}-{self.stack}-{self.service}"


def with_agents(containers: Sequence[Container], agents: Mapping[str, AgentSpec], host: Host) -> Sequence[Container]:
    """A task's containers with its agents beside them.

    Args:
        containers: The application's own, the first one being PHP.
        agents: The agents of the service, by their keys in the settings.
        host: The task.
    """
    if not agents:
        return containers
    beside = [agent_container(spec, host) for spec in agents.values()]
    router = agents.get("fluent_bit")
    destination = _destination(router) if isinstance(router, FluentBitSpec) else None
    shares = _shares(host.cpu - sum(agent.cpu for agent in agents.values()), len(containers))
    php, *others = [
        replace(
            container,
            # Whose share of the CPU is not said gets next to none beside those whose share is:
            # docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html (cpu)
            cpu=share,
            depends_on={**{agent.name: "START" for agent in beside}, **container.depends_on},
            log_destination=destination,
        )
        for container, share in zip(containers, shares, strict=True)
    ]
    return [_traced(php, host) if "open_telemetry" in agents else php, *others, *beside]


def agent_container(spec: AgentSpec, host: Host) -> Container:
    """The container of an agent."""
    match spec:
        case NewRelicSpec():
            return _new_relic(spec, host)
        case MackerelSpec():
            return _mackerel(spec, host)
        case OpenTelemetrySpec():
            return _open_telemetry(spec)
        case FluentBitSpec():
            return _fluent_bit(spec)
        case _:
            raise TypeError(f"no agent is made of {type(spec).__name__}")


def agent_statements(agents: Mapping[str, AgentSpec]) -> list[Statement]:
    """What the task of a service may do for its agents' sake."""
    statements: list[Statement] = []
    for spec in agents.values():
        if isinstance(spec, OpenTelemetrySpec) and spec.config is None:
            # X-Ray knows no resource for these:
            # docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
            statements.append(allow(XRAY_ACTIONS, ["*"]))
        if isinstance(spec, (OpenTelemetrySpec, FluentBitSpec)):
            statements += [allow([action], [arn]) for action, arn in sorted(spec.rights.items())]
    return statements


def _traced(php: Container, host: Host) -> Container:
    """opentelemetry.io/docs/languages/sdk-configuration; PHP's own: opentelemetry.io/docs/zero-code/php"""
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": OTLP_ENDPOINT,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_PHP_AUTOLOAD_ENABLED": "true",
        "OTEL_RESOURCE_ATTRIBUTES": f"deployment.environment.name={host.stack}",
        "OTEL_SERVICE_NAME": host.name,
        "OTEL_TRACES_EXPORTER": "otlp",
    }
    given: pulumi.Output[Mapping[str, str]] = pulumi.Output.from_input(php.environment)
    return replace(php, environment=given.apply(lambda known: {**variables, **known}))


def _shares(cpu: int, containers: int) -> Sequence[int]:
    """PHP gets three quarters where nginx stands before it."""
    return [cpu] if containers == 1 else [cpu - cpu // 4, cpu // 4]


def _destination(spec: FluentBitSpec) -> LogDestination:
    return LogDestination(options=spec.destination, secrets=given_secrets(spec.secrets))


def _beside(
    spec: AgentSpec,
    *,
    name: str,
    health_check: HealthCheck,
    user: str | None = None,
    environment: Mapping[str, str] | None = None,
    secrets: Mapping[str, SecretRef] | None = None,
    readonly_root_filesystem: bool = False,
    routes_logs: str | None = None,
) -> Container:
    """A container with its share of the task, which the task goes on without.

    Args:
        spec: Image and share.
        name: Name of the container.
        health_check: Whether it does its work.
        user: User of the image; None for the image's own.
        environment: Its variables.
        secrets: Its secrets by the variable that holds them.
        readonly_root_filesystem: It writes nothing outside `/tmp`.
        routes_logs: As in `Container`.
    """
    return Container(
        name=name,
        image=spec.image,
        user=user,
        log_mode="non-blocking",
        health_check=health_check,
        stop_timeout_seconds=STOP_TIMEOUT_SECONDS,
        essential=False,
        cpu=spec.cpu,
        memory_mib=spec.memory_mib,
        environment=environment or {},
        secrets=secrets or {},
        readonly_root_filesystem=readonly_root_filesystem,
        routes_logs=routes_logs,
    )


def _new_relic(spec: NewRelicSpec, host: Host) -> Container:
    """Environment of the published example: github.com/newrelic/nri-ecs/blob/main/deploy/fargate_sidecar_example.json;
    the status server: github.com/newrelic/infrastructure-agent/blob/master/docs/status_api.md"""
    attributes = {"stack": host.stack, "service": host.service, "task": host.name}
    return _beside(
        spec,
        name="newrelic-infra",
        environment={
            "FARGATE": "true",
            "NRIA_CUSTOM_ATTRIBUTES": json.dumps(attributes, sort_keys=True),
            "NRIA_IS_FORWARD_ONLY": "true",
            "NRIA_OVERRIDE_HOST_ROOT": "",
            "NRIA_PASSTHROUGH_ENVIRONMENT": "ECS_CONTAINER_METADATA_URI,ECS_CONTAINER_METADATA_URI_V4,FARGATE",
            "NRIA_STATUS_SERVER_ENABLED": "true",
        },
        secrets=given_secrets({"NRIA_LICENSE_KEY": spec.license_key}),
        health_check=HealthCheck(command=["CMD-SHELL", "wget -qO /dev/null http://localhost:8003/v1/status || exit 1"]),
    )


def _mackerel(spec: MackerelSpec, host: Host) -> Container:
    """mackerel.io/docs/entry/howto/container-agent (the variables). The agent answers no check, so its process is
    looked for; it retires its host when it is stopped."""
    return _beside(
        spec,
        name="mackerel-container-agent",
        environment={
            "MACKEREL_CONTAINER_PLATFORM": "ecs",
            "MACKEREL_HOST_ID_STORE": "memory",
            "MACKEREL_IGNORE_CONTAINER": "^mackerel-container-agent$",
            "MACKEREL_MEMO": host.name,
            "MACKEREL_ROLES": f"{host.project}-{host.stack}:{host.service}",
        },
        secrets=given_secrets({"MACKEREL_APIKEY": spec.api_key}),
        health_check=HealthCheck(command=["CMD-SHELL", "grep -qs mackerel-contai /proc/[0-9]*/comm || exit 1"]),
        readonly_root_filesystem=True,
    )


def _open_telemetry(spec: OpenTelemetrySpec) -> Container:
    """The check: github.com/aws-observability/aws-otel-collector/blob/main/examples/ecs (healthCheck)"""
    return _beside(
        spec,
        name="otel-collector",
        environment={"AOT_CONFIG_CONTENT": spec.config or json.dumps(TRACES_TO_XRAY, sort_keys=True)},
        secrets=given_secrets(spec.secrets),
        health_check=HealthCheck(command=["CMD", "/healthcheck"]),
        readonly_root_filesystem=True,
    )


def _fluent_bit(spec: FluentBitSpec) -> Container:
    """Its own output goes to CloudWatch Logs, or nobody would see why it fails. FireLens shares a socket that belongs
    to root: docs.aws.amazon.com/AmazonECS/latest/developerguide/firelens-taskdef.html (user)"""
    check = "curl -fs http://127.0.0.1:2020/api/v1/health || exit 1"
    return _beside(
        spec,
        name="log-router",
        user="0",
        health_check=HealthCheck(command=["CMD-SHELL", check]),
        routes_logs=ROUTER_CONFIG,
    )

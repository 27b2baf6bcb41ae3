"""Web, workers and scheduler: three uses of `FargateService`."""

from collections.abc import Mapping, Sequence

import pulumi

from components.iam import Statement
from components.ingress import Ingress
from components.service.agents import Host, agent_statements, with_agents
from components.service.application import Application
from components.service.containers import Container, HealthCheck
from components.service.fargate_service import FargateService, FargateServiceArgs
from components.service.load_balancer_target import LoadBalancerTarget
from settings.agents import AgentSpec
from settings.project import running_project
from settings.services import SchedulerSpec, ServiceSpec, WebSpec, WorkerSpec

APP = "app"
NGINX = "nginx"


def web(spec: WebSpec, application: Application, ingress: Ingress, after: Sequence[pulumi.Resource]) -> FargateService:
    """The site behind the load balancer.

    Args:
        spec: Size, port, health check and scaling.
        application: What every task of the site gets.
        ingress: The load balancer.
        after: Steps of the release that come first.
    """
    agents = application.agents.of("web")
    return FargateService(
        "web",
        FargateServiceArgs(
            spec=spec,
            context=application.context,
            containers=with_agents(_web_containers(spec, application), agents, _host("web", spec)),
            task_statements=_statements(application, agents),
            stores=application.stores.accesses,
            tasks=spec.autoscaling.min_tasks if spec.autoscaling else spec.tasks,
            autoscaling=spec.autoscaling,
            exec=application.exec,
            target=LoadBalancerTarget(
                spec=spec,
                listener=ingress.listener,
                test_listener=ingress.test_listener,
                load_balancer_arn_suffix=ingress.load_balancer_arn_suffix,
                security_group_id=ingress.security_group_id,
                container=NGINX if spec.nginx else APP,
            ),
            after=after,
        ),
    )


def worker(name: str, spec: WorkerSpec, application: Application, after: Sequence[pulumi.Resource]) -> FargateService:
    """A queue worker, as the service `worker-<name>`.

    Args:
        name: Name of the worker in the settings.
        spec: Queues, size and scaling.
        application: What every task of the site gets.
        after: Steps of the release that come first.
    """
    service_name, agents = f"worker-{name}", application.agents.of(f"workers.{name}")
    app = _app(spec, application, command=worker_command(spec))
    return FargateService(
        service_name,
        FargateServiceArgs(
            spec=spec,
            context=application.context,
            containers=with_agents([app], agents, _host(service_name, spec)),
            task_statements=_statements(application, agents),
            stores=application.stores.accesses,
            tasks=spec.autoscaling.min_tasks if spec.autoscaling else spec.tasks,
            autoscaling=spec.autoscaling,
            exec=application.exec,
            after=after,
        ),
    )


def scheduler(spec: SchedulerSpec, application: Application, after: Sequence[pulumi.Resource]) -> FargateService:
    """The one task that starts what is due. A deployment stops the old one before it starts the new one.

    Args:
        spec: Size and timeouts.
        application: What every task of the site gets.
        after: Steps of the release that come first.
    """
    agents = application.agents.of("scheduler")
    app = _app(spec, application, command=("php", "artisan", "schedule:work"))
    return FargateService(
        "scheduler",
        FargateServiceArgs(
            spec=spec,
            context=application.context,
            containers=with_agents([app], agents, _host("scheduler", spec)),
            task_statements=_statements(application, agents),
            stores=application.stores.accesses,
            tasks=1,
            stop_before_start=True,
            exec=application.exec,
            after=after,
        ),
    )


def worker_command(spec: WorkerSpec) -> Sequence[str]:
    """What a worker runs: laravel.com/docs/12.x/queues#running-the-queue-worker. It starts afresh every hour."""
    if spec.command:
        return spec.command
    return (
        *("php", "artisan", "queue:work"),
        f"--queue={','.join(spec.queues)}",
        f"--timeout={spec.timeout_seconds}",
        f"--tries={spec.tries}",
        "--max-time=3600",
    )


def _host(service: str, spec: ServiceSpec) -> Host:
    return Host(project=running_project(), stack=pulumi.get_stack(), service=service, cpu=spec.cpu)


def _statements(application: Application, agents: Mapping[str, AgentSpec]) -> pulumi.Output[Sequence[Statement]]:
    return application.task_statements.apply(lambda statements: [*statements, *agent_statements(agents)])


def _web_containers(spec: WebSpec, application: Application) -> Sequence[Container]:
    if not spec.nginx:
        return [_app(spec, application, command=spec.command, port=spec.port)]
    probe = f"exit(@fsockopen('127.0.0.1', {spec.nginx.php_fpm_port}) ? 0 : 1);"
    php_fpm = _app(
        spec,
        application,
        command=spec.command,
        health_check=HealthCheck(command=["CMD", "php", "-r", probe]),
    )
    nginx = Container(
        name=NGINX,
        image=spec.nginx.image or application.image,
        user=application.spec.user,
        log_mode=spec.log_mode,
        command=spec.nginx.command,
        port=spec.port,
        depends_on={APP: "HEALTHY"},
        stop_timeout_seconds=spec.stop_timeout_seconds,
        readonly_root_filesystem=spec.readonly_root_filesystem,
    )
    return [php_fpm, nginx]


def _app(
    spec: ServiceSpec,
    application: Application,
    *,
    command: Sequence[str],
    port: int | None = None,
    health_check: HealthCheck | None = None,
) -> Container:
    def with_own(environment: Mapping[str, str]) -> Mapping[str, str]:
        return {**environment, **spec.environment}

    return Container(
        name=APP,
        image=application.image,
        user=application.spec.user,
        log_mode=spec.log_mode,
        command=command,
        environment=application.environment.apply(with_own),
        secrets=application.secrets,
        port=port,
        health_check=health_check,
        stop_timeout_seconds=spec.stop_timeout_seconds,
        readonly_root_filesystem=spec.readonly_root_filesystem,
    )

"""Tasks and services on Fargate: web, workers, scheduler and the one-off tasks."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from settings.base import Problem, Spec
from settings.deployment import DeploymentSpec, TestListener
from settings.rules.commands import checked_command, text_refused
from settings.rules.cron import ALLOWED as CRON_ALLOWED
from settings.rules.cron import canonical_cron
from settings.rules.migration_command import doubts, refused_options
from settings.rules.time_zones import ALLOWED as TIME_ZONE_ALLOWED
from settings.rules.time_zones import TIME_ZONES, time_zone
from settings.types import EnvironmentName, Format, Image, Name, Percent, Port, RetentionDays

MEMORY_MIB: dict[int, tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4096 + 1, 1024)),
    1024: tuple(range(2048, 8192 + 1, 1024)),
    2048: tuple(range(4096, 16384 + 1, 1024)),
    4096: tuple(range(8192, 30720 + 1, 1024)),
    8192: tuple(range(16384, 61440 + 1, 4096)),
    16384: tuple(range(32768, 122880 + 1, 8192)),
}
"""Memory that Fargate offers with each CPU size:
docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size"""

MAX_STOP_TIMEOUT_SECONDS = 120
"""Fargate's limit: docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html"""
LONGEST_ROLLOUT_SECONDS = 7 * 24 * 60 * 60

CRON_FORM = r"^\s*([cC][rR][oO][nN]\s*\(.*\)|\S+(\s+\S+){5})\s*$"
PATH = re.compile(r"/[!-~]{0,1023}")
QUEUE = re.compile(r"[A-Za-z0-9_.:-]+")


def _cpu(value: int) -> int:
    if value not in MEMORY_MIB:
        raise ValueError(f"Fargate offers {', '.join(map(str, MEMORY_MIB))}")
    return value


Cron = Annotated[
    str,
    AfterValidator(canonical_cron),
    Field(json_schema_extra={"pattern": CRON_FORM, "patternErrorMessage": CRON_ALLOWED}),
]
TimeZone = Annotated[
    str,
    AfterValidator(time_zone),
    Field(json_schema_extra={"enum": [*sorted(TIME_ZONES)], "patternErrorMessage": TIME_ZONE_ALLOWED}),
]
Cpu = Annotated[int, AfterValidator(_cpu), Field(json_schema_extra={"enum": [*MEMORY_MIB]})]
Environment = dict[EnvironmentName, str]
Command = Annotated[tuple[str, ...], BeforeValidator(text_refused), AfterValidator(checked_command)]
NonEmptyCommand = Annotated[
    tuple[str, ...], Field(min_length=1), BeforeValidator(text_refused), AfterValidator(checked_command)
]


class CapacitySpec(Spec):
    """Capacity of a service: on demand, or Fargate Spot, which is cheaper and can end with two minutes' notice."""

    on_demand_base: Annotated[int, Field(ge=0, le=100_000)] = 1
    """Number of tasks that always run on demand; the weights apply to further tasks."""
    on_demand_weight: Annotated[int, Field(ge=0, le=1000)] = 1
    """Weight of on-demand capacity for further tasks."""
    spot_weight: Annotated[int, Field(ge=0, le=1000)] = 0
    """Weight of Spot capacity for further tasks."""

    def mistakes(self) -> Iterator[Problem]:
        if self.on_demand_weight + self.spot_weight == 0:
            yield Problem(
                key="spot_weight",
                problem="given 0 beside on_demand_weight 0; allowed is at least one weight over 0",
                involves=("on_demand_weight",),
            )


class ScheduleSpec(Spec):
    """A change of the task range at a time of day."""

    cron: Cron
    """A cron expression of AWS with six fields: minutes hours day-of-month month day-of-week year, such as
    `0 8 ? * MON-FRI *`. One of the two day fields is `?`. The form `cron(...)` is also allowed."""
    timezone: TimeZone = "UTC"
    """Canonical name of an IANA time zone, such as `Asia/Tokyo`."""
    min_tasks: Annotated[int, Field(ge=0, le=5000)]
    """Minimum number of tasks from this time on."""
    max_tasks: Annotated[int, Field(ge=0, le=5000)]
    """Maximum number of tasks from this time on."""

    def mistakes(self) -> Iterator[Problem]:
        if self.min_tasks > self.max_tasks:
            yield Problem(
                key="min_tasks",
                problem=f"given {self.min_tasks}; allowed is at most max_tasks, {self.max_tasks}",
                involves=("max_tasks",),
            )


class AutoscalingSpec(Spec):
    """Target tracking: tasks are added if any target requires it, and removed if all targets allow it."""

    min_tasks: Annotated[int, Field(ge=0, le=5000)] = 2
    """Fewest tasks."""
    max_tasks: Annotated[int, Field(ge=1, le=5000)] = 4
    """Most tasks."""
    cpu_percent: Percent | None = 60
    """Target for the average CPU utilization, in percent; null for no such target."""
    memory_percent: Percent | None = 75
    """Target for the average memory utilization, in percent; null for no such target."""
    requests_per_target: Annotated[int, Field(ge=1)] | None = None
    """Target for requests per task and minute (web only); null for no such target."""
    scale_in_cooldown_seconds: Annotated[int, Field(ge=0, le=3600)] = 300
    """Cooldown after scaling in, in seconds."""
    scale_out_cooldown_seconds: Annotated[int, Field(ge=0, le=3600)] = 60
    """Cooldown after scaling out, in seconds."""
    schedules: dict[Name, ScheduleSpec] = Field(default={})
    """Scheduled changes of the range, by name."""

    @property
    def fewest_tasks(self) -> int:
        """Minimum number of tasks at any time."""
        return min([self.min_tasks, *(schedule.min_tasks for schedule in self.schedules.values())])

    def mistakes(self) -> Iterator[Problem]:
        yield from super().mistakes()
        if self.min_tasks > self.max_tasks:
            yield Problem(
                key="min_tasks",
                problem=f"given {self.min_tasks}; allowed is at most max_tasks, {self.max_tasks}",
                involves=("max_tasks",),
            )
        if self.cpu_percent is None and self.memory_percent is None and self.requests_per_target is None:
            yield Problem(
                key="cpu_percent",
                problem="given null beside memory_percent and requests_per_target null; allowed is at least one target",
                involves=("memory_percent", "requests_per_target"),
            )

    def warnings(self) -> Iterator[Problem]:
        yield from super().warnings()
        if self.schedules:
            yield Problem(
                key="schedules",
                problem="a change of min_tasks or max_tasks of a schedule takes effect at its next run",
            )


class TaskSpec(Spec):
    """The size of a task, its disk and its logs."""

    cpu: Cpu = 256
    """CPU units; 1024 are one vCPU."""
    memory_mib: int = 512
    """Memory in MiB, one of the values that Fargate offers with this CPU."""
    ephemeral_storage_gib: Annotated[int, Field(ge=21, le=200)] | None = None
    """Ephemeral storage of the task in GiB, 21 to 200. Default: Fargate's 20 GiB, which are free."""
    log_retention_days: RetentionDays = 30
    """Days for which the logs are kept."""

    def mistakes(self) -> Iterator[Problem]:
        yield from super().mistakes()
        if self.memory_mib not in (offered := MEMORY_MIB[self.cpu]):
            yield Problem(
                key="memory_mib",
                problem=f"given {self.memory_mib}; with cpu {self.cpu} Fargate offers {_range(offered)}",
                involves=("cpu",),
            )


class ServiceSpec(TaskSpec):
    """A service: tasks of one kind that ECS keeps running."""

    enabled: bool = True
    """Whether the stack has this service."""
    environment: Environment = Field(default={})
    """Environment variables of this service only; they override the application's."""
    capacity: CapacitySpec = CapacitySpec()
    """Division between on-demand and Spot capacity."""
    stop_timeout_seconds: Annotated[int, Field(ge=1, le=MAX_STOP_TIMEOUT_SECONDS)] = 30
    """Seconds between the stop signal and the kill signal; Fargate allows at most 120."""
    log_mode: Literal["non-blocking", "blocking"] = "non-blocking"
    """`non-blocking` drops lines when the log buffer is full, `blocking` makes the task wait for CloudWatch Logs."""
    readonly_root_filesystem: bool = False
    """Read-only root file system for the application's containers. Requires `cluster.exec: false`."""
    rollout_timeout_seconds: Annotated[int, Field(ge=60, le=7200)] = 900
    """Timeout of a deployment of this service, in seconds."""


class ScaledServiceSpec(ServiceSpec):
    """A service with a number of tasks, or a range of them."""

    tasks: Annotated[int, Field(ge=0, le=5000)] = 1
    """Number of tasks, if `autoscaling` is not set."""
    autoscaling: AutoscalingSpec | None = None
    """Range of the number of tasks, and its targets. Default: no autoscaling; `tasks` applies."""

    def warnings(self) -> Iterator[Problem]:
        yield from super().warnings()
        if self.autoscaling and "tasks" in self.model_fields_set:
            yield Problem(key="tasks", problem=f"{self.tasks} has no effect while autoscaling is set")


class NginxSpec(Spec):
    """An nginx container before php-fpm, in the same task."""

    image: Image | None = None
    """Image of nginx by digest. Default: the application's image, which must then contain nginx and the assets too."""
    command: Command = ("nginx", "-g", "daemon off;")
    """Command of the nginx container."""
    php_fpm_port: Port = 9000
    """Port on which php-fpm listens on localhost."""


class WebSpec(ScaledServiceSpec):
    """The web service behind the load balancer."""

    command: Command = ()
    """Command of the application's container. Default: the image's command."""
    port: Port = 8080
    """HTTP port of the application, or of nginx; at least 1024, because lower ports require root."""
    nginx: NginxSpec | None = None
    """Set this (`{}` is enough) if the image runs php-fpm; omit it if the image serves HTTP itself."""
    health_check_path: Annotated[str, Format(PATH, "a path such as /up")] = "/up"
    """Path that returns 200 when the application is ready."""
    health_check_interval_seconds: Annotated[int, Field(ge=5, le=300)] = 10
    """Seconds between two health checks of a task."""
    health_check_timeout_seconds: Annotated[int, Field(ge=2, le=120)] = 5
    """Timeout of a health check, in seconds."""
    health_check_grace_seconds: Annotated[int, Field(ge=1, le=3600)] = 60
    """Seconds after a task's start in which failed health checks are ignored."""
    deregistration_delay_seconds: Annotated[int, Field(ge=0, le=3600)] = 30
    """Seconds in which a deregistered task can finish its requests: at least the duration of the longest request."""
    rollout_timeout_seconds: Annotated[int, Field(ge=60, le=LONGEST_ROLLOUT_SECONDS)] = 900
    """Timeout of a deployment of web, in seconds; longer than the bake times of `deployment`."""
    deployment: DeploymentSpec = DeploymentSpec()
    """How a new version replaces the old one."""

    @property
    def test_listener(self) -> TestListener | None:
        """The test listener, if there is one."""
        return self.deployment.test_listener if self.enabled else None

    def mistakes(self) -> Iterator[Problem]:
        yield from super().mistakes()
        if self.health_check_timeout_seconds >= self.health_check_interval_seconds:
            yield Problem(
                key="health_check_timeout_seconds",
                problem=f"given {self.health_check_timeout_seconds}; allowed is less than "
                f"health_check_interval_seconds, {self.health_check_interval_seconds}",
                involves=("health_check_interval_seconds",),
            )
        if self.nginx and self.nginx.php_fpm_port == self.port:
            yield Problem(
                key="nginx.php_fpm_port",
                problem=f"given {self.nginx.php_fpm_port}, which is also web.port; allowed is another port",
                involves=("port",),
            )
        yield from self._of_deployment()

    def _of_deployment(self) -> Iterator[Problem]:
        if (waits := self.deployment.waits_minutes * 60) >= self.rollout_timeout_seconds:
            yield Problem(
                key="rollout_timeout_seconds",
                problem=f"given {self.rollout_timeout_seconds}; allowed is more than the bake times of deployment, "
                f"{waits} in total, plus the time that tasks need to start",
                involves=("deployment",),
            )
        # docs.aws.amazon.com/AmazonECS/latest/developerguide/service-autoscaling-targettracking.html
        if self.deployment.has_two_groups and self.autoscaling and self.autoscaling.requests_per_target is not None:
            yield Problem(
                key="autoscaling.requests_per_target",
                problem=f"given {self.autoscaling.requests_per_target} with two target groups; AWS allows it only with "
                "deployment.strategy rolling, because it counts the requests of one target group",
                involves=("deployment",),
            )

    def warnings(self) -> Iterator[Problem]:
        yield from super().warnings()
        if self.stop_timeout_seconds < self.deregistration_delay_seconds:
            yield Problem(
                key="stop_timeout_seconds",
                problem=f"{self.stop_timeout_seconds} is less than deregistration_delay_seconds, "
                f"{self.deregistration_delay_seconds}: a long request can be interrupted",
            )


class WorkerSpec(ScaledServiceSpec):
    """A queue worker. After ECS's stop signal, it finishes its current job."""

    queues: tuple[Annotated[str, Format(QUEUE, "a name of A-Z, a-z, 0-9, _, ., : and -")], ...] = ("default",)
    """Queues, in order of priority."""
    timeout_seconds: Annotated[int, Field(ge=1)] = 60
    """Timeout of a job, in seconds; less than `application.queue_retry_after_seconds`."""
    tries: Annotated[int, Field(ge=1, le=1000)] = 3
    """Maximum number of attempts of a job."""
    command: Command = ()
    """A command instead of `php artisan queue:work`, for example Horizon's; then `queues` and `tries` are ignored."""
    stop_timeout_seconds: Annotated[int, Field(ge=1, le=MAX_STOP_TIMEOUT_SECONDS)] = MAX_STOP_TIMEOUT_SECONDS
    """Seconds in which a job can finish when its task is stopped; Fargate allows at most 120."""

    def mistakes(self) -> Iterator[Problem]:
        yield from super().mistakes()
        if not self.queues:
            yield Problem(key="queues", problem="given none; allowed is at least one queue")
        if self.autoscaling and self.autoscaling.requests_per_target is not None:
            yield Problem(
                key="autoscaling.requests_per_target",
                problem=f"given {self.autoscaling.requests_per_target}; workers get no requests",
            )

    def warnings(self) -> Iterator[Problem]:
        yield from super().warnings()
        if self.timeout_seconds > self.stop_timeout_seconds:
            yield Problem(
                key="timeout_seconds",
                problem=f"a job can run {self.timeout_seconds} s, but is killed {self.stop_timeout_seconds} s after "
                "its task is stopped (Fargate's limit is 120); make jobs shorter, or use ECS task scale-in protection",
            )


class SchedulerSpec(ServiceSpec):
    """The single task that runs `php artisan schedule:work`. It never runs twice at the same time."""

    stop_timeout_seconds: Annotated[int, Field(ge=1, le=MAX_STOP_TIMEOUT_SECONDS)] = MAX_STOP_TIMEOUT_SECONDS
    """Seconds in which running commands can finish when the task is stopped; Fargate allows at most 120."""


class MigrationSpec(TaskSpec):
    """The one-off tasks of a release: the database users and the migration."""

    cpu: Cpu = 512
    """CPU units of the migration; 1024 are one vCPU."""
    memory_mib: int = 1024
    """Memory of the migration in MiB."""
    command: NonEmptyCommand = ("php", "artisan", "migrate", "--force")
    """Command of the migration. `--graceful` is not allowed, because it reports success on an error."""
    timeout_seconds: Annotated[int, Field(ge=60, le=86_400)] = 1800
    """Timeout of the migration, in seconds."""
    users_timeout_seconds: Annotated[int, Field(ge=60, le=3600)] = 600
    """Timeout of the task that creates the database users, in seconds."""

    def mistakes(self) -> Iterator[Problem]:
        yield from super().mistakes()
        for problem in refused_options(self.command):
            yield Problem(key="command", problem=problem)

    def warnings(self) -> Iterator[Problem]:
        yield from super().warnings()
        for doubt in doubts(self.command):
            yield Problem(key="command", problem=doubt)


def _range(values: tuple[int, ...]) -> str:
    if len(values) <= 4:
        return ", ".join(map(str, values))
    return f"{values[0]} to {values[-1]} in steps of {values[1] - values[0]}"

"""The stack's settings, and the functions that read them."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, cast

import pulumi
from pydantic import Field

from settings.agents import AgentsSpec
from settings.base import Problem, ProtectedSpec, Spec
from settings.checking import check, printable
from settings.ecr import registry_host, registry_of
from settings.network import Nat, NetworkSpec
from settings.observability import ObservabilitySpec
from settings.partition import REGION, partition_of
from settings.project import PROJECT, running_project
from settings.rules.migration_command import destroying
from settings.rules.secret_reference import secrets_of_other_regions
from settings.rules.task_limits import Task, mistakes_in_sizes
from settings.rules.variables import (
    WHERE_SECRETS_BELONG,
    mistakes_in_variables,
    needless_exceptions,
    replaced_connections,
)
from settings.services import MigrationSpec, SchedulerSpec, ServiceSpec, WebSpec, WorkerSpec
from settings.site import ApplicationSpec, ClusterSpec, IngressSpec, PermissionsSpec, UploadsSpec
from settings.stack_config import (
    given_config,
    mistakes_around,
    mistakes_in_keys,
    project_mistakes,
    values_of,
    warn,
    warnings_around,
)
from settings.stores import AuroraSpec, DocumentDbSpec, ValkeySpec
from settings.types import IMAGE_FORM, Name, image_problem

IMAGE_VARIABLE = "STORY_IMAGE"
ROLLBACK_VARIABLE = "STORY_ROLLBACK_IMAGE"
"""An earlier image for a rollback: no migration runs, and web does not wait for other services."""
ARN_PARTITION = re.compile(r"arn:(aws[a-z-]*):")
SECRETS_OF_AGENTS = {"license_key", "api_key", "secrets"}
"""Settings of an agent that name a secret."""
STORES = ("aurora", "valkey", "documentdb")
FIRST_ZONES = {"ap-northeast-1": ("a", "c")}
"""Letters of the default zones, for regions in which `a` and `b` do not work: new accounts in Tokyo have no `b`."""


class Settings(Spec):
    """All keys of a stack file that begin with `story:`, the name of the project. Each has a default."""

    protect: bool = True
    """Protect everything that holds data from deletion. Single parts can override this with their own `protect`."""
    permissions: PermissionsSpec = PermissionsSpec()
    """The permissions boundary of the stack's roles."""
    application: ApplicationSpec = ApplicationSpec()
    """The Laravel application in the image: its environment and its secrets."""
    network: NetworkSpec = NetworkSpec()
    """The VPC: address range, zones and internet access."""
    aurora: AuroraSpec = AuroraSpec()
    """Aurora MySQL, the site's database."""
    valkey: ValkeySpec = ValkeySpec()
    """Valkey: session, cache and queue."""
    documentdb: DocumentDbSpec = DocumentDbSpec()
    """DocumentDB, with MongoDB's protocol."""
    uploads: UploadsSpec = UploadsSpec()
    """The bucket for uploaded files."""
    cluster: ClusterSpec = ClusterSpec()
    """The ECS cluster in which all tasks run."""
    ingress: IngressSpec = IngressSpec()
    """The load balancer: domain, TLS, allowed address ranges."""
    web: WebSpec = WebSpec()
    """The web service behind the load balancer."""
    workers: dict[Name, WorkerSpec] = Field(default={"default": WorkerSpec()})
    """Queue workers by name; `{}` is none."""
    scheduler: SchedulerSpec = SchedulerSpec()
    """The task that runs `php artisan schedule:work`."""
    migration: MigrationSpec = MigrationSpec()
    """The migration, the first step of every release."""
    observability: ObservabilitySpec = ObservabilitySpec()
    """Alarms and who is notified."""
    agents: AgentsSpec = AgentsSpec()
    """Sidecar containers: New Relic, Mackerel, OpenTelemetry, FireLens."""

    @property
    def enabled_workers(self) -> Sequence[tuple[str, WorkerSpec]]:
        """The enabled workers, by name."""
        return [(name, worker) for name, worker in sorted(self.workers.items()) if worker.enabled]

    def protects(self, part: ProtectedSpec) -> bool:
        """Whether a part of the stack is protected from deletion, by its own setting or by the stack's."""
        return part.protected(self.protect)

    @property
    def services(self) -> Mapping[str, ServiceSpec]:
        """Every service by its key: `web`, `scheduler`, `workers.<name>`."""
        workers = {f"workers.{name}": worker for name, worker in self.workers.items()}
        return {"web": self.web, "scheduler": self.scheduler, **workers}

    @property
    def environments(self) -> Mapping[str, Mapping[str, str]]:
        """Environment variables, by the setting that holds them: `application.environment`, `web.environment`."""
        own = {f"{key}.environment": service.environment for key, service in self.services.items()}
        return {"application.environment": self.application.environment, **own}

    @property
    def enabled_stores(self) -> Sequence[str]:
        """Keys of the stores that the stack has."""
        return [name for name in STORES if getattr(self, name).enabled]

    @property
    def secret_references(self) -> Mapping[str, str]:
        """The secrets that the settings name, by their keys."""
        given = {
            "application": self.application.model_dump(include={"secrets"}),
            "agents": self.agents.model_dump(include=dict.fromkeys(self.agents.all, SECRETS_OF_AGENTS)),
        }
        return dict(_texts(given))

    @property
    def tasks(self) -> Sequence[Task]:
        """Every kind of task of the stack that runs the application."""
        services = {key: service for key, service in self.services.items() if service.enabled}
        return [
            *(
                Task(
                    key=key,
                    environment=service.environment,
                    command=service.command if isinstance(service, (WebSpec, WorkerSpec)) else (),
                    agents=self.agents.of(key),
                )
                for key, service in services.items()
            ),
            Task(key="migration", command=self.migration.command),
        ]

    def mistakes(self) -> Iterator[Problem]:
        yield from super().mistakes()
        for name, worker in self.workers.items():
            if worker.timeout_seconds >= (retry := self.application.queue_retry_after_seconds):
                yield Problem(
                    key=f"workers.{name}.timeout_seconds",
                    problem=f"given {worker.timeout_seconds}; allowed is less than "
                    f"application.queue_retry_after_seconds, {retry}, otherwise a job runs twice",
                    involves=("application.queue_retry_after_seconds",),
                )
        for key, service in self.services.items():
            if self.cluster.exec and service.readonly_root_filesystem:
                yield Problem(
                    key=f"{key}.readonly_root_filesystem",
                    problem="given true beside cluster.exec true; allowed is one of them: ECS Exec writes to the root",
                    involves=("cluster.exec",),
                )

        enabled = {key: one for key, one in self.services.items() if one.enabled}
        yield from self.agents.mistakes_among(enabled)
        given = self.application
        yield from mistakes_in_variables(self.environments, given.secrets, self.enabled_stores, given.not_secrets)
        yield from mistakes_in_sizes(self.tasks, given.environment, given.secrets, given.secret_key_arns)
        for told in destroying(self.migration.command) if self.protect else ():
            yield Problem(
                key="migration.command",
                problem=f"given {told}, which deletes the content of the database at every release; allowed only with "
                "protect false",
                involves=("protect",),
            )

    def warnings(self) -> Iterator[Problem]:
        yield from super().warnings()
        yield from needless_exceptions(self.environments, self.application.not_secrets)
        yield from replaced_connections(self.environments, self.application.secrets, self.enabled_stores)
        for told in destroying(self.migration.command):
            yield Problem(
                key="migration.command", problem=f"{told} deletes the content of the database at every release"
            )
        if self.agents.fluent_bit:
            yield Problem(
                key="agents.fluent_bit",
                problem="its logs are not in CloudWatch Logs: `story logs` does not show them, and "
                "alarms on log lines (php-fpm, queues, scheduler) do not work for them",
            )
        queue_set = "QUEUE_CONNECTION" in self.application.environment
        if self.workers and not (self.valkey.enabled or self.aurora.enabled or queue_set):
            yield Problem(
                key="workers",
                problem="no store holds a queue (valkey and aurora are off), so jobs run within the request "
                "and workers have nothing to do; use {} for no workers",
            )
        if not (self.aurora.enabled or self.documentdb.enabled):
            yield Problem(
                key="migration",
                problem="no database is enabled (aurora, documentdb): the application needs one outside of this stack",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """The input of the program.

    Attributes:
        name: Name of the stack.
        region: AWS region.
        settings: Its settings; the network's zones are always set.
        profile: Profile of the AWS credentials; None for the default ones.
        image_given: Image of this release or rollback; None keeps the running image.
        is_release: This update deploys a new image, so the migration runs first. A rollback never migrates.
        warnings: Warnings about the settings, one line each.
    """

    name: str
    region: str
    settings: Settings
    profile: str | None
    image_given: str | None
    is_release: bool
    warnings: Sequence[str]


def read_stack() -> Stack:
    """The stack for which the engine runs the program. Warnings are logged with Pulumi.

    Raises:
        pulumi.RunError: One line for each mistake; Pulumi shows it without a traceback.
    """
    config, secret_keys = given_config()
    stack = stack_of(
        project=running_project(),
        name=pulumi.get_stack(),
        config=config,
        secret_keys=secret_keys,
        image_given=os.environ.get(IMAGE_VARIABLE),
        rollback_image=os.environ.get(ROLLBACK_VARIABLE),
    )
    warn(stack.warnings)
    return stack


def stack_of(
    *,
    project: str = PROJECT,
    name: str,
    config: Mapping[str, str],
    secret_keys: AbstractSet[str] = frozenset(),
    image_given: str | None = None,
    rollback_image: str | None = None,
) -> Stack:
    """The stack that these values describe.

    Args:
        project: Name of the project, which stands before the colon of the settings' keys.
        name: Name of the stack.
        config: Stack config as the engine passes it: full keys, maps as JSON text.
        secret_keys: Keys of `config` that hold encrypted values.
        image_given: Image of this release.
        rollback_image: Earlier image for a rollback, instead of a release.

    Raises:
        pulumi.RunError: One line for each mistake.
    """
    region = config.get("aws:region", "")
    values, unread = values_of(project, list(Settings.model_fields), config, secret_keys, WHERE_SECRETS_BELONG)
    _name_zones(values, region)
    checked = check(Settings, values, unread)
    settings = checked.spec
    images = {IMAGE_VARIABLE: image_given, ROLLBACK_VARIABLE: rollback_image}
    across = [*settings.mistakes(), *_of_region(settings, region, images)]
    problems = [*checked.mistakes, *checked.without_follow_ups(across)]
    lines = [
        *project_mistakes(project, name),
        *_around(name, region, images),
        *mistakes_in_keys(project, config),
        *(f"{project}:{each.key}: {each.problem}" for each in problems),
    ]
    if lines:
        raise pulumi.RunError("\n".join(map(printable, lines)))
    return Stack(
        name=name,
        region=region,
        settings=settings,
        profile=config.get("aws:profile") or None,
        image_given=image_given or rollback_image,
        is_release=image_given is not None,
        warnings=(
            *warnings_around(region),
            *(
                f"{project}:{problem.key}: {problem.problem}"
                for problem in (
                    *settings.warnings(),
                    *(_secrets_elsewhere(settings, region) if settings.network.nat is not Nat.NONE else ()),
                )
            ),
        ),
    )


def _name_zones(values: dict[str, Any], region: str) -> None:
    network = values.setdefault("network", {})
    if isinstance(network, dict):
        letters = FIRST_ZONES.get(region, ("a", "b"))
        cast(dict[str, Any], network).setdefault("zones", [f"{region}{letter}" for letter in letters])


def _around(name: str, region: str, images: Mapping[str, str | None]) -> Iterator[str]:
    """Mistakes outside of the settings."""
    yield from mistakes_around(name, region)
    given_images = {variable: image for variable, image in images.items() if image is not None}
    for variable, image in given_images.items():
        if not image:
            yield f"{variable}: given nothing; allowed is {IMAGE_FORM}, or no variable to keep the running image"
        elif problem := image_problem(image):
            yield f"{variable}: {problem}"
    if len(given_images) > 1:
        yield f"{ROLLBACK_VARIABLE}: given together with {IMAGE_VARIABLE}; allowed is one of the two"


def _of_region(settings: Settings, region: str, given: Mapping[str, str | None]) -> Iterator[Problem]:
    """Mistakes that depend on the region, if it is known."""
    if not REGION.fullmatch(region):
        return
    network, nginx = settings.network, settings.web.nginx
    yield from _of_partition(settings, region)
    for zone in network.zones:
        if not re.fullmatch(f"{region}[a-z]", zone):
            yield Problem(
                key="network.zones", problem=f"given {zone}; allowed are zones of {region}, such as {region}a"
            )
    if network.nat is not Nat.NONE:
        return
    yield from _secrets_elsewhere(settings, region)
    images = {
        **given,
        "web.nginx.image": nginx.image if nginx and settings.web.enabled else None,
        **{f"agents.{name}.image": agent.image for name, agent in settings.agents.all.items()},
    }
    for source, image in images.items():
        registry = registry_of(image or "")
        # The interface endpoints only reach this registry:
        # docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
        if image and registry != registry_host(registry[:12], region):
            yield Problem(
                key="network.nat",
                problem=f"given none, but {source} is pulled from {registry}, which needs internet access; "
                f"allowed is single or one-per-zone, or an image in {registry_host('<account>', region)}",
                involves=() if source in given else (source,),
            )


def _secrets_elsewhere(settings: Settings, region: str) -> Iterator[Problem]:
    has_nat = settings.network.nat is not Nat.NONE
    return secrets_of_other_regions(settings.secret_references, region, has_nat=has_nat)


def _of_partition(settings: Settings, region: str) -> Iterator[Problem]:
    """Settings that need a service which the region's partition lacks, and ARNs of another partition."""
    partition, observability = partition_of(region), settings.observability
    needed = {
        "observability.slack": ("chatbot", "Amazon Q Developer in chat applications", observability.slack),
        "observability.monthly_budget_usd": ("budgets", "AWS Budgets", observability.monthly_budget_usd),
    }
    for key, (service, title, value) in needed.items():
        if value and service in partition.missing_services:
            yield Problem(key=key, problem=f"given, but {partition.title} does not have {title}; remove it")
    for key, value in _texts(settings.model_dump()):
        found = ARN_PARTITION.match(value)
        if found and found[1] != partition.name:
            yield Problem(
                key=key,
                problem=f"given an ARN of {found[1]}; allowed in {region} are ARNs that begin with "
                f"arn:{partition.name}:",
            )


def _texts(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Each text in a tree of settings with its key, except environment variables, which belong to the application."""
    match value:
        case str():
            yield key, value
        case dict():
            for name, inner in cast(dict[str, object], value).items():
                if name != "environment":
                    yield from _texts(inner, f"{key}.{name}" if key else name)
        case list() | tuple():
            for number, inner in enumerate(cast(Sequence[object], value)):
                yield from _texts(inner, f"{key}.{number}")
        case _:
            pass

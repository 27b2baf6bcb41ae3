"""The stack's settings: what they are, and the only place that reads them."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, cast

import pulumi
from pydantic import Field

from specs.agents import AgentsSpec
from specs.base import Finding, ProtectedSpec, Spec
from specs.checking import check, printable
from specs.ecr import registry_host, registry_of
from specs.migration_command import destroying
from specs.network import Nat, NetworkSpec
from specs.observability import ObservabilitySpec
from specs.partition import REGION, partition_of
from specs.services import MigrationSpec, SchedulerSpec, ServiceSpec, WebSpec, WorkerSpec
from specs.site import (
    ApplicationSpec,
    ClusterSpec,
    IngressSpec,
    PermissionsSpec,
    UploadsSpec,
)
from specs.stack_config import given_config, mistakes_around, mistakes_in_keys, values_of, warn, warnings_around
from specs.stores import AuroraSpec, DocumentDbSpec, ValkeySpec
from specs.task_limits import Task, mistakes_in_sizes
from specs.types import IMAGE_FORM, Name, image_problem
from specs.variables import WHERE_SECRETS_BELONG, mistakes_in_variables, needless_exceptions

PREFIX = "story"
IMAGE_VARIABLE = "STORY_IMAGE"
ROLLBACK_VARIABLE = "STORY_ROLLBACK_IMAGE"
"""An earlier image to go back to: nothing is migrated, and web waits for no other service."""
ARN_PARTITION = re.compile(r"arn:(aws[a-z-]*):")
STORES = ("aurora", "valkey", "documentdb")
FIRST_ZONES = {"ap-northeast-1": ("a", "c")}
"""Letters of the zones that a stack gets by default, where `a` and `b` do not do: new accounts in Tokyo have no `b`."""


class Settings(Spec):
    """All keys of a stack file that begin with `story:`. Each has a default."""

    protect: bool = True
    """Protect whatever holds data from deletion. Single parts may differ by a `protect` of their own."""
    permissions: PermissionsSpec = PermissionsSpec()
    """What the roles of the stack may do at most."""
    application: ApplicationSpec = ApplicationSpec()
    """The Laravel application in the image: its environment and its secrets."""
    network: NetworkSpec = NetworkSpec()
    """The VPC: its range, its zones and its way out."""
    aurora: AuroraSpec = AuroraSpec()
    """Aurora MySQL, the site's database."""
    valkey: ValkeySpec = ValkeySpec()
    """Valkey: session, cache and queue."""
    documentdb: DocumentDbSpec = DocumentDbSpec()
    """DocumentDB, with MongoDB's protocol."""
    uploads: UploadsSpec = UploadsSpec()
    """The bucket for uploaded files."""
    cluster: ClusterSpec = ClusterSpec()
    """The ECS cluster that all tasks run in."""
    ingress: IngressSpec = IngressSpec()
    """The load balancer: domain, TLS, who may reach the site."""
    web: WebSpec = WebSpec()
    """The site behind the load balancer."""
    workers: dict[Name, WorkerSpec] = Field(default={"default": WorkerSpec()})
    """Queue workers by name; `{}` is none."""
    scheduler: SchedulerSpec = SchedulerSpec()
    """The task that runs `php artisan schedule:work`."""
    migration: MigrationSpec = MigrationSpec()
    """The migration that every release begins with."""
    observability: ObservabilitySpec = ObservabilitySpec()
    """Alarms and who hears of them."""
    agents: AgentsSpec = AgentsSpec()
    """Containers beside the application: New Relic, Mackerel, OpenTelemetry, FireLens."""

    @property
    def enabled_workers(self) -> Sequence[tuple[str, WorkerSpec]]:
        """The workers that the stack has, by name."""
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
    def tasks(self) -> Sequence[Task]:
        """Every kind of task that the stack has and that runs the application."""
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

    def mistakes(self) -> Iterator[Finding]:
        yield from super().mistakes()
        for name, worker in self.workers.items():
            if worker.timeout_seconds >= (retry := self.application.queue_retry_after_seconds):
                yield Finding(
                    key=f"workers.{name}.timeout_seconds",
                    problem=f"given {worker.timeout_seconds}; allowed is less than "
                    f"application.queue_retry_after_seconds, {retry}, or a job runs twice",
                    involves=("application.queue_retry_after_seconds",),
                )
        for key, service in self.services.items():
            if self.cluster.exec and service.readonly_root_filesystem:
                yield Finding(
                    key=f"{key}.readonly_root_filesystem",
                    problem="given true beside cluster.exec true; allowed is one of them, since ECS Exec writes there",
                    involves=("cluster.exec",),
                )

        enabled = {key: one for key, one in self.services.items() if one.enabled}
        yield from self.agents.mistakes_among(enabled)
        given = self.application
        stores = [name for name in STORES if getattr(self, name).enabled]
        yield from mistakes_in_variables(self.environments, given.secrets, stores, given.not_secrets)
        yield from mistakes_in_sizes(self.tasks, given.environment, given.secrets, given.secret_key_arns)
        for told in destroying(self.migration.command) if self.protect else ():
            yield Finding(
                key="migration.command",
                problem=f"given {told}, which deletes the content of the database at every release; allowed only with "
                "protect false",
                involves=("protect",),
            )

    def warnings(self) -> Iterator[Finding]:
        yield from super().warnings()
        yield from needless_exceptions(self.environments, self.application.not_secrets)
        for told in destroying(self.migration.command):
            yield Finding(
                key="migration.command", problem=f"{told} deletes the content of the database at every release"
            )
        if self.agents.fluent_bit:
            yield Finding(
                key="agents.fluent_bit",
                problem="logs that it takes away are not in CloudWatch Logs: `story logs` does not show them, and "
                "alarms on log lines (php-fpm, queues, scheduler) do not see them",
            )
        queue_set = "QUEUE_CONNECTION" in self.application.environment
        if self.workers and not (self.valkey.enabled or self.aurora.enabled or queue_set):
            yield Finding(
                key="workers",
                problem="no store holds a queue (valkey and aurora are off), so jobs run within the request "
                "and workers have nothing to do; {} is no workers",
            )
        if not (self.aurora.enabled or self.documentdb.enabled):
            yield Finding(
                key="migration", problem="no database is on (aurora, documentdb): it needs one that is not this stack's"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What the program is to build.

    Attributes:
        name: Name of the stack.
        region: AWS region.
        settings: Its settings; the network's zones are always named.
        profile: Profile of the AWS credentials; None for the default ones.
        image_given: Image of this release, or to go back to; None keeps the one that runs.
        is_release: This update brings a new image, so that it migrates first. Going back never does.
        warnings: Lines that a person should read.
    """

    name: str
    region: str
    settings: Settings
    profile: str | None
    image_given: str | None
    is_release: bool
    warnings: Sequence[str]


def read() -> Stack:
    """The stack that the engine runs the program for. Its warnings are shown as Pulumi's.

    Raises:
        pulumi.RunError: One line for each mistake; Pulumi shows it without a traceback.
    """
    config, secret_keys = given_config()
    stack = stack_of(
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
    name: str,
    config: Mapping[str, str],
    secret_keys: AbstractSet[str] = frozenset(),
    image_given: str | None = None,
    rollback_image: str | None = None,
) -> Stack:
    """The stack that these values describe.

    Args:
        name: Name of the stack.
        config: Stack config as the engine hands it over: full keys, maps as JSON text.
        secret_keys: Keys of `config` that hold encrypted values.
        image_given: Image of this release.
        rollback_image: Earlier image to go back to, in place of a release.

    Raises:
        pulumi.RunError: One line for each mistake.
    """
    region = config.get("aws:region", "")
    values, unread = values_of(PREFIX, list(Settings.model_fields), config, secret_keys, WHERE_SECRETS_BELONG)
    _name_zones(values, region)
    checked = check(Settings, values, unread)
    settings = checked.spec
    images = {IMAGE_VARIABLE: image_given, ROLLBACK_VARIABLE: rollback_image}
    across = [*settings.mistakes(), *_of_region(settings, region, images)]
    findings = [*checked.mistakes, *checked.founded(across)]
    lines = [
        *_around(name, region, images),
        *mistakes_in_keys(PREFIX, config),
        *(f"{PREFIX}:{each.key}: {each.problem}" for each in findings),
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
            *(f"{PREFIX}:{finding.key}: {finding.problem}" for finding in settings.warnings()),
        ),
    )


def _name_zones(values: dict[str, Any], region: str) -> None:
    network = values.setdefault("network", {})
    if isinstance(network, dict):
        letters = FIRST_ZONES.get(region, ("a", "b"))
        cast(dict[str, Any], network).setdefault("zones", [f"{region}{letter}" for letter in letters])


def _around(name: str, region: str, images: Mapping[str, str | None]) -> Iterator[str]:
    """Mistakes in what stands outside of the settings."""
    yield from mistakes_around(name, region)
    given_images = {variable: image for variable, image in images.items() if image is not None}
    for variable, image in given_images.items():
        if not image:
            yield f"{variable}: given nothing; allowed is {IMAGE_FORM}, or no variable to keep the running image"
        elif problem := image_problem(image):
            yield f"{variable}: {problem}"
    if len(given_images) > 1:
        yield f"{ROLLBACK_VARIABLE}: given beside {IMAGE_VARIABLE}; allowed is one of the two"


def _of_region(settings: Settings, region: str, given: Mapping[str, str | None]) -> Iterator[Finding]:
    """Mistakes that depend on the region, if there is one."""
    if not REGION.fullmatch(region):
        return
    network, nginx = settings.network, settings.web.nginx
    yield from _of_partition(settings, region)
    for zone in network.zones:
        if not re.fullmatch(f"{region}[a-z]", zone):
            yield Finding(
                key="network.zones", problem=f"given {zone}; allowed are zones of {region}, such as {region}a"
            )
    if network.nat is not Nat.NONE:
        return
    images = {
        **given,
        "web.nginx.image": nginx.image if nginx and settings.web.enabled else None,
        **{f"agents.{name}.image": agent.image for name, agent in settings.agents.all.items()},
    }
    for source, image in images.items():
        registry = registry_of(image or "")
        # The interface endpoints lead to this registry only:
        # docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
        if image and registry != registry_host(registry[:12], region):
            yield Finding(
                key="network.nat",
                problem=f"given none, but {source} is pulled from {registry}, which only the internet reaches; "
                f"allowed is single or one-per-zone, or an image in {registry_host('<account>', region)}",
                involves=() if source in given else (source,),
            )


def _of_partition(settings: Settings, region: str) -> Iterator[Finding]:
    """Settings that need a service which the region's partition lacks, and ARNs of another partition."""
    partition, observability = partition_of(region), settings.observability
    needed = {
        "observability.slack": ("chatbot", "Amazon Q Developer in chat applications", observability.slack),
        "observability.monthly_budget_usd": ("budgets", "AWS Budgets", observability.monthly_budget_usd),
    }
    for key, (service, title, value) in needed.items():
        if value and service in partition.missing_services:
            yield Finding(key=key, problem=f"given, but there is no {title} in {partition.title}; leave it out")
    for key, value in _texts(settings.model_dump()):
        found = ARN_PARTITION.match(value)
        if found and found[1] != partition.name:
            yield Finding(
                key=key,
                problem=f"given an ARN of {found[1]}; allowed in {region} are ARNs that begin with "
                f"arn:{partition.name}:",
            )


def _texts(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Each text in a tree of settings with its key, but for the environment's, which are the application's own."""
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

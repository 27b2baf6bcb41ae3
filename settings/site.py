"""The application, and what stands around its services."""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from settings.base import Problem, ProtectedSpec, Spec
from settings.rules.secret_reference import doubtful_suffixes
from settings.services import Environment
from settings.types import (
    Cidr,
    Domain,
    EnvironmentName,
    Format,
    HostedZoneId,
    KeyArn,
    PolicyArn,
    RetentionDays,
    SecretArn,
)

USER = re.compile(r"(?!root$)[a-z_][a-z0-9_-]*|[1-9][0-9]*")
PATH = re.compile(r"/[!-~]+")


class Architecture(StrEnum):
    """Processor of every task; the image must be built for it."""

    ARM64 = "arm64"
    """Graviton, a fifth cheaper in Tokyo."""
    X86_64 = "x86_64"
    """For images with parts that exist for x86 only."""


class PermissionsSpec(Spec):
    """What the roles of the stack may do at most."""

    boundary_arn: PolicyArn | None = None
    """ARN of the policy that bounds every role: one of the output `boundaryArns` of bootstrap/, whose deploy roles may
    not make one without it. Default: none, for stacks that a person updates."""


class ApplicationSpec(Spec):
    """The Laravel application in the image."""

    name: Annotated[str, Field(min_length=1, max_length=100)] = "Laravel"
    """`APP_NAME`; any text."""
    user: Annotated[str, Format(USER, "the name or number of a user of the image, not root")] = "www-data"
    """User of the image that the containers run as; not root."""
    ca_bundle_path: Annotated[str, Format(PATH, "an absolute path")] = "/etc/ssl/certs/rds-global-bundle.pem"
    """Where the image has the CA bundle of RDS and DocumentDB. AWS has one for each partition:
    `https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem` in the commercial Regions;
    `https://truststore.pki.us-gov-west-1.rds.amazonaws.com/global/global-bundle.pem` in AWS GovCloud (US);
    `https://rds-truststore.s3.cn-north-1.amazonaws.com.cn/global/global-bundle.pem` in the China Regions."""
    queue_retry_after_seconds: Annotated[int, Field(ge=2)] = 90
    """Seconds after which a job that was not finished is given to another worker."""
    environment: Environment = Field(default={})
    """Further environment variables of every task. No secrets."""
    secrets: dict[EnvironmentName, SecretArn] = Field(default={})
    """Further secrets of every task: variable to the ARN of a secret in Secrets Manager with its random suffix, or
    `<arn>:<json key>`, or ECS's own form `<arn>:<json key>:<stage>:<version id>`."""
    secret_key_arns: tuple[KeyArn, ...] = ()
    """ARNs of the KMS keys that given secrets are encrypted with, where that is neither the stack's own key nor
    `aws/secretsmanager`. Tasks that read secrets may decrypt with them; the key's policy must allow the account too."""
    not_secrets: tuple[EnvironmentName, ...] = ()
    """Environment variables, of all tasks or of a service, that are no secrets although their names or values look like
    some."""

    def mistakes(self) -> Iterator[Problem]:
        for key in ("secret_key_arns", "not_secrets"):
            given: tuple[str, ...] = getattr(self, key)
            if len(set(given)) != len(given):
                yield Problem(key=key, problem=f"given {', '.join(given)}; allowed is each once")

    def warnings(self) -> Iterator[Problem]:
        yield from doubtful_suffixes({f"secrets.{name}": text for name, text in self.secrets.items()})


class UploadsSpec(ProtectedSpec):
    """The bucket behind `FILESYSTEM_DISK=s3`."""

    noncurrent_version_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """How long deleted or overwritten files can be brought back, in days."""


class ClusterSpec(Spec):
    """The ECS cluster."""

    architecture: Architecture = Field(default=Architecture.ARM64, strict=False)
    """`arm64` (Graviton) or `x86_64`."""
    container_insights: Literal["enhanced", "enabled", "disabled"] = "enhanced"
    """`enhanced` shows CPU and memory of each task and container."""
    exec: bool = True
    """ECS Exec: a shell in a running task, recorded in an encrypted log group."""
    exec_log_retention_days: RetentionDays = 365
    """How long the record of shell sessions is kept, in days."""
    insights_log_retention_days: RetentionDays = 14
    """How long Container Insights' own log group is kept, in days."""

    def warnings(self) -> Iterator[Problem]:
        if self.container_insights != "enhanced":
            yield Problem(
                key="container_insights", problem=f"{self.container_insights} shows no single task's CPU and memory"
            )


class IngressSpec(ProtectedSpec):
    """The load balancer."""

    domain: Domain | None = None
    """Host name of the site. Default: none, and then plain HTTP at the load balancer's own name."""
    zone_id: HostedZoneId | None = None
    """Route 53 hosted zone of `domain`."""
    tls_policy: Literal[
        "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
        "ELBSecurityPolicy-TLS13-1-3-2021-06",
        "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04",
        "ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04",
    ] = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
    """TLS policy, one of those that AWS's security standard accepts (control ELB.17)."""
    idle_timeout_seconds: Annotated[int, Field(ge=1, le=4000)] = 60
    """Seconds after which an idle connection is closed."""
    allowed_cidrs: Annotated[tuple[Cidr, ...], Field(min_length=1)] = ("0.0.0.0/0",)
    """Who may reach the site."""
    access_log_retention_days: Annotated[int, Field(ge=1, le=3650)] = 90
    """How long access logs are kept, in days."""

    def mistakes(self) -> Iterator[Problem]:
        if self.domain and not self.zone_id:
            yield Problem(
                key="zone_id",
                problem=f"not given, but domain is {self.domain}; allowed is the id of its Route 53 hosted zone",
                involves=("domain",),
            )
        if self.zone_id and not self.domain:
            yield Problem(
                key="domain",
                problem=f"not given, but zone_id is {self.zone_id}; allowed is a host name of that zone",
                involves=("zone_id",),
            )
        if len(set(self.allowed_cidrs)) != len(self.allowed_cidrs):
            yield Problem(
                key="allowed_cidrs", problem=f"given {', '.join(self.allowed_cidrs)}; allowed is each range once"
            )

    def warnings(self) -> Iterator[Problem]:
        if not self.domain:
            yield Problem(key="domain", problem="not given: the site speaks plain HTTP, fit for a trial only")

"""The application, and the parts of the stack around its services."""

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
    """CPU architecture of every task; the image must be built for it."""

    ARM64 = "arm64"
    """Graviton; about a fifth cheaper in Tokyo."""
    X86_64 = "x86_64"
    """For images with parts that are only available for x86."""


class PermissionsSpec(Spec):
    """The permissions boundary of the stack's roles."""

    boundary_arn: PolicyArn | None = None
    """ARN of the permissions boundary of every role: one of the output `boundaryArns` of bootstrap/, whose deploy roles
    can only create roles with it. Default: none, for stacks that are updated by hand."""


class ApplicationSpec(Spec):
    """The Laravel application in the image."""

    name: Annotated[str, Field(min_length=1, max_length=100)] = "Laravel"
    """`APP_NAME`; any text."""
    user: Annotated[str, Format(USER, "the name or number of a user of the image, not root")] = "www-data"
    """User of the image with which the containers run; not root."""
    ca_bundle_path: Annotated[str, Format(PATH, "an absolute path")] = "/etc/ssl/certs/rds-global-bundle.pem"
    """Path of the CA bundle of RDS and DocumentDB in the image. AWS has one bundle for each partition:
    `https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem` in the commercial Regions;
    `https://truststore.pki.us-gov-west-1.rds.amazonaws.com/global/global-bundle.pem` in AWS GovCloud (US);
    `https://rds-truststore.s3.cn-north-1.amazonaws.com.cn/global/global-bundle.pem` in the China Regions."""
    queue_retry_after_seconds: Annotated[int, Field(ge=2)] = 90
    """Seconds after which an unfinished job is given to another worker."""
    environment: Environment = Field(default={})
    """Additional environment variables of every task, without secrets."""
    secrets: dict[EnvironmentName, SecretArn] = Field(default={})
    """Additional secrets of every task, by variable: the ARN of a secret in Secrets Manager with its random suffix, or
    `<arn>:<json key>`, or ECS's form `<arn>:<json key>:<stage>:<version id>`."""
    secret_key_arns: tuple[KeyArn, ...] = ()
    """ARNs of the KMS keys that encrypt given secrets, except the stack's own key and `aws/secretsmanager`. Tasks that
    read secrets get permission to decrypt with them; the key's policy must also allow the account."""
    not_secrets: tuple[EnvironmentName, ...] = ()
    """Environment variables, of all tasks or of a service, that are not secrets although their names or values look
    like secrets."""

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
    """Days for which deleted or overwritten files can be restored."""


class ClusterSpec(Spec):
    """The ECS cluster."""

    architecture: Architecture = Field(default=Architecture.ARM64, strict=False)
    """`arm64` (Graviton) or `x86_64`."""
    container_insights: Literal["enhanced", "enabled", "disabled"] = "enhanced"
    """`enhanced` shows CPU and memory of each task and container."""
    exec: bool = True
    """ECS Exec: a shell in a running task, recorded in an encrypted log group."""
    exec_log_retention_days: RetentionDays = 365
    """Days for which the logs of shell sessions are kept."""
    insights_log_retention_days: RetentionDays = 14
    """Days for which the log group of Container Insights is kept."""

    def warnings(self) -> Iterator[Problem]:
        if self.container_insights != "enhanced":
            yield Problem(
                key="container_insights",
                problem=f"{self.container_insights} does not show the CPU and memory of single tasks",
            )


class IngressSpec(ProtectedSpec):
    """The load balancer."""

    domain: Domain | None = None
    """Host name of the site. Default: none; the site then uses HTTP at the load balancer's host name."""
    zone_id: HostedZoneId | None = None
    """Route 53 hosted zone of `domain`."""
    tls_policy: Literal[
        "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
        "ELBSecurityPolicy-TLS13-1-3-2021-06",
        "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04",
        "ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04",
    ] = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
    """TLS security policy, one that AWS's security standard accepts (control ELB.17)."""
    idle_timeout_seconds: Annotated[int, Field(ge=1, le=4000)] = 60
    """Seconds after which an idle connection is closed."""
    allowed_cidrs: Annotated[tuple[Cidr, ...], Field(min_length=1)] = ("0.0.0.0/0",)
    """Address ranges that can reach the site."""
    access_log_retention_days: Annotated[int, Field(ge=1, le=3650)] = 90
    """Days for which access logs are kept."""

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
            yield Problem(
                key="domain", problem="not given: the site uses HTTP without TLS, which is suitable for tests only"
            )

"""The settings of the account's foundation: what they are, and the only place that reads them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import permutations
from typing import Annotated

import pulumi
from pydantic import Field

from specs.agents import Action, ResourceArn
from specs.base import Finding, Spec
from specs.checking import check, printable
from specs.partition import partition_of
from specs.site import Architecture
from specs.stack_config import given_config, mistakes_around, mistakes_in_keys, values_of, warn
from specs.types import Email, Form, Name, RetentionDays

PREFIX = "bootstrap"
WHERE_SECRETS_BELONG = "nothing here is secret; write it in plain text"
REPOSITORY = re.compile(r"[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}")
BRANCH = re.compile(r"(?!/)[A-Za-z0-9._/-]{1,200}(?<!/)")
PATH = re.compile(r"(?!/)(?!.*\.\.)[A-Za-z0-9._/-]{1,200}")
PROVIDER_ARN = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/token\.actions\.githubusercontent\.com")
WITHOUT_CONNECTIONS = frozenset(
    {
        *("af-south-1", "ap-east-1", "ap-northeast-3", "ap-south-2", "ap-southeast-3", "ap-southeast-4"),
        *("eu-central-2", "eu-south-2", "il-central-1", "me-central-1", "me-south-1", "us-gov-west-1"),
        *("cn-north-1", "cn-northwest-1"),
    }
)
"""Regions in which pipelines can't have a connection to GitHub as their source:
docs.aws.amazon.com/codepipeline/latest/userguide/connections-github.html and, for the China Regions,
docs.aws.amazon.com/general/latest/gr/codestar_connections.html, as of 2026-11-27."""

REGISTRY = r"(?:[a-z0-9-]+\.)+[a-z0-9-]+(?::[0-9]{1,5})?(?:/[a-z0-9][a-z0-9._-]*)*"
DOCKER_HUB = r"(?:registry-1\.|index\.|registry\.hub\.)?docker\.(?:io|com)(?![a-z0-9.-])"
MIRROR = re.compile(rf"(?!{DOCKER_HUB}){REGISTRY}")
IMAGE_BY_DIGEST = re.compile(rf"{REGISTRY}@sha256:[0-9a-f]{{64}}")

Mirror = Annotated[str, Form(MIRROR, "a registry that mirrors Docker Hub, such as public.ecr.aws/docker")]
ImageByDigest = Annotated[str, Form(IMAGE_BY_DIGEST, "an image by digest: registry/repository@sha256:...")]
Repository = Annotated[str, Form(REPOSITORY, "a repository on GitHub such as owner/name")]
Branch = Annotated[str, Form(BRANCH, "the name of a branch")]
Path = Annotated[str, Form(PATH, "a path within the repository, without ..")]


class SourceSpec(Spec):
    """A repository on GitHub."""

    repository: Repository | None = None
    """`owner/name`. It must be given."""

    @property
    def full_name(self) -> str:
        """`owner/name`; "" where it is not given, which is a mistake of the account."""
        return self.repository or ""


class InfrastructureSpec(SourceSpec):
    """This repository on GitHub."""

    branch: Branch = "main"
    """A merge to it starts the deploy pipeline."""
    oidc_provider_arn: (
        Annotated[str, Form(PROVIDER_ARN, "the ARN of the account's OpenID Connect provider of GitHub")] | None
    ) = None
    """The account's provider of GitHub, of which there can be one only. Default: it is made here."""


class ApplicationSourceSpec(SourceSpec):
    """The repository of the Laravel application, and how its image is built."""

    branch: Branch = "main"
    """A push to it builds an image."""
    dockerfile: Path = "Dockerfile"
    """The Dockerfile, from the repository's root."""
    context: Path = "."
    """The folder that is given to docker, from the repository's root."""
    architecture: Architecture = Field(default=Architecture.ARM64, strict=False)
    """Processor that the image is built for; that of `story:cluster` in every stack."""
    build_timeout_minutes: Annotated[int, Field(ge=5, le=480)] = 30
    """After so many minutes a build is ended."""
    docker_hub_mirror: Mirror = "public.ecr.aws/docker"
    """Where images of Docker Hub are pulled from: `php` from `<mirror>/library/php`. What the mirror does not have
    comes from Docker Hub, which limits pulls. Default: Docker's official images on Amazon ECR Public."""
    buildkit_image: ImageByDigest = (
        "public.ecr.aws/vend/moby/buildkit@sha256:2f5adac4ecd194d9f8c10b7b5d7bceb5186853db1b26e5abd3a657af0b7e26ec"
    )
    """BuildKit, by digest. If its registry does not have that digest, it comes from `moby/buildkit` on Docker Hub.
    Default: BuildKit 0.31.2."""


class ApprovalSpec(Spec):
    """Who is asked before a release goes on, and how long the question stands."""

    emails: tuple[Email, ...] = ()
    """Who is told that a release waits. Default: nobody; it can be seen in the console."""
    timeout_minutes: Annotated[int, Field(ge=5, le=86400)] = 4320
    """After so many minutes without an answer the release is refused; at most 86400, which is 60 days."""


class TrailSpec(Spec):
    """CloudTrail, where the account has none yet."""

    enabled: bool = True
    """False where the account or its organization has a trail: the first one is free, the second one is not."""
    retention_days: RetentionDays = 365
    """How long the records are kept, in days."""


class AccountSettings(Spec):
    """All keys that begin with `bootstrap:`."""

    protect: bool = True
    """Protect whatever holds state, images or records from deletion."""
    infrastructure: InfrastructureSpec = InfrastructureSpec()
    """This repository on GitHub."""
    application: ApplicationSourceSpec = ApplicationSourceSpec()
    """The repository of the Laravel application, and how its image is built."""
    stages: Annotated[tuple[Name, ...], Field(min_length=1, max_length=5)] = ("dev", "prod")
    """Stacks in the order of a release; each but the first waits for an approval."""
    approval: ApprovalSpec = ApprovalSpec()
    """Who is asked before a release goes on, and how long the question stands."""
    task_rights: dict[Action, ResourceArn] = Field(default={})
    """What tasks may do beyond what every application needs, action to ARN: the `rights` in `story:agents` of all
    stacks; `secretsmanager:GetSecretValue` and `kms:Decrypt` for secrets and keys of another account or region. The
    boundary lets no role do more."""
    trail: TrailSpec = TrailSpec()
    """CloudTrail, where the account has none yet."""

    def mistakes(self) -> Iterator[Finding]:
        yield from super().mistakes()
        for key in ("infrastructure", "application"):
            if getattr(self, key).repository is None:
                yield Finding(
                    key=f"{key}.repository", problem="not given; allowed is a repository on GitHub such as owner/name"
                )
        if len(set(self.stages)) != len(self.stages):
            yield Finding(key="stages", problem=f"given {', '.join(self.stages)}; allowed is each stack once")
        for short, long in permutations(sorted(set(self.stages)), 2):
            if long.startswith(f"{short}-"):
                yield Finding(
                    key="stages",
                    problem=f"given {short} and {long}; allowed are names of which none begins with another and a -, "
                    "because roles are limited by the beginnings of names",
                )

    def warnings(self) -> Iterator[Finding]:
        yield from super().warnings()
        if len(self.stages) > 1 and not self.approval.emails:
            yield Finding(
                key="approval.emails", problem="nobody is told that a release waits; it shows in CodePipeline's console"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What the program is to build.

    Attributes:
        region: AWS region.
        profile: Profile of the AWS credentials; None for the default ones.
        settings: Its settings.
    """

    region: str
    profile: str | None
    settings: AccountSettings


def _of_region(settings: AccountSettings, region: str) -> Iterator[str]:
    """What is not offered in the region, and ARNs of another partition."""
    if region in WITHOUT_CONNECTIONS:
        yield (
            f"aws:region: given {region}, where AWS has no connections to GitHub, which the pipelines need; "
            'allowed is another region, or bring up its stacks by hand (README.md, "Bring up an environment")'
        )
    partition = partition_of(region).name
    arns = {"infrastructure.oidc_provider_arn": settings.infrastructure.oidc_provider_arn or ""}
    arns |= {f"task_rights.{action}": arn for action, arn in settings.task_rights.items()}
    for key, arn in arns.items():
        if arn and not arn.startswith(f"arn:{partition}:"):
            yield f'{PREFIX}:{key}: given "{arn}"; allowed in {region} is an ARN that begins with arn:{partition}:'


def read() -> Account:
    """The account that the engine runs the program for. Its warnings are shown as Pulumi's.

    Raises:
        pulumi.RunError: One line for each mistake; Pulumi shows it without a traceback.
    """
    config, secret_keys = given_config()
    account, warnings = account_of(pulumi.get_stack(), config, secret_keys)
    warn(warnings)
    return account


def account_of(
    name: str, config: Mapping[str, str], secret_keys: AbstractSet[str] = frozenset()
) -> tuple[Account, Sequence[str]]:
    """The account that these values describe, and lines that a person should read.

    Args:
        name: Name of the stack.
        config: Stack config as the engine hands it over: full keys, maps as JSON text.
        secret_keys: Keys of `config` that hold encrypted values.

    Raises:
        pulumi.RunError: One line for each mistake.
    """
    region = config.get("aws:region", "")
    values, unread = values_of(PREFIX, list(AccountSettings.model_fields), config, secret_keys, WHERE_SECRETS_BELONG)
    checked = check(AccountSettings, values, unread)
    settings = checked.spec
    findings = [*checked.mistakes, *checked.founded(settings.mistakes())]
    lines = [
        *mistakes_around(name, region),
        *mistakes_in_keys(PREFIX, config),
        *_of_region(settings, region),
        *(f"{PREFIX}:{finding.key}: {finding.problem}" for finding in findings),
    ]
    if lines:
        raise pulumi.RunError("\n".join(map(printable, lines)))
    account = Account(region=region, profile=config.get("aws:profile"), settings=settings)
    return account, [f"{PREFIX}:{finding.key}: {finding.problem}" for finding in settings.warnings()]

"""The settings of the account's foundation, and the functions that read them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import permutations
from typing import Annotated

import pulumi
from pydantic import Field

from settings.agents import Action, ResourceArn
from settings.base import Problem, Spec
from settings.checking import check, printable
from settings.partition import partition_of
from settings.site import Architecture
from settings.stack_config import given_config, mistakes_around, mistakes_in_keys, values_of, warn
from settings.types import Email, Format, Name, RetentionDays

PREFIX = "bootstrap"
WHERE_SECRETS_BELONG = "no setting here is a secret; write it in plain text"
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

Mirror = Annotated[str, Format(MIRROR, "a registry that mirrors Docker Hub, such as public.ecr.aws/docker")]
ImageByDigest = Annotated[str, Format(IMAGE_BY_DIGEST, "an image by digest: registry/repository@sha256:...")]
Repository = Annotated[str, Format(REPOSITORY, "a repository on GitHub such as owner/name")]
Branch = Annotated[str, Format(BRANCH, "the name of a branch")]
Path = Annotated[str, Format(PATH, "a path within the repository, without ..")]


class SourceSpec(Spec):
    """A repository on GitHub."""

    repository: Repository | None = None
    """`owner/name`. Required."""

    @property
    def full_name(self) -> str:
        """`owner/name`; "" if it is not given, which `AccountSettings` reports as a mistake."""
        return self.repository or ""


class InfrastructureSpec(SourceSpec):
    """This repository on GitHub."""

    branch: Branch = "main"
    """A merge to it starts the deploy pipeline."""
    oidc_provider_arn: (
        Annotated[str, Format(PROVIDER_ARN, "the ARN of the account's OpenID Connect provider of GitHub")] | None
    ) = None
    """ARN of the account's OpenID Connect provider of GitHub; an account can have only one. Default: it is created."""


class ApplicationSourceSpec(SourceSpec):
    """The repository of the Laravel application, and the build of its image."""

    branch: Branch = "main"
    """A push to it builds an image."""
    dockerfile: Path = "Dockerfile"
    """Path of the Dockerfile in the repository."""
    context: Path = "."
    """Path of Docker's build context in the repository."""
    architecture: Architecture = Field(default=Architecture.ARM64, strict=False)
    """CPU architecture of the image; the same as in `story:cluster` of every stack."""
    build_timeout_minutes: Annotated[int, Field(ge=5, le=480)] = 30
    """Timeout of a build, in minutes."""
    docker_hub_mirror: Mirror = "public.ecr.aws/docker"
    """Mirror of Docker Hub: `php` is pulled from `<mirror>/library/php`. Images that the mirror lacks are pulled from
    Docker Hub, which limits pulls. Default: Docker's official images on Amazon ECR Public."""
    buildkit_image: ImageByDigest = (
        "public.ecr.aws/vend/moby/buildkit@sha256:2f5adac4ecd194d9f8c10b7b5d7bceb5186853db1b26e5abd3a657af0b7e26ec"
    )
    """BuildKit, by digest. If the registry does not have the digest, it is pulled from `moby/buildkit` on Docker Hub.
    Default: BuildKit 0.31.2."""


class ApprovalSpec(Spec):
    """The approval of a release: who is notified, and the timeout."""

    emails: tuple[Email, ...] = ()
    """E-mail addresses that are notified when a release waits for approval. Default: none; the console shows it."""
    timeout_minutes: Annotated[int, Field(ge=5, le=86400)] = 4320
    """Minutes after which a release without an answer is rejected; at most 86400 (60 days)."""


class TrailSpec(Spec):
    """CloudTrail, if the account has no trail yet."""

    enabled: bool = True
    """Set to false if the account or its organization already has a trail: only the first trail is free."""
    retention_days: RetentionDays = 365
    """Days for which the records are kept."""


class AccountSettings(Spec):
    """All keys that begin with `bootstrap:`."""

    protect: bool = True
    """Protect everything that holds state, images or records from deletion."""
    infrastructure: InfrastructureSpec = InfrastructureSpec()
    """This repository on GitHub."""
    application: ApplicationSourceSpec = ApplicationSourceSpec()
    """The repository of the Laravel application, and the build of its image."""
    stages: Annotated[tuple[Name, ...], Field(min_length=1, max_length=5)] = ("dev", "prod")
    """Stacks in the order of a release; each one except the first waits for an approval."""
    approval: ApprovalSpec = ApprovalSpec()
    """The approval of a release: who is notified, and the timeout."""
    task_rights: dict[Action, ResourceArn] = Field(default={})
    """Additional permissions of tasks, ARN by action: the `rights` in `story:agents` of all stacks;
    `secretsmanager:GetSecretValue` and `kms:Decrypt` for secrets and keys of another account or region. The boundary
    denies everything else to the stacks' roles."""
    trail: TrailSpec = TrailSpec()
    """CloudTrail, if the account has no trail yet."""

    def mistakes(self) -> Iterator[Problem]:
        yield from super().mistakes()
        for key in ("infrastructure", "application"):
            if getattr(self, key).repository is None:
                yield Problem(
                    key=f"{key}.repository", problem="not given; allowed is a repository on GitHub such as owner/name"
                )
        if len(set(self.stages)) != len(self.stages):
            yield Problem(key="stages", problem=f"given {', '.join(self.stages)}; allowed is each stack once")
        for short, long in permutations(sorted(set(self.stages)), 2):
            if long.startswith(f"{short}-"):
                yield Problem(
                    key="stages",
                    problem=f"given {short} and {long}; allowed are names of which none begins with another and a -, "
                    "because roles are limited by the beginnings of names",
                )

    def warnings(self) -> Iterator[Problem]:
        yield from super().warnings()
        if len(self.stages) > 1 and not self.approval.emails:
            yield Problem(
                key="approval.emails",
                problem="none given: no notification is sent when a release waits for approval",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The input of the program.

    Attributes:
        region: AWS region.
        profile: Profile of the AWS credentials; None for the default ones.
        settings: Its settings.
    """

    region: str
    profile: str | None
    settings: AccountSettings


def _of_region(settings: AccountSettings, region: str) -> Iterator[str]:
    """Parts that the region does not offer, and ARNs of another partition."""
    if region in WITHOUT_CONNECTIONS:
        yield (
            f"aws:region: given {region}, where AWS has no connections to GitHub, which the pipelines need; "
            'allowed is another region, or create its stacks by hand (README.md, "Bring up an environment")'
        )
    partition = partition_of(region).name
    arns = {"infrastructure.oidc_provider_arn": settings.infrastructure.oidc_provider_arn or ""}
    arns |= {f"task_rights.{action}": arn for action, arn in settings.task_rights.items()}
    for key, arn in arns.items():
        if arn and not arn.startswith(f"arn:{partition}:"):
            yield f'{PREFIX}:{key}: given "{arn}"; allowed in {region} is an ARN that begins with arn:{partition}:'


def read() -> Account:
    """The account for which the engine runs the program. Warnings are logged with Pulumi.

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
    """The account that these values describe, and the warnings.

    Args:
        name: Name of the stack.
        config: Stack config as the engine passes it: full keys, maps as JSON text.
        secret_keys: Keys of `config` that hold encrypted values.

    Raises:
        pulumi.RunError: One line for each mistake.
    """
    region = config.get("aws:region", "")
    values, unread = values_of(PREFIX, list(AccountSettings.model_fields), config, secret_keys, WHERE_SECRETS_BELONG)
    checked = check(AccountSettings, values, unread)
    settings = checked.spec
    problems = [*checked.mistakes, *checked.without_follow_ups(settings.mistakes())]
    lines = [
        *mistakes_around(name, region),
        *mistakes_in_keys(PREFIX, config),
        *_of_region(settings, region),
        *(f"{PREFIX}:{problem.key}: {problem.problem}" for problem in problems),
    ]
    if lines:
        raise pulumi.RunError("\n".join(map(printable, lines)))
    account = Account(region=region, profile=config.get("aws:profile"), settings=settings)
    return account, [f"{PREFIX}:{problem.key}: {problem.problem}" for problem in settings.warnings()]

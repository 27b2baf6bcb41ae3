"""Images in private registries of Amazon ECR."""

import re
from dataclasses import dataclass

from settings.partition import partition_of, regional_host

HOST = re.compile(r"(?P<account_id>[0-9]{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.[a-z.]+")
PATH = re.compile(r"(?P<repository>[a-z0-9._/-]+)(:[\w.-]+)?(@(?P<digest>sha256:[0-9a-f]{64}))?")
DOCKER_HUB = "Docker Hub"
KEPT_PREFIX = "kept-"
"""Beginning of the tags that keep an image: `kept-<stack>-<beginning of its digest>`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EcrImage:
    """An image in a private registry.

    Attributes:
        account_id: The account of the registry.
        region: AWS region of the registry.
        repository: Name of the repository.
        digest: `sha256:...`; "" if the image is named by a tag alone.
    """

    account_id: str
    region: str
    repository: str
    digest: str

    @property
    def repository_arn(self) -> str:
        """The ARN of its repository."""
        partition = partition_of(self.region).name
        return f"arn:{partition}:ecr:{self.region}:{self.account_id}:repository/{self.repository}"


def registry_host(account_id: str, region: str) -> str:
    """The host name of an account's registry: docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html"""
    return regional_host(region, f"{account_id}.dkr.ecr")


def registry_of(image: str) -> str:
    """The host name of the registry that an image is pulled from; an image that names none is on Docker Hub."""
    first, slash, _ = image.partition("/")
    return first if slash and ("." in first or ":" in first) else DOCKER_HUB


def ecr_image(image: str) -> EcrImage | None:
    """The parts of an image in a private registry of ECR; None for an image in another registry.

    Args:
        image: `<registry>/<repository>`, followed by `:<tag>`, `@sha256:<digest>` or both.
    """
    host, _, path = image.partition("/")
    registry, name = HOST.fullmatch(host), PATH.fullmatch(path)
    if not (registry and name) or host != registry_host(registry["account_id"], registry["region"]):
        return None
    return EcrImage(
        account_id=registry["account_id"],
        region=registry["region"],
        repository=name["repository"],
        digest=name["digest"] or "",
    )

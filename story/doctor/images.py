"""The images of the services: named by digest, in the registry, and built for the tasks' CPU architecture."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from botocore.exceptions import ClientError

from aws.client import Json, items, part
from aws.errors import code_of
from settings.ecr import EcrImage, ecr_image
from story.doctor.context import DoctorContext
from story.doctor.finding import Finding, Severity, ok, unknown
from story.kept_image import MANIFESTS

IMAGE = "image"
ARCHITECTURES = {"ARM64": "arm64", "X86_64": "amd64"}
"""CPU architectures, as a task definition names them and as an image index names them:
docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RuntimePlatform.html,
github.com/opencontainers/image-spec/blob/main/image-index.md"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """An image that a container uses.

    Attributes:
        container: Name of the container.
        image: Its image.
        essential: Whether the task stops with the container.
    """

    container: str
    image: str
    essential: bool


def used_by(definition: Json) -> list[Used]:
    """The images of a task definition."""
    return [
        Used(container=str(one["name"]), image=str(one["image"]), essential=bool(one.get("essential", True)))
        for one in items(definition, "containerDefinitions")
    ]


def evaluate_digest(name: str, used: Used) -> Finding:
    """Whether an image is named by its digest."""
    if "@sha256:" in used.image:
        return ok(IMAGE, name, f"{used.container} runs an image by digest")
    return Finding(
        area=IMAGE,
        subject=name,
        severity=Severity.WARNING if used.essential else Severity.NOTE,
        what=f"{used.container} runs {used.image}, which is not named by its digest",
        why="a new task may run different code from the tasks beside it",
        fix="name it by digest: STORY_IMAGE=<repository>@sha256:<digest> for the site, `image` for an agent",
    )


def evaluate_in_registry(name: str, image: str, response: Json, architecture: str) -> Finding:
    """Whether the registry has an image, built for the tasks' CPU architecture.

    Args:
        name: The service.
        image: The image by digest.
        response: Response of BatchGetImage.
        architecture: `ARM64` or `X86_64`; "" if the task definition names none.
    """
    failures = [str(one.get("failureCode", "")) for one in items(response, "failures")]
    found = items(response, "images")
    if not found:
        return Finding(
            area=IMAGE,
            subject=name,
            severity=Severity.ERROR,
            what=f"{image} is not in the registry ({', '.join(failures) or 'no reason given'})",
            why="running tasks continue, but new tasks cannot start, neither after a failure nor to scale out",
            fix="push it again, or release another image: STORY_IMAGE=<repository>@sha256:<digest> pulumi up",
        )
    built_for = architectures(str(found[0].get("imageManifest", "")))
    needed = ARCHITECTURES.get(architecture, "")
    if built_for and needed and needed not in built_for:
        return Finding(
            area=IMAGE,
            subject=name,
            severity=Severity.ERROR,
            what=f"{image} is built for {', '.join(built_for)}, but the tasks have {needed}",
            why="new tasks cannot start: exec format error, or CannotPullContainerError",
            fix=f"build it for {needed} (docker build --platform linux/{needed}), or change cluster.architecture",
        )
    return ok(IMAGE, name, f"the registry has {short(image)}{f' for {needed}' if built_for and needed else ''}")


def architectures(manifest: str) -> Sequence[str]:
    """The CPU architectures in an image index; none for the manifest of a single image, which does not name one."""
    try:
        content = cast(Json, json.loads(manifest or "{}"))
    except ValueError:
        return []
    listed = {str(part(one, "platform").get("architecture", "")) for one in items(content, "manifests")}
    # Attestations are listed with an unknown architecture.
    return sorted(listed - {"", "unknown"})


def short(image: str) -> str:
    """The short name of an image: its repository and the beginning of the digest."""
    repository, _, digest = image.partition("@sha256:")
    return f"{repository.rpartition('/')[2]}@{digest[:12]}" if digest else image


def check_service(context: DoctorContext, name: str) -> Iterator[Finding]:
    """The images of a service."""
    definition = context.definition_of(name)
    architecture = str(part(definition, "runtimePlatform").get("cpuArchitecture", ""))
    used = used_by(definition)
    for one in used:
        yield evaluate_digest(name, one)
    for image in sorted({one.image for one in used}):
        if (found := ecr_image(image)) and found.digest:
            yield _check_registry(context, name, image, found, architecture)


def _check_registry(context: DoctorContext, name: str, image: str, found: EcrImage, architecture: str) -> Finding:
    if found.region != context.region:
        return unknown(IMAGE, name, f"{short(image)}: it is in {found.region}, the stack is in {context.region}")
    request: dict[str, Any] = {
        "registryId": found.account_id,
        "repositoryName": found.repository,
        "imageIds": [{"imageDigest": found.digest}],
        "acceptedMediaTypes": list(MANIFESTS),
    }
    try:
        response = context.aws.call("ecr", "batch_get_image", **request)
    except ClientError as error:
        if code_of(error) != "RepositoryNotFoundException":
            raise
        return unknown(
            IMAGE,
            name,
            f"{short(image)}: the registry of {found.account_id} has no such repository, or access to it is denied",
        )
    return evaluate_in_registry(name, image, response, architecture)

"""The images of the services: by digest, in the registry, and built for the tasks' processor."""

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
PROCESSORS = {"ARM64": "arm64", "X86_64": "amd64"}
"""What a task definition calls a processor, and what an image index calls it:
docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RuntimePlatform.html,
github.com/opencontainers/image-spec/blob/main/image-index.md"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """An image that a container uses.

    Attributes:
        container: Name of the container.
        image: Its image.
        essential: The task stops with the container.
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
    """Whether an image is named by what it contains."""
    if "@sha256:" in used.image:
        return ok(IMAGE, name, f"{used.container} runs an image by digest")
    return Finding(
        area=IMAGE,
        subject=name,
        severity=Severity.WARNING if used.essential else Severity.NOTE,
        what=f"{used.container} runs {used.image}, which is not named by its digest",
        why="a task that is replaced may come with other code than its neighbours",
        fix="name it by digest: STORY_IMAGE=<repository>@sha256:<digest> for the site, `image` for an agent",
    )


def evaluate_in_registry(name: str, image: str, answer: Json, architecture: str) -> Finding:
    """Whether the registry has an image, and for the tasks' processor.

    Args:
        name: The service.
        image: The image by digest.
        answer: Of BatchGetImage.
        architecture: `ARM64` or `X86_64`; "" if the task definition does not say.
    """
    failures = [str(one.get("failureCode", "")) for one in items(answer, "failures")]
    found = items(answer, "images")
    if not found:
        return Finding(
            area=IMAGE,
            subject=name,
            severity=Severity.ERROR,
            what=f"{image} is not in the registry ({', '.join(failures) or 'no reason given'})",
            why="running tasks go on, but no new one can start: neither after a failure nor to scale out",
            fix="push it again, or release another one: STORY_IMAGE=<repository>@sha256:<digest> pulumi up",
        )
    built_for = processors(str(found[0].get("imageManifest", "")))
    wanted = PROCESSORS.get(architecture, "")
    if built_for and wanted and wanted not in built_for:
        return Finding(
            area=IMAGE,
            subject=name,
            severity=Severity.ERROR,
            what=f"{image} is built for {', '.join(built_for)}, the tasks have {wanted}",
            why="no new task can start: exec format error, or CannotPullContainerError",
            fix=f"build it for {wanted} (docker build --platform linux/{wanted}), or change cluster.architecture",
        )
    return ok(IMAGE, name, f"the registry has {short(image)}{f' for {wanted}' if built_for and wanted else ''}")


def processors(manifest: str) -> Sequence[str]:
    """The processors that an image index lists; none where there is one image alone, which does not say."""
    try:
        content = cast(Json, json.loads(manifest or "{}"))
    except ValueError:
        return []
    listed = {str(part(one, "platform").get("architecture", "")) for one in items(content, "manifests")}
    # An attestation beside the images is listed as of an unknown processor.
    return sorted(listed - {"", "unknown"})


def short(image: str) -> str:
    """An image in few letters: its repository, and the beginning of the digest."""
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
        return unknown(IMAGE, name, f"{short(image)}: it is in {found.region}, the stack in {context.region}")
    asked: dict[str, Any] = {
        "registryId": found.account_id,
        "repositoryName": found.repository,
        "imageIds": [{"imageDigest": found.digest}],
        "acceptedMediaTypes": list(MANIFESTS),
    }
    try:
        answer = context.aws.call("ecr", "batch_get_image", **asked)
    except ClientError as error:
        if code_of(error) != "RepositoryNotFoundException":
            raise
        return unknown(IMAGE, name, f"{short(image)}: registry {found.account_id} shows no such repository")
    return evaluate_in_registry(name, image, answer, architecture)

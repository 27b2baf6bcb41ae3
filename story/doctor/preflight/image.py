"""The images of the update: in a registry that the tasks can reach, and built for their CPU architecture."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from aws.client import Json, items, part
from aws.errors import code_of
from settings.ecr import EcrImage, ecr_image, registry_host
from story.doctor.finding import Finding, Severity, ok, unknown
from story.doctor.images import IMAGE, architectures, evaluate_in_registry, short, used_by
from story.doctor.preflight.subject import Subject
from story.kept_image import MANIFESTS
from story.plan.program import EXAMPLE_DIGEST

WITHOUT_NAT = "None"


def evaluate_given(image: str, *, is_first: bool) -> Finding:
    """Whether the update has an image.

    Args:
        image: Image of the update; "" for none.
        is_first: Whether no image is deployed yet.
    """
    if image:
        return ok(IMAGE, "", f"the update deploys {short(image)}")
    detail = "the first update needs one" if is_first else "none is deployed"
    return Finding(
        area=IMAGE,
        severity=Severity.NOTE,
        what=f"no image was given, so none was checked; {detail}",
        fix="give --image REGISTRY/REPOSITORY@sha256:..., or set the variable STORY_IMAGE",
    )


def evaluate_reach(image: str, *, nat: str, region: str, account: str) -> Finding:
    """Whether a task can pull an image.

    Args:
        image: The image.
        nat: `None`, `Single` or `OnePerAz`.
        region: The stack's region.
        account: Account of the credentials.
    """
    place = ecr_image(image)
    if nat == WITHOUT_NAT and (place is None or place.region != region):
        return Finding(
            area=IMAGE,
            subject=short(image),
            severity=Severity.ERROR,
            what="the tasks cannot reach its registry: network.nat is none",
            why="the interface endpoints reach only ECR in the stack's region: CannotPullContainerError",
            fix=f"set network.nat: single, or use an image in {registry_host('<account>', region)}",
        )
    if place and place.account_id != account:
        return Finding(
            area=IMAGE,
            subject=short(image),
            severity=Severity.NOTE,
            what=f"it is in the registry of account {place.account_id}, but the stack is in {account}",
            why="the repository's policy must allow this account's roles to pull it, which cannot be checked from here",
            fix="see docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policy-examples.html",
        )
    return ok(IMAGE, short(image), "the tasks can reach its registry")


def evaluate_image(image: str, architecture: str, response: Json) -> Iterator[Finding]:
    """Whether ECR has an image, built for the tasks' CPU architecture.

    Args:
        image: The image by digest.
        architecture: `ARM64` or `X86_64`.
        response: Response of BatchGetImage.
    """
    finding = evaluate_in_registry(short(image), image, response, architecture)
    yield finding
    found = items(response, "images")
    if finding.severity is Severity.OK and not architectures(str(found[0].get("imageManifest", ""))):
        yield unknown(
            IMAGE,
            short(image),
            f"its CPU architecture: the manifest does not name it; the tasks have {architecture or 'X86_64'}",
        )


def check_given(subject: Subject) -> Iterator[Finding]:
    """The image of the update."""
    yield evaluate_given(subject.planned.image, is_first=not subject.owned.image)


def images_of(subject: Subject) -> list[tuple[str, str]]:
    """Each image that a container uses, and the CPU architecture of its tasks; without the example image."""
    found = {
        (used.image, str(part(definition, "runtimePlatform").get("cpuArchitecture", "")))
        for definition in subject.planned.definitions().values()
        for used in used_by(definition)
    }
    return sorted(one for one in found if subject.planned.image or not one[0].endswith(EXAMPLE_DIGEST))


def check_image(subject: Subject, image: str, architecture: str) -> Iterator[Finding]:
    """One image."""
    yield evaluate_reach(image, nat=subject.planned.nat, region=subject.region, account=subject.account)
    place = ecr_image(image)
    if place is None or not place.digest:
        yield unknown(
            IMAGE, short(image), f"whether the registry has {image}: it is not in ECR, or not named by digest"
        )
    elif place.region != subject.region:
        yield unknown(IMAGE, short(image), f"whether the registry has it: it is in {place.region}")
    else:
        yield from _in_registry(subject, image, architecture, place)


def _in_registry(subject: Subject, image: str, architecture: str, place: EcrImage) -> Iterator[Finding]:
    request: dict[str, Any] = {
        "registryId": place.account_id,
        "repositoryName": place.repository,
        "imageIds": [{"imageDigest": place.digest}],
        "acceptedMediaTypes": list(MANIFESTS),
    }
    try:
        yield from evaluate_image(image, architecture, subject.aws.call("ecr", "batch_get_image", **request))
    except ClientError as error:
        if code_of(error) != "RepositoryNotFoundException":
            raise
        yield _no_repository(subject, image, place)


def _no_repository(subject: Subject, image: str, place: EcrImage) -> Finding:
    what = f"the registry of {place.account_id} has no repository {place.repository}"
    if place.account_id != subject.account:
        return unknown(IMAGE, short(image), f"{what}, or access to it is denied")
    return Finding(
        area=IMAGE,
        subject=short(image),
        severity=Severity.ERROR,
        what=what,
        why="tasks cannot start: CannotPullContainerError",
        fix="push the image first, or release another one: STORY_IMAGE=<repository>@sha256:<digest>",
    )

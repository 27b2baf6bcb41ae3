"""Images in ECR that no rule of a repository may take away, because a stack was released with them."""

from typing import Any

from botocore.exceptions import ClientError

from aws.client import connect, items
from aws.errors import code_of
from settings.ecr import KEPT_PREFIX, ecr_image

DIGEST_LETTERS = 16
MANIFESTS = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)


class NoSuchImageError(Exception):
    """The repository does not have the image; the message is the one line to show."""


def keep(image: str, stack: str) -> str:
    """Give an image the tag by which its repository keeps it; asked twice, it stays as it is.

    A tag that never moves can only be added, by sending the image's manifest again:
    docs.aws.amazon.com/AmazonECR/latest/userguide/image-retag.html

    Args:
        image: `<registry>/<repository>@sha256:...`.
        stack: Name of the stack that is released with it.

    Returns:
        The tag; "" for an image in another registry than ECR, which keeps images as it likes.

    Raises:
        NoSuchImageError: The repository does not have the image.
        botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: AWS refused, or was not there.
    """
    place = ecr_image(image)
    if place is None or not place.digest:
        return ""
    aws = connect(place.region, None)
    where = {"registryId": place.account_id, "repositoryName": place.repository}
    answer = aws.call(
        "ecr",
        "batch_get_image",
        **where,
        imageIds=[{"imageDigest": place.digest}],
        acceptedMediaTypes=list(MANIFESTS),
    )
    found = items(answer, "images")
    if not found:
        raise NoSuchImageError(f"there is no image {image}")
    tag = f"{KEPT_PREFIX}{stack}-{place.digest.removeprefix('sha256:')[:DIGEST_LETTERS]}"
    manifest: dict[str, Any] = {"imageManifest": found[0]["imageManifest"], "imageTag": tag}
    if kind := found[0].get("imageManifestMediaType"):
        manifest["imageManifestMediaType"] = kind
    try:
        aws.call("ecr", "put_image", **where, **manifest)
    except ClientError as error:
        if code_of(error) != "ImageAlreadyExistsException":
            raise
    return tag

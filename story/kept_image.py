"""Tags images in ECR so that lifecycle rules of the repository keep them, because a stack was released with them."""

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
    """The repository does not have the image; the message is one line for the user."""


def keep(image: str, stack: str, profile: str | None) -> str:
    """Add the tag to an image by which its repository keeps it. A second call changes nothing.

    An immutable tag is added by putting the image's manifest again:
    docs.aws.amazon.com/AmazonECR/latest/userguide/image-retag.html

    Args:
        image: `<registry>/<repository>@sha256:...`.
        stack: Name of the stack that is released with it.
        profile: Profile of the AWS credentials, from the stack's `aws:profile`; None for the default credentials.

    Returns:
        The tag; "" for an image that is not in ECR, whose registry has rules of its own.

    Raises:
        NoSuchImageError: The repository does not have the image.
        botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: The call failed, or there is
            no such profile.
    """
    named = ecr_image(image)
    if named is None or not named.digest:
        return ""
    aws = connect(named.region, profile)
    where = {"registryId": named.account_id, "repositoryName": named.repository}
    answer = aws.call(
        "ecr",
        "batch_get_image",
        **where,
        imageIds=[{"imageDigest": named.digest}],
        acceptedMediaTypes=list(MANIFESTS),
    )
    found = items(answer, "images")
    if not found:
        raise NoSuchImageError(f"there is no image {image}")
    tag = f"{KEPT_PREFIX}{stack}-{named.digest.removeprefix('sha256:')[:DIGEST_LETTERS]}"
    manifest: dict[str, Any] = {"imageManifest": found[0]["imageManifest"], "imageTag": tag}
    if kind := found[0].get("imageManifestMediaType"):
        manifest["imageManifestMediaType"] = kind
    try:
        aws.call("ecr", "put_image", **where, **manifest)
    except ClientError as error:
        if code_of(error) != "ImageAlreadyExistsException":
            raise
    return tag

"""Images that a repository keeps, on the emulator."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ProfileNotFound

from aws.client import AwsClient
from story.kept_image import NoSuchImageError, keep

REGISTRY = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com"


@pytest.fixture
def image(aws: AwsClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    ecr = aws.service("ecr")
    ecr.create_repository(repositoryName="site", imageTagMutability="IMMUTABLE")
    kind = "application/vnd.oci.image.manifest.v1+json"
    manifest = json.dumps({"schemaVersion": 2, "mediaType": kind, "layers": [{"digest": "one"}]})
    pushed = ecr.put_image(repositoryName="site", imageManifest=manifest, imageTag="build-1")
    yield f"{REGISTRY}/site@{pushed['image']['imageId']['imageDigest']}"
    ecr.delete_repository(repositoryName="site", force=True)


def tags(aws: AwsClient) -> set[str]:
    return {one["imageTag"] for one in aws.service("ecr").list_images(repositoryName="site")["imageIds"]}


def test_a_released_image_gets_a_tag_of_the_stack_beside_its_own(aws: AwsClient, image: str) -> None:
    digest = image.partition("@sha256:")[2]
    assert keep(image, "prod", None) == f"kept-prod-{digest[:16]}"
    assert tags(aws) == {"build-1", f"kept-prod-{digest[:16]}"}


def test_asked_again_it_stays_as_it_is(aws: AwsClient, image: str) -> None:
    assert keep(image, "prod", None) == keep(image, "prod", None)
    keep(image, "dev", None)
    assert len(tags(aws)) == 3


@pytest.mark.usefixtures("image")
def test_an_image_that_is_not_there_is_named() -> None:
    missing = f"{REGISTRY}/site@sha256:{'0' * 64}"
    with pytest.raises(NoSuchImageError, match=f"there is no image {missing}"):
        keep(missing, "prod", None)


def test_the_tag_is_added_with_the_credentials_of_the_stacks_profile(
    aws: AwsClient, image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config"
    file.write_text("[profile work]\naws_access_key_id = test\naws_secret_access_key = test\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with pytest.raises(ProfileNotFound, match="play"):
        keep(image, "prod", "play")
    assert keep(image, "prod", "work") in tags(aws)


def test_an_image_in_another_registry_gets_no_tag() -> None:
    assert keep(f"ghcr.io/example/site@sha256:{'1' * 64}", "prod", None) == ""

"""How the pipeline builds an image: which registries it asks, by the commands of bootstrap/build.yml."""

import json
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bootstrap.account_settings import ApplicationSourceSpec
from settings.partition import ca_bundle_url
from tests.bootstrap.given import FOLDER, account
from tests.e2e import buildspec

DIGEST = "sha256:" + "5" * 64
TOOL = """#!/bin/bash
# Writes down how it was called, and refuses what UNAVAILABLE names.
printf '%s\\n' "$(basename "$0") $*" >> "$CALLS"
case "$*" in *"${UNAVAILABLE:-nothing}"*) exit 1;; esac
[ "$1 $2" = "buildx create" ] && cp "$BUILDKIT_CONFIG" "$CALLS.toml"
[ "$1 $2" = "buildx build" ] && echo '{"containerimage.digest": "sha256:abc"}' > built.json
exit 0
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What a build did.

    Attributes:
        returncode: 0 if every command succeeded.
        calls: How docker and aws were called.
        mirrors: BuildKit's mirrors of docker.io; none if there was no builder.
    """

    returncode: int
    calls: list[str]
    mirrors: list[str]

    def docker(self, command: str) -> list[str]:
        """The calls of a command of docker."""
        return [call for call in self.calls if call.startswith(f"docker {command} ")]


def environment_of_the_project(**application: Any) -> dict[str, str]:
    """The variables of the CodeBuild project that have values before there is an account."""
    made = account(application=application).one("aws:codebuild/project:Project", "build").inputs
    given = {one["name"]: one["value"] for one in made["environment"]["environmentVariables"]}
    return {name: value if isinstance(value, str) else name.lower() for name, value in given.items()}


def build(folder: Path, unavailable: str = "nothing", **application: Any) -> Built:
    tools, source = folder / "tools", folder / "source"
    tools.mkdir()
    source.mkdir()
    for name in ("docker", "aws"):
        (tools / name).write_text(TOOL)
        (tools / name).chmod(0o755)
    calls = folder / "calls"
    ended = buildspec.run(
        FOLDER / "build.yml",
        {
            **environment_of_the_project(**application),
            "CALLS": str(calls),
            "CODEBUILD_BUILD_NUMBER": "7",
            "CODEBUILD_RESOLVED_SOURCE_VERSION": "a" * 40,
            "PATH": f"{tools}:{os.environ['PATH']}",
            "UNAVAILABLE": unavailable,
        },
        source,
    )
    config = Path(f"{calls}.toml")
    mirrors = tomllib.loads(config.read_text("utf-8"))["registry"]["docker.io"]["mirrors"] if config.exists() else []
    return Built(returncode=ended.returncode, calls=calls.read_text("utf-8").splitlines(), mirrors=mirrors)


def test_an_image_is_built_without_docker_hub_where_the_mirror_has_what_it_needs(tmp_path: Path) -> None:
    built = build(tmp_path)
    assert built.returncode == 0
    # BuildKit takes a path in a mirror: github.com/moby/buildkit/blob/master/docs/buildkitd.toml.md
    assert built.mirrors == ["public.ecr.aws/docker"]
    [create] = built.docker("buildx create")
    [image] = [word for word in create.split() if word.startswith("image=")]
    assert image == f"image={ApplicationSourceSpec().buildkit_image}"
    assert image.startswith("image=public.ecr.aws/")
    assert "--buildkitd-config /" in create
    [made] = built.docker("buildx build")
    assert "--build-arg OFFICIAL_IMAGES=public.ecr.aws/docker/library " in made
    assert f"--build-arg RDS_CA_BUNDLE={ca_bundle_url('ap-northeast-1')} " in made
    assert not [call for call in built.calls if "docker.io" in call]


def test_buildkit_comes_from_docker_hub_by_the_same_digest_where_the_mirror_does_not_have_it(tmp_path: Path) -> None:
    built = build(tmp_path, unavailable="public.ecr.aws/vend", buildkit_image=f"public.ecr.aws/vend/buildkit@{DIGEST}")
    assert built.returncode == 0
    assert built.docker("pull") == [
        f"docker pull --quiet public.ecr.aws/vend/buildkit@{DIGEST}",
        f"docker pull --quiet docker.io/moby/buildkit@{DIGEST}",
    ]
    assert f"--driver-opt image=docker.io/moby/buildkit@{DIGEST}" in built.docker("buildx create")[0]


def test_a_build_without_buildkit_ends_there(tmp_path: Path) -> None:
    built = build(tmp_path, unavailable="buildkit@sha256")
    assert built.returncode != 0
    assert built.docker("buildx create") == built.docker("buildx build") == []
    assert not [call for call in built.calls if "put-parameter" in call], "nothing new is the newest image"


def test_another_mirror_serves_buildkit_and_the_dockerfile(tmp_path: Path) -> None:
    mirror = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/docker-hub"
    built = build(tmp_path, docker_hub_mirror=mirror)
    assert built.mirrors == [mirror]
    assert f"--build-arg OFFICIAL_IMAGES={mirror}/library " in built.docker("buildx build")[0]


def test_the_newest_image_is_the_one_that_was_pushed(tmp_path: Path) -> None:
    build(tmp_path)
    newest = json.loads((tmp_path / "source" / "newest.json").read_text("utf-8"))
    assert newest == {"image": "repository@sha256:abc", "commit": "a" * 40}


@pytest.mark.parametrize(
    "mirror", ["public.ecr.aws/docker", "mirror.gcr.io", "registry.example.com:5000/hub", "docker.io.example.com"]
)
def test_a_mirror_is_a_registry_with_or_without_a_path(mirror: str) -> None:
    assert ApplicationSourceSpec(docker_hub_mirror=mirror).docker_hub_mirror == mirror

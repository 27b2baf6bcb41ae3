"""The pipelines' own commands, as they stand: an image is built, resolved, released in dev and then in prod.

Docker is a script that says which digest it pushed; the image of that digest is in the emulated registry.
"""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bootstrap.account_settings import ApplicationSourceSpec
from settings.partition import ca_bundle_url
from story.local.engine import REGION, write_settings
from tests.e2e import buildspec
from tests.e2e.checkout import copy_of_the_repository, emulated
from tests.e2e.conftest import Begin
from tests.e2e.support import PROJECT, WITHOUT_STORES, Stack, steps_in

REPOSITORY = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/story"
PARAMETER = "/bootstrap-story-newest-image"
DOCKER = """#!/bin/sh
echo "docker $*" >> "$DOCKER_LOG"
case "$1 $2" in
"login --username") cat > /dev/null ;;
"buildx build") printf '{"containerimage.digest": "%s"}' "$PUSHED_DIGEST" > built.json ;;
esac
"""


@dataclass(kw_only=True)
class Pipelines:
    """What CodePipeline would do, by hand.

    Attributes:
        folder: A copy of this repository, with small settings for dev and prod.
        stack: Stack `dev` on the emulator.
        docker_log: How docker was called.
    """

    folder: Path
    stack: Stack
    docker_log: Path
    pushed: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What a build finds set."""
        return emulated(self.stack.engine.emulator_url, self.folder / ".state")

    def build(self, content: str) -> str:
        """A push to the application's repository; returns the image."""
        kind = "application/vnd.oci.image.manifest.v1+json"
        manifest = json.dumps({"schemaVersion": 2, "mediaType": kind, "layers": [{"digest": content}]})
        pushed = self.stack.client("ecr").put_image(
            repositoryName="story", imageManifest=manifest, imageTag=f"build-{content}"
        )
        digest = pushed["image"]["imageId"]["imageDigest"]
        project = {
            "BUILDKIT_IMAGE": ApplicationSourceSpec().buildkit_image,
            "CACHE": f"{REPOSITORY}-cache",
            "CONTEXT": ".",
            "DOCKERFILE": "Dockerfile",
            "DOCKER_HUB_MIRROR": ApplicationSourceSpec().docker_hub_mirror,
            "PARAMETER": PARAMETER,
            "PLATFORM": "linux/arm64",
            "PLATFORM_TAG": "arm64",
            "RDS_CA_BUNDLE": ca_bundle_url(REGION),
            "REPOSITORY": REPOSITORY,
        }
        codebuild = {"CODEBUILD_BUILD_NUMBER": "7", "CODEBUILD_RESOLVED_SOURCE_VERSION": content * 20}
        tools = {
            "DOCKER_LOG": str(self.docker_log),
            "PUSHED_DIGEST": digest,
            "PATH": f"{self.docker_log.parent}:{PROJECT / '.venv/bin'}:{os.environ['PATH']}",
        }
        built = self.run("bootstrap/build.yml", {**project, **codebuild, **tools})
        assert built.returncode == 0, built.log
        return f"{REPOSITORY}@{digest}"

    def resolve(self) -> Mapping[str, str]:
        """The deploy pipeline's first action."""
        tools = {"PATH": f"{PROJECT / '.venv/bin'}:{os.environ['PATH']}"}
        resolved = self.run("bootstrap/resolve.yml", {"PARAMETER": PARAMETER, **tools})
        assert resolved.returncode == 0, resolved.log
        return resolved.exported

    def deploy(self, stack: str, resolved: Mapping[str, str]) -> buildspec.Build:
        """A stage of the deploy pipeline."""
        after = "dev" if stack == "prod" else ""
        given = {"STORY_STACK": stack, "STORY_AFTER": after, "STORY_IMAGE": resolved["STORY_IMAGE"]}
        return self.run("buildspec.yml", given)

    def run(self, file: str, environment: Mapping[str, str]) -> buildspec.Build:
        return buildspec.run(self.folder / file, {**self.environment, **environment}, self.folder)

    def running(self, stack: str) -> set[str]:
        """The images that a stack's services run."""
        ecs, cluster = self.stack.client("ecs"), f"story-{stack}"
        services = ecs.describe_services(cluster=cluster, services=["web", "worker-default"])["services"]
        definitions = [
            ecs.describe_task_definition(taskDefinition=one["taskDefinition"])["taskDefinition"] for one in services
        ]
        return {one["containerDefinitions"][0]["image"] for one in definitions}


@pytest.fixture(scope="module")
def stack(begin: Begin) -> Stack:
    return begin("dev")


@pytest.fixture(scope="module")
def pipelines(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Pipelines:
    folder = copy_of_the_repository(tmp_path_factory.mktemp("delivery") / "story")
    tools = folder.parent / "tools"
    tools.mkdir()
    (tools / "docker").write_text(DOCKER)
    (tools / "docker").chmod(0o755)
    (folder / ".state").mkdir()
    made = Pipelines(folder=folder, stack=stack, docker_log=tools / "docker.log")
    stack.client("ecr").create_repository(repositoryName="story", imageTagMutability="IMMUTABLE")
    for name, cidr in (("dev", "10.0.0.0/16"), ("prod", "10.1.0.0/16")):
        file = folder / f"Pulumi.{name}.yaml"
        file.unlink()
        subprocess.run(["pulumi", "stack", "init", name], cwd=folder, env=made.environment, check=True)
        network = {"story:network": {"nat": "none", "cidr": cidr}}
        write_settings(file, {**WITHOUT_STORES, **network, "story:scheduler": {"enabled": False}})
    return made


def test_a_build_pushes_one_image_and_says_that_it_is_the_newest(pipelines: Pipelines) -> None:
    image = pipelines.build("a1")
    resolved = pipelines.resolve()
    assert resolved == {"STORY_IMAGE": image, "STORY_COMMIT": "a1" * 20}
    called = pipelines.docker_log.read_text()
    assert f"--tag {REPOSITORY}:build-a1a1a1a1a1a1-7" in called
    assert f"ref={REPOSITORY}-cache:arm64" in called


def test_the_first_release_reaches_dev_and_then_prod(pipelines: Pipelines) -> None:
    resolved = pipelines.resolve()
    for stack in ("dev", "prod"):
        built = pipelines.deploy(stack, resolved)
        assert built.returncode == 0, built.log
        assert "migration" in built.log
        assert pipelines.running(stack) == {resolved["STORY_IMAGE"]}
        pipelines.pushed[stack] = resolved["STORY_IMAGE"]


def test_what_was_released_is_kept_by_the_repository(pipelines: Pipelines) -> None:
    images = pipelines.stack.client("ecr").list_images(repositoryName="story")["imageIds"]
    kept = {one["imageTag"].rpartition("-")[0]: one["imageDigest"] for one in images if "kept-" in one["imageTag"]}
    digest = pipelines.pushed["dev"].partition("@")[2]
    assert kept == {"kept-dev": digest, "kept-prod": digest}


def test_an_image_that_runs_already_brings_only_settings(pipelines: Pipelines) -> None:
    built = pipelines.deploy("dev", pipelines.resolve())
    assert built.returncode == 0, built.log
    assert "only the settings are applied" in built.log
    assert steps_in(built.log) == []


def test_a_broken_release_goes_back_in_dev_and_its_last_lines_say_why(pipelines: Pipelines) -> None:
    image = pipelines.build("b2")
    pipelines.stack.behaves("worker-default", image, container="app", exits=1, lines=["Class not found"])
    built = pipelines.deploy("dev", pipelines.resolve())
    assert built.returncode == 1
    assert pipelines.running("dev") == {pipelines.pushed["dev"]}
    last = built.log.rstrip().splitlines()[-5:]
    assert any("every service runs" in line and "again. Why:" in line for line in last), "\n".join(last)
    assert any("worker-default" in line for line in last), "\n".join(last)


def test_prod_refuses_what_dev_does_not_run(pipelines: Pipelines) -> None:
    built = pipelines.deploy("prod", pipelines.resolve())
    assert built.returncode == 1
    assert "dev runs" in built.log.rstrip().splitlines()[-1]
    assert pipelines.running("prod") == {pipelines.pushed["prod"]}


def test_the_next_good_release_reaches_both(pipelines: Pipelines) -> None:
    image = pipelines.build("c3")
    resolved = pipelines.resolve()
    for stack in ("dev", "prod"):
        built = pipelines.deploy(stack, resolved)
        assert built.returncode == 0, built.log
        assert pipelines.running(stack) == {image}


def test_no_image_yet_means_settings_only(pipelines: Pipelines) -> None:
    value: dict[str, Any] = {"image": "none", "commit": "none"}
    pipelines.stack.client("ssm").put_parameter(Name=PARAMETER, Value=json.dumps(value), Type="String", Overwrite=True)
    built = pipelines.deploy("prod", pipelines.resolve())
    assert built.returncode == 0, built.log
    assert "only the settings are applied" in built.log

"""One repository for the images of all environments, and one for what the build keeps between builds."""

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component
from settings.ecr import KEPT_PREFIX

BUILD_PREFIX = "build-"
"""Tags of what the build pipeline pushes: `build-<commit>-<number>`."""
NEVER = 100_000
"""More images than a repository can hold: docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html"""
BUILDS_KEPT = 100
UNTAGGED_DAYS = 7
CACHE_DAYS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRepositoryArgs:
    """What an `ImageRepository` needs to know.

    Attributes:
        image_name: Name of the repository.
        key_arn: Key that encrypts the images.
        protect: Refuse to delete it.
    """

    image_name: str
    key_arn: pulumi.Input[str]
    protect: bool


class ImageRepository(Component):
    """The repository of the application's images, with tags that never move, and the cache of its builds.

    An image that a stack was ever released with has a tag that begins with `kept-`, and no rule takes it away; of all
    others the newest hundred stay. The cache is apart, because its tags have to move.

    Makes: Repository and LifecyclePolicy, both twice.
    """

    url: pulumi.Output[str]
    arn: pulumi.Output[str]
    cache_url: pulumi.Output[str]
    cache_arn: pulumi.Output[str]

    def __init__(self, name: str, args: ImageRepositoryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        images = self._repository(name, args, args.image_name, "IMMUTABLE", images_policy())
        cache = self._repository(f"{name}-cache", args, f"{args.image_name}-cache", "MUTABLE", cache_policy())

        self.url, self.arn = images.repository_url, images.arn
        self.cache_url, self.cache_arn = cache.repository_url, cache.arn
        self.register_outputs({"url": self.url, "cacheUrl": self.cache_url})

    def _repository(
        self, name: str, args: ImageRepositoryArgs, physical: str, tags: str, policy: str
    ) -> aws.ecr.Repository:
        repository = aws.ecr.Repository(
            name,
            name=physical,
            image_tag_mutability=tags,
            image_scanning_configuration=aws.ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True),
            encryption_configurations=[
                aws.ecr.RepositoryEncryptionConfigurationArgs(encryption_type="KMS", kms_key=args.key_arn)
            ],
            # What is cached can be built again; images are what stacks run.
            force_delete=tags == "MUTABLE",
            opts=self.child(protect=args.protect and tags == "IMMUTABLE"),
        )
        aws.ecr.LifecyclePolicy(name, repository=repository.name, policy=policy, opts=self.child())
        return repository


def images_policy() -> str:
    """Which images go. An image that fits a rule is safe from every rule with a higher number:
    docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html"""
    return _policy(
        ("keep what a stack was released with", {"tagPrefixList": [KEPT_PREFIX]}, "imageCountMoreThan", NEVER),
        ("the newest builds", {"tagPrefixList": [BUILD_PREFIX]}, "imageCountMoreThan", BUILDS_KEPT),
        ("left-overs of a push", None, "sinceImagePushed", UNTAGGED_DAYS),
    )


def cache_policy() -> str:
    """What the build keeps goes after two weeks without a build."""
    return _policy(("left-overs of builds", None, "sinceImagePushed", CACHE_DAYS))


def _policy(*rules: tuple[str, dict[str, list[str]] | None, str, int]) -> str:
    return json.dumps(
        {
            "rules": [
                {
                    "rulePriority": priority,
                    "description": description,
                    "selection": {
                        **({"tagStatus": "tagged", **tags} if tags else {"tagStatus": "untagged"}),
                        "countType": count,
                        "countNumber": number,
                        **({"countUnit": "days"} if count == "sinceImagePushed" else {}),
                    },
                    "action": {"type": "expire"},
                }
                for priority, (description, tags, count, number) in enumerate(rules, start=1)
            ]
        }
    )

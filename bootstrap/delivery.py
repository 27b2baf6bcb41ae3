"""From a push to production: the connection to GitHub, the build pipeline and the deploy pipeline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws

from bootstrap import pipelines
from bootstrap.account_settings import AccountSettings
from bootstrap.build_project import BuildContext, BuildProject, BuildProjectArgs
from bootstrap.deploy_policy import PARTS, deploy_policies
from bootstrap.foundation import Foundation, Known
from bootstrap.image_repository import ImageRepository
from bootstrap.private_bucket import PrivateBucket, PrivateBucketArgs
from bootstrap.role import Role, RoleArgs
from bootstrap.scope import Scope
from bootstrap.state_access import reads_state, writes_state
from components.base import Component, physical_name
from components.iam import Statement, allow, document, published_by_tls_only, trusted_by
from settings.partition import ca_bundle_url
from settings.site import Architecture

HERE = Path(__file__).parent
ARTIFACT_DAYS = 30
DEPLOY_TIMEOUT_MINUTES = 180
"""A migration and three rollouts have timeouts of their own, which together stay below."""
RESOLVE_TIMEOUT_MINUTES = 5
CONNECTION_SERVICES = ("codeconnections", "codestar-connections")
NO_IMAGE_YET = '{"image":"none","commit":"none"}'


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryArgs:
    """What a `Delivery` needs to know.

    Attributes:
        settings: Repositories, stages, approval.
        foundation: Account, region and state.
        key_arn: Key of artifacts, logs and notifications.
        images: Where images are pushed to.
        boundary_arns: Policy that every role of a stack must be bounded by, for each stack.
        state_url: Where `pulumi` finds the state.
    """

    settings: AccountSettings
    foundation: Foundation
    key_arn: pulumi.Input[str]
    images: ImageRepository
    boundary_arns: Mapping[str, pulumi.Input[str]]
    state_url: pulumi.Input[str]


class Delivery(Component):
    """Two pipelines: one builds an image and says that it is the newest, one brings the newest into each stack in turn.

    A newer release overtakes an older one that waits; it loses nothing, because each finds out the newest image and the
    newest commit by itself, once, at its beginning.

    Makes: Connection, PrivateBucket of artifacts, Parameter of the newest image, Topic of approvals (TopicPolicy and
    TopicSubscriptions), BuildProjects `build`, `resolve`, `deploy-<stack>`, Roles, and Pipelines `build` and `deploy`.
    """

    connection_arn: pulumi.Output[str]
    build_pipeline: pulumi.Output[str]
    deploy_pipeline: pulumi.Output[str]
    newest_image_parameter: pulumi.Output[str]

    def __init__(self, name: str, args: DeliveryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        connection = aws.codestarconnections.Connection(
            name, name=physical_name("github"), provider_type="GitHub", opts=self.child()
        )
        artifacts = PrivateBucket(
            f"{name}-artifacts",
            PrivateBucketArgs(
                key_arn=args.key_arn, protect=False, expire_days=ARTIFACT_DAYS, noncurrent_days=ARTIFACT_DAYS
            ),
            opts=self.child(),
        )
        parameter = aws.ssm.Parameter(
            name,
            name=f"/{physical_name('newest-image')}",
            type="String",
            value=NO_IMAGE_YET,
            description="The newest image of the application, by digest, and the commit that it was built from",
            opts=self.child(ignore_changes=["value"]),
        )
        work = BuildContext(
            region=args.foundation.region,
            account_id=args.foundation.account_id,
            key_arn=args.key_arn,
            artifacts_arn=artifacts.arn,
        )
        topic = self._topic(name, args)
        builder = self._builder(args, work, parameter)
        resolver = self._resolver(work, parameter)
        deployers = {stack: self._deployer(args, work, stack) for stack in args.settings.stages}
        infrastructure, application = args.settings.infrastructure, args.settings.application
        deploy = self._pipeline(
            "deploy",
            work,
            artifacts,
            [
                pipelines.source(connection.arn, infrastructure.full_name, infrastructure.branch),
                pipelines.resolve(resolver.project_name),
                *(
                    pipelines.release(stack, deployer.project_name, _question(args.settings, stack, topic))
                    for stack, deployer in deployers.items()
                ),
            ],
            branch=infrastructure.branch,
            rights=[_runs([resolver, *deployers.values()]), _uses(connection), *_publishes(topic)],
        )
        build = self._pipeline(
            "build",
            work,
            artifacts,
            [
                pipelines.source(connection.arn, application.full_name, application.branch),
                pipelines.build(builder.project_name),
                pipelines.start(deploy.name),
            ],
            branch=application.branch,
            rights=[
                _runs([builder]),
                _uses(connection),
                allow(["codepipeline:StartPipelineExecution"], deploy.arn),
            ],
        )

        self.connection_arn = connection.arn
        self.build_pipeline, self.deploy_pipeline = build.name, deploy.name
        self.newest_image_parameter = parameter.name
        self.register_outputs({"buildPipeline": build.name, "deployPipeline": deploy.name})

    def _builder(self, args: DeliveryArgs, work: BuildContext, parameter: aws.ssm.Parameter) -> BuildProject:
        source, images = args.settings.application, args.images
        machine = "arm64" if source.architecture is Architecture.ARM64 else "amd64"
        return BuildProject(
            "build",
            BuildProjectArgs(
                context=work,
                description="Builds the application's image, pushes it, and says that it is the newest",
                buildspec=(HERE / "build.yml").read_text("utf-8"),
                environment={
                    "BUILDKIT_IMAGE": source.buildkit_image,
                    "CACHE": images.cache_url,
                    "CONTEXT": source.context,
                    "DOCKERFILE": source.dockerfile,
                    "DOCKER_HUB_MIRROR": source.docker_hub_mirror,
                    "PARAMETER": parameter.name,
                    "PLATFORM": f"linux/{machine}",
                    "PLATFORM_TAG": machine,
                    "RDS_CA_BUNDLE": ca_bundle_url(work.region),
                    "REPOSITORY": images.url,
                },
                policies={"images": _pushes(images, parameter)},
                architecture=source.architecture,
                builds_images=True,
                timeout_minutes=source.build_timeout_minutes,
            ),
            opts=self.child(),
        )

    def _resolver(self, work: BuildContext, parameter: aws.ssm.Parameter) -> BuildProject:
        return BuildProject(
            "resolve",
            BuildProjectArgs(
                context=work,
                description="Finds out the newest image, once for a release",
                buildspec=(HERE / "resolve.yml").read_text("utf-8"),
                environment={"PARAMETER": parameter.name},
                policies={"newest": [allow(["ssm:GetParameter"], parameter.arn)]},
                timeout_minutes=RESOLVE_TIMEOUT_MINUTES,
            ),
            opts=self.child(),
        )

    def _deployer(self, args: DeliveryArgs, work: BuildContext, stack: str) -> BuildProject:
        stages = args.settings.stages
        before = stages[: stages.index(stack)][-1:]

        def made(scope: Scope, known: Known) -> Mapping[str, Sequence[Statement]]:
            return {
                **deploy_policies(scope, known["boundary"]),
                "state": [
                    *reads_state(known["bucket"], known["key"], [stack, *before]),
                    *writes_state(known["bucket"], known["key"], stack),
                    # It marks the images that it releases as ones to keep.
                    allow(["ecr:BatchGetImage", "ecr:PutImage"], known["repository"]),
                ],
            }

        return BuildProject(
            f"deploy-{stack}",
            BuildProjectArgs(
                context=work,
                description=f"Brings settings and image into {stack}: migration and rollout within pulumi up",
                buildspec="buildspec.yml",
                environment={
                    "PULUMI_BACKEND_URL": args.state_url,
                    "STORY_AFTER": "".join(before),
                    "STORY_STACK": stack,
                },
                policies=args.foundation.policies(
                    stack,
                    [*PARTS, "state"],
                    made,
                    boundary=args.boundary_arns[stack],
                    repository=args.images.arn,
                ),
                timeout_minutes=DEPLOY_TIMEOUT_MINUTES,
            ),
            opts=self.child(),
        )

    def _topic(self, name: str, args: DeliveryArgs) -> pulumi.Output[str] | None:
        emails = args.settings.approval.emails
        if not emails or len(args.settings.stages) == 1:
            return None
        topic = aws.sns.Topic(
            f"{name}-approvals", name=physical_name("approvals"), kms_master_key_id=args.key_arn, opts=self.child()
        )
        policy = aws.sns.TopicPolicy(
            f"{name}-approvals",
            arn=topic.arn,
            policy=document(published_by_tls_only(topic.arn)),
            opts=self.child(),
        )
        for email in emails:
            aws.sns.TopicSubscription(
                f"{name}-{email}", topic=topic.arn, protocol="email", endpoint=email, opts=self.child()
            )
        return pulumi.Output.all(topic.arn, policy.id).apply(lambda known: str(known[0]))

    def _pipeline(
        self,
        name: str,
        work: BuildContext,
        artifacts: PrivateBucket,
        stages: Sequence[pipelines.Stage],
        *,
        branch: str,
        rights: Sequence[Statement],
    ) -> aws.codepipeline.Pipeline:
        role = Role(
            f"{name}-pipeline",
            RoleArgs(
                trust=trusted_by(
                    "codepipeline.amazonaws.com", {"StringEquals": {"aws:SourceAccount": work.account_id}}
                ),
                policies={"steps": [*work.artifact_rights, *rights]},
            ),
            opts=self.child(),
        )
        return aws.codepipeline.Pipeline(
            name,
            name=physical_name(name),
            pipeline_type="V2",
            # A release that waits is overtaken by a newer one, and never run after it.
            execution_mode="SUPERSEDED",
            role_arn=role.arn,
            artifact_stores=[
                aws.codepipeline.PipelineArtifactStoreArgs(
                    type="S3",
                    location=artifacts.name,
                    encryption_key=aws.codepipeline.PipelineArtifactStoreEncryptionKeyArgs(id=work.key_arn, type="KMS"),
                )
            ],
            stages=list(stages),
            triggers=[pipelines.merged(branch)],
            opts=self.child(),
        )


def _question(
    settings: AccountSettings, stack: str, topic: pulumi.Output[str] | None
) -> aws.codepipeline.PipelineStageActionArgs | None:
    """What is asked before a stack gets a release; the first stack gets it at once."""
    if stack == settings.stages[0]:
        return None
    return pipelines.approval(stack, topic, settings.approval.timeout_minutes)


def _pushes(images: ImageRepository, parameter: aws.ssm.Parameter) -> list[Statement]:
    """docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html"""
    return [
        # For this one AWS knows no resource.
        allow(["ecr:GetAuthorizationToken"], "*"),
        allow(
            [
                *("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload"),
                *("ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"),
            ],
            [images.arn, images.cache_arn],
        ),
        allow(["ssm:PutParameter"], parameter.arn),
    ]


def _runs(projects: Sequence[BuildProject]) -> Statement:
    return allow(["codebuild:BatchGetBuilds", "codebuild:StartBuild"], [project.arn for project in projects])


def _uses(connection: aws.codestarconnections.Connection) -> Statement:
    """Under both names of the service, of which the connection's ARN has one:
    docs.aws.amazon.com/dtconsole/latest/userguide/rename.html"""
    actions = [f"{name}:UseConnection" for name in CONNECTION_SERVICES]
    return allow(
        actions, [connection.arn.apply(lambda arn, name=name: _named(arn, name)) for name in CONNECTION_SERVICES]
    )


def _named(arn: str, service: str) -> str:
    """The ARN with another service in it."""
    beginning, partition, _, rest = arn.split(":", 3)
    return ":".join((beginning, partition, service, rest))


def _publishes(topic: pulumi.Output[str] | None) -> list[Statement]:
    return [allow(["sns:Publish"], topic)] if topic is not None else []

"""One step of a pipeline that runs commands: a CodeBuild project with its role and its log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from bootstrap.role import Role, RoleArgs
from components.base import Component, log_group_name, physical_name
from components.iam import Statement, allow, trusted_by
from settings.partition import partition_of
from settings.site import Architecture

LOG_RETENTION_DAYS = 365
MACHINES = {
    Architecture.ARM64: ("ARM_CONTAINER", "aws/codebuild/amazonlinux-aarch64-standard:3.0"),
    Architecture.X86_64: ("LINUX_CONTAINER", "aws/codebuild/amazonlinux-x86_64-standard:5.0"),
}
"""docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-available.html"""
MACHINE_SIZE = "BUILD_GENERAL1_SMALL"
"""4 GB on Arm and 3 GB on x86; the engine with two providers takes up to 1.3 GB, and the program its share:
docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-compute-types.html"""
BUILD_SIZE = "BUILD_GENERAL1_MEDIUM"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildContext:
    """What all steps of the pipelines share.

    Attributes:
        region: AWS region.
        account_id: The account.
        key_arn: Key of artifacts and logs.
        artifacts_arn: Bucket that the steps hand files over in.
    """

    region: str
    account_id: pulumi.Input[str]
    key_arn: pulumi.Input[str]
    artifacts_arn: pulumi.Input[str]

    @property
    def artifact_rights(self) -> list[Statement]:
        """To hand files over."""
        files = pulumi.Output.concat(self.artifacts_arn, "/*")
        return [
            allow(["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"], files),
            allow(["kms:Decrypt", "kms:GenerateDataKey"], self.key_arn),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildProjectArgs:
    """What a `BuildProject` needs to know.

    Attributes:
        context: What all steps share.
        description: What it does.
        buildspec: A file of the source, or the text itself.
        environment: Variables of every run; none is secret.
        policies: What its commands may do, by name of the policy.
        architecture: Processor of its machine.
        builds_images: Whether it runs docker, which takes a privileged container.
        timeout_minutes: After so many minutes a run is ended.
    """

    context: BuildContext
    description: str
    buildspec: pulumi.Input[str]
    environment: Mapping[str, pulumi.Input[str]]
    policies: Mapping[str, pulumi.Input[Sequence[Statement]]]
    architecture: Architecture = Architecture.ARM64
    builds_images: bool = False
    timeout_minutes: int


class BuildProject(Component):
    """A CodeBuild project that a pipeline runs, its encrypted log, and its role.

    Makes: LogGroup, Role, Project.
    """

    project_name: pulumi.Output[str]
    arn: pulumi.Output[str]
    role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: BuildProjectArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        work = args.context
        log = aws.cloudwatch.LogGroup(
            name,
            name=log_group_name(name),
            retention_in_days=LOG_RETENTION_DAYS,
            kms_key_id=work.key_arn,
            opts=self.child(),
        )
        role = Role(
            name,
            RoleArgs(trust=_trusts_project(name, work), policies={"steps": _of_every_step(work, log), **args.policies}),
            opts=self.child(),
        )
        machine, image = MACHINES[args.architecture]
        project = aws.codebuild.Project(
            name,
            name=physical_name(name),
            description=args.description,
            service_role=role.arn,
            build_timeout=args.timeout_minutes,
            encryption_key=work.key_arn,
            source=aws.codebuild.ProjectSourceArgs(type="CODEPIPELINE", buildspec=args.buildspec),
            artifacts=aws.codebuild.ProjectArtifactsArgs(type="CODEPIPELINE"),
            environment=aws.codebuild.ProjectEnvironmentArgs(
                type=machine,
                image=image,
                compute_type=BUILD_SIZE if args.builds_images else MACHINE_SIZE,
                privileged_mode=args.builds_images,
                environment_variables=[
                    aws.codebuild.ProjectEnvironmentEnvironmentVariableArgs(name=key, value=value, type="PLAINTEXT")
                    for key, value in sorted(args.environment.items())
                ],
            ),
            logs_config=aws.codebuild.ProjectLogsConfigArgs(
                cloudwatch_logs=aws.codebuild.ProjectLogsConfigCloudwatchLogsArgs(group_name=log.name)
            ),
            opts=self.child(),
        )

        self.project_name, self.arn, self.role_arn = project.name, project.arn, role.arn
        self.register_outputs({"projectName": self.project_name, "roleArn": self.role_arn})


def _of_every_step(work: BuildContext, log: aws.cloudwatch.LogGroup) -> list[Statement]:
    return [
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], pulumi.Output.concat(log.arn, ":*")),
        *work.artifact_rights,
    ]


def _trusts_project(name: str, work: BuildContext) -> pulumi.Output[str]:
    """For this project alone:
    docs.aws.amazon.com/codebuild/latest/userguide/cross-service-confused-deputy-prevention.html"""
    project = pulumi.Output.concat(
        f"arn:{partition_of(work.region).name}:codebuild:",
        work.region,
        ":",
        work.account_id,
        ":project/",
        physical_name(name),
    )
    return trusted_by("codebuild.amazonaws.com", {"StringEquals": {"aws:SourceArn": project}})

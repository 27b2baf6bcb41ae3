"""The shape of the two pipelines: settings in, stages out, no resources."""

import json
from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

Input = pulumi.Input[str]
Stage = aws.codepipeline.PipelineStageArgs
Action = aws.codepipeline.PipelineStageActionArgs
SOURCE = "source"
RESOLVED = "Resolved"
IMAGE = f"#{{{RESOLVED}.STORY_IMAGE}}"
COMMIT = f"#{{{RESOLVED}.STORY_COMMIT}}"
"""How later actions name what the first one found out:
docs.aws.amazon.com/codepipeline/latest/userguide/reference-variables.html"""


def source(connection_arn: Input, repository: str, branch: str) -> Stage:
    """The newest commit of a branch. What starts the pipeline is `merged`, or another pipeline."""
    return Stage(
        name="Source",
        actions=[
            Action(
                name="Source",
                category="Source",
                owner="AWS",
                provider="CodeStarSourceConnection",
                version="1",
                output_artifacts=[SOURCE],
                configuration={
                    "ConnectionArn": connection_arn,
                    "FullRepositoryId": repository,
                    "BranchName": branch,
                    "OutputArtifactFormat": "CODE_ZIP",
                    "DetectChanges": "false",
                },
            )
        ],
    )


def merged(branch: str) -> aws.codepipeline.PipelineTriggerArgs:
    """A push to the branch starts the pipeline."""
    pushes = aws.codepipeline.PipelineTriggerGitConfigurationPushArgs(
        branches=aws.codepipeline.PipelineTriggerGitConfigurationPushBranchesArgs(includes=[branch])
    )
    return aws.codepipeline.PipelineTriggerArgs(
        provider_type="CodeStarSourceConnection",
        git_configuration=aws.codepipeline.PipelineTriggerGitConfigurationArgs(
            source_action_name="Source", pushes=[pushes]
        ),
    )


def step(
    name: str,
    project: Input,
    environment: Mapping[str, str] | None = None,
    *,
    namespace: str | None = None,
    run_order: int = 1,
) -> Action:
    """An action that runs a CodeBuild project.

    Args:
        name: Name of the action.
        project: Name of the project.
        environment: Variables of this run, beside those of the project.
        namespace: By which later actions name the variables that it gives out.
        run_order: Actions of a stage with the same number run at once.
    """
    variables = [{"name": key, "value": value, "type": "PLAINTEXT"} for key, value in (environment or {}).items()]
    return Action(
        name=name,
        category="Build",
        owner="AWS",
        provider="CodeBuild",
        version="1",
        input_artifacts=[SOURCE],
        namespace=namespace,
        run_order=run_order,
        configuration={
            "ProjectName": project,
            **({"EnvironmentVariables": json.dumps(variables)} if variables else {}),
        },
    )


def resolve(project: Input) -> Stage:
    """The stage that finds out the newest image, once for all later ones."""
    return Stage(name="Resolve", actions=[step("Resolve", project, namespace=RESOLVED)])


def build(project: Input) -> Stage:
    """The stage that makes an image."""
    return Stage(name="Build", actions=[step("Build", project)])


def approval(stack: str, topic_arn: Input | None, timeout_minutes: int) -> Action:
    """A person's yes, with what it is about."""
    return Action(
        name="Approve",
        category="Approval",
        owner="AWS",
        provider="Manual",
        version="1",
        run_order=1,
        timeout_in_minutes=timeout_minutes,
        configuration={
            "CustomData": f"{stack} gets {IMAGE}, built from commit {COMMIT}",
            **({"NotificationArn": topic_arn} if topic_arn else {}),
        },
    )


def release(stack: str, project: Input, asked: Action | None) -> Stage:
    """The stage that brings the resolved image into a stack, after the approval if there is one. Whoever waits for the
    approval holds the stage, so that later releases overtake one another before it, and not within."""
    questions = [asked] if asked else []
    deploy = step("Deploy", project, {"STORY_IMAGE": IMAGE}, run_order=1 + len(questions))
    return Stage(name=stack.capitalize(), actions=[*questions, deploy])


def start(pipeline: Input) -> Stage:
    """A stage that starts another pipeline:
    docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-PipelineInvoke.html"""
    return Stage(
        name="Deploy",
        actions=[
            Action(
                name="Deploy",
                category="Invoke",
                owner="AWS",
                provider="CodePipeline",
                version="1",
                configuration={"PipelineName": pipeline},
            )
        ],
    )

"""CodeBuild, CodePipeline and connections."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.support import Client, RunningEmulator

ROLE = "arn:aws:iam::123456789012:role/build"


def project(client: Client, **changes: Any) -> dict[str, Any]:
    given = {
        "name": "deploy",
        "serviceRole": ROLE,
        "source": {"type": "CODEPIPELINE", "buildspec": "buildspec.yml"},
        "artifacts": {"type": "CODEPIPELINE"},
        "environment": {
            "type": "ARM_CONTAINER",
            "image": "aws/codebuild/amazonlinux2-aarch64-standard:3.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [
                {"name": "STACK", "value": "dev", "type": "PLAINTEXT"},
                {"name": "COLOUR", "value": "blue", "type": "PLAINTEXT"},
            ],
        },
    }
    return client("codebuild").create_project(**{**given, **changes})["project"]


def build_after(client: Client, identifier: str, questions: int) -> dict[str, Any]:
    builds = [client("codebuild").batch_get_builds(ids=[identifier])["builds"][0] for _ in range(questions)]
    return builds[-1]


def test_a_project_of_a_pipeline_keeps_all_its_settings(client: Client) -> None:
    made = {"concurrentBuildLimit": 1, "timeoutInMinutes": 30, "autoRetryLimit": 2}
    project(client, **made)
    shown = client("codebuild").batch_get_projects(names=["deploy"])["projects"][0]
    assert {name: shown[name] for name in made} == made
    assert shown["source"]["type"] == "CODEPIPELINE"


def test_a_project_can_be_updated(client: Client) -> None:
    project(client)
    client("codebuild").update_project(name="deploy", timeoutInMinutes=90)
    shown = client("codebuild").batch_get_projects(names=["deploy"])["projects"][0]
    assert shown["timeoutInMinutes"] == 90
    assert shown["source"]["buildspec"] == "buildspec.yml"
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client("codebuild").update_project(name="other", timeoutInMinutes=90)


def test_a_project_can_be_deleted_by_name_and_by_arn(emulator: RunningEmulator, client: Client) -> None:
    arn = project(client)["arn"]
    client("codebuild").delete_project(name=arn)
    assert emulator.inventory("codebuild") == []
    project(client)
    client("codebuild").delete_project(name="deploy")
    assert emulator.inventory("codebuild") == []


def test_a_webhook_is_kept_and_can_be_changed_and_deleted(client: Client) -> None:
    project(client)
    codebuild = client("codebuild")

    def shown() -> Any:
        return codebuild.batch_get_projects(names=["deploy"])["projects"][0].get("webhook")

    filters = [[{"type": "EVENT", "pattern": "PUSH"}]]
    assert codebuild.create_webhook(projectName="deploy", filterGroups=filters)["webhook"]["secret"]
    assert shown()["filterGroups"] == filters
    assert "secret" not in shown()
    with pytest.raises(ClientError, match="ResourceAlreadyExistsException"):
        codebuild.create_webhook(projectName="deploy")
    codebuild.update_webhook(projectName="deploy", filterGroups=[[{"type": "EVENT", "pattern": "RELEASED"}]])
    assert shown()["filterGroups"][0][0]["pattern"] == "RELEASED"
    codebuild.delete_webhook(projectName="deploy")
    assert shown() is None


def test_a_build_has_its_projects_environment_with_the_overrides(client: Client) -> None:
    project(client)
    build = client("codebuild").start_build(
        projectName="deploy",
        buildspecOverride="other.yml",
        environmentVariablesOverride=[{"name": "STACK", "value": "prod", "type": "PLAINTEXT"}],
    )["build"]
    variables = {each["name"]: each["value"] for each in build["environment"]["environmentVariables"]}
    assert variables == {"STACK": "prod", "COLOUR": "blue"}
    assert build["source"]["buildspec"] == "other.yml"
    assert build["buildStatus"] == "IN_PROGRESS"


def test_a_build_succeeds_at_the_second_question(client: Client) -> None:
    project(client)
    identifier = client("codebuild").start_build(projectName="deploy")["build"]["id"]
    assert build_after(client, identifier, 1)["buildStatus"] == "IN_PROGRESS"
    assert build_after(client, identifier, 1)["buildStatus"] == "SUCCEEDED"


def test_the_control_file_decides_how_and_when_a_build_ends(emulator: RunningEmulator, client: Client) -> None:
    emulator.decide(codebuild_status={"deploy": "FAILED"}, codebuild_polls={"deploy": 3})
    project(client)
    identifier = client("codebuild").start_build(projectName="deploy")["build"]["id"]
    assert build_after(client, identifier, 3)["buildStatus"] == "IN_PROGRESS"
    build = build_after(client, identifier, 1)
    assert build["buildStatus"] == "FAILED"
    assert {phase["phaseType"]: phase.get("phaseStatus") for phase in build["phases"]}["BUILD"] == "FAILED"


def test_a_build_can_be_kept_from_ending(emulator: RunningEmulator, client: Client) -> None:
    emulator.decide(codebuild_status={"deploy": "IN_PROGRESS"})
    project(client)
    identifier = client("codebuild").start_build(projectName="deploy")["build"]["id"]
    assert build_after(client, identifier, 5)["buildStatus"] == "IN_PROGRESS"


def pipeline(client: Client, principal: Any) -> Any:
    trust = {"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]}
    role = client("iam").create_role(RoleName="pipeline", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    action = {
        "name": "Source",
        "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "CodeStarSourceConnection", "version": "1"},
        "outputArtifacts": [{"name": "source"}],
    }
    return client("codepipeline").create_pipeline(
        pipeline={
            "name": "site",
            "roleArn": role,
            "artifactStore": {"type": "S3", "location": "artifacts"},
            "stages": [{"name": "Source", "actions": [action]}, {"name": "Again", "actions": [action]}],
        }
    )


def test_a_pipelines_role_may_trust_several_services(client: Client) -> None:
    pipeline(client, {"Service": ["codebuild.amazonaws.com", "codepipeline.amazonaws.com"]})
    assert client("codepipeline").get_pipeline(name="site")["metadata"]["pipelineArn"].endswith(":site")


def test_a_pipelines_times_are_numbers_because_strict_clients_refuse_text(
    emulator: RunningEmulator, client: Client
) -> None:
    pipeline(client, {"Service": "codepipeline.amazonaws.com"})
    client("codepipeline").start_pipeline_execution(name="site")
    target = "CodePipeline_20150709"
    shown = json.loads(emulator.raw("codepipeline", "GetPipeline", target))["metadata"]
    assert isinstance(shown["created"], float)
    assert isinstance(shown["updated"], float)
    executions = json.loads(emulator.raw("codepipeline", "ListPipelineExecutions", target))
    assert isinstance(executions["pipelineExecutionSummaries"][0]["startTime"], float)


@pytest.mark.parametrize("principal", [{"Service": "codebuild.amazonaws.com"}, {"AWS": "*"}])
def test_a_pipelines_role_must_trust_codepipeline(client: Client, principal: Any) -> None:
    with pytest.raises(ClientError, match="not authorized to perform AssumeRole"):
        pipeline(client, principal)


@pytest.mark.parametrize("service", ["codestar-connections", "codeconnections"])
def test_a_new_connection_waits_for_a_person(client: Client, service: str) -> None:
    connections = client(service)
    arn = connections.create_connection(
        ConnectionName="github", ProviderType="GitHub", Tags=[{"Key": "stack", "Value": "dev"}]
    )["ConnectionArn"]
    assert arn.startswith(f"arn:aws:{service}:ap-northeast-1:123456789012:connection/")
    assert connections.get_connection(ConnectionArn=arn)["Connection"]["ConnectionStatus"] == "PENDING"
    assert [each["ConnectionArn"] for each in connections.list_connections()["Connections"]] == [arn]
    connections.tag_resource(ResourceArn=arn, Tags=[{"Key": "owner", "Value": "web"}])
    connections.untag_resource(ResourceArn=arn, TagKeys=["stack"])
    assert connections.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "owner", "Value": "web"}]
    connections.delete_connection(ConnectionArn=arn)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        connections.get_connection(ConnectionArn=arn)

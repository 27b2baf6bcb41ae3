"""The account's foundation as committed: repositories, pipelines, state, and what they promise."""

import json
from collections import Counter
from typing import Any

import pytest
import yaml

from bootstrap.deploy_policy import LINKED_SERVICES
from bootstrap.service_linked_roles import ServiceLinkedRolesArgs
from release.service_linked_roles import ROLE_NAMES
from settings.ecr import KEPT_PREFIX
from story.plan.recorder import Record, record_program
from tests.bootstrap.given import FOLDER, PROJECT, account, roles_of, settings_of_the_account

RESOLVED_IMAGE = "#{Resolved.STORY_IMAGE}"


def stages(name: str, made: Record | None = None) -> dict[str, list[dict[str, Any]]]:
    pipeline = (made or account()).one("aws:codepipeline/pipeline:Pipeline", name).inputs
    return {stage["name"]: stage["actions"] for stage in pipeline["stages"]}


def project(name: str) -> dict[str, Any]:
    return dict(account().one("aws:codebuild/project:Project", name).inputs)


def variables(action: dict[str, Any]) -> dict[str, str]:
    given = json.loads(action["configuration"].get("EnvironmentVariables", "[]"))
    return {one["name"]: one["value"] for one in given}


def test_a_preview_shows_the_same_resources_as_the_update() -> None:
    seen = {(one.type, one.name) for one in account(preview=True).resources}
    assert seen == {(one.type, one.name) for one in account().resources}


def test_no_two_resources_share_a_urn() -> None:
    counted = Counter(one.urn for one in account().resources)
    assert [urn for urn, count in counted.items() if count > 1] == []


def test_every_component_registers_its_outputs() -> None:
    made = account()
    assert {one.name for one in made.resources if one.type.startswith("story:")} <= set(made.registered_outputs)


def test_the_program_reads_like_a_table_of_contents() -> None:
    assert len((FOLDER / "__main__.py").read_text("utf-8").splitlines()) < 100


def test_what_holds_state_images_or_records_is_protected() -> None:
    protected = {(one.kind, one.name) for one in account().resources if one.protect}
    assert protected == {
        *(("Key", "state-key"), ("Key", "delivery-key"), ("Bucket", "state"), ("Bucket", "trail-records")),
        ("Repository", "images"),
    }
    assert [one for one in account(protect=False).resources if one.protect] == []


@pytest.mark.parametrize("name", ["state", "trail-records", "delivery-artifacts"])
def test_every_bucket_keeps_versions_is_encrypted_and_takes_tls_only(name: str) -> None:
    made = account()
    assert made.one("BucketVersioning", name).inputs["versioningConfiguration"]["status"] == "Enabled"
    [rule] = made.one("BucketServerSideEncryptionConfiguration", name).inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"] == "aws:kms"
    statements = json.loads(made.one("BucketPolicy", name).inputs["policy"])["Statement"]
    assert {"Bool": {"aws:SecureTransport": "false"}} in [one.get("Condition") for one in statements]
    assert made.one("BucketPublicAccessBlock", name).inputs["restrictPublicBuckets"] is True


def test_the_state_has_a_key_of_its_own() -> None:
    made = account()
    keys = {
        name: made.one("BucketServerSideEncryptionConfiguration", name).inputs["rules"][0][
            "applyServerSideEncryptionByDefault"
        ]["kmsMasterKeyId"]
        for name in ("state", "delivery-artifacts")
    }
    assert keys["state"] != keys["delivery-artifacts"]


def test_images_have_tags_that_never_move_and_are_scanned() -> None:
    images = account().one("Repository", "images").inputs
    assert images["imageTagMutability"] == "IMMUTABLE"
    assert images["imageScanningConfiguration"] == {"scanOnPush": True}
    assert images["encryptionConfigurations"][0]["encryptionType"] == "KMS"


def test_no_rule_takes_an_image_away_that_a_stack_was_released_with() -> None:
    rules = json.loads(account().one("LifecyclePolicy", "images").inputs["policy"])["rules"]
    first = min(rules, key=lambda rule: rule["rulePriority"])["selection"]
    assert first["tagPrefixList"] == [KEPT_PREFIX]
    assert first["countNumber"] >= 100_000, "more than a repository can hold"
    assert all(rule["selection"].get("tagStatus") != "any" for rule in rules)


def test_a_trail_is_made_unless_the_account_has_one() -> None:
    trail = account().one("Trail").inputs
    assert (trail["isMultiRegionTrail"], trail["enableLogFileValidation"]) == (True, True)
    assert account(trail={"enabled": False}).all("Trail") == []


def of_cloudtrail(made: Record, kind: str, name: str) -> list[Any]:
    statements = json.loads(made.one(kind, name).inputs["policy"])["Statement"]
    return [one for one in statements if one["Principal"] == {"Service": "cloudtrail.amazonaws.com"}]


def test_cloudtrail_may_use_the_key_and_the_bucket_for_the_trail_that_is_made_and_no_other() -> None:
    made = account()
    trail = made.one("Trail").inputs["name"]
    arn = f"arn:aws:cloudtrail:ap-northeast-1:123456789012:trail/{trail}"
    allowed = [
        *of_cloudtrail(made, "KeyPolicy", "delivery-key"),
        *of_cloudtrail(made, "BucketPolicy", "trail-records"),
    ]
    assert {action for one in allowed for action in one["Action"]} >= {
        *("kms:GenerateDataKey", "kms:Decrypt", "kms:DescribeKey", "s3:GetBucketAcl", "s3:PutObject"),
    }
    assert {one["Condition"]["StringEquals"]["aws:SourceArn"] for one in allowed} == {arn}
    assert "KeyPolicy delivery-key" in made.one("Trail").depends_on, "CloudTrail looks at the key before it takes it"


@pytest.mark.parametrize("key", ["state-key", "delivery-key"])
def test_a_key_without_a_trail_knows_nothing_of_cloudtrail(key: str) -> None:
    without = account(trail={"enabled": False})
    assert of_cloudtrail(without, "KeyPolicy", key) == []
    assert of_cloudtrail(account(), "KeyPolicy", "state-key") == []


def test_github_s_provider_is_made_unless_the_account_has_one() -> None:
    assert account().one("OpenIdConnectProvider").inputs["clientIdLists"] == ["sts.amazonaws.com"]
    arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    assert account(infrastructure={"oidc_provider_arn": arn}).all("OpenIdConnectProvider") == []


def test_only_jobs_of_a_stack_s_environments_may_look_at_it() -> None:
    role = account().one("aws:iam/role:Role", "preview-prod").inputs
    [statement] = json.loads(role["assumeRolePolicy"])["Statement"]
    assert statement["Condition"]["StringEquals"] == {
        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
        "token.actions.githubusercontent.com:sub": [
            "repo:example/story:environment:preview-prod",
            "repo:example/story:environment:drift-prod",
        ],
    }


@pytest.mark.parametrize("name", ["build", "deploy"])
def test_a_newer_release_overtakes_one_that_waits(name: str) -> None:
    pipeline = account().one("aws:codepipeline/pipeline:Pipeline", name).inputs
    assert (pipeline["pipelineType"], pipeline["executionMode"]) == ("V2", "SUPERSEDED")
    [push] = pipeline["triggers"][0]["gitConfiguration"]["pushes"]
    assert push["branches"] == {"includes": ["main"]}
    assert stages(name)["Source"][0]["configuration"]["DetectChanges"] == "false", "or it would start twice"


def test_a_build_starts_the_deploy_pipeline_once_it_has_pushed() -> None:
    assert list(stages("build")) == ["Source", "Build", "Deploy"]
    [start] = stages("build")["Deploy"]
    assert (start["category"], start["provider"]) == ("Invoke", "CodePipeline")
    assert start["configuration"] == {"PipelineName": "bootstrap-story-deploy"}


def test_the_image_is_resolved_once_and_every_stage_gets_the_same() -> None:
    made = stages("deploy")
    assert list(made) == ["Source", "Resolve", "Dev", "Prod"]
    assert made["Resolve"][0]["namespace"] == "Resolved"
    assert [variables(made[stage][-1]) for stage in ("Dev", "Prod")] == [{"STORY_IMAGE": RESOLVED_IMAGE}] * 2
    exported = yaml.safe_load((FOLDER / "resolve.yml").read_text("utf-8"))["env"]["exported-variables"]
    assert exported == ["STORY_IMAGE", "STORY_COMMIT"]


def test_prod_waits_for_somebody_who_sees_digest_and_commit_and_not_for_ever() -> None:
    approve, deploy = stages("deploy")["Prod"]
    assert (approve["category"], approve["timeoutInMinutes"]) == ("Approval", 4320)
    assert approve["configuration"]["CustomData"] == (
        f"prod gets {RESOLVED_IMAGE}, built from commit #{{Resolved.STORY_COMMIT}}"
    )
    assert "NotificationArn" in approve["configuration"]
    assert approve["runOrder"] < deploy["runOrder"], "or it would not wait"
    assert [action["category"] for action in stages("deploy")["Dev"]] == ["Build"]


def test_prod_is_told_to_check_what_dev_runs() -> None:
    def after(name: str) -> str:
        given = project(name)["environment"]["environmentVariables"]
        return {one["name"]: one["value"] for one in given}["STORY_AFTER"]

    assert (after("deploy-dev"), after("deploy-prod")) == ("", "dev")


def test_every_stage_is_a_pipeline_of_its_own_kind_where_there_is_one_only() -> None:
    made = account(stages=["live"], approval={"emails": []})
    assert list(stages("deploy", made)) == ["Source", "Resolve", "Live"]
    assert made.all("Topic") == []
    assert {role for role in roles_of(made) if role.startswith("deploy-l")} == {"deploy-live"}


def test_a_deploy_runs_this_repository_s_buildspec_on_a_machine_that_the_engine_fits_on() -> None:
    for stack in ("dev", "prod"):
        made = project(f"deploy-{stack}")
        assert made["source"]["buildspec"] == "buildspec.yml"
        assert (PROJECT / "buildspec.yml").is_file()
        # 4 GB on Arm: docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-compute-types.html
        assert made["environment"]["type"] == "ARM_CONTAINER"
        assert made["environment"]["computeType"] == "BUILD_GENERAL1_SMALL"


def test_only_the_build_of_images_is_privileged() -> None:
    privileged = {
        one.name: one.inputs["environment"]["privilegedMode"] for one in account().all("aws:codebuild/project:Project")
    }
    assert privileged == {"build": True, "resolve": False, "deploy-dev": False, "deploy-prod": False}


@pytest.mark.parametrize(
    ("architecture", "machine", "platform"),
    [("arm64", "ARM_CONTAINER", "linux/arm64"), ("x86_64", "LINUX_CONTAINER", "linux/amd64")],
)
def test_an_image_is_built_on_a_machine_of_its_own_processor(architecture: str, machine: str, platform: str) -> None:
    made = account(application={"architecture": architecture})
    environment = made.one("aws:codebuild/project:Project", "build").inputs["environment"]
    given = {one["name"]: one["value"] for one in environment["environmentVariables"]}
    assert (environment["type"], given["PLATFORM"]) == (machine, platform)


def test_every_log_of_the_pipelines_is_encrypted_and_ends_some_day() -> None:
    groups = account().all("LogGroup")
    assert {group.inputs["name"] for group in groups} == {
        f"/bootstrap/story/{name}" for name in ("build", "resolve", "deploy-dev", "deploy-prod")
    }
    assert all(group.inputs["kmsKeyId"] and group.inputs["retentionInDays"] for group in groups)


def test_no_secret_stands_in_a_variable_of_a_build() -> None:
    for made in account().all("aws:codebuild/project:Project"):
        names = [one["name"] for one in made.inputs["environment"]["environmentVariables"]]
        assert [name for name in names if any(word in name for word in ("PASS", "SECRET", "TOKEN", "KEY"))] == []


def test_every_component_has_the_token_that_it_always_had() -> None:
    found = {one.type for one in account().resources if one.type.startswith("story:")}
    assert found == {
        f"story:index:{name}"
        for name in (
            *("AuditTrail", "Boundaries", "BuildProject", "Delivery", "Encryption", "Github", "ImageRepository"),
            *("Operators", "PrivateBucket", "Role", "ServiceLinkedRoles"),
        )
    }


def test_the_service_linked_roles_are_those_that_the_deploying_role_may_make() -> None:
    roles = {one.inputs["keepers"]["role"] for one in account().all("RandomUuid")}
    assert roles == set(ROLE_NAMES.values())
    assert set(ROLE_NAMES) == set(LINKED_SERVICES)


def test_each_service_linked_role_is_made_before_its_marker_and_never_a_resource_that_fails_or_goes() -> None:
    made = account()
    markers = made.all("RandomUuid")
    assert [one.hooks for one in markers] == [{"before_create": (one.name,)} for one in markers]
    assert made.all("ServiceLinkedRole") == []


def test_bootstrap_s_own_credentials_make_the_roles(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[ServiceLinkedRolesArgs] = []
    monkeypatch.setattr("bootstrap.service_linked_roles.ServiceLinkedRoles", lambda _name, args: given.append(args))
    config = {**settings_of_the_account(), "aws:profile": "admin", "aws:region": "eu-west-1"}
    record_program(
        FOLDER,
        project="bootstrap",
        stack_name="story",
        config={key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()},
    )
    assert given == [ServiceLinkedRolesArgs(region="eu-west-1", profile="admin")]

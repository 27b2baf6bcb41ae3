"""`story doctor --before`: the image, the secrets, the pipeline of bootstrap/."""

from dataclasses import replace
from typing import Any

import pytest

from story.doctor.finding import Severity
from story.doctor.preflight.planned import Owned
from tests.aws.answers import refusal
from tests.story.doctor.before import DENIED, IMAGE, KEY, PROJECT, SECRET, Before, of_settings, planned
from tests.story.doctor.healthy import ACCOUNT, REGION, index

ERROR, WARNING, UNKNOWN = Severity.ERROR, Severity.WARNING, Severity.UNKNOWN


@pytest.fixture
def before() -> Before:
    return Before()


# The image


def test_an_image_must_be_in_the_registry_for_the_clusters_processor(before: Before) -> None:
    before.said["ecr", "batch_get_image"] = {"images": [], "failures": [{"failureCode": "ImageNotFound"}]}
    assert (before.one().severity, before.one().area) == (ERROR, "image")
    before.said["ecr", "batch_get_image"] = {"images": [{"imageManifest": index("amd64")}]}
    assert "built for amd64, but the tasks have arm64" in before.one().what
    before.said["ecr", "batch_get_image"] = {"images": [{"imageManifest": "{}"}]}
    assert (before.one().severity, "does not name it" in before.one().what) == (UNKNOWN, True)


def test_a_repository_that_does_not_exist_is_an_error_in_this_account_and_unknown_in_another(before: Before) -> None:
    before.said["ecr", "batch_get_image"] = refusal("RepositoryNotFoundException")
    assert (before.one().severity, "no repository site" in before.one().what) == (ERROR, True)
    elsewhere = Before(planned("prod", image=IMAGE.replace(ACCOUNT, "999999999999")))
    elsewhere.said["ecr", "batch_get_image"] = refusal("RepositoryNotFoundException")
    assert elsewhere.one().severity is UNKNOWN
    notes = [one.what for one in elsewhere.findings() if one.severity is Severity.NOTE]
    assert any("the registry of account 999999999999" in one for one in notes)


def test_without_an_image_a_note_says_how_to_give_one(before: Before) -> None:
    before.planned = replace(
        planned("prod", image=f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/example@sha256:{'0' * 64}"), image=""
    )
    assert before.wrong() == []
    [note] = [one for one in before.findings() if one.severity is Severity.NOTE]
    assert "the first update needs one" in note.what
    assert "ecr" not in {service for service, _, _ in before.told.asked}, "the example image is in no registry"


@pytest.mark.parametrize("image", ["docker.io/library/nginx@sha256:" + "2" * 64, IMAGE.replace(REGION, "us-east-1")])
def test_an_image_elsewhere_is_unknown_and_out_of_reach_without_nat(before: Before, image: str) -> None:
    before.planned = planned("prod", image=image)
    assert {one.severity for one in before.wrong()} == {UNKNOWN}
    vpc = before.planned.record.one("awsx:ec2:Vpc")
    without = replace(vpc, inputs={**vpc.inputs, "natGateways": {"strategy": "None"}})
    others = [one for one in before.planned.record.resources if one is not vpc]
    before.planned = replace(
        before.planned, record=replace(before.planned.record, resources=[*others, without]), _by_type={}
    )
    worst = before.wrong()[0]
    assert (worst.severity, "network.nat is none" in worst.what) == (ERROR, True)


# The secrets


@pytest.fixture
def with_secret() -> Before:
    return Before(of_settings(f"story:application: {{ secrets: {{ MAIL_PASSWORD: '{SECRET}:password' }} }}"))


def test_a_secret_with_its_key_under_the_managed_key_is_well(with_secret: Before) -> None:
    assert with_secret.wrong() == []
    assert [one.what for one in with_secret.findings() if one.area == "secrets"] == [
        "MAIL_PASSWORD: mail-AbCdEf can be read"
    ]


def test_a_secret_must_exist_with_a_current_version_and_the_key(with_secret: Before) -> None:
    with_secret.said["secretsmanager", "describe_secret"] = refusal("ResourceNotFoundException")
    assert "the secret mail-AbCdEf does not exist" in with_secret.one().what
    with_secret.said["secretsmanager", "describe_secret"] = {"VersionIdsToStages": {"1": ["AWSPENDING"]}}
    assert "has no version AWSCURRENT" in with_secret.one().what
    with_secret.said["secretsmanager", "describe_secret"] = {"VersionIdsToStages": {"1": ["AWSCURRENT"]}}
    with_secret.said["secretsmanager", "get_secret_value"] = {"SecretString": '{"token": "x"}'}
    assert "the task reads the key password, but mail-AbCdEf has only token" in with_secret.one().what
    assert with_secret.one().severity is ERROR


def with_secret_arn(arn: str) -> Before:
    return Before(of_settings(f"story:application: {{ secrets: {{ MAIL_PASSWORD: '{arn}:password' }} }}"))


def test_a_secret_in_another_region_is_asked_for_there() -> None:
    elsewhere = with_secret_arn(SECRET.replace("ap-northeast-1", "us-west-2"))
    assert elsewhere.wrong() == []
    assert [one.what for one in elsewhere.findings() if one.area == "secrets"] == [
        "MAIL_PASSWORD: mail-AbCdEf can be read, in us-west-2"
    ]
    assert elsewhere.told.regions == {"us-west-2"}
    elsewhere.said["secretsmanager", "describe_secret"] = refusal("ResourceNotFoundException")
    assert "the secret mail-AbCdEf does not exist in us-west-2" in elsewhere.one().what


def test_a_secret_in_the_stacks_region_is_asked_for_in_no_other(with_secret: Before) -> None:
    assert with_secret.wrong() == []
    assert with_secret.told.regions == set()


@pytest.mark.parametrize("key_id", ["", "alias/aws/secretsmanager", "1111-by-id"])
def test_a_secret_of_another_account_under_the_aws_managed_key_is_an_error(key_id: str) -> None:
    foreign = with_secret_arn(SECRET.replace(ACCOUNT, "999999999999"))
    described = foreign.said["secretsmanager", "describe_secret"]
    foreign.said["secretsmanager", "describe_secret"] = {**described, "KmsKeyId": key_id} if key_id else described
    foreign.said["kms", "describe_key"] = {"KeyMetadata": {"KeyId": "1", "Arn": KEY, "KeyManager": "AWS"}}
    found = foreign.one()
    assert found.severity is ERROR
    assert "of account 999999999999 is encrypted with the AWS managed key" in found.what
    assert "customer managed key" in found.fix


def test_a_secret_of_another_account_under_a_key_that_is_granted_is_well() -> None:
    foreign = with_secret_arn(SECRET.replace(ACCOUNT, "999999999999"))
    described = foreign.said["secretsmanager", "describe_secret"]
    foreign.said["secretsmanager", "describe_secret"] = {**described, "KmsKeyId": KEY}
    granting(foreign, KEY)
    assert foreign.wrong() == []


@pytest.mark.parametrize("key_id", ["alias/mine", KEY.replace(ACCOUNT, "999999999999").replace("key/", "alias/")])
def test_an_alias_of_another_account_is_looked_for_in_that_account(key_id: str) -> None:
    foreign = with_secret_arn(SECRET.replace(ACCOUNT, "999999999999"))
    described = foreign.said["secretsmanager", "describe_secret"]
    foreign.said["secretsmanager", "describe_secret"] = {**described, "KmsKeyId": key_id}
    asked: list[str] = []
    answer = foreign.said["kms", "describe_key"]
    foreign.said["kms", "describe_key"] = lambda KeyId: asked.append(KeyId) or answer  # noqa: N803
    assert foreign.one().fix == f"set application.secret_key_arns: [{KEY}] in the stack file"
    assert {one.split(":")[4] for one in asked} == {"999999999999"}
    assert all(one.split(":", 5)[5].startswith("alias/") for one in asked)


@pytest.mark.parametrize("code", ["AccessDeniedException", "NotFoundException"])
def test_a_key_of_another_account_that_may_not_be_described_is_unknown_and_says_what_must_hold(code: str) -> None:
    foreign = with_secret_arn(SECRET.replace(ACCOUNT, "999999999999"))
    described = foreign.said["secretsmanager", "describe_secret"]
    foreign.said["secretsmanager", "describe_secret"] = {**described, "KmsKeyId": "alias/theirs"}
    foreign.said["kms", "describe_key"] = refusal(code)
    found = foreign.one()
    assert found.severity is UNKNOWN
    assert "kms:ap-northeast-1:999999999999:alias/theirs, which the credentials cannot describe" in found.what
    assert "application.secret_key_arns must have the ARN of the key (not of an alias)" in found.what


def test_a_key_id_without_an_arn_is_one_of_the_account_that_has_the_secret() -> None:
    theirs = KEY.replace(ACCOUNT, "999999999999")
    foreign = with_secret_arn(SECRET.replace(ACCOUNT, "999999999999"))
    described = foreign.said["secretsmanager", "describe_secret"]
    foreign.said["secretsmanager", "describe_secret"] = {**described, "KmsKeyId": theirs.rpartition("/")[2]}
    granting(foreign, theirs)
    assert foreign.wrong() == []


def test_a_secret_under_a_key_that_is_not_granted_stops_every_task(with_secret: Before) -> None:
    described = with_secret.said["secretsmanager", "describe_secret"]
    with_secret.said["secretsmanager", "describe_secret"] = {**described, "KmsKeyId": "alias/mine"}
    found = with_secret.one()
    assert (found.severity, found.fix) == (ERROR, f"set application.secret_key_arns: [{KEY}] in the stack file")
    metadata = {"Arn": KEY, "KeyManager": "AWS", "KeyState": "Enabled", "KeyId": "1"}
    with_secret.said["kms", "describe_key"] = {"KeyMetadata": metadata}
    assert with_secret.wrong() == []


def granting(before: Before, arn: str, *, roles: str = "") -> None:
    """Let execution roles of the plan decrypt with a key: those whose name has this text."""
    record = before.planned.record
    resources = [
        replace(
            one, inputs={**one.inputs, "policy": one.inputs["policy"].replace("key/encryption", arn.rpartition(":")[2])}
        )
        if one.kind == "RolePolicy" and one.name.endswith("-execution") and roles in one.name
        else one
        for one in record.resources
    ]
    before.planned = replace(before.planned, record=replace(record, resources=resources), _by_type={})


def test_a_key_that_the_roles_policies_name_is_granted(with_secret: Before) -> None:
    described = with_secret.said["secretsmanager", "describe_secret"]
    with_secret.said["secretsmanager", "describe_secret"] = {**described, "KmsKeyId": "alias/mine"}
    granting(with_secret, KEY)
    assert with_secret.wrong() == []
    metadata = {"Arn": KEY, "KeyManager": "CUSTOMER", "KeyState": "PendingDeletion", "KeyId": "1"}
    with_secret.said["kms", "describe_key"] = {"KeyMetadata": metadata}
    assert "which is PendingDeletion" in with_secret.one().what


def test_a_key_must_be_granted_to_every_role_that_reads_the_secret(with_secret: Before) -> None:
    described = with_secret.said["secretsmanager", "describe_secret"]
    with_secret.said["secretsmanager", "describe_secret"] = {**described, "KmsKeyId": "alias/mine"}
    granting(with_secret, KEY, roles="story-prod-web-")
    assert with_secret.one().fix.startswith("set application.secret_key_arns")


def test_the_stacks_own_key_is_granted(with_secret: Before) -> None:
    described = with_secret.said["secretsmanager", "describe_secret"]
    with_secret.said["secretsmanager", "describe_secret"] = {**described, "KmsKeyId": "alias/story-prod-data"}
    own = {"type": "aws:kms/key:Key", "urn": "urn:key", "inputs": {}, "outputs": {"arn": KEY}, "id": "1"}
    with_secret.owned = Owned(resources=[own])
    assert [one for one in with_secret.wrong() if one.area == "secrets"] == []


@pytest.mark.parametrize("question", [("kms", "describe_key"), ("secretsmanager", "get_secret_value")])
def test_what_may_not_be_read_of_a_secret_is_unknown_beside_what_is_wrong(
    with_secret: Before, question: tuple[str, str]
) -> None:
    described = with_secret.said["secretsmanager", "describe_secret"]
    with_secret.said["secretsmanager", "describe_secret"] = {**described, "KmsKeyId": "alias/mine"}
    with_secret.said[question] = DENIED
    severities = {one.severity for one in with_secret.wrong()}
    assert severities == ({UNKNOWN} if question[0] == "kms" else {UNKNOWN, ERROR})


def test_the_stacks_own_secrets_are_not_asked_for(before: Before) -> None:
    before.findings()
    assert "secretsmanager" not in {service for service, _, _ in before.told.asked}


def test_the_value_of_a_secret_is_never_shown(with_secret: Before) -> None:
    with_secret.said["secretsmanager", "get_secret_value"] = {"SecretString": '{"token": "hidden-value"}'}
    assert "hidden-value" not in repr(with_secret.findings())


# The pipeline of bootstrap/


def test_a_connection_that_nobody_finished_is_a_warning(before: Before) -> None:
    pending = [{"ConnectionName": "bootstrap-story-github", "ConnectionStatus": "PENDING"}]
    before.said["codestar-connections", "list_connections"] = {"Connections": pending}
    assert (before.one().severity, before.one().subject) == (WARNING, "connection")
    others = [{"ConnectionName": "other", "ConnectionStatus": "PENDING"}]
    before.said["codestar-connections", "list_connections"] = {"Connections": others}
    assert before.wrong() == []


def test_every_page_of_connections_is_read(before: Before) -> None:
    def pages(NextToken: str = "") -> Any:  # noqa: N803
        if not NextToken:
            return {"Connections": [], "NextToken": "2"}
        return {"Connections": [{"ConnectionName": "bootstrap-story-github", "ConnectionStatus": "ERROR"}]}

    before.said["codestar-connections", "list_connections"] = pages
    assert before.one().severity is WARNING


def test_an_account_that_may_run_no_build_is_a_warning(before: Before) -> None:
    [quota] = before.said["service-quotas", "list_service_quotas"]["Quotas"]
    before.said["service-quotas", "list_service_quotas"] = {"Quotas": [{**quota, "Value": 0.0}]}
    assert (before.one().severity, before.one().subject) == (WARNING, "builds")
    before.said["service-quotas", "list_service_quotas"] = {"Quotas": []}
    assert before.one().severity is UNKNOWN


# A build, the image's resolution and the releases of two stacks, on the same machines
@pytest.mark.parametrize(("value", "is_enough"), [(3.0, True), (20.0, True), (2.0, False), (1.0, False)])
def test_every_project_of_the_pipelines_runs_at_the_same_time(before: Before, value: float, is_enough: bool) -> None:
    [project] = before.said["codebuild", "batch_get_projects"]["projects"]
    names = [f"bootstrap-story-{name}" for name in ("resolve", "deploy-dev", "deploy-prod")]
    before.said["codebuild", "list_projects"] = {"projects": names}
    before.said["codebuild", "batch_get_projects"] = {"projects": [{**project, "name": name} for name in names]}
    [quota] = before.said["service-quotas", "list_service_quotas"]["Quotas"]
    before.said["service-quotas", "list_service_quotas"] = {"Quotas": [{**quota, "Value": value}]}
    [found] = [one for one in before.findings() if one.subject == "builds"]
    assert (found.severity is WARNING) != is_enough
    assert found.what == f"{quota['QuotaName']}: {value:g}; the pipelines run up to 3 at the same time"
    if not is_enough:
        assert "bootstrap-story-deploy-dev, bootstrap-story-deploy-prod" in found.why
        assert "--desired-value 5`" in found.fix


def test_projects_on_other_machines_have_a_quota_of_their_own(before: Before) -> None:
    [project] = before.said["codebuild", "batch_get_projects"]["projects"]
    medium = {**project["environment"], "computeType": "BUILD_GENERAL1_MEDIUM"}
    others = [{**project, "name": "bootstrap-story-resolve"}, {**project, "environment": medium}]
    before.said["codebuild", "batch_get_projects"] = {"projects": others}
    [quota] = before.said["service-quotas", "list_service_quotas"]["Quotas"]
    of_medium = {**quota, "QuotaName": "Concurrently running builds for ARM/Medium environment"}
    before.said["service-quotas", "list_service_quotas"] = {"Quotas": [quota, of_medium]}
    assert before.wrong() == []


def test_only_the_projects_of_the_pipeline_count(before: Before) -> None:
    asked: list[str] = []
    answer = before.said["codebuild", "batch_get_projects"]
    before.said["codebuild", "batch_get_projects"] = lambda names: asked.extend(names) or answer
    before.findings()
    assert asked == ["bootstrap-story-build"]


def test_an_account_without_the_pipeline_has_nothing_to_say_of_it(before: Before) -> None:
    before.said["codebuild", "list_projects"] = {"projects": []}
    before.said["codestar-connections", "list_connections"] = {"Connections": []}
    assert [one for one in before.findings() if one.area == "pipeline"] == []


def test_the_names_of_the_pipeline_are_those_that_bootstrap_gives() -> None:
    from story.doctor.preflight.delivery import CONNECTION
    from story.doctor.preflight.delivery import PROJECT as BUILDS

    assert (PROJECT / "bootstrap" / "Pulumi.yaml").read_text().startswith("name: bootstrap\n")
    assert CONNECTION.fullmatch("bootstrap-story-github")
    assert all(BUILDS.fullmatch(f"bootstrap-story-{name}") for name in ("build", "resolve", "deploy-prod"))
    assert not BUILDS.fullmatch("bootstrap-story-other")

"""The settings of the account's foundation: one clear line for each mistake."""

import json
from typing import Any

import pulumi
import pytest
import yaml

from bootstrap.account_settings import PREFIX, AccountSettings, account_of
from story.docs.reference import settings_reference
from story.docs.schema import stack_file_schema
from tests.bootstrap.given import FOLDER, account

GOOD: dict[str, Any] = {
    "infrastructure": {"repository": "example/story"},
    "application": {"repository": "example/site"},
    "approval": {"emails": ["team@example.com"]},
}


PROVIDER = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
KEY = "arn:aws:kms:eu-west-1:210987654321:key/12345678-1234-1234-1234-123456789012"


def config(region: str = "ap-northeast-1", **changes: Any) -> dict[str, str]:
    given = {**GOOD, **changes}
    texts = {f"bootstrap:{key}": value if isinstance(value, str) else json.dumps(value) for key, value in given.items()}
    return {"aws:region": region, **texts}


def mistakes(*, name: str = "story", region: str = "ap-northeast-1", **changes: Any) -> list[str]:
    with pytest.raises(pulumi.RunError) as stopped:
        account_of(name, config(region, **changes))
    return str(stopped.value).splitlines()


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"application": {}},
            "bootstrap:application.repository: not given; allowed is a repository on GitHub such as owner/name",
        ),
        (
            {"infrastructure": {"repository": "https://github.com/example/story"}},
            'bootstrap:infrastructure.repository: given "https://github.com/example/story"; '
            "allowed is a repository on GitHub such as owner/name",
        ),
        (
            {"stages": ["dev", "dev"]},
            "bootstrap:stages: given dev, dev; allowed is each stack once",
        ),
        (
            {"stages": ["prod", "prod-eu"]},
            "bootstrap:stages: given prod and prod-eu; allowed are names of which none begins with another and a -, "
            "because roles are limited by the beginnings of names",
        ),
        (
            {"approval": {"timeout_minutes": 1, "emails": ["team@example.com"]}},
            "bootstrap:approval.timeout_minutes: given 1; allowed is a whole number (5 to 86400)",
        ),
        (
            {"application": {"repository": "example/site", "dockerfile": "../x"}},
            'bootstrap:application.dockerfile: given "../x"; allowed is a path within the repository, without ..',
        ),
        (
            {"application": {"repository": "example/site", "docker_hub_mirror": "docker.io"}},
            'bootstrap:application.docker_hub_mirror: given "docker.io"; '
            "allowed is a registry that mirrors Docker Hub, such as public.ecr.aws/docker",
        ),
        (
            {"application": {"repository": "example/site", "docker_hub_mirror": "https://public.ecr.aws/docker/"}},
            'bootstrap:application.docker_hub_mirror: given "https://public.ecr.aws/docker/"; '
            "allowed is a registry that mirrors Docker Hub, such as public.ecr.aws/docker",
        ),
        (
            {"application": {"repository": "example/site", "buildkit_image": "moby/buildkit:latest"}},
            'bootstrap:application.buildkit_image: given "moby/buildkit:latest"; '
            "allowed is an image by digest: registry/repository@sha256:...",
        ),
        ({"stage": ["dev"]}, "bootstrap:stage: unknown key; did you mean stages?"),
        ({"region": "Tokyo"}, 'aws:region: given "Tokyo"; allowed is a region such as ap-northeast-1'),
    ],
)
def test_a_mistake_is_one_line_that_says_what_is_allowed(changes: dict[str, Any], line: str) -> None:
    assert mistakes(**changes) == [line]


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1", "ap-northeast-3"])
def test_a_region_without_connections_to_github_is_refused_in_one_line(region: str) -> None:
    assert mistakes(region=region) == [
        f"aws:region: given {region}, where AWS has no connections to GitHub, which the pipelines need; allowed is "
        'another region, or create its stacks by hand (README.md, "Bring up an environment")'
    ]


def test_govcloud_has_a_region_with_connections() -> None:
    given, _ = account_of("story", config("us-gov-east-1"))
    assert given.region == "us-gov-east-1"


@pytest.mark.parametrize(
    ("changes", "key", "arn"),
    [
        (
            {"infrastructure": {"repository": "example/story", "oidc_provider_arn": PROVIDER}},
            "infrastructure.oidc_provider_arn",
            PROVIDER,
        ),
        ({"task_rights": {"kms:Decrypt": KEY}}, "task_rights.kms:Decrypt", KEY),
    ],
)
def test_an_arn_of_another_partition_is_refused(changes: dict[str, Any], key: str, arn: str) -> None:
    assert mistakes(region="us-gov-east-1", **changes) == [
        f'bootstrap:{key}: given "{arn}"; allowed in us-gov-east-1 is an ARN that begins with arn:aws-us-gov:'
    ]
    account_of("story", config(**changes))


def test_all_mistakes_come_at_once() -> None:
    assert len(mistakes(infrastructure={}, application={}, stages=[])) == 3


def test_a_name_that_fits_no_aws_name_is_refused() -> None:
    [line] = mistakes(name="Konto_1")
    assert line.startswith('stack: given "Konto_1"; allowed is a name of a-z, 0-9 and -')


def test_a_key_that_nothing_reads_is_refused() -> None:
    with pytest.raises(pulumi.RunError) as stopped:
        account_of("story", {**config(), "aws:profil": "dev", "bootstarp:stages": "[]"})
    assert str(stopped.value).splitlines() == [
        "aws:profil: unknown key; did you mean aws:profile?",
        "bootstarp:stages: unknown key; did you mean bootstrap:stages?",
    ]


def test_an_encrypted_value_is_refused_because_nothing_here_is_secret() -> None:
    with pytest.raises(pulumi.RunError, match="no setting here is a secret"):
        account_of("story", config(), {"bootstrap:application"})


def test_approvals_without_notification_are_warned_of() -> None:
    _, warnings = account_of("story", config(approval={}))
    assert [line for line in warnings if line.startswith("bootstrap:approval.emails: none given")]
    _, quiet = account_of("story", config(approval={}, stages=["live"]))
    assert quiet == []


def test_pulumi_yaml_declares_each_key_with_the_default_of_the_settings() -> None:
    declared = yaml.safe_load((FOLDER / "Pulumi.yaml").read_text("utf-8"))["config"]
    assert list(declared) == [f"bootstrap:{name}" for name in AccountSettings.model_fields]
    for name in ("protect", "stages", "trail", "approval"):
        default = declared[f"bootstrap:{name}"]["default"]
        made = AccountSettings.model_validate_json(json.dumps({name: default}))
        assert made == AccountSettings()


def test_the_committed_settings_are_sound() -> None:
    assert account().warnings == ()


def test_schema_and_page_of_the_settings_are_those_of_the_specs() -> None:
    schema = (FOLDER / "settings.schema.json").read_text("utf-8")
    page = (FOLDER.parent / "docs" / "bootstrap-settings.md").read_text("utf-8")
    assert schema == stack_file_schema(AccountSettings, PREFIX), "`story docs` writes it anew"
    assert page == settings_reference(AccountSettings, PREFIX), "`story docs` writes it anew"

"""The account's foundation outside of the commercial Regions: every ARN begins as the partition's ARNs do."""

import json
import re

import pytest

from bootstrap import account_settings
from bootstrap.scope import Scope
from settings.partition import ca_bundle_url, via_service_values
from story.plan.recorder import Record
from tests.bootstrap.given import account, roles_of, statements_of

ARN = re.compile(r"arn:(aws[a-z-]*|\*):[a-z0-9-]+:")
PARTITIONS = {"cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov", "us-gov-east-1": "aws-us-gov"}


def made_in(region: str, monkeypatch: pytest.MonkeyPatch) -> Record:
    """What would be made there, were there connections to GitHub."""
    monkeypatch.setattr(account_settings, "WITHOUT_CONNECTIONS", frozenset[str]())
    return account(region=region, trail={"enabled": True})


@pytest.mark.parametrize("region", list(PARTITIONS))
def test_every_arn_of_the_account_is_the_partition_s(region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = made_in(region, monkeypatch)
    found = {name for one in made.resources for name in ARN.findall(json.dumps(one.inputs))}
    assert found == {PARTITIONS[region]}


@pytest.mark.parametrize("region", list(PARTITIONS))
def test_the_roles_of_the_account_are_there_with_policies(region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = made_in(region, monkeypatch)
    assert sorted(roles_of(made)) == sorted(roles_of(account()))
    for role in roles_of(made):
        assert len(statements_of(made, role)) == len(statements_of(account(), role)), role


@pytest.mark.parametrize("region", list(PARTITIONS))
def test_the_preview_role_reads_secrets_through_secrets_manager_by_every_name_of_it(region: str) -> None:
    scope = Scope(account_id="123456789012", region=region, stack="prod")
    assert scope.through("secretsmanager") == {"kms:ViaService": via_service_values(region, "secretsmanager")}


@pytest.mark.parametrize("region", ["ap-northeast-1", *PARTITIONS])
def test_the_image_is_built_with_the_ca_bundle_of_its_partition(region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account_settings, "WITHOUT_CONNECTIONS", frozenset[str]())
    project = account(region=region).one("aws:codebuild/project:Project", "build").inputs
    given = {one["name"]: one["value"] for one in project["environment"]["environmentVariables"]}
    assert given["RDS_CA_BUNDLE"] == ca_bundle_url(region)

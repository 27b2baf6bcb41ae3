"""The account's foundation, on an empty account."""

import json
from typing import Any

import pytest
import yaml

from tests.e2e.conftest import Begin
from tests.e2e.support import PROJECT, Stack, succeeded


@pytest.fixture(scope="module")
def stack(begin: Begin) -> Stack:
    folder = PROJECT / "bootstrap"
    stack = begin("story", project=folder, name="bootstrap")
    config = yaml.safe_load((folder / "Pulumi.story.yaml").read_text("utf-8"))["config"]
    stack.engine.prepare({**config, "bootstrap:protect": False})
    return stack


def policies_of(stack: Stack, role: str) -> list[dict[str, Any]]:
    iam = stack.client("iam")
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    found: list[dict[str, Any]] = []
    for policy in attached:
        version = iam.get_policy(PolicyArn=policy["PolicyArn"])["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=policy["PolicyArn"], VersionId=version)["PolicyVersion"]["Document"]
        found += document["Statement"] if isinstance(document, dict) else json.loads(document)["Statement"]
    return found


def test_it_comes_up(stack: Stack) -> None:
    stack.up()
    outputs = stack.engine.outputs()
    assert outputs["stateUrl"].startswith("s3://")
    assert outputs["imageRepository"].endswith("/story")
    assert set(outputs["previewRoleArns"]) == {"dev", "prod"}


def test_the_next_preview_shows_no_change(stack: Stack) -> None:
    assert stack.is_clean()


def test_a_new_image_s_digest_is_no_difference(stack: Stack) -> None:
    name = stack.engine.outputs()["newestImageParameter"]
    stack.client("ssm").put_parameter(Name=name, Value='{"image":"x","commit":"y"}', Type="String", Overwrite=True)
    assert stack.changes() == []


def test_what_a_role_of_the_pipeline_may_do_is_what_was_asked_for(stack: Stack) -> None:
    actions = {action for one in policies_of(stack, "bootstrap-story-deploy-prod") for action in one["Action"]}
    assert {"ecs:RunTask", "ecs:UpdateService", "iam:PassRole"} <= actions
    builds = {action for one in policies_of(stack, "bootstrap-story-build") for action in one["Action"]}
    assert {action.partition(":")[0] for action in builds} == {"ecr", "kms", "logs", "s3", "ssm"}


def test_a_destroy_leaves_nothing_but_keys_that_wait_for_their_deletion(stack: Stack) -> None:
    succeeded(stack.run("destroy", "--yes", "--skip-preview"))
    left = [(service, one["type"]) for service, items in stack.inventory().items() for one in items]
    assert sorted(left) == [("kms", "key"), ("kms", "key")]

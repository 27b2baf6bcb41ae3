"""The account's foundation on an empty account, by the commands of docs/bootstrap.md as they stand."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from release.service_linked_roles import ROLE_NAMES
from story.local.engine import write_settings
from tests.e2e.checkout import copy_of_the_repository, emulated, run_in_bash
from tests.e2e.conftest import Begin
from tests.e2e.support import PROJECT, Stack

SECTION = re.compile(r"^## (\d)\. .*?$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.*)$", re.MULTILINE)
SHOWN = ["build", "deploy-prod", "preview-prod"]


@dataclass(kw_only=True)
class Person:
    """Somebody who follows the page.

    Attributes:
        folder: Their copy of this repository.
        home: Their home.
        environment: Their shell's variables, which stay from one step to the next.
    """

    folder: Path
    home: Path
    environment: dict[str, str]

    def follows(self, step: int) -> str:
        """Run the commands of a step; returns what they said."""
        page = (PROJECT / "docs" / "bootstrap.md").read_text("utf-8")
        text = {int(number): text for number, text in SECTION.findall(page)}[step]
        commands = COMMAND.findall(text)
        assert commands, f"step {step} has no command"
        return self.runs(*commands)

    def runs(self, *commands: str) -> str:
        """Run commands in one shell, until one fails."""
        keep = self.home / "environment"
        told = f'python3 -c \'import json, os; json.dump(dict(os.environ), open("{keep}", "w"))\''
        # What a person chooses, and answers with yes; a bucket of the emulator has no host of its own.
        chosen = [line.replace("PULUMI_CONFIG_PASSPHRASE=...", "PULUMI_CONFIG_PASSPHRASE=chosen") for line in commands]
        adapted = [
            line.replace('PULUMI_BACKEND_URL="$state"', 'PULUMI_BACKEND_URL="$state&use_path_style=true"')
            for line in chosen
        ]
        returncode, said = run_in_bash(
            "\n".join(["set -ea", *adapted, told]),
            self.folder,
            {**self.environment, "HOME": str(self.home), "PULUMI_SKIP_CONFIRMATIONS": "true"},
        )
        assert returncode == 0, said
        self.environment = json.loads(keep.read_text("utf-8"))
        return said

    @property
    def outputs(self) -> dict[str, Any]:
        """What the foundation gives out."""
        return json.loads(self.runs("pulumi stack output --cwd bootstrap --stack story --json"))


@pytest.fixture(scope="module")
def stack(begin: Begin) -> Stack:
    return begin("story")


@pytest.fixture(scope="module")
def person(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Person:
    home = tmp_path_factory.mktemp("person")
    folder = copy_of_the_repository(home / "story")
    file = folder / "bootstrap" / "Pulumi.story.yaml"
    config = yaml.safe_load(file.read_text("utf-8"))["config"]
    file.unlink()
    write_settings(file, {**config, "bootstrap:protect": False})
    environment = emulated(stack.engine.emulator_url, home)
    return Person(folder=folder, home=home, environment=environment)


def actions_of(stack: Stack, role: str) -> set[str]:
    iam = stack.client("iam")
    found: set[str] = set()
    for policy in iam.list_attached_role_policies(RoleName=f"bootstrap-story-{role}")["AttachedPolicies"]:
        version = iam.get_policy(PolicyArn=policy["PolicyArn"])["Policy"]["DefaultVersionId"]
        known = iam.get_policy_version(PolicyArn=policy["PolicyArn"], VersionId=version)["PolicyVersion"]["Document"]
        found |= {action for statement in known["Statement"] for action in statement["Action"]}
    return found


def linked_roles(stack: Stack) -> set[str]:
    found = stack.client("iam").list_roles(PathPrefix="/aws-service-role/")["Roles"]
    return {role["RoleName"] for role in found}


def test_it_comes_up_with_its_state_on_the_person_s_machine(person: Person, stack: Stack) -> None:
    # An account in which a load balancer was made before has that service's role.
    stack.client("iam").create_service_linked_role(AWSServiceName="elasticloadbalancing.amazonaws.com")
    said = person.follows(2)
    assert "service-linked role AWSServiceRoleForElasticLoadBalancing: exists already" in said
    assert "service-linked role AWSServiceRoleForRDS: created" in said
    assert linked_roles(stack) == set(ROLE_NAMES.values())
    assert person.outputs["imageRepository"].endswith("/story")
    assert set(person.outputs["previewRoleArns"]) == set(person.outputs["boundaryArns"]) == {"dev", "prod"}


def test_its_state_moves_into_its_own_bucket_and_nothing_changes(person: Person, stack: Stack) -> None:
    bucket = re.match(r"s3://([^?]+)", person.outputs["stateUrl"])
    person.follows(3)
    assert bucket
    kept = stack.client("s3").list_objects_v2(Bucket=bucket[1])["Contents"]
    assert ".pulumi/stacks/bootstrap/story.json" in {one["Key"] for one in kept}
    assert "awskms:///alias/bootstrap-story-state" in (person.folder / "bootstrap/Pulumi.story.yaml").read_text("utf-8")


def test_the_stacks_have_their_secrets_under_the_key_of_the_state(person: Person) -> None:
    for name in ("dev", "prod"):
        (person.folder / f"Pulumi.{name}.yaml").unlink()
    person.follows(5)
    for name in ("dev", "prod"):
        made = yaml.safe_load((person.folder / f"Pulumi.{name}.yaml").read_text("utf-8"))
        assert made["secretsprovider"].startswith("awskms:///alias/bootstrap-story-state")
        assert made["encryptedkey"]


def test_a_new_image_s_digest_is_no_difference(person: Person, stack: Stack) -> None:
    name = person.outputs["newestImageParameter"]
    stack.client("ssm").put_parameter(Name=name, Value='{"image":"x","commit":"y"}', Type="String", Overwrite=True)
    person.runs("pulumi preview --cwd bootstrap --stack story --expect-no-changes")


def test_its_roles_are_what_they_are_called(stack: Stack) -> None:
    may = {role: actions_of(stack, role) for role in SHOWN}
    assert {"ecs:RunTask", "ecs:UpdateService", "iam:PassRole"} <= may["deploy-prod"]
    assert {action.partition(":")[0] for action in may["build"]} == {"ecr", "kms", "logs", "s3", "ssm"}
    assert not [action for action in may["preview-prod"] if action.partition(":")[2].startswith(("Create", "Put"))]


def test_a_destroy_leaves_nothing_but_keys_that_wait_for_their_deletion_and_service_linked_roles(
    person: Person, stack: Stack
) -> None:
    home = f"file://{person.home}/back?metadata=skip"
    person.runs(
        "pulumi stack export --cwd bootstrap --stack story --show-secrets --file ~/bootstrap.json",
        f"mkdir -p ~/back; export PULUMI_BACKEND_URL='{home}'; rm bootstrap/Pulumi.story.yaml",
        "pulumi stack init story --cwd bootstrap",
        "pulumi stack import --cwd bootstrap --stack story --file ~/bootstrap.json",
    )
    file = person.folder / "bootstrap" / "Pulumi.story.yaml"
    write_settings(file, {})
    person.runs("pulumi destroy --cwd bootstrap --stack story")
    left = [(service, one["type"]) for service, items in stack.inventory().items() for one in items]
    roles = [("iam", "role")] * len(ROLE_NAMES)
    assert sorted(left) == [*roles, ("kms", "key"), ("kms", "key")]
    assert linked_roles(stack) == set(ROLE_NAMES.values()), "other things of the account use them"

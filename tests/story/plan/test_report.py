"""The tree, sums and pages of a plan, with small programs in place of the project's."""

import json
from pathlib import Path
from typing import Any

import pytest

from story.plan.program import (
    EXAMPLE_DIGEST,
    ProgramError,
    StackPlan,
    example_image,
    plan_stack,
    project_folder,
    stack_files,
)
from story.plan.report import as_json, as_text
from story.plan.stack_file import StackFile
from story.plan.tree import below_vpc, kinds, ordered, tree
from tests.paths import PROJECT

PROGRAM = """
import os
import pulumi
import pulumi_aws as aws
import pulumi_random as random


class Box(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("story:index:Box", name, None, opts)


async def work(args):
    pass


box = Box("box")
inner = Box("box-inner", opts=pulumi.ResourceOptions(parent=box))
password = random.RandomPassword("password", length=32, opts=pulumi.ResourceOptions(parent=inner))
aws.ssm.Parameter(
    "b",
    type="SecureString",
    value=password.result,
    tags={"Plain": "seen", "Hidden": pulumi.Output.secret("hush")},
    opts=pulumi.ResourceOptions(parent=box, protect=True, ignore_changes=["value"]),
)
hook = pulumi.ResourceHook("migrate", work)
aws.ssm.Parameter(
    "a",
    type="String",
    value="x",
    opts=pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(before_create=[hook])),
)
pulumi.log.warn("mind the gap")
pulumi.export("password", password.result)
pulumi.export("image", os.environ["STORY_IMAGE"])
pulumi.export("region", pulumi.Config("aws").require("region"))
"""
MISTAKES = 'import pulumi\nraise pulumi.RunError("story:a: wrong\\nstory:b: wrong")\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make(tmp_path, PROGRAM)


def make(folder: Path, program: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "Pulumi.yaml").write_text("name: story\n")
    (folder / "__main__.py").write_text(program)
    for stack, region in (("prod", "eu-west-1"), ("dev", "ap-northeast-1")):
        (folder / f"Pulumi.{stack}.yaml").write_text(f"config:\n  aws:region: {region}\n")
    return folder


def planned(project: Path, stack: str = "dev", image: str | None = None) -> StackPlan:
    return plan_stack(project, project / f"Pulumi.{stack}.yaml", image)


def document(*plans: StackPlan) -> dict[str, Any]:
    return json.loads(as_json(plans))["stacks"]


def test_resources_follow_the_tree_and_then_type_and_name(project: Path) -> None:
    record = planned(project).record
    assert record is not None
    assert [(resource.kind, resource.name) for resource in ordered(record)] == [
        ("Parameter", "a"),
        ("Box", "box"),
        ("Parameter", "b"),
        ("Box", "box-inner"),
        ("RandomPassword", "password"),
    ]


def test_components_hold_resources_and_are_none(project: Path) -> None:
    record = planned(project).record
    assert record is not None
    assert {node.resource.name: node.count for node in tree(record)} == {"a": 1, "box": 2}
    assert kinds(record) == {"aws:ssm/parameter:Parameter": 2, "random:index/randomPassword:RandomPassword": 1}


def test_the_json_of_a_stack_says_all_of_each_resource(project: Path) -> None:
    stack = document(planned(project))["dev"]
    assert set(stack) == {"resources", "outputs", "warnings", "mistakes"}
    parameter = next(resource for resource in stack["resources"] if resource["name"] == "b")
    assert parameter == {
        "type": "aws:ssm/parameter:Parameter",
        "name": "b",
        "parent": "box",
        "inputs": {
            "tags": {"Hidden": "[secret]", "Plain": "seen"},
            "type": "SecureString",
            "value": "[secret]",
        },
        "protect": True,
        "ignore_changes": ["value"],
        "depends_on": ["RandomPassword password"],
        "hooks": {},
        "aliases": [],
        "retain_on_delete": False,
        "component": False,
    }
    assert stack["warnings"] == ["mind the gap"]


def test_secrets_are_on_no_page(project: Path) -> None:
    plan = planned(project)
    for page in (as_json([plan]), as_text([plan], inputs=True)):
        assert "hush" not in page
        assert "not-a-real-password" not in page
        assert "[secret]" in page
    assert document(plan)["dev"]["outputs"]["password"] == "[secret]"


def test_the_text_shows_the_tree_with_what_is_special_about_a_resource(project: Path) -> None:
    page = as_text([planned(project)]).splitlines()
    assert page[0] == "dev (Pulumi.dev.yaml)"
    assert "Parameter a  aws:ssm/parameter:Parameter  [before create: migrate]" in page
    assert "Box box  2 resources" in page
    assert "├── Parameter b  aws:ssm/parameter:Parameter  [protected]  [ignores value]" in page
    assert "└── Box box-inner  1 resource" in page
    assert "    └── RandomPassword password  random:index/randomPassword:RandomPassword" in page


def test_the_text_ends_with_sums_protection_outputs_and_warnings(project: Path) -> None:
    page = as_text([planned(project)])
    assert "  total: 3 resources; most frequent: 2 aws:ssm/parameter:Parameter, " in page
    assert "    box: 2\n" in page
    assert "  protected from deletion: Parameter b\n" in page
    assert "  output: region = ap-northeast-1\n" in page
    assert "  warning: mind the gap\n" in page


def test_inputs_are_shown_on_demand_only(project: Path) -> None:
    plan = planned(project)
    assert 'type: "SecureString"' in as_text([plan], inputs=True)
    assert "SecureString" not in as_text([plan])


def test_colour_is_for_terminals_only(project: Path) -> None:
    plan = planned(project)
    assert "\x1b[" not in as_text([plan])
    assert "\x1b[" in as_text([plan], colour=True)


def test_the_same_plan_twice_is_the_same_to_the_byte(project: Path) -> None:
    first, second = ([planned(project, stack) for stack in ("dev", "prod")] for _ in range(2))
    assert as_json(first) == as_json(second)
    assert as_text(first, inputs=True) == as_text(second, inputs=True)


def test_a_stack_with_mistakes_has_no_resources(tmp_path: Path) -> None:
    plan = planned(make(tmp_path, MISTAKES))
    assert document(plan) == {
        "dev": {"resources": [], "outputs": {}, "warnings": [], "mistakes": ["story:a: wrong", "story:b: wrong"]}
    }
    assert as_text([plan]) == "dev (Pulumi.dev.yaml)\n  mistake: story:a: wrong\n  mistake: story:b: wrong\n\n"


def test_a_file_that_cannot_be_read_is_a_mistake_and_nothing_runs(tmp_path: Path) -> None:
    project = make(tmp_path, "raise SystemError('it ran')")
    (project / "Pulumi.dev.yaml").write_text("[")
    assert planned(project).mistakes[0].startswith("Pulumi.dev.yaml: line 1: ")


def test_a_program_that_fails_names_the_stack_and_the_file(tmp_path: Path) -> None:
    project = make(tmp_path, "1 / 0")
    with pytest.raises(ProgramError, match=r"^stack dev \(.*Pulumi\.dev\.yaml\): ZeroDivisionError: division by zero"):
        planned(project)


def test_without_an_image_an_example_is_used_and_marked(project: Path) -> None:
    plan = planned(project, "prod")
    assert plan.image == f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/example@{EXAMPLE_DIGEST}"
    assert document(plan)["prod"]["outputs"]["image"] == plan.image
    assert f"  image: {plan.image}, an example; use --image to plan with your own\n" in as_text([plan])


def test_an_image_that_was_given_is_used_and_not_called_an_example(project: Path) -> None:
    plan = planned(project, image="ghcr.io/app@sha256:1")
    assert document(plan)["dev"]["outputs"]["image"] == "ghcr.io/app@sha256:1"
    assert "an example;" not in as_text([plan])


@pytest.mark.parametrize("region", ["", "[secret]", "eu west", "a\nb"])
def test_the_example_image_is_valid_whatever_the_region_is(region: str) -> None:
    image = example_image(StackFile(stack="dev", config={"aws:region": region}))
    assert image.startswith("123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/")


def test_a_stack_file_from_elsewhere_goes_through_the_project_s_program(project: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "Pulumi.trial.yaml").write_text("config: {'aws:region': us-east-1}")
    plan = plan_stack(project, elsewhere / "Pulumi.trial.yaml")
    assert document(plan)["trial"]["outputs"]["region"] == "us-east-1"


def test_the_project_is_found_from_below_and_from_anywhere(project: Path) -> None:
    below = project / "a" / "b"
    below.mkdir(parents=True)
    # Another project of Pulumi on the way up is not ours.
    (below / "Pulumi.yaml").write_text("name: other\n")
    (below / "__main__.py").touch()
    assert project_folder(below) == project
    assert project_folder(Path("/")) == PROJECT


def test_stack_files_are_those_of_stacks_in_order(project: Path) -> None:
    assert [path.name for path in stack_files(project)] == ["Pulumi.dev.yaml", "Pulumi.prod.yaml"]


def test_what_a_vpc_lays_out_is_shown_with_its_ranges() -> None:
    inputs: dict[str, Any] = {
        "cidrBlock": "10.0.0.0/16",
        "availabilityZoneNames": ["x-1a", "x-1c"],
        "availabilityZoneCidrMask": 18,
        "subnetSpecs": [
            {"name": "private", "type": "Private", "cidrMask": 19},
            {"name": "public", "type": "Public", "cidrMask": 21},
        ],
        "natGateways": {"strategy": "Single"},
        "vpcEndpointSpecs": [{"serviceName": "com.amazonaws.x-1.s3", "vpcEndpointType": "Gateway"}],
    }
    assert below_vpc(inputs) == [
        "Subnet private x-1a 10.0.0.0/19",
        "Subnet public x-1a 10.0.32.0/21",
        "Subnet private x-1c 10.0.64.0/19",
        "Subnet public x-1c 10.0.96.0/21",
        "NatGateway x-1a",
        "VpcEndpoint com.amazonaws.x-1.s3 (Gateway)",
    ]


@pytest.mark.parametrize(("strategy", "gateways"), [("None", 0), ("Single", 1), ("OnePerAz", 2)])
def test_nat_gateways_are_shown_as_they_will_be(strategy: str, gateways: int) -> None:
    inputs = {
        "cidrBlock": "10.0.0.0/16",
        "availabilityZoneNames": ["x-1a", "x-1c"],
        "availabilityZoneCidrMask": 18,
        "subnetSpecs": [],
        "natGateways": {"strategy": strategy},
    }
    assert len(below_vpc(inputs)) == gateways

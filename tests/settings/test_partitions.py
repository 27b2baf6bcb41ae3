"""Regions beyond the commercial ones: their ARNs, host names and services."""

import json
import re
from typing import Any

import pulumi
import pytest
from botocore.config import Config
from botocore.loaders import Loader
from botocore.session import Session

from settings.ecr import ecr_image, registry_host, registry_of
from settings.partition import (
    CHINA,
    COMMERCIAL,
    GOVCLOUD,
    KNOWN_REGIONS,
    ca_bundle_url,
    gateway_endpoint_service,
    interface_endpoint_service,
    is_supported,
    partition_of,
    regional_host,
    via_service_values,
)
from settings.stack import Settings, stack_of
from story.plan.recorder import Record, record_program
from tests.program.given import PROJECT

KNOWN: dict[str, Any] = {one["id"]: one for one in Loader().load_data("partitions")["partitions"]}
ENDPOINTS: dict[str, Any] = {one["partition"]: one for one in Loader().load_data("endpoints")["partitions"]}
SUPPORTED = {partition.name: partition for partition in (COMMERCIAL, CHINA, GOVCLOUD)}
DIGEST = "sha256:" + "1" * 64
OFFLINE = Config(use_fips_endpoint=False, use_dualstack_endpoint=False)


@pytest.mark.parametrize("name", KNOWN)
def test_every_region_that_botocore_knows_is_in_its_partition_or_is_not_supported(name: str) -> None:
    regions = [region for region in KNOWN[name]["regions"] if not region.endswith("global")]
    assert regions
    for region in regions:
        assert is_supported(region) == (name in SUPPORTED), region
        if name in SUPPORTED:
            assert partition_of(region).name == name


def test_the_known_regions_are_those_of_botocore() -> None:
    listed = {region for name in SUPPORTED for region in KNOWN[name]["regions"] if not region.endswith("global")}
    assert listed == KNOWN_REGIONS


@pytest.mark.parametrize(("region", "meant"), [("ap-northeast-9", "ap-northeast-"), ("eu-wset-1", "eu-west-1")])
def test_a_region_that_is_not_known_is_a_warning_with_the_nearest_one(region: str, meant: str) -> None:
    [first, *_] = stack_of(name="dev", config={"aws:region": region}).warnings
    assert first.startswith(f'aws:region: given "{region}", which is not among')
    assert f"did you mean {meant}" in first


def test_a_known_region_is_no_warning() -> None:
    for region in KNOWN_REGIONS:
        assert not [line for line in stack_of(name="dev", config={"aws:region": region}).warnings if "region" in line]


@pytest.mark.parametrize("name", SUPPORTED)
def test_the_domain_of_a_partition_is_that_of_botocore(name: str) -> None:
    assert SUPPORTED[name].dns_suffix == KNOWN[name]["outputs"]["dnsSuffix"]


@pytest.mark.parametrize("name", SUPPORTED)
def test_a_partition_lacks_budgets_where_botocore_knows_no_endpoint_for_them(name: str) -> None:
    assert ("budgets" in SUPPORTED[name].missing_services) == ("budgets" not in ENDPOINTS[name]["services"])


@pytest.mark.parametrize(
    ("region", "service", "name"),
    [
        ("cn-north-1", "ecr.dkr", "cn.com.amazonaws.cn-north-1.ecr.dkr"),
        ("cn-northwest-1", "sqs", "cn.com.amazonaws.cn-northwest-1.sqs"),
        ("cn-north-1", "logs", "com.amazonaws.cn-north-1.logs"),
        ("us-gov-west-1", "ecr.dkr", "com.amazonaws.us-gov-west-1.ecr.dkr"),
        ("ap-northeast-1", "ecr.dkr", "com.amazonaws.ap-northeast-1.ecr.dkr"),
    ],
)
def test_interface_endpoints_have_the_names_of_their_partition(region: str, service: str, name: str) -> None:
    assert interface_endpoint_service(region, service) == name


def test_the_gateway_endpoint_of_s3_has_the_same_form_everywhere() -> None:
    assert gateway_endpoint_service("cn-north-1", "s3") == "com.amazonaws.cn-north-1.s3"


@pytest.mark.parametrize(
    ("image", "arn"),
    [
        ("1" * 12 + ".dkr.ecr.cn-north-1.amazonaws.com.cn/site", "arn:aws-cn:ecr:cn-north-1:" + "1" * 12),
        ("1" * 12 + ".dkr.ecr.us-gov-west-1.amazonaws.com/site", "arn:aws-us-gov:ecr:us-gov-west-1:" + "1" * 12),
        ("1" * 12 + ".dkr.ecr.eu-west-1.amazonaws.com/site", "arn:aws:ecr:eu-west-1:" + "1" * 12),
    ],
)
@pytest.mark.parametrize("ending", ["", ":v1", f"@{DIGEST}", f":v1@{DIGEST}"])
def test_an_image_in_ecr_has_the_repository_arn_of_its_partition(image: str, arn: str, ending: str) -> None:
    found = ecr_image(f"{image}{ending}")
    assert found is not None
    assert found.repository_arn == f"{arn}:repository/site"
    assert found.digest == (DIGEST if "@" in ending else "")


@pytest.mark.parametrize(
    "image",
    [
        "1" * 12 + ".dkr.ecr.cn-north-1.amazonaws.com/site",
        "1" * 12 + ".dkr.ecr.eu-west-1.amazonaws.com.cn/site",
        "1" * 12 + ".dkr.ecr.eu-west-1.example.com/site",
        "1" * 11 + ".dkr.ecr.eu-west-1.amazonaws.com/site",
        "public.ecr.aws/team/site",
        "site",
    ],
)
def test_an_image_elsewhere_is_none_of_ecr(image: str) -> None:
    assert ecr_image(image) is None


def test_the_registry_of_an_image_is_its_host_name_or_docker_hub() -> None:
    assert registry_of("localhost:5000/site") == "localhost:5000"
    assert registry_of(f"{registry_host('1' * 12, 'cn-north-1')}/site").endswith(".amazonaws.com.cn")
    assert registry_of("team/site") == registry_of("site") == "Docker Hub"


def planned(region: str, **changes: Any) -> Record:
    config = {
        "aws:region": region,
        "story:network": {"nat": "none"},
        "story:web": {"deployment": {"strategy": "blue-green"}},
        "story:observability": {"emails": ["team@example.com"]},
        **{f"story:{key}": value for key, value in changes.items()},
    }
    return record_program(
        PROJECT,
        environment={"STORY_IMAGE": f"{registry_host('123456789012', region)}/site@{DIGEST}"},
        stack_name="dev",
        config={key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()},
    )


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1"])
def test_nothing_that_is_planned_names_another_partition(region: str) -> None:
    made = planned(region)
    text = json.dumps([dict(resource.inputs) for resource in made.resources] + [dict(made.outputs)])
    assert f"arn:{partition_of(region).name}:" in text
    assert "arn:aws:" not in text
    pulling = [one for one in made.all("RolePolicy") if "ecr:BatchGetImage" in str(one.inputs["policy"])]
    assert len(pulling) >= 4, "web, worker, scheduler, migration and users pull their image"


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1"])
def test_no_policy_lets_a_service_do_anything_that_the_partition_does_not_have(region: str) -> None:
    text = json.dumps([dict(resource.inputs) for resource in planned(region).resources])
    for service in partition_of(region).missing_services:
        assert f"{service}.amazonaws.com" not in text
    assert "cloudwatch.amazonaws.com" in text


def mistakes(region: str, **values: Any) -> str:
    config = {f"story:{key}": json.dumps(value) for key, value in values.items()}
    with pytest.raises(pulumi.RunError) as refused:
        stack_of(name="dev", config={"aws:region": region, **config})
    return str(refused.value)


SLACK = {"workspace_id": "T0123ABCD", "critical_channel_id": "C0123ABCD"}


@pytest.mark.parametrize("region", ["cn-north-1", "cn-northwest-1", "us-gov-west-1", "us-gov-east-1"])
def test_slack_is_refused_where_the_partition_has_no_chat_service(region: str) -> None:
    said = mistakes(region, observability={"slack": SLACK})
    assert said.startswith("story:observability.slack: given, but ")
    assert len(said.splitlines()) == 1


def test_a_budget_is_refused_in_govcloud_and_taken_in_china() -> None:
    budget = {"monthly_budget_usd": 100}
    assert "AWS GovCloud (US) does not have AWS Budgets" in mistakes("us-gov-west-1", observability=budget)
    config = {"aws:region": "cn-north-1", "story:observability": json.dumps(budget)}
    assert stack_of(name="dev", config=config).settings.observability.monthly_budget_usd == 100


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("permissions.boundary_arn", {"permissions": {"boundary_arn": "arn:aws:iam::123456789012:policy/boundary"}}),
        (
            "agents.mackerel.api_key",
            {"agents": {"mackerel": {"api_key": "arn:aws:secretsmanager:cn-north-1:123456789012:secret:key-AbCdEf"}}},
        ),
        (
            "application.secrets.STRIPE_SECRET",
            {
                "application": {
                    "secrets": {"STRIPE_SECRET": "arn:aws:secretsmanager:cn-north-1:123456789012:secret:key-AbCdEf"}
                }
            },
        ),
    ],
)
def test_an_arn_of_another_partition_is_refused_wherever_it_is_given(key: str, value: dict[str, Any]) -> None:
    assert f"story:{key}: given an ARN of aws; allowed in cn-north-1" in mistakes("cn-north-1", **value)


def test_the_environment_may_name_what_it_likes() -> None:
    config = {
        "aws:region": "cn-north-1",
        "story:application": json.dumps({"environment": {"REPORTS_TOPIC": "arn:aws:sns:eu-west-1:123456789012:x"}}),
    }
    assert isinstance(stack_of(name="dev", config=config).settings, Settings)


@pytest.mark.parametrize("region", ["eusc-de-east-1", "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1"])
def test_a_region_of_another_partition_is_refused_in_one_line(region: str) -> None:
    said = mistakes(region)
    assert said.startswith(f'aws:region: given "{region}"; allowed are the commercial')
    assert len(said.splitlines()) == 1


def test_a_plan_without_an_image_has_one_in_the_stack_s_own_registry() -> None:
    assert registry_host("123456789012", "cn-north-1") == "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn"


# The page has the form for every region; the host name of the China Regions is added there.
@pytest.mark.parametrize(
    ("region", "values"),
    [
        ("ap-northeast-1", ["secretsmanager.ap-northeast-1.amazonaws.com"]),
        ("us-gov-east-1", ["secretsmanager.us-gov-east-1.amazonaws.com"]),
        ("us-gov-west-1", ["secretsmanager.us-gov-west-1.amazonaws.com"]),
        ("cn-north-1", ["secretsmanager.cn-north-1.amazonaws.com", "secretsmanager.cn-north-1.amazonaws.com.cn"]),
        (
            "cn-northwest-1",
            ["secretsmanager.cn-northwest-1.amazonaws.com", "secretsmanager.cn-northwest-1.amazonaws.com.cn"],
        ),
    ],
)
def test_a_key_knows_the_service_that_uses_it_by_every_name_that_aws_may_give(region: str, values: list[str]) -> None:
    assert via_service_values(region, "secretsmanager") == values


@pytest.mark.parametrize("region", sorted(KNOWN_REGIONS))
@pytest.mark.parametrize("service", ["logs", "secretsmanager"])
def test_the_host_name_of_a_service_is_the_one_that_botocore_calls(region: str, service: str) -> None:
    client = Session().create_client(
        service, region_name=region, aws_access_key_id="none", aws_secret_access_key="none", config=OFFLINE
    )
    assert client.meta.endpoint_url == f"https://{regional_host(region, service)}"


# docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.SSL.html and
# docs.amazonaws.cn/en_us/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html
BUNDLES = {
    "ap-northeast-1": "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem",
    "us-gov-west-1": "https://truststore.pki.us-gov-west-1.rds.amazonaws.com/global/global-bundle.pem",
    "us-gov-east-1": "https://truststore.pki.us-gov-west-1.rds.amazonaws.com/global/global-bundle.pem",
    "cn-north-1": "https://rds-truststore.s3.cn-north-1.amazonaws.com.cn/global/global-bundle.pem",
    "cn-northwest-1": "https://rds-truststore.s3.cn-north-1.amazonaws.com.cn/global/global-bundle.pem",
}


@pytest.mark.parametrize(("region", "address"), BUNDLES.items())
def test_the_ca_bundle_is_the_one_of_the_partition(region: str, address: str) -> None:
    assert ca_bundle_url(region) == address


@pytest.mark.parametrize("address", sorted(set(BUNDLES.values())))
@pytest.mark.parametrize("page", ["docs/image.md", "docs/settings.md", "docs/example-application/Dockerfile"])
def test_the_pages_have_the_ca_bundle_of_every_partition(page: str, address: str) -> None:
    assert address in (PROJECT / page).read_text("utf-8")


BY_HAND = re.compile(r"region\w*\}\.amazonaws\.com|\bcom\.amazonaws\.\{|\bdns_suffix\b")


def test_only_the_partition_s_module_puts_host_names_of_regions_together() -> None:
    folders = ("aws", "bootstrap", "components", "release", "settings", "story")
    files = [file for folder in folders for file in (PROJECT / folder).rglob("*.py")]
    assert len(files) > 100
    found = {str(file.relative_to(PROJECT)) for file in files if BY_HAND.search(file.read_text("utf-8"))}
    assert found == {"settings/partition.py"}

"""The deployment strategies of a live site, one after the other, with a release in each: from rolling and back."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.conftest import Begin
from tests.e2e.edits_of_site import BLUE_GREEN, BOTH_GROUPS, CANARY, DEPLOYMENTS, LINEAR, ROLLING, strategies
from tests.e2e.recorded_calls import assert_on_record, edit
from tests.e2e.support import Stack, image


@pytest.fixture(scope="module")
def stack(begin: Begin) -> Stack:
    stack = begin("strategies")
    made = stack.client("route53").create_hosted_zone(Name="example.com", CallerReference="e2e")
    zone = made["HostedZone"]["Id"].rpartition("/")[2]
    stack.engine.prepare(strategies(zone)[0])
    return stack


def released(stack: Stack, number: int, deployment: Mapping[str, Any]) -> dict[str, Any]:
    """What ECS has of a site's deployments after a release with these settings, and how it made this one."""
    assert deployment == DEPLOYMENTS[number - 1]
    config = stack.engine.config()
    stack.engine.prepare({**config, "story:web": {**config["story:web"], "deployment": dict(deployment)}})
    edit(stack, {}, image(number))
    assert stack.image_of("web") == image(number)
    ecs = stack.client("ecs")
    newest = ecs.list_service_deployments(cluster="story-strategies", service="web")["serviceDeployments"][0]
    [made] = ecs.describe_service_deployments(serviceDeploymentArns=[newest["serviceDeploymentArn"]])[
        "serviceDeployments"
    ]
    assert made["status"] == "SUCCESSFUL"
    configured = stack.service("web")["deploymentConfiguration"]
    assert made["deploymentConfiguration"]["strategy"] == configured["strategy"]
    return configured


def test_a_site_comes_up_rolling(stack: Stack) -> None:
    assert released(stack, 1, ROLLING)["strategy"] == "ROLLING"


def test_the_second_target_group_comes_first(stack: Stack) -> None:
    assert released(stack, 2, BOTH_GROUPS)["strategy"] == "ROLLING"
    groups = {item["name"] for item in stack.inventory()["elbv2"] if item["type"] == "target-group"}
    assert len(groups) == 2


def test_then_visitors_are_moved_all_at_once(stack: Stack) -> None:
    configured = released(stack, 3, BLUE_GREEN)
    assert (configured["strategy"], configured["bakeTimeInMinutes"]) == ("BLUE_GREEN", 6)
    assert stack.is_clean()


def test_then_a_few_of_them_first(stack: Stack) -> None:
    configured = released(stack, 4, CANARY)
    assert configured["strategy"] == "CANARY"
    assert configured["canaryConfiguration"] == {"canaryPercent": 10.5, "canaryBakeTimeInMinutes": 2}
    assert stack.is_clean()


def test_then_in_steps_without_a_test_listener(stack: Stack) -> None:
    configured = released(stack, 5, LINEAR)
    assert configured["strategy"] == "LINEAR"
    assert configured["linearConfiguration"] == {"stepPercent": 50.0, "stepBakeTimeInMinutes": 1}
    assert stack.is_clean()


def test_and_back_to_rolling_with_one_target_group(stack: Stack) -> None:
    assert released(stack, 6, ROLLING)["strategy"] == "ROLLING"
    groups = {item["name"] for item in stack.inventory()["elbv2"] if item["type"] == "target-group"}
    assert len(groups) == 1
    assert stack.is_clean()
    assert_on_record(stack, "edits")

"""The whole program with deployments that move visitors."""

from typing import Any

import pulumi
import pytest

from story.plan.recorder import Record
from tests.program.given import program
from tests.program.test_standards import CONTROLS, TLS_POLICIES, WITHOUT_RESOURCE, allowed_actions

STACKS = ["dev", "prod"]
STRATEGIES = ["blue-green", "canary", "linear"]
NEVER_LIMITED = {
    f"elasticloadbalancing:Describe{what}" for what in ("Listeners", "Rules", "TargetGroups", "TargetHealth")
}
"""Further actions that know no resource, which ECS needs to move visitors."""


RANGE = {"autoscaling": {"min_tasks": 3, "max_tasks": 12}}
"""Without prod's `requests_per_target`, which counts at one target group."""


def rolling(stack: str) -> Record:
    return program(stack, web=RANGE)


def shifting(stack: str, strategy: str = "blue-green", *, preview: bool = False, **changes: Any) -> Record:
    deployment = {"strategy": strategy, "test_cidrs": ["192.0.2.0/24"], **changes}
    return program(stack, preview=preview, web={**RANGE, "deployment": deployment})


def names(made: Record) -> set[tuple[str, str]]:
    return {(resource.type, resource.name) for resource in made.resources}


@pytest.mark.parametrize(
    ("stack", "strategy"), [("dev", "blue-green"), *(("prod", strategy) for strategy in STRATEGIES)]
)
def test_a_preview_shows_the_same_resources_as_the_update(stack: str, strategy: str) -> None:
    assert names(shifting(stack, strategy, preview=True)) == names(shifting(stack, strategy))


@pytest.mark.parametrize("stack", STACKS)
def test_a_change_of_strategy_takes_nothing_away_but_the_rule_that_is_replaced(stack: str) -> None:
    before, after = names(rolling(stack)), names(shifting(stack))
    assert before - after == {("aws:lb/listenerRule:ListenerRule", "web")}
    assert {f"{type_.rpartition(':')[2]} {name}" for type_, name in after - before} == {
        "TrafficShift web",
        "TargetGroup web-alternate",
        "ListenerRule web-shifting",
        "ListenerRule web-test",
        f"Role story-{stack}-web-deployment",
        f"RolePolicy story-{stack}-web-deployment",
        "MetricAlarm web-alternate-deployment-5xx",
        "Listener ingress-test",
        "SecurityGroupIngressRule ingress-test-from-192.0.2.0-24",
    }


def test_the_token_never_changes() -> None:
    assert "story:index:TrafficShift" in {resource.type for resource in shifting("prod").resources}


def test_the_test_listener_speaks_what_the_site_speaks() -> None:
    tls, plain = (shifting(stack).one("Listener", "ingress-test").inputs for stack in ("prod", "dev"))
    assert (tls["port"], tls["protocol"]) == (8443, "HTTPS")
    assert tls["sslPolicy"] in TLS_POLICIES
    assert tls["certificateArn"] == shifting("prod").one("Listener", "ingress-https").inputs["certificateArn"]
    assert (plain["port"], plain["protocol"]) == (8443, "HTTP")


def test_nobody_but_the_named_testers_reaches_the_new_version_early() -> None:
    at_the_door = [
        rule.inputs["cidrIpv4"]
        for rule in shifting("prod").all("SecurityGroupIngressRule")
        if rule.inputs.get("fromPort") == 8443
    ]
    assert at_the_door == ["192.0.2.0/24"]
    silent = shifting("prod", test_cidrs=[])
    assert [r.name for r in silent.all("SecurityGroupIngressRule") if r.inputs.get("fromPort") == 8443] == []
    assert shifting("prod", test_port=None, test_cidrs=[]).all("aws:lb/listener:Listener")[-1].name != "ingress-test"


def test_tasks_of_both_groups_are_watched() -> None:
    queries = shifting("prod").one("MetricAlarm", "observability-web-no-healthy-task").inputs["metricQueries"]
    assert sum("metric" in query for query in queries) == 2


@pytest.mark.parametrize("control", sorted(CONTROLS))
def test_no_standard_is_left_for_it(control: str) -> None:
    assert set(CONTROLS[control](shifting("prod"))) <= set(CONTROLS[control](rolling("prod")))


def test_a_star_resource_stands_only_where_aws_knows_no_other() -> None:
    wide = {
        action
        for policy, action, resources in allowed_actions(shifting("prod"))
        if "*" in resources and not policy.startswith("KeyPolicy")
    }
    assert wide <= WITHOUT_RESOURCE | NEVER_LIMITED


def test_the_committed_production_stack_is_told_what_must_change_first() -> None:
    with pytest.raises(pulumi.RunError) as stopped:
        program("prod", web={"deployment": {"strategy": "blue-green"}})
    assert str(stopped.value).splitlines() == [
        "story:web.autoscaling.requests_per_target: given 1200 with two target groups; AWS allows it only with "
        "deployment.strategy rolling, because it counts the requests of one target group"
    ]

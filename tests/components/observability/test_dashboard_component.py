"""The dashboard of a stack, under the recorder."""

import json
from dataclasses import replace
from typing import Any

import pulumi

from components.observability.dashboard import DashboardArgs, dashboard
from components.observability.dashboard.body import body
from components.observability.monitored_stack import MonitoredStack
from components.observability.site_alarms import site_alarms, site_composites
from settings.observability import ObservabilitySpec
from story.plan.recorder import UNKNOWN, Record, record
from tests.components.given import stack
from tests.components.observability.dashboard_scenes import ACCOUNT, BALANCER, monitored_stack, scene

SPEC = ObservabilitySpec(laravel_metrics=True)


def made(*, preview: bool = False, **changes: Any) -> Record:
    """The dashboard of a stack whose load balancer and alarms are known only when AWS has answered."""

    def build() -> None:
        balancer = pulumi.Output.from_input(BALANCER)
        monitored = replace(monitored_stack(), load_balancer=balancer)
        dashboard("dashboard", replace(_args(monitored), **changes), opts=pulumi.ResourceOptions())

    return record(build, preview=preview)


def _args(monitored: MonitoredStack) -> DashboardArgs:
    return DashboardArgs(
        monitored=monitored,
        alarms=site_alarms(SPEC, monitored),
        composites=site_composites(SPEC),
        stack=stack(account_id=pulumi.Output.from_input(ACCOUNT)),
        laravel_metrics=True,
        runbooks="docs/runbooks",
    )


def test_a_stack_has_one_dashboard_with_its_name() -> None:
    assert made().one("Dashboard").inputs["dashboardName"] == "story-test"


def test_its_body_is_that_of_the_values_that_aws_gave() -> None:
    assert json.loads(made().one("Dashboard").inputs["dashboardBody"]) == body(scene())


def test_a_second_run_makes_the_same_text() -> None:
    first, second = (made().one("Dashboard").inputs["dashboardBody"] for _ in range(2))
    assert first == second


def test_a_preview_without_the_load_balancer_leaves_the_body_open() -> None:
    def build() -> None:
        balancer = pulumi.CustomResource("test:index:Balancer", "balancer", {"arnSuffix": None})
        unknown = pulumi.Output.from_input(balancer.id)
        dashboard("dashboard", _args(replace(monitored_stack(), load_balancer=unknown)), opts=pulumi.ResourceOptions())

    assert record(build, preview=True).one("Dashboard").inputs["dashboardBody"] == UNKNOWN

"""The dashboard of a stack, made from what the stack is monitored for."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.alarm import Alarm, CompositeAlarm
from components.base import metric_namespace, stack_name
from components.context import StackContext
from components.observability.dashboard.body import body
from components.observability.dashboard.scene import known
from components.observability.monitored_stack import MonitoredStack


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardArgs:
    """What a dashboard shows.

    Attributes:
        monitored: The parts of the stack.
        alarms: Its alarms: their states, and their thresholds in the graphs of what they watch.
        composites: Alarms that other alarms make go off.
        stack: Account and region.
        laravel_metrics: Whether the application reports its queues and its scheduler.
        runbooks: Folder, or beginning of the address, of the pages that say what to do.
    """

    monitored: MonitoredStack
    alarms: Sequence[Alarm]
    composites: Sequence[CompositeAlarm]
    stack: StackContext
    laravel_metrics: bool
    runbooks: str


def dashboard(name: str, args: DashboardArgs, *, opts: pulumi.ResourceOptions) -> aws.cloudwatch.Dashboard:
    """The dashboard `story-<stack>`.

    One for each stack, with sections: an account's first three cost nothing, each further one 3 USD a month.
    aws.amazon.com/cloudwatch/pricing

    Args:
        name: Logical name.
        args: What it shows.
        opts: Options of the resource.
    """
    return aws.cloudwatch.Dashboard(name, dashboard_name=stack_name(), dashboard_body=dashboard_body(args), opts=opts)


def dashboard_body(args: DashboardArgs) -> pulumi.Output[str]:
    """The body as CloudWatch takes it, once all that it names is known."""
    scene = known(
        args.monitored,
        args.alarms,
        args.stack.account_id,
        stack=stack_name(),
        namespace=metric_namespace(),
        composites=args.composites,
        region=args.stack.region,
        laravel_metrics=args.laravel_metrics,
        runbooks=args.runbooks,
    )
    return scene.apply(lambda drawn: json.dumps(body(drawn), sort_keys=True))

"""Alarms, the record of what happens, and who hears of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.alarm import Alarm, CompositeAlarm, Severity
from components.base import Component
from components.marker import before_creation
from components.metric_alarm import composite_alarm, first_data, metric_alarm, runbook_address
from components.observability.budget import budget
from components.observability.dashboard import DashboardArgs, dashboard
from components.observability.event_log import EventLog, EventLogArgs
from components.observability.log_metrics import described, log_metric
from components.observability.monitored_stack import MonitoredStack
from components.observability.notifications import Notifications, NotificationsArgs
from components.observability.site_alarms import site_alarms, site_composites
from components.service.fargate_task import TaskContext
from release.first_data import wait_for_first_data
from settings.observability import ObservabilitySpec


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservabilityArgs:
    """What an `Observability` needs to know.

    Attributes:
        spec: Who hears of what, and from which value on.
        monitored: The stack.
        services: Its services by name: their logs are there, and their silence means something, once they run.
        context: Account, region, boundary, and the key that encrypts topics and events; its policy must let
            CloudWatch, AWS Budgets and EventBridge use it.
    """

    spec: ObservabilitySpec
    monitored: MonitoredStack
    services: Mapping[str, pulumi.Resource]
    context: TaskContext


class Observability(Component):
    """Topics and their readers, the log of events, metrics from log lines, alarms, and the dashboard.

    Makes: Notifications, EventLog, a LogMetricFilter for each metric of the logs, a MetricAlarm or CompositeAlarm for
    each alarm, a Dashboard; with a limit on what the stack may cost, a Budget.

    Raises:
        ValueError: Two alarms have the same name.
    """

    topic_arns: Mapping[Severity, pulumi.Output[str]]
    alarms: Sequence[Alarm]
    event_log_group: str

    def __init__(self, name: str, args: ObservabilityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.alarms = site_alarms(args.spec, args.monitored)
        composites = site_composites(args.spec)
        check_names([*self.alarms, *composites])
        notifications = self._notifications(name, args)
        self.topic_arns = notifications.topic_arns
        self.event_log_group = self._events(name, args).log_group
        self._log_metrics(name, args)
        self._alarms(name, args, composites)
        if args.spec.dashboard:
            self._dashboard(name, args, composites)
        if args.spec.monthly_budget_usd:
            budget(name, args.spec.monthly_budget_usd, self.topic_arns["warning"], self.child())
        self.register_outputs({"topicArns": self.topic_arns, "eventLogGroup": self.event_log_group})

    def _notifications(self, name: str, args: ObservabilityArgs) -> Notifications:
        return Notifications(
            f"{name}-notifications",
            NotificationsArgs(
                spec=args.spec,
                stack=args.context.stack,
                shells=_tells_of_shells(args),
            ),
            opts=self.child(),
        )

    def _events(self, name: str, args: ObservabilityArgs) -> EventLog:
        monitored = args.monitored
        return EventLog(
            f"{name}-events",
            EventLogArgs(
                cluster=monitored.cluster,
                exec=monitored.exec_log_group is not None,
                stores=monitored.stores,
                stack=args.context.stack,
                retention_days=args.spec.event_log_retention_days,
                # A warning: in prod a shell is mostly opened by somebody whom an alarm has woken already.
                shell_topic_arn=self.topic_arns["warning"] if _tells_of_shells(args) else None,
                shell_page=runbook_address(args.spec.runbooks_url, "opened-shell"),
            ),
            opts=self.child(),
        )

    def _log_metrics(self, name: str, args: ObservabilityArgs) -> None:
        for metric in described(args.monitored, laravel=args.spec.laravel_metrics):
            group = args.monitored.services[metric.service].log_group
            needed = self.child(depends_on=[args.services[metric.service]])
            log_metric(f"{name}-{metric.id}", metric, group, needed)

    def _alarms(self, name: str, args: ObservabilityArgs, composites: Sequence[CompositeAlarm]) -> None:
        made = {
            alarm.name: metric_alarm(
                f"{name}-{alarm.name}",
                alarm,
                topic_arns=[self.topic_arns[alarm.severity]] if alarm.severity else [],
                runbooks_url=args.spec.runbooks_url,
                opts=self._after_first_data(name, args, alarm)
                if alarm.treat_missing_data == "breaching"
                else self.child(),
            )
            for alarm in self.alarms
        }
        for composite in composites:
            composite_alarm(
                f"{name}-{composite.name}",
                composite,
                [made[part] for part in composite.all_of],
                topic_arns=[self.topic_arns[composite.severity]],
                runbooks_url=args.spec.runbooks_url,
                opts=self.child(),
            )

    def _after_first_data(self, name: str, args: ObservabilityArgs, alarm: Alarm) -> pulumi.ResourceOptions:
        """For an alarm that counts silence as bad: made after the services run and CloudWatch shows that they do."""
        contract = first_data(alarm, args.context.location)
        hook = before_creation(f"{name}-{alarm.name}", contract=contract, work=wait_for_first_data)
        return self.child(depends_on=list(args.services.values()), hooks=hook)

    def _dashboard(self, name: str, args: ObservabilityArgs, composites: Sequence[CompositeAlarm]) -> None:
        shown = DashboardArgs(
            monitored=args.monitored,
            alarms=self.alarms,
            composites=composites,
            stack=args.context.stack,
            laravel_metrics=args.spec.laravel_metrics,
            runbooks=args.spec.runbooks_url,
        )
        dashboard(name, shown, opts=self.child())


def _tells_of_shells(args: ObservabilityArgs) -> bool:
    return args.spec.exec_notifications and args.monitored.exec_log_group is not None


def check_names(alarms: Sequence[Alarm | CompositeAlarm]) -> None:
    """Raises ValueError if two alarms have the same name."""
    if twice := sorted(name for name, count in Counter(alarm.name for alarm in alarms).items() if count > 1):
        raise ValueError(f"given twice: the alarm {', '.join(twice)}; allowed is each name once")

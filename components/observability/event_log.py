"""What AWS tells of a stack by itself: deployments, tasks that ended, shells that were opened, snapshots."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pulumi
import pulumi_aws as aws

from components.base import Component, log_group_name, physical_name
from components.context import StackContext
from components.data_stores.monitoring import MonitoredStore
from components.iam import allow, document
from components.observability.event_patterns import (
    Pattern,
    Place,
    deployments,
    event_kinds,
    failed_tasks,
    opened_shells,
    out_of_memory,
    rule_name,
)

Known = TypeVar("Known")
SERVICES = ("events.amazonaws.com", "delivery.logs.amazonaws.com")
SHELL_PATHS: Mapping[str, str] = {
    "who": "$.detail.userIdentity.arn",
    "what": "$.detail.eventName",
    "when": "$.detail.eventTime",
    "where": "$.detail.sourceIPAddress",
    "task": "$.detail.requestParameters.task",
    "container": "$.detail.requestParameters.container",
    "target": "$.detail.requestParameters.target",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLogArgs:
    """What an `EventLog` needs to know.

    Attributes:
        cluster: Name of the ECS cluster.
        exec: Shells can be opened in tasks.
        stores: The data stores, whose events it records.
        stack: Account and region of the events, key of the log and the topic.
        retention_days: How long an event is kept.
        shell_topic_arn: Topic that opened shells are published to, given out once its policy and the policy of its key
            allow EventBridge to publish; None for no notification.
        shell_page: Page that says what to do then.
    """

    cluster: str
    exec: bool
    stores: Sequence[MonitoredStore]
    stack: StackContext
    retention_days: int
    shell_topic_arn: pulumi.Input[str] | None
    shell_page: str


class EventLog(Component):
    """A log of the stack's events, kept after ECS has forgotten them, and the rules that fill it and that alarms count.

    Makes: LogGroup `/story/<stack>/events`, LogResourcePolicy; for each kind of event EventRule `story-<stack>-<kind>`
    and EventTarget; where opened shells are published to a topic, an EventTarget more.
    """

    log_group: str

    def __init__(self, name: str, args: EventLogArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.log_group = log_group_name("events")
        group = aws.cloudwatch.LogGroup(
            name,
            name=self.log_group,
            retention_in_days=args.retention_days,
            kms_key_id=args.stack.key_arn,
            opts=self.child(),
        )
        writable = self._let_write(name, group)
        rules = {what: self._rule(name, what, pattern) for what, pattern in _patterns(args).items()}
        for what, rule in rules.items():
            aws.cloudwatch.EventTarget(
                f"{name}-{what}", rule=rule.name, target_id="log", arn=group.arn, opts=self.child(depends_on=[writable])
            )
        if args.exec and args.shell_topic_arn is not None:
            self._tell(f"{name}-exec", args, rules["exec"], args.shell_topic_arn)
        self.register_outputs({"logGroup": self.log_group})

    def _let_write(self, name: str, group: aws.cloudwatch.LogGroup) -> aws.cloudwatch.LogResourcePolicy:
        """One policy for all rules, since an account may have ten for a region. It stands before the first target:
        docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html and
        docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-cloudwatchlogs-permissions"""
        statement = allow(["logs:CreateLogStream", "logs:PutLogEvents"], pulumi.Output.concat(group.arn, ":*"))
        return aws.cloudwatch.LogResourcePolicy(
            name,
            policy_name=physical_name("events"),
            policy_document=document({**statement, "Principal": {"Service": list(SERVICES)}}),
            opts=self.child(),
        )

    def _rule(self, name: str, what: str, pattern: pulumi.Output[str]) -> aws.cloudwatch.EventRule:
        return aws.cloudwatch.EventRule(
            f"{name}-{what}", name=rule_name(what), event_pattern=pattern, opts=self.child()
        )

    def _tell(
        self, name: str, args: EventLogArgs, rule: aws.cloudwatch.EventRule, topic_arn: pulumi.Input[str]
    ) -> None:
        """Without a role: EventBridge publishes by the policies of the topic and of its key. With a `RoleArn`, delivery
        to a topic that is encrypted with KMS may fail, and only `FailedInvocations` shows it:
        docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html"""
        aws.cloudwatch.EventTarget(
            f"{name}-topic",
            rule=rule.name,
            target_id="topic",
            arn=topic_arn,
            input_transformer=aws.cloudwatch.EventTargetInputTransformerArgs(
                input_paths=SHELL_PATHS, input_template=shell_message(args.cluster, args.shell_page)
            ),
            opts=self.child(),
        )


def shell_message(stack: str, page: str) -> str:
    """What people are told of an opened shell, in the form that also Slack shows: it drops other texts.

    docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html; a part that an event does not have is left out:
    docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html

    Args:
        stack: `story-<stack>`.
        page: Page that says what to do.
    """
    return json.dumps(
        {
            "version": "1.0",
            "source": "custom",
            "content": {
                "textType": "client-markdown",
                "title": f"Somebody opened a shell or a port in {stack}",
                "description": (
                    "<who> asked for <what> at <when>, from <where>. "
                    "Task: <task>. Container: <container>. Session: <target>. "
                    f"If it was none of you: {page}"
                ),
            },
        },
        ensure_ascii=False,
    )


def _patterns(args: EventLogArgs) -> dict[str, pulumi.Output[str]]:
    place = pulumi.Output.from_input(args.stack.account_id).apply(
        lambda account_id: Place(region=args.stack.region, account_id=account_id, cluster=args.cluster)
    )
    of_tasks: dict[str, Callable[[Place], Pattern]] = {
        "deployments": deployments,
        "failed-tasks": failed_tasks,
        "out-of-memory": out_of_memory,
        "exec": opened_shells,
    }
    kinds = event_kinds(exec=args.exec, stores=args.stores)
    patterns = {kind: _text(place, of_tasks[kind]) for kind in kinds if kind in of_tasks}
    for store in args.stores:
        identifiers = pulumi.Output.all(*store.identifiers)
        patterns |= {kind: _text(identifiers, pattern) for kind, pattern in store.events.items()}
    return patterns


def _text(known: pulumi.Output[Known], pattern: Callable[[Known], Pattern]) -> pulumi.Output[str]:
    return known.apply(lambda value: json.dumps(pattern(value), sort_keys=True))

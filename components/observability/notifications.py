"""Who hears of what happens in a stack: a topic for what cannot wait until morning, and one for the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import pulumi
import pulumi_aws as aws

from components.alarm import Severity
from components.base import Component, physical_name
from components.context import StackContext
from components.iam import Statement, allow_service, document, published_by_tls_only
from components.observability.chat import chat
from settings.observability import ObservabilitySpec

SEVERITIES: Sequence[Severity] = get_args(Severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationsArgs:
    """What `Notifications` need to know.

    Attributes:
        spec: Who hears of alarms, and whether there is a budget.
        stack: Account and region whose alarms can publish, and no other one's; boundary of the roles; key of the
            topics, whose policy must let CloudWatch, AWS Budgets and EventBridge use it.
        shells: EventBridge publishes opened shells to the warning topic.
    """

    spec: ObservabilitySpec
    stack: StackContext
    shells: bool = False


class Notifications(Component):
    """Two topics, encrypted, and their readers: mail and Slack.

    Makes: for each severity Topic, TopicPolicy and a TopicSubscription for each address; with Slack a
    SlackChannelConfiguration for each channel and their Role.
    """

    topic_arns: Mapping[Severity, pulumi.Output[str]]

    def __init__(self, name: str, args: NotificationsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        spec = args.spec
        self.topic_arns = {severity: self._topic(f"{name}-{severity}", args, severity) for severity in SEVERITIES}
        self._subscribe(f"{name}-critical", [*spec.emails, *spec.critical_emails], self.topic_arns["critical"])
        self._subscribe(f"{name}-warning", spec.emails, self.topic_arns["warning"])
        if spec.slack:
            chat(spec.slack, self.topic_arns, args.stack, opts=self.child())
        self.register_outputs({"topicArns": self.topic_arns})

    def _topic(self, name: str, args: NotificationsArgs, severity: Severity) -> pulumi.Output[str]:
        """A topic's ARN. Whoever has it publishes, so it is given out when the policy lets it."""
        topic = aws.sns.Topic(
            name, display_name=physical_name(severity), kms_master_key_id=args.stack.key_arn, opts=self.child()
        )
        policy = aws.sns.TopicPolicy(
            name,
            arn=topic.arn,
            policy=document(*_publishers(args, severity, topic.arn), published_by_tls_only(topic.arn)),
            opts=self.child(),
        )
        return pulumi.Output.all(topic.arn, policy.id).apply(lambda known: known[0])

    def _subscribe(self, name: str, emails: Sequence[str], topic_arn: pulumi.Output[str]) -> None:
        for email in emails:
            aws.sns.TopicSubscription(
                f"{name}-{email}", topic=topic_arn, protocol="email", endpoint=email, opts=self.child()
            )


def _publishers(args: NotificationsArgs, severity: Severity, topic_arn: pulumi.Output[str]) -> list[Statement]:
    """Alarms of this account and region: docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html; its
    budgets: docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html; and EventBridge, for which a
    topic's policy may have no condition block, since none would ever be met:
    docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions"""
    ours, partition = {"aws:SourceAccount": args.stack.account_id}, args.stack.partition.name
    by_service = {
        "cloudwatch.amazonaws.com": pulumi.Output.concat(
            f"arn:{partition}:cloudwatch:{args.stack.region}:", args.stack.account_id, ":alarm:*"
        )
    }
    if severity == "warning" and args.spec.monthly_budget_usd:
        by_service["budgets.amazonaws.com"] = pulumi.Output.concat(
            f"arn:{partition}:budgets::", args.stack.account_id, ":*"
        )
    statements = [
        allow_service(service, ["sns:Publish"], topic_arn, {"StringEquals": ours, "ArnLike": {"aws:SourceArn": source}})
        for service, source in by_service.items()
    ]
    if severity == "warning" and args.shells:
        statements.append(allow_service("events.amazonaws.com", ["sns:Publish"], topic_arn))
    return statements

"""Slack channels that hear of a stack, through Amazon Q Developer in chat applications (AWS Chatbot before).

docs.aws.amazon.com/chatbot/latest/adminguide/slack-setup.html
"""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from components.alarm import Severity
from components.base import physical_name
from components.context import StackContext
from components.iam import allow, assumed_by, document
from settings.observability import SlackSpec

GUARDRAIL = "CloudWatchReadOnlyAccess"
"""Policy of AWS that limits what anybody in a channel may do. AWS's default is AdministratorAccess:
docs.aws.amazon.com/chatbot/latest/adminguide/understanding-permissions.html"""
READ_ALARMS = (
    "cloudwatch:DescribeAlarmHistory",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:DescribeAlarmsForMetric",
    "cloudwatch:GetMetricData",
    "cloudwatch:GetMetricStatistics",
    "cloudwatch:ListMetrics",
)
"""What the graph under a message needs; most of them know no resource:
docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html"""


def chat(
    spec: SlackSpec,
    topic_arns: Mapping[Severity, pulumi.Output[str]],
    stack: StackContext,
    *,
    opts: pulumi.ResourceOptions,
) -> None:
    """Makes a SlackChannelConfiguration for each channel, their Role and its RolePolicy.

    Args:
        spec: The workspace and its channels.
        topic_arns: What each channel hears, by severity.
        stack: Partition, and boundary of the role.
        opts: Options of what is made.
    """
    name = physical_name("chat")
    role = aws.iam.Role(
        name, assume_role_policy=assumed_by("chatbot.amazonaws.com"), permissions_boundary=stack.boundary_arn, opts=opts
    )
    aws.iam.RolePolicy(name, role=role.name, policy=document(allow(READ_ALARMS, "*")), opts=opts)
    for channel, severities in channels(spec).items():
        first = severities[0]
        aws.chatbot.SlackChannelConfiguration(
            f"chat-{first}",
            configuration_name=physical_name(first),
            slack_team_id=spec.workspace_id,
            slack_channel_id=channel,
            sns_topic_arns=[topic_arns[severity] for severity in severities],
            iam_role_arn=role.arn,
            guardrail_policy_arns=[f"arn:{stack.partition.name}:iam::aws:policy/{GUARDRAIL}"],
            logging_level="ERROR",
            opts=pulumi.ResourceOptions.merge(opts, _kept(severities)),
        )


def _kept(severities: Sequence[Severity]) -> pulumi.ResourceOptions:
    """One configuration for a channel whatever it hears: AWS refuses a second one for it, which would be made first.
    github.com/cloudcomponents/cdk-constructs/issues/92

    Before, one that hears everything was named after both severities. AWS can't rename it, so its old name stays.

    AWS can't move it to another workspace either, which the provider doesn't know; the new one needs its name:
    docs.aws.amazon.com/chatbot/latest/APIReference/API_UpdateSlackChannelConfiguration.html
    """
    moved = pulumi.ResourceOptions(replace_on_changes=["slackTeamId"], delete_before_replace=True)
    if severities[0] != "critical":
        return moved
    before = pulumi.Alias(name="chat-critical-warning")
    named = pulumi.ResourceOptions(aliases=[before], ignore_changes=["configurationName"])
    return pulumi.ResourceOptions.merge(moved, named)


def channels(spec: SlackSpec) -> dict[str, list[Severity]]:
    """What each channel hears: AWS takes a channel once for an account and workspace."""
    found: dict[str, list[Severity]] = {spec.critical_channel_id: ["critical"]}
    found.setdefault(spec.warning_channel_id or spec.critical_channel_id, []).append("warning")
    return found

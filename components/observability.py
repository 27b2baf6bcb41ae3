"""Alarms, and the topic through which people hear of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.alarms import Alarm
from components.base import Component, physical_name
from components.iam import allow_service, document, published_by_tls_only
from components.metric_alarm import metric_alarm
from specs.observability import ObservabilitySpec


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservabilityArgs:
    """What an `Observability` needs to know.

    Attributes:
        spec: Who hears of the alarms.
        key_arn: Key that encrypts the topic; its policy must let CloudWatch use it.
        account_id: The account of the stack; alarms of no other one can publish.
        alarms: What to watch; see `alarms.py`.
    """

    spec: ObservabilitySpec
    key_arn: pulumi.Input[str]
    account_id: pulumi.Input[str]
    alarms: Sequence[Alarm]


class Observability(Component):
    """A topic, its readers, and alarms that publish to it when they go off and when all is well again.

    Makes: Topic, TopicPolicy, a TopicSubscription for each address, a MetricAlarm for each alarm.

    Raises:
        ValueError: Two alarms have the same name.
    """

    topic_arn: pulumi.Output[str]

    def __init__(self, name: str, args: ObservabilityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        _check_names(args.alarms)
        topic = aws.sns.Topic(
            name, display_name=physical_name("alarms"), kms_master_key_id=args.key_arn, opts=self.child()
        )
        policy = self._let_publish(name, args, topic)
        self._subscribe(name, args.spec.emails, topic)

        # Whoever has the ARN publishes, so it is given out when the policy lets it.
        self.topic_arn = pulumi.Output.all(topic.arn, policy.id).apply(lambda known: known[0])
        for alarm in args.alarms:
            metric_alarm(f"{name}-{alarm.name}", alarm, opts=self.child(), topic_arns=[self.topic_arn])
        self.register_outputs({"topicArn": self.topic_arn})

    def _let_publish(self, name: str, args: ObservabilityArgs, topic: aws.sns.Topic) -> aws.sns.TopicPolicy:
        """Lets the alarms of this account and region publish, and nobody without TLS:
        docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html"""
        region = topic.arn.apply(lambda arn: arn.split(":")[3])
        alarms = pulumi.Output.concat("arn:aws:cloudwatch:", region, ":", args.account_id, ":alarm:*")
        return aws.sns.TopicPolicy(
            name,
            arn=topic.arn,
            policy=document(
                allow_service(
                    "cloudwatch.amazonaws.com",
                    ["sns:Publish"],
                    topic.arn,
                    {"StringEquals": {"aws:SourceAccount": args.account_id}, "ArnLike": {"aws:SourceArn": alarms}},
                ),
                published_by_tls_only(topic.arn),
            ),
            opts=self.child(),
        )

    def _subscribe(self, name: str, emails: Sequence[str], topic: aws.sns.Topic) -> None:
        for email in emails:
            aws.sns.TopicSubscription(
                f"{name}-{email}", topic=topic.arn, protocol="email", endpoint=email, opts=self.child()
            )


def _check_names(alarms: Sequence[Alarm]) -> None:
    if twice := sorted(name for name, count in Counter(alarm.name for alarm in alarms).items() if count > 1):
        raise ValueError(f"given twice: the alarm {', '.join(twice)}; allowed is each name once")

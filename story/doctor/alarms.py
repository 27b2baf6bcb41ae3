"""The alarms of the stack, and the subscriptions to their topics."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from aws.caching import CachingClient
from aws.client import Json, items, part
from aws.errors import AWS_ERRORS, EXPIRED, code_of, reason
from release.step_output import plain
from story.doctor.context import DoctorContext
from story.doctor.finding import CannotCheckError, Finding, Severity, ok, unknown

ALARMS = "alarms"
PENDING = ("PendingConfirmation", "Deleted")
LONGEST_REASON = 160
LISTED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmState:
    """An alarm and its state.

    Attributes:
        name: Its name.
        state: `OK`, `ALARM` or `INSUFFICIENT_DATA`.
        reason: The reason that CloudWatch gives for the state.
        actions_enabled: Whether its actions run when it goes into ALARM.
        actions: ARNs of these actions.
    """

    name: str
    state: str
    reason: str
    actions_enabled: bool
    actions: Sequence[str]


def alarms_of(aws: CachingClient, cluster: str) -> list[AlarmState]:
    """The stack's alarms, composite ones included. Their names begin with the name of the cluster.

    Args:
        aws: Client for the account and region.
        cluster: Name of the cluster, `<project>-<stack>`.
    """
    found: list[AlarmState] = []
    for key in ("MetricAlarms", "CompositeAlarms"):
        listed = aws.paginate(
            "cloudwatch",
            "describe_alarms",
            key,
            AlarmNamePrefix=f"{cluster}-",
            AlarmTypes=["MetricAlarm", "CompositeAlarm"],
        )
        found += [_alarm(one) for one in listed]
    return sorted(found, key=lambda alarm: alarm.name)


def evaluate_states(alarms: Sequence[AlarmState], gates: frozenset[str]) -> list[Finding]:
    """Whether any alarm is in ALARM.

    Args:
        alarms: The alarms.
        gates: Names of the alarms for which ECS rolls a deployment back.
    """
    found: list[Finding] = []
    for alarm in alarms:
        if alarm.state == "ALARM":
            is_gate = alarm.name in gates
            found.append(
                Finding(
                    area=ALARMS,
                    subject=alarm.name,
                    severity=Severity.ERROR if is_gate else Severity.WARNING,
                    what=f"is in ALARM: {alarm.reason[:LONGEST_REASON] or 'no reason given'}",
                    why="ECS rolls a release back while this alarm is in ALARM"
                    if is_gate
                    else "with a release now, you cannot tell whether the release makes it worse",
                    fix="follow the runbook that the alarm's description names; release when the alarm is OK again",
                )
            )
    without_data = [alarm.name for alarm in alarms if alarm.state == "INSUFFICIENT_DATA"]
    if without_data:
        found.append(
            Finding(
                area=ALARMS,
                severity=Severity.NOTE,
                what=f"alarms without data: {_listed(without_data)}",
                why="their metrics have no data points yet, as in a new stack, or no new ones arrive",
            )
        )
    if not alarms:
        found.append(Finding(area=ALARMS, severity=Severity.NOTE, what="the stack has no alarms"))
    healthy = sum(alarm.state == "OK" for alarm in alarms)
    return [*found, ok(ALARMS, "", f"{healthy} of {len(alarms)} alarms are OK")] if healthy else found


def evaluate_actions(alarms: Sequence[AlarmState]) -> list[Finding]:
    """Whether the actions of all alarms are enabled."""
    disabled = [alarm.name for alarm in alarms if alarm.actions and not alarm.actions_enabled]
    if not disabled:
        return [ok(ALARMS, "", "the actions of all alarms are enabled")]
    return [
        Finding(
            area=ALARMS,
            severity=Severity.WARNING,
            what=f"alarms with disabled actions: {_listed(disabled)}",
            why="no notification is sent when they go into ALARM",
            fix=f"`aws cloudwatch enable-alarm-actions --alarm-names {' '.join(disabled[:LISTED])}`",
        )
    ]


def evaluate_topic(topic: str, severities: Sequence[str], subscriptions: Sequence[Json]) -> list[Finding]:
    """Whether the notifications of a topic are delivered to a subscriber.

    Args:
        topic: Its ARN.
        severities: Severities of the alarms published to it: `critical`, `warning`; empty for a topic that only
            an alarm names.
        subscriptions: Its subscriptions; one that is not confirmed has no ARN.
    """
    name, kind = topic.rpartition(":")[2], " and ".join(severities)
    published = f"the {kind} alarms" if kind else "its alarms"
    confirmed = [one for one in subscriptions if one.get("SubscriptionArn") not in (*PENDING, None, "")]
    pending = [one for one in subscriptions if one.get("SubscriptionArn") == "PendingConfirmation"]
    if pending:
        of_all = f"none of its {len(pending)}" if not confirmed else f"{len(pending)} of its {len(subscriptions)}"
        counted = f"{of_all} {'subscriptions is' if len(pending) == 1 or not confirmed else 'subscriptions are'}"
        found = Finding(
            area=ALARMS,
            subject=name,
            severity=Severity.NOTE if confirmed else Severity.WARNING,
            what=f"{counted} {'not ' if confirmed else ''}confirmed: {_listed(_endpoints(pending))}",
            why=f"these addresses get no email for {published}"
            if confirmed
            else f"no subscriber gets an email for {published}",
            fix="open the link in the email with the subject `AWS Notification - Subscription Confirmation`; it is "
            f"valid for two days. To send a new one: {_subscribe(topic, pending[0])}",
        )
        return [found, ok(ALARMS, name, f"confirmed subscriptions: {len(confirmed)}")] if confirmed else [found]
    if not confirmed:
        return [
            Finding(
                area=ALARMS,
                subject=name,
                severity=Severity.NOTE,
                what="the topic has no subscriptions",
                why=f"no email is sent for {published}; AWS also deletes subscriptions that are not confirmed",
                fix="set observability.emails in the stack file, then run `pulumi up`",
            )
        ]
    return [ok(ALARMS, name, f"confirmed subscriptions: {len(confirmed)}")]


def check_alarms(context: DoctorContext) -> Iterator[Finding]:
    """The states and actions of the alarms."""
    alarms = alarms_of(context.aws, context.cluster)
    try:
        gates = frozenset(name for service in context.services().values() for name in _gates(service))
    except (*AWS_ERRORS, CannotCheckError) as error:
        if code_of(error) in EXPIRED:
            raise
        gates = frozenset[str]()
        yield unknown(ALARMS, "", f"which alarms roll a release back: {reason(error)}")
    yield from evaluate_states(alarms, gates)
    if alarms:
        yield from evaluate_actions(alarms)


def check_topics(context: DoctorContext) -> Iterator[Finding]:
    """The topics of the stack and of its alarms."""
    named: Mapping[str, str] = part(context.outputs, "alarmTopics")
    actions = [action for alarm in alarms_of(context.aws, context.cluster) for action in alarm.actions]
    for topic in sorted({arn for arn in (*named.values(), *actions) if _is_topic(arn)}):
        severities = sorted(severity for severity, arn in named.items() if arn == topic)
        subscriptions = context.aws.paginate("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=topic)
        yield from evaluate_topic(topic, severities, subscriptions)


def _is_topic(arn: str) -> bool:
    """Whether an ARN is that of a topic, in any partition."""
    return arn.split(":")[2:3] == ["sns"]


def _endpoints(subscriptions: Sequence[Json]) -> list[str]:
    return [plain(str(one.get("Endpoint") or "an address")) for one in subscriptions]


def _subscribe(topic: str, subscription: Json) -> str:
    protocol, endpoint = subscription.get("Protocol") or "email", subscription.get("Endpoint") or "ADDRESS"
    address = plain(f"--protocol {protocol} --notification-endpoint {endpoint}")
    return f"`aws sns subscribe --topic-arn {topic} {address}`"


def _gates(service: Json) -> Sequence[str]:
    configured = part(part(service, "deploymentConfiguration"), "alarms")
    return [str(name) for name in items(configured, "alarmNames")] if configured.get("enable") else []


def _alarm(one: Json) -> AlarmState:
    return AlarmState(
        name=str(one["AlarmName"]),
        state=str(one.get("StateValue", "")),
        reason=plain(str(one.get("StateReason") or "")),
        actions_enabled=bool(one.get("ActionsEnabled", True)),
        actions=[str(action) for action in items(one, "AlarmActions")],
    )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more

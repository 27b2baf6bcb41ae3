"""The alarms of the stack, and who hears of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from aws.caching import CachingClient
from aws.client import Json, items, part
from release.saying import plain
from story.doctor.context import DoctorContext
from story.doctor.finding import Finding, Severity, ok, unknown

ALARMS = "alarms"
PENDING = ("PendingConfirmation", "Deleted")
LONGEST_REASON = 160
LISTED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmState:
    """An alarm.

    Attributes:
        name: Its name.
        state: `OK`, `ALARM` or `INSUFFICIENT_DATA`.
        reason: What CloudWatch says of it.
        actions_enabled: Whether it acts when it comes into the state ALARM.
        actions: What it does then.
    """

    name: str
    state: str
    reason: str
    actions_enabled: bool
    actions: Sequence[str]


def alarms_of(aws: CachingClient, cluster: str) -> list[AlarmState]:
    """The alarms whose names begin with the stack's, composite ones among them.

    Args:
        aws: The account and region.
        cluster: Name of the cluster, which is that of the stack with the project's before it.
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
        gates: Names of those for which ECS takes a deployment back.
    """
    found: list[Finding] = []
    for alarm in alarms:
        if alarm.state == "ALARM":
            holds = alarm.name in gates
            found.append(
                Finding(
                    area=ALARMS,
                    subject=alarm.name,
                    severity=Severity.ERROR if holds else Severity.WARNING,
                    what=f"is in ALARM: {alarm.reason[:LONGEST_REASON] or 'no reason given'}",
                    why="ECS takes back a release while it is in ALARM"
                    if holds
                    else "something is wrong already: a release now would hide whether it makes it worse",
                    fix="its description says where to look first; release when it is OK again",
                )
            )
    silent = [alarm.name for alarm in alarms if alarm.state == "INSUFFICIENT_DATA"]
    if silent:
        found.append(
            Finding(
                area=ALARMS,
                severity=Severity.NOTE,
                what=f"without data so far: {_listed(silent)}",
                why="they have not seen their metric yet, as in a new stack, or it stopped coming",
            )
        )
    if not alarms:
        found.append(Finding(area=ALARMS, severity=Severity.NOTE, what="the stack has no alarms"))
    well = sum(alarm.state == "OK" for alarm in alarms)
    return [*found, ok(ALARMS, "", f"{well} of {len(alarms)} alarms are OK")] if well else found


def evaluate_actions(alarms: Sequence[AlarmState]) -> list[Finding]:
    """Whether alarms act that are meant to."""
    muted = [alarm.name for alarm in alarms if alarm.actions and not alarm.actions_enabled]
    if not muted:
        return [ok(ALARMS, "", "no alarm is muted")]
    return [
        Finding(
            area=ALARMS,
            severity=Severity.WARNING,
            what=f"actions are switched off: {_listed(muted)}",
            why="nobody hears of them",
            fix=f"`aws cloudwatch enable-alarm-actions --alarm-names {' '.join(muted[:LISTED])}`",
        )
    ]


def evaluate_topic(topic: str, severities: Sequence[str], subscriptions: Sequence[Json]) -> list[Finding]:
    """Whether what is published to a topic reaches somebody.

    Args:
        topic: Its ARN.
        severities: What the stack publishes to it: `critical`, `warning`; none for a topic of an alarm alone.
        subscriptions: Of the topic; one that is not confirmed has no ARN.
    """
    name, kind = topic.rpartition(":")[2], " and ".join(severities)
    published = f"the {kind} alarms" if kind else "its alarms"
    confirmed = [one for one in subscriptions if one.get("SubscriptionArn") not in (*PENDING, None, "")]
    waiting = [one for one in subscriptions if one.get("SubscriptionArn") == "PendingConfirmation"]
    if waiting:
        of_all = f"none of its {len(waiting)}" if not confirmed else f"{len(waiting)} of its {len(subscriptions)}"
        told = f"{of_all} {'subscriptions is' if len(waiting) == 1 or not confirmed else 'subscriptions are'}"
        found = Finding(
            area=ALARMS,
            subject=name,
            severity=Severity.NOTE if confirmed else Severity.WARNING,
            what=f"{told} {'not ' if confirmed else ''}confirmed: {_listed(_endpoints(waiting))}",
            why=f"these addresses get no mail of {published}" if confirmed else f"nobody gets a mail of {published}",
            fix="open the link in the mail with the subject `AWS Notification - Subscription Confirmation`; it is "
            f"valid for two days. A new mail: {_subscribe(topic, waiting[0])}",
        )
        return [found, ok(ALARMS, name, f"{len(confirmed)} readers")] if confirmed else [found]
    if not confirmed:
        return [
            Finding(
                area=ALARMS,
                subject=name,
                severity=Severity.NOTE,
                what="the topic has no readers",
                why=f"nobody gets a mail of {published}; AWS also deletes a subscription that nobody confirms",
                fix="observability.emails in the stack's file, then `pulumi up`",
            )
        ]
    return [ok(ALARMS, name, f"{len(confirmed)} readers")]


def check_alarms(context: DoctorContext) -> Iterator[Finding]:
    """The alarms."""
    alarms = alarms_of(context.aws, context.cluster)
    try:
        gates = frozenset(name for service in context.services().values() for name in _gates(service))
    except Exception as error:
        gates = frozenset[str]()
        yield unknown(ALARMS, "", f"which alarms take a release back: {' '.join(str(error).split())}")
    yield from evaluate_states(alarms, gates)
    if alarms:
        yield from evaluate_actions(alarms)


def check_topics(context: DoctorContext) -> Iterator[Finding]:
    """The topics of the stack and of its alarms."""
    named: Mapping[str, str] = part(context.outputs, "alarmTopics")
    acted = [action for alarm in alarms_of(context.aws, context.cluster) for action in alarm.actions]
    for topic in sorted({arn for arn in (*named.values(), *acted) if _is_topic(arn)}):
        severities = sorted(severity for severity, arn in named.items() if arn == topic)
        subscriptions = context.aws.paginate("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=topic)
        yield from evaluate_topic(topic, severities, subscriptions)


def _is_topic(arn: str) -> bool:
    """Whether an ARN, of whatever partition, is that of a topic."""
    return arn.split(":")[2:3] == ["sns"]


def _endpoints(subscriptions: Sequence[Json]) -> list[str]:
    return [plain(str(one.get("Endpoint") or "an address")) for one in subscriptions]


def _subscribe(topic: str, subscription: Json) -> str:
    protocol, endpoint = subscription.get("Protocol") or "email", subscription.get("Endpoint") or "ADDRESS"
    address = plain(f"--protocol {protocol} --notification-endpoint {endpoint}")
    return f"`aws sns subscribe --topic-arn {topic} {address}`"


def _gates(service: Json) -> Sequence[str]:
    told = part(part(service, "deploymentConfiguration"), "alarms")
    return [str(name) for name in items(told, "alarmNames")] if told.get("enable") else []


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

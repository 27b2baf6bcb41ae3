"""Things in the account that have a name of the stack's, and that its state does not own: an earlier stack left them.

The names are those that the program gives. What it leaves to Pulumi's automatic names ends with random letters and
can meet nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from botocore.exceptions import ClientError

from aws.caching import CachingClient
from aws.client import in_parts, items
from aws.errors import is_not_found
from story.doctor.finding import Finding, Severity, ok, unknown
from story.doctor.preflight.subject import Subject

LEFTOVERS = "leftovers"
CLUSTER = "aws:ecs/cluster:Cluster"
TAKEN = "the update ends at it: AWS takes a name once"
TAKEN_OVER = "the update takes it over with what runs in it, and fails at a service of the same name"
ADOPTED = "the update stops at it, and `story recover` then adds it to the stack with what is written in it"
REPLACED = "the update writes over it, and a destroy deletes it"
ALARMS_AT_ONCE = 100
"""docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html"""

Find = Callable[[Subject, Sequence[str]], frozenset[str]]
"""Which of the names the account has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of thing with a name that the program gives.

    Attributes:
        what: What people call it: `log group`.
        name_field: Input of the resource that holds the name.
        find: Which of the names the account has.
        remove: Command that removes one; `{name}` stands for the name.
        severity: How much one matters that is not the stack's.
        why: What happens to the update.
        keep: When and how it becomes the stack's; `{stack}` stands for the stack's name.
    """

    what: str
    name_field: str
    find: Find
    remove: str
    severity: Severity = Severity.ERROR
    why: str = TAKEN
    keep: str = "if an update was killed: `story recover --stack {stack}`"


def evaluate(kind: Kind, name: str, stack: str, *, is_owned: bool | None) -> Finding:
    """What a thing that exists already means for the update.

    Args:
        kind: What it is.
        name: Its name.
        stack: Name of the stack.
        is_owned: Whether the stack's state records it; None if the state could not be read.
    """
    if is_owned:
        return ok(LEFTOVERS, kind.what, f"{name} is this stack's")
    if is_owned is None:
        return unknown(LEFTOVERS, kind.what, f"whether {name}, which exists, is this stack's: its state was not read")
    return Finding(
        area=LEFTOVERS,
        subject=kind.what,
        severity=kind.severity,
        what=f"{name} exists, and this stack does not own it",
        why=kind.why,
        fix=f"{kind.keep.format(stack=stack)}; else, if nothing needs it: `{kind.remove.format(name=name)}`",
    )


def clusters_of(aws: CachingClient, names: Sequence[str]) -> frozenset[str]:
    """Which of these ECS clusters exist; ECS remembers deleted ones for a while, as INACTIVE.

    Raises:
        botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: There is no answer.
    """
    answer = aws.call("ecs", "describe_clusters", clusters=list(names))
    return frozenset(str(one["clusterName"]) for one in items(answer, "clusters") if one.get("status") != "INACTIVE")


def check(subject: Subject, type_: str) -> Iterator[Finding]:
    """The names of one type of resource."""
    kind = KINDS[type_]
    names = subject.planned.texts(type_, kind.name_field)
    found = kind.find(subject, names)
    owned = subject.owned.names(type_, kind.name_field)
    for name in sorted(found):
        yield evaluate(kind, name, subject.planned.stack, is_owned=name in owned if subject.owned.is_known else None)
    if not found:
        yield ok(LEFTOVERS, kind.what, f"none has a name of this stack's ({len(names)} names)")


def unread(subject: Subject) -> Iterator[Finding]:
    """The names that no request answers for."""
    for type_, (what, name_field) in UNREADABLE.items():
        for name in subject.planned.texts(type_, name_field):
            if name not in subject.owned.names(type_, name_field):
                yield unknown(LEFTOVERS, what, f"whether {name} exists: AWS answers for it in another place")


def _log_groups(subject: Subject, names: Sequence[str]) -> frozenset[str]:
    """By the folders of the names, since many are in the same."""
    folders = sorted({f"{name.rpartition('/')[0]}/" for name in names})
    there = {
        str(group["logGroupName"])
        for folder in folders
        for group in subject.aws.paginate("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=folder)
    }
    return frozenset(there & set(names))


def _aliases(subject: Subject, names: Sequence[str]) -> frozenset[str]:
    there = {str(one["AliasName"]) for one in subject.aws.paginate("kms", "list_aliases", "Aliases")}
    return frozenset(there & set(names))


def _clusters(subject: Subject, names: Sequence[str]) -> frozenset[str]:
    return clusters_of(subject.aws, names)


def _alarms(subject: Subject, names: Sequence[str]) -> frozenset[str]:
    kinds = ["MetricAlarm", "CompositeAlarm"]
    found: set[str] = set()
    for some in in_parts(names, ALARMS_AT_ONCE):
        for key in ("MetricAlarms", "CompositeAlarms"):
            there = subject.aws.paginate("cloudwatch", "describe_alarms", key, AlarmNames=some, AlarmTypes=kinds)
            found |= {str(one["AlarmName"]) for one in there}
    return frozenset(found)


def _log_policies(subject: Subject, names: Sequence[str]) -> frozenset[str]:
    found = subject.aws.paginate("logs", "describe_resource_policies", "resourcePolicies")
    return frozenset({str(one["policyName"]) for one in found} & set(names))


def _one_by_one(service: str, operation: str, parameter: str, **others: Callable[[Subject], str]) -> Find:
    """Asks for each name; AWS answers that there is no such thing."""

    def find(subject: Subject, names: Sequence[str]) -> frozenset[str]:
        further = {name: value(subject) for name, value in others.items()}
        return frozenset(name for name in names if _answers(subject, service, operation, {parameter: name, **further}))

    return find


def _answers(subject: Subject, service: str, operation: str, parameters: Mapping[str, str]) -> bool:
    try:
        subject.aws.call(service, operation, **parameters)
    except ClientError as error:
        if is_not_found(error):
            return False
        raise
    return True


def _account(subject: Subject) -> str:
    return subject.account


# The errors of the creations: ResourceAlreadyExistsException, AlreadyExistsException, EntityAlreadyExists,
# DBClusterAlreadyExistsFault and so on. CreateCluster of ECS, PutMetricAlarm, PutDashboard, PutRule and
# PutResourcePolicy take an existing name without one.
KINDS: Mapping[str, Kind] = {
    "aws:cloudwatch/logGroup:LogGroup": Kind(
        what="log group",
        name_field="name",
        find=_log_groups,
        remove="aws logs delete-log-group --log-group-name {name}",
        severity=Severity.WARNING,
        why=ADOPTED,
        keep="to keep it: update, and after the update has stopped `story recover --stack {stack}`",
    ),
    "aws:kms/alias:Alias": Kind(
        what="alias", name_field="name", find=_aliases, remove="aws kms delete-alias --alias-name {name}"
    ),
    CLUSTER: Kind(
        what="cluster",
        name_field="name",
        find=_clusters,
        remove="aws ecs delete-cluster --cluster {name}",
        why=TAKEN_OVER,
    ),
    "aws:rds/cluster:Cluster": Kind(
        what="Aurora cluster",
        name_field="clusterIdentifier",
        find=_one_by_one("rds", "describe_db_clusters", "DBClusterIdentifier"),
        remove="aws rds delete-db-cluster --db-cluster-identifier {name} --final-db-snapshot-identifier <snapshot>",
    ),
    "aws:rds/clusterInstance:ClusterInstance": Kind(
        what="Aurora instance",
        name_field="identifier",
        find=_one_by_one("rds", "describe_db_instances", "DBInstanceIdentifier"),
        remove="aws rds delete-db-instance --db-instance-identifier {name}",
    ),
    "aws:docdb/cluster:Cluster": Kind(
        what="DocumentDB cluster",
        name_field="clusterIdentifier",
        find=_one_by_one("docdb", "describe_db_clusters", "DBClusterIdentifier"),
        remove="aws docdb delete-db-cluster --db-cluster-identifier {name} --final-db-snapshot-identifier <snapshot>",
    ),
    "aws:docdb/clusterInstance:ClusterInstance": Kind(
        what="DocumentDB instance",
        name_field="identifier",
        find=_one_by_one("docdb", "describe_db_instances", "DBInstanceIdentifier"),
        remove="aws docdb delete-db-instance --db-instance-identifier {name}",
    ),
    "aws:elasticache/replicationGroup:ReplicationGroup": Kind(
        what="replication group",
        name_field="replicationGroupId",
        find=_one_by_one("elasticache", "describe_replication_groups", "ReplicationGroupId"),
        remove="aws elasticache delete-replication-group --replication-group-id {name}",
    ),
    "aws:iam/role:Role": Kind(
        what="role",
        name_field="name",
        find=_one_by_one("iam", "get_role", "RoleName"),
        remove="aws iam delete-role --role-name {name}",
    ),
    "aws:secretsmanager/secret:Secret": Kind(
        what="secret",
        name_field="name",
        # A deleted secret keeps its name for its recovery window, and is described all the while:
        # docs.aws.amazon.com/secretsmanager/latest/userguide/manage_delete-secret.html
        find=_one_by_one("secretsmanager", "describe_secret", "SecretId"),
        remove="aws secretsmanager delete-secret --secret-id {name} --force-delete-without-recovery",
    ),
    "aws:budgets/budget:Budget": Kind(
        what="budget",
        name_field="name",
        find=_one_by_one("budgets", "describe_budget", "BudgetName", AccountId=_account),
        remove="aws budgets delete-budget --account-id <account> --budget-name {name}",
    ),
    "aws:cloudwatch/dashboard:Dashboard": Kind(
        what="dashboard",
        name_field="dashboardName",
        find=_one_by_one("cloudwatch", "get_dashboard", "DashboardName"),
        remove="aws cloudwatch delete-dashboards --dashboard-names {name}",
        severity=Severity.WARNING,
        why=REPLACED,
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Kind(
        what="alarm",
        name_field="name",
        find=_alarms,
        remove="aws cloudwatch delete-alarms --alarm-names {name}",
        severity=Severity.WARNING,
        why=REPLACED,
    ),
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": Kind(
        what="composite alarm",
        name_field="alarmName",
        find=_alarms,
        remove="aws cloudwatch delete-alarms --alarm-names {name}",
        severity=Severity.WARNING,
        why=REPLACED,
    ),
    "aws:cloudwatch/eventRule:EventRule": Kind(
        what="event rule",
        name_field="name",
        find=_one_by_one("events", "describe_rule", "Name"),
        remove="aws events delete-rule --name {name}",
        severity=Severity.WARNING,
        why=REPLACED,
    ),
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": Kind(
        what="log resource policy",
        name_field="policyName",
        find=_log_policies,
        remove="aws logs delete-resource-policy --policy-name {name}",
        severity=Severity.WARNING,
        why=REPLACED,
    ),
}
UNREADABLE: Mapping[str, tuple[str, str]] = {
    # docs.aws.amazon.com/general/latest/gr/chatbot.html: its endpoints are in few regions.
    "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration": ("Slack channel", "configurationName"),
}
HARMLESS: Mapping[str, str] = {
    "aws:ecs/service:Service": "its name is the cluster's, which is checked",
    "aws:ecs/taskDefinition:TaskDefinition": "a family gets one more revision",
    "aws:appautoscaling/scheduledAction:ScheduledAction": "its name is the service's",
    "aws:route53/record:Record": "it belongs to the domain, which is checked",
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": "its name is the log group's, which is checked",
}
"""Named resources that cannot meet a leftover, and why."""

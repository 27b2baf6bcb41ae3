"""Resources in the account that have names of the stack's, but are not in its state: an earlier stack left them.

The names are those that the program sets. Pulumi's automatic names end with random characters and cannot conflict.
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
NAME_IN_USE = "the update fails, because the name is already in use"
TAKEN_OVER = "the update uses it together with what is running in it, and fails at a service of the same name"
ADOPTED = "the update fails, and `story recover` can then add it to the stack with its contents"
OVERWRITTEN = "the update overwrites it, and a destroy deletes it"
ALARMS_AT_ONCE = 100
"""docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html"""

Find = Callable[[Subject, Sequence[str]], frozenset[str]]
"""Which of the names exist in the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedType:
    """A type of resource with a name that the program sets.

    Attributes:
        label: Its name in messages: `log group`.
        name_field: Input of the resource with the name.
        find: Which of the names exist in the account.
        remove: Command that removes one; `{name}` stands for the name.
        severity: Severity of a resource that is not the stack's.
        why: What happens during the update.
        keep: When and how it can be added to the stack; `{stack}` stands for the stack's name.
    """

    label: str
    name_field: str
    find: Find
    remove: str
    severity: Severity = Severity.ERROR
    why: str = NAME_IN_USE
    keep: str = "if an update was killed: `story recover --stack {stack}`"


def evaluate(kind: NamedType, name: str, stack: str, *, is_owned: bool | None) -> Finding:
    """What an existing resource means for the update.

    Args:
        kind: Its type.
        name: Its name.
        stack: Name of the stack.
        is_owned: Whether it is in the stack's state; None if the state could not be read.
    """
    if is_owned:
        return ok(LEFTOVERS, kind.label, f"{name} belongs to this stack")
    if is_owned is None:
        return unknown(
            LEFTOVERS, kind.label, f"whether the existing {name} belongs to this stack: its state could not be read"
        )
    return Finding(
        area=LEFTOVERS,
        subject=kind.label,
        severity=kind.severity,
        what=f"{name} exists, and does not belong to this stack",
        why=kind.why,
        fix=f"{kind.keep.format(stack=stack)}; otherwise, if it is not needed: `{kind.remove.format(name=name)}`",
    )


def clusters_of(aws: CachingClient, names: Sequence[str]) -> frozenset[str]:
    """Which of these ECS clusters exist. ECS returns deleted ones for a while, as INACTIVE.

    Raises:
        botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: There is no response.
    """
    response = aws.call("ecs", "describe_clusters", clusters=list(names))
    return frozenset(str(one["clusterName"]) for one in items(response, "clusters") if one.get("status") != "INACTIVE")


def check(subject: Subject, type_: str) -> Iterator[Finding]:
    """The names of one type of resource."""
    kind = NAMED_TYPES[type_]
    names = subject.planned.texts(type_, kind.name_field)
    found = kind.find(subject, names)
    owned = subject.owned.names(type_, kind.name_field)
    for name in sorted(found):
        yield evaluate(kind, name, subject.planned.stack, is_owned=name in owned if subject.owned.is_known else None)
    if not found:
        yield ok(LEFTOVERS, kind.label, f"none of this stack's {len(names)} names is in use")


def report_unreadable(subject: Subject) -> Iterator[Finding]:
    """The names that no request can check."""
    for type_, (label, name_field) in UNREADABLE.items():
        for name in subject.planned.texts(type_, name_field):
            if name not in subject.owned.names(type_, name_field):
                yield unknown(LEFTOVERS, label, f"whether {name} exists: its API is in other regions")


def _log_groups(subject: Subject, names: Sequence[str]) -> frozenset[str]:
    """By the prefixes of the names, because many names share one."""
    folders = sorted({f"{name.rpartition('/')[0]}/" for name in names})
    existing = {
        str(group["logGroupName"])
        for folder in folders
        for group in subject.aws.paginate("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=folder)
    }
    return frozenset(existing & set(names))


def _aliases(subject: Subject, names: Sequence[str]) -> frozenset[str]:
    existing = {str(one["AliasName"]) for one in subject.aws.paginate("kms", "list_aliases", "Aliases")}
    return frozenset(existing & set(names))


def _clusters(subject: Subject, names: Sequence[str]) -> frozenset[str]:
    return clusters_of(subject.aws, names)


def _alarms(subject: Subject, names: Sequence[str]) -> frozenset[str]:
    kinds = ["MetricAlarm", "CompositeAlarm"]
    found: set[str] = set()
    for some in in_parts(names, ALARMS_AT_ONCE):
        for key in ("MetricAlarms", "CompositeAlarms"):
            page = subject.aws.paginate("cloudwatch", "describe_alarms", key, AlarmNames=some, AlarmTypes=kinds)
            found |= {str(one["AlarmName"]) for one in page}
    return frozenset(found)


def _log_policies(subject: Subject, names: Sequence[str]) -> frozenset[str]:
    found = subject.aws.paginate("logs", "describe_resource_policies", "resourcePolicies")
    return frozenset({str(one["policyName"]) for one in found} & set(names))


def _one_by_one(service: str, operation: str, parameter: str, **others: Callable[[Subject], str]) -> Find:
    """One request for each name; AWS returns an error for a name that does not exist."""

    def find(subject: Subject, names: Sequence[str]) -> frozenset[str]:
        parameters = {name: value(subject) for name, value in others.items()}
        return frozenset(
            name for name in names if _exists(subject, service, operation, {parameter: name, **parameters})
        )

    return find


def _exists(subject: Subject, service: str, operation: str, parameters: Mapping[str, str]) -> bool:
    try:
        subject.aws.call(service, operation, **parameters)
    except ClientError as error:
        if is_not_found(error):
            return False
        raise
    return True


def _account(subject: Subject) -> str:
    return subject.account


# Creating an existing name fails with ResourceAlreadyExistsException, AlreadyExistsException, EntityAlreadyExists,
# DBClusterAlreadyExistsFault and so on. CreateCluster of ECS, PutMetricAlarm, PutDashboard, PutRule and
# PutResourcePolicy accept an existing name.
NAMED_TYPES: Mapping[str, NamedType] = {
    "aws:cloudwatch/logGroup:LogGroup": NamedType(
        label="log group",
        name_field="name",
        find=_log_groups,
        remove="aws logs delete-log-group --log-group-name {name}",
        severity=Severity.WARNING,
        why=ADOPTED,
        keep="to keep it: run the update, and when it has failed, `story recover --stack {stack}`",
    ),
    "aws:kms/alias:Alias": NamedType(
        label="alias", name_field="name", find=_aliases, remove="aws kms delete-alias --alias-name {name}"
    ),
    CLUSTER: NamedType(
        label="cluster",
        name_field="name",
        find=_clusters,
        remove="aws ecs delete-cluster --cluster {name}",
        why=TAKEN_OVER,
    ),
    "aws:rds/cluster:Cluster": NamedType(
        label="Aurora cluster",
        name_field="clusterIdentifier",
        find=_one_by_one("rds", "describe_db_clusters", "DBClusterIdentifier"),
        remove="aws rds delete-db-cluster --db-cluster-identifier {name} --final-db-snapshot-identifier <snapshot>",
    ),
    "aws:rds/clusterInstance:ClusterInstance": NamedType(
        label="Aurora instance",
        name_field="identifier",
        find=_one_by_one("rds", "describe_db_instances", "DBInstanceIdentifier"),
        remove="aws rds delete-db-instance --db-instance-identifier {name}",
    ),
    "aws:docdb/cluster:Cluster": NamedType(
        label="DocumentDB cluster",
        name_field="clusterIdentifier",
        find=_one_by_one("docdb", "describe_db_clusters", "DBClusterIdentifier"),
        remove="aws docdb delete-db-cluster --db-cluster-identifier {name} --final-db-snapshot-identifier <snapshot>",
    ),
    "aws:docdb/clusterInstance:ClusterInstance": NamedType(
        label="DocumentDB instance",
        name_field="identifier",
        find=_one_by_one("docdb", "describe_db_instances", "DBInstanceIdentifier"),
        remove="aws docdb delete-db-instance --db-instance-identifier {name}",
    ),
    "aws:elasticache/replicationGroup:ReplicationGroup": NamedType(
        label="replication group",
        name_field="replicationGroupId",
        find=_one_by_one("elasticache", "describe_replication_groups", "ReplicationGroupId"),
        remove="aws elasticache delete-replication-group --replication-group-id {name}",
    ),
    "aws:iam/role:Role": NamedType(
        label="role",
        name_field="name",
        find=_one_by_one("iam", "get_role", "RoleName"),
        remove="aws iam delete-role --role-name {name}",
    ),
    "aws:secretsmanager/secret:Secret": NamedType(
        label="secret",
        name_field="name",
        # A deleted secret keeps its name during its recovery window, and DescribeSecret returns it:
        # docs.aws.amazon.com/secretsmanager/latest/userguide/manage_delete-secret.html
        find=_one_by_one("secretsmanager", "describe_secret", "SecretId"),
        remove="aws secretsmanager delete-secret --secret-id {name} --force-delete-without-recovery",
    ),
    "aws:budgets/budget:Budget": NamedType(
        label="budget",
        name_field="name",
        find=_one_by_one("budgets", "describe_budget", "BudgetName", AccountId=_account),
        remove="aws budgets delete-budget --account-id <account> --budget-name {name}",
    ),
    "aws:cloudwatch/dashboard:Dashboard": NamedType(
        label="dashboard",
        name_field="dashboardName",
        find=_one_by_one("cloudwatch", "get_dashboard", "DashboardName"),
        remove="aws cloudwatch delete-dashboards --dashboard-names {name}",
        severity=Severity.WARNING,
        why=OVERWRITTEN,
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": NamedType(
        label="alarm",
        name_field="name",
        find=_alarms,
        remove="aws cloudwatch delete-alarms --alarm-names {name}",
        severity=Severity.WARNING,
        why=OVERWRITTEN,
    ),
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": NamedType(
        label="composite alarm",
        name_field="alarmName",
        find=_alarms,
        remove="aws cloudwatch delete-alarms --alarm-names {name}",
        severity=Severity.WARNING,
        why=OVERWRITTEN,
    ),
    "aws:cloudwatch/eventRule:EventRule": NamedType(
        label="event rule",
        name_field="name",
        find=_one_by_one("events", "describe_rule", "Name"),
        remove="aws events delete-rule --name {name}",
        severity=Severity.WARNING,
        why=OVERWRITTEN,
    ),
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": NamedType(
        label="log resource policy",
        name_field="policyName",
        find=_log_policies,
        remove="aws logs delete-resource-policy --policy-name {name}",
        severity=Severity.WARNING,
        why=OVERWRITTEN,
    ),
}
UNREADABLE: Mapping[str, tuple[str, str]] = {
    # docs.aws.amazon.com/general/latest/gr/chatbot.html: its endpoints are in few regions.
    "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration": ("Slack channel", "configurationName"),
}
HARMLESS: Mapping[str, str] = {
    "aws:ecs/service:Service": "its name is unique within the cluster, which is checked",
    "aws:ecs/taskDefinition:TaskDefinition": "a family gets another revision",
    "aws:appautoscaling/scheduledAction:ScheduledAction": "it belongs to the service",
    "aws:route53/record:Record": "it belongs to the domain, which is checked",
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": "it belongs to the log group, which is checked",
}
"""Named resources that cannot conflict with a leftover, and why."""

"""`story doctor --before`: leftovers of an earlier stack, and the domain."""

from typing import Any

import pytest

from story.doctor.finding import CannotCheckError, Finding, Severity
from story.doctor.preflight import leftovers
from story.doctor.preflight.planned import Owned
from story.doctor.preflight.state import without_state
from story.plan.recorder import Resource
from tests.aws.answers import refusal
from tests.story.doctor.before import DENIED, IMAGE, NAME_SERVERS, Before, of_settings, planned

ERROR, WARNING, UNKNOWN = Severity.ERROR, Severity.WARNING, Severity.UNKNOWN
NAMING = ("name", "identifier", "clusterIdentifier", "replicationGroupId", "policyName", "configurationName")
NAMING += ("alarmName", "dashboardName", "queueName", "functionName", "targetGroupName")
OF_ANOTHER: frozenset[str] = frozenset()
"""Types with an input called like a name that is another resource's."""


@pytest.fixture
def before() -> Before:
    return Before()


def told(found: list[Finding]) -> list[tuple[Severity, str, str]]:
    return [(one.severity, one.subject, one.what) for one in found]


# Leftovers

LEFT: list[tuple[str, str, Any, Severity, str, str]] = [
    (
        "logs",
        "describe_log_groups",
        {"logGroups": [{"logGroupName": "/story/prod/web"}]},
        WARNING,
        "log group",
        "/story/prod/web",
    ),
    (
        "kms",
        "list_aliases",
        {"Aliases": [{"AliasName": "alias/story-prod-data"}]},
        ERROR,
        "alias",
        "alias/story-prod-data",
    ),
    (
        "ecs",
        "describe_clusters",
        {"clusters": [{"clusterName": "story-prod", "status": "ACTIVE"}]},
        ERROR,
        "cluster",
        "story-prod",
    ),
    ("cloudwatch", "get_dashboard", {"DashboardName": "story-prod"}, WARNING, "dashboard", "story-prod"),
    (
        "cloudwatch",
        "describe_alarms",
        {"MetricAlarms": [{"AlarmName": "story-prod-web-cpu"}], "CompositeAlarms": []},
        WARNING,
        "alarm",
        "story-prod-web-cpu",
    ),
    (
        "logs",
        "describe_resource_policies",
        {"resourcePolicies": [{"policyName": "story-prod-events"}]},
        WARNING,
        "log resource policy",
        "story-prod-events",
    ),
]


@pytest.mark.parametrize(("service", "operation", "answer", "severity", "kind", "name"), LEFT)
def test_a_leftover_of_the_same_name_is_found_with_what_removes_it(
    before: Before, service: str, operation: str, answer: Any, severity: Severity, kind: str, name: str
) -> None:
    before.said[service, operation] = answer
    found = [one for one in before.wrong() if one.subject == kind]
    assert told(found) == [(severity, kind, f"{name} exists, and does not belong to this stack")]
    assert "`story recover --stack prod`; otherwise, if it is not needed: `aws " in found[0].fix
    assert found[0].fix.startswith("to keep it: run the update" if kind == "log group" else "if an update was killed: ")
    assert name in found[0].fix


@pytest.mark.parametrize(
    ("client", "operation", "kind", "names"),
    [
        ("rds", "describe_db_clusters", "Aurora cluster", ["story-prod-aurora"]),
        ("rds", "describe_db_instances", "Aurora instance", ["story-prod-aurora-1", "story-prod-aurora-2"]),
        ("docdb", "describe_db_clusters", "DocumentDB cluster", ["story-prod-documentdb"]),
        (
            "docdb",
            "describe_db_instances",
            "DocumentDB instance",
            ["story-prod-documentdb-1", "story-prod-documentdb-2"],
        ),
    ],
)
def test_databases_of_the_same_name_are_found(
    before: Before, client: str, operation: str, kind: str, names: list[str]
) -> None:
    asked: list[Any] = []
    before.said[client, operation] = lambda **given: asked.append(given) or {}
    assert told(before.wrong()) == [
        (ERROR, kind, f"{name} exists, and does not belong to this stack") for name in names
    ]
    assert [next(iter(one.values())) for one in asked] == names


def test_event_rules_and_budgets_are_found(before: Before) -> None:
    before.said["events", "describe_rule"] = {"Name": "it"}
    assert {(one.severity, one.subject) for one in before.wrong()} == {(WARNING, "event rule")}
    with_budget = Before(of_settings("story:observability: { monthly_budget_usd: 100 }"))
    with_budget.said["budgets", "describe_budget"] = {"Budget": {}}
    assert told(with_budget.wrong()) == [
        (ERROR, "budget", "story-prod-month exists, and does not belong to this stack")
    ]


def test_what_the_state_owns_is_no_leftover(before: Before) -> None:
    before.said["logs", "describe_log_groups"] = {"logGroups": [{"logGroupName": "/story/prod/web"}]}
    before.owns("aws:cloudwatch/logGroup:LogGroup", name="/story/prod/other")
    assert len(before.wrong()) == 1
    before.owns("aws:kms/alias:Alias", name="/story/prod/web")
    assert len(before.wrong()) == 1, "another type of that name"
    before.owns("aws:cloudwatch/logGroup:LogGroup", name="/story/prod/web")
    assert before.wrong() == []


def test_without_the_state_a_stack_with_a_cluster_is_unknown_and_one_without_is_new(before: Before) -> None:
    unread = Owned(is_known=False, reason="no pulumi")
    aws = before.subject().aws
    assert without_state(unread, aws, "story-prod") == Owned()
    before.said["ecs", "describe_clusters"] = {"clusters": [{"clusterName": "story-prod", "status": "ACTIVE"}]}
    aws = before.subject().aws
    assert without_state(unread, aws, "story-prod") == unread
    before.said["ecs", "describe_clusters"] = DENIED
    assert without_state(unread, before.subject().aws, "story-prod") == unread
    owned = Owned(image=IMAGE)
    assert without_state(owned, aws, "story-prod") == owned


def test_without_the_state_of_a_stack_that_exists_nothing_is_taken_for_wrong(before: Before) -> None:
    before.owned = Owned(is_known=False, reason="no pulumi")
    before.said["ecs", "describe_clusters"] = {"clusters": [{"clusterName": "story-prod", "status": "ACTIVE"}]}
    before.said["logs", "describe_log_groups"] = {"logGroups": [{"logGroupName": "/story/prod/web"}]}
    before.said["ec2", "describe_addresses"] = {"Addresses": [{"PublicIp": "192.0.2.1"}] * 3}
    found = before.wrong()
    assert {one.severity for one in found} == {UNKNOWN}
    assert {"state", "leftovers", "quotas"} <= {one.area for one in found}
    assert any("no pulumi" in one.what for one in found)


def test_a_stack_that_is_up_has_nothing_against_its_next_update(before: Before) -> None:
    record = before.planned.record
    children = {"aws:ec2/eip:Eip": 3, "aws:ec2/vpc:Vpc": 1, "aws:ec2/internetGateway:InternetGateway": 1}
    for one in record.resources:
        before.owns(one.type, **one.inputs)
    for type_, count in children.items():
        for _ in range(count):
            before.owns(type_)
    before.used = 4.75
    for question in list(before.said):
        if isinstance(before.said[question], Exception):
            before.said[question] = {}
    names = before.planned.texts
    before.said["ec2", "describe_addresses"] = {"Addresses": [{"PublicIp": "192.0.2.1"}] * 5}
    before.said["logs", "describe_log_groups"] = {
        "logGroups": [{"logGroupName": one} for one in names("aws:cloudwatch/logGroup:LogGroup", "name")]
    }
    before.said["ecs", "describe_clusters"] = {"clusters": [{"clusterName": "story-prod", "status": "ACTIVE"}]}
    before.said["kms", "list_aliases"] = {"Aliases": [{"AliasName": "alias/story-prod-data"}]}
    before.said["route53", "list_resource_record_sets"] = {
        "ResourceRecordSets": [{"Name": "www.example.com.", "Type": "A"}]
    }
    assert before.wrong() == []


def test_a_cluster_that_is_gone_is_no_leftover_although_ecs_remembers_it(before: Before) -> None:
    before.said["ecs", "describe_clusters"] = {"clusters": [{"clusterName": "story-prod", "status": "INACTIVE"}]}
    assert before.wrong() == []


def test_every_alarm_is_asked_for_a_hundred_at_a_time(before: Before) -> None:
    asked: list[list[str]] = []

    def answer(AlarmNames: list[str], **_: Any) -> Any:  # noqa: N803
        assert len(AlarmNames) <= 100
        asked.append(AlarmNames)
        return {"MetricAlarms": [], "CompositeAlarms": []}

    before.said["cloudwatch", "describe_alarms"] = answer
    before.findings()
    wanted = before.planned.texts("aws:cloudwatch/metricAlarm:MetricAlarm", "name")
    assert wanted
    assert set(wanted) <= {name for names in asked for name in names}
    many = [f"story-prod-{number}" for number in range(250)]
    leftovers.NAMED_TYPES["aws:cloudwatch/metricAlarm:MetricAlarm"].find(before.subject(), many)
    assert set(many) <= {name for names in asked for name in names}


def names_of(resource: Resource) -> set[str]:
    """The inputs by which a resource of AWS has a name that the program gives."""
    return {key for key in NAMING if isinstance(resource.inputs.get(key), str)} if resource.custom else set()


def test_every_resource_with_a_name_of_the_programs_is_looked_for_or_known_to_be_harmless() -> None:
    everything = of_settings(
        "story:observability: { monthly_budget_usd: 100, emails: [a@example.com], "
        "slack: { workspace_id: T0000000000, critical_channel_id: C0000000000 } }\n"
        "story:network: { nat: none }",
    )
    known = {*leftovers.NAMED_TYPES, *leftovers.UNREADABLE, *leftovers.HARMLESS}
    for stack in (planned("dev"), planned("prod"), everything):
        for one in stack.record.resources:
            if one.type.startswith("aws:") and names_of(one) and one.type not in known:
                assert one.type in OF_ANOTHER, (one.type, names_of(one))
    for type_, kind in leftovers.NAMED_TYPES.items():
        assert kind.name_field in NAMING, type_


def test_a_slack_channel_cannot_be_looked_for() -> None:
    slack = "slack: { workspace_id: T0000000000, critical_channel_id: C0000000000 }"
    chatty = Before(of_settings(f"story:observability: {{ {slack} }}"))
    assert {(one.severity, one.subject) for one in chatty.wrong()} == {(UNKNOWN, "Slack channel")}


# The domain


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"Config": {"PrivateZone": True}}, "the hosted zone Z0123456789ABCDEFGHIJ (example.com) is private"),
        ({"Name": "example.org."}, "the hosted zone Z0123456789ABCDEFGHIJ is for example.org"),
        ({"Name": "ww.example.com."}, "the hosted zone Z0123456789ABCDEFGHIJ is for ww.example.com"),
        ({"Name": "ample.com."}, "the hosted zone Z0123456789ABCDEFGHIJ is for ample.com"),
    ],
)
def test_the_hosted_zone_must_be_public_and_of_the_domain(before: Before, change: dict[str, Any], what: str) -> None:
    zone = before.said["route53", "get_hosted_zone"]
    before.said["route53", "get_hosted_zone"] = {**zone, "HostedZone": {**zone["HostedZone"], **change}}
    assert told(before.wrong()) == [(ERROR, "www.example.com", what)]


def test_a_hosted_zone_that_does_not_exist_is_one_error(before: Before) -> None:
    for operation in ("get_hosted_zone", "list_resource_record_sets"):
        before.said["route53", operation] = refusal("NoSuchHostedZone", status=404)
    assert before.one().what == "the hosted zone Z0123456789ABCDEFGHIJ does not exist"


def test_the_zone_must_be_delegated(before: Before) -> None:
    before.records["example.com", "NS"] = []
    assert "example.com has no name servers" in before.one().what
    before.records["example.com", "NS"] = ["ns.registrar.example."]
    found = before.one()
    assert found.severity is ERROR
    assert "the name servers of example.com are ns.registrar.example" in found.what
    assert all(server in found.fix for server in NAME_SERVERS)
    before.records["example.com", "NS"] = [NAME_SERVERS[0].upper() + "."]
    assert before.wrong() == []


@pytest.mark.parametrize("kind", ["A", "AAAA", "CNAME"])
def test_a_record_of_the_name_is_in_the_way_unless_the_stack_owns_it(before: Before, kind: str) -> None:
    records = [{"Name": "www.example.com.", "Type": kind}, {"Name": "www.example.com.", "Type": "TXT"}]
    before.said["route53", "list_resource_record_sets"] = {"ResourceRecordSets": records}
    assert told(before.wrong()) == [(ERROR, "www.example.com", f"the zone has {kind} of this name")]
    before.owns("aws:route53/record:Record", name="www.example.com")
    assert before.wrong() == []
    before.owned = Owned(is_known=False)
    assert [one.severity for one in before.wrong() if one.area == "domain"] == [UNKNOWN]


def test_other_records_are_in_nobodys_way(before: Before) -> None:
    records = [{"Name": "www.example.com.", "Type": "MX"}, {"Name": "www2.example.com.", "Type": "A"}]
    before.said["route53", "list_resource_record_sets"] = {"ResourceRecordSets": records}
    assert before.wrong() == []


@pytest.mark.parametrize(
    ("at", "records", "is_allowed"),
    [
        ("www.example.com", ['0 issue "amazon.com"'], True),
        ("www.example.com", ['0 issue "letsencrypt.org"', '0 issue "AmazonTrust.com; x=y"'], True),
        ("example.com", ['0 issue "awstrust.com"'], True),
        ("example.com", ['0 iodef "mailto:a@example.com"'], True),
        ("example.com", ['0 issuewild "letsencrypt.org"'], True),
        ("www.example.com", ['0 issue "letsencrypt.org"'], False),
        ("example.com", ['0 issue ";"'], False),
        ("com", ['0 issue "letsencrypt.org"'], False),
    ],
)
def test_caa_records_must_allow_amazon(before: Before, at: str, records: list[str], is_allowed: bool) -> None:
    before.records[at, "CAA"] = records
    found = told(before.wrong())
    assert [(severity, subject) for severity, subject, _ in found] == (
        [] if is_allowed else [(ERROR, "www.example.com")]
    )


def test_the_nearest_caa_records_count(before: Before) -> None:
    before.records["www.example.com", "CAA"] = ['0 issue "amazonaws.com"']
    before.records["example.com", "CAA"] = ['0 issue "letsencrypt.org"']
    assert before.wrong() == []


def test_without_a_resolver_the_domain_is_unknown(before: Before) -> None:
    before.records["example.com", "NS"] = CannotCheckError("no answer")
    before.records["www.example.com", "CAA"] = CannotCheckError("no answer")
    assert {one.severity for one in before.wrong()} == {UNKNOWN}
    assert len(before.wrong()) == 2


def test_without_a_domain_nothing_is_said_of_it() -> None:
    assert [one for one in Before(planned("dev")).findings() if one.area == "domain"] == []

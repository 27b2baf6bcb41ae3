"""`story doctor`: targets, certificate, names, alarms, quotas and backups."""

from datetime import timedelta
from typing import Any

import pytest

from story.doctor import names
from story.doctor.certificate import covers
from story.doctor.finding import Severity
from story.doctor.quotas import Growth, extra_tasks, growth, spread
from tests.aws.answers import refusal
from tests.story.doctor.healthy import BALANCER, NOW, TOPIC, World, healthy, service, task


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return healthy(monkeypatch)


def targets(world: World, *states: str, reason: str = "") -> None:
    """The targets of web, each with its state."""
    world.said["elbv2", "describe_target_health"] = {
        "TargetHealthDescriptions": [
            {
                "Target": {"Id": f"10.0.0.{number}"},
                "TargetHealth": {"State": state, **({"Reason": reason} if reason else {})},
            }
            for number, state in enumerate(states)
        ]
    }


def test_unhealthy_targets_are_a_warning_with_their_reason_and_none_healthy_is_an_error(world: World) -> None:
    targets(world, "healthy", "unhealthy", "unhealthy", reason="Target.Timeout")
    assert (world.one().area, world.one().severity) == ("targets", Severity.WARNING)
    assert world.one().what == "2 of 3 targets are unhealthy: Target.Timeout (2)"
    targets(world, "unhealthy", "draining")
    assert (world.one().severity, world.one().why) == (Severity.ERROR, "visitors get 502 or 503")
    targets(world)
    assert world.one().what == "no target is healthy, and none is registered"


def test_a_service_that_should_have_no_task_needs_no_target(world: World) -> None:
    targets(world)
    world.services["web"] |= {"desiredCount": 0, "runningCount": 0}
    world.running["web"] = []
    assert world.wrong() == []


def test_targets_that_start_or_leave_are_no_reason_to_worry(world: World) -> None:
    targets(world, "healthy", "initial", "draining")
    assert world.wrong() == []


def test_a_zone_without_a_healthy_target_is_found_where_there_are_enough(world: World) -> None:
    world.running["web"] = [task("web", number) for number in (0, 3, 1)]
    assert world.one().what == "no healthy target in ap-northeast-1d, although web has 3"
    world.running["web"] = [task("web", number) for number in (0, 3)]
    world.services["web"] |= {"desiredCount": 2, "runningCount": 2}
    assert world.wrong() == []


def test_targets_of_unknown_zones_are_not_guessed_at(world: World) -> None:
    targets(world, "healthy", "healthy", "healthy", "healthy")
    assert world.wrong() == []


def test_the_empty_group_of_two_is_no_reason_to_worry(world: World) -> None:
    world.outputs["services"]["web"]["targetGroups"]["web-alternate"] = "arn:other"
    healthy = world.said["elbv2", "describe_target_health"]
    world.said["elbv2", "describe_target_health"] = lambda TargetGroupArn: (  # noqa: N803
        {"TargetHealthDescriptions": []} if TargetGroupArn == "arn:other" else healthy()
    )
    assert world.wrong() == []


def certificate(world: World, **changes: Any) -> None:
    world.said["acm", "describe_certificate"]["Certificate"] |= changes


@pytest.mark.parametrize(
    ("days", "severity"),
    [(31, None), (29, Severity.WARNING), (8, Severity.WARNING), (6, Severity.ERROR), (-1, Severity.ERROR)],
)
def test_a_certificate_that_ends_soon_is_found(world: World, days: int, severity: Severity | None) -> None:
    certificate(world, NotAfter=NOW + timedelta(days=days))
    assert [one.severity for one in world.wrong()] == ([severity] if severity else [])


def test_a_certificate_that_is_not_issued_or_of_another_name_is_an_error(world: World) -> None:
    certificate(world, Status="PENDING_VALIDATION")
    assert (world.one().severity, world.one().what) == (Severity.ERROR, "the certificate is PENDING_VALIDATION")
    certificate(world, Status="ISSUED", DomainName="example.com", SubjectAlternativeNames=["example.com"])
    assert (world.one().severity, world.one().what) == (Severity.ERROR, "the certificate covers only example.com")


@pytest.mark.parametrize(("status", "severity"), [("FAILED", Severity.ERROR), ("PENDING_VALIDATION", Severity.WARNING)])
def test_a_renewal_that_does_not_get_on_is_found(world: World, status: str, severity: Severity) -> None:
    certificate(world, RenewalSummary={"RenewalStatus": status, "RenewalStatusReason": "CAA_ERROR"})
    assert (world.one().severity, world.one().what) == (severity, f"its renewal is {status} (CAA_ERROR)")


@pytest.mark.parametrize(
    ("name", "domain", "fits"),
    [
        ("www.example.com", "WWW.example.com", True),
        ("*.example.com", "www.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "a.b.example.com", False),
        ("example.com", "www.example.com", False),
    ],
)
def test_a_star_in_a_certificate_stands_for_one_label(name: str, domain: str, fits: bool) -> None:
    assert covers(name, domain) is fits


def test_a_site_without_a_domain_is_a_note(world: World) -> None:
    del world.outputs["certificate"]
    world.outputs["url"] = f"http://{BALANCER}"
    assert world.wrong() == []
    assert "the site has no domain" in "".join(one.what for one in world.findings() if one.severity is Severity.NOTE)


@pytest.mark.parametrize(
    ("records", "what"),
    [
        ([], "the hosted zone has no address record of this name"),
        ([{"Name": "zzz.example.com.", "Type": "A"}], "the hosted zone has no address record of this name"),
        (
            [{"Name": "www.example.com.", "Type": "A", "AliasTarget": {"DNSName": "old.elb.amazonaws.com."}}],
            f"the record in the hosted zone points to old.elb.amazonaws.com, not to {BALANCER}",
        ),
    ],
)
def test_a_record_that_leads_elsewhere_is_an_error(world: World, records: list[Any], what: str) -> None:
    world.said["route53", "list_resource_record_sets"] = {"ResourceRecordSets": records}
    assert (world.one().area, world.one().severity, world.one().what) == ("dns", Severity.ERROR, what)


def resolves(monkeypatch: pytest.MonkeyPatch, **addresses: list[str] | None) -> None:
    known = {"www.example.com": addresses["site"], BALANCER: addresses["balancer"]}
    monkeypatch.setattr(names, "_addresses", lambda name: known[name])


def test_a_name_that_this_machine_cannot_resolve_is_an_error_only_if_it_resolves_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolves(monkeypatch, site=None, balancer=["192.0.2.1"])
    assert (world.one().area, world.one().severity) == ("dns", Severity.ERROR)
    resolves(monkeypatch, site=["192.0.2.9"], balancer=None)
    assert (world.one().area, world.one().severity) == ("dns", Severity.UNKNOWN)
    resolves(monkeypatch, site=["192.0.2.9"], balancer=["192.0.2.1"])
    assert world.wrong() == []


def alarm(world: World, **changes: Any) -> None:
    world.said["cloudwatch", "describe_alarms"]["MetricAlarms"][0] |= changes


def test_an_alarm_that_rings_is_a_warning_and_an_error_where_it_takes_a_release_back(world: World) -> None:
    alarm(world, StateValue="ALARM", StateReason="3 datapoints\nwere over 1.0")
    finding = world.one()
    assert (finding.subject, finding.severity) == ("story-prod-site-5xx", Severity.WARNING)
    assert finding.what == "is in ALARM: 3 datapoints were over 1.0"
    alarms = {"enable": True, "alarmNames": ["story-prod-site-5xx"]}
    world.services["web"]["deploymentConfiguration"]["alarms"] = alarms
    assert (world.one().severity, world.one().why) == (
        Severity.ERROR,
        "ECS rolls a release back while this alarm is in ALARM",
    )
    alarms["enable"] = False
    assert world.one().severity is Severity.WARNING


def test_a_composite_alarm_counts_as_well(world: World) -> None:
    composite = {"AlarmName": "story-prod-site", "StateValue": "ALARM"}
    world.said["cloudwatch", "describe_alarms"]["CompositeAlarms"] = [composite]
    assert world.one().subject == "story-prod-site"


def test_an_alarm_without_data_is_a_note_and_one_that_is_muted_a_warning(world: World) -> None:
    alarm(world, StateValue="INSUFFICIENT_DATA")
    assert world.wrong() == []
    assert "alarms without data: story-prod-site-5xx" in [one.what for one in world.findings()]
    alarm(world, StateValue="OK", ActionsEnabled=False)
    assert world.one().what == "alarms with disabled actions: story-prod-site-5xx"
    assert world.one().fix == "`aws cloudwatch enable-alarm-actions --alarm-names story-prod-site-5xx`"


def subscription(address: str, *, is_confirmed: bool = False) -> dict[str, str]:
    arn = f"{TOPIC}:{address}" if is_confirmed else "PendingConfirmation"
    return {"SubscriptionArn": arn, "Protocol": "email", "Endpoint": address}


def subscribed(world: World, *subscriptions: dict[str, str]) -> None:
    world.said["sns", "list_subscriptions_by_topic"] = {"Subscriptions": list(subscriptions)}


def test_a_topic_whose_subscriptions_all_wait_for_confirmation_is_a_warning_that_says_whom_it_is_about(
    world: World,
) -> None:
    subscribed(world, subscription("a@example.com"), subscription("b@example.com"))
    world.outputs["alarmTopics"] = {"critical": TOPIC}
    found = world.one()
    assert (found.subject, found.severity) == ("alarms", Severity.WARNING)
    assert found.what == "none of its 2 subscriptions is confirmed: a@example.com, b@example.com"
    assert found.why == "no subscriber gets an email for the critical alarms"
    assert "open the link in the email" in found.fix
    assert found.fix.endswith(
        f"`aws sns subscribe --topic-arn {TOPIC} --protocol email --notification-endpoint a@example.com`"
    )


def test_a_subscription_that_waits_beside_confirmed_ones_is_a_note(world: World) -> None:
    subscribed(world, subscription("a@example.com"), subscription("b@example.com", is_confirmed=True))
    assert world.wrong() == []
    [note] = [one for one in world.findings() if one.severity is Severity.NOTE and one.subject == "alarms"]
    assert note.what == "1 of its 2 subscriptions is not confirmed: a@example.com"
    assert note.why == "these addresses get no email for the critical and warning alarms"
    assert "confirmed subscriptions: 1" in [one.what for one in world.findings() if one.severity is Severity.OK]


def test_a_topic_without_readers_is_a_note(world: World) -> None:
    for readers in ([], [{"SubscriptionArn": "Deleted"}]):
        subscribed(world, *readers)
        assert world.wrong() == []
        assert "the topic has no subscriptions" in [one.what for one in world.findings()]


def test_topics_of_another_partition_are_looked_at_too(world: World) -> None:
    world.outputs["alarmTopics"] = {"critical": "arn:aws-cn:sns:cn-north-1:123456789012:in-china"}
    subscribed(world, subscription("a@example.com"))
    assert {one.subject for one in world.wrong()} == {"alarms", "in-china"}


def test_topics_are_looked_at_once_whether_the_outputs_or_an_alarm_names_them(
    world: World,
) -> None:
    world.outputs["alarmTopics"] = {"critical": TOPIC, "warning": f"{TOPIC}-2"}
    alarm(world, AlarmActions=[TOPIC, f"{TOPIC}-3", "arn:aws:automate:ap-northeast-1:ec2:stop"])
    assert {one.subject for one in world.findings() if "subscriptions" in one.what} == {
        "alarms",
        "alarms-2",
        "alarms-3",
    }


def limit(world: World, value: float, code: str = "L-3032A538") -> None:
    quota = world.said["service-quotas", "get_service_quota"]

    def limited(ServiceCode: str, QuotaCode: str) -> Any:  # noqa: N803
        answer = quota(ServiceCode=ServiceCode, QuotaCode=QuotaCode)
        return {"Quota": answer["Quota"] | {"Value": value}} if QuotaCode == code else answer

    world.said["service-quotas", "get_service_quota"] = limited


@pytest.mark.parametrize(("value", "severity"), [(11, None), (10, Severity.WARNING), (8, Severity.ERROR)])
def test_vcpu_that_a_release_would_not_find_is_told_before_it(
    world: World, value: float, severity: Severity | None
) -> None:
    limit(world, value)  # 4 are in use, and a release starts 4 tasks of 1 vCPU beside the old ones.
    assert [one.severity for one in world.wrong()] == ([severity] if severity else [])
    if severity:
        assert world.one().what.startswith(f"4 of {value} vCPU in use, a release needs 4 more")
        assert "--quota-code L-3032A538 --desired-value 16" in world.one().fix


def test_interfaces_and_rules_have_limits_too(world: World) -> None:
    limit(world, 15, "L-DF5E4CA3")
    assert world.one().what == "10 of 15 network interfaces in use, a release needs 4 more (93%)"
    limit(world, 5000, "L-DF5E4CA3")
    limit(world, 1, "L-7EED9B64")
    assert world.one().what == "1 of 1 rules in use (100%)"


def test_spot_is_looked_at_where_a_service_uses_it(world: World) -> None:
    world.services["scheduler"]["capacityProviderStrategy"] = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    limit(world, 5, "L-36FBB829")
    assert world.one().subject == "Fargate Spot vCPU resource count"


def test_a_quota_that_was_never_changed_has_aws_default_value(world: World) -> None:
    quota = world.said["service-quotas", "get_service_quota"]
    world.said["service-quotas", "get_service_quota"] = refusal("NoSuchResourceException")
    world.said["service-quotas", "get_aws_default_service_quota"] = quota
    assert world.wrong() == []
    limited = {"Quota": {**quota(ServiceCode="", QuotaCode="L-3032A538")["Quota"], "Value": 1}}
    world.said["service-quotas", "get_aws_default_service_quota"] = limited
    assert "Fargate On-Demand vCPU resource count" in [one.subject for one in world.wrong()]


def test_use_that_cloudwatch_does_not_know_is_unknown_and_not_nothing(world: World) -> None:
    world.said["cloudwatch", "get_metric_statistics"] = {"Datapoints": []}
    assert world.one().severity is Severity.UNKNOWN


def test_a_deployment_needs_as_many_tasks_more_as_its_strategy_says() -> None:
    assert extra_tasks(service("web", 3)) == 3
    assert extra_tasks({**service("web", 3), "deploymentConfiguration": {"maximumPercent": 150}}) == 1
    assert extra_tasks({**service("web", 3), "deploymentConfiguration": {"maximumPercent": 100}}) == 0
    blue_green = {"maximumPercent": 100, "strategy": "BLUE_GREEN"}
    assert extra_tasks({**service("web", 3), "deploymentConfiguration": blue_green}) == 3


def test_tasks_are_spread_over_capacity_providers_by_base_and_weight() -> None:
    strategy = [
        {"capacityProvider": "FARGATE", "base": 2, "weight": 1},
        {"capacityProvider": "FARGATE_SPOT", "base": 0, "weight": 3},
    ]
    assert spread(10, strategy) == {"FARGATE": 4, "FARGATE_SPOT": 6}
    assert spread(1, strategy) == {"FARGATE": 1, "FARGATE_SPOT": 0}
    assert spread(3, []) == {"FARGATE": 3}
    both = {**service("web", 10), "capacityProviderStrategy": strategy}
    assert growth([(both, 512)]) == Growth(tasks=10, on_demand_vcpu=2, spot_vcpu=3)


def test_a_database_whose_backups_stopped_is_an_error(world: World) -> None:
    [backup] = world.said["rds", "describe_db_clusters"]["DBClusters"]
    old = {**backup, "LatestRestorableTime": NOW - timedelta(hours=3)}
    world.said["docdb", "describe_db_clusters"] = {"DBClusters": [old]}
    assert (world.one().area, world.one().subject, world.one().severity) == ("backups", "documentdb", Severity.ERROR)
    assert world.one().what == "the latest restorable time is 2026-01-02 00:04 UTC, 3 hours ago"


def test_a_database_that_has_no_backup_yet_is_unknown(world: World) -> None:
    world.said["rds", "describe_db_clusters"] = {"DBClusters": [{"ClusterCreateTime": NOW}]}
    assert world.one().severity is Severity.UNKNOWN
    del world.outputs["aurora"]
    assert world.wrong() == []

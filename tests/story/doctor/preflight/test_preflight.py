"""`story doctor --before`: the account, its limits, and what AWS offers, against the committed stack files."""

from dataclasses import replace

import pytest

from story.doctor.finding import Severity
from story.doctor.preflight import account, limits, offers
from story.doctor.preflight.planned import Planned
from tests.aws.answers import refusal
from tests.story.doctor.before import IMAGE, KEY, SECRET, ZONE, ZONES, Before, of_settings, planned
from tests.story.doctor.healthy import ACCOUNT

ERROR, WARNING, UNKNOWN = Severity.ERROR, Severity.WARNING, Severity.UNKNOWN
VALUES = "story:documentdb: { enabled: false }\nstory:valkey: { enabled: false }"


@pytest.fixture
def before() -> Before:
    return Before()


def test_nothing_stands_against_the_committed_stack_files() -> None:
    for stack in ("dev", "prod"):
        assert Before(planned(stack)).wrong() == [], stack


def test_an_account_on_the_free_plan_is_an_error_where_there_is_aurora(before: Before) -> None:
    before.said["freetier", "get_account_plan_state"] = {"accountPlanType": "FREE", "accountPlanStatus": "ACTIVE"}
    found = before.one()
    assert (found.area, found.severity) == ("account", ERROR)
    assert "upgrade-account-plan" in found.fix
    without = of_settings("story:aurora: { enabled: false }")
    before.planned = without
    assert before.one().severity is WARNING
    before.said["freetier", "get_account_plan_state"] = {"accountPlanType": "FREE", "accountPlanStatus": "EXPIRED"}
    assert before.one().severity is ERROR


@pytest.mark.parametrize("status", ["not-opted-in", ""])
def test_a_region_that_the_account_did_not_enable_is_an_error(before: Before, status: str) -> None:
    regions = [{"RegionName": "ap-northeast-1", "OptInStatus": status}] if status else []
    before.said["ec2", "describe_regions"] = {"Regions": regions}
    found = before.one()
    assert found.severity is ERROR
    assert ("enable-region" if status else "another aws:region; `aws ec2 describe-regions") in found.fix


def test_a_missing_service_linked_role_is_a_warning_with_the_command(before: Before) -> None:
    before.said["iam", "get_role"] = refusal("NoSuchEntity")
    found = before.wrong()
    assert {one.severity for one in found} == {WARNING}
    assert sorted(one.fix.split("name ")[1].split("`")[0] for one in found) == [
        "ecs.amazonaws.com",
        "ecs.application-autoscaling.amazonaws.com",
        "elasticache.amazonaws.com",
        "elasticloadbalancing.amazonaws.com",
        "rds.amazonaws.com",
    ]


def test_only_the_roles_of_what_is_planned_are_asked_for() -> None:
    small = Before(of_settings(VALUES + "\nstory:aurora: { enabled: false }"))
    assert [role.name for role in account.needed_roles(small.subject())] == [
        "AWSServiceRoleForECS",
        "AWSServiceRoleForElasticLoadBalancing",
    ]


@pytest.mark.parametrize(
    ("boundary", "told"),
    [
        (f"arn:aws:iam::{ACCOUNT}:policy/story-account-boundary-prod", "does not exist"),
        ("arn:aws:iam::999999999999:policy/story-account-boundary-prod", "belongs to account 999999999999"),
    ],
)
def test_a_boundary_that_is_not_in_the_account_is_an_error(boundary: str, told: str) -> None:
    tags = "aws:defaultTags: { tags: { Project: story, Environment: prod } }"
    bounded = Before(of_settings(f"story:permissions: {{ boundary_arn: {boundary} }}\n{tags}"))
    bounded.said["iam", "get_policy"] = refusal("NoSuchEntity")
    found = bounded.one()
    assert (found.severity, found.subject) == (ERROR, "boundary")
    assert told in found.what


@pytest.mark.parametrize(
    ("tags", "lacks"),
    [
        ("", "Project: story, Environment: prod"),
        ("{ tags: { Project: story, Environment: production } }", "Environment: prod"),
        ("{ tags: { Project: site, Environment: prod } }", "Project: story"),
    ],
)
def test_with_a_boundary_of_bootstrap_the_default_tags_are_needed(tags: str, lacks: str) -> None:
    boundary = f"story:permissions: {{ boundary_arn: 'arn:aws:iam::{ACCOUNT}:policy/b' }}"
    bounded = Before(of_settings(boundary + (f"\naws:defaultTags: {tags}" if tags else "")))
    found = bounded.one()
    assert (found.severity, found.what) == (ERROR, f"aws:defaultTags does not have {lacks}")


def test_without_a_boundary_default_tags_are_free() -> None:
    assert Before(of_settings(VALUES)).wrong() == []


# Limits: prod needs 9.5 vCPU for every task twice and the one-off ones, and 33.5 with the most tasks of autoscaling.


@pytest.mark.parametrize(
    ("limit", "used", "severity"),
    [
        (33.5, None, None),
        (33.4, None, WARNING),
        (9.5, None, WARNING),
        (9.4, None, ERROR),
        (6, None, ERROR),
        (35.5, 2.0, None),
        (11.4, 2.0, ERROR),
    ],
)
def test_fargate_must_have_room_for_every_task_twice_and_the_one_off_ones(
    before: Before, limit: float, used: float | None, severity: Severity | None
) -> None:
    before.limits["L-3032A538"], before.used = limit, used
    found = [(one.severity, one.subject) for one in before.wrong()]
    assert found == ([(severity, "Fargate On-Demand vCPU resource count")] if severity else [])


def test_the_most_tasks_of_any_time_of_day_count() -> None:
    schedule = "noon: { cron: '0 12 ? * * *', min_tasks: 2, max_tasks: 30 }"
    scaling = f"autoscaling: {{ min_tasks: 2, max_tasks: 4, schedules: {{ {schedule} }} }}"
    at_noon = Before(of_settings(f"story:web: {{ {scaling} }}\nstory:workers: {{}}\n{VALUES}"))
    # Of a quarter of a vCPU each: 60 web tasks, the scheduler; the one-off tasks have one vCPU at most.
    at_noon.limits["L-3032A538"] = 15
    assert (at_noon.one().severity, at_noon.one().subject) == (WARNING, "Fargate On-Demand vCPU resource count")
    at_noon.limits["L-3032A538"] = 17
    assert at_noon.wrong() == []


def test_tasks_that_run_already_are_not_needed_again(before: Before) -> None:
    before.runs_all()
    before.limits["L-3032A538"], before.used = 33.5 - 4.5 + 4.5, 4.5
    assert [one.what for one in before.wrong() if "vCPU" in one.what] == []
    before.used = 4.6
    assert before.one().severity is WARNING


def test_a_stack_that_runs_tasks_and_no_data_on_them_is_unknown_and_not_zero(before: Before) -> None:
    before.owns("aws:ecs/service:Service", name="web")
    assert before.one().severity is UNKNOWN


def test_spot_is_checked_where_a_service_uses_it() -> None:
    on_spot = Before(planned("dev"))
    on_spot.limits["L-36FBB829"] = 0.9
    assert (on_spot.one().severity, on_spot.one().subject) == (ERROR, "Fargate Spot vCPU resource count")
    on_spot.planned = planned("prod")
    assert on_spot.wrong() == []


def test_every_nat_gateway_needs_an_elastic_address(before: Before) -> None:
    before.said["ec2", "describe_addresses"] = {"Addresses": [{"PublicIp": "192.0.2.1"}] * 2}
    assert before.wrong() == []
    before.said["ec2", "describe_addresses"] = {"Addresses": [{"PublicIp": "192.0.2.1"}] * 3}
    found = before.one()
    assert (found.severity, found.what) == (
        ERROR,
        "3 of 5 Elastic IP addresses in use, the stack needs 3 more",
    )
    assert "--quota-code L-0263D0A3 --desired-value 6 --region ap-northeast-1" in found.fix
    for _ in range(3):
        before.owns("aws:ec2/eip:Eip")
    assert before.wrong() == [], "those in use are the stack's own"


@pytest.mark.parametrize(
    ("operation", "key", "subject"),
    [
        ("describe_vpcs", "Vpcs", "VPCs per Region"),
        ("describe_internet_gateways", "InternetGateways", "Internet gateways per Region"),
    ],
)
def test_the_network_needs_a_vpc_and_its_gateway(before: Before, operation: str, key: str, subject: str) -> None:
    before.said["ec2", operation] = {key: [{}] * 5}
    assert (before.one().severity, before.one().subject) == (ERROR, subject)


def test_application_load_balancers_are_limited(before: Before) -> None:
    before.limits["L-53DA6B97"] = 1
    assert (before.one().severity, before.one().subject) == (ERROR, "Application Load Balancers per Region")
    before.limits["L-53DA6B97"] = 2
    assert before.wrong() == []
    balancers = [{"LoadBalancerArn": "arn:1", "Type": "application"}, {"LoadBalancerArn": "arn:2", "Type": "network"}]
    before.said["elbv2", "describe_load_balancers"] = {"LoadBalancers": balancers}
    assert before.wrong() == [], "a network load balancer has a limit of its own"


@pytest.mark.parametrize(("limit", "severity"), [(26, ERROR), (27, WARNING), (56, WARNING), (57, None)])
def test_tasks_stores_gateways_and_the_load_balancer_need_network_interfaces(
    before: Before, limit: float, severity: Severity | None
) -> None:
    # 13 tasks during a release and 2 one-off ones; 4 instances, 2 nodes, 3 gateways, the load balancer in 3 zones.
    before.limits["L-DF5E4CA3"] = limit
    found = [(one.severity, one.subject) for one in before.wrong()]
    assert found == ([(severity, "Network interfaces per Region")] if severity else [])


def test_whether_a_new_account_may_make_load_balancers_is_unknown(before: Before) -> None:
    before.said["elbv2", "describe_load_balancers"] = {"LoadBalancers": []}
    found = before.one()
    assert (found.severity, found.subject) == (UNKNOWN, "first load balancer")
    assert "AWS Support" in found.what


def test_cloudwatch_logs_takes_ten_resource_policies_for_an_account(before: Before) -> None:
    others = [{"policyName": f"other-{number}"} for number in range(10)]
    before.said["logs", "describe_resource_policies"] = {"resourcePolicies": others}
    assert (before.one().severity, before.one().subject) == (ERROR, limits.LOG_POLICIES)
    own = [*others[:9], {"policyName": "story-prod-events"}]
    before.said["logs", "describe_resource_policies"] = {"resourcePolicies": own}
    assert limits.LOG_POLICIES not in {one.subject for one in before.wrong()}
    of_a_group = [*others[:9], {"policyName": "x", "policyScope": "RESOURCE"}]
    before.said["logs", "describe_resource_policies"] = {"resourcePolicies": of_a_group}
    assert before.wrong() == []


# What AWS offers


def test_a_zone_that_the_account_does_not_have_is_an_error_that_names_those_it_has(before: Before) -> None:
    zones = [{"ZoneName": f"ap-northeast-1{one}", "State": "available"} for one in "abc"]
    before.said["ec2", "describe_availability_zones"] = {"AvailabilityZones": zones}
    found = before.one()
    assert (found.severity, found.what) == (ERROR, "this account does not have the zone ap-northeast-1d")
    assert "ap-northeast-1a, ap-northeast-1b, ap-northeast-1c" in found.fix


@pytest.mark.parametrize("change", [{"State": "impaired"}, {"OptInStatus": "not-opted-in"}])
def test_a_zone_that_is_impaired_or_not_opted_in_is_an_error(before: Before, change: dict[str, str]) -> None:
    zones = before.said["ec2", "describe_availability_zones"]["AvailabilityZones"]
    before.said["ec2", "describe_availability_zones"] = {"AvailabilityZones": [*zones[:2], {**zones[2], **change}]}
    assert (before.one().severity, before.one().subject) == (ERROR, "ap-northeast-1d")


def test_an_interface_endpoint_must_be_offered_in_every_zone() -> None:
    private = Before(of_settings("story:network: { nat: none }"))
    assert private.wrong() == []
    details = private.said["ec2", "describe_vpc_endpoint_services"]["ServiceDetails"]
    details[0]["AvailabilityZones"] = ["ap-northeast-1a"]
    assert (private.one().subject, private.one().what) == ("ecr.api", "not offered in ap-northeast-1c")
    details[0]["ServiceType"] = [{"ServiceType": "Gateway"}]
    assert "no interface endpoint com.amazonaws.ap-northeast-1.ecr.api" in private.one().what


@pytest.mark.parametrize("client", ["rds", "docdb"])
def test_an_instance_class_must_be_orderable_with_the_version_in_each_zone(before: Before, client: str) -> None:
    question = (client, "describe_orderable_db_instance_options")
    name = {"rds": "aurora", "docdb": "documentdb"}[client]
    version = {"rds": "8.0.mysql_aurora.3.10.0", "docdb": "5.0.0"}[client]
    before.said[question] = {"OrderableDBInstanceOptions": []}
    assert before.one().severity is ERROR
    assert f"{name}.instance_class" in before.one().fix
    two = [{"Name": "ap-northeast-1a"}, {"Name": "ap-northeast-1d"}]
    before.said[question] = {"OrderableDBInstanceOptions": [{"EngineVersion": version, "AvailabilityZones": two}]}
    assert before.one().what == "not offered in ap-northeast-1c"
    before.said[question] = {"OrderableDBInstanceOptions": [{"EngineVersion": "1.0", "AvailabilityZones": two}]}
    assert "not offered with version" in before.one().what
    assert f"{name}.engine_version to one of 1.0" in before.one().fix


def test_a_version_of_valkey_that_is_not_offered_is_an_error_and_a_node_type_unknown(before: Before) -> None:
    before.said["elasticache", "describe_cache_engine_versions"] = {"CacheEngineVersions": [{"EngineVersion": "7.2"}]}
    assert (before.one().severity, before.one().subject) == (ERROR, "valkey 8.0")
    before = Before()
    before.said["elasticache", "describe_reserved_cache_nodes_offerings"] = {"ReservedCacheNodesOfferings": []}
    assert (before.one().severity, before.one().subject) == (UNKNOWN, "valkey cache.m7g.large")


def everything() -> Planned:
    """Settings that have every check made: without NAT, with a domain, a boundary, a budget, Spot and a secret."""
    return of_settings(
        f"""
aws:defaultTags: {{ tags: {{ Project: story, Environment: prod }} }}
story:permissions: {{ boundary_arn: 'arn:aws:iam::{ACCOUNT}:policy/boundary' }}
story:network: {{ nat: none }}
story:ingress: {{ domain: www.example.com, zone_id: {ZONE} }}
story:observability: {{ monthly_budget_usd: 100 }}
story:web: {{ capacity: {{ on_demand_base: 1, spot_weight: 1 }} }}
story:application: {{ secrets: {{ MAIL_PASSWORD: '{SECRET}:password' }} }}
""",
    )


@pytest.mark.parametrize(
    ("code", "status"),
    [("AccessDeniedException", 403), ("ThrottlingException", 400), ("InternalFailure", 500), ("ValidationError", 400)],
)
def test_whatever_may_not_be_read_is_unknown_and_takes_nothing_else_along(code: str, status: int) -> None:
    planned_with_all = everything()

    def made() -> Before:
        before = Before(planned_with_all)
        encrypted = before.said["secretsmanager", "describe_secret"]
        before.said["secretsmanager", "describe_secret"] = {**encrypted, "KmsKeyId": "alias/managed"}
        metadata = {"KeyId": "1", "Arn": KEY, "KeyManager": "AWS", "KeyState": "Enabled"}
        before.said["kms", "describe_key"] = {"KeyMetadata": metadata}
        return before

    well = made()
    assert well.wrong() == []
    asked = {(service, operation) for service, operation, _ in well.told.asked}
    assert asked == set(well.said), "every question of the checks has an answer in these tests, and the other way round"
    for question in asked:
        denied = made()
        denied.said[question] = refusal(code, status=status)
        found = denied.wrong()
        assert {one.severity for one in found} == {UNKNOWN}, (question, found)
        assert len(found) < 8, "the others are checked all the same"


def test_the_version_of_an_engine_may_be_the_beginning_of_one() -> None:
    [aurora, documentdb] = offers.ordered(planned("prod", image=IMAGE))
    assert (aurora.version, documentdb.version) == ("8.0", "5.0.0")
    assert aurora.zones == ["ap-northeast-1a", "ap-northeast-1c"]


def test_a_version_is_the_beginning_of_another_only_up_to_a_dot() -> None:
    [aurora, _] = offers.ordered(planned("prod"))
    options = [{"EngineVersion": "8.0.mysql_aurora.3.10.0", "AvailabilityZones": [{"Name": one} for one in ZONES]}]
    for version, severity in (("8.0", Severity.OK), ("8.0.mysql_aurora.3.10.0", Severity.OK), ("8", Severity.OK)):
        assert offers.evaluate_orderable(replace(aurora, version=version), ZONES, options).severity is severity
    for version in ("8.0.mysql_aurora.3.1", "8.0.mysql_aurora.3.11.0"):
        assert offers.evaluate_orderable(replace(aurora, version=version), ZONES, options).severity is ERROR


def test_a_class_need_not_be_offered_in_a_zone_without_an_instance(before: Before) -> None:
    zones = [{"Name": "ap-northeast-1a"}, {"Name": "ap-northeast-1c"}]
    options = [{"EngineVersion": "8.0.mysql_aurora.3.10.0", "AvailabilityZones": zones}]
    before.said["rds", "describe_orderable_db_instance_options"] = {"OrderableDBInstanceOptions": options}
    assert before.wrong() == []

"""Specs of the stores, and of what stands around the services."""

from typing import Any

import pytest

from settings.base import Spec
from settings.checking import check
from settings.observability import ObservabilitySpec
from settings.site import ApplicationSpec, ClusterSpec, IngressSpec, UploadsSpec
from settings.stores import AuroraSpec, DocumentDbSpec, ValkeySpec

KEY = "arn:aws:kms:ap-northeast-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ARN = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:app-AbCdEf"


def said(problems: Any) -> list[str]:
    return [f"{problem.key}: {problem.problem}" for problem in problems]


@pytest.mark.parametrize(
    "spec", [AuroraSpec(), ValkeySpec(), DocumentDbSpec(), ApplicationSpec(), UploadsSpec(), ClusterSpec()]
)
def test_the_defaults_are_sound_and_surprise_nobody(spec: Spec) -> None:
    assert said(spec.mistakes()) == []
    assert said(spec.warnings()) == []


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        (
            AuroraSpec(user="Admin"),
            "user: given Admin, which is reserved by the engine or by AWS; allowed is another name",
        ),
        (
            DocumentDbSpec(database="local"),
            "database: given local, which is reserved by the engine or by AWS; allowed is another name",
        ),
        (AuroraSpec(min_acu=8), "min_acu: given 8; allowed is at most max_acu, 4"),
        (
            AuroraSpec(monitoring_interval_seconds=2),
            "monitoring_interval_seconds: given 2; allowed are 1, 5, 10, 15, 30, 60",
        ),
        (
            ApplicationSpec(not_secrets=("GOOGLE_MAPS_API_KEY", "GOOGLE_MAPS_API_KEY")),
            "not_secrets: given GOOGLE_MAPS_API_KEY, GOOGLE_MAPS_API_KEY; allowed is each once",
        ),
        (
            ApplicationSpec(secret_key_arns=(KEY, KEY)),
            f"secret_key_arns: given {KEY}, {KEY}; allowed is each once",
        ),
        (
            IngressSpec(domain="www.example.com"),
            "zone_id: not given, but domain is www.example.com; allowed is the id of its Route 53 hosted zone",
        ),
        (
            IngressSpec(zone_id="Z0123456789"),
            "domain: not given, but zone_id is Z0123456789; allowed is a host name of that zone",
        ),
        (
            ObservabilitySpec(emails=("a@example.com", "a@example.com")),
            "emails: given a@example.com, a@example.com; allowed is each address once",
        ),
    ],
)
def test_values_that_cannot_work_together_are_one_line(spec: Spec, line: str) -> None:
    assert said(spec.mistakes()) == [line]


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        (
            AuroraSpec(backup_retention_days=6),
            "backup_retention_days: 6 days; AWS's security standard requires at least 7",
        ),
        (
            DocumentDbSpec(backup_retention_days=1),
            "backup_retention_days: 1 days; AWS's security standard requires at least 7",
        ),
        (
            AuroraSpec(instance_class="db.t4g.medium"),
            "instance_class: db.t4g.medium does not support Performance Insights; it is omitted",
        ),
        (
            ValkeySpec(snapshot_retention_days=0),
            "snapshot_retention_days: with 0 there are no snapshots: if a node is lost, its jobs are lost too",
        ),
        (
            AuroraSpec(engine_version="8.0.mysql_aurora.3.10.0"),
            "engine_version: 8.0.mysql_aurora.3.10.0 is a full version, without AWS's minor upgrades "
            '(controls RDS.13, ElastiCache.2); use "8.0" for automatic upgrades',
        ),
        (
            ValkeySpec(engine_version="8.1"),
            "engine_version: 8.1 is a full version, without AWS's minor upgrades "
            '(controls RDS.13, ElastiCache.2); use "8" for automatic upgrades',
        ),
        (
            ClusterSpec(container_insights="enabled"),
            "container_insights: enabled does not show the CPU and memory of single tasks",
        ),
        (IngressSpec(), "domain: not given: the site uses HTTP without TLS, which is suitable for tests only"),
        (ObservabilitySpec(), "emails: none given: alarms change their state, but no notification is sent"),
    ],
)
def test_values_that_surprise_are_warned_of_and_allowed(spec: Spec, line: str) -> None:
    assert said(spec.warnings()) == [line]
    assert said(spec.mistakes()) == []


@pytest.mark.parametrize(
    "spec",
    [
        AuroraSpec(
            enabled=False,
            backup_retention_days=1,
            instance_class="db.t4g.medium",
            engine_version="8.0.mysql_aurora.3.10.0",
        ),
        DocumentDbSpec(enabled=False, backup_retention_days=1),
        ValkeySpec(enabled=False, snapshot_retention_days=0, engine_version="8.1"),
    ],
)
def test_a_store_that_is_off_is_not_warned_of(spec: Spec) -> None:
    assert said(spec.warnings()) == []


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (AuroraSpec, {"engine_version": "5.7"}),
        (AuroraSpec, {"instance_class": "r6g.large"}),
        (AuroraSpec, {"min_acu": 0.3}),
        (AuroraSpec, {"readers": 16}),
        (AuroraSpec, {"database": "データ"}),
        (AuroraSpec, {"backup_retention_days": 36}),
        (ValkeySpec, {"engine_version": "6.2"}),
        (ValkeySpec, {"engine_version": 8.0}),
        (ValkeySpec, {"node_type": "db.t4g.small"}),
        (ValkeySpec, {"node_type": "cache.t2.micro"}),
        (AuroraSpec, {"instance_class": "db.t3.small"}),
        (DocumentDbSpec, {"instance_class": "db.t4g.large"}),
        (ValkeySpec, {"replicas": 6}),
        (DocumentDbSpec, {"engine_version": "4.0.0"}),
        (DocumentDbSpec, {"instance_class": "db.serverless"}),
        (DocumentDbSpec, {"instances": 0}),
        (ApplicationSpec, {"user": "root"}),
        (ApplicationSpec, {"user": "0"}),
        (ApplicationSpec, {"ca_bundle_path": "ca.pem"}),
        (ApplicationSpec, {"secrets": {"A": "hunter2"}}),
        (ApplicationSpec, {"secrets": {"A": "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:app"}}),
        (ApplicationSpec, {"secret_key_arns": ["arn:aws:kms:ap-northeast-1:123456789012:alias/app"]}),
        (ApplicationSpec, {"secret_key_arns": [KEY[:-1]]}),
        (ApplicationSpec, {"secret_key_arns": [KEY.rpartition("/")[2]]}),
        (ApplicationSpec, {"not_secrets": ["a-b"]}),
        (ApplicationSpec, {"name": ""}),
        (UploadsSpec, {"noncurrent_version_days": 0}),
        (ClusterSpec, {"architecture": "arm"}),
        (ClusterSpec, {"exec_log_retention_days": 31}),
        (IngressSpec, {"domain": "example", "zone_id": "Z0123456789"}),
        (IngressSpec, {"tls_policy": "ELBSecurityPolicy-2016-08"}),
        (IngressSpec, {"allowed_cidrs": []}),
        (ObservabilitySpec, {"emails": ["nobody"]}),
        (ObservabilitySpec, {"thresholds": {"availability_percent": 100}}),
    ],
)
def test_single_values_out_of_their_range_are_refused(kind: type[Spec], values: dict[str, Any]) -> None:
    assert len(check(kind, values).mistakes) == 1


@pytest.mark.parametrize(
    ("own", "stack", "protected"), [(None, True, True), (None, False, False), (False, True, False)]
)
def test_protection_is_the_stack_s_unless_a_part_has_its_own(own: bool | None, stack: bool, protected: bool) -> None:
    assert UploadsSpec(protect=own).protected(stack) is protected


@pytest.mark.parametrize(
    ("instance_class", "serverless", "insights"),
    [
        ("db.serverless", True, True),
        ("db.r6g.large", False, True),
        ("db.t4g.medium", False, False),
        ("db.t3.medium", False, False),
    ],
)
def test_what_an_instance_class_implies(instance_class: str, serverless: bool, insights: bool) -> None:
    spec = AuroraSpec(instance_class=instance_class)
    assert (spec.serverless, spec.performance_insights) == (serverless, insights)


@pytest.mark.parametrize(
    ("version", "first", "family"), [("7", "7.2", "valkey7"), ("8", "8.0", "valkey8"), ("8.1", "8.1", "valkey8")]
)
def test_the_version_that_valkey_begins_with(version: str, first: str, family: str) -> None:
    spec = ValkeySpec(engine_version=version)
    assert (spec.first_version, spec.parameter_family) == (first, family)


def test_documentdb_s_parameters_are_those_of_its_major_version() -> None:
    assert DocumentDbSpec(engine_version="8.0.0").parameter_family == "docdb8.0"


def test_the_last_values_that_are_allowed_are_allowed() -> None:
    spec = AuroraSpec(min_acu=4, max_acu=4, backup_retention_days=7)
    assert said([*spec.mistakes(), *spec.warnings()]) == []

"""DocumentDb, under the recorder."""

from typing import Any

import pytest

from components.data_stores.documentdb import DocumentDb
from components.data_stores.store import StoreArgs
from settings.stores import DocumentDbSpec
from story.plan.recorder import Record, record
from tests.components.data_stores.parameter_defaults import of_documentdb
from tests.components.given import stack

ZONES = ("ap-northeast-1a", "ap-northeast-1c")
KEY = "arn:aws:kms:ap-northeast-1:123456789012:key/1"


def args(**changes: Any) -> StoreArgs[DocumentDbSpec]:
    return StoreArgs(
        spec=DocumentDbSpec(**changes),
        vpc_id="vpc-1",
        subnet_ids=["subnet-1", "subnet-2"],
        zones=ZONES,
        stack=stack(),
    )


def documentdb(**changes: Any) -> Record:
    return record(lambda: DocumentDb("documentdb", args(**changes)))


def cluster(**changes: Any) -> Any:
    return documentdb(**changes).one("Cluster").inputs


def parameters() -> dict[str, tuple[str, str]]:
    group = documentdb().one("ClusterParameterGroup").inputs
    return {p["name"]: (p["value"], p["applyMethod"]) for p in group["parameters"]}


def test_every_child_belongs_to_the_cluster_or_its_user() -> None:
    parents = {resource.parent for resource in documentdb().resources if resource.custom}
    assert parents == {"documentdb", "documentdb-user"}


def test_log_groups_are_made_before_the_cluster_so_that_aws_does_not_make_them_for_ever() -> None:
    made = documentdb(log_retention_days=90)
    names = [f"/aws/docdb/story-test-documentdb/{log}" for log in ("audit", "profiler")]
    groups = made.all("LogGroup")
    assert [group.inputs["name"] for group in groups] == names
    assert {group.inputs["retentionInDays"] for group in groups} == {90}
    assert {f"LogGroup {name}" for name in names} <= set(made.one("Cluster").depends_on)
    assert made.one("Cluster").inputs["clusterIdentifier"] == "story-test-documentdb"
    assert made.one("Cluster").inputs["enabledCloudwatchLogsExports"] == ["audit", "profiler"]


def test_clients_without_tls_are_turned_away() -> None:
    assert "tls" not in parameters()
    assert of_documentdb("tls").default == "enabled"


def test_what_is_exported_is_also_written() -> None:
    made = parameters()
    assert (made["audit_logs"][0], made["profiler"][0], made["profiler_threshold_ms"][0]) == (
        "enabled",
        "enabled",
        "1000",
    )


@pytest.mark.parametrize(("version", "family"), [("5.0.0", "docdb5.0"), ("8.0.0", "docdb8.0")])
def test_version_and_parameters_belong_together(version: str, family: str) -> None:
    made = documentdb(engine_version=version)
    assert made.one("Cluster").inputs["engineVersion"] == version
    group = made.one("ClusterParameterGroup")
    assert group.inputs["family"] == family
    assert made.one("Cluster").inputs["dbClusterParameterGroupName"] == group.name


def test_an_edit_of_the_version_may_be_a_major_one() -> None:
    assert cluster()["allowMajorVersionUpgrade"] is True, "DocumentDB has no other versions, and refuses them otherwise"


def test_documentdb_keeps_the_master_s_password() -> None:
    made = cluster()
    assert (made["manageMasterUserPassword"], made["masterUsername"]) == (True, "storymaster")
    assert "masterPassword" not in made


def test_instances_stand_in_the_zones_one_after_the_other() -> None:
    instances = documentdb(instances=3, instance_class="db.r6g.large").all("ClusterInstance")
    names = [instance.inputs["identifier"] for instance in instances]
    assert names == [f"story-test-documentdb-{number}" for number in (1, 2, 3)]
    assert [instance.inputs["availabilityZone"] for instance in instances] == [ZONES[0], ZONES[1], ZONES[0]]
    assert {instance.inputs["instanceClass"] for instance in instances} == {"db.r6g.large"}
    assert [instance.inputs["promotionTier"] for instance in instances] == [1, 1, 2]


def test_an_added_zone_or_a_recovery_by_aws_moves_no_instance() -> None:
    instances = documentdb(instances=2).all("ClusterInstance")
    assert {tuple(instance.ignore_changes) for instance in instances} == {("availabilityZone",)}
    assert "availabilityZones" not in cluster(), "AWS always has three, and a difference replaces the cluster"


def test_backups_carry_the_tags_and_are_kept_as_asked() -> None:
    made = documentdb(backup_retention_days=14)
    assert made.one("Cluster").inputs["backupRetentionPeriod"] == 14
    assert made.one("ClusterInstance").inputs["copyTagsToSnapshot"] is True


def test_it_has_a_subnet_group_and_a_door_of_its_own() -> None:
    made = documentdb()
    subnets = made.one("SubnetGroup")
    assert made.one("Cluster").inputs["dbSubnetGroupName"] == subnets.name
    assert subnets.inputs["subnetIds"] == ["subnet-1", "subnet-2"]
    assert made.one("Cluster").inputs["vpcSecurityGroupIds"] == ["story-test-documentdb-id"]


def test_the_port_is_the_settings_everywhere() -> None:
    made = documentdb(port=27018)
    assert made.one("Cluster").inputs["port"] == 27018
    assert made.registered_outputs["documentdb"]["port"] == 27018


def test_edits_do_not_wait_for_the_maintenance_window() -> None:
    made = documentdb()
    assert [r.inputs["applyImmediately"] for r in (made.one("Cluster"), made.one("ClusterInstance"))] == [True, True]


def test_what_others_need_is_given_out() -> None:
    found: dict[str, Any] = {}

    def build() -> None:
        made = DocumentDb("documentdb", args(instances=2))
        for key in ("endpoint", "reader_endpoint", "cluster_identifier", "master_secret_arn", "user_secret_version"):
            getattr(made, key).apply(lambda value, key=key: found.update({key: value}))

    record(build)
    assert found == {
        "endpoint": "writer.documentdb.ap-northeast-1.example",
        "reader_endpoint": "reader.documentdb.ap-northeast-1.example",
        "cluster_identifier": "story-test-documentdb",
        "master_secret_arn": "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:documentdb-master",
        "user_secret_version": "documentdb-user-version",
    }

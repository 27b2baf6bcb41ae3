"""Aurora, under the recorder."""

import json
from typing import Any

import pytest

from components.data_stores.aurora import Aurora
from components.data_stores.store import StoreArgs
from settings.stores import AuroraSpec
from story.plan.recorder import Record, record
from tests.components.given import stack

ZONES = ("ap-northeast-1a", "ap-northeast-1c")
KEY = "arn:aws:kms:ap-northeast-1:123456789012:key/1"


def aurora(**changes: Any) -> Record:
    return record(
        lambda: Aurora(
            "aurora",
            StoreArgs(
                spec=AuroraSpec(**changes),
                vpc_id="vpc-1",
                subnet_ids=["subnet-1", "subnet-2"],
                zones=ZONES,
                stack=stack(),
            ),
        )
    )


def cluster(**changes: Any) -> Any:
    return aurora(**changes).one("Cluster").inputs


def parameters() -> dict[str, str]:
    return {p["name"]: p["value"] for p in aurora().one("ClusterParameterGroup").inputs["parameters"]}


def test_every_child_belongs_to_the_cluster_or_its_user() -> None:
    assert {resource.parent for resource in aurora().resources if resource.custom} == {"aurora", "aurora-user"}


def test_log_groups_are_made_before_the_cluster_so_that_aws_does_not_make_them_for_ever() -> None:
    made = aurora(log_retention_days=90)
    names = [f"/aws/rds/cluster/story-test-aurora/{log}" for log in ("audit", "error", "slowquery")]
    groups = made.all("LogGroup")
    assert [group.inputs["name"] for group in groups] == names
    assert {group.inputs["retentionInDays"] for group in groups} == {90}
    assert {f"LogGroup {name}" for name in names} <= set(made.one("Cluster").depends_on)
    assert made.one("Cluster").inputs["clusterIdentifier"] == "story-test-aurora"
    assert made.one("Cluster").inputs["enabledCloudwatchLogsExports"] == ["audit", "error", "slowquery"]


def test_clients_without_tls_are_turned_away() -> None:
    assert parameters()["require_secure_transport"] == "ON"


def test_who_came_and_who_changed_what_is_audited_but_no_query() -> None:
    assert parameters()["server_audit_logging"] == "1"
    assert parameters()["server_audit_events"] == "CONNECT,QUERY_DCL,QUERY_DDL"


def test_slow_queries_are_logged_and_text_is_utf8mb4() -> None:
    made = parameters()
    assert (made["slow_query_log"], made["long_query_time"]) == ("1", "1")
    assert (made["character_set_server"], made["collation_server"]) == ("utf8mb4", "utf8mb4_unicode_ci")


def test_the_parameters_belong_to_the_engine_and_take_effect_at_once() -> None:
    group = aurora().one("ClusterParameterGroup")
    assert group.inputs["family"] == "aurora-mysql8.0"
    assert {parameter["applyMethod"] for parameter in group.inputs["parameters"]} == {"immediate"}
    assert (
        cluster()["dbClusterParameterGroupName"] == "story-test-aurora-id" or "dbClusterParameterGroupName" in cluster()
    )


def test_rds_keeps_the_master_s_password_under_the_stack_s_key() -> None:
    made = cluster()
    assert made["manageMasterUserPassword"] is True
    assert made["masterUserSecretKmsKeyId"] == KEY
    assert "masterPassword" not in made


def test_the_master_is_not_called_admin() -> None:
    assert cluster()["masterUsername"] == "storymaster"


def test_the_database_is_not_the_cluster_s_or_a_new_name_would_replace_the_cluster() -> None:
    assert "databaseName" not in cluster(database="shop")


def test_a_serverless_cluster_scales_between_its_limits() -> None:
    made = aurora(min_acu=0, max_acu=8)
    assert made.one("Cluster").inputs["serverlessv2ScalingConfiguration"] == {"minCapacity": 0, "maxCapacity": 8}
    assert made.one("ClusterInstance").inputs["instanceClass"] == "db.serverless"


def test_a_provisioned_cluster_has_no_scaling() -> None:
    made = aurora(instance_class="db.r6g.large")
    assert "serverlessv2ScalingConfiguration" not in made.one("Cluster").inputs
    assert made.one("ClusterInstance").inputs["instanceClass"] == "db.r6g.large"


def test_no_engine_mode_is_named_because_serverless_v2_has_none() -> None:
    assert "engineMode" not in cluster()


def test_readers_come_on_top_of_the_writer_and_stand_in_other_zones() -> None:
    instances = aurora(readers=2).all("ClusterInstance")
    names = [instance.inputs["identifier"] for instance in instances]
    assert names == [f"story-test-aurora-{number}" for number in (1, 2, 3)]
    assert [instance.inputs["availabilityZone"] for instance in instances] == [ZONES[0], ZONES[1], ZONES[0]]
    assert [instance.inputs["promotionTier"] for instance in instances] == [1, 1, 2]


def test_an_added_zone_or_a_recovery_by_aws_moves_no_instance() -> None:
    instances = aurora(readers=1).all("ClusterInstance")
    assert {tuple(instance.ignore_changes) for instance in instances} == {("availabilityZone",)}
    assert "availabilityZones" not in cluster(), "AWS always has three, and a difference replaces the cluster"


def test_instances_are_not_public_and_stand_in_the_subnets_of_the_cluster() -> None:
    made = aurora()
    instance = made.one("ClusterInstance").inputs
    assert instance["publiclyAccessible"] is False
    subnets = made.one("SubnetGroup")
    assert instance["dbSubnetGroupName"] == made.one("Cluster").inputs["dbSubnetGroupName"] == subnets.name
    assert subnets.inputs["subnetIds"] == ["subnet-1", "subnet-2"]


def test_enhanced_monitoring_has_a_role_that_can_do_nothing_else() -> None:
    made = aurora(monitoring_interval_seconds=15)
    instance = made.one("ClusterInstance")
    attachment = made.one("RolePolicyAttachment")
    assert instance.inputs["monitoringInterval"] == 15
    assert attachment.inputs["policyArn"].endswith(":policy/service-role/AmazonRDSEnhancedMonitoringRole")
    assert attachment.name.startswith("story-test-"), "roles may pass only what begins with the stack's name"
    trust = json.loads(made.one("Role").inputs["assumeRolePolicy"])["Statement"]
    assert [statement["Principal"] for statement in trust] == [{"Service": "monitoring.rds.amazonaws.com"}]
    assert f"RolePolicyAttachment {attachment.name}" in instance.depends_on


def test_performance_insights_are_encrypted_with_the_stack_s_key() -> None:
    instance = aurora().one("ClusterInstance").inputs
    assert (instance["performanceInsightsEnabled"], instance["performanceInsightsKmsKeyId"]) == (True, KEY)


def test_a_class_without_performance_insights_does_not_ask_for_them() -> None:
    instance = aurora(instance_class="db.t4g.medium").one("ClusterInstance").inputs
    assert instance["performanceInsightsEnabled"] is False
    assert "performanceInsightsKmsKeyId" not in instance


def test_backups_carry_the_tags_and_are_kept_as_asked() -> None:
    made = aurora(backup_retention_days=14)
    assert made.one("Cluster").inputs["backupRetentionPeriod"] == 14
    assert [r.inputs["copyTagsToSnapshot"] for r in (made.one("Cluster"), made.one("ClusterInstance"))] == [True, True]


def test_iam_authentication_is_on() -> None:
    assert cluster()["iamDatabaseAuthenticationEnabled"] is True


def test_the_port_is_the_settings_everywhere() -> None:
    made = aurora(port=3307)
    assert made.one("Cluster").inputs["port"] == 3307
    assert made.registered_outputs["aurora"]["port"] == 3307


def test_a_short_version_is_aws_s_to_upgrade() -> None:
    made = aurora()
    assert made.one("Cluster").inputs["engineVersion"] == "8.0"
    upgrades = [r.inputs["autoMinorVersionUpgrade"] for r in (made.one("Cluster"), made.one("ClusterInstance"))]
    assert upgrades == [True, True], "one instance without it keeps the whole cluster back"


def test_a_version_in_full_stays_until_it_is_edited() -> None:
    made = aurora(engine_version="8.0.mysql_aurora.3.10.0")
    assert made.one("Cluster").inputs["engineVersion"] == "8.0.mysql_aurora.3.10.0"
    upgrades = [r.inputs["autoMinorVersionUpgrade"] for r in (made.one("Cluster"), made.one("ClusterInstance"))]
    assert upgrades == [False, False], "AWS would move it, and the next update would fail to go back"
    assert list(made.one("Cluster").ignore_changes) == [], "an edit of the version must take effect"


@pytest.mark.parametrize("version", ["8.0", "8.0.mysql_aurora.3.10.0"])
def test_a_version_in_full_is_pointed_out(version: str) -> None:
    keys = [finding.key for finding in AuroraSpec(engine_version=version).warnings()]
    assert keys == (["engine_version"] if version != "8.0" else [])


def test_edits_do_not_wait_for_the_maintenance_window() -> None:
    made = aurora()
    assert [r.inputs["applyImmediately"] for r in (made.one("Cluster"), made.one("ClusterInstance"))] == [True, True]


def test_what_others_need_is_given_out() -> None:
    found: dict[str, Any] = {}

    def build() -> None:
        args = StoreArgs(
            spec=AuroraSpec(readers=1),
            vpc_id="vpc-1",
            subnet_ids=["s"],
            zones=ZONES,
            stack=stack(),
        )
        made = Aurora("aurora", args)
        for key in ("endpoint", "reader_endpoint", "cluster_identifier", "master_secret_arn", "user_secret_version"):
            getattr(made, key).apply(lambda value, key=key: found.update({key: value}))

    record(build)
    assert found == {
        "endpoint": "writer.aurora.ap-northeast-1.example",
        "reader_endpoint": "reader.aurora.ap-northeast-1.example",
        "cluster_identifier": "story-test-aurora",
        "master_secret_arn": "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:aurora-master",
        "user_secret_version": "aurora-user-version",
    }

"""Aurora and DocumentDB (RDS's API), and ElastiCache."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.support import Client, RunningEmulator, database_cluster, subnets

ENGINES = ["aurora-mysql", "docdb"]


def test_an_aurora_cluster_is_spread_over_the_regions_own_zones(client: Client) -> None:
    assert database_cluster(client, "aurora-mysql")["AvailabilityZones"] == [
        "ap-northeast-1a",
        "ap-northeast-1c",
        "ap-northeast-1d",
    ]


@pytest.mark.parametrize(("engine", "port"), [("aurora-mysql", 3306), ("docdb", 27017)])
def test_a_cluster_has_its_engines_port_and_its_instances(client: Client, engine: str, port: int) -> None:
    made = database_cluster(client, engine)
    assert made["Port"] == port
    assert "ScalingConfigurationInfo" not in made, "an empty one is a difference at every refresh"
    rds = client("rds")
    instances = [
        rds.create_db_instance(
            DBInstanceIdentifier=f"data-{number}",
            DBClusterIdentifier="data",
            DBInstanceClass="db.t4g.medium",
            Engine=engine,
        )["DBInstance"]
        for number in (1, 2)
    ]
    assert instances[0]["AvailabilityZone"] != instances[1]["AvailabilityZone"]
    assert instances[0]["CACertificateIdentifier"] == "rds-ca-rsa2048-g1"
    members = rds.describe_db_clusters()["DBClusters"][0]["DBClusterMembers"]
    assert [member["IsClusterWriter"] for member in members] == [True, False]


def test_an_instance_keeps_its_monitoring(client: Client) -> None:
    database_cluster(client, "aurora-mysql")
    instance = client("rds").create_db_instance(
        DBInstanceIdentifier="data-1",
        DBClusterIdentifier="data",
        DBInstanceClass="db.serverless",
        Engine="aurora-mysql",
        EnablePerformanceInsights=True,
        MonitoringInterval=60,
        MonitoringRoleArn="arn:aws:iam::123456789012:role/monitoring",
    )["DBInstance"]
    assert instance["PerformanceInsightsEnabled"]
    assert instance["PerformanceInsightsRetentionPeriod"] == 7
    assert instance["MonitoringInterval"] == 60


@pytest.mark.parametrize("engine", ENGINES)
def test_a_managed_password_is_an_active_secret_that_goes_with_the_cluster(
    emulator: RunningEmulator, client: Client, engine: str
) -> None:
    made = database_cluster(client, engine)["MasterUserSecret"]
    described = client("rds").describe_db_clusters(DBClusterIdentifier="data")["DBClusters"][0]["MasterUserSecret"]
    assert made == described, "a status that moves is a difference at every refresh"
    assert made["SecretStatus"] == "active"
    assert made["KmsKeyId"].startswith("arn:aws:kms:")
    value = json.loads(client("secretsmanager").get_secret_value(SecretId=made["SecretArn"])["SecretString"])
    assert value["username"] == "root"
    assert len(value["password"]) >= 16

    client("rds").delete_db_cluster(DBClusterIdentifier="data", SkipFinalSnapshot=True)
    assert emulator.inventory("secretsmanager") == []


def test_two_clusters_have_two_passwords(client: Client) -> None:
    arns = [
        database_cluster(client, "docdb", DBClusterIdentifier=name)["MasterUserSecret"]["SecretArn"]
        for name in ("one", "two")
    ]
    first, second = (client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"] for arn in arns)
    assert first != second


@pytest.mark.parametrize("engine", ENGINES)
def test_a_protected_cluster_can_not_be_deleted_until_protection_is_lifted(client: Client, engine: str) -> None:
    database_cluster(client, engine, DeletionProtection=True)
    api = client("docdb" if engine == "docdb" else "rds")
    with pytest.raises(ClientError, match="InvalidParameterCombination"):
        api.delete_db_cluster(DBClusterIdentifier="data", SkipFinalSnapshot=True)
    api.modify_db_cluster(DBClusterIdentifier="data", DeletionProtection=False)
    api.delete_db_cluster(DBClusterIdentifier="data", SkipFinalSnapshot=True)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_final_snapshot_is_all_that_stays_of_a_cluster(
    emulator: RunningEmulator, client: Client, engine: str
) -> None:
    database_cluster(client, engine)
    api = client("docdb" if engine == "docdb" else "rds")
    api.delete_db_cluster(DBClusterIdentifier="data", FinalDBSnapshotIdentifier="data-final")
    assert [(item["type"], item["name"]) for item in emulator.inventory("rds")] == [("cluster-snapshot", "data-final")]
    left = client("rds").describe_db_cluster_snapshots()["DBClusterSnapshots"]
    assert [snapshot["DBClusterSnapshotIdentifier"] for snapshot in left] == ["data-final"], (
        "automated snapshots go with their cluster"
    )
    assert left[0]["Engine"] == engine


@pytest.mark.parametrize("engine", ENGINES)
def test_a_snapshots_name_can_not_be_used_twice_and_the_cluster_stays_whole(client: Client, engine: str) -> None:
    secret = database_cluster(client, engine)["MasterUserSecret"]["SecretArn"]
    api = client("docdb" if engine == "docdb" else "rds")
    api.create_db_cluster_snapshot(DBClusterIdentifier="data", DBClusterSnapshotIdentifier="taken")
    with pytest.raises(ClientError, match="DBClusterSnapshotAlreadyExistsFault"):
        api.delete_db_cluster(DBClusterIdentifier="data", FinalDBSnapshotIdentifier="taken")
    assert api.describe_db_clusters(DBClusterIdentifier="data")["DBClusters"]
    assert client("secretsmanager").get_secret_value(SecretId=secret)


@pytest.mark.parametrize("wrong", [{}, {"SkipFinalSnapshot": True, "FinalDBSnapshotIdentifier": "data-final"}])
def test_deletion_says_clearly_whether_a_final_snapshot_is_wanted(client: Client, wrong: dict[str, Any]) -> None:
    database_cluster(client, "aurora-mysql")
    with pytest.raises(ClientError, match="InvalidParameterCombination"):
        client("rds").delete_db_cluster(DBClusterIdentifier="data", **wrong)


def test_a_clusters_name_can_not_be_used_twice(client: Client) -> None:
    database_cluster(client, "aurora-mysql")
    with pytest.raises(ClientError, match="DBClusterAlreadyExistsFault"):
        database_cluster(client, "docdb")


def test_groups_can_not_be_made_twice_or_deleted_while_in_use(client: Client) -> None:
    rds = client("rds")
    ids = subnets(client)
    group = {"DBSubnetGroupName": "data", "DBSubnetGroupDescription": "data", "SubnetIds": ids}
    rds.create_db_subnet_group(**group)
    with pytest.raises(ClientError, match="DBSubnetGroupAlreadyExists"):
        rds.create_db_subnet_group(**group)
    rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName="data", DBParameterGroupFamily="aurora-mysql8.0", Description="data"
    )
    database_cluster(client, "aurora-mysql", DBSubnetGroupName="data", DBClusterParameterGroupName="data")
    with pytest.raises(ClientError, match="InvalidDBSubnetGroupStateFault"):
        rds.delete_db_subnet_group(DBSubnetGroupName="data")
    with pytest.raises(ClientError, match="InvalidDBParameterGroupState"):
        rds.delete_db_cluster_parameter_group(DBClusterParameterGroupName="data")
    rds.delete_db_cluster(DBClusterIdentifier="data", SkipFinalSnapshot=True)
    rds.delete_db_subnet_group(DBSubnetGroupName="data")
    rds.delete_db_cluster_parameter_group(DBClusterParameterGroupName="data")


@pytest.mark.parametrize(
    ("engine", "version", "family"),
    [
        ("aurora-mysql", "8.0.mysql_aurora.3.08.2", "aurora-mysql8.0"),
        ("aurora-mysql", "8.0.mysql_aurora.3.10.0", "aurora-mysql8.0"),
        ("aurora-mysql", "8.0.mysql_aurora.3.11.1", "aurora-mysql8.0"),
        ("docdb", "5.0.0", "docdb5.0"),
    ],
)
def test_current_engine_versions_are_known_with_their_family(
    client: Client, engine: str, version: str, family: str
) -> None:
    found = client("rds").describe_db_engine_versions(Engine=engine, EngineVersion=version)["DBEngineVersions"]
    assert [known["DBParameterGroupFamily"] for known in found] == [family]


def test_an_engine_version_that_does_not_exist_is_not_known(client: Client) -> None:
    answer = client("rds").describe_db_engine_versions(Engine="aurora-mysql", EngineVersion="8.0.mysql_aurora.3.99.0")
    assert answer["DBEngineVersions"] == []


def valkey(client: Client, **changes: Any) -> dict[str, Any]:
    """A replication group `cache` of two nodes, with its subnet and parameter group."""
    elasticache = client("elasticache")
    elasticache.create_cache_subnet_group(
        CacheSubnetGroupName="cache", CacheSubnetGroupDescription="cache", SubnetIds=subnets(client)
    )
    elasticache.create_cache_parameter_group(
        CacheParameterGroupName="cache", CacheParameterGroupFamily="valkey8", Description="cache"
    )
    given = {
        "ReplicationGroupId": "cache",
        "ReplicationGroupDescription": "sessions",
        "Engine": "valkey",
        "EngineVersion": "8.0",
        "CacheNodeType": "cache.t4g.micro",
        "NumCacheClusters": 2,
        "AutomaticFailoverEnabled": True,
        "MultiAZEnabled": True,
        "CacheSubnetGroupName": "cache",
        "CacheParameterGroupName": "cache",
        "SecurityGroupIds": ["sg-1"],
        "TransitEncryptionEnabled": True,
        "AuthToken": "abcdefghijklmnop",
    }
    return elasticache.create_replication_group(**{**given, **changes})["ReplicationGroup"]


def test_a_replication_groups_members_are_clusters_with_its_settings(client: Client) -> None:
    group = valkey(client)
    assert group["AuthTokenEnabled"]
    members = client("elasticache").describe_cache_clusters()["CacheClusters"]
    assert [member["CacheClusterId"] for member in members] == group["MemberClusters"]
    assert len(members) == 2
    for member in members:
        assert (member["Engine"], member["EngineVersion"]) == ("valkey", "8.0.0")
        assert member["CacheParameterGroup"]["CacheParameterGroupName"] == "cache"
        assert member["SecurityGroups"] == [{"SecurityGroupId": "sg-1", "Status": "active"}]
    nodes = group["NodeGroups"][0]["NodeGroupMembers"]
    assert len({node["PreferredAvailabilityZone"] for node in nodes}) == 2


def test_a_modification_of_a_replication_group_reaches_its_members(client: Client) -> None:
    valkey(client)
    elasticache = client("elasticache")
    elasticache.modify_replication_group(
        ReplicationGroupId="cache",
        EngineVersion="8.1",
        CacheNodeType="cache.t4g.small",
        SecurityGroupIds=["sg-2"],
        SnapshotRetentionLimit=5,
        MultiAZEnabled=False,
        AutoMinorVersionUpgrade=False,
        PreferredMaintenanceWindow="mon:05:00-mon:06:00",
    )
    group = elasticache.describe_replication_groups()["ReplicationGroups"][0]
    assert (group["SnapshotRetentionLimit"], group["MultiAZ"]) == (5, "disabled")
    assert group["AutoMinorVersionUpgrade"] is False
    for member in elasticache.describe_cache_clusters()["CacheClusters"]:
        assert member["EngineVersion"] == "8.1.0"
        assert member["CacheNodeType"] == "cache.t4g.small"
        assert member["SecurityGroups"][0]["SecurityGroupId"] == "sg-2"
        assert member["PreferredMaintenanceWindow"] == "mon:05:00-mon:06:00"
        assert member["AutoMinorVersionUpgrade"] is False


def test_replicas_are_added_and_taken_away(client: Client) -> None:
    valkey(client)
    elasticache = client("elasticache")

    def members() -> list[str]:
        [group] = elasticache.describe_replication_groups()["ReplicationGroups"]
        clusters = elasticache.describe_cache_clusters()["CacheClusters"]
        assert [one["CacheClusterId"] for one in clusters] == group["MemberClusters"]
        assert {one["ReplicationGroupId"] for one in clusters} == {"cache"}
        nodes = group["NodeGroups"][0]["NodeGroupMembers"]
        assert [node["CacheClusterId"] for node in nodes] == group["MemberClusters"]
        return group["MemberClusters"]

    elasticache.increase_replica_count(ReplicationGroupId="cache", NewReplicaCount=2, ApplyImmediately=True)
    assert members() == ["cache-001", "cache-002", "cache-003"]
    with pytest.raises(ClientError, match="Multi-AZ has at least 1 replica"):
        elasticache.decrease_replica_count(ReplicationGroupId="cache", NewReplicaCount=0, ApplyImmediately=True)
    elasticache.modify_replication_group(
        ReplicationGroupId="cache", MultiAZEnabled=False, AutomaticFailoverEnabled=False, ApplyImmediately=True
    )
    elasticache.decrease_replica_count(ReplicationGroupId="cache", NewReplicaCount=0, ApplyImmediately=True)
    assert members() == ["cache-001"]


def test_a_subnet_group_of_databases_stays_where_its_subnets_change(client: Client) -> None:
    rds, (first, second) = client("rds"), subnets(client)
    name = "data"
    rds.create_db_subnet_group(DBSubnetGroupName=name, DBSubnetGroupDescription=name, SubnetIds=[first])
    rds.modify_db_subnet_group(DBSubnetGroupName=name, SubnetIds=[first, second])
    [group] = rds.describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"]
    assert len(group["Subnets"]) == 2
    with pytest.raises(ClientError, match="DBSubnetGroupNotFound"):
        rds.modify_db_subnet_group(DBSubnetGroupName="other", SubnetIds=[first])


def test_a_deleted_replication_group_takes_its_members_with_it_and_frees_its_groups(
    emulator: RunningEmulator, client: Client
) -> None:
    valkey(client)
    elasticache = client("elasticache")
    with pytest.raises(ClientError, match="CacheSubnetGroupInUse"):
        elasticache.delete_cache_subnet_group(CacheSubnetGroupName="cache")
    with pytest.raises(ClientError, match="InvalidCacheParameterGroupState"):
        elasticache.delete_cache_parameter_group(CacheParameterGroupName="cache")
    elasticache.delete_replication_group(ReplicationGroupId="cache")
    elasticache.delete_cache_subnet_group(CacheSubnetGroupName="cache")
    elasticache.delete_cache_parameter_group(CacheParameterGroupName="cache")
    assert emulator.inventory("elasticache") == []


def test_a_replication_group_leaves_the_final_snapshot_that_it_was_asked_for(
    emulator: RunningEmulator, client: Client
) -> None:
    valkey(client)
    elasticache = client("elasticache")
    elasticache.create_snapshot(ReplicationGroupId="cache", SnapshotName="taken")
    with pytest.raises(ClientError, match="SnapshotAlreadyExists"):
        elasticache.delete_replication_group(ReplicationGroupId="cache", FinalSnapshotIdentifier="taken")
    elasticache.delete_replication_group(ReplicationGroupId="cache", FinalSnapshotIdentifier="last")
    assert emulator.names("elasticache", "snapshot") == ["last", "taken"]
    assert emulator.names("elasticache", "replication-group") == []


def test_a_parameter_group_keeps_what_was_set_until_it_is_reset(client: Client) -> None:
    elasticache = client("elasticache")
    group = {"CacheParameterGroupName": "cache"}
    elasticache.create_cache_parameter_group(**group, CacheParameterGroupFamily="valkey8", Description="ours")
    with pytest.raises(ClientError, match="CacheParameterGroupAlreadyExists"):
        elasticache.create_cache_parameter_group(**group, CacheParameterGroupFamily="valkey8", Description="ours")

    def shown() -> dict[str, str]:
        parameters = elasticache.describe_cache_parameters(**group)["Parameters"]
        return {parameter["ParameterName"]: parameter["ParameterValue"] for parameter in parameters}

    eviction = {"ParameterName": "maxmemory-policy", "ParameterValue": "noeviction"}
    elasticache.modify_cache_parameter_group(**group, ParameterNameValues=[eviction])
    assert shown() == {"maxmemory-policy": "noeviction"}
    default = {"ParameterName": "maxmemory-policy", "ParameterValue": "volatile-lru"}
    elasticache.modify_cache_parameter_group(**group, ParameterNameValues=[default])
    assert shown() == {}, "AWS does not take its own default for a value that a user set"
    elasticache.modify_cache_parameter_group(**group, ParameterNameValues=[eviction])
    elasticache.reset_cache_parameter_group(**group, ParameterNameValues=[eviction])
    assert shown() == {}
    assert elasticache.describe_cache_parameter_groups(**group)["CacheParameterGroups"][0]["Description"] == "ours"


def test_a_subnet_group_can_be_changed(client: Client) -> None:
    elasticache = client("elasticache")
    first, second = subnets(client)
    elasticache.create_cache_subnet_group(
        CacheSubnetGroupName="cache", CacheSubnetGroupDescription="old", SubnetIds=[first]
    )
    elasticache.modify_cache_subnet_group(CacheSubnetGroupName="cache", SubnetIds=[first, second])
    group = elasticache.describe_cache_subnet_groups()["CacheSubnetGroups"][0]
    assert [subnet["SubnetIdentifier"] for subnet in group["Subnets"]] == [first, second]
    assert group["CacheSubnetGroupDescription"] == "old"

"""Finds clusters of RDS and DocumentDB, their instances and groups. Both services have the same operations."""

from collections.abc import Mapping

from aws.client import Client, call_if_found
from story.recover.match import Lookup, Match, PendingInputs


def _cluster(service: str) -> Lookup:
    def find(aws: Client, pending: PendingInputs) -> list[Match]:
        name = pending.text("clusterIdentifier")
        found = call_if_found(aws, service, "describe_db_clusters", DBClusterIdentifier=name).get("DBClusters", ())
        return [
            Match(
                id=name,
                arn=item["DBClusterArn"],
                created=item.get("ClusterCreateTime"),
                ready=item["Status"] != "creating",
            )
            for item in found
            if item["Status"] != "deleting"
        ]

    return find


def _instance(service: str) -> Lookup:
    def find(aws: Client, pending: PendingInputs) -> list[Match]:
        name = pending.text("identifier")
        found = call_if_found(aws, service, "describe_db_instances", DBInstanceIdentifier=name).get("DBInstances", ())
        # An instance has about ten other states before `available`.
        return [
            Match(
                id=name,
                arn=item["DBInstanceArn"],
                created=item.get("InstanceCreateTime"),
                ready=item["DBInstanceStatus"] == "available",
            )
            for item in found
            if item["DBInstanceStatus"] != "deleting"
        ]

    return find


def _subnet_group(service: str) -> Lookup:
    def find(aws: Client, pending: PendingInputs) -> list[Match]:
        name = pending.text("name")
        found = call_if_found(aws, service, "describe_db_subnet_groups", DBSubnetGroupName=name).get(
            "DBSubnetGroups", ()
        )
        return [Match(id=name, arn=item["DBSubnetGroupArn"]) for item in found]

    return find


def _parameter_group(service: str) -> Lookup:
    def find(aws: Client, pending: PendingInputs) -> list[Match]:
        name = pending.text("name")
        found = call_if_found(aws, service, "describe_db_cluster_parameter_groups", DBClusterParameterGroupName=name)
        return [
            Match(id=name, arn=item["DBClusterParameterGroupArn"]) for item in found.get("DBClusterParameterGroups", ())
        ]

    return find


DATABASES: Mapping[str, Lookup] = {
    f"aws:{service}/{kind[0].lower()}{kind[1:]}:{kind}": make(service)
    for service in ("rds", "docdb")
    for kind, make in (
        ("Cluster", _cluster),
        ("ClusterInstance", _instance),
        ("ClusterParameterGroup", _parameter_group),
        ("SubnetGroup", _subnet_group),
    )
}

"""How clusters of RDS and of DocumentDB are found, with what belongs to them. Both are asked in the same words."""

from collections.abc import Mapping

from aws.client import Aws, Candidate, Finder, Wanted


def _cluster(service: str) -> Finder:
    def find(aws: Aws, wanted: Wanted) -> list[Candidate]:
        name = wanted.text("clusterIdentifier")
        found = aws.ask(service, "describe_db_clusters", DBClusterIdentifier=name).get("DBClusters", ())
        return [
            Candidate(
                id=name,
                arn=item["DBClusterArn"],
                created=item.get("ClusterCreateTime"),
                ready=item["Status"] != "creating",
            )
            for item in found
            if item["Status"] != "deleting"
        ]

    return find


def _instance(service: str) -> Finder:
    def find(aws: Aws, wanted: Wanted) -> list[Candidate]:
        name = wanted.text("identifier")
        found = aws.ask(service, "describe_db_instances", DBInstanceIdentifier=name).get("DBInstances", ())
        # Until it is available, an instance goes through some ten states.
        return [
            Candidate(
                id=name,
                arn=item["DBInstanceArn"],
                created=item.get("InstanceCreateTime"),
                ready=item["DBInstanceStatus"] == "available",
            )
            for item in found
            if item["DBInstanceStatus"] != "deleting"
        ]

    return find


def _subnet_group(service: str) -> Finder:
    def find(aws: Aws, wanted: Wanted) -> list[Candidate]:
        name = wanted.text("name")
        found = aws.ask(service, "describe_db_subnet_groups", DBSubnetGroupName=name).get("DBSubnetGroups", ())
        return [Candidate(id=name, arn=item["DBSubnetGroupArn"]) for item in found]

    return find


def _parameter_group(service: str) -> Finder:
    def find(aws: Aws, wanted: Wanted) -> list[Candidate]:
        name = wanted.text("name")
        found = aws.ask(service, "describe_db_cluster_parameter_groups", DBClusterParameterGroupName=name)
        return [
            Candidate(id=name, arn=item["DBClusterParameterGroupArn"])
            for item in found.get("DBClusterParameterGroups", ())
        ]

    return find


DATABASES: Mapping[str, Finder] = {
    f"aws:{service}/{kind[0].lower()}{kind[1:]}:{kind}": make(service)
    for service in ("rds", "docdb")
    for kind, make in (
        ("Cluster", _cluster),
        ("ClusterInstance", _instance),
        ("ClusterParameterGroup", _parameter_group),
        ("SubnetGroup", _subnet_group),
    )
}

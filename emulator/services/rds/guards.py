"""What RDS refuses: names that exist, things in use, and deletion without the final snapshot that was asked for.

- https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html (DBClusterAlreadyExistsFault)
- https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBCluster.html: without SkipFinalSnapshot a
  FinalDBSnapshotIdentifier is required; a snapshot's name can't be used twice; automated backups go with the cluster,
  manual snapshots stay. moto itself enforces DeletionProtection.
- https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSubnetGroup.html (DBSubnetGroupAlreadyExists)
- https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBSubnetGroup.html (not while instances use it)
- https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBClusterParameterGroup.html (the same)
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import (
    DBClusterSnapshotAlreadyExistsError,
    DBSubnetGroupNotFoundError,
    InvalidParameterCombination,
    RDSClientError,
)
from moto.rds.models import RDSBackend
from moto.rds.responses import RDSResponse

from emulator.serving.patching import replace


def install() -> None:
    _refuse_names_that_exist()
    _keep_modified_subnet_groups()
    _refuse_deletion_in_use()
    _delete_clusters_as_asked()


def _refuse_names_that_exist() -> None:
    original_cluster: Any = RDSBackend.create_db_cluster
    original_subnet_group: Any = RDSBackend.create_subnet_group

    def create_db_cluster(self: Any, kwargs: dict[str, Any]) -> Any:
        if kwargs["db_cluster_identifier"] in self.clusters:
            raise RDSClientError("DBClusterAlreadyExistsFault", "DB Cluster already exists")
        return original_cluster(self, kwargs)

    def create_subnet_group(self: Any, subnet_name: str, *args: Any, **kwargs: Any) -> Any:
        if subnet_name in self.subnet_groups:
            raise RDSClientError("DBSubnetGroupAlreadyExists", f"The DB subnet group '{subnet_name}' already exists.")
        return original_subnet_group(self, subnet_name, *args, **kwargs)

    replace(RDSBackend, "create_db_cluster", create_db_cluster)
    replace(RDSBackend, "create_subnet_group", create_subnet_group)


def _keep_modified_subnet_groups() -> None:
    # moto forgets a subnet group that is modified.
    original_modify: Any = RDSBackend.modify_db_subnet_group

    def modify_db_subnet_group(self: Any, subnet_name: str, description: str, subnets: Any) -> Any:
        if subnet_name not in self.subnet_groups:
            raise DBSubnetGroupNotFoundError(subnet_name)
        self.subnet_groups[subnet_name] = group = original_modify(self, subnet_name, description, subnets)
        return group

    replace(RDSBackend, "modify_db_subnet_group", modify_db_subnet_group)


def _refuse_deletion_in_use() -> None:
    original_subnet_group: Any = RDSBackend.delete_subnet_group
    original_parameter_group: Any = RDSBackend.delete_db_cluster_parameter_group

    def delete_subnet_group(self: Any, subnet_name: str) -> Any:
        if any(cluster.db_subnet_group_name == subnet_name for cluster in self.clusters.values()):
            raise RDSClientError(
                "InvalidDBSubnetGroupStateFault",
                f"Cannot delete the subnet group '{subnet_name}' because it is in use.",
            )
        return original_subnet_group(self, subnet_name)

    def delete_db_cluster_parameter_group(self: Any, db_cluster_parameter_group_name: str) -> None:
        if any(cluster.parameter_group == db_cluster_parameter_group_name for cluster in self.clusters.values()):
            raise RDSClientError(
                "InvalidDBParameterGroupState",
                f"One or more database clusters are still members of {db_cluster_parameter_group_name}.",
            )
        original_parameter_group(self, db_cluster_parameter_group_name)

    replace(RDSBackend, "delete_subnet_group", delete_subnet_group)
    replace(RDSBackend, "delete_db_cluster_parameter_group", delete_db_cluster_parameter_group)


def _delete_clusters_as_asked() -> None:
    original_delete: Any = RDSBackend.delete_db_cluster
    original_answer: Any = RDSResponse.delete_db_cluster

    def delete_db_cluster(self: Any, cluster_identifier: str, snapshot_name: str | None = None) -> Any:
        # moto deletes the master user's secret before it finds out that the snapshot can't be made.
        if snapshot_name and snapshot_name in self.cluster_snapshots:
            raise DBClusterSnapshotAlreadyExistsError(snapshot_name)
        cluster = original_delete(self, cluster_identifier, snapshot_name)
        for name, snapshot in list(self.cluster_snapshots.items()):
            if (
                snapshot.snapshot_type == "automated"
                and snapshot.db_cluster_identifier == cluster.db_cluster_identifier
            ):
                del self.cluster_snapshots[name]
        return cluster

    def answer_delete_db_cluster(self: Any) -> ActionResult:
        skip, name = self.params.get("SkipFinalSnapshot"), self.params.get("FinalDBSnapshotIdentifier")
        if not skip and not name:
            raise InvalidParameterCombination(
                "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
            )
        if skip and name:
            raise InvalidParameterCombination(
                "FinalDBSnapshotIdentifier can not be specified when deleting a cluster with SkipFinalSnapshot."
            )
        return original_answer(self)

    replace(RDSBackend, "delete_db_cluster", delete_db_cluster)
    replace(RDSResponse, "delete_db_cluster", answer_delete_db_cluster)

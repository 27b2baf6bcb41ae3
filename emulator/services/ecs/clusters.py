"""ECS clusters: making one twice gives the first one, and a cluster that is in use can't be deleted.

- CreateCluster has no error for a name that exists; AWS answers with the existing cluster, which its documentation
  doesn't spell out: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCluster.html
- https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteCluster.html (ClusterContainsServicesException,
  ClusterContainsTasksException)
"""

from typing import Any

from moto.ecs.exceptions import ECSException
from moto.ecs.models import EC2ContainerServiceBackend

from emulator.serving.patching import replace


def install() -> None:
    original_create: Any = EC2ContainerServiceBackend.create_cluster
    original_delete: Any = EC2ContainerServiceBackend.delete_cluster

    def create_cluster(self: Any, cluster_name: str, *args: Any, **kwargs: Any) -> Any:
        existing = self.clusters.get(cluster_name)
        if existing is not None and existing.status == "ACTIVE":
            return existing
        return original_create(self, cluster_name, *args, **kwargs)

    def delete_cluster(self: Any, cluster_str: str) -> Any:
        cluster = self._get_cluster(cluster_str)
        if any(
            service.cluster_name == cluster.name and service.status == "ACTIVE" for service in self.services.values()
        ):
            raise ECSException(
                "ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active."
            )
        if any(task.desired_status != "STOPPED" for task in self.tasks.get(cluster.name, {}).values()):
            raise ECSException("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
        return original_delete(self, cluster_str)

    replace(EC2ContainerServiceBackend, "create_cluster", create_cluster)
    replace(EC2ContainerServiceBackend, "delete_cluster", delete_cluster)

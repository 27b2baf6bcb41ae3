"""ElastiCache: replication groups with real members, parameter groups, and subnet groups that change and go away."""

from typing import Any

from moto.elasticache.models import ElastiCacheBackend

from emulator.services.elasticache import parameter_groups, replica_counts, replication_groups, subnet_groups
from emulator.serving.patching import replace


def install() -> None:
    _list_tags_of_anything()
    parameter_groups.install()
    subnet_groups.install()
    replication_groups.install()
    replica_counts.install()


def _list_tags_of_anything() -> None:
    # moto answers for clusters, users and groups that it knows; parameter groups are ours.
    # https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ListTagsForResource.html
    def list_tags_for_resource(self: Any, arn: str) -> Any:
        return self.tagging_service.list_tags_for_resource(arn)

    replace(ElastiCacheBackend, "list_tags_for_resource", list_tags_for_resource)

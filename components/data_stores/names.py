"""Names and numbers of the stores, free of Pulumi resources."""

import zlib
from collections.abc import Sequence


def exported_log_groups(service: str, cluster_identifier: str, logs: Sequence[str]) -> list[str]:
    """Where a cluster writes its logs. The service is `rds` with clusters of its own, or `docdb`.

    docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Integrating.CloudWatch.html
    docs.aws.amazon.com/documentdb/latest/developerguide/event-auditing.html
    """
    prefix = {"rds": "/aws/rds/cluster", "docdb": "/aws/docdb"}[service]
    return [f"{prefix}/{cluster_identifier}/{log}" for log in logs]


def member_ids(replication_group_id: str, replicas: int) -> list[str]:
    """The nodes of a replication group without shards: the group's id and a number, the primary's being any of them.

    docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html
    """
    return [f"{replication_group_id}-{number:03}" for number in range(1, replicas + 2)]


def zone_of(index: int, zones: Sequence[str]) -> str:
    """The zone of the n-th instance: one after the other, from the first again after the last."""
    return zones[index % len(zones)]


def promotion_tier(index: int) -> int:
    """Who takes over: the first two instances of a cluster before all others.

    Serverless instances of tiers 0 and 1 grow along with the writer, so that they can take over its load at once;
    those of higher tiers follow their own load.
    docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.how-it-works.html
    """
    return 1 if index < 2 else 2


def content_version(*parts: object) -> int:
    """A number that is another one if any of the parts is, for values that the engine itself does not compare."""
    return zlib.crc32("\n".join(map(str, parts)).encode())

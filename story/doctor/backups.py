"""The databases' backups: whether they could be put back to a moment ago."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from aws.client import Json, items
from story.doctor.context import DoctorContext
from story.doctor.finding import CannotCheckError, Finding, Severity, ok, unknown

BACKUPS = "backups"
LATEST = timedelta(hours=1)
"""Aurora and DocumentDB can be put back to the last five minutes; an hour is more than a delay.
docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Managing.Backups.html,
docs.aws.amazon.com/documentdb/latest/developerguide/backup_restore-point_in_time_recovery.html"""
YOUNG = timedelta(hours=2)
SERVICES = {"aurora": "rds", "documentdb": "docdb"}


def evaluate(store: str, cluster: Json, now: datetime) -> Finding:
    """Whether a database can be put back to a moment ago.

    Args:
        store: `aurora` or `documentdb`.
        cluster: As DescribeDBClusters tells it.
        now: The time that counts as now.
    """
    latest = cast(datetime | None, cluster.get("LatestRestorableTime"))
    made = cast(datetime | None, cluster.get("ClusterCreateTime"))
    if latest is None:
        if made is not None and now - made < YOUNG:
            return unknown(BACKUPS, store, "the latest backup: the database is new")
        return unknown(BACKUPS, store, "the latest backup: AWS does not tell to when it could be put back")
    age = now - latest
    if age <= LATEST:
        days = cluster.get("BackupRetentionPeriod")
        kept = f", backups are kept for {days} days" if days else ""
        return ok(BACKUPS, store, f"could be put back to {max(0, age // timedelta(minutes=1))} minutes ago{kept}")
    identifier = cluster.get("DBClusterIdentifier", "<cluster>")
    return Finding(
        area=BACKUPS,
        subject=store,
        severity=Severity.ERROR,
        what=f"could be put back only to {latest:%Y-%m-%d %H:%M %Z}, {age // timedelta(hours=1)} hours ago",
        why="what was written since would be lost with the database",
        fix=f"`aws rds describe-events --source-type db-cluster --source-identifier {identifier}` says since when; "
        f"`aws rds create-db-cluster-snapshot --db-cluster-identifier {identifier} ...` saves what is there now",
    )


def check_stack(context: DoctorContext) -> Iterator[Finding]:
    """Both databases, where the stack has them."""
    for store in SERVICES:
        told = context.outputs.get(store)
        if not isinstance(told, dict):
            continue
        # The first part of a cluster's endpoint is its identifier:
        # docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Overview.Endpoints.html
        identifier = str(cast(Mapping[str, Any], told).get("endpoint", "")).partition(".")[0]
        answer = context.aws.call(SERVICES[store], "describe_db_clusters", DBClusterIdentifier=identifier)
        found = items(answer, "DBClusters")
        if not found:
            raise CannotCheckError(f"there is no cluster {identifier}")
        yield evaluate(store, found[0], context.now)

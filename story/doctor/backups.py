"""The backups of the databases: whether a recent point in time can be restored."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from aws.client import Json, items
from story.doctor.context import DoctorContext
from story.doctor.finding import CannotCheckError, Finding, Severity, ok, unknown

BACKUPS = "backups"
LATEST = timedelta(hours=1)
"""Aurora and DocumentDB can usually be restored to five minutes ago; an hour is more than a delay.
docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Managing.Backups.html,
docs.aws.amazon.com/documentdb/latest/developerguide/backup_restore-point_in_time_recovery.html"""
YOUNG = timedelta(hours=2)
SERVICES = {"aurora": "rds", "documentdb": "docdb"}


def evaluate(store: str, cluster: Json, now: datetime) -> Finding:
    """Whether a recent point in time of a database can be restored.

    Args:
        store: `aurora` or `documentdb`.
        cluster: As DescribeDBClusters returns it.
        now: The current time.
    """
    latest = cast(datetime | None, cluster.get("LatestRestorableTime"))
    made = cast(datetime | None, cluster.get("ClusterCreateTime"))
    if latest is None:
        if made is not None and now - made < YOUNG:
            return unknown(BACKUPS, store, "the latest backup: the database is new")
        return unknown(BACKUPS, store, "the latest backup: AWS returns no latest restorable time")
    age = now - latest
    if age <= LATEST:
        days = cluster.get("BackupRetentionPeriod")
        kept = f", backups are kept for {days} days" if days else ""
        return ok(BACKUPS, store, f"can be restored to {max(0, age // timedelta(minutes=1))} minutes ago{kept}")
    identifier = cluster.get("DBClusterIdentifier", "<cluster>")
    return Finding(
        area=BACKUPS,
        subject=store,
        severity=Severity.ERROR,
        what=f"the latest restorable time is {latest:%Y-%m-%d %H:%M %Z}, {age // timedelta(hours=1)} hours ago",
        why="if the database is lost, everything written since then is lost",
        fix=f"`aws rds describe-events --source-type db-cluster --source-identifier {identifier}` shows since when; "
        f"`aws rds create-db-cluster-snapshot --db-cluster-identifier {identifier} ...` saves the current data",
    )


def check_stack(context: DoctorContext) -> Iterator[Finding]:
    """The databases of the stack."""
    for store in SERVICES:
        output = context.outputs.get(store)
        if not isinstance(output, dict):
            continue
        # The first part of a cluster's endpoint is its identifier:
        # docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Overview.Endpoints.html
        identifier = str(cast(Mapping[str, Any], output).get("endpoint", "")).partition(".")[0]
        response = context.aws.call(SERVICES[store], "describe_db_clusters", DBClusterIdentifier=identifier)
        found = items(response, "DBClusters")
        if not found:
            raise CannotCheckError(f"the cluster {identifier} does not exist")
        yield evaluate(store, found[0], context.now)

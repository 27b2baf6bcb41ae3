"""Aurora, Valkey and DocumentDB."""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from settings.base import Problem, ProtectedSpec
from settings.rules.instance_types import AURORA_MYSQL, DOCUMENTDB, READ_ON, VALKEY, Engine, newer_than_the_list
from settings.types import SERVERLESS, AuroraClass, DocumentDbClass, Format, MysqlName, NodeType, Port, RetentionDays

AURORA_VERSION = re.compile(r"8\.0(\.mysql_aurora\.3\.[0-9]{2}\.[0-9]+)?")
VALKEY_VERSION = re.compile(r"7(\.2)?|[89](\.[0-9])?")
DOCUMENTDB_VERSION = re.compile(r"[58]\.0\.0")
NO_PERFORMANCE_INSIGHTS = re.compile(r"db\.t[0-9]g?\.")
"""Aurora MySQL offers none on burstable classes:
docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_PerfInsights.Overview.Engines.html"""
MONITORING_INTERVALS_SECONDS = (1, 5, 10, 15, 30, 60)
MASTER_USERNAME = "storymaster"
"""Letters and digits, as DocumentDB requires, and not `admin` (control RDS.24)."""
RESERVED_USERS = (MASTER_USERNAME, "admin", "rdsadmin", "rdsproxyadmin", "rdsrepladmin", "root", "serviceadmin")
RESERVED_DATABASES = ("admin", "config", "information_schema", "local", "mysql", "performance_schema", "sys")


class StoreSpec(ProtectedSpec):
    """Settings of all stores."""

    enabled: bool = True
    """Whether the stack has this store. To remove a store, first run an update with `protect: false`."""


class DatabaseSpec(StoreSpec):
    """Settings of Aurora and DocumentDB."""

    user: MysqlName = "app"
    """Name of the application's database user. The site does not use the master user."""
    database: MysqlName = "laravel"
    """Name of the database, the only one that the application's user can access. A new name creates an empty one."""
    password_version: Annotated[int, Field(ge=1)] = 1
    """Increase it by one to give the application's user a new password."""
    backup_retention_days: Annotated[int, Field(ge=1, le=35)] = 7
    """Days for which automatic backups are kept."""
    log_retention_days: RetentionDays = 30
    """Days for which the exported logs are kept."""

    def mistakes(self) -> Iterator[Problem]:
        yield from super().mistakes()
        for key, given, reserved in (
            ("user", self.user, RESERVED_USERS),
            ("database", self.database, RESERVED_DATABASES),
        ):
            if given.lower() in reserved:
                yield Problem(
                    key=key,
                    problem=f"given {given}, which is reserved by the engine or by AWS; allowed is another name",
                )

    def warnings(self) -> Iterator[Problem]:
        yield from super().warnings()
        if self.enabled and self.backup_retention_days < 7:
            yield Problem(
                key="backup_retention_days",
                problem=f"{self.backup_retention_days} days; AWS's security standard requires at least 7",
            )


class AuroraSpec(DatabaseSpec):
    """Aurora MySQL: one writer and its readers."""

    engine_version: Annotated[
        str, Format(AURORA_VERSION, '"8.0" in quotes, or an Aurora MySQL 3 in full such as 8.0.mysql_aurora.3.10.0')
    ] = "8.0"
    """`8.0`: AWS chooses the version of Aurora MySQL 3 and upgrades it. A full version, `8.0.mysql_aurora.3.10.0`,
    stays until you change it."""
    instance_class: AuroraClass = SERVERLESS
    """`db.serverless` for Serverless v2, or a provisioned class such as `db.r6g.large`."""
    readers: Annotated[int, Field(ge=0, le=15)] = 0
    """Number of readers, if possible in other zones than the writer; one takes over if the writer fails."""
    min_acu: Annotated[float, Field(ge=0, le=256, multiple_of=0.5)] = 0.5
    """Minimum capacity of each serverless instance, in ACUs of about 2 GiB. With 0, it can pause."""
    max_acu: Annotated[float, Field(ge=1, le=256, multiple_of=0.5)] = 4
    """Maximum capacity of each serverless instance, in ACUs."""
    port: Port = 3306
    """TCP port, 1024 or above."""
    monitoring_interval_seconds: int = 60
    """Interval of enhanced monitoring, in seconds: 1, 5, 10, 15, 30 or 60."""

    @property
    def upgraded_by_aws(self) -> bool:
        """Whether AWS upgrades the version: a short version is a prefix of every version that it upgrades to."""
        return "mysql_aurora" not in self.engine_version

    @property
    def serverless(self) -> bool:
        return self.instance_class == SERVERLESS

    @property
    def performance_insights(self) -> bool:
        return not NO_PERFORMANCE_INSIGHTS.match(self.instance_class)

    def mistakes(self) -> Iterator[Problem]:
        yield from super().mistakes()
        if self.min_acu > self.max_acu:
            yield Problem(
                key="min_acu",
                problem=f"given {self.min_acu:g}; allowed is at most max_acu, {self.max_acu:g}",
                involves=("max_acu",),
            )
        if self.monitoring_interval_seconds not in MONITORING_INTERVALS_SECONDS:
            allowed = ", ".join(map(str, MONITORING_INTERVALS_SECONDS))
            yield Problem(
                key="monitoring_interval_seconds",
                problem=f"given {self.monitoring_interval_seconds}; allowed are {allowed}",
            )

    def warnings(self) -> Iterator[Problem]:
        yield from super().warnings()
        if self.enabled and not self.performance_insights:
            yield Problem(
                key="instance_class",
                problem=f"{self.instance_class} does not support Performance Insights; it is omitted",
            )
        if self.enabled and not self.upgraded_by_aws:
            yield _not_upgraded(self.engine_version, "8.0")
        if self.enabled and not self.serverless:
            yield from _unknown_family("instance_class", AURORA_MYSQL, self.instance_class)


class ValkeySpec(StoreSpec):
    """ElastiCache for Valkey: session, cache and queue."""

    engine_version: Annotated[str, Format(VALKEY_VERSION, 'a version in quotes, "7", "8" or "9", or in full "8.1"')] = (
        "8"
    )
    """`8`: AWS upgrades the minor version. A full version, `8.1`, stays until you change it. For another major version,
    first use a full version, `9.0`, and later `9`."""
    node_type: NodeType = "cache.t4g.small"
    """Node type, such as `cache.t4g.small`."""
    replicas: Annotated[int, Field(ge=0, le=5)] = 0
    """Number of replicas. They are in other zones, and one takes over if the primary fails."""
    snapshot_retention_days: Annotated[int, Field(ge=0, le=35)] = 1
    """Days for which daily snapshots are kept; with 0, none are created."""
    token_version: Annotated[int, Field(ge=1)] = 1
    """Increase it by one to create a new token. The previous token stays valid until the next change."""

    @property
    def upgraded_by_aws(self) -> bool:
        """Whether AWS upgrades the minor version."""
        return "." not in self.engine_version

    @property
    def first_version(self) -> str:
        """The version to create it with: 7.2 was Valkey's first, later majors began with .0."""
        if not self.upgraded_by_aws:
            return self.engine_version
        return "7.2" if self.engine_version == "7" else f"{self.engine_version}.0"

    @property
    def parameter_family(self) -> str:
        return f"valkey{self.engine_version[0]}"

    def warnings(self) -> Iterator[Problem]:
        yield from super().warnings()
        if self.enabled and self.snapshot_retention_days == 0:
            yield Problem(
                key="snapshot_retention_days",
                problem="with 0 there are no snapshots: if a node is lost, its jobs are lost too",
            )
        if self.enabled and not self.upgraded_by_aws:
            yield _not_upgraded(self.engine_version, self.engine_version[0])
        if self.enabled:
            yield from _unknown_family("node_type", VALKEY, self.node_type)


class DocumentDbSpec(DatabaseSpec):
    """DocumentDB, with MongoDB's protocol."""

    engine_version: Annotated[str, Format(DOCUMENTDB_VERSION, "5.0.0 or 8.0.0")] = "5.0.0"
    """Version of DocumentDB, `5.0.0` or newer."""
    instance_class: DocumentDbClass = "db.t4g.medium"
    """Instance class, such as `db.t4g.medium` or `db.r6g.large`."""
    instances: Annotated[int, Field(ge=1, le=16)] = 1
    """Number of instances, spread over the zones. With two or more, one takes over if the primary fails."""
    port: Port = 27017
    """TCP port, 1024 or above."""

    @property
    def parameter_family(self) -> str:
        return f"docdb{self.engine_version[0]}.0"

    def warnings(self) -> Iterator[Problem]:
        yield from super().warnings()
        if self.enabled:
            yield from _unknown_family("instance_class", DOCUMENTDB, self.instance_class)


def _unknown_family(key: str, engine: Engine, given: str) -> Iterator[Problem]:
    if newer_than_the_list(engine, given):
        yield Problem(
            key=key,
            problem=f"{given} is of an unknown family ({READ_ON}): {engine.name} may offer it "
            "or not; `story doctor --before` asks AWS",
        )


def _not_upgraded(version: str, short: str) -> Problem:
    return Problem(
        key="engine_version",
        problem=f"{version} is a full version, without AWS's minor upgrades (controls RDS.13, ElastiCache.2); "
        f'use "{short}" for automatic upgrades',
    )

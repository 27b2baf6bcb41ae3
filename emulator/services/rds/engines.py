"""The database engines: their versions, families and defaults, with DocumentDB as one of them.

- Aurora MySQL: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraMySQLReleaseNotes/doc-history.html
- Aurora PostgreSQL:
  https://docs.aws.amazon.com/AmazonRDS/latest/AuroraPostgreSQLReleaseNotes/aurorapostgresql-release-calendar.html
- DocumentDB: https://docs.aws.amazon.com/documentdb/latest/developerguide/docdb-release-notes.html
- https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBEngineVersions.html
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.rds.models import DBCluster, DBInstance
from moto.rds.responses import RDSResponse
from moto.rds.utils import ClusterEngine, DbInstanceEngine

from emulator.serving.patching import add_actions, replace

DOCUMENTDB = "docdb"
DOCUMENTDB_PORT = 27017

VERSIONS: dict[str, tuple[str, ...]] = {
    "aurora-mysql": (
        "5.7.mysql_aurora.2.12.5",
        "8.0.mysql_aurora.3.04.4",
        "8.0.mysql_aurora.3.08.0",
        "8.0.mysql_aurora.3.08.1",
        "8.0.mysql_aurora.3.08.2",
        "8.0.mysql_aurora.3.09.0",
        "8.0.mysql_aurora.3.10.0",
        "8.0.mysql_aurora.3.10.1",
        "8.0.mysql_aurora.3.10.2",
        "8.0.mysql_aurora.3.10.3",
        "8.0.mysql_aurora.3.10.4",
        "8.0.mysql_aurora.3.11.0",
        "8.0.mysql_aurora.3.11.1",
        "8.0.mysql_aurora.3.12.0",
    ),
    "aurora-postgresql": ("15.10", "16.4", "16.6", "16.8", "17.4"),
    "docdb": ("4.0.0", "5.0.0"),
    "mysql": ("8.0.40", "8.4.4"),
    "postgres": ("16.8", "17.4"),
}


def install() -> None:
    _accept_documentdb()
    _give_documentdb_defaults()
    add_actions(RDSResponse, describe_db_engine_versions)


def family(engine: str, version: str) -> str:
    """The parameter group family that a version belongs to, such as `aurora-mysql8.0`."""
    if engine == "aurora-mysql":
        return engine + ".".join(version.split(".")[:2])
    if engine in (DOCUMENTDB, "mysql"):
        return engine + ".".join(version.split(".")[:2])
    return engine + version.split(".")[0]


def _accept_documentdb() -> None:
    instance_engines = [*DbInstanceEngine.valid_db_instance_engine(), DOCUMENTDB]
    cluster_engines = sorted([*ClusterEngine.list_cluster_engines(), DOCUMENTDB])
    replace(DbInstanceEngine, "valid_db_instance_engine", staticmethod(lambda: instance_engines))
    replace(ClusterEngine, "list_cluster_engines", staticmethod(lambda: cluster_engines))


def _give_documentdb_defaults() -> None:
    original_version: Any = DBCluster.default_engine_version
    original_cluster_port: Any = DBCluster.default_port
    original_instance_port: Any = DBInstance.default_port
    original_storage: Any = DBCluster.default_allocated_storage

    def default_engine_version(engine: str) -> str:
        return VERSIONS[engine][-1] if engine in VERSIONS else original_version(engine)

    def default_cluster_port(engine: str) -> int:
        return DOCUMENTDB_PORT if engine == DOCUMENTDB else original_cluster_port(engine)

    def default_instance_port(engine: str) -> int:
        return DOCUMENTDB_PORT if engine == DOCUMENTDB else original_instance_port(engine)

    def default_allocated_storage(engine: str, storage_type: str) -> int:
        # Storage of these grows by itself; AWS shows 1.
        if engine == DOCUMENTDB or engine.startswith("aurora"):
            return 1
        return original_storage(engine, storage_type)

    replace(DBCluster, "default_engine_version", staticmethod(default_engine_version))
    replace(DBCluster, "default_port", staticmethod(default_cluster_port))
    replace(DBInstance, "default_port", staticmethod(default_instance_port))
    replace(DBCluster, "default_allocated_storage", staticmethod(default_allocated_storage))


def describe_db_engine_versions(self: Any) -> ActionResult:
    engine = self.params.get("Engine")
    version = self.params.get("EngineVersion")
    group_family = self.params.get("DBParameterGroupFamily")
    found = [
        _shown(known_engine, known_version)
        for known_engine, versions in VERSIONS.items()
        for known_version in versions
        if (not engine or engine == known_engine)
        and (not version or known_version == version or known_version.startswith(f"{version}."))
        and (not group_family or group_family == family(known_engine, known_version))
    ]
    if self.params.get("DefaultOnly"):
        found = found[-1:]
    return ActionResult({"DBEngineVersions": found})


def _shown(engine: str, version: str) -> dict[str, Any]:
    return {
        "Engine": engine,
        "EngineVersion": version,
        "DBParameterGroupFamily": family(engine, version),
        "DBEngineDescription": engine,
        "DBEngineVersionDescription": f"{engine} {version}",
        "Status": "available",
        "SupportsGlobalDatabases": True,
        "SupportsReadReplica": True,
        "ExportableLogTypes": [],
        "SupportedEngineModes": ["provisioned"],
        "ValidUpgradeTarget": [],
        "SupportsLogExportsToCloudwatchLogs": True,
    }

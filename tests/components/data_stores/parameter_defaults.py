"""AWS's default of every database parameter that a stack sets or relies on, as of 2026-11-27.

A parameter that is set to its default is none that a user set: the provider does not find it at a refresh, and shows a
difference each time (github.com/hashicorp/terraform-provider-aws/issues/23335).
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Default:
    """The default of one parameter.

    Attributes:
        store: `aurora`, `valkey` or `documentdb`.
        name: Its name.
        default: The value in AWS's default group; None where that group has none.
        link: Where AWS says so.
    """

    store: str
    name: str
    default: str | None
    link: str


AURORA = "docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide"
SLOW_QUERIES = "docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.MySQL.Generallog.html"
DOCUMENTDB = "docs.aws.amazon.com/documentdb/latest/developerguide/cluster_parameter_groups-list_of_parameters.html"
VALKEY = "docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.Engine.html"
DEFAULTS: Sequence[Default] = (
    Default(store="aurora", name="require_secure_transport", default="OFF", link=f"{AURORA}/AuroraMySQL.Security.html"),
    Default(store="aurora", name="server_audit_logging", default="0", link=f"{AURORA}/AuroraMySQL.Auditing.html"),
    Default(store="aurora", name="server_audit_events", default=None, link=f"{AURORA}/AuroraMySQL.Auditing.html"),
    Default(store="aurora", name="slow_query_log", default="0", link=SLOW_QUERIES),
    Default(store="aurora", name="long_query_time", default="10", link=SLOW_QUERIES),
    Default(
        store="aurora",
        name="character_set_server",
        default=None,
        link=f"{AURORA}/AuroraMySQL.Reference.ParameterGroups.html",
    ),
    Default(
        store="aurora",
        name="collation_server",
        default=None,
        link=f"{AURORA}/AuroraMySQL.Reference.ParameterGroups.html",
    ),
    Default(store="documentdb", name="audit_logs", default="disabled", link=DOCUMENTDB),
    Default(store="documentdb", name="profiler", default="disabled", link=DOCUMENTDB),
    Default(store="documentdb", name="profiler_threshold_ms", default="100", link=DOCUMENTDB),
    Default(store="documentdb", name="tls", default="enabled", link=DOCUMENTDB),
    Default(store="valkey", name="maxmemory-policy", default="volatile-lru", link=VALKEY),
)


def of(store: str, name: str) -> Default:
    """The default of a parameter.

    Raises:
        LookupError: It is not in the table.
    """
    found = [one for one in DEFAULTS if (one.store, one.name) == (store, name)]
    if not found:
        raise LookupError(
            f"{store}: the default of {name} is not in tests/components/data_stores/parameter_defaults.py"
        )
    return found[0]


def of_documentdb(name: str) -> Default:
    """The default of a parameter of DocumentDB."""
    return of("documentdb", name)


def of_valkey(name: str) -> Default:
    """The default of a parameter of Valkey."""
    return of("valkey", name)

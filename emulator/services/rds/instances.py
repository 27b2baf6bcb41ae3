"""Database instances: monitoring, Performance Insights, certificate authority and zone, as AWS shows them.

https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstance.html
"""

import secrets
from typing import Any

from moto.rds.models import DBInstance

from emulator.serving.patching import replace, zone_names

# AWS's default: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html
DEFAULT_CERTIFICATE_AUTHORITY = "rds-ca-rsa2048-g1"


def install() -> None:
    original_init: Any = DBInstance.__init__

    def init(self: Any, *args: Any, **given: Any) -> None:
        original_init(self, *args, **given)
        self.performance_insights_enabled = bool(given.get("enable_performance_insights"))
        if self.performance_insights_enabled:
            self.performance_insights_kms_key_id = given.get("performance_insights_kms_key_id")
            self.performance_insights_retention_period = given.get("performance_insights_retention_period") or 7
        self.monitoring_interval = int(given.get("monitoring_interval") or 0)
        self.monitoring_role_arn = given.get("monitoring_role_arn")
        if self.ca_certificate_identifier == "rds-ca-default":
            self.ca_certificate_identifier = DEFAULT_CERTIFICATE_AUTHORITY
        self.dbi_resource_id = f"db-{secrets.token_hex(13).upper()}"
        if self.db_cluster_identifier and not given.get("availability_zone"):
            self.availability_zone = _next_zone(self)

    replace(DBInstance, "__init__", init)


def _next_zone(instance: Any) -> str:
    # AWS spreads the instances of a cluster over its zones.
    siblings = [
        other
        for other in instance.backend.databases.values()
        if getattr(other, "db_cluster_identifier", None) == instance.db_cluster_identifier
    ]
    zones = zone_names(instance.region)
    return zones[len(siblings) % len(zones)]

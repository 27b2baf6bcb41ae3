"""Database clusters: what AWS shows of them and moto doesn't, and the secret that RDS keeps for the master user.

- https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBCluster.html
- https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html: RDS makes the secret, with the
  master user's name and a generated password; when the cluster is available the secret is active; it is deleted with
  the cluster. DocumentDB does the same:
  https://docs.aws.amazon.com/documentdb/latest/developerguide/API_ClusterMasterUserSecret.html
"""

import json
import secrets
from typing import Any

from moto.rds.models import DBCluster, MasterUserSecret

from emulator.services.rds.engines import DOCUMENTDB
from emulator.serving.patching import replace, zone_names

KEPT_SETTINGS = {
    "database_insights_mode": "database_insights_mode",
    "enable_performance_insights": "performance_insights_enabled",
    "performance_insights_kms_key_id": "performance_insights_kms_key_id",
    "performance_insights_retention_period": "performance_insights_retention_period",
    "monitoring_interval": "monitoring_interval",
    "monitoring_role_arn": "monitoring_role_arn",
}


def install() -> None:
    _keep_settings()
    _show_scaling_only_where_there_is_some()
    _make_a_true_master_secret()


def _keep_settings() -> None:
    original_init: Any = DBCluster.__init__

    def init(self: Any, *args: Any, **given: Any) -> None:
        original_init(self, *args, **given)
        if not given.get("availability_zones"):
            self.availability_zones = zone_names(self.region)[:3]
        for parameter, attribute in KEPT_SETTINGS.items():
            if given.get(parameter) is not None:
                setattr(self, attribute, given[parameter])
        if given.get("enable_http_endpoint"):
            self._enable_http_endpoint = True
        if not given.get("storage_type"):
            self.storage_type = None if self.engine == DOCUMENTDB else "aurora"

    replace(DBCluster, "__init__", init)


def _show_scaling_only_where_there_is_some() -> None:
    original_info: Any = DBCluster.__dict__["scaling_configuration_info"].fget

    # Only Aurora Serverless v1 has it; an empty one is a difference at every refresh.
    def scaling_configuration_info(self: Any) -> dict[str, Any] | None:
        return original_info(self) if self.scaling_configuration else None

    replace(DBCluster, "scaling_configuration_info", property(scaling_configuration_info))


def _make_a_true_master_secret() -> None:
    original_init: Any = MasterUserSecret.__init__

    def init(self: Any, resource: Any, kms_key_id: str | None) -> None:
        original_init(self, resource, kms_key_id)
        self._status = "active"

    def generate_secret_string(self: Any) -> str:
        return json.dumps({"username": self.resource.master_username, "password": secrets.token_urlsafe(24)})

    replace(MasterUserSecret, "__init__", init)
    replace(MasterUserSecret, "_generate_secret_string", generate_secret_string)

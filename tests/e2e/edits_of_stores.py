"""Edits of a network and of stores: the settings before, and each edit of them."""

from typing import Any

ZONES = ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"]
OFF = {"enabled": False}
ON = {"enabled": True}

FIRST: dict[str, Any] = {
    "story:network": {"nat": "none", "zones": ZONES[:2], "interface_endpoints": ["sqs"]},
    "story:workers": {},
    "story:scheduler": OFF,
    "story:aurora": {"engine_version": "8.0.mysql_aurora.3.08.0"},
}
MORE_OF_EACH: dict[str, Any] = {
    "network": {"zones": ZONES, "nat": "single", "interface_endpoints": ["sqs", "logs"]},
    "aurora": {"readers": 1, "min_acu": 1.0, "max_acu": 8.0, "engine_version": "8.0.mysql_aurora.3.10.0"},
    "valkey": {"replicas": 1, "engine_version": "9.0"},
    "documentdb": {"instances": 2, "engine_version": "8.0.0"},
    "observability": {
        "thresholds": {
            "aurora_acu_percent": 80,
            "aurora_connections": 400,
            "aurora_replica_lag_ms": 2000,
            "valkey_memory_percent": 70,
            "valkey_evictions": 2,
            "documentdb_cpu_percent": 70,
            "documentdb_throttled": 2,
        }
    },
}
OTHER_ONES: dict[str, Any] = {
    "network": {"nat": "one-per-zone", "interface_endpoints": [], "flow_log_retention_days": 60},
    "aurora": {
        "protect": False,
        "readers": 0,
        "instance_class": "db.r6g.large",
        "port": 3307,
        "user": "shop",
        "database": "shop",
        "password_version": 2,
        "backup_retention_days": 8,
        "log_retention_days": 60,
        "monitoring_interval_seconds": 30,
    },
    "valkey": {
        "protect": False,
        "replicas": 0,
        "node_type": "cache.m7g.large",
        "token_version": 2,
        "snapshot_retention_days": 2,
    },
    "documentdb": {
        "protect": False,
        "instances": 1,
        "instance_class": "db.r6g.large",
        "user": "shop",
        "database": "shop",
        "password_version": 2,
        "backup_retention_days": 8,
        "log_retention_days": 60,
    },
    "uploads": {"protect": False, "noncurrent_version_days": 60},
    "ingress": {"protect": False},
    "observability": {"thresholds": {"aurora_cpu_percent": 70}},
}

FIRST_OF_OFF_AND_ON: dict[str, Any] = {
    "story:protect": False,
    "story:network": {"nat": "one-per-zone"},
    "story:workers": {},
}
SWITCHED_OFF: dict[str, Any] = {
    "network": {"nat": "none"},
    "aurora": OFF,
    "valkey": OFF,
    "documentdb": OFF,
    "web": OFF,
    "scheduler": OFF,
}
SWITCHED_ON: dict[str, Any] = {"aurora": ON, "valkey": ON, "documentdb": ON, "web": ON, "scheduler": ON}

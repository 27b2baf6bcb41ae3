"""Edits of a site, its services and what it is watched for: the settings before, and each edit of them."""

from collections.abc import Sequence
from typing import Any

from tests.e2e.support import WITHOUT_STORES, image

DOMAIN = "www.example.com"
ZONE = "Z0123456789ABCDEFGHIJ"
ACCOUNT = "123456789012"
SECRET = f"arn:aws:secretsmanager:ap-northeast-1:{ACCOUNT}:secret:agent-AbCdEf"
OTHER_SECRET = f"arn:aws:secretsmanager:ap-northeast-1:{ACCOUNT}:secret:payment-AbCdEf"
KEY = f"arn:aws:kms:ap-northeast-1:{ACCOUNT}:key/01234567-89ab-cdef-0123-456789abcdef"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/bootstrap-story-boundary-site"
STREAM = f"arn:aws:firehose:ap-northeast-1:{ACCOUNT}:deliverystream/logs"
ALARM = "of-our-own"
REGISTRY = image(1).partition("/")[0]
SERVICES = ["web", "workers.default"]
LARGE = {"cpu": 2048, "memory_mib": 4096}
AGENTS = {
    "new_relic": {"license_key": SECRET, "image": f"{REGISTRY}/nri-ecs:1.15.6", "services": SERVICES},
    "mackerel": {"api_key": SECRET, "image": f"{REGISTRY}/agent:v0.13.2", "services": SERVICES},
    "open_telemetry": {"image": f"{REGISTRY}/aws-otel-collector:v0.48.0", "services": SERVICES},
    "fluent_bit": {
        "destination": {"Name": "http", "Host": "logs.example.com"},
        "image": f"{REGISTRY}/aws-for-fluent-bit:2.34.3",
        "services": SERVICES,
    },
}
OTHER_ROOM = {"cpu": 128, "memory_mib": 320, "services": ["web"]}
OTHER_AGENTS = {
    "new_relic": {**OTHER_ROOM, "license_key": f"{SECRET}:key::", "image": f"{REGISTRY}/nri-ecs:1.15.7"},
    "mackerel": {**OTHER_ROOM, "api_key": f"{SECRET}:key::", "image": f"{REGISTRY}/agent:v0.13.3"},
    "open_telemetry": {
        **OTHER_ROOM,
        "image": f"{REGISTRY}/aws-otel-collector:v0.48.1",
        "config": "receivers: {}",
        "secrets": {"TOKEN": SECRET},
        "rights": {"firehose:PutRecord": STREAM},
    },
    "fluent_bit": {
        **OTHER_ROOM,
        "image": f"{REGISTRY}/aws-for-fluent-bit:2.34.4",
        "destination": {"Host": "other.example.com"},
        "secrets": {"Header": SECRET},
        "rights": {"firehose:PutRecordBatch": STREAM},
    },
}
SLACK = {"workspace_id": "T0123ABCD", "critical_channel_id": "C0123ABCD"}
MORNING = {"cron": "0 8 ? * MON-FRI *", "timezone": "Asia/Tokyo", "min_tasks": 3, "max_tasks": 6}
OTHER_MORNING = {"cron": "0 9 ? * MON-FRI *", "timezone": "UTC", "min_tasks": 2, "max_tasks": 5}
EVENING = {"cron": "0 20 ? * * *", "min_tasks": 2, "max_tasks": 4}
SCALED = {"min_tasks": 2, "max_tasks": 4, "schedules": {"morning": MORNING}}
SCALED_OTHERWISE = {
    "min_tasks": 3,
    "max_tasks": 5,
    "cpu_percent": 50,
    "memory_percent": None,
    "scale_in_cooldown_seconds": 200,
    "scale_out_cooldown_seconds": 90,
    "schedules": {"morning": OTHER_MORNING, "evening": EVENING},
}
OTHER_SERVICE = {
    "ephemeral_storage_gib": 30,
    "log_retention_days": 7,
    "environment": {"APP_LOCALE": "en"},
    "stop_timeout_seconds": 60,
    "log_mode": "blocking",
    "readonly_root_filesystem": True,
    "capacity": {"on_demand_base": 0, "on_demand_weight": 0, "spot_weight": 1},
}

FIRST: dict[str, Any] = {**WITHOUT_STORES, "story:protect": True}


def given_later(zone_id: str = ZONE) -> dict[str, Any]:
    """What a small site gets later: a domain, autoscaling, agents, nginx, a boundary, secrets, people to tell.

    Args:
        zone_id: Hosted zone of the domain.
    """
    return {
        "aws:defaultTags": {"tags": {"Owner": "site"}},
        "permissions": {"boundary_arn": BOUNDARY},
        "application": {"secrets": {"PAYMENT_KEY": OTHER_SECRET}, "secret_key_arns": [KEY]},
        "agents": AGENTS,
        "ingress": {"domain": DOMAIN, "zone_id": zone_id},
        "web": {**LARGE, "nginx": {}, "autoscaling": {**SCALED, "requests_per_target": 1000}},
        "workers": {"default": {**LARGE, "autoscaling": SCALED}},
        "observability": {
            "emails": ["team@example.com"],
            "critical_emails": ["oncall@example.com"],
            "monthly_budget_usd": 100,
            "laravel_metrics": True,
            "slack": SLACK,
        },
    }


EVERYTHING_EDITED: dict[str, Any] = {
    # One tag is added to what is tagged already, and one is taken away from it.
    "aws:defaultTags": {"tags": {"Team": "site"}},
    "application": {
        "name": "Shop",
        "user": "app",
        "ca_bundle_path": "/etc/ssl/rds.pem",
        "queue_retry_after_seconds": 100,
        "environment": {"APP_LOCALE": "ja", "PUBLIC_TOKEN": "shown-to-all"},
        "not_secrets": ["PUBLIC_TOKEN"],
    },
    "agents": OTHER_AGENTS,
    "network": {"interface_endpoints": ["sts"]},
    "cluster": {
        "architecture": "x86_64",
        "exec": False,
        "container_insights": "enabled",
        "exec_log_retention_days": 180,
        "insights_log_retention_days": 30,
    },
    "ingress": {
        "tls_policy": "ELBSecurityPolicy-TLS13-1-3-2021-06",
        "idle_timeout_seconds": 50,
        "allowed_cidrs": ["203.0.113.0/24"],
        "access_log_retention_days": 30,
    },
    "web": {
        **OTHER_SERVICE,
        "nginx": {"image": image(9), "command": ["nginx"], "php_fpm_port": 9001},
        "command": ["php-fpm"],
        "port": 8081,
        "health_check_path": "/ready",
        "health_check_interval_seconds": 15,
        "health_check_timeout_seconds": 6,
        "health_check_grace_seconds": 90,
        "deregistration_delay_seconds": 20,
        "autoscaling": {**SCALED_OTHERWISE, "requests_per_target": 900},
        "deployment": {
            "alarms": {"errors_5xx_percent": 4.0, "errors_5xx_count": 6, "minutes": 1, "names": [ALARM]},
        },
    },
    "workers": {
        "default": {
            **OTHER_SERVICE,
            "autoscaling": SCALED_OTHERWISE,
            "queues": ["default", "late"],
            "timeout_seconds": 50,
            "tries": 4,
        },
        "mail": {"queues": ["mail"]},
    },
    "scheduler": {**OTHER_SERVICE, "cpu": 512, "memory_mib": 1024},
    "migration": {
        "cpu": 1024,
        "memory_mib": 2048,
        "ephemeral_storage_gib": 30,
        "log_retention_days": 7,
        "command": ["php", "artisan", "migrate", "--force", "--step"],
    },
    "observability": {
        "emails": ["other@example.com"],
        "critical_emails": ["night@example.com"],
        "monthly_budget_usd": 200,
        "dashboard": False,
        "exec_notifications": False,
        "slack": {"workspace_id": "T0456DEFG", "critical_channel_id": "C0123HIJK", "warning_channel_id": "C0456DEFG"},
        "event_log_retention_days": 30,
        "runbooks_url": "https://example.com/runbooks",
        "thresholds": {
            "availability_percent": 99.5,
            "availability_least_errors": 20,
            "latency_p95_seconds": 3.0,
            "no_healthy_task_minutes": 4,
            "no_healthy_zone_minutes": 20,
            "php_fpm_saturations": 2,
            "failed_tasks": 4,
            "queue_oldest_seconds": 700,
            "failed_jobs": 2,
            "heartbeat_minutes": 12,
            "cpu_percent": 80,
            "memory_percent": 80,
            "certificate_days": 20,
        },
    },
}

TAKEN_AWAY: dict[str, Any] = {
    "protect": False,
    "application": {"secrets": {}, "secret_key_arns": []},
    "agents": None,
    "network": {"interface_endpoints": []},
    "cluster": {"exec": True},
    "ingress": {"domain": None, "zone_id": None},
    "web": {
        "autoscaling": None,
        "nginx": None,
        "readonly_root_filesystem": False,
        "tasks": 2,
        "deployment": {"alarms": None},
    },
    "workers": {
        "default": {
            "autoscaling": None,
            "tasks": 2,
            "readonly_root_filesystem": False,
            "command": ["php", "artisan", "horizon"],
        },
        "mail": {"enabled": False},
    },
    "scheduler": {"readonly_root_filesystem": False},
    "observability": {
        "slack": None,
        "emails": [],
        "critical_emails": [],
        "monthly_budget_usd": None,
        "laravel_metrics": False,
        "dashboard": True,
    },
}

TESTERS = ["203.0.113.0/24"]
ROLLING: dict[str, Any] = {}
BOTH_GROUPS: dict[str, Any] = {"both_groups": True, "test_cidrs": TESTERS}
BLUE_GREEN: dict[str, Any] = {"strategy": "blue-green", "bake_time_minutes": 6, "test_cidrs": TESTERS}
CANARY: dict[str, Any] = {
    "strategy": "canary",
    "canary_percent": 10.5,
    "canary_bake_time_minutes": 2,
    "test_cidrs": TESTERS,
}
LINEAR: dict[str, Any] = {
    "strategy": "linear",
    "step_percent": 50.0,
    "step_bake_time_minutes": 1,
    "test_port": None,
}
DEPLOYMENTS = (ROLLING, BOTH_GROUPS, BLUE_GREEN, CANARY, LINEAR, ROLLING)
"""`web.deployment` of one release after the other; each is the whole of it."""


def strategies(zone_id: str = ZONE) -> Sequence[dict[str, Any]]:
    """The settings of a site that is released with one deployment strategy after the other.

    Args:
        zone_id: Hosted zone of its domain.
    """
    return [
        {
            **WITHOUT_STORES,
            "story:scheduler": {"enabled": False},
            "story:workers": {},
            "story:ingress": {"domain": DOMAIN, "zone_id": zone_id},
            # A target that counts the requests of one group is refused beside a second one.
            "story:web": {"autoscaling": {"min_tasks": 2, "max_tasks": 4}, "deployment": deployment},
        }
        for deployment in DEPLOYMENTS
    ]

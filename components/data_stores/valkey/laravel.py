"""How Laravel connects to Valkey.

Names are those of Laravel's own configuration files: github.com/laravel/laravel/tree/12.x/config
"""

from dataclasses import replace

from components.data_stores.store import Endpoint
from components.wiring import SecretRef
from settings.site import ApplicationSpec

STATE_DRIVER = "redis"


def valkey_environment(endpoint: Endpoint, application: ApplicationSpec) -> dict[str, str]:
    """The variables of the connection, without its secrets.

    Args:
        endpoint: Where it answers.
        application: When a job is given to another worker.
    """
    return {
        "REDIS_CLIENT": "phpredis",
        "REDIS_HOST": f"tls://{endpoint.host}",
        "REDIS_PORT": str(endpoint.port),
        "REDIS_QUEUE_RETRY_AFTER": str(application.queue_retry_after_seconds),
    }


def valkey_secrets(token: SecretRef) -> dict[str, SecretRef]:
    """The secrets of the connection.

    Args:
        token: Secret with the key `password`.
    """
    return {"REDIS_PASSWORD": replace(token, key="password")}

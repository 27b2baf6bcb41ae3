"""How Laravel connects to Aurora.

Names are those of Laravel's own configuration files: github.com/laravel/laravel/tree/12.x/config
"""

from dataclasses import replace

from components.data_stores.store import Endpoint
from components.wiring import SecretRef
from settings.site import ApplicationSpec

STATE_DRIVER = "database"


def aurora_environment(endpoint: Endpoint, application: ApplicationSpec) -> dict[str, str]:
    """The variables of the connection, without its secrets.

    Args:
        endpoint: Where it answers.
        application: Path of the CA bundle, and when a job is given to another worker.
    """
    readers = {"DB_READ_HOST": endpoint.reader_host} if endpoint.reader_host else {}
    return {
        "DB_CONNECTION": "mysql",
        "DB_HOST": endpoint.host,
        "DB_PORT": str(endpoint.port),
        "DB_DATABASE": endpoint.database,
        "DB_QUEUE_RETRY_AFTER": str(application.queue_retry_after_seconds),
        "MYSQL_ATTR_SSL_CA": application.ca_bundle_path,
        **readers,
    }


def aurora_secrets(user: SecretRef) -> dict[str, SecretRef]:
    """The secrets of the connection.

    Args:
        user: Secret of the application's own user, with the keys `username` and `password`.
    """
    return {"DB_USERNAME": replace(user, key="username"), "DB_PASSWORD": replace(user, key="password")}

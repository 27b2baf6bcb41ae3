"""How Laravel connects to DocumentDB.

Names are those of mongodb.com/docs/drivers/php/laravel-mongodb
"""

from dataclasses import replace

from components.data_stores.store import Endpoint
from components.wiring import SecretRef
from settings.site import ApplicationSpec


def documentdb_environment(endpoint: Endpoint, application: ApplicationSpec) -> dict[str, str]:
    """The variables of the connection, without its secrets.

    Args:
        endpoint: Where it answers.
        application: Path of the CA bundle.
    """
    bundle = application.ca_bundle_path
    options = f"tls=true&tlsCAFile={bundle}&replicaSet=rs0&readPreference=secondaryPreferred&retryWrites=false"
    return {
        "MONGODB_URI": f"mongodb://{endpoint.host}:{endpoint.port}/?{options}",
        "MONGODB_DATABASE": endpoint.database,
    }


def documentdb_secrets(user: SecretRef) -> dict[str, SecretRef]:
    """The secrets of the connection.

    Args:
        user: Secret of the application's own user, with the keys `username` and `password`.
    """
    return {"MONGODB_USERNAME": replace(user, key="username"), "MONGODB_PASSWORD": replace(user, key="password")}

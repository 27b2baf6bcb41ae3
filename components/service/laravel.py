"""Laravel's environment: which variable tells the framework what."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from components.wiring import SecretRef
from settings.rules.secret_reference import secret_reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a store answers.

    Attributes:
        host: Host name of the primary or writer.
        port: TCP port.
        database: Name of the database; empty for Valkey.
        reader_host: Host name of the readers, if there are some.
    """

    host: str
    port: int
    database: str = ""
    reader_host: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What an application needs to know of the stack that it runs in.

    Attributes:
        stack: Name of the stack; it becomes `APP_ENV`.
        name: `APP_NAME`.
        url: Where visitors find the site.
        region: AWS region.
        bucket: Bucket of uploaded files.
        trusted_proxies: Range of addresses from which `X-Forwarded-*` is believed: the load balancer's.
        ca_bundle_path: Path in the image of the CA bundle for RDS and DocumentDB.
        queue_retry_after_seconds: When a job that was not finished is given to another worker.
        aurora, valkey, documentdb: The stores, or None.
    """

    stack: str
    name: str
    url: str
    region: str
    bucket: str
    trusted_proxies: str
    ca_bundle_path: str
    queue_retry_after_seconds: int
    aurora: Endpoint | None = None
    valkey: Endpoint | None = None
    documentdb: Endpoint | None = None


def laravel_environment(site: Site) -> dict[str, str]:
    """The environment of every task of the site, without its secrets (those are `laravel_secrets`).

    Names are those of Laravel's own configuration files: github.com/laravel/laravel/tree/12.x/config; of MongoDB's
    those of mongodb.com/docs/drivers/php/laravel-mongodb. Without Valkey, sessions, cache and jobs are in Aurora;
    without both, sessions are in cookies and jobs run at once.
    """
    return {
        "APP_NAME": site.name,
        "APP_ENV": site.stack,
        "APP_DEBUG": "false",
        "APP_URL": site.url,
        "APP_MAINTENANCE_DRIVER": "cache",
        "AWS_BUCKET": site.bucket,
        "AWS_DEFAULT_REGION": site.region,
        "FILESYSTEM_DISK": "s3",
        "LOG_CHANNEL": "stderr",
        "TRUSTED_PROXIES": site.trusted_proxies,
        **_state(site),
        **_aurora(site),
        **_valkey(site),
        **_documentdb(site),
    }


def laravel_secrets(
    *, app_key: SecretRef, aurora: SecretRef | None, valkey: SecretRef | None, documentdb: SecretRef | None
) -> dict[str, SecretRef]:
    """The secrets of every task of the site, by the variable that holds them.

    Args:
        app_key: The application's key.
        aurora, documentdb: Secret of the application's own user, with the keys `username` and `password`, or None.
        valkey: Secret with the key `password`, or None.
    """
    return {
        "APP_KEY": app_key,
        **(
            {"DB_USERNAME": replace(aurora, key="username"), "DB_PASSWORD": replace(aurora, key="password")}
            if aurora
            else {}
        ),
        **({"REDIS_PASSWORD": replace(valkey, key="password")} if valkey else {}),
        **(
            {
                "MONGODB_USERNAME": replace(documentdb, key="username"),
                "MONGODB_PASSWORD": replace(documentdb, key="password"),
            }
            if documentdb
            else {}
        ),
    }


def given_secrets(secrets: Mapping[str, str]) -> dict[str, SecretRef]:
    """Secrets that the settings name, by the variable that holds them; see `specs.secret_reference` for the forms."""
    return {name: _given(secrets[name]) for name in sorted(secrets)}


def _given(reference: str) -> SecretRef:
    named = secret_reference(reference)
    return SecretRef(arn=named.arn, key=named.key, stage=named.stage, version=named.version)


def _state(site: Site) -> dict[str, str]:
    shared = "redis" if site.valkey else "database" if site.aurora else None
    return {
        "APP_MAINTENANCE_STORE": shared or "array",
        "CACHE_STORE": shared or "array",
        "QUEUE_CONNECTION": shared or "sync",
        "SESSION_DRIVER": shared or "cookie",
        "SESSION_SECURE_COOKIE": "true" if site.url.startswith("https://") else "false",
    }


def _aurora(site: Site) -> dict[str, str]:
    if not site.aurora:
        return {}
    readers = {"DB_READ_HOST": site.aurora.reader_host} if site.aurora.reader_host else {}
    return {
        "DB_CONNECTION": "mysql",
        "DB_HOST": site.aurora.host,
        "DB_PORT": str(site.aurora.port),
        "DB_DATABASE": site.aurora.database,
        "DB_QUEUE_RETRY_AFTER": str(site.queue_retry_after_seconds),
        "MYSQL_ATTR_SSL_CA": site.ca_bundle_path,
        **readers,
    }


def _valkey(site: Site) -> dict[str, str]:
    if not site.valkey:
        return {}
    return {
        "REDIS_CLIENT": "phpredis",
        "REDIS_HOST": f"tls://{site.valkey.host}",
        "REDIS_PORT": str(site.valkey.port),
        "REDIS_QUEUE_RETRY_AFTER": str(site.queue_retry_after_seconds),
    }


def _documentdb(site: Site) -> dict[str, str]:
    if not site.documentdb:
        return {}
    options = (
        f"tls=true&tlsCAFile={site.ca_bundle_path}&replicaSet=rs0&readPreference=secondaryPreferred&retryWrites=false"
    )
    return {
        "MONGODB_URI": f"mongodb://{site.documentdb.host}:{site.documentdb.port}/?{options}",
        "MONGODB_DATABASE": site.documentdb.database,
    }

"""Laravel's environment: which variable tells the framework what."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from components.wiring import SecretRef
from settings.rules.secret_reference import secret_reference

STATE_DRIVERS = ("redis", "database")
"""Where sessions, cache and jobs are: in the first of these that the stack has."""


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
        connections: Variables by which it connects to its stores.
        state_drivers: Laravel's names of those stores that can hold sessions, cache and jobs.
    """

    stack: str
    name: str
    url: str
    region: str
    bucket: str
    trusted_proxies: str
    connections: Mapping[str, str] = field(default_factory=dict[str, str])
    state_drivers: Collection[str] = ()


def laravel_environment(site: Site) -> dict[str, str]:
    """The environment of every task of the site, without its secrets.

    Names are those of Laravel's own configuration files: github.com/laravel/laravel/tree/12.x/config. Without Valkey,
    sessions, cache and jobs are in Aurora; without both, sessions are in cookies and jobs run at once.
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
        **site.connections,
    }


def given_secrets(secrets: Mapping[str, str]) -> dict[str, SecretRef]:
    """Secrets that the settings name, by the variable that holds them; see `specs.secret_reference` for the forms."""
    return {name: _given(secrets[name]) for name in sorted(secrets)}


def _given(reference: str) -> SecretRef:
    named = secret_reference(reference)
    return SecretRef(arn=named.arn, key=named.key, stage=named.stage, version=named.version)


def _state(site: Site) -> dict[str, str]:
    shared = next((driver for driver in STATE_DRIVERS if driver in site.state_drivers), None)
    return {
        "APP_MAINTENANCE_STORE": shared or "array",
        "CACHE_STORE": shared or "array",
        "QUEUE_CONNECTION": shared or "sync",
        "SESSION_DRIVER": shared or "cookie",
        "SESSION_SECURE_COOKIE": "true" if site.url.startswith("https://") else "false",
    }

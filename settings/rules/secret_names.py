"""Which environment variables hold secrets, judged by their whole names and by their values."""

import re
from collections.abc import Collection, Iterator, Mapping

SECRET_WORDS = (
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "TOKEN",
    "PRIVATE",
    "CREDENTIAL",
    "API_KEY",
    "APIKEY",
    "ACCESS_KEY",
    "LICENSE_KEY",
    "ENCRYPTION_KEY",
    "SIGNING_KEY",
    "MASTER_KEY",
    "APP_KEY",
    "APP_PREVIOUS_KEYS",
)
SECRET_LAST_WORDS = frozenset(("PASS", "PWD", "SALT"))
INNOCENT = re.compile(r"SECRETAR(Y|IES|IAT)|TOKENI[SZ][A-Z]*|PASSWORDLESS|PRIVATELINK")
PUBLIC_NAMES = frozenset({"PUSHER_APP_KEY", "REVERB_APP_KEY"})
"""They identify an application and are sent to each browser:
pusher.com/docs/channels/library_auth_reference/auth-signatures (the key, as against the secret) and
laravel.com/docs/12.x/reverb#application-credentials"""
PUBLIC_PREFIXES = ("VITE_", "MIX_")
"""Compiled into the scripts of the pages: laravel.com/docs/12.x/vite#environment-variables"""
MEASURES = {
    *("TIMEOUT", "TTL", "LIFETIME", "EXPIRY", "EXPIRATION", "EXPIRE", "EXPIRES", "EXPIRES_IN", "LEEWAY", "GRACE"),
    *("DAYS", "HOURS", "MINUTES", "SECONDS", "LENGTH", "MIN", "MAX", "SIZE", "COUNT", "LIMIT", "ATTEMPTS", "HISTORY"),
    *("ROUNDS", "COST", "THROTTLE", "ENABLED", "DISABLED", "REQUIRED"),
}
"""Last words of names whose values are numbers, times or truths: `AUTH_PASSWORD_TIMEOUT`."""
LABELS = {
    *("BROKER", "DRIVER", "PROVIDER", "GUARD", "STORE", "CONNECTION", "DISK", "BUCKET", "TABLE", "COLUMN", "FIELD"),
    *("NAME", "HEADER", "PREFIX", "COOKIE", "ALGORITHM", "ALGO", "TYPE", "POLICY", "STRATEGY", "MODE", "VERSION"),
    *("URL", "URI", "ENDPOINT", "PATH", "ROUTE", "ARN", "ISSUER", "AUDIENCE"),
}
"""Last words of names whose values say where or how: `AUTH_PASSWORD_BROKER`."""
MEASURE = re.compile(r"[0-9]+([.,][0-9]+)?\s?[A-Za-z]{0,8}|P(T?[0-9]+[A-Z])+|true|false|on|off|yes|no", re.IGNORECASE)
NOTHING = re.compile(r"|null|\(null\)|true|false|\(empty\)|empty", re.IGNORECASE)
"""What Laravel reads as no text: laravel.com/docs/12.x/configuration#environment-variable-types"""
SECRET_VALUE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}"
    r"|\bgithub_pat_[A-Za-z0-9_]{20,}"
    r"|\bxox[a-z]-[A-Za-z0-9-]{10,}"
    r"|\bbase64:[A-Za-z0-9+/]{22,}={0,2}"
    r"|\b[rs]k_(?:live|test)_[A-Za-z0-9]{10,}"
    r"|\bwhsec_[A-Za-z0-9+/=]{10,}"
    r"|\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"
    r"|\bhooks\.slack\.com/services/[A-Za-z0-9/]+"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*",
    re.DOTALL,
)
"""Text that is a secret by its form, whatever it is called."""
PASSWORD_IN_URL = re.compile(r"(?<=://)[^\s/:@]*:[^\s/@]+@")
BOUNDS = frozenset(("MAX", "MIN"))
"""Words that make a number of a name wherever they stand: `OPENAI_MAX_TOKENS`."""
RANDOM = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9+=!#$%^&*~-]{16,}")


OWN_SECRETS = {
    "": ("APP_KEY",),
    "aurora": ("DB_USERNAME", "DB_PASSWORD"),
    "valkey": ("REDIS_PASSWORD",),
    "documentdb": ("MONGODB_USERNAME", "MONGODB_PASSWORD"),
}
"""The secrets that the program gives every task of the site, by the store that they belong to."""


def looks_secret(name: str) -> bool:
    """Whether an environment variable of this name holds a secret, judged by the name alone.

    A word such as `PASSWORD` in it says so, unless the whole name or its last word says that it is something else.
    """
    return _names_a_secret(name) and not (_is_measure(name) or _is_label(name))


def holds_secret(name: str, value: str) -> bool:
    """Whether an environment variable holds a secret, judged by its name and by its value.

    A value such as `null` or `true` is none under any name. A value that has the form of a secret (a private key, a
    URL with a password) is one under any name. Where the name says that it is a number or a label beside a secret, the
    value has to agree.
    """
    if NOTHING.fullmatch(value):
        return False
    if SECRET_VALUE.search(value) or PASSWORD_IN_URL.search(value):
        return True
    if not _names_a_secret(name):
        return False
    if _is_measure(name):
        return not MEASURE.fullmatch(value)
    return bool(RANDOM.fullmatch(value)) if _is_label(name) else True


def plain_secrets(environment: Mapping[str, str], not_secrets: Collection[str]) -> Iterator[str]:
    """The variables that hold secrets in plain text.

    Args:
        environment: Variables with their values.
        not_secrets: Variables that are said to be none.
    """
    yield from (name for name, value in environment.items() if name not in not_secrets and holds_secret(name, value))


def _names_a_secret(name: str) -> bool:
    upper = name.upper()
    if upper in PUBLIC_NAMES or upper.startswith(PUBLIC_PREFIXES) or upper == "PWD":
        return False
    last = upper.rpartition("_")[2]
    return last in SECRET_LAST_WORDS or any(word in INNOCENT.sub("", upper) for word in SECRET_WORDS)


def _is_measure(name: str) -> bool:
    words = name.upper().split("_")
    return bool({words[-1], "_".join(words[-2:])} & MEASURES or set(words) & BOUNDS)


def _is_label(name: str) -> bool:
    return name.upper().rpartition("_")[2] in LABELS

"""Which environment variables hold secrets, judged by the words of their names and by their values."""

import re
from collections.abc import Collection, Iterator, Mapping
from enum import Enum, auto

from settings.rules.secret_values import UUID, has_secret_form, is_plain, looks_random, says_nothing, says_where

SECRET_ENDINGS = (
    *("PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "CREDENTIAL", "CREDS", "PEPPER"),
    *("APIKEY", "SECRETKEY", "ACCESSKEY", "PRIVATEKEY", "LICENSEKEY", "MASTERKEY", "ENCRYPTIONKEY"),
)
"""Ends of words that name a secret wherever they stand in a name: `DB_PASSWORD`, `DBPASSWORD`, `REFRESH_TOKENS`."""
SECRET_LAST_WORDS = {"PASS", "PWD", "PIN", "SALT"}
"""Words that name a secret at the end of a name only: `SMTP_PASS`, but not `PASS_THROUGH`."""
KEY_OWNERS = (
    *("API", "APP", "ACCESS", "ACCOUNT", "ADMIN", "AUTH", "DEPLOY", "ENCRYPTION", "HMAC", "JWT", "LICENSE", "LICENCE"),
    *("MASTER", "PREVIOUS", "PRIVATE", "ROOT", "SECRET", "SERVER", "SHARED", "SIGNING", "SSH", "SSL", "TLS", "WEBHOOK"),
    *("ABLY", "ANTHROPIC", "DEEPL", "GEMINI", "GROQ", "MAILGUN", "MANDRILL", "MEILI", "MEILISEARCH", "MISTRAL"),
    *("OPENAI", "POSTMARK", "RESEND", "SENDGRID", "SPARKPOST", "TYPESENSE"),
)
"""Ends of the word before `KEY` that make the key a secret: `STRIPE_API_KEY`, `ABLY_KEY`. Of other keys, such as
`CACHE_KEY`, the value decides."""
DOUBTFUL_LAST_WORDS = {"KEY", "KEYS", "PRIVATE", "AUTH", "AUTHORIZATION", "BEARER", "HMAC", "LICENSE", "SEED"}
"""Last words of names that hold a secret where the value is random: `STORAGE_S3_KEY`, but not `CACHE_KEY`."""
SECRET_IDENTIFIERS = (("ACCESS", "KEY", "ID"), ("SECRET", "ID"))
"""An access key of AWS is given whole or not at all; the secret id of Vault's AppRole is a password:
developer.hashicorp.com/vault/api-docs/auth/approle"""
QUALIFIERS = {
    *("OLD", "NEW", "PREVIOUS", "CURRENT", "NEXT", "PROD", "PRODUCTION", "STAGING", "DEV", "DEVELOPMENT", "TEST"),
    *("TESTING", "LOCAL", "LIVE", "SANDBOX", "PRIMARY", "SECONDARY", "ADMIN", "ROOT", "MASTER", "DEFAULT"),
    *("VALUE", "STRING", "TEXT", "PLAIN", "BASE64", "B64", "HEX", "JSON"),
}
"""Last words, beside numbers, that change nothing about what a name means: `CLIENT_SECRET_2`, `DB_PASSWORD_PROD`."""
PUBLIC_NAMES = (
    *(("PUSHER", "KEY"), ("PUSHER", "APP", "KEY"), ("REVERB", "APP", "KEY"), ("DROPBOX", "APP", "KEY")),
    *(("ALGOLIA", "SEARCH", "API", "KEY"), ("CLIENT", "SIDE", "TOKEN"), ("KMS", "KEY")),
    *(("PUBLIC", "API", "KEY"), ("PUBLISHABLE", "API", "KEY"), ("PUBLIC", "TOKEN"), ("SEARCH", "ONLY", "KEY")),
    *(("PUBLIC", "KEY"), ("PUBLISHABLE", "KEY"), ("SITE", "KEY"), ("SEARCH", "KEY"), ("PUBLIC", "KEYS")),
)
"""Ends of names whose values are sent to each browser or are halves that are published:
pusher.com/docs/channels/library_auth_reference/auth-signatures (the key, as against the secret),
laravel.com/docs/12.x/reverb#application-credentials, developer.paddle.com/paddlejs/client-side-tokens,
dropbox.github.io/dropbox-sdk-java/api-docs/v7.1.0/com/dropbox/core/DbxPKCEWebAuth.html (the key without the secret),
www.algolia.com/doc/guides/security/api-keys, and the number of a key of KMS"""
PUBLIC_PREFIXES = ("VITE_", "MIX_")
"""Compiled into the scripts of the pages: laravel.com/docs/12.x/vite#environment-variables"""
SWITCHES = {
    *("MAX", "MIN", "ENABLE", "DISABLE", "ALLOW", "REQUIRE", "USE", "FORCE", "SHOW", "HIDE", "IS", "HAS", "WITH"),
    *("SUPPORTS", "VERIFY", "CHECK", "SKIP", "IGNORE", "LOG"),
}
"""Words that make a number or a truth value of a name wherever they stand: `OPENAI_MAX_TOKENS`."""
MEASURES = {
    *("TIMEOUT", "TTL", "LIFETIME", "EXPIRY", "EXPIRATION", "EXPIRE", "LEEWAY", "GRACE", "PERIOD", "INTERVAL"),
    *("AFTER", "BEFORE", "PER", "AGE", "DELAY", "DURATION", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "YEAR"),
    *("LENGTH", "SIZE", "COUNT", "LIMIT", "QUOTA", "ATTEMPT", "RETRY", "HISTORY", "ROUND", "COST", "MEMORY", "THREAD"),
    *("TIME", "THROTTLE", "RATE", "DECAY", "ENABLED", "DISABLED", "REQUIRED", "ALLOWED", "MIN", "MAX"),
    *("REFRESH", "ROTATION", "REUSE", "UNCOMPROMISED", "MIXED", "NUMBER", "LETTER", "SYMBOL", "SYNC"),
}
"""Words after the word for the secret that make a number or a truth value of the name: `AUTH_PASSWORD_TIMEOUT`."""
LABELS = {
    *("BROKER", "DRIVER", "PROVIDER", "GUARD", "STORE", "CONNECTION", "DISK", "BUCKET", "TABLE", "COLUMN", "FIELD"),
    *("NAME", "HEADER", "PREFIX", "SUFFIX", "COOKIE", "ALGORITHM", "ALGO", "TYPE", "POLICY", "STRATEGY", "MODE"),
    *("VERSION", "URL", "URI", "ENDPOINT", "PATH", "ROUTE", "ARN", "ISSUER", "AUDIENCE", "FILE", "FILENAME", "DIR"),
    *("DIRECTORY", "FOLDER", "HASHER", "HASHING", "HASH", "MANAGER", "REGION", "SCOPE", "ABILITY", "MODEL", "CLASS"),
    *("HOST", "DOMAIN", "PORT", "BACKEND", "ENGINE", "METHOD", "ACTION", "VIEW", "TEMPLATE", "SUBJECT", "SENDER"),
    *("ADDRESS", "FORMAT", "ENCODING", "RULE", "REGEX", "PATTERN", "CHARSET", "CHARACTER", "ALPHABET", "LEVEL"),
    *("QUEUE", "CHANNEL", "NAMESPACE", "LOCATION", "SOURCE", "GENERATOR", "VALIDATOR", "CHECKER", "RESOLVER"),
    *("PARAMETER", "PARAM", "ATTRIBUTE", "CLAIM", "MIDDLEWARE", "LABEL", "TITLE", "MESSAGE", "DESCRIPTION", "HELP"),
    *("GRANT", "ORIGIN", "LOCALE", "LANGUAGE", "CIPHER", "ALG", "STORAGE", "CACHE", "ADAPTER", "HANDLER", "ENCODER"),
    *("STRENGTH", "COMPLEXITY", "QUERY", "LOOKUP", "PROFILE", "OPTION", "FLOW", "LIST", "DATABASE", "SCHEMA"),
    *("STAGE", "ENCRYPTION", "NOTIFICATION", "VALIDATION", "REQUIREMENT"),
}
"""Last words of names whose values say where or how: `AUTH_PASSWORD_BROKER`, `TOKEN_SCOPES`."""
IDENTIFIERS = {"ID", "UID", "UUID", "KID", "FINGERPRINT", "THUMBPRINT"}
"""Last words of names whose values are random and public: `API_KEY_ID`."""

OWN_SECRETS = {
    "": ("APP_KEY",),
    "aurora": ("DB_USERNAME", "DB_PASSWORD"),
    "valkey": ("REDIS_PASSWORD",),
    "documentdb": ("MONGODB_USERNAME", "MONGODB_PASSWORD"),
}
"""The secrets that the program gives every task of the site, by the store that they belong to."""


class NameMeaning(Enum):
    """What a name says about its value."""

    PLAIN = auto()
    """Nothing about a secret, or that it is public."""
    SECRET = auto()
    """It is a secret."""
    DOUBTFUL = auto()
    """It is a secret if it is random."""
    MEASURE = auto()
    """It is a number, a time or a truth value about a secret."""
    LABEL = auto()
    """It is a word about a secret: where it is, how it is made."""
    OTHER = auto()
    """It has to do with a secret, and no word says how."""


def looks_secret(name: str) -> bool:
    """Whether an environment variable of this name holds a secret, judged by the name alone.

    Args:
        name: Name of a variable, its words separated by `_`.
    """
    return _meaning_of(name) in (NameMeaning.SECRET, NameMeaning.OTHER)


def holds_secret(name: str, value: str) -> bool:
    """Whether an environment variable holds a secret, judged by its name and by its value.

    A value that has the form of a secret (a private key, a URL with a password) is one under every name; `null`, `true`
    and public keys are none under any name. For all others the name says which values are secrets.

    Args:
        name: Name of a variable, its words separated by `_`.
        value: Its value.
    """
    if has_secret_form(value):
        return True
    if says_nothing(value):
        return False
    match _meaning_of(name):
        case NameMeaning.PLAIN:
            return False
        case NameMeaning.SECRET:
            return not says_where(value)
        case NameMeaning.DOUBTFUL:
            return not says_where(value) and (looks_random(value) or bool(UUID.fullmatch(value)))
        case NameMeaning.LABEL:
            return not is_plain(value) and looks_random(value)
        case NameMeaning.MEASURE | NameMeaning.OTHER:
            return not is_plain(value)


def plain_secrets(environment: Mapping[str, str], not_secrets: Collection[str]) -> Iterator[str]:
    """The variables that hold secrets in plain text.

    Args:
        environment: Variables with their values.
        not_secrets: Variables that are said to be none.
    """
    yield from (name for name, value in environment.items() if name not in not_secrets and holds_secret(name, value))


def _meaning_of(name: str) -> NameMeaning:
    upper = name.upper()
    words = _without_qualifiers([word for word in upper.split("_") if word])
    if upper.startswith(PUBLIC_PREFIXES) or upper == "PWD" or _ends(words, PUBLIC_NAMES):
        return NameMeaning.PLAIN
    if not (at := [number for number in range(len(words)) if _is_secret_word(words, number)]):
        return NameMeaning.DOUBTFUL if words and words[-1] in DOUBTFUL_LAST_WORDS else NameMeaning.PLAIN
    after = words[at[-1] + 1 :]
    if _ends(words, SECRET_IDENTIFIERS):
        return NameMeaning.SECRET
    if SWITCHES & set(words) or any(_is_one_of(word, MEASURES) for word in after):
        return NameMeaning.MEASURE
    if not after:
        return NameMeaning.SECRET
    if _is_one_of(after[-1], IDENTIFIERS):
        return NameMeaning.PLAIN
    return NameMeaning.LABEL if _is_one_of(after[-1], LABELS) else NameMeaning.OTHER


def _without_qualifiers(words: list[str]) -> list[str]:
    kept = len(words)
    while kept > 1 and (words[kept - 1].isdigit() or words[kept - 1] in QUALIFIERS):
        kept -= 1
    return words[:kept]


def _is_secret_word(words: list[str], number: int) -> bool:
    word = words[number]
    if word in ("KEY", "KEYS"):
        return number > 0 and words[number - 1].endswith(KEY_OWNERS)
    is_last = number == len(words) - 1
    return re.sub(r"[0-9]+$|S$", "", word).endswith(SECRET_ENDINGS) or (is_last and word in SECRET_LAST_WORDS)


def _is_one_of(word: str, table: Collection[str]) -> bool:
    plural = (word.removesuffix("S"), word.removesuffix("ES"), f"{word.removesuffix('IES')}Y")
    return word in table or any(singular in table for singular in plural)


def _ends(words: list[str], table: Collection[tuple[str, ...]]) -> bool:
    return any(tuple(words[-len(end) :]) == end for end in table)

"""What the value of an environment variable says: a secret by its form, plain by its form, or random."""

import re

SECRET_VALUE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|\Z)"
    r"|\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b"
    r"|\bABSK[A-Za-z0-9+/]{60,}={0,2}"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}"
    r"|\bgithub_pat_[A-Za-z0-9_]{20,}"
    r"|\bgl(?:pat|dt|rt|ptt|cbt|oas|soat|ft|imt|agent)-[A-Za-z0-9_.-]{20,}"
    r"|\bxox[a-z]-[A-Za-z0-9-]{10,}"
    r"|\bxapp-[0-9]-[A-Za-z0-9-]{10,}"
    r"|\bbase64:[A-Za-z0-9+/]{22,}={0,2}"
    r"|\b[rs]k_(?:live|test|prod)_[A-Za-z0-9]{10,}"
    r"|\bwhsec_[A-Za-z0-9+/=]{10,}"
    r"|\bsk-(?:ant|proj|svcacct|admin|or)-[A-Za-z0-9_-]{16,}"
    r"|\bsk-[A-Za-z0-9]{32,}"
    r"|\b(?:npm|pnu|gsk|r8|hf)_[A-Za-z0-9]{30,}"
    r"|\bre_[A-Za-z0-9]{6,12}_[A-Za-z0-9]{20,}"
    r"|\b(?:pplx|xai)-[A-Za-z0-9]{40,}"
    r"|\bpypi-[A-Za-z0-9_-]{50,}"
    r"|\brubygems_[a-f0-9]{40,}"
    r"|\bdo[opr]_v1_[a-f0-9]{40,}"
    r"|\bdapi[a-f0-9]{32}"
    r"|\bshp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}"
    r"|\bsntry[su]_[A-Za-z0-9+/=_]{40,}"
    r"|\bpul-[a-f0-9]{40}"
    r"|\blin_api_[A-Za-z0-9]{30,}"
    r"|\bntn_[A-Za-z0-9]{40,}"
    r"|\bxkeysib-[a-f0-9]{60,}-[A-Za-z0-9]+"
    r"|\bkey-[a-f0-9]{32}\b"
    r"|\bPMAK-[a-f0-9]{24}-[a-f0-9]{34}"
    r"|\bNRAK-[A-Z0-9]{27}\b"
    r"|\bhv[bs]\.[A-Za-z0-9_-]{24,}"
    r"|\bdp\.pt\.[A-Za-z0-9]{40,}"
    r"|\bpscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{30,}"
    r"|\bsq0(?:atp|csp)-[A-Za-z0-9_-]{20,}"
    r"|\bshippo_(?:live|test)_[a-f0-9]{40}"
    r"|\bsb_secret_[A-Za-z0-9_-]{20,}"
    r"|\bAGE-SECRET-KEY-1[A-Z0-9]{50,}"
    r"|\bLTAI[A-Za-z0-9]{20}\b"
    r"|(?<![0-9])[0-9]{8,10}:[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"
    r"|\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"
    r"|\bhooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/]+"
    r"|\bdiscord(?:app)?\.com/api/webhooks/[0-9]+/[A-Za-z0-9_-]+"
    r"|\b[a-z0-9]+\.webhook\.office\.com/webhookb2/[^\s\"']+"
    r"|\b(?:Account|SharedAccess)Key=[A-Za-z0-9+/]{20,}={0,2}"
    r"|\b(?:Bearer|Basic) (?=[^\s]*[0-9])[A-Za-z0-9+/=._~-]{16,}"
    r"|\$(?:2[aby]\$[0-9]{2}|argon2(?:i|d|id)\$v=[0-9]+)\$[^\s\"']{20,}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*",
    re.DOTALL,
)
"""Text that is a secret by its form, under every name. The forms are those that their makers publish for scanners:
docs.github.com/en/code-security/reference/secret-security/supported-secret-scanning-patterns and
github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml. `AccountKey=` is of
learn.microsoft.com/azure/storage/common/storage-configure-connection-string"""
PASSWORD_IN_URL = re.compile(r"(?<=://)[^\s/:@]*:[^\s/@]+@")
"""A Sentry DSN is a URL with a user alone, and public: docs.sentry.io/product/sentry-basics/dsn-explainer"""
PASSWORD_IN_PARAMETERS = re.compile(
    r"(?:^|[?&;,\s])(?:password|passwd|pwd|secret|client_secret|token|access_token|api_?key|sig)\s*=\s*"
    r"(?!null\b|true\b|false\b|%s)[^\s;&,{}<>:$]"
    r"|\"(?:password|passwd|pwd|secret|client_secret|token|access_token|api_?key|private_key)\"\s*:\s*\"[^\"{<$%]",
    re.IGNORECASE,
)
"""A connection string or JSON with a password, or a URL with a token; placeholders such as `{token}` are none."""
PUBLIC_VALUE = re.compile(
    r"(?:pk_(?:live|test)_|pk\.eyJ|sb_publishable_|phc_|FLWPUBK)\S+"
    r"|-----BEGIN (?:RSA )?(?:PUBLIC KEY|CERTIFICATE)-----.*",
    re.DOTALL,
)
"""Keys that are made to be public: stripe.com/docs/keys, docs.mapbox.com/help/dive-deeper/access-tokens,
supabase.com/docs/guides/getting-started/api-keys, github.com/mintlify/docs/pull/6920 (of PostHog), and certificates."""
NOTHING = re.compile(r"|null|\(null\)|true|false|\(true\)|\(false\)|\(empty\)|empty|yes|no|on|off", re.IGNORECASE)
"""What Laravel reads as no text, laravel.com/docs/12.x/configuration#environment-variable-types, and truth values."""
FILE = re.compile(
    r"file:\S+|~?/(?:app|etc|home|mnt|opt|root|run|secrets|srv|tmp|usr|var|workspace|data|config)(?:/[\w.@-]+)+/?"
)
FILE_NAME = re.compile(
    r"[\w@-][\w.@-]*\.(?:json|pem|p8|p12)"
    r"|(?:~|\.{1,2})?/?(?:[\w.@-]+/)+[\w@-][\w.@-]*\.(?:json|ya?ml|pem|key|pub|crt|cer|der|p8|p12|pfx|jks|txt|php|ini)"
)
ADDRESS = re.compile(r"(?:https?|s3|gs|tcp|tls|rediss?|mysql|mongodb|pgsql|postgres(?:ql)?|ldaps?|smtp)://\S+")
ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:\S+")
REFERENCE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")
UNITS = r"ms|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?|months?|y|years?|%|[kmg]i?b?|bytes?|bits?"
PLAIN = re.compile(
    rf"-?[0-9]{{1,10}}(?:[.,][0-9]+)?\s?(?:{UNITS})?"
    r"|P(?=[T0-9])(?:[0-9]+[YMWD])*(?:T(?:[0-9]+[HMS])+)?"
    r"|(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?:/[0-9]{1,2}|:[0-9]{1,5})?"
    r"|(?=[0-9a-f:]*:[0-9a-f:]*:)[0-9a-f:]{2,39}(?:/[0-9]{1,3})?"
    r"|[a-z]{2}(?:-[a-z]+)+-[0-9]"
    r"|(?:[a-z0-9-]+\.)+[a-z]{2,}(?::[0-9]{1,5})?"
    r"|[a-z0-9._+-]+@(?:[a-z0-9-]+\.)+[a-z]{2,}"
    r"|\\?[A-Za-z_]\w*(?:\\\w+)+(?:::\w+)?"
    r"|/(?:[\w.@{}-]+/)*[\w.@{}-]*"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]{4,}(?:Z|[+-][0-9:]{4,5})?)?"
    r"|[*?](?:/[0-9]{1,2})?",
    re.IGNORECASE,
)
"""Numbers, dates, parts of a cron expression, durations, sizes, IP addresses and ranges, regions, host names, e-mail
addresses, classes of PHP and paths."""
LIST_OF_WORDS = re.compile(r"[a-z_.-]+(?:\s*,\s*[a-z_.-]+)+")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
WORDS = re.compile(r"[A-Z]*[a-z]+|[A-Z]+|[0-9]+")
RANDOM_LENGTH, WORD_LENGTH = 16, 4
"""Letters and digits that are together this long, and whose words and numbers are shorter than this on average, are
taken for random: `kJ8s0dKq1PzW3nVb`, but not `PersonalAccessToken`."""
GENERATED = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])(?=.*[!#$%^&*~+=])[A-Za-z0-9!#$%^&*~+=-]{12,}")


def has_secret_form(value: str) -> bool:
    """Whether the value is, or contains, a secret whatever it is called: a private key, a URL with a password."""
    return any(form.search(value) for form in (SECRET_VALUE, PASSWORD_IN_URL, PASSWORD_IN_PARAMETERS))


def says_nothing(value: str) -> bool:
    """Whether the value is empty, a truth value, or a key that its maker calls public."""
    return bool(NOTHING.fullmatch(value) or PUBLIC_VALUE.fullmatch(value))


def says_where(value: str) -> bool:
    """Whether the value says where something is: a file, a URL, an ARN, another variable."""
    named = FILE_NAME.fullmatch(value) and not looks_random(value)
    return bool(named) or any(form.fullmatch(value) for form in (FILE, ADDRESS, ARN, REFERENCE))


def is_plain(value: str) -> bool:
    """Whether the value, or each part of a list, is a number, a duration, an address, a region, a class, a path."""
    if LIST_OF_WORDS.fullmatch(value):
        return True
    return _part_is_plain(value.strip()) or all(map(_part_is_plain, re.split(r"[\s,;|]+", value.strip())))


def looks_random(value: str) -> bool:
    """Whether a part of the value is no word of a language: 16 letters and digits mixed, or as a generator writes."""
    return bool(GENERATED.fullmatch(value)) or any(
        len(part) >= RANDOM_LENGTH and len(part) < WORD_LENGTH * len(WORDS.findall(part))
        for part in re.split(r"[^A-Za-z0-9]+", value)
    )


def _part_is_plain(part: str) -> bool:
    return says_nothing(part) or says_where(part) or (bool(PLAIN.fullmatch(part)) and not looks_random(part))

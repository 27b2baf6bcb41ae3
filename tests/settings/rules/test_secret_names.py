"""Which environment variables hold secrets: tables of variables as they stand in the files of real applications."""

from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings.rules.secret_names import LABELS, MEASURES, holds_secret, looks_secret, plain_secrets

RANDOM = "kJ8s0dKq1PzW3nVb7yTx"
HEX = "9f86d081884c7d659a2feaa0c55ad015"
UUID = "3f2b1c9e-5d4a-4e7b-8c61-0a9d8e7f6b5c"
SECRETS = (
    *("DB_PASSWORD", "REDIS_PASSWORD", "MAIL_PASSWORD", "DBPASSWORD", "PASSWORD", "SMTP_PASS", "DB_PWD"),
    *("ADMIN_PASSWD", "STRIPE_SECRET", "stripe_secret", "AWS_SECRET_ACCESS_KEY", "PUSHER_APP_SECRET"),
    *("REVERB_APP_SECRET", "JWT_SECRET", "SESSION_SECRET", "CLIENT_SECRET_2", "GITHUB_CLIENT_SECRET"),
    *("STRIPE_WEBHOOK_SECRET", "API_TOKEN", "MACKEREL_APIKEY_TOKEN", "GITHUB_TOKEN", "ACCESS_TOKEN"),
    *("REFRESH_TOKENS", "APP_KEY", "APP_PREVIOUS_KEYS", "OPENAI_API_KEY", "MACKEREL_APIKEY"),
    *("NEW_RELIC_LICENSE_KEY", "AWS_ACCESS_KEY_ID", "PASSPORT_PRIVATE_KEY", "VAPID_PRIVATE_KEY"),
    *("MEILI_MASTER_KEY", "ENCRYPTION_KEY", "JWT_SIGNING_KEY", "GOOGLE_CREDENTIALS", "SSH_PASSPHRASE"),
    *("HASHIDS_SALT", "PASSWORD_2", "TOKEN", "SECRET", "VAULT_SECRET_ID", "DB_PASSWORD_PROD", "ACCESSTOKEN"),
    *("ABLY_KEY", "MEILISEARCH_KEY", "RESEND_KEY", "ANTHROPIC_KEY", "PUBLIC_AWS_SECRET_ACCESS_KEY"),
)
"""Names that hold a secret whatever short text is their value."""
ACCEPTED = (
    *(("TOKEN_URL", f"https://example.com/{RANDOM}"), ("TOKEN_CLASSES", "Parser"), ("TOKEN_MOUNT", "/v1/tokens")),
    *(("SECRETS_AREA", "ap-northeast-1"), ("API_KEY_IDS", f"{RANDOM},{HEX}")),
    *(("TOKEN_MODEL", "App\\Models\\PersonalAccessToken"), ("PASSWORD_REQUIREMENTS", "uppercase,lowercase,number")),
    *(
        ("SECRET_SANTA_DATE", "2026-12-24"),
        ("TOKEN_VALID_UNTIL", "2026-12-31T00:00:00Z"),
        ("SECRET_STAGE", "AWSCURRENT"),
    ),
    *(("TOKEN_PRUNE_CRON", "*/5 * * * *"), ("TOKEN_WANTED", "read,write"), ("PASSWORD_RESET_NOTIFICATION", "mail")),
    *(("TOKEN_STORAGE", "cache"), ("JWT_SECRET_ALG", "RS256"), ("PASSWORD_STRENGTH", "strong"), ("AWS_KMS_KEY", UUID)),
    *(("PADDLE_CLIENT_SIDE_TOKEN", "live_7d279f61a3499fed520f7cd8c08"), ("DOCKER_SECRETS", f"/run/secrets/{HEX}.json")),
    # Laravel and its packages
    *(("AUTH_PASSWORD_BROKER", "users"), ("AUTH_PASSWORD_BROKERS", "users"), ("AUTH_PASSWORD_TIMEOUT", "10800")),
    *(("AUTH_PASSWORD_RESET_TOKEN_TABLE", "password_reset_tokens"), ("AUTH_MODEL", "App\\Models\\User")),
    *(("SANCTUM_TOKEN_PREFIX", "story_"), ("SANCTUM_TOKEN_EXPIRATION", "60"), ("CSRF_TOKEN_NAME", "_token")),
    *(("JWT_SECRET_TTL", "1h"), ("JWT_REFRESH_TTL", "20160"), ("ACCESS_TOKEN_EXPIRES_IN", "3600")),
    *(("REDIS_PASSWORD", "null"), ("MAIL_PASSWORD", ""), ("DB_PASSWORD", "(null)"), ("LDAP_PASS", "false")),
    *(("PASSWORD_CONFIRM_TIMEOUT", "10800"), ("RESET_PASSWORD_LINK_EXPIRES", "15"), ("APP_CIPHER", "AES-256-CBC")),
    *(("PASSWORD_RESET_MAX_ATTEMPTS_PER_MIN", "50"), ("API_TOKEN_EXPIRATION_YEARS", "15"), ("APP_LOCALE", "ja")),
    *(("CORS_SUPPORTS_CREDENTIALS", "1"), ("SESSION_DRIVER", "redis"), ("CACHE_PREFIX", "story"), ("PWD", "/app")),
    # Numbers, durations and truth values
    *(("PASSWORD_GRACE_PERIOD", "30"), ("PASSWORD_EXPIRES_AFTER", "90"), ("TOKEN_REFRESH_INTERVAL", "60")),
    *(("TOKENS_PER_MINUTE", "1000"), ("PASSWORD_RESETS_PER_HOUR", "5"), ("ENABLE_TOKEN_REFRESH", "1")),
    *(("PASSWORD_UNCOMPROMISED", "1"), ("APP_PRIVATE", "0"), ("PASSWORD_MIN_LENGTH", "12"), ("TOKEN_TTL", "P7D")),
    *(("OPENAI_MAX_TOKENS", "4096"), ("TWO_FACTOR_SECRET_LENGTH", "32"), ("PASSWORD_HISTORY_COUNT", "5")),
    *(
        ("PASSWORD_RESET_ENABLED", "true"),
        ("REQUIRE_PASSWORD", "1"),
        ("PASSWORD_ZXCVBN", "3"),
        ("TOKEN_AGE", "2 weeks"),
    ),
    *(("SECRET_ROTATION_DAYS", "30 days"), ("MYSQL_ALLOW_EMPTY_PASSWORD", "yes"), ("TOKEN_LEEWAY", "1.5s")),
    *(("SECRETS_CACHE_SIZE", "16MB"), ("TOKEN_LIFETIME", "PT15M"), ("CREDENTIALS_TIMEOUT", "-1")),
    # Words about a secret
    *(("PASSWORD_HASHER", "argon"), ("PASSWORD_HASHING", "bcrypt"), ("TOKEN_SCOPES", "read write")),
    *(("TOKEN_ABILITIES", "read,write"), ("API_KEY_HEADER", "X-Api-Key"), ("JWT_SECRET_ALGO", "HS256")),
    *(("SECRET_NAME", "prod/stripe"), ("SECRETS_MANAGER", "aws"), ("PASSWORD_POLICIES", "strict")),
    *(("PASSWORD_RULES", "min:8 mixed numbers"), ("PASSWORD_REGEX", "^(?=.*[A-Z])(?=.*[0-9]).{8,}$")),
    *(("PASSWORD_CHECKER_CLASS", "App\\Auth\\Checker"), ("TOKEN_PARSER", "App\\Tokens\\Parser::class")),
    *(("TOKEN_ISSUER", "https://login.example.com/3f2b1c9e-5d4a-4e7b-8c61-0a9d8e7f6b5c/v2.0"),),
    *(("TOKEN_AUDIENCE", UUID), ("ACCESS_TOKEN_COOKIE", "session-2026-access-token-v2"), ("TOKEN_TYPE", "Bearer")),
    *(("TOKENIZER", "mecab"), ("SECRETARY_EMAIL", "a@example.com"), ("PASSWORDLESS_LOGIN", "1"), ("PRIVATELINK", "x")),
    # Where something is
    *(("SECRET_MANAGER_REGION", "ap-northeast-1"), ("SECRETS_REGIONS", "us-gov-west-1,ap-northeast-3")),
    *(("PRIVATE_IP", "10.0.0.5"), ("PRIVATE_NETWORK_CIDR", "10.0.0.0/16"), ("TOKEN_IPS", "10.0.0.5, 10.0.0.6")),
    *(("PRIVATE_SUBNETS", "subnet-0a1b2c3d4e5f67890"), ("SECRET_VAULT", "vault.example.com:8200")),
    *(("TOKEN_ALLOWLIST", "fd00::/8"), ("PASSWORD_RESET_FROM", "noreply@example.com")),
    *(("DB_PASSWORD_FILE", "/run/secrets/db"), ("DB_PASSWORD", "/run/secrets/db"), ("SSL_KEY", "./certs/site.key")),
    *(("GOOGLE_APPLICATION_CREDENTIALS", "/app/key.json"), ("FIREBASE_CREDENTIALS", "storage/firebase.json")),
    *(("JWT_PRIVATE_KEY", "file:///run/secrets/jwt.pem"), ("MYSQL_SSL_KEY", "/etc/mysql/client-key.pem")),
    *(("PASSPORT_PRIVATE_KEY", "file://storage/oauth-private.key"), ("APPLE_PRIVATE_KEY", "keys/AuthKey.p8")),
    *(
        ("TOKEN_URL", "https://example.com/oauth/token"),
        ("PASSWORD_RESET_LINK", "https://example.com/reset?token={token}"),
    ),
    *(
        ("API_SECRET", "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:x-AbCdEf"),
        ("PRIVATE_DISK", "s3-private"),
    ),
    *(("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", f"/v2/credentials/{UUID}"), ("PRIVATE_AWS_BUCKET", "shop-private")),
    # Public keys, identifiers and keys that are none
    *(
        ("PUSHER_APP_KEY", "1a2b3c4d5e6f7a8b9c0d"),
        ("REVERB_APP_KEY", RANDOM),
        ("PUSHER_KEY", HEX),
        ("PUSHER_APP_ID", "12"),
    ),
    *(("VITE_PUSHER_APP_KEY", RANDOM), ("MIX_PUSHER_APP_KEY", "${PUSHER_APP_KEY}"), ("VITE_API_TOKEN", "abc")),
    *(("STRIPE_KEY", "pk_live_51H8abcdefghijk"), ("RECAPTCHA_SITE_KEY", RANDOM), ("NOCAPTCHA_SITEKEY", RANDOM)),
    *(("VAPID_PUBLIC_KEY", "BEl62iUYgUivxIkv69yViEuiBIa"), ("ALGOLIA_SEARCH_KEY", HEX), ("UPLOADCARE_PUBLIC_KEY", HEX)),
    *(("MAPBOX_TOKEN", "pk.eyJ1IjoiYSJ9.abcdefghij"), ("POSTHOG_API_KEY", "phc_" + "a" * 40), ("API_KEY_ID", RANDOM)),
    *(("APPLE_PRIVATE_KEY_ID", "2X9R4HXF34"), ("DROPBOX_APP_KEY", "abcdefghij12345"), ("PUSHER_APP_CLUSTER", "mt1")),
    *(("CACHE_KEY", "settings.v2"), ("PRIMARY_KEY", "id"), ("ROUTE_KEY", "slug"), ("WINDOWS_SSO_KEY", "AUTH_USER")),
    *(("STORAGE_S3_KEY", "your-s3-key"), ("CS_CW_KEYWORDS", "spoiler,nsfw"), ("LOCK_KEY", "user:locks:password")),
    *(("SENTRY_LARAVEL_DSN", f"https://{HEX}@o123456.ingest.sentry.io/4501"), ("SENTRY_DSN", f"https://{HEX}@s.io/1")),
    *(("DATABASE_URL", "mysql://db.example.com/shop"), ("REDIS_URL", "tls://cache.example.com:6379")),
    *(("MONGODB_URI", "mongodb://h:27017/?tls=true&tlsCAFile=/etc/ssl/rds.pem"), ("LOG_LEVEL", "debug")),
    *(("LDAP_USER_FILTER", "(&(uid={user}))"), ("GIT_COMMIT", "0123456789abcdef0123456789abcdef01234567")),
    *(("OIDC_PUBLIC_KEY", "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----"), ("OIDC_CLIENT_ID", UUID)),
)
REFUSED = (
    *(("TOKEN_GITHUB", f"{RANDOM}.ab"), ("TOKEN_MOUNT", f"/{RANDOM}"), ("PASSWORD_TIMEOUT", f"{RANDOM}.ab")),
    *(("ENCRYPTIONKEY", RANDOM), ("MYAPIKEY", "abc"), ("ADMIN_PIN", "1234"), ("NEW_RELIC_LICENSE", HEX)),
    *(("API_KEY", f"{RANDOM}.pem"), ("DB_PASSWORD", "secret.key"), ("PADDLE_API_KEY", "abc"), ("TOKEN_SERVICE", "abc")),
    *(("DB_PASSWORD", "secret"), ("API_TOKEN", "hunter2"), ("DB_PASSWORD", "1234"), ("MAIL_PASSWORD", "YOURPASSWORD")),
    *(
        ("DB_PASSWORD", "secret_firefly_password"),
        ("DB_PASSWORD", "correct horse battery staple"),
        ("LDAP_PASS", "root"),
    ),
    *(("DB_PASSWORD_PRODUCTION", "1234"), ("PASSWORD_ADMIN", "hunter2"), ("TOKEN_GITHUB", "hunter2")),
    *(("SECRET_STRIPE", "abc"), ("MYSQL_ROOT_PASSWORD", "password"), ("SFTP_PASSPHRASE", "open sesame")),
    *(("APP_KEY", "SomeRandomStringOf32CharsExactly"), ("APP_PREVIOUS_KEYS", "a,b"), ("TELEGRAM_BOT_TOKEN", "x1y2")),
    *(("PASSWORD", "P7D"), ("API_TOKEN", "10.0.0.5"), ("DB_PASSWORD", "eu-west-1"), ("DB_PASSWORD", "example.com")),
    *(("API_TOKEN", "/Ab3dEf9hIj2LmN7oPq4sT"), ("API_SECRET", "a/b"), ("STATIC_CRON_TOKEN", HEX)),
    # Names of numbers and labels with other values
    *(("AUTH_PASSWORD_TIMEOUT", "hunter2"), ("JWT_SECRET_TTL", RANDOM), ("JWT_SECRET_TTL", "1234abcd")),
    *(("API_TOKEN_NAME", RANDOM), ("TOKEN_PREFIX", HEX), ("PASSWORD_HASHER", "p4ss!word#2026"), ("TOKEN_PATH", RANDOM)),
    *(("ENABLE_PASSWORD", "hunter2"), ("OPENAI_MAX_TOKENS", "x"), ("PASSWORD_FILE", "kJsdKqPzWnVbyTxQrLmZ")),
    # Keys
    *(("ABLY_KEY", "xVLyHw.A1b2C3:d4E5f6G7h8"), ("MEILISEARCH_KEY", "masterKey"), ("RESEND_KEY", "re_123")),
    *(("ANTHROPIC_KEY", "sk-ant-api03-" + "a" * 20), ("SOME_KEY", RANDOM), ("STORAGE_S3_KEY", HEX), ("FOO_KEY", UUID)),
    *(("CACHE_KEY", RANDOM), ("NEW_RELIC_LICENSE_KEY", "eu01xx" + "a" * 34), ("MACKEREL_APIKEY", "abc")),
    *(("MACKEREL_API_KEY", "abc"), ("STRIPE_KEY_LIVE", RANDOM), ("FCM_SERVER_KEY", "AAAA"), ("JWT_PRIVATE", RANDOM)),
    *(("GOOGLE_MAPS_API_KEY", "AIza"), ("MAPBOX_TOKEN", "sk.eyJ1IjoiYSJ9.abcdefghij"), ("PRIVATE_KEY", "abc")),
    *(("VAULT_SECRET_ID", UUID), ("PUBLIC_AWS_ACCESS_KEY_ID", "x"), ("GOOGLE_CREDENTIALS_BASE64", "eyJ0eXBlIjoi")),
    *(("FIREBASE_CREDENTIALS", '{"type": "service_account"}'), ("HASHIDS_SALT", "pepper"), ("COOKIE_SECRETS", "a,b")),
)
FORMS = (
    *('{"http-basic": {"a": {"username": "u", "password": "hunter2"}}}', '{"private_key": "abc"}'),
    *("mysql://shop:hunter2@db.example.com/shop", "redis://:hunter2@cache.example.com:6379"),
    *("cloudinary://123456:abcdef@cloud", "mysql://db.example.com/shop?user=a&password=hunter2"),
    *("Server=db;Database=shop;User Id=sa;Password=hunter2;", "host=db dbname=shop password=hunter2"),
    *("DefaultEndpointsProtocol=https;AccountName=a;AccountKey=" + "Ab1+" * 20 + "==;EndpointSuffix=core.windows.net",),
    *("Endpoint=sb://a.servicebus.windows.net/;SharedAccessKeyName=r;SharedAccessKey=" + "Ab1+" * 10 + "=",),
    *("https://api.example.com/hook?token=hunter2", f"https://{HEX}:{HEX}@sentry.io/1"),
    *(
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl",
        "-----BEGIN PRIVATE KEY-----",
    ),
    *("-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQ", "AGE-SECRET-KEY-1" + "Q" * 58, "AKIA" + "IOSFODNN7EXAMPLE"),
    *("ASIA" + "IOSFODNN7EXAMPLE", "LTAI" + "a" * 20, "ghp_" + "a" * 36, "github_pat_" + "a" * 40, "glpat-" + "a" * 20),
    *("glrt-t1_" + "a" * 27, "npm_" + "a" * 36, "pypi-" + "a" * 60, "rubygems_" + "a" * 48, "hf_" + "a" * 34),
    *("xoxb-" + "1" * 12, "xapp-1-A012-345-" + "a" * 20, "https://hooks.slack.com/services/T000/B000/" + "a" * 24),
    *("https://hooks.slack.com/workflows/T000/A000/1/" + "a" * 24, "https://discord.com/api/webhooks/1234/" + "a" * 60),
    *(
        "sk_live_" + "a" * 24,
        "rk_test_" + "a" * 24,
        "whsec_" + "a" * 24,
        "base64:" + "a" * 43 + "=",
        "re_12345678_" + "a" * 24,
    ),
    *("sk-ant-api03-" + "a" * 40, "sk-proj-" + "a" * 40, "sk-svcacct-" + "a" * 40, "sk-" + "a" * 48, "gsk_" + "a" * 52),
    *("pplx-" + "a" * 48, "r8_" + "a" * 37, "SG." + "a" * 22 + "." + "b" * 43, "xkeysib-" + "a" * 64 + "-abcdefgh"),
    *("key-" + HEX, "shpat_" + HEX, "dop_v1_" + HEX * 2, "dapi" + HEX, "sntryu_" + HEX * 2, "pul-" + HEX + "a" * 8),
    *("lin_api_" + "a" * 40, "ntn_" + "1" * 11 + "a" * 35, "PMAK-" + "a" * 24 + "-" + "b" * 34, "NRAK-" + "A" * 27),
    *("hvs." + "a" * 90, "dp.pt." + "a" * 43, "pscale_tkn_" + "a" * 43, "sq0csp-" + "a" * 43, "sb_secret_" + "a" * 22),
    *(
        "shippo_live_" + "a" * 40,
        "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1",
        "Bearer " + RANDOM,
        "ABSK" + "a" * 120,
    ),
    *(
        "https://a.webhook.office.com/webhookb2/" + UUID,
        "$2y$12$" + "a" * 53,
        "$argon2id$v=19$m=65536,t=4,p=1$" + "a" * 40,
    ),
    *("https://api.telegram.org/bot110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1/x",),
    *("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc",),
)


@pytest.mark.parametrize(("name", "value"), ACCEPTED)
def test_what_is_no_secret_is_accepted_in_plain_text(name: str, value: str) -> None:
    assert not holds_secret(name, value)


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_secrets_are_refused_in_plain_text_weak_ones_too(name: str, value: str) -> None:
    assert holds_secret(name, value)


@pytest.mark.parametrize("value", FORMS)
@pytest.mark.parametrize(
    "name", ["DATABASE_URL", "LOG_CHANNEL", "AUTH_PASSWORD_BROKER", "VITE_ANYTHING", "PUSHER_APP_KEY", "API_KEY_ID"]
)
def test_a_value_with_the_form_of_a_secret_is_one_under_any_name(name: str, value: str) -> None:
    assert holds_secret(name, value)


@pytest.mark.parametrize("name", SECRETS)
def test_names_of_secrets_are_known_whatever_the_value(name: str) -> None:
    assert looks_secret(name)
    assert all(holds_secret(name, value) for value in ("hunter2", "1234", RANDOM, "a b c", "x"))


@given(
    st.sampled_from(SECRETS),
    st.sampled_from(["", "PROD_", "MY_APP_", "X"]),
    st.text(alphabet=st.characters(exclude_characters="/.:${"), min_size=1, max_size=30),
)
def test_a_prefix_makes_no_secret_public(name: str, prefix: str, value: str) -> None:
    words = ("null", "(null)", "true", "false", "(true)", "(false)", "empty", "(empty)", "yes", "no", "on", "off")
    assert holds_secret(prefix + name, value) != (value.lower() in words)


@given(st.sampled_from(sorted(MEASURES)), st.integers(0, 10**9), st.sampled_from(["", "S"]))
def test_numbers_beside_a_secret_are_none(word: str, number: int, plural: str) -> None:
    name = f"AUTH_PASSWORD_{word}{plural}"
    assert not holds_secret(name, str(number))
    assert holds_secret(name, "hunter2")
    assert not looks_secret(name), "previews show it"


@given(
    st.sampled_from(sorted(LABELS)), st.sampled_from(["users", "database", "/run/x", "https://example.com", "X-Token"])
)
def test_labels_beside_a_secret_are_none(word: str, value: str) -> None:
    assert not holds_secret(f"AUTH_PASSWORD_{word}", value)
    assert holds_secret(f"AUTH_PASSWORD_{word}", RANDOM)


@pytest.mark.parametrize(
    "value", ["a" * 20_000, "/" + "a/" * 10_000 + "!", "a." * 10_000 + "!", "A1-" * 7_000 + "!", "a, " * 7_000]
)
def test_long_values_are_judged_at_once(value: str) -> None:
    start = monotonic()
    for name in ("LOG_CHANNEL", "API_TOKEN", "CACHE_KEY", "PASSWORD_TIMEOUT", "TOKEN_SCOPES"):
        holds_secret(name, value)
    assert monotonic() - start < 2


def test_a_variable_can_be_said_to_be_no_secret() -> None:
    environment = {"GOOGLE_MAPS_API_KEY": "AIza", "DB_PASSWORD": "hunter2", "APP_LOCALE": "ja"}
    assert list(plain_secrets(environment, ())) == ["GOOGLE_MAPS_API_KEY", "DB_PASSWORD"]
    assert list(plain_secrets(environment, ("GOOGLE_MAPS_API_KEY",))) == ["DB_PASSWORD"]

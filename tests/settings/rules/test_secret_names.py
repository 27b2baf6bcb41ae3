"""Which environment variables hold secrets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings.rules.secret_names import LABELS, MEASURES, holds_secret, looks_secret, plain_secrets

RANDOM = "kJ8s0dKq1PzW3nVb7yTx"
SECRETS = (
    *(
        "DB_PASSWORD",
        "REDIS_PASSWORD",
        "MAIL_PASSWORD",
        "DBPASSWORD",
        "PASSWORD",
        "SMTP_PASS",
        "DB_PWD",
        "ADMIN_PASSWD",
    ),
    *("STRIPE_SECRET", "stripe_secret", "AWS_SECRET_ACCESS_KEY", "PUSHER_APP_SECRET", "REVERB_APP_SECRET"),
    *("JWT_SECRET", "SESSION_SECRET", "CLIENT_SECRET_2", "GITHUB_CLIENT_SECRET", "STRIPE_WEBHOOK_SECRET"),
    *("API_TOKEN", "MACKEREL_APIKEY_TOKEN", "GITHUB_TOKEN", "ACCESS_TOKEN", "REFRESH_TOKENS"),
    *(
        "APP_KEY",
        "APP_PREVIOUS_KEYS",
        "OPENAI_API_KEY",
        "MACKEREL_APIKEY",
        "NEW_RELIC_LICENSE_KEY",
        "AWS_ACCESS_KEY_ID",
    ),
    *("PASSPORT_PRIVATE_KEY", "VAPID_PRIVATE_KEY", "MEILI_MASTER_KEY", "ENCRYPTION_KEY", "JWT_SIGNING_KEY"),
    *("GOOGLE_CREDENTIALS", "SSH_PASSPHRASE", "HASHIDS_SALT", "PASSWORD_2", "TOKEN", "SECRET"),
)
NONE = (
    *(("AUTH_PASSWORD_BROKER", "users"), ("AUTH_PASSWORD_TIMEOUT", "10800"), ("JWT_SECRET_TTL", "1h")),
    *(("AUTH_PASSWORD_RESET_TOKEN_TABLE", "password_reset_tokens"), ("PASSWORD_MIN_LENGTH", "12")),
    *(("SANCTUM_TOKEN_PREFIX", "story_"), ("SANCTUM_TOKEN_EXPIRATION", "60"), ("ACCESS_TOKEN_EXPIRES_IN", "3600")),
    *(("OPENAI_MAX_TOKENS", "4096"), ("API_KEY_HEADER", "X-Api-Key"), ("TOKEN_URL", "https://example.com/oauth/token")),
    *(("PASSWORD_RESET_ENABLED", "true"), ("TWO_FACTOR_SECRET_LENGTH", "32"), ("CSRF_TOKEN_NAME", "_token")),
    *(("PUSHER_APP_KEY", "1a2b3c4d5e6f7a8b9c0d"), ("REVERB_APP_KEY", RANDOM), ("PUSHER_APP_ID", "123456")),
    *(("VITE_PUSHER_APP_KEY", RANDOM), ("MIX_PUSHER_APP_KEY", RANDOM), ("VITE_API_TOKEN", "abc")),
    *(("REDIS_PASSWORD", "null"), ("MAIL_PASSWORD", ""), ("DB_PASSWORD", "(null)"), ("REQUIRE_PASSWORD", "true")),
    *(("STRIPE_KEY", "pk_live_51H8abcdefghijk"), ("RECAPTCHA_SITE_KEY", RANDOM), ("SECRET_NAME", "prod/stripe")),
    *(("APP_LOCALE", "ja"), ("MAIL_FROM_ADDRESS", "a@example.com"), ("CACHE_PREFIX", "story"), ("PWD", "/app")),
    *(("SECRETARY_EMAIL", "a@example.com"), ("TOKENIZER", "mecab"), ("PASSWORDLESS_LOGIN", "on")),
    *(("DATABASE_URL", "mysql://db.example.com/shop"), ("LOG_LEVEL", "debug"), ("PRIVATE_DISK", "s3-private")),
)


@pytest.mark.parametrize("name", SECRETS)
def test_names_of_secrets_are_known_whatever_the_value(name: str) -> None:
    assert looks_secret(name)
    assert all(holds_secret(name, value) for value in ("hunter2", "1234", RANDOM, "a b c"))


@pytest.mark.parametrize(("name", "value"), NONE)
def test_settings_and_public_keys_are_no_secrets(name: str, value: str) -> None:
    assert not holds_secret(name, value)


@pytest.mark.parametrize(
    "value",
    [
        "mysql://shop:hunter2@db.example.com/shop",
        "redis://:hunter2@cache.example.com:6379",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
        "AKIA" + "IOSFODNN7EXAMPLE",
        "ghp_" + "a" * 36,
        "xoxb-" + "1" * 12,
        "sk_live_" + "a" * 24,
        "rk_test_" + "a" * 24,
        "whsec_" + "a" * 24,
        "base64:" + "a" * 43 + "=",
        "https://hooks.slack.com/services/T000/B000/" + "a" * 24,
        "SG." + "a" * 22 + "." + "b" * 43,
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc",
    ],
)
@pytest.mark.parametrize(
    "name", ["DATABASE_URL", "LOG_CHANNEL", "AUTH_PASSWORD_BROKER", "VITE_ANYTHING", "PUSHER_APP_KEY"]
)
def test_a_value_with_the_form_of_a_secret_is_one_under_any_name(name: str, value: str) -> None:
    assert holds_secret(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("AUTH_PASSWORD_TIMEOUT", "hunter2"), ("JWT_SECRET_TTL", RANDOM), ("API_TOKEN_NAME", RANDOM)],
)
def test_a_name_of_a_number_or_a_label_does_not_hide_a_secret(name: str, value: str) -> None:
    assert holds_secret(name, value)


@given(st.sampled_from(SECRETS), st.sampled_from(["", "PROD_", "MY_APP_", "X"]), st.text(min_size=1, max_size=30))
def test_a_prefix_makes_no_secret_public(name: str, prefix: str, value: str) -> None:
    nothing = value.lower() in ("null", "(null)", "true", "false", "empty", "(empty)")
    assert holds_secret(prefix + name, value) != nothing


@given(st.sampled_from(sorted(MEASURES)), st.integers(0, 10**9))
def test_numbers_beside_a_secret_are_none(word: str, number: int) -> None:
    assert not holds_secret(f"AUTH_PASSWORD_{word}", str(number))


@given(
    st.sampled_from(sorted(LABELS)), st.sampled_from(["users", "database", "/run/x", "https://example.com", "X-Token"])
)
def test_labels_beside_a_secret_are_none(word: str, value: str) -> None:
    assert not holds_secret(f"AUTH_PASSWORD_{word}", value)


def test_a_variable_can_be_said_to_be_no_secret() -> None:
    environment = {"GOOGLE_MAPS_API_KEY": "AIza", "DB_PASSWORD": "hunter2", "APP_LOCALE": "ja"}
    assert list(plain_secrets(environment, ())) == ["GOOGLE_MAPS_API_KEY", "DB_PASSWORD"]
    assert list(plain_secrets(environment, ("GOOGLE_MAPS_API_KEY",))) == ["DB_PASSWORD"]

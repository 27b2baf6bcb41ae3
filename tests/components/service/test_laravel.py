"""Laravel's environment, as a pure function of the site."""

from dataclasses import replace
from typing import Any

import pytest

from components.data_stores.aurora.laravel import aurora_environment, aurora_secrets
from components.data_stores.documentdb.laravel import documentdb_environment, documentdb_secrets
from components.data_stores.store import Endpoint
from components.data_stores.valkey.laravel import valkey_environment, valkey_secrets
from components.service.laravel import Site, given_secrets, laravel_environment
from components.wiring import SecretRef
from settings.site import ApplicationSpec

CA = "/etc/ssl/certs/rds-global-bundle.pem"
SITE = Site(
    stack="prod",
    name="Press",
    url="https://www.example.com",
    region="ap-northeast-1",
    bucket="uploads-1",
    trusted_proxies="10.0.0.0/16",
)
AURORA = Endpoint(host="writer.example", port=3307, database="press")
VALKEY = Endpoint(host="primary.example", port=6379)
DOCUMENTDB = Endpoint(host="documents.example", port=27018, database="press")


def environment(
    *,
    aurora: Endpoint | None = AURORA,
    valkey: Endpoint | None = VALKEY,
    documentdb: Endpoint | None = DOCUMENTDB,
    queue_retry_after_seconds: int = 90,
    **changes: Any,
) -> dict[str, str]:
    application = ApplicationSpec(ca_bundle_path=CA, queue_retry_after_seconds=queue_retry_after_seconds)
    site = replace(
        SITE,
        connections={
            **(aurora_environment(aurora, application) if aurora else {}),
            **(valkey_environment(valkey, application) if valkey else {}),
            **(documentdb_environment(documentdb, application) if documentdb else {}),
        },
        state_drivers=[*(["database"] if aurora else []), *(["redis"] if valkey else [])],
        **changes,
    )
    return laravel_environment(site)


def test_the_framework_knows_where_it_runs_and_never_shows_its_insides() -> None:
    made = environment()
    assert (made["APP_NAME"], made["APP_ENV"], made["APP_URL"]) == ("Press", "prod", "https://www.example.com")
    assert made["APP_DEBUG"] == "false", "a debug page shows every environment variable to a visitor"


def test_aurora_is_reached_over_tls_with_the_bundle_that_verifies_it() -> None:
    made = environment()
    assert made["DB_CONNECTION"] == "mysql"
    assert (made["DB_HOST"], made["DB_PORT"], made["DB_DATABASE"]) == ("writer.example", "3307", "press")
    assert made["MYSQL_ATTR_SSL_CA"] == CA


def test_readers_are_named_only_where_there_are_some() -> None:
    assert "DB_READ_HOST" not in environment()
    readers = replace(AURORA, reader_host="readers.example")
    assert environment(aurora=readers)["DB_READ_HOST"] == "readers.example"


def test_session_cache_queue_and_maintenance_are_on_valkey_over_tls() -> None:
    made = environment()
    kept = ("SESSION_DRIVER", "CACHE_STORE", "QUEUE_CONNECTION", "APP_MAINTENANCE_STORE")
    assert {made[name] for name in kept} == {"redis"}
    assert (made["REDIS_HOST"], made["REDIS_PORT"]) == ("tls://primary.example", "6379")
    assert made["APP_MAINTENANCE_DRIVER"] == "cache", "the file driver reaches one container only"


def test_without_valkey_they_are_in_aurora_and_nothing_names_valkey() -> None:
    made = environment(valkey=None)
    assert {made[name] for name in ("SESSION_DRIVER", "CACHE_STORE", "QUEUE_CONNECTION")} == {"database"}
    assert not [name for name in made if name.startswith("REDIS")]


def test_without_both_jobs_run_at_once_and_sessions_are_cookies() -> None:
    made = environment(valkey=None, aurora=None)
    assert (made["QUEUE_CONNECTION"], made["SESSION_DRIVER"], made["CACHE_STORE"]) == ("sync", "cookie", "array")
    assert not [name for name in made if name.startswith(("DB_", "MYSQL"))]


def test_a_job_is_given_to_another_worker_after_the_time_of_the_settings() -> None:
    made = environment(queue_retry_after_seconds=300)
    assert (made["REDIS_QUEUE_RETRY_AFTER"], made["DB_QUEUE_RETRY_AFTER"]) == ("300", "300")


def test_documentdb_is_reached_over_tls_without_the_writes_that_it_cannot_retry() -> None:
    uri = environment()["MONGODB_URI"]
    assert uri.startswith("mongodb://documents.example:27018/?")
    options = dict(part.split("=") for part in uri.split("?")[1].split("&"))
    assert (options["tls"], options["tlsCAFile"], options["retryWrites"]) == ("true", CA, "false")
    assert not [name for name in environment(documentdb=None) if name.startswith("MONGODB")]


def test_files_go_to_the_bucket_with_the_rights_of_the_task_and_no_key() -> None:
    made = environment()
    assert (made["FILESYSTEM_DISK"], made["AWS_BUCKET"]) == ("s3", "uploads-1")
    assert not {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} & set(made), "keys here would also break ECS Exec"


def test_logs_go_to_standard_error_and_forwarded_headers_are_believed_from_the_vpc_only() -> None:
    made = environment()
    assert (made["LOG_CHANNEL"], made["TRUSTED_PROXIES"]) == ("stderr", "10.0.0.0/16")


@pytest.mark.parametrize(("url", "secure"), [("https://www.example.com", "true"), ("http://alb.example", "false")])
def test_the_session_cookie_is_for_tls_alone_where_there_is_tls(url: str, secure: str) -> None:
    assert environment(url=url)["SESSION_SECURE_COOKIE"] == secure


def test_no_secret_stands_in_the_environment() -> None:
    assert not [name for name in environment() if "PASSWORD" in name or "SECRET" in name or name.endswith("_KEY")]


def test_secrets_of_a_store_are_named_by_arn_key_and_version() -> None:
    made = {
        **aurora_secrets(SecretRef(arn="a", version="1")),
        **valkey_secrets(SecretRef(arn="v")),
        **documentdb_secrets(SecretRef(arn="d")),
    }
    assert {name: (ref.arn, ref.key, ref.version) for name, ref in made.items()} == {
        "DB_USERNAME": ("a", "username", "1"),
        "DB_PASSWORD": ("a", "password", "1"),
        "REDIS_PASSWORD": ("v", "password", None),
        "MONGODB_USERNAME": ("d", "username", None),
        "MONGODB_PASSWORD": ("d", "password", None),
    }


def test_a_secret_of_the_settings_may_name_a_key_of_its_json() -> None:
    arn = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:stripe-AbCdEf"
    made = given_secrets({"STRIPE_SECRET": f"{arn}:secret", "MAIL_DSN": arn})
    assert list(made) == ["MAIL_DSN", "STRIPE_SECRET"]
    assert (made["STRIPE_SECRET"].arn, made["STRIPE_SECRET"].key) == (arn, "secret")
    assert (made["MAIL_DSN"].arn, made["MAIL_DSN"].key) == (arn, None)

"""Environment variables over several settings: secrets in plain text, and variables that a task would get twice."""

from typing import Any

import pytest

from components.data_stores.aurora.laravel import aurora_environment, aurora_secrets
from components.data_stores.documentdb.laravel import documentdb_environment, documentdb_secrets
from components.data_stores.store import Endpoint
from components.data_stores.valkey.laravel import valkey_environment, valkey_secrets
from components.wiring import SecretRef
from settings.rules.secret_names import OWN_SECRETS
from settings.rules.variables import CONNECTIONS, mistakes_in_variables, needless_exceptions
from settings.services import WebSpec, WorkerSpec
from settings.site import ApplicationSpec
from settings.stack import Settings
from settings.stores import AuroraSpec, DocumentDbSpec, ValkeySpec

ARN = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:app-AbCdEf"
IN_PLAIN_TEXT = (
    "given in plain text; put it in Secrets Manager and its ARN in application.secrets, or name it in "
    "application.not_secrets if it is no secret"
)


GIVEN = "given, but it is a secret that the program gives every task; leave it out, or "


def said(problems: Any) -> list[str]:
    return [f"{problem.key}: {problem.problem}" for problem in problems]


def of_settings(**changes: Any) -> list[str]:
    """Mistakes about variables in settings whose other values are all right."""
    zones = {"zones": ("ap-northeast-1a", "ap-northeast-1c")}
    settings = Settings(**{"network": Settings().network.model_copy(update=zones), **changes})
    return said(settings.mistakes())


def test_secrets_in_plain_text_are_found_in_every_environment_of_services_that_are_off_too() -> None:
    secret = {"API_TOKEN": "hunter2", "APP_LOCALE": "ja"}
    assert of_settings(
        application=ApplicationSpec(environment=secret),
        web=WebSpec(enabled=False, environment=secret),
        workers={"mail": WorkerSpec(environment=secret)},
    ) == [
        f"application.environment.API_TOKEN: {IN_PLAIN_TEXT}",
        f"web.environment.API_TOKEN: {IN_PLAIN_TEXT}",
        f"workers.mail.environment.API_TOKEN: {IN_PLAIN_TEXT}",
    ]


def test_a_variable_that_is_no_secret_can_be_said_to_be_none() -> None:
    web = WebSpec(environment={"GOOGLE_MAPS_API_KEY": "AIza"})
    assert of_settings(web=web) == [f"web.environment.GOOGLE_MAPS_API_KEY: {IN_PLAIN_TEXT}"]
    assert of_settings(web=web, application=ApplicationSpec(not_secrets=("GOOGLE_MAPS_API_KEY",))) == []


def test_no_line_shows_the_value() -> None:
    lines = of_settings(application=ApplicationSpec(environment={"DB_PASSWORD": "hunter2", "X": "redis://:hunter2@h"}))
    assert sorted(line.partition(": ")[0] for line in lines) == [
        "application.environment.DB_PASSWORD",
        "application.environment.X",
    ]
    assert "hunter2" not in str(lines)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"application": ApplicationSpec(environment={"A": "x"}, secrets={"A": ARN})},
            "application.environment.A: given here and in application.secrets; allowed is one of them",
        ),
        (
            {"application": ApplicationSpec(secrets={"A": ARN}), "web": WebSpec(environment={"A": "x"})},
            "web.environment.A: given here and in application.secrets; allowed is one of them",
        ),
        (
            {"application": ApplicationSpec(environment={"DB_USERNAME": "shop"})},
            "application.environment.DB_USERNAME: given, but it is a secret that the program gives every task; "
            "leave it out, or switch aurora off",
        ),
        (
            {"application": ApplicationSpec(environment={"REDIS_PASSWORD": "null"})},
            "application.environment.REDIS_PASSWORD: given, but it is a secret that the program gives every task; "
            "leave it out, or switch valkey off",
        ),
        (
            {"application": ApplicationSpec(environment={"DB_PASSWORD": "x"}, not_secrets=("DB_PASSWORD",))},
            "application.environment.DB_PASSWORD: given, but it is a secret that the program gives every task; "
            "leave it out, or switch aurora off",
        ),
        (
            {"web": WebSpec(environment={"APP_KEY": ""})},
            f"web.environment.APP_KEY: {GIVEN}put a value of your own in Secrets Manager and its ARN in "
            "application.secrets",
        ),
        (
            {"workers": {"mail": WorkerSpec(environment={"APP_KEY": "hunter2"})}},
            f"workers.mail.environment.APP_KEY: {GIVEN}put a value of your own in Secrets Manager and its ARN in "
            "application.secrets",
        ),
        (
            {"application": ApplicationSpec(environment={"APP_KEY": "x"}, secrets={"APP_KEY": ARN})},
            "application.environment.APP_KEY: given here and in application.secrets; allowed is one of them",
        ),
    ],
)
def test_a_variable_that_is_a_secret_too_is_refused_because_ecs_takes_it_once(
    changes: dict[str, Any], line: str
) -> None:
    assert of_settings(**changes) == [line]


STORE_SECRETS = [(store, name) for store, names in OWN_SECRETS.items() if store for name in names]


@pytest.mark.parametrize(("store", "name"), STORE_SECRETS)
@pytest.mark.parametrize("value", ["hunter2", "", "null"])
def test_a_secret_of_a_store_is_never_given_beside_the_programs_own(store: str, name: str, value: str) -> None:
    line = f"{name}: {GIVEN}switch {store} off"
    on: dict[str, Any] = {"documentdb": DocumentDbSpec(enabled=True)}
    plain = {name: value}
    assert of_settings(**on, application=ApplicationSpec(environment=plain)) == [f"application.environment.{line}"]
    assert of_settings(**on, web=WebSpec(environment=plain)) == [f"web.environment.{line}"]
    assert of_settings(**on, application=ApplicationSpec(secrets={name: ARN})) == [f"application.secrets.{line}"]
    exempt = ApplicationSpec(environment=plain, not_secrets=(name,))
    assert of_settings(**on, application=exempt) == [f"application.environment.{line}"]
    both = ApplicationSpec(environment=plain, secrets={name: ARN})
    assert of_settings(**on, application=both) == [f"application.environment.{line}", f"application.secrets.{line}"]


def test_a_key_of_ones_own_takes_the_place_of_the_programs() -> None:
    assert of_settings(application=ApplicationSpec(secrets={"APP_KEY": ARN})) == []


@pytest.mark.parametrize(("store", "name"), [(store, name) for store, names in CONNECTIONS.items() for name in names])
def test_a_connection_of_a_store_is_replaced_with_a_warning_and_never_by_a_secret(store: str, name: str) -> None:
    warning = (
        f"{name}: takes the place of what the program gives every task for {store}; leave it out, or switch {store} off"
    )
    on: dict[str, Any] = {"documentdb": DocumentDbSpec(enabled=True)}
    plain: dict[str, Any] = {**on, "web": WebSpec(environment={name: "elsewhere"})}
    assert of_settings(**plain) == []
    assert f"web.environment.{warning}" in said(Settings(**plain).warnings())
    specs = {"aurora": AuroraSpec, "valkey": ValkeySpec, "documentdb": DocumentDbSpec}
    off = {**plain, store: specs[store](enabled=False)}
    assert not [line for line in said(Settings(**off).warnings()) if name in line]
    secret = ApplicationSpec(secrets={name: ARN})
    assert of_settings(**on, application=secret) == [
        f"application.secrets.{name}: given, but the program gives every task a variable of this name, and ECS takes a "
        f"name once; leave it out, or switch {store} off"
    ]
    assert of_settings(application=secret, **{**on, store: specs[store](enabled=False)}) == []


@pytest.mark.parametrize(("store", "name"), [("aurora", "DB_URL"), ("valkey", "REDIS_URL")])
def test_a_url_that_laravel_prefers_to_a_connection_is_warned_of(store: str, name: str) -> None:
    plain = said(Settings(application=ApplicationSpec(environment={name: "tls://elsewhere"})).warnings())
    secret = said(Settings(application=ApplicationSpec(secrets={name: ARN})).warnings())
    assert [line for line in plain if line.startswith(f"application.environment.{name}: takes") and store in line]
    assert [line for line in secret if line.startswith(f"application.secrets.{name}: takes") and store in line]


def test_the_program_gives_exactly_the_connections_that_the_rule_knows() -> None:
    given = {"aurora": aurora_environment, "valkey": valkey_environment, "documentdb": documentdb_environment}
    assert set(CONNECTIONS) == set(given)
    endpoint = Endpoint(host="h", port=1, database="d", reader_host="r")
    for store, known in CONNECTIONS.items():
        names = given[store](endpoint, ApplicationSpec())
        assert {name for name in names if not name.endswith("_QUEUE_RETRY_AFTER")} == set(known)


def test_the_variables_of_a_store_that_is_off_are_free() -> None:
    application = ApplicationSpec(
        environment={"DB_USERNAME": "shop", "REDIS_PASSWORD": "null", "MONGODB_USERNAME": "shop"},
        secrets={"DB_PASSWORD": ARN},
    )
    off: dict[str, Any] = {
        "aurora": AuroraSpec(enabled=False),
        "valkey": ValkeySpec(enabled=False),
        "documentdb": DocumentDbSpec(enabled=False),
    }
    assert of_settings(application=application, **off) == []


def test_the_program_gives_exactly_the_secrets_that_the_rule_knows() -> None:
    given = {"aurora": aurora_secrets, "valkey": valkey_secrets, "documentdb": documentdb_secrets}
    assert set(OWN_SECRETS) == {"", *given}
    for store, secrets in given.items():
        assert set(secrets(SecretRef(arn=ARN))) == set(OWN_SECRETS[store])
    assert OWN_SECRETS[""] == ("APP_KEY",)


def test_an_exception_without_effect_is_warned_of() -> None:
    environments = {"web.environment": {"GOOGLE_MAPS_API_KEY": "AIza", "APP_LOCALE": "ja"}}
    assert said(needless_exceptions(environments, ("GOOGLE_MAPS_API_KEY", "APP_LOCALE", "GONE_TOKEN"))) == [
        "application.not_secrets: APP_LOCALE has no effect: no variable of this name would be taken for a secret",
        "application.not_secrets: GONE_TOKEN has no effect: no variable of this name would be taken for a secret",
    ]
    assert said(Settings(application=ApplicationSpec(not_secrets=("GONE_TOKEN",))).warnings())[1:] != []


def test_each_mistake_names_the_settings_that_it_rests_on() -> None:
    found = list(
        mistakes_in_variables(
            {"web.environment": {"A_TOKEN": "x", "B": "x", "DB_USERNAME": "x"}}, {"B"}, ["aurora"], ()
        )
    )
    assert [(problem.key, problem.involves) for problem in found] == [
        ("web.environment.A_TOKEN", ("application.not_secrets",)),
        ("web.environment.B", ("application.secrets",)),
        ("web.environment.DB_USERNAME", ("aurora.enabled",)),
    ]


@pytest.mark.parametrize(("protect", "refused"), [(True, True), (False, False)])
def test_a_migration_that_deletes_data_is_refused_where_data_is_protected(protect: bool, refused: bool) -> None:
    command = ("php", "artisan", "migrate:fresh", "--force")
    told = "artisan migrate:fresh"
    mistakes = of_settings(protect=protect, migration=Settings().migration.model_copy(update={"command": command}))
    warnings = said(Settings(migration=Settings().migration.model_copy(update={"command": command})).warnings())
    line = f"given {told}, which deletes the content of the database at every release; allowed only with protect false"
    assert mistakes == ([f"migration.command: {line}"] if refused else [])
    assert f"migration.command: {told} deletes the content of the database at every release" in warnings

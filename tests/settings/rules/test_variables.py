"""Environment variables over several settings: secrets in plain text, and variables that a task would get twice."""

from typing import Any

import pytest

from components.service.laravel import laravel_secrets
from components.wiring import SecretRef
from settings.rules.secret_names import OWN_SECRETS
from settings.rules.variables import mistakes_in_variables, needless_exceptions
from settings.services import WebSpec, WorkerSpec
from settings.site import ApplicationSpec
from settings.stack import Settings
from settings.stores import AuroraSpec, DocumentDbSpec, ValkeySpec

ARN = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:app-AbCdEf"
IN_PLAIN_TEXT = (
    "given in plain text; put it in Secrets Manager and its ARN in application.secrets, or name it in "
    "application.not_secrets if it is no secret"
)


def said(findings: Any) -> list[str]:
    return [f"{finding.key}: {finding.problem}" for finding in findings]


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
    assert [line.partition(": ")[0] for line in lines] == [
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
            "web.environment.APP_KEY: given, but it is a secret that the program gives every task; leave it out",
        ),
    ],
)
def test_a_variable_that_is_a_secret_too_is_refused_because_ecs_takes_it_once(
    changes: dict[str, Any], line: str
) -> None:
    assert of_settings(**changes) == [line]


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
    ref = SecretRef(arn=ARN)
    for store in ("aurora", "valkey", "documentdb"):
        stores = {name: ref if name == store else None for name in ("aurora", "valkey", "documentdb")}
        assert set(laravel_secrets(app_key=ref, **stores)) == {*OWN_SECRETS[""], *OWN_SECRETS[store]}


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
    assert [(finding.key, finding.involves) for finding in found] == [
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

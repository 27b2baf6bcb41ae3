"""Rules about the environment variables of tasks, over several settings."""

from collections.abc import Collection, Iterator, Mapping

from settings.base import Problem
from settings.rules.secret_names import OWN_SECRETS, holds_secret, plain_secrets

WHERE_SECRETS_BELONG = "put it in Secrets Manager and its ARN in application.secrets"
NOT_SECRETS = "application.not_secrets"
SECRETS = "application.secrets"
CONNECTIONS = {
    "aurora": ("DB_CONNECTION", "DB_HOST", "DB_PORT", "DB_DATABASE", "DB_READ_HOST", "MYSQL_ATTR_SSL_CA"),
    "valkey": ("REDIS_CLIENT", "REDIS_HOST", "REDIS_PORT"),
    "documentdb": ("MONGODB_URI", "MONGODB_DATABASE"),
}
"""The variables, none of them a secret, by which the program connects every task to a store."""
CONNECTION_URLS = {"aurora": ("DB_URL",), "valkey": ("REDIS_URL",), "documentdb": ()}
"""Variables that Laravel prefers to `CONNECTIONS`: laravel.com/docs/12.x/database#configuration-using-urls"""


def mistakes_in_variables(
    environments: Mapping[str, Mapping[str, str]],
    secrets: Collection[str],
    stores: Collection[str],
    not_secrets: Collection[str],
) -> Iterator[Problem]:
    """Secrets in plain text, and variables that a task would get twice; of a variable at most one in each setting.

    Args:
        environments: Environment variables, by the setting that holds them: `web.environment`.
        secrets: Variables in `application.secrets`.
        stores: The stores that the stack has.
        not_secrets: Variables that are said to be no secrets.
    """
    own = {name: store for store in ("", *stores) for name in OWN_SECRETS[store]}
    for key, environment in environments.items():
        for name in plain_secrets(environment, {*not_secrets, *own, *secrets}):
            yield Problem(
                key=f"{key}.{name}",
                problem=f"given in plain text; {WHERE_SECRETS_BELONG}, or name it in {NOT_SECRETS} if it is no secret",
                involves=(NOT_SECRETS,),
            )
        # A secret's name "must be unique and not shared with any new or existing environment variables", as ECS says:
        # github.com/compose-x/ecs_composex/issues/707
        for name in sorted(set(environment) & set(secrets) - _of_stores(own)):
            yield Problem(
                key=f"{key}.{name}",
                problem=f"given here and in {SECRETS}; allowed is one of them",
                involves=(SECRETS,),
            )
        for name in sorted(set(environment) & (_of_stores(own) | (set(own) - set(secrets)))):
            yield _own_secret(f"{key}.{name}", own[name])
    for name in sorted(set(secrets) & _of_stores(own)):
        yield _own_secret(f"{SECRETS}.{name}", own[name])
    connections = {name: store for store in stores for name in CONNECTIONS[store]}
    for name in sorted(set(secrets) & set(connections)):
        yield Problem(
            key=f"{SECRETS}.{name}",
            problem="given, but the program gives every task a variable of this name, and ECS takes a name once; "
            f"leave it out, or switch {connections[name]} off",
            involves=(f"{connections[name]}.enabled",),
        )


def replaced_connections(
    environments: Mapping[str, Mapping[str, str]], secrets: Collection[str], stores: Collection[str]
) -> Iterator[Problem]:
    """Warnings of variables that lead tasks to another store than the stack's own.

    Args:
        environments: As for `mistakes_in_variables`.
        secrets: Variables in `application.secrets`.
        stores: The stores that the stack has.
    """
    for store in stores:
        names = {*CONNECTIONS[store], *CONNECTION_URLS[store]}
        given = [
            f"{key}.{name}" for key, environment in environments.items() for name in sorted(names & {*environment})
        ]
        given += [f"{SECRETS}.{name}" for name in CONNECTION_URLS[store] if name in secrets]
        for key in given:
            yield Problem(
                key=key,
                problem=f"takes the place of what the program gives every task for {store}; leave it out, or "
                f"switch {store} off",
            )


def _of_stores(own: Mapping[str, str]) -> set[str]:
    return {name for name, store in own.items() if store}


def _own_secret(key: str, store: str) -> Problem:
    cure = f"switch {store} off" if store else f"put a value of your own in Secrets Manager and its ARN in {SECRETS}"
    return Problem(
        key=key,
        problem=f"given, but it is a secret that the program gives every task; leave it out, or {cure}",
        involves=(f"{store}.enabled",) if store else (),
    )


def needless_exceptions(
    environments: Mapping[str, Mapping[str, str]], not_secrets: Collection[str]
) -> Iterator[Problem]:
    """Warnings of names in `application.not_secrets` that change nothing.

    Args:
        environments: As for `mistakes_in_variables`.
        not_secrets: Variables that are said to be no secrets.
    """
    for name in not_secrets:
        values = [environment[name] for environment in environments.values() if name in environment]
        if not any(holds_secret(name, value) for value in values):
            yield Problem(
                key=NOT_SECRETS,
                problem=f"{name} has no effect: no variable of this name would be taken for a secret",
            )

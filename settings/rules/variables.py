"""Rules about the environment variables of tasks, over several settings."""

from collections.abc import Collection, Iterator, Mapping

from settings.base import Finding
from settings.rules.secret_names import OWN_SECRETS, holds_secret, plain_secrets

WHERE_SECRETS_BELONG = "put it in Secrets Manager and its ARN in application.secrets"
NOT_SECRETS = "application.not_secrets"


def mistakes_in_variables(
    environments: Mapping[str, Mapping[str, str]],
    secrets: Collection[str],
    stores: Collection[str],
    not_secrets: Collection[str],
) -> Iterator[Finding]:
    """Secrets in plain text, and variables that a task would get twice.

    Args:
        environments: Environment variables, by the setting that holds them: `web.environment`.
        secrets: Variables in `application.secrets`.
        stores: The stores that the stack has.
        not_secrets: Variables that are said to be no secrets.
    """
    own = {name: store for store in ("", *stores) for name in OWN_SECRETS[store]}
    for key, environment in environments.items():
        for name in plain_secrets(environment, not_secrets):
            yield Finding(
                key=f"{key}.{name}",
                problem=f"given in plain text; {WHERE_SECRETS_BELONG}, or name it in {NOT_SECRETS} if it is no secret",
                involves=(NOT_SECRETS,),
            )
        # ECS takes no variable that is a secret too: github.com/compose-x/ecs_composex/pull/710
        for name in sorted(set(environment) & set(secrets)):
            yield Finding(
                key=f"{key}.{name}",
                problem="given here and in application.secrets; allowed is one of them",
                involves=("application.secrets",),
            )
        for name in sorted(set(environment) & (set(own) - set(secrets))):
            if not holds_secret(name, environment[name]) or name in not_secrets:
                store = own[name]
                yield Finding(
                    key=f"{key}.{name}",
                    problem="given, but it is a secret that the program gives every task; leave it out"
                    + (f", or switch {store} off" if store else ""),
                    involves=(f"{store}.enabled",) if store else (),
                )


def needless_exceptions(
    environments: Mapping[str, Mapping[str, str]], not_secrets: Collection[str]
) -> Iterator[Finding]:
    """Warnings of names in `application.not_secrets` that change nothing.

    Args:
        environments: As for `mistakes_in_variables`.
        not_secrets: Variables that are said to be no secrets.
    """
    for name in not_secrets:
        values = [environment[name] for environment in environments.values() if name in environment]
        if not any(holds_secret(name, value) for value in values):
            yield Finding(
                key=NOT_SECRETS,
                problem=f"{name} has no effect: no variable of this name would be taken for a secret",
            )

"""Sizes that ECS and IAM limit: the estimates from the settings, held against what the program registers."""

import json
from typing import Any

import pytest

from settings.agents import AgentSpec, FluentBitSpec, MackerelSpec, NewRelicSpec, OpenTelemetrySpec
from settings.rules.task_limits import (
    ROLE_POLICY_CHARACTERS,
    TASK_DEFINITION_BYTES,
    Task,
    execution_policy_characters,
    mistakes_in_sizes,
    task_definition_bytes,
    task_policy_characters,
)
from story.plan.recorder import Record
from tests.program.given import NO_STORES, program

KEY = "arn:aws:kms:ap-northeast-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def secret(name: str) -> str:
    return f"arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:{name}-AbCdEf"


def registered_bytes(made: Record, task: str) -> int:
    """Size of what ECS is sent for a task definition."""
    inputs = made.one("TaskDefinition", task).inputs
    definition = {**inputs, "containerDefinitions": json.loads(inputs["containerDefinitions"])}
    return len(json.dumps(definition, ensure_ascii=False, separators=(",", ":")).encode())


def policy_characters(made: Record, role: str) -> int:
    """Size of a role's policy, as IAM counts it."""
    policy = json.loads(made.one("RolePolicy", f"story-dev-{role}").inputs["policy"])
    return len(json.dumps(policy, separators=(",", ":")))


MANY = {f"FEATURE_FLAG_{number}": "値" * 40 for number in range(200)}
SECRETS = {f"SECRET_{number}": secret(f"prod/service-{number}") + ":key::" for number in range(60)}
AGENTS: dict[str, AgentSpec] = {
    "new_relic": NewRelicSpec(license_key=secret("new-relic")),
    "mackerel": MackerelSpec(api_key=secret("mackerel")),
    "open_telemetry": OpenTelemetrySpec(config="x" * 10_000, secrets={"T": secret("otel")}),
    "fluent_bit": FluentBitSpec(
        destination={"Name": "http", "Host": "logs.example.com"},
        secrets={"Header": secret("logs")},
        rights={"firehose:PutRecordBatch": "arn:aws:firehose:ap-northeast-1:123456789012:deliverystream/logs"},
    ),
}


@pytest.mark.parametrize(
    ("environment", "secrets", "agents", "stores", "over"),
    [
        ({}, {}, {}, {}, 0),
        # The estimate has room for the variables of all stores.
        ({}, {}, {}, NO_STORES, 1600),
        (MANY, {}, {}, {}, 0),
        ({}, SECRETS, {}, {}, 0),
        (MANY, SECRETS, AGENTS, {}, 0),
    ],
    ids=["dev", "without stores", "variables", "secrets", "everything"],
)
def test_the_estimates_are_close_to_what_is_registered(
    environment: dict[str, str],
    secrets: dict[str, str],
    agents: dict[str, AgentSpec],
    stores: dict[str, Any],
    over: int,
) -> None:
    given = {name: agent.model_dump(mode="json", exclude_unset=True) for name, agent in agents.items()}
    made = program(
        application={"environment": environment, "secrets": secrets, "secret_key_arns": [KEY]},
        web={"cpu": 2048, "memory_mib": 4096, "environment": {"OWN": "x" * 500}},
        **({"agents": {**given}} if given else {}),
        **({"workers": {}, "scheduler": {"enabled": False}} if given else {}),
        **stores,
    )
    web = Task(key="web", environment={"OWN": "x" * 500}, agents=agents)
    assert -200 <= task_definition_bytes(web, environment, secrets) - registered_bytes(made, "web") <= 200 + over
    policy = policy_characters(made, "web-execution")
    assert -50 <= execution_policy_characters(web, secrets, [KEY]) - policy <= 50 + over
    assert -50 <= task_policy_characters(web) - policy_characters(made, "web-task") <= 50


def lines(**changes: Any) -> list[str]:
    given: dict[str, Any] = {"tasks": [Task(key="web")], "environment": {}, "secrets": {}, "keys": ()}
    return [f"{finding.key}: {finding.problem}" for finding in mistakes_in_sizes(**{**given, **changes})]


def test_too_many_variables_are_one_line_that_names_the_setting_and_every_task() -> None:
    tasks = [Task(key="web", environment={"OWN": "x"}), Task(key="workers.mail"), Task(key="migration")]
    (line,) = lines(tasks=tasks, environment={f"FEATURE_{number:04}": "x" * 128 for number in range(500)})
    assert line == (
        "application.environment: given 500 variables of 81,500 bytes, with which the task definition of web, "
        "workers.mail, migration has about 84,929; allowed by ECS are 65,536 (64 KiB): keep large values in the image, "
        "in S3 or in a secret"
    )


def test_what_one_service_alone_makes_too_large_is_its_own_line() -> None:
    tasks = [Task(key="web", environment={"BIG": "x" * 70_000}), Task(key="scheduler")]
    (line,) = lines(tasks=tasks, environment={"A": "x"})
    assert line.startswith("web.environment: given 1 variable of 70,0")
    assert "the task definition of web has" in line


def test_a_service_s_own_value_takes_the_place_of_the_application_s() -> None:
    own = Task(key="web", environment={"A": "x" * 100})
    both = task_definition_bytes(own, {"A": "x" * 40_000}, {})
    assert both == task_definition_bytes(own, {}, {})


@pytest.mark.parametrize(
    ("agent", "key"),
    [
        ({"open_telemetry": OpenTelemetrySpec(config="x" * 30_000)}, "agents.open_telemetry.config"),
        ({"fluent_bit": FluentBitSpec(destination={"Name": "x" * 70_000})}, "agents.fluent_bit.destination"),
    ],
)
def test_an_agent_s_configuration_counts(agent: dict[str, AgentSpec], key: str) -> None:
    tasks = [Task(key="web", agents=agent, environment={"A": "x" * 29_000}, command=["x" * 29_000])]
    assert [line.partition(": ")[0] for line in lines(tasks=tasks)] == [key]


def test_120_secrets_are_told_how_many_fit_and_what_to_do() -> None:
    secrets = {f"SECRET_{number}": secret(f"prod/service-{number:03}") for number in range(120)}
    (line,) = lines(secrets=secrets)
    assert line.startswith("application.secrets: given 120 secrets of ")
    assert line.endswith("put several values into one secret as JSON, and name each by <arn>:<key>")
    fit = int(line.partition("which is room for ")[2].partition(":")[0])
    assert lines(secrets=dict(list(secrets.items())[:fit])) == []
    assert lines(secrets=dict(list(secrets.items())[: fit + 2])) != []


def test_many_values_of_one_secret_are_one_in_the_policy() -> None:
    secrets = {f"SECRET_{number}": f"{secret('prod/all')}:key{number}::" for number in range(200)}
    assert lines(secrets=secrets) == []
    assert execution_policy_characters(Task(key="web"), secrets, ()) < 1_300


def test_a_secret_that_an_agent_reads_too_counts_once() -> None:
    secrets = {"MACKEREL_APIKEY": secret("mackerel")}
    agent = MackerelSpec(api_key=f"{secret('mackerel')}:key::")
    alone = execution_policy_characters(Task(key="web"), secrets, ())
    assert execution_policy_characters(Task(key="web", agents={"mackerel": agent}), secrets, ()) == alone


def test_an_agent_s_rights_count_in_the_task_s_policy() -> None:
    rights = {
        f"firehose:Action{number}": f"arn:aws:firehose:ap-northeast-1:123456789012:a/{number}" for number in range(99)
    }
    agent = FluentBitSpec(destination={"Name": "http"}, rights=rights)
    (line,) = lines(tasks=[Task(key="web", agents={"fluent_bit": agent})])
    assert line.startswith("agents.fluent_bit.rights: given 99 rights of ")
    assert "the policy of the task role of web has about" in line


def test_the_limits_are_aws_s() -> None:
    assert (TASK_DEFINITION_BYTES, ROLE_POLICY_CHARACTERS) == (64 * 1024, 10 * 1024)

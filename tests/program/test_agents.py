"""Agents in the whole program: which tasks have them."""

from story.plan.recorder import Record
from tests.program.given import containers, program

SECRET = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:agent-AbCdEf"
AGENT = "mackerel-container-agent"


def with_mackerel(*services: str, **changes: object) -> Record:
    agent = {"api_key": SECRET, **({"services": list(services)} if services else {})}
    return program("prod", agents={"mackerel": agent}, **changes)


def tasks_with_agents(made: Record) -> set[str]:
    return {task.name for task in made.all("TaskDefinition") if AGENT in containers(made, task.name)}


def test_every_service_has_the_agents_of_the_stack_and_no_one_off_task() -> None:
    assert tasks_with_agents(with_mackerel()) == {"web", "scheduler", "worker-default", "worker-mail"}, (
        "each task of an agent is billed, and a migration with one would wait for it"
    )


def test_a_service_is_named_as_in_the_settings() -> None:
    assert tasks_with_agents(with_mackerel("web", "workers.mail")) == {"web", "worker-mail"}


def test_an_agent_is_told_the_stack_and_the_service() -> None:
    made = with_mackerel()
    roles = {
        task: entry["value"]
        for task in tasks_with_agents(made)
        for entry in containers(made, task)[AGENT]["environment"]
        if entry["name"] == "MACKEREL_ROLES"
    }
    assert roles == {task: f"story-prod:{task}" for task in tasks_with_agents(made)}


def test_only_what_the_agents_need_is_added_to_the_tasks_rights() -> None:
    traced = program("prod", agents={"open_telemetry": {"services": ["web"]}})
    plain = program("prod")
    changed = [
        policy.name
        for policy in traced.all("RolePolicy")
        if policy.inputs["policy"] != plain.one("RolePolicy", policy.name).inputs["policy"]
    ]
    assert changed == ["story-prod-web-task"]


def test_logs_that_leave_cloudwatch_are_warned_of() -> None:
    made = program("prod", agents={"fluent_bit": {"destination": {"Name": "null"}}})
    assert [
        line for line in made.warnings if line.startswith("story:agents.fluent_bit: ") and "CloudWatch Logs" in line
    ]

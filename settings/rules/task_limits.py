"""What of the settings would make a task definition or a role's policy larger than AWS takes.

Both are estimated from the settings alone, so that a first preview, which knows no names of AWS, says so too. The parts
that do not come from the settings are constants; a test holds the estimates against what the program registers.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from settings.agents import AgentSpec, FluentBitSpec, MackerelSpec, NewRelicSpec, OpenTelemetrySpec
from settings.base import Problem
from settings.rules.secret_reference import secret_reference

TASK_DEFINITION_BYTES = 65_536
"""64 KiB, quota "Task definition size": docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html"""
ROLE_POLICY_CHARACTERS = 10_240
"""Of all inline policies of a role, without whitespace:
docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length"""
APPLICATION_BYTES = 3_400
"""The application's container of a stack with all stores, without what the settings add, and the fields around it."""
AGENT_BYTES = 1_100
"""One container beside it."""
EXECUTION_POLICY_CHARACTERS = 1_130
"""What the execution role of a task has for its log, its image and the stack's own secrets."""
TASK_POLICY_CHARACTERS = 950
"""What the task role has for ECS Exec and uploads."""
ARN_AROUND = len('"",')
STATEMENT_AROUND = len('{"Effect":"Allow","Action":[""],"Resource":[""]},')


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A kind of task, as the settings describe it.

    Attributes:
        key: What the settings call it: `web`, `workers.mail`, `migration`.
        environment: Environment variables of its own, beside the application's.
        command: Its command.
        agents: Containers beside the application, by their keys.
    """

    key: str
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    command: Sequence[str] = ()
    agents: Mapping[str, AgentSpec] = field(default_factory=dict[str, AgentSpec])


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one setting adds.

    Attributes:
        key: The setting.
        size: Bytes or characters that it takes.
        items: How many variables, secrets or rights it holds.
        noun: What these are.
    """

    key: str
    size: int
    items: int
    noun: str

    def told(self, size: str) -> str:
        noun = self.noun.removesuffix("s") if self.items == 1 else self.noun
        return f"given {self.items} {noun} of {self.size:,} {size}"


def mistakes_in_sizes(
    tasks: Sequence[Task], environment: Mapping[str, str], secrets: Mapping[str, str], keys: Sequence[str]
) -> Iterator[Problem]:
    """One line for each setting that is the largest part of something too large.

    Args:
        tasks: Every kind of task that the stack has.
        environment: `application.environment`.
        secrets: `application.secrets`.
        keys: `application.secret_key_arns`.
    """
    definitions = {task.key: _definition_parts(task, environment, secrets) for task in tasks}
    for largest, over, size in _too_large(definitions, TASK_DEFINITION_BYTES):
        yield Problem(
            key=largest.key,
            problem=f"{largest.told('bytes')}, with which the task definition of {', '.join(over)} has about {size:,}; "
            f"allowed by ECS are {TASK_DEFINITION_BYTES:,} (64 KiB): keep large values in the image, in S3 or in a "
            "secret",
        )
    execution = {task.key: _execution_parts(task, secrets, keys) for task in tasks}
    for largest, over, size in _too_large(execution, ROLE_POLICY_CHARACTERS):
        fit = largest.items - -(-largest.items * (size - ROLE_POLICY_CHARACTERS) // largest.size)
        yield Problem(
            key=largest.key,
            problem=f"{largest.told('characters')}, with which the policy of the execution role of {', '.join(over)} "
            f"has about {size:,}; allowed by IAM are {ROLE_POLICY_CHARACTERS:,}, which is room for {max(fit, 0)}: put "
            "several values into one secret as JSON, and name each by <arn>:<key>",
        )
    roles = {task.key: _role_parts(task) for task in tasks}
    for largest, over, size in _too_large(roles, ROLE_POLICY_CHARACTERS):
        yield Problem(
            key=largest.key,
            problem=f"{largest.told('characters')}, with which the policy of the task role of {', '.join(over)} has "
            f"about {size:,}; allowed by IAM are {ROLE_POLICY_CHARACTERS:,}",
        )


def task_definition_bytes(task: Task, environment: Mapping[str, str], secrets: Mapping[str, str]) -> int:
    """Estimated size of a task definition, in bytes."""
    return sum(part.size for part in _definition_parts(task, environment, secrets))


def execution_policy_characters(task: Task, secrets: Mapping[str, str], keys: Sequence[str]) -> int:
    """Estimated size of the policy of a task's execution role, in characters without whitespace."""
    return sum(part.size for part in _execution_parts(task, secrets, keys))


def task_policy_characters(task: Task) -> int:
    """Estimated size of the policy of a task's own role, in characters without whitespace."""
    return sum(part.size for part in _role_parts(task))


def _too_large(parts: Mapping[str, Sequence[Part]], most: int) -> Iterator[tuple[Part, Sequence[str], int]]:
    """The largest part of each sum over `most`, with the tasks that it spoils and the largest of their sums."""
    sizes = {key: sum(part.size for part in held) for key, held in parts.items()}
    spoiled: dict[str, tuple[Part, list[str]]] = {}
    for key, held in parts.items():
        if sizes[key] > most:
            largest = max((part for part in held if part.items), key=lambda part: part.size)
            spoiled.setdefault(largest.key, (largest, []))[1].append(key)
    for largest, keys in spoiled.values():
        yield largest, keys, max(sizes[key] for key in keys)


def _definition_parts(task: Task, environment: Mapping[str, str], secrets: Mapping[str, str]) -> Sequence[Part]:
    shared = {name: value for name, value in environment.items() if name not in task.environment}
    return [
        Part(key="", size=APPLICATION_BYTES, items=0, noun=""),
        _variables("application.environment", shared),
        _variables(f"{task.key}.environment", task.environment),
        _secrets("application.secrets", secrets),
        Part(key=f"{task.key}.command", size=_bytes(list(task.command)), items=len(task.command), noun="words"),
        *(part for name, agent in task.agents.items() for part in _agent_parts(f"agents.{name}", agent)),
    ]


def _agent_parts(key: str, agent: AgentSpec) -> Iterator[Part]:
    yield Part(key="", size=AGENT_BYTES, items=0, noun="")
    match agent:
        case OpenTelemetrySpec():
            yield Part(key=f"{key}.config", size=_bytes(agent.config or ""), items=1, noun="text")
            yield _secrets(f"{key}.secrets", agent.secrets)
        case FluentBitSpec():
            options = _bytes(agent.destination)
            yield Part(key=f"{key}.destination", size=options, items=len(agent.destination), noun="options")
            yield _secrets(f"{key}.secrets", agent.secrets)
        case _:
            return


def _execution_parts(task: Task, secrets: Mapping[str, str], keys: Sequence[str]) -> Sequence[Part]:
    given = {"application.secrets": secrets, **dict(_agent_secrets(task.agents))}
    seen: set[str] = set()
    parts = [
        Part(key="", size=EXECUTION_POLICY_CHARACTERS, items=0, noun=""),
        _arns("application.secret_key_arns", keys, "keys"),
    ]
    for key, held in given.items():
        arns = {secret_reference(text).arn for text in held.values()} - seen
        seen |= arns
        parts.append(_arns(key, sorted(arns), "secrets"))
    return parts


def _agent_secrets(agents: Mapping[str, AgentSpec]) -> Iterator[tuple[str, Mapping[str, str]]]:
    for name, agent in agents.items():
        match agent:
            case NewRelicSpec():
                yield f"agents.{name}.license_key", {"license_key": agent.license_key}
            case MackerelSpec():
                yield f"agents.{name}.api_key", {"api_key": agent.api_key}
            case OpenTelemetrySpec() | FluentBitSpec():
                yield f"agents.{name}.secrets", agent.secrets
            case _:
                continue


def _role_parts(task: Task) -> Sequence[Part]:
    rights = {
        f"agents.{name}.rights": agent.rights
        for name, agent in task.agents.items()
        if isinstance(agent, (OpenTelemetrySpec, FluentBitSpec))
    }
    return [
        Part(key="", size=TASK_POLICY_CHARACTERS, items=0, noun=""),
        *(
            Part(
                key=key,
                size=sum(len(action) + len(arn) + STATEMENT_AROUND for action, arn in held.items()),
                items=len(held),
                noun="rights",
            )
            for key, held in rights.items()
        ),
    ]


def _variables(key: str, environment: Mapping[str, str]) -> Part:
    size = sum(_bytes({"name": name, "value": value}) + 1 for name, value in environment.items())
    return Part(key=key, size=size, items=len(environment), noun="variables")


def _secrets(key: str, secrets: Mapping[str, str]) -> Part:
    size = sum(_bytes({"name": name, "valueFrom": text}) + 1 for name, text in secrets.items())
    return Part(key=key, size=size, items=len(secrets), noun="secrets")


def _arns(key: str, arns: Sequence[str], noun: str) -> Part:
    return Part(key=key, size=sum(len(arn) + ARN_AROUND for arn in arns), items=len(arns), noun=noun)


def _bytes(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())

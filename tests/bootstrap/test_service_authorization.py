"""Every policy of the stacks and of the account, held against AWS's service authorization reference."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from story.plan.recorder import Record, Resource
from tests.bootstrap.given import account
from tests.program.given import program
from tests.service_authorization import Held, faults

SECRET = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:elsewhere-a1b2c3"
AGENTS = {
    "new_relic": {"license_key": SECRET, "cpu": 64, "memory_mib": 128},
    "mackerel": {"api_key": SECRET},
    "open_telemetry": {"rights": {"kinesis:PutRecord": "arn:aws:kinesis:ap-northeast-1:123456789012:stream/traces"}},
    "fluent_bit": {
        "destination": {"Name": "kinesis_firehose"},
        "rights": {"firehose:PutRecordBatch": "arn:aws:firehose:ap-northeast-1:123456789012:deliverystream/logs"},
    },
}
EVERYTHING_OBSERVED = {
    "monthly_budget_usd": 100,
    "exec_notifications": True,
    "laravel_metrics": True,
    "critical_emails": ["critical@example.com"],
    "slack": {"workspace_id": "T012AB3CD", "critical_channel_id": "C012AB3CD"},
}
LARGE = {"cpu": 1024, "memory_mib": 4096}
PROGRAMS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "dev": ("dev", {}),
    "prod": ("prod", {}),
    "with everything observed": ("prod", {"observability": EVERYTHING_OBSERVED}),
    "with all agents": ("dev", {"agents": AGENTS, "web": LARGE, "scheduler": LARGE, "workers": {"default": LARGE}}),
    "blue-green": ("prod", {"web": {"deployment": {"strategy": "blue-green"}, "autoscaling": None}}),
    "canary": ("prod", {"web": {"deployment": {"strategy": "canary"}, "autoscaling": None}}),
    "without NAT": ("dev", {"network": {"nat": "none"}}),
    "with nginx": ("dev", {"web": {"nginx": {}}}),
    "with a domain": ("dev", {"ingress": {"domain": "www.example.com", "zone_id": "Z0123456789ABCDEFGHIJ"}}),
    "within a boundary": (
        "dev",
        {"permissions": {"boundary_arn": "arn:aws:iam::123456789012:policy/bootstrap-story-boundary-dev"}},
    ),
    "without stores": (
        "dev",
        {store: {"enabled": False, "protect": False} for store in ("aurora", "valkey", "documentdb")},
    ),
}
ACCOUNTS: Mapping[str, dict[str, Any]] = {
    "account": {},
    "account with one stage": {"stages": ["live"]},
    "account with rights for agents": {
        "task_rights": {"firehose:PutRecordBatch": "arn:aws:firehose:ap-northeast-1:123456789012:deliverystream/logs"}
    },
}
HELD = {
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": Held.RESOURCE,
    "aws:iam/policy:Policy": Held.IDENTITY,
    "aws:iam/role:Role": Held.ROLE,
    "aws:iam/rolePolicy:RolePolicy": Held.IDENTITY,
    "aws:kms/keyPolicy:KeyPolicy": Held.KEY,
    "aws:s3/bucketPolicy:BucketPolicy": Held.RESOURCE,
    "aws:sns/topicPolicy:TopicPolicy": Held.RESOURCE,
}
"""What holds the policies of each type of resource; a type that is not here fails the test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A policy document among the inputs of a resource."""

    resource: Resource
    document: Mapping[str, Any]


def policies_of(made: Record) -> list[Policy]:
    return [
        Policy(resource=resource, document=document)
        for resource in made.resources
        for document in documents_in(resource.inputs)
    ]


def documents_in(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        if "Statement" in value:
            yield value
        else:
            for item in value.values():
                yield from documents_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from documents_in(item)
    elif isinstance(value, str) and value.lstrip().startswith("{") and '"Statement"' in value:
        yield from documents_in(json.loads(value))


def faults_of(made: Record) -> list[str]:
    return [
        f"{policy.resource.kind} {policy.resource.name}: {fault}"
        for policy in policies_of(made)
        for statement in policy.document["Statement"]
        for fault in faults(statement, HELD[policy.resource.type])
    ]


def made_by(name: str) -> Record:
    if name in ACCOUNTS:
        return account(**ACCOUNTS[name])
    stack, changes = PROGRAMS[name]
    return program(stack, **changes)


EVERY_PROGRAM = [*PROGRAMS, *ACCOUNTS]


@pytest.mark.parametrize("name", EVERY_PROGRAM)
def test_every_statement_agrees_with_what_aws_says_of_its_actions(name: str) -> None:
    assert faults_of(made_by(name)) == []


@pytest.mark.parametrize("name", EVERY_PROGRAM)
def test_the_trust_policy_of_every_role_is_looked_at(name: str) -> None:
    made = made_by(name)
    trusted = {policy.resource.name for policy in policies_of(made) if policy.resource.kind == "Role"}
    assert trusted
    assert trusted == {role.name for role in made.all("aws:iam/role:Role")}


def test_policies_of_every_kind_are_looked_at() -> None:
    found = {policy.resource.type for name in EVERY_PROGRAM for policy in policies_of(made_by(name))}
    assert found == set(HELD)

"""Secrets that the settings name: how tasks get them, and who may decrypt them."""

import json
from typing import Any

import pytest

from story.plan.recorder import Record
from tests.program.given import containers, program

START = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:"
MAIL, DATABASE = f"{START}mail-AbCdEf", f"{START}rds!cluster-5f3c2a10-AbCdEf"
VERSION = "9d4cb84b-ad69-40c0-a0ab-cead36b967e8"
KEY = "arn:aws:kms:ap-northeast-1:210987654321:key/1234abcd-12ab-34cd-56ef-1234567890ab"
READERS = ("web", "worker-default", "scheduler", "migration")


def statements(made: Record, task: str) -> list[dict[str, Any]]:
    return json.loads(made.one("RolePolicy", f"story-dev-{task}-execution").inputs["policy"])["Statement"]


@pytest.mark.parametrize(
    ("given", "value_from", "arn"),
    [
        (MAIL, MAIL, MAIL),
        (f"{MAIL}:key", f"{MAIL}:key::", MAIL),
        (f"{MAIL}:key::", f"{MAIL}:key::", MAIL),
        (f"{MAIL}:key:AWSCURRENT:", f"{MAIL}:key:AWSCURRENT:", MAIL),
        (f"{MAIL}::AWSPREVIOUS:", f"{MAIL}::AWSPREVIOUS:", MAIL),
        (f"{MAIL}:::{VERSION}", f"{MAIL}:::{VERSION}", MAIL),
        (f"{MAIL}:key::{VERSION}", f"{MAIL}:key::{VERSION}", MAIL),
        (f"{DATABASE}:password::", f"{DATABASE}:password::", DATABASE),
    ],
)
def test_tasks_get_what_the_settings_name_and_their_policy_names_the_secret(
    given: str, value_from: str, arn: str
) -> None:
    made = program(application={"secrets": {"STRIPE": given}})
    for task in READERS:
        entries = {entry["name"]: entry["valueFrom"] for entry in containers(made, task)["app"]["secrets"]}
        assert entries["STRIPE"] == value_from
        (reads,) = [one for one in statements(made, task) if "secretsmanager:GetSecretValue" in one["Action"]]
        assert arn in reads["Resource"]
        assert value_from not in {*reads["Resource"]} - {arn}


def test_every_task_that_reads_given_secrets_may_decrypt_with_the_named_keys() -> None:
    made = program(application={"secrets": {"STRIPE": MAIL}, "secret_key_arns": [KEY]})
    for task in READERS:
        (further,) = [one for one in statements(made, task) if KEY in one["Resource"]]
        assert further["Action"] == ["kms:Decrypt"]
        assert further["Condition"] == {
            "StringEquals": {"kms:ViaService": ["secretsmanager.ap-northeast-1.amazonaws.com"]}
        }
    assert KEY not in json.dumps(statements(made, "users")), "it reads the stack's own secrets alone"


def test_the_code_in_the_containers_never_gets_the_named_keys() -> None:
    made = program(application={"secret_key_arns": [KEY]})
    assert not [
        one.name for one in made.all("RolePolicy") if one.name.endswith("-task") and KEY in one.inputs["policy"]
    ]


def test_without_named_keys_no_policy_changes() -> None:
    plain, named = program(), program(application={"secret_key_arns": []})
    policies = [{one.name: one.inputs["policy"] for one in made.all("RolePolicy")} for made in (plain, named)]
    assert policies[0] == policies[1]
    assert not [one for one in statements(plain, "web") if "Condition" in one]


def test_a_schedule_reaches_aws_in_one_form_however_it_was_written() -> None:
    schedule = {"cron": " cron(0  8 ? * mon-fri *)", "timezone": "Asia/Tokyo", "min_tasks": 1, "max_tasks": 2}
    made = program(web={"autoscaling": {"schedules": {"morning": schedule}}})
    inputs = made.one("ScheduledAction").inputs
    assert (inputs["schedule"], inputs["timezone"]) == ("cron(0 8 ? * MON-FRI *)", "Asia/Tokyo")

"""What holds for every whole environment, as soon as it is up."""

import json
from typing import Any

from tests.e2e.support import Stack

WITH_STORES = ("aurora", "documentdb", "valkey")


def assert_its_subnets_are_those_of_the_settings(stack: Stack) -> None:
    wanted = {(subnet.zone, subnet.kind, subnet.cidr) for subnet in stack.settings().network.subnets()}
    made = {
        (subnet["AvailabilityZone"], _tag(subnet, "SubnetType").lower(), subnet["CidrBlock"])
        for subnet in stack.client("ec2").describe_subnets()["Subnets"]
        if not subnet["DefaultForAz"]
    }
    assert made == wanted


def assert_its_outputs_say_where_everything_is(stack: Stack) -> None:
    outputs = stack.engine.outputs()
    for store in WITH_STORES:
        assert outputs[store]["endpoint"].endswith(".amazonaws.com")
        assert outputs[store]["port"] == getattr(stack.settings(), store).port if store != "valkey" else 6379
        assert outputs[store]["userSecret"].startswith("arn:aws:secretsmanager:")
    assert outputs["appKeySecret"].startswith("arn:aws:secretsmanager:")
    assert outputs["url"].startswith("http")


def assert_no_password_is_shown_or_kept_in_the_clear(stack: Stack) -> None:
    """The passwords are those that the emulator's Secrets Manager really holds."""
    passwords = stack.passwords()
    # Two users, two masters, a token, and the application's key.
    assert len(passwords) == 2 * len(WITH_STORES), sorted(passwords.values())
    shown = stack.run("stack", "output", "--json", "--show-secrets")
    assert shown.returncode == 0
    kept = stack.engine.state_file.read_text("utf-8")
    assert "[secret]" not in json.dumps(stack.engine.outputs()), "an output that nobody can read"
    for password, holder in passwords.items():
        assert password not in shown.stdout, f"an output holds what is in {holder}"
        assert password not in kept, f"the state holds what is in {holder}, not encrypted"


def _tag(resource: dict[str, Any], key: str) -> str:
    return next(tag["Value"] for tag in resource["Tags"] if tag["Key"] == key)

"""What holds for every whole environment, as soon as it is up."""

import json
import re
import shlex
from typing import Any

import pytest

from story.local.engine import REGION, Finished
from story.plan.recorder import Record, record_program
from story.plan.stack_file import read_stack_file
from tests.e2e.support import PROJECT, Stack, image
from tests.inputs_sent import LEFT_OUT, not_kept, not_sent

PLUGIN_ON_PATH = re.compile(r"using pulumi-resource-[a-z]+ from \$PATH at ")
"""What the engine says on machines that can install no plugin."""
WITH_STORES = ("aurora", "documentdb", "valkey")


def assert_its_subnets_are_those_of_the_settings(stack: Stack) -> None:
    wanted = {(subnet.zone, subnet.kind, subnet.cidr) for subnet in stack.settings().network.subnets()}
    made = {
        (subnet["AvailabilityZone"], _tag(subnet, "SubnetType").lower(), subnet["CidrBlock"])
        for subnet in stack.client("ec2").describe_subnets()["Subnets"]
        if not subnet["DefaultForAz"]
    }
    assert made == wanted


def assert_every_private_subnet_has_a_route_to_s3(stack: Stack) -> None:
    """Image layers are in S3: without this route no task starts, or every layer is paid for at the NAT gateway."""
    ec2 = stack.client("ec2")
    private = [
        subnet["SubnetId"]
        for subnet in ec2.describe_subnets()["Subnets"]
        if not subnet["DefaultForAz"] and _tag(subnet, "SubnetType") == "Private"
    ]
    assert len(private) == len(stack.settings().network.zones)
    routes = {item["id"] for item in stack.inventory()["ec2"] if item["type"] == "route"}
    for subnet in private:
        [table] = ec2.describe_route_tables(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])[
            "RouteTables"
        ]
        assert f"{table['RouteTableId']}/com.amazonaws.{REGION}.s3" in routes


def assert_all_that_the_program_gives_reached_aws(stack: Stack, update: Finished) -> None:
    """Right after the first update: the engine kept every input of the program, AWS was asked for it, and there was no
    warning but the program's own."""
    planned, state = program_of(stack), stack.engine.state()
    lost = [*not_kept(planned, state), *not_sent(planned, state, stack.sent())]
    assert lost == [], "\n".join(lost)
    left_out = {f"{kind} {name}: not in provider 5.100, left out" for kind, name in LEFT_OUT}
    said = set(re.findall(r"^ +warning: (.+)$", update.output, re.MULTILINE))
    unexpected = {one for one in said - {*planned.warnings, *left_out} if not PLUGIN_ON_PATH.match(one)}
    assert unexpected == set(), "\n".join(sorted(unexpected))


def program_of(stack: Stack) -> Record:
    """What the program asks for with the settings in the stack's file; what only AWS knows is unknown."""
    file = read_stack_file(stack.engine.stack_file)
    return record_program(
        PROJECT, environment={"STORY_IMAGE": image(1)}, stack_name=file.stack, config=file.config, preview=True
    )


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


def assert_whoever_looks_finds_it_well(stack: Stack) -> None:
    """A stack that just came up is well: what cannot be told here is unknown, and nothing is a false alarm."""
    doctor = stack.story("doctor", "--format", "json")
    findings = json.loads(doctor.stdout)["findings"]
    assert [one for one in findings if one["severity"] in ("error", "warning")] == []
    assert len([one for one in findings if one["severity"] == "ok"]) > 20
    assert doctor.returncode == 0
    status = stack.story("status", "--format", "json")
    assert status.returncode == 0, status.output
    overview = json.loads(status.stdout)
    assert {service["service"] for service in overview["services"]} == set(stack.engine.outputs()["services"])
    assert overview["image"] == stack.engine.outputs()["image"]


def assert_a_task_can_be_gone_into(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through a plugin that only notes how it was called."""
    plugin, noted = stack.engine.folder / "session-manager-plugin", stack.engine.folder / "called"
    plugin.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo 1.2.700.0 && exit\n'
        f'printf "%s\\n" "$@" > {shlex.quote(str(noted))}\nexit 7\n'
    )
    plugin.chmod(0o755)
    monkeypatch.setenv("PATH", str(stack.engine.folder), prepend=":")
    entered = stack.story("exec", "web", "--", "php", "artisan", "about")
    assert entered.returncode == 7, entered.output
    assert f'"Target": "ecs:story-{stack.engine.stack}_' in noted.read_text("utf-8")
    assert "the session is recorded" in entered.stderr
    read = stack.story("logs", "migration", "--since", "1d")
    assert read.returncode == 0, read.output


def nat_gateways(stack: Stack) -> int:
    """How many NAT gateways there are."""
    return sum(item["type"] == "nat-gateway" for item in stack.inventory()["ec2"])


def instances(stack: Stack) -> dict[str, int]:
    """How many instances or nodes each store has."""
    found = stack.inventory()
    names = [one["name"] for one in found.get("rds", []) if one["type"] == "instance"]
    names += [one["name"] for one in found.get("elasticache", []) if one["type"] == "cluster"]
    stores = [name.split("-")[2] for name in names]
    return {store: stores.count(store) for store in sorted(set(stores))}


def _tag(resource: dict[str, Any], key: str) -> str:
    return next(tag["Value"] for tag in resource["Tags"] if tag["Key"] == key)

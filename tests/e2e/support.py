"""A stack on the emulator: what scenarios do to it, and what they ask it."""

import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.config import Config

from settings.stack import Settings
from settings.stack import stack_of as settings_of
from story.local.engine import EXAMPLE_REPOSITORY, REGION, Engine, Finished
from story.plan.stack_file import read_stack_file

PROJECT = Path(__file__).parent.parent.parent
MARKER = "random:index/randomUuid:RandomUuid"
TASK_DEFINITION = "aws:ecs/taskDefinition:TaskDefinition"
STEP_LINE = re.compile(r"^ {4}(users|migration|rollout [a-z0-9-]+): ", re.MULTILINE)
"""Every line that a step of a release prints begins with the step's name. At its end the engine lists them once more,
indented, in their order."""
UNCHANGED = re.compile(r"^Resources:\n +[0-9]+ unchanged$", re.MULTILINE)
NO_CHANGE = ("same", "refresh", "read")
WITHOUT_STORES: dict[str, Any] = {
    "story:protect": False,
    "story:network": {"nat": "none"},
    "story:aurora": {"enabled": False},
    "story:valkey": {"enabled": False},
    "story:documentdb": {"enabled": False},
}
"""Settings of a stack that comes up and goes away soon: scenarios of releases and failures need no more."""
SECRET_AT_LEAST = 16
"""Length from which a value in a secret is taken for a password, and not for a user's name or an engine's."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Change:
    """One thing that a preview would do.

    Attributes:
        op: `create`, `update`, `replace` or `delete`; a replacement is one change.
        type: Token of the resource, such as `aws:ecs/service:Service`.
        name: Name of the resource in the program.
    """

    op: str
    type: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A stack on an emulator of its own.

    Attributes:
        engine: The real engine.
        client: `client("ecs")` is a boto3 client of the emulator.
        ran: Each command that ran, with its seconds, for the summary.
    """

    engine: Engine
    client: Callable[[str], Any]
    ran: list[str] = field(default_factory=list)

    def run(self, *args: str, image: str | None = None) -> Finished:
        """A command that may fail."""
        finished = self.engine.run(*args, image=image)
        self.ran.append(f"{args[0]} {finished.seconds:.0f}")
        return finished

    def story(self, command: str, *args: str) -> Finished:
        """`story COMMAND` for this stack, without a terminal."""
        engine = self.engine
        place = ["--stack", f"organization/story/{engine.stack}", "--config-file", str(engine.stack_file)]
        began = time.monotonic()
        finished = subprocess.run(
            [sys.executable, "-m", "story.cli", command, *place, *args],
            cwd=PROJECT,
            env=engine.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.monotonic() - began
        self.ran.append(f"{command} {seconds:.0f}")
        return Finished(returncode=finished.returncode, stdout=finished.stdout, stderr=finished.stderr, seconds=seconds)

    def up(self, image: str | None = None) -> Finished:
        """An update that must succeed. Its preview is left out: what it would say is asked where it matters."""
        return succeeded(self.run("up", "--yes", "--skip-preview", image=image))

    def failing_up(self, *, image: str | None = None, preview: bool = False) -> str:
        """What an update says that must fail."""
        finished = self.run("up", "--yes", *([] if preview else ["--skip-preview"]), image=image)
        assert finished.returncode != 0, f"this update succeeded:\n{finished.output}"
        return finished.output

    def changes(self, image: str | None = None) -> list[Change]:
        """What an update would do, after a look at what really exists."""
        return self.preview(image)[0]

    def preview(self, image: str | None = None) -> tuple[list[Change], str]:
        """What an update would do, and all that the preview said."""
        finished = succeeded(self.run("preview", "--json", image=image))
        steps = json.loads(finished.stdout)["steps"]
        return sorted({_change(step) for step in steps if step["op"] not in NO_CHANGE}), finished.output

    def is_clean(self) -> bool:
        """Whether the program and AWS agree; the engine is asked to fail if not."""
        succeeded(self.run("preview", "--expect-no-changes", "--diff"))
        return True

    def configure(self, key: str, change: Mapping[str, Any] | None) -> None:
        """Edit the stack's file: merge `change` into the map `key`, key by key; None removes the key."""
        config = self.engine.config()
        if change is None:
            del config[key]
        else:
            config[key] = merged(config.get(key) or {}, change)
        self.engine.prepare(config)

    def configure_value(self, key: str, value: Any) -> None:
        """Edit the stack's file: set `key`."""
        self.engine.prepare({**self.engine.config(), key: value})

    def settings(self) -> Settings:
        """The settings in the stack's file, as the program reads them."""
        file = read_stack_file(self.engine.stack_file)
        return settings_of(name=file.stack, config=file.config).settings

    def inventory(self) -> dict[str, list[dict[str, str]]]:
        """What exists in the emulator."""
        return emulator_answers(self.engine.emulator_url, "GET", "/emulator/inventory")

    def asked_for(self) -> set[str]:
        """Every API action that the program's tools asked for; see emulator/README.md."""
        return set(emulator_answers(self.engine.emulator_url, "GET", "/emulator/requests"))

    def sent(self) -> list[dict[str, str]]:
        """Each of these requests that writes, with its body; see emulator/README.md."""
        return emulator_answers(self.engine.emulator_url, "GET", "/emulator/requests/sent")

    def forget_what_was_asked_for(self) -> None:
        """Begin that list anew."""
        emulator_answers(self.engine.emulator_url, "DELETE", "/emulator/requests")

    def fails_at(self, **fault: Any) -> None:
        """Let the emulator fail an action; see emulator/README.md."""
        emulator_answers(self.engine.emulator_url, "POST", "/emulator/faults", fault)

    def works_again(self) -> None:
        """Let the emulator fail nothing more."""
        emulator_answers(self.engine.emulator_url, "DELETE", "/emulator/faults")

    def behaves(self, name: str, image: str = "", **behaviour: Any) -> None:
        """What the tasks of a step or a service do from now on, perhaps with one image only; see emulator/README.md."""
        family = f"story-{self.engine.stack}-{name}"
        described = {"family": family, "image": image.partition("@")[2], **behaviour}
        emulator_answers(self.engine.emulator_url, "POST", "/emulator/behaviours", described)

    def behaves_well(self) -> None:
        """Let every task do what it should."""
        emulator_answers(self.engine.emulator_url, "DELETE", "/emulator/behaviours")

    def revisions(self, name: str) -> int:
        """How many revisions of a task definition there are."""
        family = f"story-{self.engine.stack}-{name}"
        return len(self.client("ecs").list_task_definitions(familyPrefix=family)["taskDefinitionArns"])

    def running_tasks(self) -> dict[str, set[str]]:
        """The tasks that should run, by service."""
        cluster, api = f"story-{self.engine.stack}", self.client("ecs")
        services = [arn.rpartition("/")[2] for arn in api.list_services(cluster=cluster)["serviceArns"]]
        return {name: set(api.list_tasks(cluster=cluster, serviceName=name)["taskArns"]) for name in services}

    def service(self, name: str) -> dict[str, Any]:
        """A service as ECS describes it."""
        cluster = f"story-{self.engine.stack}"
        return self.client("ecs").describe_services(cluster=cluster, services=[name])["services"][0]

    def image_of(self, service: str) -> str:
        """The image that a service runs."""
        definition = self.service(service)["taskDefinition"]
        found = self.client("ecs").describe_task_definition(taskDefinition=definition)["taskDefinition"]
        return {container["name"]: container["image"] for container in found["containerDefinitions"]}["app"]

    def images_of(self, services: Iterable[str]) -> set[str]:
        """The images that services run; one, if all of them run the same."""
        return {self.image_of(service) for service in services}

    def markers(self) -> dict[str, str]:
        """The steps that the state says were done, by name; a step that was done again has another id."""
        resources = self.engine.state()["deployment"]["resources"]
        return {one["urn"].split("::")[-1]: one["id"] for one in resources if one["type"] == MARKER}

    def migrations(self) -> int:
        """How many migrations were run."""
        family = f"story-{self.engine.stack}-migration"
        return sum(item["type"] == "task" and item["name"] == family for item in self.inventory().get("ecs", []))

    def passwords(self) -> dict[str, str]:
        """Every password and key in Secrets Manager, with the secret that holds it."""
        api = self.client("secretsmanager")
        found: dict[str, str] = {}
        for page in api.get_paginator("list_secrets").paginate():
            for secret in page["SecretList"]:
                value = api.get_secret_value(SecretId=secret["ARN"])["SecretString"]
                found |= dict.fromkeys(_passwords_in(value), secret["Name"])
        return found


def succeeded(finished: Finished) -> Finished:
    """A command that must succeed; what it says first otherwise is why, for a long output is often cut off."""
    if finished.returncode:
        lines = finished.output.splitlines()
        why = [line for line in lines if "error" in line.lower()] or lines[-20:]
        said = [f"exit code {finished.returncode}", *why, "", "all that it said:", *lines]
        pytest.fail("\n".join(said), pytrace=False)
    return finished


def steps_in(output: str) -> list[str]:
    """The steps of a release that a run reports, in the order of their first lines."""
    return list(dict.fromkeys(STEP_LINE.findall(output)))


def changed_nothing(finished: Finished) -> bool:
    """Whether an update found nothing to do."""
    return bool(UNCHANGED.search(finished.stdout))


def merged(before: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """A map with a change of it merged in, key by key."""
    result = dict(before)
    for key, value in change.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def image(number: int) -> str:
    """One of several images, by digest."""
    return f"{EXAMPLE_REPOSITORY}@sha256:{number:064x}"


def committed_config(stack: str) -> dict[str, Any]:
    """The settings in the repository's file of a stack."""
    return yaml.safe_load((PROJECT / f"Pulumi.{stack}.yaml").read_text("utf-8"))["config"]


def clients(url: str) -> Callable[[str], Any]:
    """boto3 clients of the emulator at `url`."""
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
    path_style = Config(s3={"addressing_style": "path"})

    @cache
    def make(service: str) -> Any:
        untyped: Any = session
        return untyped.client(service, endpoint_url=url, config=path_style)

    return make


def emulator_answers(url: str, method: str, path: str, body: Any = None) -> Any:
    """Ask the emulator itself."""
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url + path, data, method=method), timeout=30) as answer:
        return json.loads(answer.read())


def _change(step: Mapping[str, Any]) -> Change:
    _, _, types, name = step["urn"].split("::")
    replacement = "replace" in step["op"]
    return Change(op="replace" if replacement else step["op"], type=types.split("$")[-1], name=name)


def _passwords_in(value: str) -> set[str]:
    try:
        content = json.loads(value)
    except ValueError:
        content = value
    texts = content.values() if isinstance(content, dict) else [content]
    longest = {str(text).removeprefix("base64:") for text in texts}
    return {text for text in longest if len(text) >= SECRET_AT_LEAST and "amazonaws" not in text}

"""Runs Pulumi code against a mock monitor that records every registered resource.

`story plan` and all tests of components and of the program use it. No other module uses these internals of Pulumi.
"""

import asyncio
import inspect
import logging
import os
import runpy
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pulumi
from google.protobuf import json_format
from pulumi.runtime import config as runtime_config
from pulumi.runtime import mocks, rpc, settings, stack

from settings.project import PROJECT
from story.plan.fake_outputs import REGION, outputs_of

UNKNOWN = "<unknown>"
SECRET = "[secret]"
SIGNATURE_KEY = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"
"""How the SDK encodes a secret: github.com/pulumi/pulumi/blob/master/sdk/python/lib/pulumi/runtime/rpc.py"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One registered resource, with the inputs and options that the program gave it.

    Attributes:
        type: Token, such as `aws:ecs/service:Service`.
        name: Logical name.
        parent: Logical name of the parent; empty for the stack's own children.
        parent_type: Token of the parent; empty as above.
        inputs: Inputs in camelCase; `<unknown>` stands for values that are known only after an update.
        secret_inputs: Top-level inputs that are, or hold, secrets. `inputs` has their values in clear.
        masked_inputs: The inputs with `[secret]` in place of every secret, for output.
        replace_on_changes: Inputs whose change replaces the resource, although its provider would update it.
        depends_on: Resources that must exist first, each as `<kind> <name>`: `Cluster aurora`.
        hooks: Names of the hooks, by the step at which they run.
        custom: False for components.
    """

    type: str
    name: str
    urn: str
    parent: str
    parent_type: str
    inputs: Mapping[str, Any]
    secret_inputs: Sequence[str]
    masked_inputs: Mapping[str, Any]
    protect: bool
    ignore_changes: Sequence[str]
    replace_on_changes: Sequence[str]
    depends_on: Sequence[str]
    hooks: Mapping[str, Sequence[str]]
    aliases: Sequence[str]
    retain_on_delete: bool
    custom: bool

    @property
    def kind(self) -> str:
        """The last word of the type: `Service`."""
        return self.type.rsplit(":", 1)[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The resources that a run registered, in order, the outputs of components and of the stack, and the warnings."""

    resources: Sequence[Resource]
    registered_outputs: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, Any]
    secret_outputs: Sequence[str]
    warnings: Sequence[str]

    def all(self, type_or_kind: str) -> list[Resource]:
        """Every resource of a type (`aws:ecs/service:Service`), or of any type with this last word (`Service`)."""
        return [resource for resource in self.resources if type_or_kind in (resource.type, resource.kind)]

    def one(self, type_or_kind: str, name: str | None = None) -> Resource:
        """The one resource of a type or kind, by name if there are several.

        Raises:
            LookupError: There is none, or more than one.
        """
        found = [resource for resource in self.all(type_or_kind) if name in (None, resource.name)]
        if len(found) != 1:
            names = ", ".join(sorted(f"{r.kind} {r.name}" for r in self.all(type_or_kind))) or "none"
            raise LookupError(f"wanted one {type_or_kind} {name or ''}, have: {names}")
        return found[0]


@dataclass(kw_only=True)
class _Registrations:
    resources: list[Resource] = field(default_factory=list[Resource])
    registered_outputs: dict[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    warnings: list[str] = field(default_factory=list[str])


class _Warnings(logging.Handler):
    """Records the warnings that the program logs with `pulumi.log.warn`."""

    def __init__(self, registrations: _Registrations) -> None:
        super().__init__(logging.WARNING)
        self.registrations = registrations

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno == logging.WARNING:
            self.registrations.warnings.append(record.getMessage())


class _FakeAws(mocks.Mocks):
    """Returns example outputs for each resource (update), or leaves the outputs that AWS sets unknown (preview)."""

    def __init__(self, preview: bool, last_outputs: Mapping[str, Any], region: str) -> None:
        self.preview = preview
        self.region = region
        self.last_outputs = last_outputs

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        inputs = cast(dict[str, Any], args.inputs)  # pyright: ignore[reportUnknownMemberType] - a bare dict in the SDK
        if args.typ == "pulumi:pulumi:StackReference":
            known: dict[str, Any] = {
                "name": args.resource_id,
                "outputs": dict(self.last_outputs),
                "secretOutputNames": [],
            }
            return args.resource_id, {} if self.preview and not self.last_outputs else known
        if not args.custom and args.typ.startswith("story:"):
            return "", {}
        if self.preview:
            return "", {} if args.typ.startswith("awsx:") else inputs
        return f"{args.name}-id", outputs_of(args.typ, args.name, inputs, self.region)

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"the program calls {args.token}: an invoke reads the account, even in a preview")


class _Monitor(mocks.MockMonitor):
    def __init__(self, fake_aws: _FakeAws, registrations: _Registrations) -> None:
        super().__init__(fake_aws)
        self.registrations = registrations

    def RegisterResource(self, request: Any) -> Any:
        if request.type != "pulumi:pulumi:Stack":
            self.registrations.resources.append(
                _resource(request, self.make_urn(request.parent, request.type, request.name))
            )
        response = super().RegisterResource(request)  # pyright: ignore[reportUnknownMemberType] - untyped in the SDK
        _keep_secrets(request, response)
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:
        self.registrations.registered_outputs[_name(request.urn)] = _plain(json_format.MessageToDict(request.outputs))
        return super().RegisterResourceOutputs(request)  # pyright: ignore[reportUnknownMemberType] - as above


def record(
    build: Callable[[], Any],
    *,
    project: str = PROJECT,
    stack_name: str = "test",
    preview: bool = False,
    config: Mapping[str, str] | None = None,
    secret_keys: Sequence[str] = (),
    last_outputs: Mapping[str, Any] | None = None,
) -> Record:
    """Everything that `build` registers.

    Args:
        build: Creates components or resources; its exceptions are raised.
        project: Pulumi project.
        stack_name: Pulumi stack.
        preview: Leave outputs that AWS sets unknown, as in a first preview.
        config: Stack config as the engine passes it: full keys, objects as JSON text.
        secret_keys: Keys of `config` that are secrets.
        last_outputs: Outputs of the stack's last update.
    """
    # The SDK keeps the running program in context variables and the current event loop: each run gets its own.
    return asyncio.run(_record(build, project, stack_name, preview, config or {}, secret_keys, last_outputs or {}))


def record_program(
    program: Path,
    *,
    environment: Mapping[str, str] | None = None,
    **options: Any,
) -> Record:
    """Everything that a Pulumi program (the file `__main__.py` of a folder) registers; see `record`.

    Args:
        program: Folder of the program.
        environment: Environment variables of the run.
        options: Those of `record`.
    """

    def build() -> None:
        with _environment(environment or {}), _first_on_path(program):
            runpy.run_path(str(program / "__main__.py"), run_name="__main__")

    return record(build, **options)


async def _record(
    build: Callable[[], Any],
    project: str,
    stack_name: str,
    preview: bool,
    config: Mapping[str, str],
    secret_keys: Sequence[str],
    last_outputs: Mapping[str, Any],
) -> Record:
    registrations = _Registrations()
    fake_aws = _FakeAws(preview, last_outputs, config.get("aws:region") or REGION)
    settings.reset_options()
    runtime_config.set_all_config(dict(config), list(secret_keys))
    logger = logging.Logger("story.plan")
    logger.addHandler(_Warnings(registrations))
    mocks.set_mocks(
        fake_aws,
        project=project,
        stack=stack_name,
        preview=preview,
        logger=logger,
        monitor=_Monitor(fake_aws, registrations),
    )
    await stack.run_pulumi_func(lambda: _settled(build))
    outputs, secret_outputs = await _stack_outputs()
    return Record(
        resources=tuple(registrations.resources),
        registered_outputs=registrations.registered_outputs,
        outputs=outputs,
        secret_outputs=tuple(secret_outputs),
        warnings=tuple(registrations.warnings),
    )


async def _settled(build: Callable[[], Any]) -> None:
    """Builds, then waits for all outputs at once.

    The SDK starts its own wait again, with a callback on each outstanding output, whenever one output resolves: half
    of a run's time. A failed output stays in the SDK's set, and the SDK's wait raises its exception.
    """
    built = build()
    if inspect.isawaitable(built):
        await built
    outputs: set[asyncio.Task[Any]] = cast(Any, settings.SETTINGS).outputs
    failed = False
    while not failed and (awaited := [output for output in outputs if not output.done()]):
        done, _ = await asyncio.wait(awaited, return_when=asyncio.FIRST_EXCEPTION)
        failed = any(output.cancelled() or output.exception() for output in done)


async def _stack_outputs() -> tuple[dict[str, Any], list[str]]:
    root = settings.get_root_resource()
    known: dict[str, Any] = {}
    secret: list[str] = []
    for name, value in sorted(getattr(root, "outputs", {}).items()):
        output = pulumi.Output.from_input(value)
        known[name] = await output.future() if await output.is_known() else UNKNOWN
        if await output.is_secret():
            secret.append(name)
    return known, secret


def _resource(request: Any, urn: str) -> Resource:
    raw = json_format.MessageToDict(request.object)
    parent = request.parent if "pulumi:pulumi:Stack::" not in request.parent else ""
    return Resource(
        type=request.type,
        name=request.name,
        urn=urn,
        parent=_name(parent) if parent else "",
        parent_type=parent.split("::")[2].rpartition("$")[2] if parent else "",
        inputs=_plain(raw),
        masked_inputs=_plain(raw, masked=True),
        secret_inputs=tuple(sorted(key for key, value in raw.items() if _holds_secret(value))),
        protect=bool(request.protect),
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        depends_on=tuple(sorted({_label(dependency) for dependency in request.dependencies})),
        hooks=_hooks(request),
        aliases=tuple(alias.spec.name or alias.urn for alias in request.aliases),
        retain_on_delete=bool(request.retainOnDelete),
        custom=bool(request.custom),
    )


def _keep_secrets(request: Any, response: Any) -> None:
    """Marks outputs as secret if the provider says so or the input was secret, as the engine does; mocks do neither."""
    given = json_format.MessageToDict(request.object)
    secret = {*request.additionalSecretOutputs, *(key for key, value in given.items() if _holds_secret(value))}
    for key in secret & set(response.object.fields):
        value = json_format.MessageToDict(response.object.fields[key])
        if not _holds_secret(value):
            json_format.ParseDict({SIGNATURE_KEY: SECRET_SIGNATURE, "value": value}, response.object.fields[key])


def _hooks(request: Any) -> dict[str, Sequence[str]]:
    if not request.HasField("hooks"):
        return {}
    return {
        descriptor.name: tuple(names) for descriptor, names in request.hooks.ListFields() if descriptor.label == 3
    } or {}


def _name(urn: str) -> str:
    return urn.split("::", 3)[-1]


def _label(urn: str) -> str:
    kind = urn.split("::")[2].rsplit(":", 1)[-1]
    return f"{kind} {_name(urn)}"


def _plain(value: Any, *, masked: bool = False) -> Any:
    if isinstance(value, dict):
        fields = cast(dict[str, Any], value)
        if _is_secret(fields):
            return SECRET if masked else _plain(fields.get("value"))
        return {key: _plain(item, masked=masked) for key, item in fields.items()}
    if isinstance(value, list):
        return [_plain(item, masked=masked) for item in cast(list[Any], value)]
    if value == rpc.UNKNOWN:
        return UNKNOWN
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _holds_secret(value: Any) -> bool:
    if isinstance(value, dict):
        fields = cast(dict[str, Any], value)
        return _is_secret(fields) or any(map(_holds_secret, fields.values()))
    return isinstance(value, list) and any(map(_holds_secret, cast(list[Any], value)))


def _is_secret(fields: Mapping[str, Any]) -> bool:
    return fields.get(SIGNATURE_KEY) == SECRET_SIGNATURE


@contextmanager
def _environment(changes: Mapping[str, str]) -> Generator[None]:
    before = dict(os.environ)
    os.environ.update(changes)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _first_on_path(folder: Path) -> Generator[None]:
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))

"""A plan as text or as JSON. The same plan gives the same bytes."""

import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from story.plan.program import StackPlan
from story.plan.recorder import SECRET, Record, Resource
from story.plan.tree import VPC, Node, below_vpc, is_component, kinds, ordered, tree


def as_json(plans: Sequence[StackPlan]) -> str:
    """`{"stacks": {<name>: {"resources", "outputs", "warnings", "mistakes"}}}`."""
    document = {"stacks": {plan.stack: _stack(plan) for plan in plans}}
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=False) + "\n"


def as_text(plans: Sequence[StackPlan], *, inputs: bool = False, colour: bool = False) -> str:
    """The resource tree of each stack, with totals, protected resources, and warnings or mistakes.

    Args:
        plans: The stacks.
        inputs: Show the inputs of each resource.
        colour: Use colours, as escape sequences for a terminal.
    """
    page = io.StringIO()
    console = Console(
        file=page, width=100_000, force_terminal=colour, no_color=not colour, highlight=False, soft_wrap=True
    )
    for plan in plans:
        console.print(Text(f"{plan.stack} ({plan.file.name})", style="bold"))
        if plan.record is None:
            for line in plan.mistakes:
                console.print(Text(f"  mistake: {line}", style="red"))
        else:
            _print(console, plan, plan.record, inputs)
        console.print()
    return "\n".join(line.rstrip() for line in page.getvalue().splitlines()) + "\n"


def _stack(plan: StackPlan) -> dict[str, Any]:
    record = plan.record
    return {
        "resources": [_resource(resource) for resource in ordered(record)] if record else [],
        "outputs": _outputs(record) if record else {},
        "warnings": list(record.warnings) if record else [],
        "mistakes": list(plan.mistakes),
    }


def _resource(resource: Resource) -> dict[str, Any]:
    return {
        "type": resource.type,
        "name": resource.name,
        "parent": resource.parent,
        "inputs": _sorted(resource.masked_inputs),
        "protect": resource.protect,
        "ignore_changes": list(resource.ignore_changes),
        "depends_on": list(resource.depends_on),
        "hooks": {step: list(names) for step, names in sorted(resource.hooks.items())},
        "aliases": list(resource.aliases),
        "retain_on_delete": resource.retain_on_delete,
        "component": is_component(resource),
    }


def _outputs(record: Record) -> dict[str, Any]:
    return {
        name: SECRET if name in record.secret_outputs else _sorted(value)
        for name, value in sorted(record.outputs.items())
    }


def _sorted(value: Any) -> Any:
    return json.loads(json.dumps(value, sort_keys=True, default=str))


def _print(console: Console, plan: StackPlan, record: Record, inputs: bool) -> None:
    nodes = tree(record)
    for node in nodes:
        console.print(_branch(node, inputs))
    console.print()
    for line in _sums(nodes, record):
        console.print(Text(line))
    for name, value in _outputs(record).items():
        console.print(Text(f"  output: {name} = {value if isinstance(value, str) else json.dumps(value)}"))
    if plan.image_is_example:
        console.print(Text(f"  image: {plan.image}, an example; use --image to plan with your own"))
    console.print(Text("  IDs, ARNs and host names are examples; nothing was read from AWS."))
    for line in record.warnings:
        console.print(Text(f"  warning: {line}", style="yellow"))


def _branch(node: Node, inputs: bool) -> Tree:
    branch = Tree(_label(node))
    if inputs:
        for key, value in sorted(node.resource.masked_inputs.items()):
            branch.add(Text(f"{key}: {json.dumps(value, sort_keys=True, ensure_ascii=False)}", style="dim"))
    if node.resource.type == VPC:
        for line in below_vpc(node.resource.inputs):
            branch.add(Text(line))
    for child in node.children:
        branch.add(_branch(child, inputs))
    return branch


def _label(node: Node) -> Text:
    resource = node.resource
    label = Text(f"{resource.kind} {resource.name}", style="bold" if is_component(resource) else "")
    if is_component(resource):
        return label.append(f"  {_of(node.count, 'resource')}", style="dim")
    label.append(f"  {resource.type}", style="dim")
    for mark in _marks(resource):
        label.append(f"  [{mark}]", style="cyan")
    return label


def _marks(resource: Resource) -> Iterator[str]:
    if resource.protect:
        yield "protected"
    if resource.ignore_changes:
        yield f"ignores {', '.join(resource.ignore_changes)}"
    for step, names in sorted(resource.hooks.items()):
        yield f"{step.replace('_', ' ')}: {', '.join(names)}"


def _sums(nodes: Sequence[Node], record: Record) -> Iterator[str]:
    total = sum(node.count for node in nodes)
    by_kind = ", ".join(f"{count} {type_}" for type_, count in list(kinds(record).items())[:5])
    yield f"  total: {_of(total, 'resource')}; most frequent: {by_kind}"
    for node in nodes:
        if is_component(node.resource):
            yield f"    {node.resource.name}: {node.count}"
    for resource in record.all(VPC):
        yield f"  also, the VPC {resource.name} creates {len(below_vpc(resource.inputs))} resources and routes"
    protected = [f"{resource.kind} {resource.name}" for resource in ordered(record) if resource.protect]
    yield f"  protected from deletion: {', '.join(protected) or 'nothing'}"


def _of(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"

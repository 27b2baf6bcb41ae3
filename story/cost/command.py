"""`story cost`."""

import json
import sys
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from settings.project import project_name
from story.cost.cost import Estimate, estimate, recorded_resources
from story.cost.items import Item
from story.exit_codes import ExitCode
from story.plan.program import StackPlan, plan_stack, project_folder, stack_files
from story.plan.stack_file import read_stack_file


def run(*, stacks: Sequence[str], as_format: str, start: Path) -> int:
    """Estimates and prints; returns the exit code.

    Args:
        stacks: Names of stacks of the project. Empty: all stacks.
        as_format: `text` or `json`.
        start: Folder in which the search for the project begins; its parents are searched too.
    """
    try:
        project = project_folder(start)
        files = _files(project, stacks)
        plans = [plan_stack(project, file) for file in files]
        name = project_name(project)
        regions = {plan.stack: read_stack_file(plan.file, name).config.get("aws:region", "") for plan in plans}
    except (LookupError, OSError, ValueError) as error:
        print(f"story cost: {error}", file=sys.stderr)
        return ExitCode.WRONG_USAGE
    found = {
        plan.stack: estimate(recorded_resources(plan.record), regions[plan.stack]) for plan in plans if plan.record
    }
    sys.stdout.write(_json(plans, found) if as_format == "json" else "\n".join(_text(plans, found)) + "\n")
    return ExitCode.FAILED if any(plan.mistakes for plan in plans) else ExitCode.OK


def _files(project: Path, stacks: Sequence[str]) -> list[Path]:
    known = stack_files(project)
    files = [project / f"Pulumi.{name}.yaml" for name in dict.fromkeys(stacks)] or known
    for file in files:
        if file not in known:
            names = ", ".join(path.name for path in known) or "no stack file (Pulumi.<stack>.yaml)"
            raise LookupError(f"there is no file {file}; the project has {names}")
    return files


def _text(plans: Sequence[StackPlan], found: dict[str, Estimate]) -> Iterator[str]:
    for plan in plans:
        if plan.stack not in found:
            yield f"{plan.stack} ({plan.file.name})"
            yield from (f"  mistake: {line}" for line in plan.mistakes)
            continue
        costs = found[plan.stack]
        yield f"{plan.stack} ({plan.file.name}, {costs.region}): {_sum(costs)}"
        width = max(map(len, costs.components), default=0)
        for name, part in costs.components.items():
            unknown = " + unknown" if part.unknown else ""
            yield f"  {(name or 'stack').ljust(width)}  {part.usd:9.2f}{unknown}"
        for item in costs.unknown:
            yield f"  unknown: {item.component}: {item.resource}: {item.what}; {item.note}"
        yield from (f"  assumed: {text}" for text in costs.assumptions)
        yield ""
    yield "--format json shows each item with its price, the price's date and its source at AWS."


def _sum(costs: Estimate) -> str:
    if not costs.unknown:
        return f"{costs.usd:.2f} USD a month"
    return f"at least {costs.usd:.2f} USD a month; {len(costs.unknown)} prices are unknown"


def _json(plans: Sequence[StackPlan], found: dict[str, Estimate]) -> str:
    stacks = {plan.stack: _stack(plan, found.get(plan.stack)) for plan in plans}
    return json.dumps({"stacks": stacks}, indent=2, ensure_ascii=False) + "\n"


def _stack(plan: StackPlan, costs: Estimate | None) -> dict[str, Any]:
    if costs is None:
        return {"mistakes": list(plan.mistakes)}
    return {
        "region": costs.region,
        "usd_per_month": _amount(costs.usd),
        "complete": not costs.unknown,
        "components": {
            name: {"usd_per_month": _amount(part.usd), "complete": not part.unknown}
            for name, part in costs.components.items()
        },
        "items": [_item(item) for item in costs.items],
        "assumptions": list(costs.assumptions),
        "mistakes": [],
    }


def _item(item: Item) -> dict[str, Any]:
    return {
        "component": item.component,
        "resource": item.resource,
        "what": item.what,
        "quantity": _amount(item.quantity),
        "unit": item.unit,
        "usd_per_month": _amount(item.usd),
        "usd_per_unit": str(item.rate.usd) if item.rate else None,
        "source": item.rate.source if item.rate else None,
        "date": item.rate.date if item.rate else None,
        "note": item.note,
    }


def _amount(amount: Decimal | None) -> float | None:
    """An amount of money or units as a JSON number; null if it is unknown."""
    return None if amount is None else float(round(amount, 4))

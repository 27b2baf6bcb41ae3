"""The stack that the pictures show."""

from functools import cache
from pathlib import Path

from story.plan.program import StackPlan, plan_stack
from story.plan.recorder import Record

PROJECT = Path(__file__).parents[1]
STACK = "prod"


@cache
def planned() -> tuple[StackPlan, Record]:
    """What prod would be made of, by the stack file of the repository.

    Raises:
        LookupError: Its settings have mistakes.
    """
    plan = plan_stack(PROJECT, PROJECT / f"Pulumi.{STACK}.yaml")
    if plan.record is None:
        raise LookupError(f"{plan.file.name} has mistakes (story plan --stack {STACK}): {'; '.join(plan.mistakes)}")
    return plan, plan.record

"""The stack that the pictures show."""

import json
from functools import cache
from pathlib import Path

from settings.project import PROJECT as PROGRAM
from story.plan.program import StackPlan, example_image, plan_stack
from story.plan.recorder import Record, record_program
from story.plan.stack_file import read_stack_file

PROJECT = Path(__file__).parents[1]
STACK = "prod"
OBSERVABILITY = "story:observability"


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


def reporting() -> Record:
    """The same stack once its application reports its queues and scheduler."""
    read = read_stack_file(PROJECT / f"Pulumi.{STACK}.yaml", PROGRAM)
    observability = {**json.loads(read.config.get(OBSERVABILITY, "{}")), "laravel_metrics": True}
    return record_program(
        PROJECT,
        environment={"STORY_IMAGE": example_image(read)},
        project=PROGRAM,
        stack_name=read.stack,
        config={**read.config, OBSERVABILITY: json.dumps(observability)},
    )

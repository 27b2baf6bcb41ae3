"""What the steps of a release wait for."""

import pytest

from tests.program.given import program


@pytest.mark.parametrize("step", ["users", "migration"])
def test_a_step_that_runs_a_task_waits_for_its_definition(step: str) -> None:
    marker = program("dev").one("RandomUuid", step)
    assert f"TaskDefinition {step}" in marker.depends_on, "if it cannot be made, the hook waits for it for ever"

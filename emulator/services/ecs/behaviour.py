"""What the containers of an image do: a test posts it, and the tasks that start afterwards behave so.

A behaviour is one entry of `/emulator/behaviours`, or of the list `behaviours` in the control file:

    {"family": "site-web", "image": ":bad", "exits": 1, "after_seconds": 0.5, "lines": ["no database"], "times": 3}

No image is run anywhere; without a behaviour, a container of RunTask ends well after a moment, and one of a service
runs until it is stopped.
"""

import sys
import threading
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

from emulator.serving import control


class BehaviourError(Exception):
    """A description of a behaviour that makes no sense; the message is one line."""


class Behaviour(BaseModel, frozen=True, extra="forbid", strict=True):
    """What a container does.

    Attributes:
        family: Family of the task that it is for; "" is any.
        container: Name of the container that it is for; "" is any.
        image: Text that the container's image contains; "" is any.
        exits: Exit code with which it ends; None leaves the end to what started it.
        after_seconds: When it ends, from its start.
        cannot_be_pulled: Its image isn't there, so that the task never starts.
        fails_to_start: Another reason for which the task never starts.
        stays: The status that the task never leaves.
        starts_after_seconds: How long the task takes until it runs.
        healthy_after_seconds: How long it takes to be healthy once the task runs.
        never_healthy: Its health checks, and those of its target groups, never succeed.
        lines: What it writes to its log when it starts.
        line_count: How many more lines it writes then.
        late_lines: What arrives in its log a second after it has ended.
        exec_agent: Status of its agent for ECS Exec, where the task was started with Exec.
        times: For how many tasks this counts; None is for all.
    """

    family: str = ""
    container: str = ""
    image: str = ""
    exits: int | None = None
    after_seconds: float = Field(default=0, ge=0)
    cannot_be_pulled: bool = False
    fails_to_start: str = ""
    stays: Literal["", "PROVISIONING", "PENDING"] = ""
    starts_after_seconds: float = Field(default=0.2, ge=0)
    healthy_after_seconds: float = Field(default=0.2, ge=0)
    never_healthy: bool = False
    lines: list[str] = []
    line_count: int = Field(default=0, ge=0, le=1_000_000)
    late_lines: list[str] = []
    exec_agent: Literal["RUNNING", "PENDING", "STOPPED"] = "RUNNING"
    times: int | None = Field(default=None, ge=1)

    def is_for(self, family: str, container: str, image: str) -> bool:
        """Whether a container of a task behaves so."""
        return self.family in ("", family) and self.container in ("", container) and self.image in image

    def all_lines(self) -> list[str]:
        """Everything that it writes when it starts."""
        return [*self.lines, *(f"line {number}" for number in range(1, self.line_count + 1))]


class _Entry:
    """A behaviour and the number of tasks that it has been used for."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.used = 0

    @property
    def left(self) -> int | None:
        times = self.behaviour.times
        return None if times is None else times - self.used


class Behaviours:
    """The behaviours in force, oldest first; those of the control file are older than all that were posted."""

    def __init__(self) -> None:
        self._posted: list[_Entry] = []
        self._of_control_file: dict[str, _Entry] = {}
        self._lock = threading.Lock()

    def add(self, body: bytes) -> None:
        """Put the behaviour that `body` describes in JSON in force.

        Raises:
            BehaviourError: It isn't one.
        """
        try:
            behaviour = Behaviour.model_validate_json(body)
        except ValidationError as error:
            raise BehaviourError(_one_line(error)) from None
        with self._lock:
            self._posted.append(_Entry(behaviour))

    def listed(self) -> list[dict[str, Any]]:
        """The posted behaviours that aren't spent, with the times that are left."""
        with self._lock:
            return [{**entry.behaviour.model_dump(), "times": entry.left} for entry in self._posted if entry.left != 0]

    def clear(self) -> None:
        """Put none in force, and count the control file's from the beginning."""
        with self._lock:
            self._posted.clear()
            self._of_control_file.clear()

    def of_task(self, family: str, images: dict[str, str]) -> dict[str, Behaviour]:
        """The behaviours of a new task's containers, by name; `images` are those of all its containers.

        The newest one that fits counts. A behaviour is used once by a task, however many containers behave so.
        """
        chosen: dict[str, _Entry] = {}
        with self._lock:
            in_force = [entry for entry in (*self._from_control_file(), *self._posted) if entry.left != 0]
            for container, image in images.items():
                for entry in reversed(in_force):
                    if entry.behaviour.is_for(family, container, image):
                        chosen[container] = entry
                        break
            for entry in {id(entry): entry for entry in chosen.values()}.values():
                entry.used += 1
        return {container: entry.behaviour for container, entry in chosen.items()}

    def _from_control_file(self) -> list[_Entry]:
        entries: list[_Entry] = []
        for described in control.section("behaviours", []):
            try:
                behaviour = Behaviour.model_validate(described)
            except ValidationError as error:
                print(f"control file: {_one_line(error)}; it is left out", file=sys.stderr, flush=True)
                continue
            entries.append(self._of_control_file.setdefault(behaviour.model_dump_json(), _Entry(behaviour)))
        return entries


def _one_line(error: ValidationError) -> str:
    problems = "; ".join(
        f"{'.'.join(str(part) for part in problem['loc']) or 'the body'}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_context=False, include_input=False)
    )
    return f"a behaviour has {', '.join(Behaviour.model_fields)}: {problems}"


in_force = Behaviours()

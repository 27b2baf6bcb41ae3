"""The base of all specs, and what a mistake in one looks like."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from pydantic import BaseModel, ConfigDict


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing about the settings that a person should read.

    Attributes:
        key: Where it is, relative to the spec that reports it: `max_tasks`, or empty for the spec itself.
        problem: What was given and what is allowed, in one line.
        involves: Other keys that the rule reads. If one of them is wrong by itself, this problem is left out.
    """

    key: str
    problem: str
    involves: tuple[str, ...] = ()

    def below(self, prefix: str) -> "Problem":
        """The same problem, seen from the spec that holds this one under `prefix`."""
        return Problem(
            key=f"{prefix}.{self.key}" if self.key else prefix,
            problem=self.problem,
            involves=tuple(f"{prefix}.{key}" for key in self.involves),
        )


class Spec(BaseModel):
    """A frozen description that refuses unknown keys and wrong types.

    Rules about one field stand at the field. Rules about several are in `mistakes` (the program stops)
    and `warnings` (the program goes on), because a validator of pydantic could report only the first of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)

    def mistakes(self) -> Iterator[Problem]:
        """Combinations of values that cannot work."""
        yield from self._below("mistakes")

    def warnings(self) -> Iterator[Problem]:
        """Combinations of values that work and surprise."""
        yield from self._below("warnings")

    def _below(self, method: str) -> Iterator[Problem]:
        for name in type(self).model_fields:
            value = getattr(self, name)
            held = cast(dict[str, object], value) if isinstance(value, dict) else {"": value}
            for key, spec in held.items():
                if isinstance(spec, Spec):
                    prefix = f"{name}.{key}" if key else name
                    yield from (problem.below(prefix) for problem in getattr(spec, method)())


class ProtectedSpec(Spec):
    """Something that holds data, or that people would miss at once."""

    protect: bool | None = None
    """Protect it from deletion. Default: as the stack's `protect`."""

    def protected(self, by_default: bool) -> bool:
        """Whether it is protected in a stack whose own setting is `by_default`."""
        return by_default if self.protect is None else self.protect

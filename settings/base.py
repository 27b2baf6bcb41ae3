"""The base class of all settings models, and the problems that they report."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from pydantic import BaseModel, ConfigDict


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake or warning about the settings.

    Attributes:
        key: Key of the setting, relative to the spec that reports it: `max_tasks`, or empty for the spec itself.
        problem: The given value and the allowed values, in one line.
        involves: Other keys that the rule reads. If one of them is wrong by itself, this problem is not reported.
    """

    key: str
    problem: str
    involves: tuple[str, ...] = ()

    def below(self, prefix: str) -> "Problem":
        """The same problem, with its keys relative to the spec that contains this one under `prefix`."""
        return Problem(
            key=f"{prefix}.{self.key}" if self.key else prefix,
            problem=self.problem,
            involves=tuple(f"{prefix}.{key}" for key in self.involves),
        )


class Spec(BaseModel):
    """A frozen settings model that rejects unknown keys and wrong types.

    Rules about one field are part of the field's type. Rules about several fields are in `mistakes` (the program stops)
    and `warnings` (the program continues), because a validator of pydantic reports only the first problem.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)

    def mistakes(self) -> Iterator[Problem]:
        """Combinations of values that cannot work."""
        yield from self._below("mistakes")

    def warnings(self) -> Iterator[Problem]:
        """Combinations of values that work, but have unexpected effects."""
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
    """A part that holds data, or whose deletion stops the site."""

    protect: bool | None = None
    """Protect this part from deletion. Default: the stack's `protect`."""

    def protected(self, by_default: bool) -> bool:
        """Whether it is protected in a stack whose `protect` is `by_default`."""
        return by_default if self.protect is None else self.protect

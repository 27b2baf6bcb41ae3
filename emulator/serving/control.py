"""The control file: how a test decides what happens to a task or a build.

It is JSON, and read again at each question, so a test can change it while the emulator runs:

    {"ecs_exit_codes": {"shop-migration/app": 1},
     "ecs_stopped_reason": {"shop-migration": "CannotPullContainerError: ..."},
     "codebuild_status": {"shop-deploy": "FAILED"},
     "codebuild_polls": {"shop-deploy": 3},
     "behaviours": [{"family": "shop-web", "exits": 1}]}
"""

import json
import sys
from pathlib import Path
from typing import Any


class ControlFile:
    """The answers that one control file gives at the moment; without a file, every answer is the default."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._last_good: dict[str, Any] = {}

    def answer(self, section: str, *keys: str, default: Any = None) -> Any:
        """What `section` says about the first of `keys` that it has."""
        entries = self.section(section, {})
        return next((entries[key] for key in keys if key in entries), default)

    def section(self, name: str, default: Any) -> Any:
        """A whole section."""
        return self._content().get(name, default)

    def _content(self) -> dict[str, Any]:
        if self._path is None:
            return {}
        try:
            self._last_good = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            self._last_good = {}
        except ValueError as error:
            # A writer may be half way through the file; what was in force before is the better answer meanwhile.
            print(f"control file {self._path}: {error}; the last good content stays", file=sys.stderr, flush=True)
        return self._last_good


_current = ControlFile(None)


def use(path: Path | None) -> None:
    """Make `path` the control file of this process."""
    global _current
    _current = ControlFile(path)


def answer(section: str, *keys: str, default: Any = None) -> Any:
    """What the control file says; see `ControlFile.answer`."""
    return _current.answer(section, *keys, default=default)


def section(name: str, default: Any) -> Any:
    """A whole section of the control file; see `ControlFile.section`."""
    return _current.section(name, default)

"""A real engine and an emulator for each file of scenarios.

The scenarios of a file share a stack and run in the order in which they stand there; after a failure the rest of that
file fails at once. `pytest -n 3 --dist loadfile tests/e2e` runs three files side by side, since a scenario waits for
much of its time.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from emulator import process
from story.local.engine import Engine
from story.local.rehearsal import NoPulumiError, find_pulumi
from tests.e2e.support import PROJECT, Stack, clients

Begin = Callable[..., Stack]
FAILED = pytest.StashKey[str]()


def without_pulumi() -> str | None:
    """What to do where there is no `pulumi`, in one line."""
    try:
        find_pulumi(PROJECT)
    except NoPulumiError as problem:
        return "; ".join(str(problem).splitlines())
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart() -> None:
    if problem := without_pulumi():
        pytest.exit(problem, returncode=1)


@pytest.fixture(scope="session", autouse=True)
def _pulumi() -> None:
    """For runs that began with other tests, and are not ended for the want of it."""
    if problem := without_pulumi():
        pytest.fail(problem, pytrace=False)


@pytest.fixture(scope="module")
def begin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Begin]:
    """`begin("dev")` is a stack of that name, without settings yet, on an emulator of its own; more arguments are those
    of its `Engine`."""
    folder = tmp_path_factory.mktemp("e2e")
    running = process.start(process.free_port(), folder / "emulator.log")
    try:
        process.wait_until_ready(running.url)

        def begun(stack: str, **engine: Any) -> Stack:
            given = {"project": PROJECT, "folder": folder, "stack": stack, "emulator_url": running.url, **engine}
            return Stack(engine=Engine(**given), client=clients(running.url))

        yield begun
    finally:
        process.stop(running.pid)


@pytest.fixture(autouse=True)
def _timed(request: pytest.FixtureRequest, stack: Stack) -> Iterator[None]:
    """Note the commands of each scenario for the summary."""
    stack.ran.clear()
    yield
    request.node.user_properties.append(("commands", ", ".join(stack.ran)))


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.parent is not None and (first := item.parent.stash.get(FAILED, None)):
        pytest.fail(f"not run: it builds on {first}, which failed", pytrace=False)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _seconds[report.nodeid] = _seconds.get(report.nodeid, 0) + report.duration
    _commands[report.nodeid] = dict(report.user_properties).get("commands", "")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report: pytest.TestReport = yield
    if report.failed and item.parent is not None:
        item.parent.stash.setdefault(FAILED, item.name)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section("seconds per scenario")
    for nodeid, seconds in _seconds.items():
        name = nodeid.rpartition("/")[2].replace("::", " ")
        commands = f"  ({_commands[nodeid]})" if _commands[nodeid] else ""
        terminalreporter.write_line(f"{seconds:7.1f}  {name}{commands}")
    terminalreporter.write_line(f"{sum(_seconds.values()):7.1f}  all of them, one after the other")


_seconds: dict[str, float] = {}
_commands: dict[str, Any] = {}

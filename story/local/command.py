"""`story local up`, `down` and `status`: a whole update on this machine, and its end."""

import json
import shutil
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from settings.project import project_name
from story.engine.process import PulumiError
from story.exit_codes import ExitCode
from story.local import rehearsal
from story.local.engine import Engine
from story.local.rehearsal import FOLDER, LIKE, STACK, Running
from story.plan.program import example_image, project_folder
from story.plan.stack_file import read_stack_file

FAILED = 1
GO_ON = "`story local up` goes on from here, `story local down` removes it all"


def up(start: Path, *, preview: bool = False) -> int:
    """Rehearse an update with dev's settings, in an emulated AWS that outlives this command.

    Args:
        start: A folder of the project.
        preview: Say what an update would do, and do nothing.

    Returns:
        Exit code.
    """
    try:
        project = project_folder(start)
        rehearsal.find_pulumi(project)
        config, region = rehearsal.settings_to_rehearse(project)
        engine, running = _set_up(project, config)
        outputs = engine.outputs()
        image = (
            None
            if outputs.get("image")
            else example_image(read_stack_file(project / f"Pulumi.{LIKE}.yaml", project_name(project)))
        )
        if preview:
            return _pulumi(engine, "previewing", "preview", "--diff", image=image)
        doing = "updating the rehearsed site" if outputs else "making the site, 200 resources in about two minutes"
        if _pulumi(engine, doing, "up", "--yes", "--skip-preview", image=image):
            return _failed(f"it failed; what the emulator lacks stands in {FOLDER}/emulator.log. {GO_ON}")
        if _pulumi(engine, "looking for a difference", "preview", "--expect-no-changes", quiet=True):
            return _failed(f"the next preview shows changes, or failed: see {FOLDER}/preview.log. {GO_ON}")
        print(f"\n{rehearsal.next_steps(running, engine.outputs(), region)}")
    except (PulumiError, LookupError, rehearsal.EmulatorError, rehearsal.NoPulumiError, rehearsal.SettingsError) as why:
        return _failed(str(why))
    except KeyboardInterrupt:
        _say(f"interrupted. {GO_ON}", to=sys.stderr)
        return ExitCode.INTERRUPTED
    return ExitCode.OK


def down(start: Path) -> int:
    """End the emulator and remove what the rehearsal left. It is no error if there is nothing."""
    folder = _folder(start)
    if not folder.is_dir():
        _say("nothing is rehearsed here")
        return ExitCode.OK
    done = rehearsal.stop_emulator(folder)
    shutil.rmtree(folder)
    with suppress(OSError):  # Another command keeps something there.
        folder.parent.rmdir()
    _say(f"{done}; {FOLDER}/ is removed")
    return ExitCode.OK


def status(start: Path) -> int:
    """Say what is up. Exit code 1: nothing."""
    folder = _folder(start)
    running = rehearsal.recorded(folder)
    if running is None or not rehearsal.is_up(running):
        gone = (
            f"the emulator is gone, and {FOLDER}/ with its state is worthless" if folder.is_dir() else "nothing is up"
        )
        return _failed(f"{gone}; `story local up` starts afresh")
    outputs = _engine(project_folder(start), running).outputs()
    print(f"emulator  {running.url} (process {running.pid}, log {FOLDER}/emulator.log)")
    print(f"url       {outputs.get('url', '-')}")
    print(f"image     {outputs.get('image', 'none yet: no update came to its end')}")
    for service, items in _inventory(running).items():
        kinds = Counter(item["type"] for item in items)
        print(f"  {service:24} {', '.join(f'{count} {kind}' for kind, count in sorted(kinds.items()))}")
    return ExitCode.OK


def _set_up(project: Path, config: dict[str, Any]) -> tuple[Engine, Running]:
    """The engine and the emulator of the last time, if that is up; else new ones."""
    folder = project / FOLDER
    running = rehearsal.recorded(folder)
    if running and rehearsal.is_up(running):
        _say(f"the emulator is up at {running.url}")
    else:
        if rehearsal.left_anything(folder):
            _say("the emulated AWS of the last time is gone, and with it all that the state speaks of: starting over")
            shutil.rmtree(folder)
        began = time.monotonic()
        running = rehearsal.start_emulator(folder)
        _say(f"the emulator is up at {running.url}, {rehearsal.seconds(began)}")
    engine = _engine(project, running)
    engine.prepare(config)
    return engine, running


def _pulumi(engine: Engine, doing: str, *args: str, image: str | None = None, quiet: bool = False) -> int:
    """Run `pulumi` in this terminal, so that its own display shows the progress and Ctrl-C reaches it first.

    Raises:
        KeyboardInterrupt: It was interrupted, and has come to its end.
    """
    began = time.monotonic()
    _say(f"{doing} (pulumi {args[0]})")
    terminal = sys.stdout.isatty() and not quiet
    command = engine.command(*args, *(() if terminal else ("--non-interactive",)))
    sink = (engine.folder / f"{args[0]}.log").open("wb") if quiet else None
    try:
        with subprocess.Popen(
            command, cwd=engine.project, env=engine.environment(image), stdout=sink, stderr=sink
        ) as process:
            code = _ended(process)
    finally:
        if sink:
            sink.close()
    _say(f"{'done' if code == 0 else f'pulumi {args[0]} ended with {code}'} after {rehearsal.seconds(began)}")
    return code


def _ended(process: subprocess.Popen[bytes]) -> int:
    try:
        return process.wait()
    except KeyboardInterrupt:
        # Pulumi got the same signal, and ends what it is at: left alone, it would keep the state locked.
        _say("waiting for pulumi to end what it is at")
        process.wait()
        raise


def _engine(project: Path, running: Running) -> Engine:
    name = project_name(project)
    return Engine(project=project, folder=project / FOLDER, stack=STACK, emulator_url=running.url, name=name)


def _folder(start: Path) -> Path:
    return project_folder(start) / FOLDER


def _inventory(running: Running) -> dict[str, list[dict[str, str]]]:
    with urllib.request.urlopen(f"{running.url}/emulator/inventory", timeout=30) as answer:
        return json.loads(answer.read())


def _failed(why: str) -> int:
    _say(why, to=sys.stderr)
    return ExitCode.FAILED


def _say(text: str, *, to: TextIO | None = None) -> None:
    print("\n".join(f"story local: {line}" for line in text.splitlines()), file=to or sys.stdout, flush=True)

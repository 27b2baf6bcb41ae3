"""`story local`: what it says, what it starts and ends, and what it never touches. `pulumi` is a script here."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator import process
from story.local import command as local_command
from story.local import rehearsal
from story.local.engine import EXAMPLE_IMAGE, Engine
from story.local.rehearsal import Running

# Writes down how it was called, and answers as the files beside it say.
PULUMI = """#!{python}
import json, os, pathlib, sys
here = pathlib.Path(__file__).parent
names = ("STORY_IMAGE", "AWS_ENDPOINT_URL", "AWS_PROFILE", "PULUMI_BACKEND_URL")
call = {{"args": sys.argv[1:], "cwd": os.getcwd(), **{{name: os.environ.get(name) for name in names}}}}
with (here / "calls").open("a") as calls:
    calls.write(json.dumps(call) + "\\n")
answers = json.loads((here / "answers").read_text()) if (here / "answers").exists() else {{}}
said, code = answers.get(" ".join(sys.argv[1:3]), answers.get(sys.argv[1], ["{{}}", 0]))
if sys.argv[1:3] == ["stack", "init"]:
    state = pathlib.Path("state/.pulumi/stacks/story")
    state.mkdir(parents=True)
    (state / "local.json").write_text("{{}}")
print(said)
sys.exit(code)
"""
DEV = {"aws:region": "ap-northeast-1", "story:web": {"cpu": 512}}


class FakePulumi:
    """The script on PATH, and what was asked of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        script = folder / "pulumi"
        script.write_text(PULUMI.format(python=sys.executable))
        script.chmod(0o755)

    def answers(self, **answers: tuple[str, int]) -> None:
        (self.folder / "answers").write_text(json.dumps({key.replace("_", " "): said for key, said in answers.items()}))

    @property
    def calls(self) -> list[dict[str, Any]]:
        file = self.folder / "calls"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def calls_of(self, command: str) -> list[dict[str, Any]]:
        return [call for call in self.calls if call["args"][0] == command]


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePulumi:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return FakePulumi(folder)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "__main__.py").write_text("")
    (folder / "Pulumi.yaml").write_text('name: story\nrequiredPulumiVersion: ">=3.200.0"\n')
    (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": DEV}))
    return folder


@pytest.fixture
def engine(project: Path, tmp_path: Path) -> Engine:
    return Engine(project=project, folder=tmp_path / "run", stack="local", emulator_url="http://127.0.0.1:4711")


@pytest.fixture
def emulators(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Running]]:
    """The emulators that were started: processes that look like one and do nothing."""
    started: list[Running] = []
    children: list[subprocess.Popen[bytes]] = []

    def start(folder: Path) -> Running:
        port = 4711 + len(started)
        child = looks_like("-m", "emulator", "--port", str(port))
        children.append(child)
        running = Running(pid=child.pid, url=f"http://127.0.0.1:{port}")
        record(folder, running)
        started.append(running)
        return running

    monkeypatch.setattr(rehearsal, "start_emulator", start)
    yield started
    for child in children:
        end(child)


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process that has nothing to do with us."""
    child = looks_like("something", "else")
    yield child
    end(child)


def looks_like(*words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", *words])


def end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()


def record(folder: Path, running: Running) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "emulator.json").write_text(json.dumps({"pid": running.pid, "url": running.url}))


def test_without_pulumi_it_says_in_three_lines_how_to_get_it(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(project))
    assert local_command.up(project) == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) <= 3
    assert "https://www.pulumi.com/docs/install/" in said[1]
    assert ">=3.200.0" in said[1]
    assert not (project / rehearsal.FOLDER).exists()


def test_an_emulator_is_recorded_until_it_is_down(tmp_path: Path) -> None:
    folder = tmp_path / ".local"
    running = rehearsal.start_emulator(folder)
    try:
        assert rehearsal.recorded(folder) == running
        assert rehearsal.is_up(running)
        assert rehearsal.stop_emulator(folder) == f"the emulator (process {running.pid}) is down"
        assert not rehearsal.is_up(running)
    finally:
        process.stop(running.pid)


def test_a_port_that_was_taken_meanwhile_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        monkeypatch.setattr(process, "free_port", lambda: port)
        with pytest.raises(rehearsal.EmulatorError, match=f"can't listen on 127.0.0.1:{port}"):
            rehearsal.start_emulator(tmp_path / ".local")


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "[]", "{}", '{"pid": 1, "url": "http://127.0.0.1:1"}', '{"pid": "7", "url": "http://127.0.0.1:1"}'),
        *('{"pid": 7, "url": "http://example.com:1"}', '{"pid": 7, "url": 1}'),
    ],
)
def test_a_record_that_makes_no_sense_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "emulator.json").write_text(content)
    assert rehearsal.recorded(tmp_path) is None
    assert rehearsal.stop_emulator(tmp_path) == "no emulator was up"


def test_a_process_that_took_over_the_recorded_id_is_left_alone(
    tmp_path: Path, stranger: subprocess.Popen[bytes]
) -> None:
    running = Running(pid=stranger.pid, url="http://127.0.0.1:4711")
    record(tmp_path, running)
    assert not rehearsal.is_up(running)
    assert "left alone" in rehearsal.stop_emulator(tmp_path)
    assert stranger.poll() is None


def test_another_folders_emulator_is_not_taken_for_this_one(emulators: list[Running], tmp_path: Path) -> None:
    other = rehearsal.start_emulator(tmp_path)
    assert emulators == [other]
    assert rehearsal.is_up(other)
    assert not rehearsal.is_up(Running(pid=other.pid, url="http://127.0.0.1:9"))


def test_an_emulator_that_has_ended_is_no_error(tmp_path: Path, stranger: subprocess.Popen[bytes]) -> None:
    end(stranger)
    record(tmp_path, Running(pid=stranger.pid, url="http://127.0.0.1:4711"))
    assert rehearsal.stop_emulator(tmp_path) == "the emulator had ended already"


def test_encrypted_settings_are_left_out_and_the_rest_is_as_written(project: Path) -> None:
    config = {**DEV, "story:protect": False}
    (project / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": {**config, "aws:token": {"secure": "v1:a"}}}))
    assert rehearsal.settings_to_rehearse(project) == (config, "ap-northeast-1")


@pytest.mark.parametrize("content", [None, "config: [", "confg: {}"])
def test_settings_that_cannot_be_read_are_one_line(
    project: Path, pulumi: FakePulumi, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    file = project / "Pulumi.dev.yaml"
    file.unlink() if content is None else file.write_text(content)
    assert local_command.up(project) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("story local: Pulumi.dev.yaml: ")
    assert pulumi.calls == []


def test_a_first_time_gives_an_image_and_later_ones_keep_it(
    project: Path, pulumi: FakePulumi, emulators: list[Running], capsys: pytest.CaptureFixture[str]
) -> None:
    assert local_command.up(project) == 0
    pulumi.answers(stack_output=('{"image": "some", "url": "http://site"}', 0))
    assert local_command.up(project) == 0
    first, second = pulumi.calls_of("up")
    assert "@sha256:" in first["STORY_IMAGE"]
    assert second["STORY_IMAGE"] is None
    assert first["AWS_ENDPOINT_URL"] == second["AWS_ENDPOINT_URL"] == emulators[0].url
    assert len(emulators) == 1, "the emulator that is up is used again"
    assert [call["args"][1] for call in pulumi.calls_of("preview")] == ["--expect-no-changes"] * 2
    assert "http://site" in capsys.readouterr().out


def test_a_state_without_its_emulator_is_given_up(
    project: Path, pulumi: FakePulumi, emulators: list[Running], capsys: pytest.CaptureFixture[str]
) -> None:
    assert local_command.up(project) == 0
    folder = project / rehearsal.FOLDER
    (folder / "emulator.json").unlink()
    old = folder / "state" / "old"
    old.write_text("")
    capsys.readouterr()
    assert local_command.up(project) == 0
    assert "starting over" in capsys.readouterr().out
    assert not old.exists()
    assert [call["AWS_ENDPOINT_URL"] for call in pulumi.calls_of("up")] == [running.url for running in emulators]


def test_a_preview_of_an_edit_updates_nothing(project: Path, pulumi: FakePulumi, emulators: list[Running]) -> None:
    assert local_command.up(project, preview=True) == 0
    assert emulators
    assert pulumi.calls_of("up") == []
    assert [call["args"][1] for call in pulumi.calls_of("preview")] == ["--diff"]


@pytest.mark.parametrize(("command", "where"), [("up", "emulator.log"), ("preview", "preview.log")])
def test_a_failure_says_where_to_look_and_what_to_run(
    project: Path,
    pulumi: FakePulumi,
    emulators: list[Running],
    capsys: pytest.CaptureFixture[str],
    command: str,
    where: str,
) -> None:
    pulumi.answers(**{command: ("", 255)})
    assert local_command.up(project) == 1
    said = capsys.readouterr().err
    assert where in said
    assert "story local down" in said
    assert rehearsal.is_up(emulators[0]), "who looks for the reason needs it"


@pytest.mark.usefixtures("pulumi", "emulators")
def test_an_interrupt_waits_for_pulumi_and_says_what_to_run(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wait: Callable[..., int] = subprocess.Popen.wait
    waits: list[int | None] = []

    def interrupted_once(child: subprocess.Popen[bytes], timeout: float | None = None) -> int:
        if "up" not in list(child.args):  # pyright: ignore
            return wait(child, timeout)
        if not waits:
            waits.append(None)
            raise KeyboardInterrupt
        waits.append(wait(child, timeout))
        return 0

    monkeypatch.setattr(subprocess.Popen, "wait", interrupted_once)
    assert local_command.up(project) == 130
    assert waits[:2] == [None, 0], "pulumi was left behind"
    said = capsys.readouterr().err
    assert "interrupted" in said
    assert "story local up" in said


@pytest.mark.usefixtures("pulumi")
def test_down_ends_the_emulator_and_removes_all(project: Path, emulators: list[Running]) -> None:
    assert local_command.up(project) == 0
    other = project / ".local" / "recover"
    other.mkdir()
    assert local_command.down(project) == 0
    assert list((project / ".local").iterdir()) == [other], "what another command keeps is not ours"
    assert not rehearsal.is_up(emulators[0])
    assert local_command.down(project) == 0, "twice is no error"


def test_down_removes_the_folder_around_it_where_nothing_else_is(project: Path, emulators: list[Running]) -> None:
    rehearsal.start_emulator(project / rehearsal.FOLDER)
    assert emulators
    assert local_command.down(project) == 0
    assert not (project / ".local").exists()


def test_nothing_is_up_at_first(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert local_command.status(project) == 1
    assert "story local up" in capsys.readouterr().err


def test_the_last_words_say_what_it_proves_and_what_not() -> None:
    said = rehearsal.next_steps(Running(pid=7, url="http://127.0.0.1:4711"), {"url": "http://site"}, "eu-west-1")
    for wanted in (
        *("http://site", "story local status", "story local up --preview", "make local-down"),
        *("export AWS_ENDPOINT_URL=http://127.0.0.1:4711", "export AWS_REGION=eu-west-1"),
        *("no container ran", "no migration", "IAM is not enforced", "quotas", "prices"),
    ):
        assert wanted in " ".join(said.split())


def test_nothing_of_a_persons_account_reaches_the_engine(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_CA_BUNDLE", "AWS_SESSION_TOKEN", "PULUMI_ACCESS_TOKEN", "STORY_IMAGE"):
        monkeypatch.setenv(name, "mine")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://mine")
    environment = engine.environment()
    assert "mine" not in {value for value in environment.values() if "mine" in value}
    assert not [name for name, value in environment.items() if "mine" in value]
    assert engine.environment(EXAMPLE_IMAGE)["STORY_IMAGE"] == EXAMPLE_IMAGE


@pytest.mark.usefixtures("pulumi")
def test_settings_are_replaced_and_the_salt_is_kept(engine: Engine) -> None:
    before = {file: file.read_bytes() for file in engine.project.iterdir()}
    engine.prepare({"story:web": {"cpu": 256}})
    file = engine.stack_file
    file.write_text(file.read_text() + "encryptionsalt: v1:salt\n")
    engine.prepare({"story:protect": False})
    content = yaml.safe_load(file.read_text())
    assert content["encryptionsalt"] == "v1:salt", "without it, the state's secrets cannot be read"
    assert "story:web" not in content["config"]
    assert content["config"]["story:protect"] is False
    assert content["config"]["aws:maxRetries"] == "2"
    assert {file: file.read_bytes() for file in engine.project.iterdir()} == before


def test_a_stack_is_made_once_and_outside_of_the_project(engine: Engine, pulumi: FakePulumi) -> None:
    engine.prepare({})
    engine.prepare({})
    [init] = pulumi.calls
    assert init["args"][:2] == ["stack", "init"]
    assert "organization/story/local" in init["args"]
    assert Path(init["cwd"]) == engine.folder


def test_the_state_is_kept_without_files_of_attributes_which_may_be_read_half_written(
    engine: Engine, pulumi: FakePulumi
) -> None:
    engine.prepare({})
    [made] = pulumi.calls_of("stack")
    assert made["PULUMI_BACKEND_URL"] == f"{(engine.folder / 'state').as_uri()}?metadata=skip"


def test_only_commands_that_run_the_program_get_the_settings(engine: Engine, pulumi: FakePulumi) -> None:
    engine.prepare({})
    engine.run("up")
    engine.run("cancel", "--yes")
    [up], [cancel] = pulumi.calls_of("up"), pulumi.calls_of("cancel")
    assert str(engine.stack_file) in up["args"]
    assert Path(up["cwd"]) == engine.project
    assert "--config-file" not in cancel["args"]


def test_a_run_that_takes_too_long_is_killed(engine: Engine, pulumi: FakePulumi) -> None:
    engine.prepare({})
    (pulumi.folder / "pulumi").write_text(f"#!{sys.executable}\nimport time\ntime.sleep(60)\n")
    with pytest.raises(subprocess.TimeoutExpired):
        engine.run("up", timeout_seconds=0.5)


def test_a_run_in_the_background_is_a_group_of_its_own(engine: Engine, pulumi: FakePulumi, tmp_path: Path) -> None:
    engine.prepare({})
    pulumi.answers(up=("all of it", 3))
    child = engine.start("up", "--yes", image=EXAMPLE_IMAGE, log=tmp_path / "log")
    assert os.getpgid(child.pid) == child.pid
    assert child.wait() == 3
    assert (tmp_path / "log").read_text().strip() == "all of it"
    assert pulumi.calls_of("up")[0]["STORY_IMAGE"] == EXAMPLE_IMAGE

"""Two updates at once, each with a task of its own to run, on the emulator."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from aws import retrying
from release import migrate
from release.contract import OneOffTask, StepError
from release.migrate import run_task
from tests.release.steps import STARTED_BY, Cloud

pytestmark = pytest.mark.timed


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "POLL_SECONDS", 0.25)
    monkeypatch.setattr(retrying, "PAUSE_SECONDS", 0.1)


def run(cloud: Cloud, task: OneOffTask) -> None:
    run_task(task, output=cloud.said.append)


def test_two_updates_at_once_run_one_task(cloud: Cloud) -> None:
    cloud.behaves(exits=0, after_seconds=8)
    task = cloud.task()
    with ThreadPoolExecutor(max_workers=4) as pool:
        for done in [pool.submit(run, cloud, task) for _ in range(4)]:
            done.result()
    ran = [
        one
        for one in cloud.tasks()
        if any(container.get("exitCode") == 0 for container in one["containers"] if container["name"] == "app")
    ]
    assert len(ran) == 1


def test_of_two_updates_at_once_with_different_images_the_younger_fails(cloud: Cloud) -> None:
    cloud.behaves(exits=0, after_seconds=6)
    elder, younger = cloud.task(), cloud.task(started_by=f"story-prod/migration/{'2' * 64}")
    with ThreadPoolExecutor() as pool:
        first = pool.submit(run, cloud, elder)
        while not cloud.tasks():
            time.sleep(0.05)
        # At its first look ECS does not list the elder's task yet.
        cloud.fails_at("ListTasks", answer={"taskArns": []})
        with pytest.raises(StepError, match=f"another task is still running, started by {STARTED_BY}: "):
            run(cloud, younger)
        first.result()
    assert {one["startedBy"]: one["stopCode"] for one in cloud.tasks()} == {
        elder.started_by: "EssentialContainerExited",
        younger.started_by: "UserInitiated",
    }

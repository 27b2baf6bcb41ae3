"""`story doctor`: images, secrets, drift and restarts of the services."""

from datetime import timedelta
from typing import Any

import pytest

from story.doctor.finding import Finding, Severity
from story.doctor.images import architectures, short
from tests.aws.answers import refusal
from tests.story.doctor.healthy import IMAGE, NOW, SECRET, World, definition, healthy, index, stopped, task

OTHER = IMAGE.replace("1" * 64, "2" * 64)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return healthy(monkeypatch)


def told(finding: Finding) -> tuple[str, str, Severity]:
    return finding.area, finding.subject, finding.severity


def container(world: World, name: str = "web", **changes: Any) -> None:
    """Changes the container of a service."""
    world.definitions[name]["containerDefinitions"][0] |= changes


def test_an_image_by_tag_is_found(world: World) -> None:
    container(world, image="public.ecr.aws/site:latest")
    found = {told(one) for one in world.wrong()}
    assert ("image", "web", Severity.WARNING) in found
    assert found - {("image", "web", Severity.WARNING)} == {("drift", "web", Severity.WARNING)}


def test_an_agents_image_by_tag_is_a_note(world: World) -> None:
    agent = {"name": "agent", "image": "public.ecr.aws/agent:1", "essential": False}
    world.definitions["web"]["containerDefinitions"].append(agent)
    assert world.wrong() == []
    assert any("agent runs public.ecr.aws/agent:1" in one.what for one in world.findings())


def test_an_image_that_the_registry_lost_is_an_error_of_each_service(world: World) -> None:
    failure = {"failureCode": "ImageNotFound", "imageId": {}}
    world.said["ecr", "batch_get_image"] = {"images": [], "failures": [failure]}
    assert {told(one) for one in world.wrong()} == {
        ("image", "scheduler", Severity.ERROR),
        ("image", "web", Severity.ERROR),
    }
    assert f"{IMAGE} is not in the registry (ImageNotFound)" in world.wrong()[0].what


def test_a_registry_that_shows_no_such_repository_is_unknown(world: World) -> None:
    world.said["ecr", "batch_get_image"] = refusal("RepositoryNotFoundException")
    assert {one.severity for one in world.wrong()} == {Severity.UNKNOWN}
    assert "site@111111111111: the registry of 123456789012 has no such repository" in world.wrong()[0].what


def test_an_image_of_another_region_is_unknown(world: World) -> None:
    image = IMAGE.replace("ap-northeast-1", "us-east-1")
    world.outputs["image"] = image
    for name in ("web", "scheduler"):
        container(world, name, image=image)
    assert {one.severity for one in world.wrong()} == {Severity.UNKNOWN}


def test_an_image_for_another_processor_is_an_error(world: World) -> None:
    world.said["ecr", "batch_get_image"] = {"images": [{"imageManifest": index("amd64", "unknown")}]}
    assert "is built for amd64, but the tasks have arm64" in world.wrong()[0].what
    assert {one.severity for one in world.wrong()} == {Severity.ERROR}


def test_the_processor_of_a_single_image_is_not_guessed(world: World) -> None:
    world.said["ecr", "batch_get_image"] = {"images": [{"imageManifest": '{"config": {"digest": "sha256:1"}}'}]}
    assert world.wrong() == []
    assert architectures("no json") == []


def test_an_image_in_short_is_its_repository_and_the_beginning_of_its_digest() -> None:
    assert short(IMAGE) == "site@111111111111"
    assert short("nginx:1") == "nginx:1"


@pytest.mark.parametrize(
    ("secret", "what"),
    [
        (refusal("ResourceNotFoundException"), "the secret story-prod-app-AbCdEf does not exist"),
        ({"DeletedDate": NOW}, "is scheduled for deletion (2026-01-02)"),
        ({"VersionIdsToStages": {"1": ["AWSPENDING"]}}, "has no version AWSCURRENT"),
        ({}, "has no version AWSCURRENT"),
    ],
)
def test_a_secret_that_tasks_cannot_read_is_an_error(world: World, secret: Any, what: str) -> None:
    world.said["secretsmanager", "describe_secret"] = secret
    found = world.wrong()
    assert {one.subject for one in found} == {"migration", "scheduler", "web"}
    assert {(one.area, one.severity) for one in found} == {("secrets", Severity.ERROR)}
    assert all(what in one.what for one in found)


def test_a_key_that_a_secret_lacks_is_an_error_that_names_those_it_has(world: World) -> None:
    world.said["secretsmanager", "get_secret_value"] = {"SecretString": '{"user": "hidden"}'}
    [finding] = [one for one in world.wrong() if one.subject == "web"]
    assert finding.what == "DB_PASSWORD: the task reads the key password, but story-prod-app-AbCdEf has only user"
    world.said["secretsmanager", "get_secret_value"] = {"SecretString": "hidden"}
    [finding] = [one for one in world.wrong() if one.subject == "web"]
    assert finding.what.endswith("is not a JSON object")
    assert "hidden" not in repr(world.findings())


def test_a_version_that_a_task_names_is_looked_for(world: World) -> None:
    container(world, secrets=[{"name": "A", "valueFrom": f"{SECRET}:::7"}])
    assert world.one().what == "A: story-prod-app-AbCdEf has no version 7"
    container(world, secrets=[{"name": "A", "valueFrom": f"{SECRET}::AWSPREVIOUS:"}])
    assert world.one().what == "A: story-prod-app-AbCdEf has no version AWSPREVIOUS"


def test_a_value_that_must_not_be_read_leaves_only_its_keys_unknown(world: World) -> None:
    world.said["secretsmanager", "get_secret_value"] = refusal()
    assert {one.severity for one in world.wrong()} == {Severity.UNKNOWN}
    assert "the keys of story-prod-app-AbCdEf: these credentials may not call" in world.wrong()[0].what


def test_what_is_not_in_secrets_manager_is_unknown(world: World) -> None:
    container(world, secrets=[{"name": "A", "valueFrom": "arn:aws:ssm:ap-northeast-1:123456789012:parameter/a"}])
    assert world.one().severity is Severity.UNKNOWN
    assert "parameter/a: it is not in Secrets Manager" in world.one().what


def test_a_secret_that_changed_since_tasks_started_is_a_note(world: World) -> None:
    world.said["secretsmanager", "describe_secret"] |= {"LastChangedDate": NOW - timedelta(hours=1)}
    assert world.wrong() == []
    notes = [one for one in world.findings() if one.area == "secrets" and one.severity is Severity.NOTE]
    assert [one.subject for one in notes] == ["scheduler", "web"]
    assert notes[0].what == "changed after its oldest task started: story-prod-app-AbCdEf"


def test_a_service_that_is_gone_is_one_error_and_not_a_row_of_unknowns(world: World) -> None:
    del world.services["scheduler"]
    assert told(world.one()) == ("drift", "scheduler", Severity.ERROR)
    assert world.one().fix == "run `pulumi up --stack prod` to create it again"


def test_another_task_definition_than_that_of_the_last_update_is_found(world: World) -> None:
    world.outputs["services"]["web"]["taskDefinition"] = definition("web").replace(":1", ":2")
    finding = world.one()
    assert told(finding) == ("drift", "web", Severity.WARNING)
    assert finding.what == "runs story-prod-web:1, but the last update deployed story-prod-web:2"


def test_another_image_than_the_last_good_one_is_found(world: World) -> None:
    container(world, image=OTHER)
    assert world.one().what == "runs site@222222222222, but the last good image is site@111111111111"
    del world.outputs["image"]
    container(world, image=IMAGE)
    assert {one.what for one in world.wrong()} == {"runs site@111111111111, but the last good image is none yet"}


def deployment(world: World, state: str, reason: str = "") -> None:
    world.services["web"]["deployments"][0] |= {"rolloutState": state, "rolloutStateReason": reason}


def test_a_deployment_that_failed_is_an_error_and_one_that_goes_on_a_note(world: World) -> None:
    deployment(world, "FAILED", "tasks failed to start")
    assert told(world.one()) == ("drift", "web", Severity.ERROR)
    assert world.one().what == "its deployment failed: tasks failed to start"
    deployment(world, "IN_PROGRESS", "in progress")
    assert world.wrong() == []
    assert "a deployment is in progress: in progress" in [one.what for one in world.findings()]


def test_missing_tasks_are_a_warning_none_at_all_an_error_and_during_a_deployment_a_note(world: World) -> None:
    world.services["web"]["runningCount"] = 2
    assert told(world.one()) == ("drift", "web", Severity.WARNING)
    assert world.one().what == "2 of 3 tasks are running"
    deployment(world, "IN_PROGRESS")
    assert world.wrong() == []
    world.services["web"]["runningCount"] = 0
    assert told(world.one()) == ("drift", "web", Severity.ERROR)


def test_a_service_without_tasks_on_purpose_is_a_note(world: World) -> None:
    world.services["scheduler"] |= {"desiredCount": 0, "runningCount": 0}
    world.running["scheduler"] = []
    assert world.wrong() == []
    assert "its desired count is 0" in [one.what for one in world.findings() if one.severity is Severity.NOTE]


def exits(code: int | None, reason: str = "") -> list[dict[str, Any]]:
    return [{"name": "app", "exitCode": code, "reason": reason}]


@pytest.mark.parametrize(
    ("ended", "what"),
    [
        (
            {"stopCode": "EssentialContainerExited", "containers": exits(137, "OutOfMemoryError: Container killed")},
            "1 task ran out of memory in the last hour: OutOfMemoryError: Container killed, app exit code 137",
        ),
        (
            {"stopCode": "EssentialContainerExited", "containers": exits(1)},
            "1 task ended with an error in the last",
        ),
        (
            {"stopCode": "TaskFailedToStart", "stoppedReason": "CannotPullContainerError: no such image"},
            "1 task did not start in the last hour: CannotPullContainerError: no such image",
        ),
        (
            {"stopCode": "ServiceSchedulerInitiated", "stoppedReason": "Task failed ELB health checks in (x)"},
            "1 task failed the health check in the last hour: Task failed ELB health checks in (x)",
        ),
    ],
)
def test_tasks_that_stopped_for_a_bad_reason_are_found_and_a_loop_is_an_error(
    world: World, ended: dict[str, Any], what: str
) -> None:
    world.stopped["web"] = [stopped("web", 10, **ended)]
    assert told(world.one()) == ("restarts", "web", Severity.WARNING)
    assert world.one().what.startswith(what)
    world.stopped["web"] = [stopped("web", number, **ended) for number in range(10, 13)]
    assert told(world.one()) == ("restarts", "web", Severity.ERROR)
    assert "(3)" in world.one().what


def exited(container: str, code: int | None) -> dict[str, Any]:
    """A container; without a code ECS does not know how it ended."""
    return {"name": container, **({} if code is None else {"exitCode": code})}


@pytest.mark.parametrize(
    ("app", "sidecar", "kind"),
    [
        (0, 137, None),
        (0, 143, None),
        (1, 0, "ended with an error"),
        (137, 0, "ran out of memory"),
        (143, 1, "ended with an error"),
        (None, None, "ended with an error"),
    ],
)
def test_the_applications_exit_code_tells_why_a_task_ended(
    world: World, app: int | None, sidecar: int | None, kind: str | None
) -> None:
    containers = [exited("agent", sidecar), exited("app", app)]
    world.stopped["web"] = [stopped("web", 10, stopCode="EssentialContainerExited", containers=containers)]
    assert [one.what.partition(" in the last")[0] for one in world.wrong()] == ([f"1 task {kind}"] if kind else [])


@pytest.mark.parametrize(
    "ended",
    [
        {"stopCode": "ServiceSchedulerInitiated", "stoppedReason": "Scaling activity", "containers": exits(143)},
        {"stopCode": "ServiceSchedulerInitiated", "stoppedReason": "deployment", "containers": exits(137)},
        {"stopCode": "UserInitiated", "containers": exits(137)},
        {"stopCode": "EssentialContainerExited", "containers": exits(0)},
        {"stopCode": "SpotInterruption", "containers": exits(143)},
        {"stopCode": "TaskFailedToStart", "stoppedAt": NOW - timedelta(minutes=61)},
    ],
)
def test_tasks_that_were_told_to_stop_or_were_done_are_nothing_bad(world: World, ended: dict[str, Any]) -> None:
    world.stopped["web"] = [stopped("web", number, **ended) for number in range(10, 15)]
    assert world.wrong() == []


def test_a_service_with_two_hundred_tasks_is_examined_as_any_other(world: World) -> None:
    world.running["web"] = [task("web", number) for number in range(200)]
    world.services["web"] |= {"desiredCount": 200, "runningCount": 200}
    found = world.wrong()
    assert [told(one) for one in found] == [("quotas", "Fargate On-Demand vCPU resource count", Severity.ERROR)]
    assert found[0].what == "4 of 100 vCPU in use, a release needs 201 more (205%)"

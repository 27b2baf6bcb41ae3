"""`story status`: what is read from AWS, and the page for it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from aws.errors import CredentialsExpiredError
from aws.retrying import RetryingClient
from story.status.client import NotNowError, PageClient
from story.status.overview import AlarmStatus, Event, Overview, overview
from story.status.page import drawn, page
from story.status.releases import PastRelease
from story.status.tasks import TaskStatus, busiest, by_zone
from tests.aws.answers import Told, refusal
from tests.story.doctor.healthy import HEALTHY_SERVICE, IMAGE, LIVE, NOW, World, task


@pytest.fixture
def world() -> World:
    world = World()
    for name in world.services:
        world.services[name]["events"] = [
            {
                "id": name,
                "createdAt": NOW - timedelta(minutes=len(name)),
                "message": f"(service {name}) has reached a steady state.",
            }
        ]
    world.said |= {
        ("ecs", "list_service_deployments"): lambda service, **_: {
            "serviceDeployments": [{"serviceDeploymentArn": f"arn:deployment/{service}"}]
        },
        ("ecs", "describe_service_deployments"): lambda serviceDeploymentArns: {  # noqa: N803
            "serviceDeployments": [deployment(arn.rpartition("/")[2]) for arn in serviceDeploymentArns]
        },
        ("ecs", "describe_service_revisions"): lambda serviceRevisionArns: {  # noqa: N803
            "serviceRevisions": [revision(arn) for arn in serviceRevisionArns]
        },
        ("cloudwatch", "get_metric_data"): metrics,
        ("cloudwatch", "describe_alarms"): {"MetricAlarms": []},
    }
    return world


def deployment(service: str) -> dict[str, Any]:
    return {
        "serviceArn": f"arn:aws:ecs:::service/story-prod/{service}",
        "startedAt": NOW - timedelta(hours=len(service)),
        "finishedAt": NOW - timedelta(hours=len(service)) + timedelta(seconds=90),
        "status": "SUCCESSFUL",
        "sourceServiceRevisions": [{"arn": f"arn:revision/{service}/1"}],
        "targetServiceRevision": {"arn": f"arn:revision/{service}/2"},
    }


def revision(arn: str) -> dict[str, Any]:
    _, service, number = arn.split("/")
    return {
        "serviceRevisionArn": arn,
        "taskDefinition": f"arn:aws:ecs:::task-definition/story-prod-{service}:{number}",
        "containerImages": [
            {"containerName": "app", "image": IMAGE, "imageDigest": f"sha256:{number * 64}"},
            {"containerName": "nginx", "image": IMAGE, "imageDigest": f"sha256:{'9' * 64}"},
        ],
    }


def metrics(MetricDataQueries: list[Any], **_: Any) -> Any:  # noqa: N803
    """Of the tasks of web 40 % CPU and 70 % memory; nothing of others."""
    assert len(MetricDataQueries) <= 500
    found: list[Any] = []
    for query in MetricDataQueries:
        metric = query["MetricStat"]["Metric"]
        assert metric["Namespace"] == "ECS/ContainerInsights"
        dimensions = {one["Name"]: one["Value"] for one in metric["Dimensions"]}
        assert set(dimensions) == {"ClusterName", "ServiceName", "TaskId"}
        value = {"TaskCpuUtilization": 40.0, "TaskMemoryUtilization": 70.0}[metric["MetricName"]]
        found.append({"Id": query["Id"], "Values": [value, 1.0] if dimensions["ServiceName"] == "web" else []})
    return {"MetricDataResults": found}


def client(world: World) -> tuple[PageClient, Told]:
    told = Told(world.said)
    return PageClient(RetryingClient(lambda: told.as_aws, lambda _line: None)), told


def read(world: World) -> Overview:
    return overview(LIVE, client(world)[0], NOW)


def texts(found: Overview, height: int | None = None) -> list[str]:
    return [line.text for line in page(found, height=height)]


def test_everything_that_runs_is_read(world: World) -> None:
    found = read(world)
    assert [one.service for one in found.services] == ["scheduler", "web"]
    assert [(one.service, one.zone[-1], one.cpu_percent, one.memory_percent) for one in found.tasks] == [
        ("scheduler", "c", None, None),
        ("web", "a", 40.0, 70.0),
        ("web", "c", 40.0, 70.0),
        ("web", "d", 40.0, 70.0),
    ]
    assert [(one.service, one.message) for one in found.events] == [
        ("web", "(service web) has reached a steady state."),
        ("scheduler", "(service scheduler) has reached a steady state."),
    ]
    first = found.releases[0]
    assert (first.service, first.from_revision, first.to_revision) == ("web", "story-prod-web:1", "story-prod-web:2")
    assert first.image == "2" * 12
    assert found.missing == {}


def test_the_page_shows_tasks_by_zone_with_cpu_and_memory(world: World) -> None:
    lines = texts(read(world))
    first = lines.index("Tasks") + 1
    assert lines[first : first + 4] == [
        "  scheduler  ap-northeast-1c  cpu     -  memory     -  schedule RUNNING, healthy, for 5 h",
        "  web        ap-northeast-1a  cpu  40 %  memory  70 %  web00000 RUNNING, healthy, for 5 h",
        "             ap-northeast-1c  cpu  40 %  memory  70 %  web00000 RUNNING, healthy, for 5 h",
        "             ap-northeast-1d  cpu  40 %  memory  70 %  web00000 RUNNING, healthy, for 5 h",
    ]
    assert lines[-2:] == [
        f"  01-02 00:04:05Z  web        SUCCESSFUL, 1 min  story-prod-web:1 -> story-prod-web:2  image {'2' * 12}",
        "  01-01 18:04:05Z  scheduler  SUCCESSFUL, 1 min  story-prod-scheduler:1 -> story-prod-scheduler:2  "
        f"image {'2' * 12}",
    ]


def two_hundred(world: World) -> None:
    world.running["web"] = [task("web", number) for number in range(200)]
    world.services["web"] |= {"runningCount": 200, "desiredCount": 200}


def test_two_hundred_tasks_are_summed_up_by_zone_with_the_busiest(world: World) -> None:
    two_hundred(world)
    found = read(world)
    assert len(found.tasks) == 201
    assert {one.cpu_percent for one in found.tasks if one.service == "web"} == {40.0}
    lines = texts(found)
    first = lines.index("Tasks") + 2
    assert lines[first : first + 3] == [
        "  web        ap-northeast-1a  cpu  40 %  memory  70 %  67 tasks, on average",
        "             ap-northeast-1c  cpu  40 %  memory  70 %  67 tasks, on average",
        "             ap-northeast-1d  cpu  40 %  memory  70 %  66 tasks, on average",
    ]
    assert [line.split("  ")[-1].split()[0] for line in lines[first + 3 : first + 6]] == ["busy:"] * 3
    assert lines[first + 6] == ""


def test_two_hundred_tasks_are_requested_in_the_sizes_that_aws_allows(world: World) -> None:
    two_hundred(world)
    aws, told = client(world)
    overview(LIVE, aws, NOW)
    sizes = [len(given["tasks"]) for _, operation, given in told.asked if operation == "describe_tasks"]
    assert sizes == [1, 100, 100]
    world.running["web"] = [task("web", number) for number in range(400)]
    overview(LIVE, aws, NOW)
    sizes = [len(given["MetricDataQueries"]) for _, operation, given in told.asked if operation == "get_metric_data"]
    assert sizes == [402, 500, 302]


def test_the_number_of_tasks_that_are_not_shown_is_on_the_page(world: World) -> None:
    world.running["web"] = [task("web", number) for number in range(501)]
    assert read(world).missing == {"tasks of web": "1 more are not shown"}


@pytest.mark.parametrize("height", [8, 12, 16, 24, 40])
def test_the_page_fits_any_terminal(world: World, height: int) -> None:
    two_hundred(world)
    found = read(world)
    alarms = [AlarmStatus(name=f"story-prod-{number}", since=NOW, reason="high") for number in range(9)]
    full = replace(found, alarms=alarms, events=found.events * 9, releases=found.releases * 9)
    lines = page(full, height=height, notice="now")
    assert len(lines) <= height
    assert lines[0].text == "now"
    console = Console(width=50, height=height, force_terminal=True, color_system=None)
    with console.capture() as captured:
        console.print(drawn(lines))
    told = captured.get().splitlines()
    assert len(told) == len(lines), "no line is wrapped"
    assert max(map(len, told)) <= 50


def test_a_page_that_cannot_fit_says_how_much_is_left_out() -> None:
    services = [replace(HEALTHY_SERVICE, service=f"worker-{number:02}") for number in range(30)]
    lines = texts(Overview(live=LIVE, at=NOW, services=services), height=10)
    assert len(lines) == 10
    assert lines[-1] == "... 23 more lines; enlarge the terminal to see them"


def test_alarms_in_alarm_come_before_the_tasks(world: World) -> None:
    world.said["cloudwatch", "describe_alarms"] = {
        "MetricAlarms": [
            {
                "AlarmName": "story-prod-site-5xx",
                "StateValue": "ALARM",
                "StateReason": "3 of 5\nwere over 1.0",
                "StateTransitionedTimestamp": NOW - timedelta(minutes=7),
            },
            {"AlarmName": "story-prod-web-cpu", "StateValue": "OK"},
        ],
        "CompositeAlarms": [{"AlarmName": "story-prod-site", "StateValue": "ALARM"}],
    }
    lines = texts(read(world))
    first = lines.index("Alarms")
    assert lines[first + 1 : first + 4] == [
        "  story-prod-site: ",
        "  story-prod-site-5xx, for 7 min: 3 of 5 were over 1.0",
        "",
    ]
    assert first < lines.index("Tasks")


@pytest.mark.parametrize(
    ("question", "part"),
    [
        (("ecs", "list_tasks"), "tasks"),
        (("cloudwatch", "get_metric_data"), "use"),
        (("cloudwatch", "describe_alarms"), "alarms"),
        (("ecs", "list_service_deployments"), "releases"),
    ],
)
@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException"])
def test_a_part_that_cannot_be_read_is_left_out_with_the_reason(
    world: World, question: tuple[str, str], part: str, code: str
) -> None:
    world.said[question] = refusal(code)
    found = read(world)
    assert list(found.missing) == [part]
    assert code in found.missing[part]
    assert f"  {part}: {found.missing[part]}" in texts(found)


def test_the_services_are_required(world: World) -> None:
    world.said["ecs", "describe_services"] = refusal("ThrottlingException")
    with pytest.raises(NotNowError, match=r"describe_services: ThrottlingException: no"):
        read(world)
    world.said["ecs", "describe_services"] = refusal("ExpiredTokenException")
    with pytest.raises(CredentialsExpiredError):
        read(world)


def test_metrics_are_requested_once_a_minute_and_revisions_once(world: World) -> None:
    aws, told = client(world)
    for seconds in (0, 5, 10, 54, 56):
        overview(LIVE, aws, NOW + timedelta(seconds=seconds))
    asked = [operation for _, operation, _ in told.asked]
    assert asked.count("get_metric_data") == 2
    assert asked.count("describe_service_revisions") == 1
    assert asked.count("describe_services") == 5


def some(number: int, *, zone: str = "a", cpu: float | None = None, memory: float | None = None) -> TaskStatus:
    return TaskStatus(
        service="web",
        id=f"{number:032}",
        zone=zone,
        state="RUNNING",
        health="HEALTHY",
        revision="web:1",
        started_at=NOW,
        cpu_percent=cpu,
        memory_percent=memory,
    )


def test_a_zone_without_data_has_no_average_and_missing_values_do_not_count_as_zero() -> None:
    zones = by_zone([some(1), some(2, zone="c", cpu=80), some(3, zone="c"), replace(some(4), state="PENDING")])
    assert [(one.zone, one.tasks, one.running, one.cpu_percent) for one in zones] == [
        ("a", 2, 1, None),
        ("c", 2, 2, 80),
    ]


def test_the_busiest_task_is_the_one_that_comes_nearest_to_either_limit() -> None:
    found = busiest([some(1, cpu=10, memory=20), some(2), some(3, cpu=1, memory=90), some(4, cpu=80, memory=5)])
    assert [one.id[-1] for one in found] == ["3", "4", "1", "2"]


@pytest.mark.parametrize(
    ("changes", "style"),
    [
        ({}, ""),
        ({"cpu_percent": 84.9, "memory_percent": 84.9}, ""),
        ({"cpu_percent": 85}, "red"),
        ({"memory_percent": 85}, "red"),
        ({"health": "UNHEALTHY"}, "red"),
        ({"state": "PENDING"}, "red"),
    ],
)
def test_a_task_that_is_not_healthy_or_is_near_a_limit_stands_out(changes: dict[str, Any], style: str) -> None:
    lines = page(Overview(live=LIVE, at=NOW, services=[HEALTHY_SERVICE], tasks=[replace(some(1), **changes)]))
    assert lines[-1].style == style


@pytest.mark.parametrize(
    ("changes", "styles"),
    [
        ({}, [""]),
        ({"deployment": "IN_PROGRESS"}, ["yellow"]),
        ({"deployment": "FAILED"}, ["red"]),
        ({"revision": "", "deployment": "GONE"}, ["red"]),
        ({"is_last_good": False}, ["", "yellow"]),
    ],
)
def test_a_service_that_is_not_healthy_stands_out(changes: dict[str, Any], styles: list[str]) -> None:
    lines = page(Overview(live=LIVE, at=NOW, services=[replace(HEALTHY_SERVICE, **changes)]))
    assert [line.style for line in lines] == ["bold", "dim", *styles]


def test_a_terminal_with_enough_lines_shows_everything(world: World) -> None:
    found = read(world)
    full = texts(found)
    assert texts(found, height=len(full)) == full
    assert len(texts(found, height=len(full) - 1)) < len(full)


def test_twelve_tasks_are_shown_one_by_one_and_thirteen_summed_up() -> None:
    tasks = [some(number) for number in range(13)]
    few = texts(Overview(live=LIVE, at=NOW, services=[HEALTHY_SERVICE], tasks=tasks[:12]))
    many = texts(Overview(live=LIVE, at=NOW, services=[HEALTHY_SERVICE], tasks=tasks))
    assert sum("RUNNING" in line for line in few) == 12
    assert [line.split("  ")[-1] for line in many[-4:-3]] == ["13 tasks, on average"]


@pytest.mark.parametrize(
    ("status", "reason", "style"),
    [("SUCCESSFUL", "", ""), ("IN_PROGRESS", "", "yellow"), ("ROLLBACK_SUCCESSFUL", "alarms", "red")],
)
def test_a_release_that_did_not_succeed_stands_out(status: str, reason: str, style: str) -> None:
    release = PastRelease(
        service="web",
        began_at=NOW,
        ended_at=NOW + timedelta(minutes=1),
        status=status,
        from_revision="",
        to_revision="web:1",
        image="1" * 12,
        reason=reason,
    )
    line = page(Overview(live=LIVE, at=NOW, services=[HEALTHY_SERVICE], releases=[release]))[-1]
    assert line.style == style
    assert f"{status}, 1 min  nothing -> web:1" in line.text


def test_a_release_that_was_rolled_back_says_why() -> None:
    release = PastRelease(
        service="web",
        began_at=datetime(2026, 1, 2, tzinfo=UTC),
        ended_at=None,
        status="ROLLBACK_SUCCESSFUL",
        from_revision="web:1",
        to_revision="web:2",
        image="",
        reason="alarms: story-prod-site-5xx",
    )
    lines = texts(Overview(live=LIVE, at=NOW, services=[HEALTHY_SERVICE], releases=[release]))
    assert lines[-1].endswith("ROLLBACK_SUCCESSFUL  web:1 -> web:2  image -: alarms: story-prod-site-5xx")


def test_the_reason_of_a_rollback_is_read(world: World) -> None:
    told = {**deployment("web"), "status": "ROLLBACK_SUCCESSFUL", "rollback": {"reason": "circuit breaker"}}
    world.said["ecs", "describe_service_deployments"] = {"serviceDeployments": [told]}
    assert read(world).releases[0].reason == "circuit breaker"


def test_the_document_has_everything_with_times_as_text() -> None:
    event = Event(at=NOW, service="web", message="m")
    told = Overview(live=LIVE, at=NOW, services=[HEALTHY_SERVICE], tasks=[some(1)], events=[event]).document()
    assert told["tasks"][0]["started_at"] == told["at"] == told["events"][0]["at"] == "2026-01-02T03:04:05+00:00"
    assert told["services"][0]["service"] == "web"

"""Good releases, and one that ECS refuses, on a stack with stores, NAT and domain off and one worker."""

import signal
import time

import pytest

from emulator.process import end_session
from tests.e2e import whole_stack
from tests.e2e.conftest import Begin
from tests.e2e.support import (
    MARKER,
    TASK_DEFINITION,
    WITHOUT_STORES,
    Change,
    Stack,
    changed_nothing,
    image,
    steps_in,
    succeeded,
)

STEPS = ["migration", "rollout-web", "rollout-worker-default"]
SERVICES = ["web", "worker-default"]
FIRST, SECOND, BROKEN, THIRD, FOURTH, FIFTH = (image(number) for number in range(1, 7))
ALARM_KEYS = (
    *("AlarmName", "AlarmDescription", "ActionsEnabled", "OKActions", "AlarmActions", "MetricName", "Namespace"),
    *("Statistic", "Dimensions", "Period", "EvaluationPeriods", "DatapointsToAlarm", "ComparisonOperator"),
    "TreatMissingData",
)
"""What describes an alarm, and also makes one."""
INTERRUPTED = {signal.SIGINT: FOURTH, signal.SIGTERM: FIFTH}


@pytest.fixture(scope="module")
def stack(begin: Begin) -> Stack:
    stack = begin("small")
    scaled = {"default": {"autoscaling": {"min_tasks": 1, "max_tasks": 4}}}
    stack.engine.prepare({**WITHOUT_STORES, "story:scheduler": {"enabled": False}, "story:workers": scaled})
    return stack


@pytest.mark.parametrize("command", ["preview", "up"])
def test_a_first_update_without_an_image_says_what_to_give_and_creates_nothing(stack: Stack, command: str) -> None:
    finished = stack.run(command, *(["--yes"] if command == "up" else []))
    assert finished.returncode != 0
    [line] = {line.partition("error: ")[2] for line in finished.output.splitlines() if "has no image yet" in line}
    assert line.endswith("give it one: STORY_IMAGE=<registry>/<repository>@sha256:<digest> pulumi up")
    assert "Traceback" not in finished.output
    assert stack.inventory() == {}


def test_a_first_update_with_an_image_makes_all_in_order(stack: Stack) -> None:
    finished = stack.up(FIRST)
    assert steps_in(finished.output) == ["migration", "rollout worker-default", "rollout web"]
    assert stack.engine.outputs()["image"] == FIRST
    assert stack.images_of(SERVICES) == {FIRST}
    assert sorted(stack.markers()) == STEPS


def test_its_private_subnets_reach_s3_although_there_is_no_nat_gateway(stack: Stack) -> None:
    assert "nat-gateway" not in {item["type"] for item in stack.inventory()["ec2"]}
    whole_stack.assert_every_private_subnet_has_a_route_to_s3(stack)


def test_an_update_without_an_image_keeps_the_one_that_runs(stack: Stack) -> None:
    assert changed_nothing(stack.up())
    assert stack.engine.outputs()["image"] == FIRST


def test_a_preview_of_a_release_shows_its_steps_and_does_none(stack: Stack) -> None:
    changes = stack.changes(SECOND)
    assert [change for change in changes if change.type == MARKER] == [
        Change(op="replace", type=MARKER, name=name) for name in STEPS
    ]
    assert {change.name for change in changes if change.type == TASK_DEFINITION} == {"migration", *SERVICES}
    finished = succeeded(stack.run("preview", image=SECOND))
    assert steps_in(finished.output) == []


def test_a_release_takes_every_step_in_order_and_moves_the_image(stack: Stack) -> None:
    before = stack.markers()
    finished = stack.up(SECOND)
    assert steps_in(finished.output) == ["migration", "rollout worker-default", "rollout web"]
    after = stack.markers()
    assert sorted(after) == STEPS
    assert not set(before.values()) & set(after.values()), "a marker that stays is a step that was not taken"
    assert stack.engine.outputs()["image"] == SECOND
    assert stack.images_of(SERVICES) == {SECOND}


def test_an_edit_without_an_image_migrates_nothing(stack: Stack) -> None:
    before, migrations = stack.markers(), stack.migrations()
    stack.configure("story:web", {"memory_mib": 2048})
    finished = stack.up()
    assert steps_in(finished.output) == ["rollout web"]
    after = stack.markers()
    assert [name for name in STEPS if before[name] != after[name]] == ["rollout-web"]
    assert stack.migrations() == migrations
    assert stack.engine.outputs()["image"] == SECOND


def test_a_site_that_ecs_refuses_to_change_leaves_the_image_untouched_although_workers_moved(stack: Stack) -> None:
    stack.fails_at(action="UpdateService", contains="story-small/web", times=5)
    output = stack.failing_up(image=BROKEN)
    stack.works_again()
    assert "InjectedFault" in output
    assert steps_in(output) == ["migration", "rollout worker-default"]
    assert stack.image_of("worker-default") == BROKEN
    assert stack.engine.outputs()["image"] == SECOND


def test_an_update_without_an_image_goes_back_from_there(stack: Stack) -> None:
    goes_back(stack)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_lets_the_migration_end_and_the_next_update_does_not_repeat_it(
    stack: Stack, ending: signal.Signals
) -> None:
    released, before = INTERRUPTED[ending], stack.engine.outputs()["image"]
    migrations = stack.migrations()
    stack.behaves("migration", released, container="app", exits=0, after_seconds=10, lines=["altering a large table"])
    log = stack.engine.folder / f"{ending.name}.log"
    process = stack.engine.start("up", "--yes", "--skip-preview", image=released, log=log)
    try:
        deadline = time.monotonic() + 120
        while "altering a large table" not in log.read_text("utf-8", "replace"):
            assert time.monotonic() < deadline, log.read_text("utf-8", "replace")
            time.sleep(0.2)
        process.send_signal(ending)
        assert process.wait(timeout=120) != 0
    finally:
        end_session(process.pid)
    said = log.read_text("utf-8", "replace")
    assert "aws logs tail /story/small/migration --log-stream-names migration/app/" in said
    assert "done: app ended with exit code 0" in said
    assert stack.engine.outputs()["image"] == before

    stack.up(released)

    assert stack.migrations() == migrations + 1
    assert stack.images_of(SERVICES) == {released}


def test_the_next_good_release_goes_through(stack: Stack) -> None:
    stack.up(THIRD)
    assert stack.engine.outputs()["image"] == THIRD
    assert stack.images_of(SERVICES) == {THIRD}
    assert stack.is_clean()


def test_agents_are_put_beside_the_application_and_taken_away_again(stack: Stack) -> None:
    before = stack.engine.config()
    secret = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:agent-AbCdEf"
    registry = FIRST.partition("/")[0]
    room = {"cpu": 1024, "memory_mib": 2048}
    stack.configure("story:web", {**room, "nginx": {}})
    stack.configure("story:workers", {"default": room})
    stack.configure(
        "story:agents",
        {
            # This network has no way to the internet, so the images are in ECR.
            "new_relic": {"license_key": secret, "image": f"{registry}/nri-ecs:1.15.6"},
            "mackerel": {"api_key": secret, "image": f"{registry}/mackerel-container-agent:v0.13.2"},
            "open_telemetry": {"image": f"{registry}/aws-otel-collector:v0.48.0"},
            "fluent_bit": {
                "image": f"{registry}/aws-for-fluent-bit:2.34.3",
                "destination": {"Name": "http", "Host": "logs.example.com"},
                "secrets": {"header": secret},
            },
        },
    )
    stack.up()
    definition = stack.client("ecs").describe_task_definition(taskDefinition="story-small-web")["taskDefinition"]
    assert {container["name"] for container in definition["containerDefinitions"] if not container["essential"]} == {
        *("log-router", "mackerel-container-agent", "newrelic-infra", "otel-collector"),
    }
    assert stack.is_clean(), "a definition that ECS gives back in another form is replaced at every update"
    stack.engine.prepare(before)
    stack.up()


def test_what_is_changed_behind_the_programs_back_is_told_in_one_line_each_and_apart_from_an_edit(stack: Stack) -> None:
    ecs, ec2, alarms = stack.client("ecs"), stack.client("ec2"), stack.client("cloudwatch")
    resources = {one["urn"].rpartition("$")[2]: one for one in stack.engine.state()["deployment"]["resources"]}
    rule = resources["aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule::web-from-load-balancer"]
    ec2.revoke_security_group_ingress(GroupId=rule["inputs"]["securityGroupId"], SecurityGroupRuleIds=[rule["id"]])
    stack.client("logs").put_retention_policy(logGroupName="/story/small/web", retentionInDays=1)
    [alarm] = alarms.describe_alarms(AlarmNames=["story-small-web-cpu"])["MetricAlarms"]
    alarms.put_metric_alarm(**{key: alarm[key] for key in ALARM_KEYS if key in alarm} | {"Threshold": 99})
    ecs.update_service(cluster="story-small", service="web", desiredCount=5)
    # Autoscaling moves this one, so that it is no drift.
    ecs.update_service(cluster="story-small", service="worker-default", desiredCount=3)
    stack.configure("story:web", {"memory_mib": 1024})

    finished = stack.story("drift")

    assert finished.returncode == 3, finished.output
    assert finished.stderr.startswith("comparing small with AWS; ")
    found, _, edited = finished.stdout.partition("\nNot drift: ")
    assert [line for line in found.splitlines() if line.startswith("  - ")] == [
        "  - SecurityGroupIngressRule web-from-load-balancer: was deleted in AWS",
        "  - LogGroup web: retentionInDays is 1 in AWS, in the program 30",
        "  - MetricAlarm observability-web-cpu: threshold is 99 in AWS, in the program 85",
        "  - Service web: desiredCount is 5 in AWS, in the program 1",
    ]
    assert "  - TaskDefinition web: would be replaced, because of memory\n" in edited


def test_an_update_puts_it_right_and_then_there_is_no_drift(stack: Stack) -> None:
    stack.up()
    assert stack.service("web")["desiredCount"] == 1
    assert stack.service("worker-default")["desiredCount"] == 3
    finished = stack.story("drift")
    assert finished.returncode == 0, finished.output
    assert finished.stdout == "No drift: AWS matches the last update\nStack small.\n"


def goes_back(stack: Stack) -> None:
    """Without an image: every service on the last good one, no migration, and nothing left to do."""
    migrations = stack.migrations()
    stack.up()
    assert stack.images_of(SERVICES) == {SECOND}
    assert stack.migrations() == migrations, "a way back never migrates"
    assert stack.engine.outputs()["image"] == SECOND
    assert sorted(stack.markers()) == STEPS
    assert stack.is_clean()

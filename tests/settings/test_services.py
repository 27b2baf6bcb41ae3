"""Specs of tasks and services: sizes, scaling, timeouts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from settings.base import Problem, Spec
from settings.checking import check
from settings.services import (
    MEMORY_MIB,
    AutoscalingSpec,
    CapacitySpec,
    MigrationSpec,
    NginxSpec,
    ScaledServiceSpec,
    SchedulerSpec,
    ScheduleSpec,
    ServiceSpec,
    TaskSpec,
    WebSpec,
    WorkerSpec,
)

SCHEDULE: dict[str, Any] = {"cron": "0 8 ? * MON-FRI *", "min_tasks": 2, "max_tasks": 4}


def said(problems: Any) -> list[str]:
    lines: list[str] = []
    for problem in problems:
        assert isinstance(problem, Problem)
        lines.append(f"{problem.key}: {problem.problem}")
    return lines


@pytest.mark.parametrize(
    "spec",
    [
        CapacitySpec(),
        ScheduleSpec(**SCHEDULE),
        AutoscalingSpec(),
        TaskSpec(),
        ServiceSpec(),
        ScaledServiceSpec(),
        WebSpec(nginx=NginxSpec()),
        WorkerSpec(),
        SchedulerSpec(),
        MigrationSpec(),
    ],
)
def test_the_defaults_are_sound_and_surprise_nobody(spec: Spec) -> None:
    assert said(spec.mistakes()) == []
    assert said(spec.warnings()) == []


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        (
            CapacitySpec(on_demand_weight=0, spot_weight=0),
            "spot_weight: given 0 beside on_demand_weight 0; allowed is at least one weight over 0",
        ),
        (
            ScheduleSpec(**{**SCHEDULE, "min_tasks": 5}),
            "min_tasks: given 5; allowed is at most max_tasks, 4",
        ),
        (AutoscalingSpec(min_tasks=5), "min_tasks: given 5; allowed is at most max_tasks, 4"),
        (
            AutoscalingSpec(cpu_percent=None, memory_percent=None),
            "cpu_percent: given null beside memory_percent and requests_per_target null; "
            "allowed is at least one target",
        ),
        (
            AutoscalingSpec(schedules={"night": ScheduleSpec(**{**SCHEDULE, "max_tasks": 1})}),
            "schedules.night.min_tasks: given 2; allowed is at most max_tasks, 1",
        ),
        (TaskSpec(cpu=256, memory_mib=4096), "memory_mib: given 4096; with cpu 256 Fargate offers 512, 1024, 2048"),
        (
            TaskSpec(cpu=4096, memory_mib=8193),
            "memory_mib: given 8193; with cpu 4096 Fargate offers 8192 to 30720 in steps of 1024",
        ),
        (
            ServiceSpec(capacity=CapacitySpec(on_demand_weight=0)),
            "capacity.spot_weight: given 0 beside on_demand_weight 0; allowed is at least one weight over 0",
        ),
        (
            WebSpec(health_check_interval_seconds=5),
            "health_check_timeout_seconds: given 5; allowed is less than health_check_interval_seconds, 5",
        ),
        (
            WebSpec(nginx=NginxSpec(php_fpm_port=8080)),
            "nginx.php_fpm_port: given 8080, which is also web.port; allowed is another port",
        ),
        (WorkerSpec(queues=()), "queues: given none; allowed is at least one queue"),
        (
            WorkerSpec(autoscaling=AutoscalingSpec(requests_per_target=10)),
            "autoscaling.requests_per_target: given 10; workers get no requests",
        ),
        (
            MigrationSpec(command=("php", "artisan", "migrate", "--graceful")),
            "command: given php artisan migrate --graceful; --graceful reports success on an error",
        ),
    ],
)
def test_values_that_cannot_work_together_are_one_line(spec: Spec, line: str) -> None:
    assert said(spec.mistakes()) == [line]


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        (
            AutoscalingSpec(schedules={"morning": ScheduleSpec(**SCHEDULE)}),
            "schedules: a change of min_tasks or max_tasks of a schedule takes effect at its next run",
        ),
        (
            ScaledServiceSpec(tasks=3, autoscaling=AutoscalingSpec()),
            "tasks: 3 has no effect while autoscaling is set",
        ),
        (
            WebSpec(deregistration_delay_seconds=31),
            "stop_timeout_seconds: 30 is less than deregistration_delay_seconds, 31: a long request can be interrupted",
        ),
        (
            WorkerSpec(timeout_seconds=121),
            "timeout_seconds: a job can run 121 s, but is killed 120 s after its task is stopped "
            "(Fargate's limit is 120); make jobs shorter, or use ECS task scale-in protection",
        ),
    ],
)
def test_values_that_surprise_are_warned_of_and_allowed(spec: Spec, line: str) -> None:
    assert said(spec.warnings()) == [line]
    assert said(spec.mistakes()) == []


@pytest.mark.parametrize(
    "spec",
    [
        ScheduleSpec(**{**SCHEDULE, "min_tasks": 4}),
        AutoscalingSpec(min_tasks=4),
        WebSpec(deregistration_delay_seconds=30),
        WorkerSpec(timeout_seconds=120),
        ScaledServiceSpec(tasks=3),
        ScaledServiceSpec(autoscaling=AutoscalingSpec()),
    ],
)
def test_the_last_value_that_is_allowed_is_allowed(spec: Spec) -> None:
    assert said([*spec.mistakes(), *spec.warnings()]) == []


def test_web_alone_scales_by_requests() -> None:
    assert said(WebSpec(autoscaling=AutoscalingSpec(requests_per_target=10)).mistakes()) == []


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (TaskSpec, {"cpu": 300}),
        (TaskSpec, {"ephemeral_storage_gib": 20}),
        (TaskSpec, {"log_retention_days": 31}),
        (ServiceSpec, {"stop_timeout_seconds": 121}),
        (ServiceSpec, {"log_mode": "sometimes"}),
        (AutoscalingSpec, {"schedules": {"morning": {**SCHEDULE, "cron": "0 8 * * *"}}}),
        (AutoscalingSpec, {"schedules": {"morning": {**SCHEDULE, "timezone": "Tokyo"}}}),
        (AutoscalingSpec, {"cpu_percent": 0}),
        (AutoscalingSpec, {"schedules": {"Morning": SCHEDULE}}),
        (NginxSpec, {"image": "nginx:1.27"}),
        (WebSpec, {"port": 80}),
        (WebSpec, {"health_check_path": "up"}),
        (WorkerSpec, {"queues": ["a,b"]}),
        (MigrationSpec, {"command": []}),
        (MigrationSpec, {"timeout_seconds": 59}),
    ],
)
def test_single_values_out_of_their_range_are_refused(kind: type[Spec], values: dict[str, Any]) -> None:
    assert len(check(kind, values).mistakes) == 1


def test_a_description_cannot_be_changed_once_it_was_checked() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        WebSpec().cpu = 300  # pyright: ignore[reportAttributeAccessIssue]


@given(
    st.sampled_from([0, 256, 300, 512, 1024, 2048, 4096, 8192, 16384]),
    st.sampled_from(sorted({memory for offered in MEMORY_MIB.values() for memory in offered} | {0, 513, 1 << 20})),
)
def test_a_service_that_is_accepted_has_a_size_that_fargate_offers(cpu: int, memory: int) -> None:
    found = check(ServiceSpec, {"cpu": cpu, "memory_mib": memory})
    accepted = not found.mistakes and not list(found.spec.mistakes())
    assert accepted == (memory in MEMORY_MIB.get(cpu, ()))


def test_fargate_s_own_table_is_not_mistyped() -> None:
    # docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html, in GiB: least, most, step
    table = {
        512: (1, 4, 1),
        1024: (2, 8, 1),
        2048: (4, 16, 1),
        4096: (8, 30, 1),
        8192: (16, 60, 4),
        16384: (32, 120, 8),
    }
    assert MEMORY_MIB[256] == (512, 1024, 2048)
    for cpu, (least, most, step) in table.items():
        assert MEMORY_MIB[cpu] == tuple(gib * 1024 for gib in range(least, most + 1, step)), cpu

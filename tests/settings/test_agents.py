"""Specs of agents: pinned images, secrets by ARN, and room in the task."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from settings.agents import (
    LEAST_CPU,
    LEAST_MEMORY_MIB,
    AgentsSpec,
    FluentBitSpec,
    MackerelSpec,
    NewRelicSpec,
    OpenTelemetrySpec,
)
from settings.services import MEMORY_MIB, ServiceSpec

SECRET = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:agent-AbCdEf"
MACKEREL = MackerelSpec(api_key=SECRET)
HTTP = {"Name": "http", "Host": "logs.example.com"}


def mistakes(agents: AgentsSpec, **services: ServiceSpec) -> list[str]:
    return [f"{problem.key}: {problem.problem}" for problem in agents.mistakes_among(services)]


@pytest.mark.parametrize(
    "image",
    [
        "newrelic/nri-ecs:1.15.6",
        "localhost:5000/agent:1",
        f"public.ecr.aws/team/agent@sha256:{'0' * 64}",
        f"public.ecr.aws/team/agent:v1@sha256:{'0' * 64}",
    ],
)
def test_an_image_with_a_version_or_a_digest_is_taken(image: str) -> None:
    assert MackerelSpec(api_key=SECRET, image=image).image == image


@pytest.mark.parametrize(
    "image", ["newrelic/nri-ecs", "agent:latest", "a.b/c:stable", f"agent:latest@sha256:{'0' * 64}"]
)
def test_an_image_that_changes_by_itself_is_refused(image: str) -> None:
    with pytest.raises(ValidationError, match="an image with a version or a digest"):
        MackerelSpec(api_key=SECRET, image=image)


@pytest.mark.parametrize(
    ("spec", "values"),
    [
        (NewRelicSpec, {}),
        (NewRelicSpec, {"license_key": "eu01xx0123456789"}),
        (MackerelSpec, {"api_key": "plain"}),
        (MackerelSpec, {"api_key": SECRET, "cpu": 0}),
        (MackerelSpec, {"api_key": SECRET, "memory_mib": 5}),
        (MackerelSpec, {"api_key": SECRET, "services": ("worker-default",)}),
        (OpenTelemetrySpec, {"config": ""}),
        (
            OpenTelemetrySpec,
            {"rights": {"firehose:*": "arn:aws:firehose:ap-northeast-1:123456789012:deliverystream/a"}},
        ),
        (FluentBitSpec, {}),
        (FluentBitSpec, {"destination": {}}),
        (FluentBitSpec, {"destination": HTTP, "rights": {"firehose:PutRecordBatch": "*"}}),
        (FluentBitSpec, {"destination": HTTP, "rights": {"s3:PutObject": "arn:aws:s3:::*"}}),
    ],
)
def test_what_no_agent_can_be_made_of_is_refused(spec: Any, values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        spec(**values)


def test_a_destination_names_its_plugin() -> None:
    assert [(f.key, f.problem) for f in FluentBitSpec(destination={"Host": "a"}).mistakes()] == [
        ("destination", "given Host; add Name, the name of an output plugin")
    ]


def test_an_option_is_plain_or_secret_but_not_both() -> None:
    spec = FluentBitSpec(destination={**HTTP, "header": "a b"}, secrets={"header": SECRET})
    assert [f.key for f in spec.mistakes()] == ["secrets.header"]


def test_there_is_no_agent_by_default() -> None:
    assert AgentsSpec().of("web") == AgentsSpec().all == {}


def test_an_agent_stands_beside_the_services_that_it_names_or_beside_all() -> None:
    agents = AgentsSpec(mackerel=MACKEREL.model_copy(update={"services": ("web",)}), open_telemetry=OpenTelemetrySpec())
    assert list(agents.of("web")) == ["mackerel", "open_telemetry"]
    assert list(agents.of("workers.mail")) == ["open_telemetry"]


def test_a_service_that_does_not_exist_is_named() -> None:
    agents = AgentsSpec(mackerel=MACKEREL.model_copy(update={"services": ("web", "workers.mial")}))
    assert mistakes(agents, web=ServiceSpec(), **{"workers.mail": ServiceSpec()}) == [
        "agents.mackerel.services: given workers.mial; allowed are enabled services: web, workers.mail"
    ]


def test_agents_that_leave_too_little_are_told_with_what_would_do() -> None:
    agents = AgentsSpec(new_relic=NewRelicSpec(license_key=SECRET), mackerel=MACKEREL)
    assert mistakes(agents, web=ServiceSpec(cpu=256, memory_mib=512)) == [
        "web.cpu: given 256, of which agents take 320 (new_relic 256, mackerel 64); allowed is at least 448, so that "
        "128 CPU units remain for the application: Fargate offers 512",
        "web.memory_mib: given 512, of which agents take 640 (new_relic 512, mackerel 128); allowed is at least 896, "
        "so that 256 MiB remain for the application: Fargate offers 1024",
    ]


def test_memory_that_no_task_of_this_cpu_has_is_told() -> None:
    agents = AgentsSpec(mackerel=MackerelSpec(api_key=SECRET, memory_mib=4096))
    (line,) = mistakes(agents, web=ServiceSpec(cpu=256, memory_mib=2048))
    assert line.endswith("so that 256 MiB remain for the application, which needs a larger cpu")


@given(
    size=st.sampled_from([(cpu, memory) for cpu, offered in MEMORY_MIB.items() for memory in offered]),
    cpus=st.lists(st.integers(1, 4096), min_size=1, max_size=4),
    memories=st.lists(st.integers(6, 8192), min_size=4, max_size=4),
)
def test_agents_fit_exactly_if_they_leave_the_least(
    size: tuple[int, int], cpus: list[int], memories: list[int]
) -> None:
    given_out = list(zip(cpus, memories, strict=False))
    made = [{"cpu": cpu, "memory_mib": memory} for cpu, memory in given_out]
    keys = ("new_relic", "mackerel", "open_telemetry", "fluent_bit")
    own: dict[str, dict[str, Any]] = {
        "new_relic": {"license_key": SECRET},
        "mackerel": {"api_key": SECRET},
        "fluent_bit": {"destination": HTTP},
    }
    agents = AgentsSpec.model_validate(
        {key: {**own.get(key, {}), **size_} for key, size_ in zip(keys, made, strict=False)}
    )
    cpu, memory = size
    fits = cpu - sum(cpus) >= LEAST_CPU and memory - sum(m for _, m in given_out) >= LEAST_MEMORY_MIB
    assert (mistakes(agents, web=ServiceSpec(cpu=cpu, memory_mib=memory)) == []) is fits

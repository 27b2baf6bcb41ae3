"""The AWS of the other tests refuses what AWS refuses, and answers nothing that AWS could not answer."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import UnknownServiceError

from tests.aws import aws_models
from tests.aws.answers import Strange, Told, refusal
from tests.aws.aws_models import NotOfAwsError

CLUSTER = {"cluster": "story-prod"}


@pytest.fixture(autouse=True)
def _meant() -> Iterator[None]:
    """What is refused here is refused on purpose, and fails no test."""
    yield
    aws_models.mistakes.clear()


def asked(service: str, operation: str, answer: Any = None, /, **parameters: Any) -> Any:
    return getattr(Told({(service, operation): answer or {}}).client(service), operation)(**parameters)


def refused(service: str, operation: str, answer: Any = None, /, **parameters: Any) -> str:
    with pytest.raises(NotOfAwsError) as found:
        asked(service, operation, answer, **parameters)
    assert aws_models.mistakes[-1] == str(found.value), "code that goes on after every exception does not hide it"
    return str(found.value)


def test_a_request_and_an_answer_of_aws_pass() -> None:
    answer = {"tasks": [{"taskArn": "arn:1", "createdAt": datetime(2026, 1, 2, tzinfo=UTC)}], "failures": []}
    assert asked("ecs", "describe_tasks", answer, tasks=["arn:1"], include=["TAGS"], **CLUSTER) == answer
    assert asked("ecs", "describe_tasks", lambda **_: answer, tasks=["arn:1"]) == answer
    assert asked("ecs", "describe_tasks", {"ResponseMetadata": {}}, tasks=["1"]) == {"ResponseMetadata": {}}
    assert aws_models.mistakes == []


def test_a_service_that_aws_does_not_have_is_refused() -> None:
    with pytest.raises(UnknownServiceError):
        asked("esc", "describe_tasks")


def test_an_operation_that_the_service_does_not_have_is_refused() -> None:
    assert refused("ecs", "describe_task", tasks=["arn:1"]) == "ecs has no operation describe_task"
    assert "ecs has no operation DescribeTasks" in refused("ecs", "DescribeTasks", tasks=["arn:1"])


def test_an_operation_without_pages_has_no_paginator() -> None:
    client = Told({}).client("ecs")
    assert client.get_paginator("list_tasks").paginate(**CLUSTER) == [{}]
    with pytest.raises(NotOfAwsError, match="ecs has no paginator of describe_tasks"):
        client.get_paginator("describe_tasks")


def test_the_pages_of_a_paginator_are_checked_as_any_answer() -> None:
    client = Told({("ecs", "list_tasks"): {"tasks": []}}).client("ecs")
    with pytest.raises(NotOfAwsError, match="tasks: unknown; known are "):
        client.get_paginator("list_tasks").paginate(**CLUSTER)
    with pytest.raises(NotOfAwsError, match='"clusters"'):
        client.get_paginator("list_tasks").paginate(clusters="story-prod")


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"task": ["arn:1"]}, 'Unknown parameter in input: "task"'),
        ({}, 'Missing required parameter in input: "tasks"'),
        ({"tasks": "arn:1"}, "Invalid type for parameter tasks"),
        ({"tasks": ["arn:1", 7]}, "Invalid type for parameter tasks[1]"),
        ({"tasks": ["arn:1"], "include": ["tags"]}, "include[0]: given 'tags'; allowed are TAGS"),
    ],
)
def test_parameters_that_aws_refuses_are_refused(parameters: dict[str, Any], reason: str) -> None:
    assert reason in refused("ecs", "describe_tasks", **parameters)


def test_a_wrong_parameter_deep_inside_is_refused() -> None:
    network = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "assignPublicIp": "NO"}}
    told = refused("ecs", "run_task", taskDefinition="web:1", networkConfiguration=network)
    assert "networkConfiguration.awsvpcConfiguration.assignPublicIp: given 'NO'; allowed are " in told
    strategy = [{"capacityProvider": "FARGATE", "weigth": 1}]
    told = refused("ecs", "run_task", taskDefinition="web:1", capacityProviderStrategy=strategy)
    assert 'Unknown parameter in capacityProviderStrategy[0]: "weigth"' in told


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"weight": 1001}, "capacityProviderStrategy[0].weight: given 1001; allowed are 0 to 1000"),
        ({"weight": -1}, "Invalid value for parameter capacityProviderStrategy[0].weight"),
        ({"base": 100_001}, "capacityProviderStrategy[0].base: given 100001; allowed are 0 to 100000"),
    ],
)
def test_a_number_out_of_bounds_is_refused(parameters: dict[str, int], reason: str) -> None:
    strategy = [{"capacityProvider": "FARGATE", **parameters}]
    assert reason in refused("ecs", "run_task", taskDefinition="web:1", capacityProviderStrategy=strategy)


def test_a_text_or_a_list_that_is_too_long_or_too_short_is_refused() -> None:
    told = refused("logs", "describe_log_groups", logGroupNamePrefix="x" * 513)
    assert "logGroupNamePrefix: its length is 513; allowed are 1 to 512" in told
    assert "logGroupNamePrefix" in refused("logs", "describe_log_groups", logGroupNamePrefix="")
    assert "AlarmNames: its length is 101; allowed are 0 to 100" in refused(
        "cloudwatch", "describe_alarms", AlarmNames=["x"] * 101
    )


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"task": []}, "task: unknown; known are tasks, failures"),
        ({"tasks": [{"arn": "arn:1"}]}, "tasks[0].arn: unknown; known are "),
        ({"tasks": [{"containers": [{"exitCode": "0"}]}]}, "tasks[0].containers[0].exitCode: given '0', which is no "),
        ({"tasks": [{"containers": [{"exitCode": True}]}]}, "given True, which is no integer"),
        ({"tasks": [{"startedAt": "yesterday"}]}, "tasks[0].startedAt: given 'yesterday', which is no timestamp"),
        ({"tasks": [{"healthStatus": "WELL"}]}, "tasks[0].healthStatus: given 'WELL'; allowed are HEALTHY, "),
        ({"tasks": {}}, "tasks: given {}, which is no list"),
        ([], "all of it: given [], which is no structure"),
        ({"tasks": [{"taskArn": None}]}, "tasks[0].taskArn: given None, which is no string"),
    ],
)
def test_an_answer_that_aws_could_not_give_is_refused(answer: Any, reason: str) -> None:
    assert reason in refused("ecs", "describe_tasks", lambda **_: answer, tasks=["arn:1"])


def test_what_is_meant_to_be_strange_and_what_is_raised_is_handed_on() -> None:
    assert asked("ecs", "describe_tasks", Strange(answer={"tasks": 7}), tasks=["1"]) == {"tasks": 7}
    with pytest.raises(type(refusal())):
        asked("ecs", "describe_tasks", refusal(), tasks=["1"])


def test_a_request_is_checked_before_it_is_answered_strangely() -> None:
    assert "include[0]" in refused("ecs", "describe_tasks", Strange(answer=7), tasks=["1"], include=["tags"])

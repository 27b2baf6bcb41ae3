"""`story doctor`: a healthy stack, and what a failing check leaves of the others."""

import re

import pytest
from botocore.exceptions import EndpointConnectionError

from aws.errors import CredentialsExpiredError
from story.doctor.examine import checks_of, examine
from story.doctor.finding import Severity
from tests.aws.answers import Strange, refusal
from tests.story.doctor.healthy import World, healthy
from tests.story.live import PROJECT

AREAS = {
    "alarms",
    "backups",
    "certificate",
    "dns",
    "drift",
    "events",
    "exec",
    "image",
    "network",
    "quotas",
    "restarts",
    "secrets",
    "targets",
}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return healthy(monkeypatch)


def test_a_healthy_stack_has_nothing_worse_than_notes_and_every_area_was_looked_at(world: World) -> None:
    found = world.findings()
    assert world.wrong() == []
    assert {one.area for one in found if one.severity is Severity.OK} == AREAS


def test_no_value_of_a_secret_is_shown_or_kept(world: World) -> None:
    said = world.said[("secretsmanager", "get_secret_value")]
    read: list[str] = []

    def secret(**parameters: str) -> object:
        read.append(parameters["SecretId"])
        return said

    world.said[("secretsmanager", "get_secret_value")] = secret
    context = world.context()
    found = examine(checks_of(context), lambda _area, _done, _of: None)
    assert "hidden" not in repr(found)
    assert read
    asked = len(read)
    context.aws.call("secretsmanager", "get_secret_value", SecretId=read[0])
    assert len(read) == asked + 1, "the response was kept, with the value in it"


@pytest.mark.parametrize("question", sorted(World().said), ids=lambda question: ".".join(question))
@pytest.mark.parametrize("error", ["AccessDeniedException", "ThrottlingException", "InternalFailure"])
def test_what_aws_will_not_tell_is_unknown_and_takes_nothing_else_along(
    world: World, question: tuple[str, str], error: str
) -> None:
    world.said[question] = refusal(error)
    after = world.findings()
    assert {one.severity for one in after} <= {Severity.OK, Severity.NOTE, Severity.UNKNOWN}
    assert any(one.severity is Severity.UNKNOWN for one in after), "and it is not taken for well"
    still_well = {one.area for one in after if one.severity is Severity.OK}
    assert len(still_well) >= 4 or question == ("ecs", "describe_services")


@pytest.mark.parametrize("question", sorted(World().said), ids=lambda question: ".".join(question))
def test_an_answer_of_another_form_is_no_error_of_the_stack_and_no_traceback(
    world: World, question: tuple[str, str]
) -> None:
    strange = {"Role": 7, "Quota": [], "images": [{}], "Datapoints": [{}], "tasks": [{}]}
    world.said[question] = Strange(answer=strange)
    assert world.findings()


def test_a_lost_connection_is_unknown(world: World) -> None:
    world.said["acm", "describe_certificate"] = EndpointConnectionError(endpoint_url="https://acm")
    finding = world.one()
    assert finding.area == "certificate"
    assert finding.what.startswith("could not be checked: the certificate: Could not connect to the endpoint")


@pytest.mark.parametrize("code", ["ExpiredTokenException", "UnrecognizedClientException"])
def test_credentials_that_expire_meanwhile_end_it(world: World, code: str) -> None:
    world.said["acm", "describe_certificate"] = refusal(code)
    with pytest.raises(CredentialsExpiredError, match=code):
        world.findings()


def test_the_page_in_the_documentation_lists_every_area(world: World) -> None:
    page = (PROJECT / "docs" / "doctor.md").read_text("utf-8")
    listed = set(re.findall(r"^\| ([a-z]+) \| .+ \| .+ \| .+ \|$", page, re.MULTILINE))
    assert listed - {"area"} == {check.area for check in checks_of(world.context())}

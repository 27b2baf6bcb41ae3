"""Service-linked roles: made where they are missing, left where they are, and a refusal says what to do."""

from collections.abc import Mapping
from typing import Any, cast

import boto3
import pytest
from botocore.stub import Stubber

from aws.client import AwsClient
from release.contract import StepError
from release.service_linked_roles import ROLE_NAMES, LinkedRole, make_if_missing
from tests.release.steps import Cloud

REGION = "ap-northeast-1"


def linked_roles(iam: Any) -> Mapping[str, str]:
    """The service-linked roles of the account, by name, with their paths."""
    found = iam.list_roles(PathPrefix="/aws-service-role/")["Roles"]
    return {role["RoleName"]: role["Path"] for role in found}


@pytest.mark.timed
def test_each_role_is_made_once_and_found_from_then_on(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    iam = cloud.client("iam")
    iam.create_service_linked_role(AWSServiceName="rds.amazonaws.com")
    for expected in ("created", "exists already"):
        for service in ROLE_NAMES:
            make_if_missing(LinkedRole(service=service, region=REGION))
        said = capsys.readouterr().out.splitlines()
        assert said == [
            f"service-linked role {name}: {'exists already' if service.startswith('rds.') else expected}"
            for service, name in ROLE_NAMES.items()
        ]
        assert linked_roles(iam) == {name: f"/aws-service-role/{service}/" for service, name in ROLE_NAMES.items()}


class Answers:
    """An IAM that answers as told, in place of the account's."""

    def __init__(self, *answers: tuple[str, dict[str, Any] | str]) -> None:
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
        self.iam: Any = session.client("iam")
        stub = Stubber(self.iam)
        for operation, answer in answers:
            if isinstance(answer, str):
                stub.add_client_error(operation, answer, "as told")
            else:
                stub.add_response(operation, answer)
        stub.activate()

    def client(self, service: str, **_: Any) -> Any:
        assert service == "iam"
        return self.iam

    def connect(self, _region: str | None, _profile: str | None) -> AwsClient:
        return AwsClient(cast(Any, self))


FOUND = {
    "Role": {
        "Path": "/aws-service-role/rds.amazonaws.com/",
        "RoleName": "AWSServiceRoleForRDS",
        "RoleId": "AROAEXAMPLEEXAMPLE",
        "Arn": "arn:aws:iam::123456789012:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS",
        "CreateDate": "2026-01-01T00:00:00Z",
    }
}
CREATE, GET = "create_service_linked_role", "get_role"


@pytest.mark.parametrize("refusal", ["InvalidInput", "AccessDenied"])
def test_a_role_that_is_there_is_enough_for_whoever_may_make_none(
    refusal: str, capsys: pytest.CaptureFixture[str]
) -> None:
    iam = Answers((CREATE, refusal), (GET, FOUND))
    make_if_missing(LinkedRole(service="rds.amazonaws.com", region=REGION), connect=iam.connect)
    assert capsys.readouterr().out == "service-linked role AWSServiceRoleForRDS: exists already\n"


@pytest.mark.parametrize("refusal", ["AccessDenied", "LimitExceeded", "InvalidInput"])
@pytest.mark.parametrize("asked", ["NoSuchEntity", "AccessDenied"])
def test_a_role_that_could_not_be_made_stops_the_update_in_one_line(
    refusal: str, asked: str, capsys: pytest.CaptureFixture[str]
) -> None:
    iam = Answers((CREATE, refusal), (GET, asked))
    with pytest.raises(StepError) as refused:
        make_if_missing(LinkedRole(service="rds.amazonaws.com", region=REGION), connect=iam.connect)
    [line] = str(refused.value).splitlines()
    assert line.startswith(f"the service-linked role AWSServiceRoleForRDS could not be created: {refusal}: as told; ")
    assert line.endswith("aws iam create-service-linked-role --aws-service-name rds.amazonaws.com")
    assert capsys.readouterr().out == ""


def test_a_profile_that_does_not_exist_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    with pytest.raises(StepError, match="nobody-has-this"):
        make_if_missing(LinkedRole(service="rds.amazonaws.com", region=REGION, profile="nobody-has-this"))

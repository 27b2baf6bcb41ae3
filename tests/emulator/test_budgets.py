"""AWS Budgets, in memory: what the provider asks for and moto does not have."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from emulator.services import budgets

ACCOUNT = "123456789012"
ARN = f"arn:aws:budgets::{ACCOUNT}:budget/month"
NOTICE = {
    "NotificationType": "ACTUAL",
    "ComparisonOperator": "GREATER_THAN",
    "Threshold": 100.0,
    "ThresholdType": "PERCENTAGE",
}
READERS = [{"SubscriptionType": "SNS", "Address": "arn:aws:sns:ap-northeast-1:123456789012:warning"}]


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        budgets.install()
        session: Any = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")
        yield session.client("budgets")


def limited(usd: str) -> dict[str, Any]:
    return {
        "BudgetName": "month",
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": usd, "Unit": "USD"},
    }


def create(client: Any) -> None:
    client.create_budget(
        AccountId=ACCOUNT,
        Budget=limited("100"),
        NotificationsWithSubscribers=[{"Notification": NOTICE, "Subscribers": READERS}],
    )


def test_who_hears_of_a_notification_can_be_asked(client: Any) -> None:
    create(client)

    def readers(**changes: Any) -> list[dict[str, str]]:
        asked = {"AccountId": ACCOUNT, "BudgetName": "month", "Notification": {**NOTICE, **changes}}
        return client.describe_subscribers_for_notification(**asked)["Subscribers"]

    assert readers(NotificationState="OK") == READERS
    assert readers(NotificationType="FORECASTED") == []


def test_a_budget_can_be_changed_and_keeps_its_time(client: Any) -> None:
    create(client)
    before = client.describe_budget(AccountId=ACCOUNT, BudgetName="month")["Budget"]
    client.update_budget(AccountId=ACCOUNT, NewBudget=limited("200"))
    after = client.describe_budget(AccountId=ACCOUNT, BudgetName="month")["Budget"]
    assert after["BudgetLimit"]["Amount"] == "200"
    assert after["TimePeriod"] == before["TimePeriod"]


def test_a_budget_that_does_not_exist_can_not_be_changed(client: Any) -> None:
    with pytest.raises(ClientError, match="NotFoundException"):
        client.update_budget(AccountId=ACCOUNT, NewBudget=limited("200"))


def test_a_budget_is_made_with_its_tags(client: Any) -> None:
    tags = [{"Key": "Project", "Value": "story"}]
    client.create_budget(AccountId=ACCOUNT, Budget=limited("100"), ResourceTags=tags)
    assert client.list_tags_for_resource(ResourceARN=ARN)["ResourceTags"] == tags


def test_tags_come_and_go(client: Any) -> None:
    def tags() -> dict[str, str]:
        found = client.list_tags_for_resource(ResourceARN=ARN)["ResourceTags"]
        return {tag["Key"]: tag["Value"] for tag in found}

    assert tags() == {}
    client.tag_resource(ResourceARN=ARN, ResourceTags=[{"Key": "Project", "Value": "story"}])
    client.tag_resource(ResourceARN=ARN, ResourceTags=[{"Key": "Environment", "Value": "dev"}])
    assert tags() == {"Project": "story", "Environment": "dev"}
    client.untag_resource(ResourceARN=ARN, ResourceTagKeys=["Project"])
    assert tags() == {"Environment": "dev"}

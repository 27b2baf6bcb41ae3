"""AWS Budgets: who hears of a notification, tags, and changes of a budget, which moto doesn't have.

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Operations_AWS_Budgets.html
"""

import json
from typing import Any

from moto.budgets.responses import BudgetsResponse

from emulator.serving.patching import add_actions, kept

CREATE: Any = BudgetsResponse.create_budget


def install() -> None:
    add_actions(
        BudgetsResponse,
        create_budget,
        describe_subscribers_for_notification,
        list_tags_for_resource,
        tag_resource,
        untag_resource,
        update_budget,
    )


def create_budget(self: Any) -> str:
    """With its tags: docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_CreateBudget.html"""
    made: str = CREATE(self)
    name = f"budgets::{self._get_param('AccountId')}:budget/{self._get_param('Budget')['BudgetName']}"
    kept(self.backend, "tags")[f"arn:aws:{name}"] = {
        tag["Key"]: tag["Value"] for tag in self._get_param("ResourceTags") or []
    }
    return made


def describe_subscribers_for_notification(self: Any) -> str:
    asked = self._get_param("Notification")
    budget = _budget(self, self._get_param("BudgetName"))
    found = [one.subscribers for one in budget.notifications if _same(one.details, asked)]
    return json.dumps({"Subscribers": found[0] if found else []})


def update_budget(self: Any) -> str:
    given = self._get_param("NewBudget")
    budget = _budget(self, given["BudgetName"])
    budget.budget = {"TimePeriod": budget.budget["TimePeriod"], **given}
    return json.dumps({})


def list_tags_for_resource(self: Any) -> str:
    tags: dict[str, str] = kept(self.backend, "tags").get(self._get_param("ResourceARN"), {})
    return json.dumps({"ResourceTags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]})


def tag_resource(self: Any) -> str:
    tags: dict[str, str] = kept(self.backend, "tags").setdefault(self._get_param("ResourceARN"), {})
    tags.update({tag["Key"]: tag["Value"] for tag in self._get_param("ResourceTags")})
    return json.dumps({})


def untag_resource(self: Any) -> str:
    tags: dict[str, str] = kept(self.backend, "tags").get(self._get_param("ResourceARN"), {})
    for key in self._get_param("ResourceTagKeys"):
        tags.pop(key, None)
    return json.dumps({})


def _budget(self: Any, name: str) -> Any:
    self.backend.describe_budget(self._get_param("AccountId"), name)  # Raises, if there is none.
    return self.backend.budgets[self._get_param("AccountId")][name]


def _same(details: dict[str, Any], asked: dict[str, Any]) -> bool:
    """AWS answers a notification with its state, and it need not be given to find it."""
    keys = ("NotificationType", "ComparisonOperator", "Threshold", "ThresholdType")
    return all(details.get(key) == asked.get(key) for key in keys)

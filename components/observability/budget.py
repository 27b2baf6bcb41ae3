"""What a stack may cost a month before people hear of it."""

import pulumi
import pulumi_aws as aws

from components.base import physical_name
from settings.project import running_project


def budget(
    name: str, monthly_usd: int, topic_arn: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> aws.budgets.Budget:
    """The budget `story-<stack>-month`: tells when the month has cost as much, and when it looks as if it will.

    It counts what has the stack's tags `Project` and `Environment` (`aws:defaultTags`). Somebody must have activated
    both as cost allocation tags in the billing console, or it counts nothing:
    docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html

    Args:
        name: Logical name.
        monthly_usd: What the stack may cost.
        topic_arn: Who hears of it; its policy and its key's let AWS Budgets publish.
        opts: Options of the resource.
    """
    tags = {"Project": running_project(), "Environment": pulumi.get_stack()}
    return aws.budgets.Budget(
        name,
        name=physical_name("month"),
        budget_type="COST",
        time_unit="MONTHLY",
        limit_amount=str(monthly_usd),
        limit_unit="USD",
        metrics="UnblendedCost",
        # Both tags at once, which the older `cost_filters` cannot say.
        filter_expression=aws.budgets.BudgetFilterExpressionArgs(
            ands=[
                aws.budgets.BudgetFilterExpressionAndArgs(
                    tags=aws.budgets.BudgetFilterExpressionAndTagsArgs(
                        key=key, values=[value], match_options=["EQUALS"]
                    )
                )
                for key, value in tags.items()
            ]
        ),
        notifications=[
            aws.budgets.BudgetNotificationArgs(
                notification_type=kind,
                comparison_operator="GREATER_THAN",
                threshold=100,
                threshold_type="PERCENTAGE",
                subscriber_sns_topic_arns=[topic_arn],
            )
            for kind in ("ACTUAL", "FORECASTED")
        ],
        opts=opts,
    )

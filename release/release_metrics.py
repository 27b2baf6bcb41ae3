"""Publishes how long the steps of a release took to CloudWatch, for the dashboard."""

from collections.abc import Callable, Mapping

from botocore.exceptions import BotoCoreError, ClientError

from aws.errors import CredentialsExpiredError, in_one_line
from aws.retrying import RetryingClient
from release.contract import StackLocation

MIGRATION = "MigrationSeconds"
ROLLOUT = "RolloutSeconds"


def publish_duration(
    aws: RetryingClient,
    location: StackLocation,
    metric: str,
    seconds: float,
    *,
    on_error: Callable[[str], None],
    dimensions: Mapping[str, str] | None = None,
) -> None:
    """Publish a duration to CloudWatch, once. A release does not need it, so an error is printed and not raised.

    Args:
        aws: Client for the stack's region.
        location: The stack, whose metrics are in the namespace `story/<stack>`.
        metric: `MigrationSeconds` or `RolloutSeconds`.
        seconds: The duration in seconds.
        on_error: Called with the reason if it could not be published.
        dimensions: Dimensions of the metric, such as the service's name; none by default.
    """
    datum = {
        "MetricName": metric,
        "Dimensions": [{"Name": name, "Value": value} for name, value in (dimensions or {}).items()],
        "Value": round(seconds, 1),
        "Unit": "Seconds",
    }
    try:
        aws.try_call("cloudwatch", "put_metric_data", Namespace=location.metric_namespace, MetricData=[datum])
    except (BotoCoreError, ClientError) as error:
        on_error(f"its duration is not on the dashboard ({in_one_line(error)})")
    except CredentialsExpiredError as error:
        on_error(f"its duration is not on the dashboard: the AWS credentials are no longer valid ({error})")

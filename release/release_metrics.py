"""How long the steps of a release took, told to CloudWatch for the dashboard."""

from collections.abc import Callable, Mapping

from botocore.exceptions import BotoCoreError, ClientError

from aws.errors import CredentialsExpiredError, in_one_line
from aws.retrying import RetryingClient
from release.contract import Place

MIGRATION = "MigrationSeconds"
ROLLOUT = "RolloutSeconds"


def tell_duration(
    aws: RetryingClient,
    place: Place,
    metric: str,
    seconds: float,
    *,
    say: Callable[[str], None],
    dimensions: Mapping[str, str] | None = None,
) -> None:
    """Give a duration to CloudWatch, once. A release is as good without it, so a failure is only said.

    Args:
        aws: Whom to tell.
        place: Whose stack it is about: its metrics are in the namespace `story/<stack>`.
        metric: `MigrationSeconds` or `RolloutSeconds`.
        seconds: The duration.
        say: Told why it could not be given.
        dimensions: Which service it is about.
    """
    datum = {
        "MetricName": metric,
        "Dimensions": [{"Name": name, "Value": value} for name, value in (dimensions or {}).items()],
        "Value": round(seconds, 1),
        "Unit": "Seconds",
    }
    try:
        aws.try_call("cloudwatch", "put_metric_data", Namespace=place.metric_namespace, MetricData=[datum])
    except (BotoCoreError, ClientError) as error:
        say(f"its duration is not on the dashboard ({in_one_line(error)})")
    except CredentialsExpiredError as error:
        say(f"its duration is not on the dashboard: the AWS credentials are no longer valid ({error})")

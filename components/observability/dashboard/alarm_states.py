"""The states of a stack's alarms.

docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from components.observability.dashboard.scene import Scene
from components.widgets import COLUMNS, Widget
from settings.partition import partition_of

MOST_ALARMS = 100
"""In one alarm widget: #CloudWatch-Dashboard-Properties-Alarm-Widget-Object of the page above."""


def alarm_states(scene: Scene) -> list[Widget]:
    """The state of every alarm, those in ALARM first; in several widgets where one cannot hold all."""
    arns = [
        f"arn:{partition_of(scene.region).name}:cloudwatch:{scene.region}:{scene.account_id}:alarm:{scene.stack}-{alarm.name}"
        for alarm in (*scene.composites, *scene.alarms)
    ]
    parts = [arns[start : start + MOST_ALARMS] for start in range(0, len(arns), MOST_ALARMS)]
    return [
        Widget(
            type="alarm",
            width=COLUMNS,
            # Six stand side by side.
            height=1 + -(-len(part) // 6),
            properties={"alarms": part, "sortBy": "stateUpdatedTimestamp", "title": _numbered(number, len(parts))},
        )
        for number, part in enumerate(parts, start=1)
    ]


def _numbered(number: int, count: int) -> str:
    return "Alarms" if count == 1 else f"Alarms {number} of {count}"

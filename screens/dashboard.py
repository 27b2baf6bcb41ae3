"""The dashboard of prod, drawn with sample values."""

import json

from screens.picture import picture
from screens.prod import STACK, reporting


def dashboard_screen() -> str:
    """The picture of the dashboard that the program makes for prod, where the application reports its queues.

    Raises:
        LookupError: The stack's settings have mistakes, or it has no dashboard.
    """
    made = reporting().all("aws:cloudwatch/dashboard:Dashboard")
    if not made:
        raise LookupError(f"{STACK} has no dashboard; `observability: {{ dashboard: true }}` makes one")
    return picture(json.loads(made[0].inputs["dashboardBody"]))

"""The body of a dashboard: its sections, one below the other."""

from typing import Any

from components.observability.dashboard.grid import placed
from components.observability.dashboard.laravel import laravel_section
from components.observability.dashboard.releases import releases_section
from components.observability.dashboard.scene import Scene
from components.observability.dashboard.services import services_section
from components.observability.dashboard.site import site_section
from components.observability.dashboard.stores import stores_section


def body(scene: Scene) -> dict[str, Any]:
    """The dashboard of a stack; the same scene makes the same body.

    docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    rows = [
        *site_section(scene),
        *services_section(scene),
        *stores_section(scene),
        *laravel_section(scene),
        *releases_section(scene),
    ]
    # Days and weeks are looked at, too: a minute for each point would be more points than the graph has pixels.
    return {"start": "-PT6H", "periodOverride": "auto", "widgets": placed(rows)}

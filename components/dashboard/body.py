"""The body of a dashboard: its sections, one below the other."""

from typing import Any

from components.dashboard.grid import placed
from components.dashboard.laravel import laravel_section
from components.dashboard.releases import releases_section
from components.dashboard.scene import Scene
from components.dashboard.services import services_section
from components.dashboard.site import site_section
from components.dashboard.stores import stores_section


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

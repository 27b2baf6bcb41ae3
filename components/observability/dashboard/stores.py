"""The data stores: what makes each of them slow or lose data."""

from components.observability.dashboard.scene import Scene
from components.widgets import Row, header


def stores_section(scene: Scene) -> list[Row]:
    """A row or two for each store that the stack has."""
    rows = [row for store in scene.monitored.stores for row in store.rows(scene, scene.store_identifiers[store.name])]
    words = header(
        "## Data stores\n"
        "Slow answers with calm tasks begin here. A store at its limit: look for the query or the key that fills it "
        "before you make it larger."
    )
    return [words, *rows] if rows else []

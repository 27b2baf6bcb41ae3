"""The settings of the stacks that are edited while they run: as they come up, and after each edit.

The scenarios take the edits from here; `tests/program/test_edited_settings.py` reads from it which settings a scenario
edits.
"""

import json
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from settings.stack import Settings, stack_of
from story.local.engine import REGION
from tests.e2e import edits_of_site, edits_of_stores
from tests.e2e.support import merged

Config = Mapping[str, Any]
Edit = Mapping[str, Any]
"""What changes in each part of the settings, such as `{"web": {"port": 8081}}`; a part that is None goes."""


def after(config: Config, edit: Edit) -> dict[str, Any]:
    """A stack's settings after an edit.

    Args:
        config: Full keys, such as `story:web`.
        edit: Parts as above, merged key by key. A full key, such as `aws:defaultTags`, is set anew.
    """
    edited = dict(config)
    for part, change in edit.items():
        key = part if ":" in part else f"story:{part}"
        if change is None:
            del edited[key]
        elif isinstance(change, dict) and part != key:
            edited[key] = merged(edited.get(key) or {}, change)
        else:
            edited[key] = change
    return edited


def life(first: Config, *edits: Edit) -> Sequence[Config]:
    """A stack's settings, as it comes up and after each edit."""
    return reduce(lambda configs, edit: [*configs, after(configs[-1], edit)], edits, [dict(first)])


def settings_of(config: Config) -> Settings:
    """What the program reads in these settings.

    Args:
        config: Full keys, such as `story:web`.
    """
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    return stack_of(name="site", config={"aws:region": REGION, **texts}).settings


SITE = life(edits_of_site.FIRST, edits_of_site.given_later(), edits_of_site.EVERYTHING_EDITED, edits_of_site.TAKEN_AWAY)
STORES = life(edits_of_stores.FIRST, edits_of_stores.MORE_OF_EACH, edits_of_stores.OTHER_ONES)
OFF_AND_ON = life(edits_of_stores.FIRST_OF_OFF_AND_ON, edits_of_stores.SWITCHED_OFF, edits_of_stores.SWITCHED_ON)
STRATEGIES = edits_of_site.strategies()
LIVES: Mapping[str, Sequence[Config]] = {
    "test_edits_of_site": SITE,
    "test_edits_of_stores": STORES,
    "test_stores_off_and_on": OFF_AND_ON,
    "test_strategies": STRATEGIES,
}
"""By the file of scenarios that leads it."""

"""The page of settings for people."""

from settings.base import Spec
from settings.project import PROJECT as PREFIX
from settings.stack import Settings
from story.docs.reference import settings_reference
from tests.paths import PROJECT


def specs(spec: type[Spec], seen: set[type[Spec]]) -> set[type[Spec]]:
    from story.docs.reference import _spec_of

    for field in spec.model_fields.values():
        inner = _spec_of(field.annotation)
        if inner and inner not in seen:
            seen.add(inner)
            specs(inner, seen)
    return seen


def test_every_setting_says_what_it_is() -> None:
    silent = [
        f"{spec.__name__}.{name}"
        for spec in {Settings, *specs(Settings, set())}
        for name, field in spec.model_fields.items()
        if not field.description
    ]
    assert silent == []


def test_settings_of_settings_are_found_behind_options_and_maps() -> None:
    page = settings_reference(Settings, PREFIX)
    for section in ("story:workers.<name>", "story:web.autoscaling.schedules.<name>", "story:web.nginx"):
        assert f"## `{section}`" in page


def test_a_key_stands_with_its_default() -> None:
    page = settings_reference(Settings, PREFIX)
    assert '| `nat` | `"single"` |' in page
    assert "| `cron` | must be given |" in page
    assert "| `domain` | none |" in page


def test_the_page_is_the_one_that_the_specs_make() -> None:
    page = (PROJECT / "docs" / "settings.md").read_text("utf-8")
    assert page == settings_reference(Settings, PREFIX), "`story docs` writes it anew"

"""The pictures of docs/screens are made by a command, and are those of today."""

from pathlib import Path

import pytest

from screens import __main__ as screens
from screens.plan import shortened

TREE = ["prod", *(f"line {number}" for number in range(40))]
PAGE = "\n".join([*TREE, "  total: 41", "    web: 3", "  output: url", "x"])


def test_the_picture_of_the_plan_is_what_the_command_makes_today() -> None:
    assert screens.main(["--check", "plan"]) == 0, "make screens"


def test_a_picture_that_is_missing_or_old_is_found_out_and_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(screens, "SCREENS", {"plan": lambda: "<svg/>\n", "status": lambda: "<svg>2</svg>\n"})
    assert screens.main(["--check"], tmp_path) == screens.OUT_OF_DATE
    assert capsys.readouterr().err.splitlines() == [
        "screens: plan.svg is out of date; `make screens` makes it anew",
        "screens: status.svg is out of date; `make screens` makes it anew",
    ]
    assert screens.main([], tmp_path) == 0
    assert screens.main(["--check"], tmp_path) == 0
    (tmp_path / "plan.svg").write_text("<svg>old</svg>\n", "utf-8")
    assert screens.main(["--check"], tmp_path) == screens.OUT_OF_DATE
    assert screens.main(["plan"], tmp_path) == 0
    assert (tmp_path / "plan.svg").read_text("utf-8") == "<svg/>\n"


def test_what_cannot_be_drawn_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> str:
        raise LookupError("prod has no service")

    monkeypatch.setattr(screens, "SCREENS", {"doctor": fail})
    assert screens.main([], tmp_path) == screens.FAILED
    assert capsys.readouterr().err == "screens: doctor: prod has no service\n"


def test_a_picture_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        screens.main(["moon"])
    assert "given moon; allowed are plan, status, doctor" in capsys.readouterr().err


def test_a_plan_is_shown_by_its_beginning_and_its_sums() -> None:
    lines = shortened(PAGE).splitlines()
    assert lines[0] == "prod"
    assert lines[-5:] == ["", "... 11 lines more ...", "", "  total: 41", "    web: 3"]

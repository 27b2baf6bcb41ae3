"""How plain values become a spec, and how mistakes in them are worded."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from settings.base import Problem, Spec
from settings.checking import Checked, check, unknown_key


class Leaf(Spec):
    """A leaf of the tree below."""

    count: Annotated[int, Field(ge=1, le=9)] = 1
    """Some number."""
    needed: int
    """Without a default."""


class Root(Spec):
    """A spec with one field of each kind."""

    flag: bool = True
    share: Annotated[float, Field(gt=0, le=1, multiple_of=0.25)] = 0.5
    least: Annotated[int, Field(ge=2)] = 2
    word: Annotated[str, Field(min_length=1, max_length=3)] = "a"
    choice: Literal["on", "off"] = "on"
    only: Literal["this"] = "this"
    words: Annotated[tuple[str, ...], Field(min_length=1)] = ("a",)
    maybe: Leaf | None = None
    leaves: dict[str, Leaf] = Field(default={})
    environment: dict[str, str] = Field(default={})


def checked(**values: Any) -> Checked[Root]:
    return check(Root, values)


def lines(**values: Any) -> list[str]:
    return [f"{problem.key}: {problem.problem}" for problem in checked(**values).mistakes]


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"flag": "yes"}, 'flag: given "yes"; allowed is true or false, without quotes'),
        ({"flag": None}, "flag: given nothing; allowed is true or false, without quotes"),
        ({"share": 0.3}, "share: given 0.3; allowed is a number over 0 in steps of 0.25 (up to 1)"),
        ({"least": 1}, "least: given 1; allowed is a whole number (2 or more)"),
        ({"least": 2.5}, "least: given 2.5; allowed is a whole number (2 or more)"),
        ({"least": "2"}, 'least: given "2"; allowed is a whole number (2 or more)'),
        ({"least": True}, "least: given true; allowed is a whole number (2 or more)"),
        ({"word": 3}, "word: given 3; allowed is text; put numbers, true and false in quotes (1 to 3 characters)"),
        ({"word": ""}, 'word: given ""; allowed is text; put numbers, true and false in quotes (1 to 3 characters)'),
        ({"choice": "up"}, 'choice: given "up"; allowed is on, off'),
        ({"only": "that"}, 'only: given "that"; allowed is this'),
        ({"words": "a"}, 'words: given "a"; allowed is a list (1 or more items)'),
        ({"words": []}, "words: given an empty list; allowed is a list (1 or more items)"),
        ({"words": [1]}, "words.0: given 1; allowed is text; put numbers, true and false in quotes"),
        (
            {"maybe": []},
            "maybe: given an empty list; allowed is a map of keys and values; without the key, defaults apply",
        ),
        ({"maybe": {}}, "maybe.needed: not given; allowed is a whole number"),
        ({"leaves": {"a": {"needed": 1, "count": 0}}}, "leaves.a.count: given 0; allowed is a whole number (1 to 9)"),
        ({"leaves": {"a": {"needed": 1, "cuont": 2}}}, "leaves.a.cuont: unknown key; did you mean count?"),
        ({"leaves": {"a": {"needed": 1, "xyz": 2}}}, "leaves.a.xyz: unknown key; allowed are count, needed"),
        (
            {"leaves": ["a"]},
            "leaves: given a list; allowed is a map of keys and values; without the key, defaults apply",
        ),
        (
            {"environment": {"A": 1}},
            "environment.A: given no text; allowed is text; put numbers, true and false in quotes",
        ),
    ],
)
def test_each_kind_of_mistake_is_one_line_with_what_was_given_and_what_is_allowed(
    values: dict[str, Any], line: str
) -> None:
    assert lines(**values) == [line]


def test_long_values_are_cut() -> None:
    assert lines(choice="x" * 58) == [f'choice: given "{"x" * 58}"; allowed is on, off']
    assert lines(choice="x" * 1000) == [f'choice: given "{"x" * 59}...; allowed is on, off']


def test_text_that_cannot_be_read_spoils_its_own_key_only() -> None:
    found = checked(word="\ud800", flag=False)
    assert [problem.key for problem in found.mistakes] == ["word"]
    assert (found.spec.word, found.spec.flag) == ("a", False)


def test_right_values_are_kept_beside_wrong_ones() -> None:
    found = checked(flag=False, share=7, leaves={"a": {"needed": 1, "count": 77}, "b": {"needed": 2}})
    assert found.spec == Root(flag=False, leaves={"a": Leaf(needed=1), "b": Leaf(needed=2)})


def test_a_map_without_a_key_that_it_needs_is_left_out() -> None:
    assert checked(leaves={"a": {"needed": "x"}, "b": {"needed": 2}}).spec.leaves == {"b": Leaf(needed=2)}


def test_a_list_with_a_wrong_item_is_left_out_as_a_whole() -> None:
    assert checked(words=["b", 3]).spec.words == ("a",)


def test_what_was_given_is_not_changed() -> None:
    values = {"leaves": {"a": {"needed": "x"}}}
    check(Root, values)
    assert values == {"leaves": {"a": {"needed": "x"}}}


@pytest.mark.parametrize(
    ("problem", "kept"),
    [
        (Problem(key="flag", problem="x"), True),
        (Problem(key="share", problem="x"), False),
        (Problem(key="flag", problem="x", involves=("share",)), False),
        (Problem(key="leaves", problem="x"), False),
        (Problem(key="leaves.a.count.more", problem="x"), False),
        (Problem(key="leaves.ab", problem="x"), True),
        (Problem(key="word", problem="x"), False),
    ],
)
def test_problems_that_rest_on_a_wrong_value_are_left_out(problem: Problem, kept: bool) -> None:
    found = checked(share=7, leaves={"a": {"needed": 1, "count": 77}}, wrod="b")
    assert (list(found.without_follow_ups([problem])) == [problem]) == kept


def test_the_key_that_was_meant_counts_as_wrong_unless_it_was_given_too() -> None:
    problem = Problem(key="word", problem="x")
    assert list(checked(wrod="b").without_follow_ups([problem])) == []
    assert list(checked(wrod="b", word="c").without_follow_ups([problem])) == [problem]


def test_mistakes_that_the_caller_knows_come_first_and_count_as_wrong() -> None:
    known = Problem(key="maybe", problem="known")
    found = check(Root, {"share": 7}, [known])
    assert [problem.key for problem in found.mistakes] == ["maybe", "share"]
    assert list(found.without_follow_ups([Problem(key="maybe.count", problem="x")])) == []


def test_a_suggestion_stays_beside_the_key_that_was_misspelt() -> None:
    assert unknown_key("a.b.cuont", ["count"]) == Problem(
        key="a.b.cuont", problem="unknown key; did you mean count?", involves=("a.b.count",)
    )


def test_findings_of_inner_specs_bear_the_whole_path() -> None:
    class Inner(Spec):
        value: int = 0

        def mistakes(self) -> Any:
            yield Problem(key="value", problem="wrong", involves=("other",))

    class Outer(Spec):
        one: Inner = Inner()
        many: dict[str, Inner] = Field(default={"a": Inner()})

    assert list(Outer().mistakes()) == [
        Problem(key="one.value", problem="wrong", involves=("one.other",)),
        Problem(key="many.a.value", problem="wrong", involves=("many.a.other",)),
    ]

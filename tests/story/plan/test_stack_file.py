"""Stack files, read as the engine reads them. What the engine does was seen with Pulumi 3.259."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from story.plan.stack_file import StackFile, read_stack_file, stack_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


IN_QUOTES = "a value that ends with a colon or holds a colon with a space behind it is put into quotes"


def read(folder: Path, text: str | bytes) -> StackFile:
    path = folder / "Pulumi.dev.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_stack_file(path)


def value(folder: Path, text: str) -> str:
    """What a program gets for a key that holds `text` in YAML."""
    found = read(folder, f"config:\n  story:key: {text}\n")
    assert found.mistakes == ()
    return found.config["story:key"]


@pytest.mark.parametrize(
    ("text", "arrives"),
    [
        ("false", "false"),
        ('"false"', "false"),
        ("no", "no"),
        ("", ""),
        ("~", ""),
        ("3", "3"),
        ("1.0", "1"),
        ("0x10", "16"),
        ("010", "8"),
        ("12:30", "12:30"),
        ("2026-01-02", "2026-01-02"),
        ("hello", "hello"),
        ("{}", "{}"),
        ("[1, 2]", "[1, 2]"),
        (
            "{a: 8.0, b: 0.5, c: 1e3, d: yes, e: on, f: ~}",
            '{"a": 8, "b": 0.5, "c": 1000, "d": "yes", "e": "on", "f": null}',
        ),
        ('{a: "512", b: True}', '{"a": "512", "b": true}'),
        ("{1: x}", '{"1": "x"}'),
        ("{名: 前}", '{"名": "前"}'),
        ("&a {b: 1}", '{"b": 1}'),
    ],
)
def test_values_arrive_as_the_engine_hands_them_over(folder: Path, text: str, arrives: str) -> None:
    assert value(folder, text) == arrives


def test_maps_can_be_merged_and_used_twice(folder: Path) -> None:
    text = "config:\n  story:a: &a {cpu: 1}\n  story:b: {<<: *a, memory: 2}\n  story:c: [*a, *a]\n"
    assert {key: json.loads(value) for key, value in read(folder, text).config.items()} == {
        "story:a": {"cpu": 1},
        "story:b": {"memory": 2, "cpu": 1},
        "story:c": [{"cpu": 1}, {"cpu": 1}],
    }


def test_a_key_without_a_namespace_is_the_project_s(folder: Path) -> None:
    assert read(folder, "config: {protect: true, 'aws:region': eu-west-1}").config == {
        "story:protect": "true",
        "aws:region": "eu-west-1",
    }


def test_encrypted_values_are_known_and_never_read(folder: Path) -> None:
    found = read(
        folder,
        """
config:
  story:web: {environment: {KEY: {secure: v1:abc}}}
  story:other: {secure: v1:def}
  story:list: [{secure: v1:ghi}]
  story:plain: {secure: {a: 1}}
encryptionsalt: v1:xyz
""",
    )
    assert found.secret_keys == ["story:web", "story:other", "story:list"]
    assert found.config["story:web"] == '{"environment": {"KEY": "[secret]"}}'
    assert "v1:" not in str(found.config)


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "config:\n", "config: {}\n", "---\n"])
def test_an_empty_file_has_no_config_and_no_mistake_of_its_own(folder: Path, text: str) -> None:
    assert read(folder, text) == StackFile(stack="dev", config={}, secret_keys=[])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[]", "given a list; allowed is a map with the key config"),
        ("hello", "given text; allowed is a map with the key config"),
        ("config: []", "config: given a list; allowed is a map of keys such as story:web"),
        ("config: 3", "config: given 3; allowed is a map of keys such as story:web"),
        ("confg: {}", "confg: unknown key; did you mean config?"),
        ("story:web: {}", "story:web: unknown key; put settings below config, each with the prefix story:"),
        ("config:\n\tstory:web: {}", "line 2: a tab; allowed are spaces for indentation"),
        ("config:\n  a: {b: 1, b: 2}", "line 2: b is given twice"),
        ("config:\n  a: 1\n  a: 2", "line 3: a is given twice"),
        ("config: {[a]: 1}", "line 1: found unhashable key"),
        ("config: {story:a: 1, a: 2}", "story:a is given twice, once without story:"),
        ("config: {a: &x [*x]}", "story:a: the value contains itself"),
        ("config: {a: .inf}", "story:a: given inf; allowed is a finite number"),
        ("config: {a: !!int x}", "it is not valid YAML (ValueError)"),
        ("x\u200by: {}", "x\\u200by: unknown key; put settings below config, each with the prefix story:"),
        (b"\xff\xfe", "it is not text in UTF-8"),
        ("[" * 5000, "its values are nested too deeply"),
        ("config: {a: %s}" % ("[" * 150 + "]" * 150), "story:a: nested too deeply"),
        ("a: b: c", f"line 1: {IN_QUOTES}"),
        (
            "config:\n  story:application:\n    secrets:\n      KEY: arn:aws:x:secret:mail-AbCdEf:key::",
            f"line 4: {IN_QUOTES}",
        ),
    ],
)
def test_what_cannot_be_read_is_one_line_with_the_file_s_name(folder: Path, text: str | bytes, line: str) -> None:
    found = read(folder, text)
    assert (found.config, found.mistakes) == ({}, [f"Pulumi.dev.yaml: {line}"])


@pytest.mark.parametrize(
    ("name", "stack"),
    [
        ("Pulumi.dev.yaml", "dev"),
        ("Pulumi.a.b.yaml", "a.b"),
        ("Pulumi.yaml", None),
        ("dev.yaml", None),
        ("Pulumi.dev.yml", None),
    ],
)
def test_the_stack_is_named_by_its_file(name: str, stack: str | None) -> None:
    assert stack_of(Path("somewhere") / name) == stack


def test_a_file_of_another_name_is_no_stack_file(folder: Path) -> None:
    (folder / "dev.yaml").touch()
    with pytest.raises(ValueError, match=r"dev\.yaml is not named Pulumi\.<stack>\.yaml"):
        read_stack_file(folder / "dev.yaml")


PIECES = st.sampled_from(
    ["config:", " ", "\n", "  ", "story:web", ":", "- ", "{", "}", "[", "]", "'", '"', "&a", "*a", "!!"]
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PIECES | st.text(max_size=3), max_size=20).map("".join).map(str.encode) | st.binary(max_size=40))
def test_garbage_is_config_or_one_line_but_never_another_error(folder: Path, text: bytes) -> None:
    found = read(folder, text)
    assert len(found.mistakes) <= 1
    assert not (found.mistakes and found.config)
    assert all(line.startswith("Pulumi.dev.yaml: ") and line.isprintable() for line in found.mistakes)

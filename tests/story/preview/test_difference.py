"""What differs is shown property by property, and a secret on neither side."""

import json
from typing import Any

import pytest

from story.engine.preview import Change, Op, read_preview
from story.preview.difference import AFTER, differences
from story.preview.markdown import comment
from story.preview.summary import summarise
from story.redact import hidden, redacted
from tests.story.preview.previews import document, step

TASK = "aws:ecs/taskDefinition:TaskDefinition"
BUCKET = "aws:s3/bucket:Bucket"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def change(before: dict[str, Any], after: dict[str, Any], *because: str) -> Change:
    return Change(op=Op.UPDATE, type=TASK, name="web", component="", before=before, after=after, because=because)


def told(before: dict[str, Any], after: dict[str, Any], *because: str) -> list[tuple[str, str | None, str | None]]:
    return [(one.path, one.before, one.after) for one in differences(change(before, after, *because))]


def test_only_what_differs_within_a_document_is_shown() -> None:
    old, new = ([{"name": "app", "image": image, "cpu": 1}, {"name": "log"}] for image in ("a", "b"))
    assert told({"containerDefinitions": json.dumps(old)}, {"containerDefinitions": json.dumps(new)}) == [
        ("containerDefinitions.app.image", '"a"', '"b"')
    ]


def test_an_unknown_value_says_when_it_will_be_known() -> None:
    [(_, before, after)] = told({"arn": "a:1"}, read_inputs({"arn": UNKNOWN}))
    assert (before, after) == ('"a:1"', AFTER)


def read_inputs(inputs: dict[str, Any]) -> dict[str, Any]:
    return dict(read_preview(document(step("create", TASK, "x", after=inputs))).changes[0].after or {})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"value": "[secret]"}, {"value": "it is in clear now"}),
        ({"value": "it was in clear before"}, {"value": "[secret]"}),
        ({"authToken": "one in clear"}, {"authToken": "two in clear"}),
        ({"passwords": ["one in clear"]}, {"passwords": ["two in clear"]}),
        ({"environment": [{"name": "DB_PASSWORD", "value": "one in clear"}]}, {"environment": []}),
        (
            {"c": json.dumps([{"name": "DB_PASSWORD", "value": "one in clear"}])},
            {"c": json.dumps([{"name": "DB_PASSWORD", "value": "two in clear"}])},
        ),
        (
            {"e": [{"name": "APP_KEY", "value": "in clear"}] * 2},
            {"e": [{"name": "APP_KEY", "value": "not in clear"}] * 2},
        ),
        ({"url": "mysql://user:in clear".replace(" ", "-") + "@host/db"}, {"url": "x"}),
    ],
)
def test_a_secret_is_on_neither_side(before: dict[str, Any], after: dict[str, Any]) -> None:
    shown = str(told(before, after))
    assert "[secret]" in shown
    assert "in clear" not in shown
    assert "in-clear" not in shown


def test_a_secret_that_changes_is_said_to_change() -> None:
    assert told({"value": "[secret]"}, {"value": "[secret]"}, "value") == [("value", "[secret]", "[secret]")]


@pytest.mark.parametrize(
    "text",
    [
        "AKIAABCDEFGHIJKLMNOP",
        "base64:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "password=hush",
        "DB_PASSWORD: hush",
        'secret="hush hush"',
        '{"password":"hush"}',
        "redis://:hush@host",
        "-----BEGIN RSA PRIVATE KEY-----\nhush\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_what_looks_like_a_secret_is_hidden_in_messages(text: str) -> None:
    safe = redacted(f"error: {text} was refused")
    assert "hush" not in safe.replace("[secret]", "")
    assert text not in safe
    assert safe.startswith("error: ")


@pytest.mark.parametrize(
    "text", ["arn:aws:secretsmanager:x:1:secret:story/app-key", "SecretVersion api", "token-1a568c1"]
)
def test_names_of_secrets_are_no_secrets(text: str) -> None:
    assert redacted(text) == text
    assert hidden({"secretId": "arn:aws:secretsmanager:x:1:secret:a"}) == {
        "secretId": "arn:aws:secretsmanager:x:1:secret:a"
    }


def test_outputs_and_config_are_not_read() -> None:
    text = document(
        step("update", BUCKET, "b", before={}, after={"tags": {"a": "b"}}, outputs={"tagsAll": {"hush": "hush"}}),
        config={"aws:region": "ap-northeast-1", "story:application": "hush"},
    )
    assert "hush" not in comment(summarise(read_preview(text)))

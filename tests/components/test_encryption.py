"""Encryption, under the recorder."""

import json
from typing import Any

from components.encryption import Encryption, EncryptionArgs
from story.plan.recorder import Record, record


def encryption(preview: bool = False, **changes: Any) -> Record:
    return record(
        lambda: Encryption("encryption", EncryptionArgs(**{"region": "ap-northeast-1", "protect": True, **changes})),
        preview=preview,
    )


def statements() -> list[dict[str, Any]]:
    return json.loads(encryption().one("KeyPolicy").inputs["policy"])["Statement"]


def test_the_token_never_changes() -> None:
    assert encryption().one("Encryption").type == "story:index:Encryption"


def test_the_key_rotates_and_its_deletion_can_be_taken_back_for_a_month() -> None:
    key = encryption().one("Key").inputs
    assert (key["enableKeyRotation"], key["deletionWindowInDays"]) == (True, 30)


def test_the_key_survives_a_careless_destroy_where_the_stack_is_protected() -> None:
    assert encryption().one("Key").protect
    assert not encryption(protect=False).one("Key").protect


def test_no_statement_allows_every_action() -> None:
    assert not [action for statement in statements() for action in statement["Action"] if "*" in action]


def test_the_owner_can_always_change_the_policy_or_aws_would_refuse_it() -> None:
    owner = statements()[0]
    assert owner["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    assert "kms:PutKeyPolicy" in owner["Action"]


def test_services_use_the_key_for_this_account_alone() -> None:
    logs, *publishers, _ = statements()[1:]
    assert logs["Principal"] == {"Service": "logs.ap-northeast-1.amazonaws.com"}
    assert logs["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"].startswith(
        "arn:aws:logs:ap-northeast-1:123456789012:log-group:"
    )
    services = [statement["Principal"]["Service"] for statement in publishers]
    assert services == ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]
    ours = {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    assert [statement["Condition"] for statement in publishers] == [ours, ours]


def test_eventbridge_uses_the_key_for_the_topics_of_this_account_without_a_condition_that_it_never_meets() -> None:
    [eventbridge] = [one for one in statements() if one["Principal"] == {"Service": "events.amazonaws.com"}]
    assert eventbridge["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert eventbridge["Condition"] == {
        "ArnLike": {"kms:EncryptionContext:aws:sns:topicArn": "arn:aws:sns:ap-northeast-1:123456789012:*"}
    }, "aws:SourceAccount and aws:SourceArn are not supported for EventBridge, and every event would be refused"


def test_nobody_gets_the_key_before_its_policy_stands() -> None:
    assert encryption().registered_outputs["encryption"]["keyArn"].startswith("arn:aws:kms:")
    assert encryption(preview=True).registered_outputs["encryption"]["keyArn"] == "<unknown>"


def test_the_account_is_read_from_the_key_and_not_looked_up() -> None:
    assert encryption().registered_outputs["encryption"]["accountId"] == "123456789012"


def test_a_person_finds_the_key_under_the_name_of_the_stack() -> None:
    assert encryption().one("Alias").inputs["name"] == "alias/story-test-data"


def test_cloudtrail_encrypts_for_the_one_trail_that_is_named() -> None:
    made = record(
        lambda: Encryption(
            "key", EncryptionArgs(region="ap-northeast-1", protect=True, alias="delivery", trail="story-test-trail")
        )
    )
    assert made.one("Alias").inputs["name"] == "alias/story-test-delivery"
    statements = json.loads(made.one("KeyPolicy").inputs["policy"])["Statement"]
    encrypts, describes = (one for one in statements if one["Principal"] == {"Service": "cloudtrail.amazonaws.com"})
    ours = {"aws:SourceArn": "arn:aws:cloudtrail:ap-northeast-1:123456789012:trail/story-test-trail"}
    assert encrypts["Action"] == ["kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"]
    assert encrypts["Condition"] == {
        "StringEquals": ours,
        "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": "arn:aws:cloudtrail:*:123456789012:trail/*"},
    }
    assert (describes["Action"], describes["Condition"]) == (["kms:DescribeKey"], {"StringEquals": ours})


def test_without_a_trail_cloudtrail_has_no_part_in_the_key() -> None:
    assert not [one for one in statements() if one["Principal"] == {"Service": "cloudtrail.amazonaws.com"}]

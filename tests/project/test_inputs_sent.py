"""The comparison of a program's inputs with what AWS was asked for: it finds what a provider drops."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pulumi_aws as aws
import pytest

from story.plan.recorder import Record, record
from tests.inputs_sent import not_kept, not_sent
from tests.leaves import leaves, leaves_of_request

LIFECYCLE = (
    "<LifecycleConfiguration><Rule><ID>expire</ID><Status>Enabled</Status><Filter><Prefix></Prefix></Filter>"
    "<Expiration><Days>90</Days></Expiration></Rule></LifecycleConfiguration>"
)
RULE: dict[str, Any] = {
    "id": "expire",
    "status": "Enabled",
    "filter": {"prefix": ""},
    "expiration": {"days": 90},
}


def planned() -> Record:
    def build() -> None:
        kind = aws.s3
        kind.BucketLifecycleConfiguration(
            "logs",
            bucket="logs",
            rules=[
                kind.BucketLifecycleConfigurationRuleArgs(
                    id="expire",
                    status="Enabled",
                    filter=kind.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
                    expiration=kind.BucketLifecycleConfigurationRuleExpirationArgs(days=90),
                )
            ],
        )

    return record(build, preview=True)


def state(**rule: Any) -> dict[str, Any]:
    kind = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    inputs = {"__defaults": [], "bucket": "logs", "rules": [{**RULE, **rule}]}
    return {"deployment": {"resources": [{"type": kind, "urn": f"urn:pulumi:a::b::{kind}::logs", "inputs": inputs}]}}


def sent(*bodies: str) -> list[dict[str, str]]:
    return [{"operation": "s3 PUT /{}?lifecycle", "path": "/logs", "body": body} for body in bodies]


def test_what_arrived_is_not_reported() -> None:
    assert not_kept(planned(), state()) == []
    assert not_sent(planned(), state(), sent(LIFECYCLE)) == []


def test_an_input_that_the_engine_lost_is_reported_with_its_place() -> None:
    assert not_kept(planned(), state(expiration={})) == [
        "BucketLifecycleConfiguration logs: rules.0.expiration.days: given 90, not in the state"
    ]
    assert not_kept(planned(), state(expiration={"days": 30})) == [
        "BucketLifecycleConfiguration logs: rules.0.expiration.days: given 90, the state has 30"
    ]
    assert not_kept(planned(), {"deployment": {"resources": []}}) == [
        "BucketLifecycleConfiguration logs: not in the state"
    ]


@pytest.mark.parametrize(
    "dropped", ["<Expiration><Days>90</Days></Expiration>", "<ID>expire</ID>", "<Prefix></Prefix>"]
)
def test_an_input_that_never_reached_aws_is_reported(dropped: str) -> None:
    [line] = not_sent(planned(), state(), sent(LIFECYCLE.replace(dropped, "")))
    assert line.startswith("BucketLifecycleConfiguration logs: rules: ")


def test_an_input_that_reached_another_service_only_is_reported() -> None:
    elsewhere = [{**sent(LIFECYCLE)[0], "operation": "sns.Publish"}]
    assert len(not_sent(planned(), state(), elsewhere)) == 5


def test_one_request_is_not_enough_for_two_resources() -> None:
    twice = planned()
    doubled = Record(
        resources=[*twice.resources, *twice.resources],
        registered_outputs={},
        outputs={},
        secret_outputs=(),
        warnings=(),
    )
    assert not_sent(doubled, state(), sent(LIFECYCLE))
    assert not_sent(doubled, state(), sent(LIFECYCLE, LIFECYCLE)) == []


def two_buckets() -> tuple[Record, dict[str, Any]]:
    """A program with a bucket `uploads` as `logs` is, and its state."""
    [logs] = planned().resources
    [kept] = state()["deployment"]["resources"]
    resources = [logs, replace(logs, name="uploads", inputs={**logs.inputs, "bucket": "uploads"})]
    uploads = {**kept, "urn": kept["urn"].replace("logs", "uploads"), "inputs": {**kept["inputs"], "bucket": "uploads"}}
    both = Record(resources=resources, registered_outputs={}, outputs={}, secret_outputs=(), warnings=())
    return both, {"deployment": {"resources": [kept, uploads]}}


def sent_for(bucket: str, body: str) -> dict[str, str]:
    return {"operation": "s3 PUT /{}?lifecycle", "path": f"/{bucket}", "body": body}


@pytest.mark.parametrize("dropped", ["<Days>90</Days>", "<ID>expire</ID>", "<Status>Enabled</Status>"])
def test_what_one_resource_lacks_the_requests_of_another_do_not_make_up_for(dropped: str) -> None:
    both, kept = two_buckets()
    twice = LIFECYCLE.replace(dropped, dropped * 2)
    requests = [sent_for("logs", LIFECYCLE.replace(dropped, "")), sent_for("uploads", twice)]
    [line] = not_sent(both, kept, requests)
    assert line.startswith("BucketLifecycleConfiguration logs: rules: ")
    assert not_sent(both, kept, [sent_for("logs", LIFECYCLE), sent_for("uploads", LIFECYCLE)]) == []


def test_the_requests_after_the_first_name_a_resource_by_its_id() -> None:
    key = {"type": "aws:kms/key:Key", "urn": "urn:pulumi:a::b::aws:kms/key:Key::all", "id": "key-1"}
    inputs = {"description": "for everything", "policy": '{"Statement": [{"Sid": "one"}, {"Sid": "two"}]}'}

    def build() -> None:
        aws.kms.Key("all", description=inputs["description"], policy=inputs["policy"])

    program, kept = record(build, preview=True), {"deployment": {"resources": [{**key, "inputs": inputs}]}}
    made = {"operation": "kms.CreateKey", "path": "/", "body": json.dumps({"Description": "for everything"})}
    bodies = [json.dumps({"KeyId": name, "Policy": inputs["policy"]}) for name in ("key-1", "key-2")]
    [ours, other] = [{"operation": "kms.PutKeyPolicy", "path": "/", "body": body} for body in bodies]
    assert not_sent(program, kept, [made, ours]) == []
    assert not_sent(program, kept, [made]) != []
    assert not_sent(program, kept, [ours, other]) != []


FORMS: list[tuple[str, Sequence[tuple[str, str]]]] = [
    ("Tags.member.1.Key=Team&Tags.member.1.Value=web", [("key", "Team"), ("value", "web"), ("team", "web")]),
    ("SubnetId.1=a&SubnetId.2=b", [("subnetid", "a"), ("subnetid", "b")]),
    (json.dumps({"containers": json.dumps([{"cpu": 256}])}), [("cpu", "256")]),
    ('{"enabled": true, "percent": 5.0, "none": null}', [("enabled", "true"), ("percent", "5")]),
    ("<A xmlns='x'><Days>1</Days><Days>2</Days></A>", [("days", "1"), ("days", "2")]),
]


@pytest.mark.parametrize(("body", "expected"), FORMS)
def test_values_are_read_from_every_form_that_requests_have(body: str, expected: Sequence[tuple[str, str]]) -> None:
    assert list(leaves_of_request(body)) == expected


def test_a_document_within_an_input_is_read() -> None:
    assert list(leaves('{"Statement": [{"Action": ["s3:Get"]}]}', "policy")) == [("action", "s3:Get")]

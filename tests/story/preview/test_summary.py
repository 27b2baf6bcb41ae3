"""From what the engine says to what people read."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from story.engine.preview import Op, Preview, read_preview
from story.preview.markdown import comment
from story.preview.plain_text import plain_text
from story.preview.summary import Summary, summarise
from story.preview.summary_command import run
from story.resource_categories import Category, category_of
from tests.story.preview.previews import NAMES, RECORDED, document, preview, recorded_text, step, urn

BUCKET = "aws:s3/bucket:Bucket"
AURORA = "aws:rds/cluster:Cluster"
DOCUMENTDB = "aws:docdb/cluster:Cluster"
SERVICE = "aws:ecs/service:Service"
TASK = "aws:ecs/taskDefinition:TaskDefinition"
MARKER = "random:index/randomUuid:RandomUuid"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
PARENT = "urn:pulumi:test::story::story:index:FargateService::web"


def summary(*steps: dict[str, Any], **more: Any) -> Summary:
    return summarise(preview(*steps, **more))


def section(found: Summary, category: Category) -> list[str]:
    """What a section says, one text for each line."""
    entries = [entry for each in found.sections if each.category is category for entry in each.entries]
    return [f"{entry.verb} {', '.join(entry.names)}: {'; '.join(entry.notes)}" for entry in entries]


def lost(**before: Any) -> str:
    """What is said of a cluster that is deleted."""
    return section(summary(step("delete", AURORA, "aurora", before=before)), Category.DATA)[0]


def test_the_three_steps_of_a_replacement_are_one_change() -> None:
    found = preview(
        step("create-replacement", BUCKET, "b", before={"bucket": "x"}, after={"bucket": "y"}, because=["bucket"]),
        step("replace", BUCKET, "b", before={"bucket": "x"}, after={"bucket": "y"}),
        step("delete-replaced", BUCKET, "b", before={"bucket": "x"}),
    )
    [change] = found.changes
    assert (change.op, change.before, change.after) == (Op.REPLACE, {"bucket": "x"}, {"bucket": "y"})


def test_a_new_revision_of_a_task_definition_restarts_tasks_and_loses_nothing() -> None:
    found = summary(
        step("replace", TASK, "web", before={"cpu": "256"}, after={"cpu": "512"}, parent=PARENT, because=["cpu"]),
        step("update", SERVICE, "web", before={"taskDefinition": "a:1"}, after={}, parent=PARENT),
        step("replace", MARKER, "rollout-web", before={}, after={"keepers": {}}, parent=PARENT),
    )
    assert found.verdict == "1 service restarts, no data is replaced or deleted, same costs"
    assert [(one.category, len(one.entries)) for one in found.sections] == [(Category.TASKS, 1)]
    assert section(found, Category.TASKS) == ["restart web: "]
    assert not found.loud


def test_services_of_one_component_stay_apart() -> None:
    found = summary(*(step("update", SERVICE, name, before={}, after={}, because=["x"]) for name in ("a", "b")))
    assert section(found, Category.TASKS) == ["restart a: ", "restart b: "]
    assert found.verdict.startswith("2 services restart, ")


def test_another_port_of_documentdb_is_a_loss_of_data() -> None:
    before, after = {"port": 27017, "finalSnapshotIdentifier": "last"}, {"port": 27018}
    found = summary(step("replace", DOCUMENTDB, "documentdb", before=before, after=after, because=["port"]))
    assert found.verdict.startswith("DATA WOULD BE LOST (1 replaced)")
    assert found.loud


def test_what_loses_data_stands_first_and_is_loud() -> None:
    found = summary(
        step("update", SERVICE, "web", before={"desiredCount": 1}, after={"desiredCount": 2}),
        step("delete", BUCKET, "uploads", before={"forceDestroy": True}),
        step("replace", AURORA, "aurora", before={}, after={}),
    )
    assert found.verdict.startswith("DATA WOULD BE LOST (1 deleted, 1 replaced), 1 service restarts, ")
    assert found.sections[0].category is Category.DATA
    assert found.loud
    assert "> [!CAUTION]\n> - delete `s3 Bucket` `uploads`; its objects are deleted too" in comment(found)


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ({"deletionProtection": True}, "AWS rejects this while deletion protection is on"),
        ({"skipFinalSnapshot": True}, "no final snapshot is kept"),
        ({"finalSnapshotIdentifier": "x"}, "a final snapshot is kept; it is not restored automatically"),
    ],
)
def test_it_is_said_what_stays_of_a_database(before: dict[str, Any], said: str) -> None:
    assert said in lost(**before)


def test_what_aws_keeps_is_not_lost() -> None:
    found = summary(step("delete", BUCKET, "uploads", before={}, retainOnDelete=True))
    assert section(found, Category.DATA) == []
    assert "the old one stays in AWS" in section(found, Category.STORE)[0]


def test_a_protected_thing_is_said_to_be_one() -> None:
    found = summary(step("delete", BUCKET, "uploads", before={}, protect=True))
    assert "protected: Pulumi rejects this change" in section(found, Category.DATA)[0]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"deletionProtection": True}, {"deletionProtection": False}, "AWS's deletion protection is removed"),
        ({}, {"skipFinalSnapshot": True}, "no final snapshot will be kept"),
        ({"backupRetentionPeriod": 14}, {"backupRetentionPeriod": 1}, "kept for 1 days instead of 14"),
        ({"engineVersion": "8.0"}, {"engineVersion": "8.4"}, "engine version upgrade"),
    ],
)
def test_a_guard_that_is_taken_away_is_named(before: dict[str, Any], after: dict[str, Any], said: str) -> None:
    [line] = section(summary(step("update", AURORA, "aurora", before=before, after=after)), Category.STORE)
    assert said in line


@pytest.mark.parametrize(
    ("type_", "category"),
    [
        ("aws:docdb/cluster:Cluster", Category.DATA),
        ("aws:elasticache/replicationGroup:ReplicationGroup", Category.DATA),
        ("aws:kms/key:Key", Category.DATA),
        ("aws:secretsmanager/secret:Secret", Category.DATA),
        ("random:index/randomBytes:RandomBytes", Category.DATA),
        ("aws:secretsmanager/secretVersion:SecretVersion", Category.STORE),
        ("aws:rds/clusterInstance:ClusterInstance", Category.TASKS),
        ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", Category.NETWORK),
        ("aws:lb/listenerRule:ListenerRule", Category.NETWORK),
        ("aws:ec2/natGateway:NatGateway", Category.NETWORK),
        ("aws:iam/rolePolicy:RolePolicy", Category.ACCESS),
        ("aws:s3/bucketPolicy:BucketPolicy", Category.ACCESS),
        ("aws:kms/keyPolicy:KeyPolicy", Category.ACCESS),
        ("aws:cloudwatch/metricAlarm:MetricAlarm", Category.OTHER),
        ("aws:ec2/flowLog:FlowLog", Category.OTHER),
    ],
)
def test_each_type_has_its_category(type_: str, category: Category) -> None:
    assert category_of(type_) is category


def test_changes_that_are_alike_are_one_line() -> None:
    steps = [step("create", "aws:ssm/parameter:Parameter", f"p{n}", after={}) for n in range(9)]
    page = comment(summary(*steps))
    assert "- create 9 `ssm Parameter` `p0`, `p1`, `p2` and 6 more\n" in page


def test_components_providers_and_the_stack_are_no_changes() -> None:
    found = summary(
        step("create", "story:index:Network", "network", after={}),
        step("create", "pulumi:providers:aws", "default", after={}),
        step("create", "pulumi:pulumi:Stack", "story-test", after={}),
    )
    assert found.verdict == "Nothing changes"


def test_without_refresh_a_stack_that_only_grows_is_not_taken_for_a_new_one() -> None:
    root = {"op": "same", "urn": urn("pulumi:pulumi:Stack", "story-test"), "oldState": {"custom": False}}
    found = read_preview(document(root, step("create", BUCKET, "b", after={})))
    assert not found.new
    assert not found.complete
    assert summarise(found).verdict == "No service restarts, no data is replaced or deleted, +0.25 USD a month"


def test_a_failed_preview_says_why_and_nothing_of_what_it_saw() -> None:
    diagnostics = [{"severity": "error", "message": "error: story:web.cpuu: unknown key; did you mean cpu?\n"}]
    page = comment(summary(step("delete", BUCKET, "uploads", before={}), diagnostics=diagnostics))
    assert page.startswith("### ⚠️ The preview failed, ")
    assert "`story:web.cpuu: unknown key; did you mean cpu?`" in page
    assert "uploads" not in page


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the input contains no output of pulumi preview --json"),
        ("error: no stack named 'prod' found\n", "no stack named 'prod' found"),
        ("bash: pulumi: command not found\n", "bash: pulumi: command not found"),
        ('{"error": "could not lock the stack"}', "could not lock the stack"),
        (recorded_text("failed")[:20_000], "the output of pulumi preview --json ends early"),
    ],
)
def test_output_that_is_no_preview_is_a_failed_one(text: str, said: str) -> None:
    found = read_preview(text)
    assert found.failed
    assert said in found.errors


@pytest.mark.parametrize("kept", [60, 2000, 5000, 11_000, 40_000])
@pytest.mark.parametrize("name", sorted(set(NAMES) - {"policy", "policy_stream", "failed", "traceback"}))
def test_of_a_preview_that_was_cut_off_only_that_is_said(name: str, kept: int) -> None:
    text = recorded_text(name)
    found = read_preview(text[: min(kept, len(text) - 100)])
    assert found.failed
    assert list(found.errors) == ["the output of pulumi preview --json ends early"]


def test_a_whole_preview_after_one_that_was_cut_off_does_not_hide_it() -> None:
    text = recorded_text("release")
    found = read_preview(f"{text[:5000]}\n{text}")
    assert found.failed
    assert list(found.errors) == ["the output of pulumi preview --json ends early"]


def test_errors_in_a_document_that_was_cut_off_are_found() -> None:
    text = recorded_text("failed")
    found = read_preview(text[: text.index('"changeSummary"')])
    assert any("has no image yet" in line for line in found.errors)


def test_of_a_traceback_the_last_line_is_shown() -> None:
    assert read_preview(recorded_text("traceback")).errors == (
        "ModuleNotFoundError: No module named 'nothing_like_this'",
    )


def test_lines_around_the_document_do_not_matter() -> None:
    text = f"Previewing update (dev)\n{document(step('delete', BUCKET, 'b', before={}))}\nerror: not ours\n"
    found = read_preview(text)
    assert not found.failed
    assert [one.name for one in found.changes] == ["b"]


def test_events_and_document_say_the_same() -> None:
    events, whole = read_preview(recorded_text("policy_stream")), read_preview(recorded_text("policy"))
    assert {(one.op, one.name) for one in events.changes} == {(one.op, one.name) for one in whole.changes}
    assert summarise(events).sections == summarise(whole).sections


def test_a_policy_s_violations_are_named_with_their_resource() -> None:
    found = read_preview(recorded_text("policy_stream"))
    first = found.violations[0]
    assert (first.policy, first.resource, first.blocks) == ("no-public-bucket", "Bucket assets", True)
    assert summarise(found).verdict == "A policy forbids this update"


def test_the_marker_is_the_same_for_a_stack_whatever_the_preview_says() -> None:
    texts = [("", "dev"), (document(), "dev"), ("", "organization/story/dev")]
    pages = [comment(summarise(read_preview(text), stack=stack)) for text, stack in texts]
    assert {page.splitlines()[-1] for page in pages} == {"<!-- story-summary: dev -->"}


# The command and its list of migrations

PENDING = "  2026_11_21_100000_drop_old_orders_table ............ Pending\n"


def test_without_a_list_the_comment_says_so_and_with_an_empty_one_nothing_runs() -> None:
    image = {"keepers": {"image": "r@sha256:" + "a" * 64}}
    found = preview(step("replace", MARKER, "migration", before={"keepers": {"image": "x"}}, after=image))
    assert "no list of migrations was given" in comment(summarise(found))
    assert "no migration is pending" in comment(summarise(found, migrations=[]))


@pytest.mark.parametrize(
    ("name", "code"), [("release", 0), ("data_delete", 0), ("failed", 1), ("policy_stream", 1), ("traceback", 1)]
)
def test_the_exit_code_says_whether_the_update_could_be_made(
    name: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    for as_format in ("markdown", "text"):
        assert run(file=str(RECORDED / f"{name}.json"), as_format=as_format, stack="", migrations=None) == code
    assert capsys.readouterr().out.startswith("### ")


def test_standard_input_and_a_list_of_migrations_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pending").write_text(PENDING, "utf-8")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(recorded_text("release").encode())))
    assert run(file="-", as_format="text", stack="", migrations=tmp_path / "pending") == 0
    assert "2026_11_21_100000_drop_old_orders_table: DESTRUCTIVE, it drops" in capsys.readouterr().out


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(file=str(tmp_path / "none"), as_format="text", stack="", migrations=None) == 2
    assert capsys.readouterr().err.startswith("story summary: ")


# Whatever comes


@given(st.text())
def test_any_text_becomes_a_page(text: str) -> None:
    assert page_of(text).failed


@given(st.data())
def test_a_recording_that_is_cut_anywhere_becomes_a_page_of_a_failed_preview(data: st.DataObject) -> None:
    text = recorded_text(data.draw(st.sampled_from(["failed", "import", "policy_stream", "traceback"]))).rstrip()
    assert page_of(text[: data.draw(st.integers(0, len(text) - 20))]).failed


SHAPE = """steps diagnostics changeSummary config op urn oldState newState inputs parent error resourcePreEvent metadata
diagnosticEvent message severity policyEvent diffReasons old summaryEvent"""
KEYS = st.sampled_from(SHAPE.split())
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["create", "delete", "error"])
    | st.sampled_from([urn(BUCKET, "b"), urn(SERVICE, "web"), urn(MARKER, "migration"), "a::b", "::::::"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=30,
)


@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_json_of_any_shape_becomes_a_page(value: dict[str, Any]) -> None:
    page_of(json.dumps(value))


@pytest.mark.parametrize("name", NAMES)
def test_every_recording_becomes_a_text(name: str) -> None:
    assert plain_text(summarise(read_preview(recorded_text(name)))).count("\n") > 2


def page_of(text: str) -> Preview:
    found = read_preview(text)
    made = summarise(found)
    assert comment(made).startswith("### ")
    assert plain_text(made)
    return found

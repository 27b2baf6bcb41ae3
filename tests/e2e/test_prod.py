"""The prod environment as committed, whole: its protection, what AWS moves in it, and its end."""

import re

import pytest

from story.docs.left_after_destroy import LEFT_AFTER_DESTROY
from tests.e2e import whole_stack
from tests.e2e.conftest import Begin
from tests.e2e.left_after_destroy import left_after_destroy
from tests.e2e.recorded_calls import assert_on_record
from tests.e2e.support import MARKER, TASK_DEFINITION, Stack, committed_config, image, steps_in, succeeded
from tests.inputs_sent import not_sent

OTHER_STORES = ("aws:rds/", "aws:elasticache/", "aws:s3/", "aws:kms/")


@pytest.fixture(scope="module")
def stack(begin: Begin) -> Stack:
    stack = begin("prod")
    config = committed_config("prod")
    # A person has the zone before the environment, and writes its id into the stack's file.
    domain = config["story:ingress"]["domain"].partition(".")[2]
    zone = stack.client("route53").create_hosted_zone(Name=domain, CallerReference="e2e")["HostedZone"]["Id"]
    config["story:ingress"]["zone_id"] = zone.rpartition("/")[2]
    stack.engine.prepare(config)
    return stack


def test_it_comes_up_with_an_image(stack: Stack) -> None:
    finished = stack.up(image(1))
    assert steps_in(finished.output)[:2] == ["users", "migration"]
    assert steps_in(finished.output)[-1] == "rollout web"
    assert stack.engine.outputs()["image"] == image(1)
    whole_stack.assert_all_that_the_program_gives_reached_aws(stack, finished)
    assert stack.engine.outputs()["url"] == "https://www.example.com"


def test_the_next_preview_shows_no_change_and_asks_only_for_what_a_look_may(stack: Stack) -> None:
    assert_on_record(stack, "prod")
    assert stack.is_clean()
    assert_on_record(stack, "preview")


def test_its_subnets_are_those_of_the_settings(stack: Stack) -> None:
    whole_stack.assert_its_subnets_are_those_of_the_settings(stack)


def test_every_private_subnet_has_a_route_to_s3(stack: Stack) -> None:
    whole_stack.assert_every_private_subnet_has_a_route_to_s3(stack)


def test_its_outputs_say_where_everything_is(stack: Stack) -> None:
    whole_stack.assert_its_outputs_say_where_everything_is(stack)


def test_no_password_is_shown_or_kept_in_the_clear(stack: Stack) -> None:
    whole_stack.assert_no_password_is_shown_or_kept_in_the_clear(stack)


def test_whoever_looks_finds_it_well(stack: Stack) -> None:
    whole_stack.assert_whoever_looks_finds_it_well(stack)
    stack.forget_what_was_asked_for()


def test_what_aws_moves_by_itself_makes_no_difference(stack: Stack) -> None:
    scaling = stack.settings().web.autoscaling
    assert scaling
    assert scaling.schedules
    # Scaled out by an alarm; the range moved by the morning's schedule.
    moved = {"MinCapacity": scaling.min_tasks + 3, "MaxCapacity": scaling.max_tasks + 1}
    target = {
        "ServiceNamespace": "ecs",
        "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceId": "service/story-prod/web",
    }
    stack.client("application-autoscaling").register_scalable_target(**target, **moved)
    for service in ("web", "worker-default"):
        stack.client("ecs").update_service(cluster="story-prod", service=service, desiredCount=7)

    assert stack.is_clean()

    assert [stack.service(service)["desiredCount"] for service in ("web", "worker-default")] == [7, 7]
    found = stack.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[target["ResourceId"]]
    )["ScalableTargets"]
    assert {key: found[0][key] for key in moved} == moved


def test_a_protected_store_is_not_switched_off(stack: Stack) -> None:
    before = stack.inventory()
    stack.configure("story:documentdb", {"enabled": False})
    output = stack.failing_up(preview=True)
    assert re.search(r"documentdb.*cannot be deleted.*protect", output, re.IGNORECASE | re.DOTALL), output
    assert stack.inventory() == before


def test_a_store_whose_protection_was_lifted_goes_alone_and_leaves_a_snapshot(stack: Stack) -> None:
    stack.configure("story:documentdb", {"enabled": True, "protect": False})
    stack.up()
    stack.configure("story:documentdb", {"enabled": False})
    changes = stack.changes()
    deleted = [change for change in changes if change.op == "delete"]
    assert deleted
    assert [change for change in deleted if "documentdb" not in change.name] == []
    # It stands in the environment of every task, so each gets a new revision; nothing else is replaced.
    assert {change.type for change in changes if change.op == "replace"} == {TASK_DEFINITION, MARKER}
    assert [change for change in changes if change.type.startswith(OTHER_STORES)] == []

    stack.up()

    left = {item["type"]: item["name"] for item in stack.inventory()["rds"] if "documentdb" in item["name"]}
    assert list(left) == ["cluster-snapshot"]
    assert re.fullmatch(r"story-prod-documentdb-final-[0-9a-f]{8}", left["cluster-snapshot"])
    assert stack.is_clean()


def test_a_destroy_leaves_only_what_is_documented(stack: Stack) -> None:
    stack.configure_value("story:protect", False)
    stack.up()
    planned, state = whole_stack.program_of(stack), stack.engine.state()
    succeeded(stack.run("destroy", "--yes", "--skip-preview"))

    lost = not_sent(planned, state, stack.sent(), at_the_end=True)
    assert lost == [], "\n".join(lost)
    unknown, found = left_after_destroy(stack.inventory(), "prod")
    assert_on_record(stack, "prod")
    assert unknown == [], "left behind, and nobody knows"
    assert found == {left.name for left in LEFT_AFTER_DESTROY}, "documented as left behind, but gone"

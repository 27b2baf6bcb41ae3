"""Edits of a live stack's site, services and observability, and what each asks AWS for."""

from typing import Any

import pytest

from tests.e2e.conftest import Begin
from tests.e2e.edits_of_site import DOMAIN, EVERYTHING_EDITED, FIRST, TAKEN_AWAY, given_later
from tests.e2e.left_after_destroy import left_after_destroy
from tests.e2e.lives import SITE
from tests.e2e.recorded_calls import assert_edited_to, assert_on_record, edit
from tests.e2e.support import Stack, image, succeeded


@pytest.fixture(scope="module")
def stack(begin: Begin) -> Stack:
    stack = begin("site")
    stack.engine.prepare(FIRST)
    return stack


def test_a_small_site_comes_up(stack: Stack) -> None:
    stack.up(image(1))
    assert_on_record(stack, "edits")


def test_a_domain_autoscaling_agents_nginx_and_who_hears_of_alarms_come_later_in_one_update(stack: Stack) -> None:
    made = stack.client("route53").create_hosted_zone(Name="example.com", CallerReference="e2e")
    zone = made["HostedZone"]["Id"].rpartition("/")[2]
    report_what_alarms_wait_for(stack)
    edit(stack, given_later(zone))
    assert stack.engine.outputs()["url"] == f"https://{DOMAIN}"
    found = stack.inventory()
    assert {item["type"] for item in found["application-autoscaling"]} == {"target", "policy", "scheduled-action"}
    assert [item["type"] for item in found["budgets"]] == ["budget"]
    assert [item["type"] for item in found["chatbot"]] == ["slack-channel"]
    assert stack.is_clean()


def test_edits_of_everything_that_was_made_take_one_update(stack: Stack) -> None:
    edit(stack, EVERYTHING_EDITED)
    [listener] = [one for one in listeners(stack) if one["Port"] == 443]
    assert listener["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-3-2021-06"
    assert {item["name"] for item in stack.inventory()["ecs"] if item["type"] == "service"} == {
        *("scheduler", "web", "worker-default", "worker-mail"),
    }
    chat = stack.client("chatbot").describe_slack_channel_configurations()["SlackChannelConfigurations"]
    assert {(one["SlackTeamId"], one["SlackChannelId"]) for one in chat} == {
        *(("T0456DEFG", "C0123HIJK"), ("T0456DEFG", "C0456DEFG")),
    }
    assert stack.is_clean()


def test_all_that_came_later_goes_again_in_one_update(stack: Stack) -> None:
    edit(stack, TAKEN_AWAY)
    assert [(one["Port"], one["Protocol"]) for one in listeners(stack)] == [(80, "HTTP")]
    assert {"acm", "application-autoscaling", "budgets", "chatbot"}.isdisjoint(stack.inventory())
    assert stack.is_clean()


def test_these_were_all_edits_of_a_site(stack: Stack) -> None:
    assert_edited_to(stack, SITE)


def test_a_destroy_leaves_only_what_is_documented(stack: Stack) -> None:
    succeeded(stack.run("destroy", "--yes", "--skip-preview"))
    assert_on_record(stack, "edits")
    unknown, _ = left_after_destroy(stack.inventory(), "site")
    assert unknown == []


def report_what_alarms_wait_for(stack: Stack) -> None:
    """What the scheduler and the load balancer report of an application that runs in both zones: without it, each alarm
    on silence waits for minutes."""
    elb, cloudwatch = stack.client("elbv2"), stack.client("cloudwatch")
    [balancer] = elb.describe_load_balancers()["LoadBalancers"]
    [group] = elb.describe_target_groups()["TargetGroups"]
    of_the_site = {
        "LoadBalancer": balancer["LoadBalancerArn"].partition(":loadbalancer/")[2],
        "TargetGroup": group["TargetGroupArn"].split(":")[-1],
    }
    heartbeat = {"MetricName": "SchedulerHeartbeat", "Value": 1.0}
    cloudwatch.put_metric_data(Namespace=f"story/{stack.engine.stack}", MetricData=[heartbeat])
    for zone in balancer["AvailabilityZones"]:
        named = {**of_the_site, "AvailabilityZone": zone["ZoneName"]}
        dimensions = [{"Name": name, "Value": value} for name, value in named.items()]
        healthy = {"MetricName": "HealthyHostCount", "Value": 1.0, "Dimensions": dimensions}
        cloudwatch.put_metric_data(Namespace="AWS/ApplicationELB", MetricData=[healthy])


def listeners(stack: Stack) -> list[dict[str, Any]]:
    """The listeners of the load balancer."""
    elb = stack.client("elbv2")
    [balancer] = elb.describe_load_balancers()["LoadBalancers"]
    return elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]

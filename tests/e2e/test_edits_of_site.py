"""Edits of a live stack's site, services and observability, and what each asks AWS for."""

from typing import Any

import pytest

from tests.e2e.conftest import Begin
from tests.e2e.left_after_destroy import left_after_destroy
from tests.e2e.recorded_calls import assert_on_record, edit
from tests.e2e.support import WITHOUT_STORES, Stack, image, succeeded

DOMAIN = "www.example.com"
SECRET = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:agent-AbCdEf"
REGISTRY = image(1).partition("/")[0]
SERVICES = ["web", "workers.default"]
AGENTS = {
    "new_relic": {"license_key": SECRET, "image": f"{REGISTRY}/nri-ecs:1.15.6", "services": SERVICES},
    "open_telemetry": {"image": f"{REGISTRY}/aws-otel-collector:v0.48.0", "services": SERVICES},
}
SLACK = {"workspace_id": "T0123ABCD", "critical_channel_id": "C0123ABCD"}
MORNING = {"cron": "0 8 ? * MON-FRI *", "timezone": "Asia/Tokyo", "min_tasks": 3, "max_tasks": 6}
EVENING = {"cron": "0 20 ? * * *", "min_tasks": 2, "max_tasks": 4}


@pytest.fixture(scope="module")
def stack(begin: Begin) -> Stack:
    stack = begin("site")
    stack.engine.prepare({**WITHOUT_STORES, "story:protect": True})
    return stack


def test_a_small_site_comes_up(stack: Stack) -> None:
    stack.up(image(1))
    assert_on_record(stack, "edits")


def test_a_domain_autoscaling_agents_nginx_and_who_hears_of_alarms_come_later_in_one_update(stack: Stack) -> None:
    made = stack.client("route53").create_hosted_zone(Name="example.com", CallerReference="e2e")
    zone = made["HostedZone"]["Id"].rpartition("/")[2]
    stack.configure_value("story:agents", AGENTS)
    scaling = {"min_tasks": 2, "max_tasks": 4}
    edit(
        stack,
        {
            "ingress": {"domain": DOMAIN, "zone_id": zone},
            "web": {
                "cpu": 1024,
                "memory_mib": 2048,
                "nginx": {},
                "autoscaling": {**scaling, "requests_per_target": 1000, "schedules": {"morning": MORNING}},
            },
            "workers": {"default": {"cpu": 1024, "memory_mib": 2048, "autoscaling": scaling}},
            "observability": {
                "emails": ["team@example.com"],
                "critical_emails": ["oncall@example.com"],
                "monthly_budget_usd": 100,
                "laravel_metrics": True,
                "slack": SLACK,
            },
        },
    )
    assert stack.engine.outputs()["url"] == f"https://{DOMAIN}"
    found = stack.inventory()
    assert {item["type"] for item in found["application-autoscaling"]} == {"target", "policy", "scheduled-action"}
    assert [item["type"] for item in found["budgets"]] == ["budget"]
    assert [item["type"] for item in found["chatbot"]] == ["slack-channel"]
    assert stack.is_clean()


def test_edits_of_everything_that_was_made_take_one_update(stack: Stack) -> None:
    stack.configure("story:agents", None)
    stack.configure("aws:defaultTags", {"tags": {"Owner": "site"}})
    edit(
        stack,
        {
            "application": {"environment": {"APP_LOCALE": "ja"}},
            "network": {"interface_endpoints": ["sts"]},
            "cluster": {"exec": False, "container_insights": "enabled", "insights_log_retention_days": 30},
            "ingress": {
                "tls_policy": "ELBSecurityPolicy-TLS13-1-3-2021-06",
                "idle_timeout_seconds": 50,
                "allowed_cidrs": ["203.0.113.0/24"],
                "access_log_retention_days": 30,
            },
            "web": {
                "nginx": None,
                "port": 8081,
                "health_check_path": "/ready",
                "health_check_interval_seconds": 15,
                "deregistration_delay_seconds": 20,
                "log_retention_days": 7,
                "readonly_root_filesystem": True,
                "capacity": {"on_demand_base": 0, "on_demand_weight": 0, "spot_weight": 1},
                "autoscaling": {
                    "max_tasks": 5,
                    "cpu_percent": 50,
                    "memory_percent": None,
                    "requests_per_target": 900,
                    "schedules": {"morning": {**MORNING, "min_tasks": 2}, "evening": EVENING},
                },
            },
            "workers": {"default": {"autoscaling": None, "tasks": 2}, "mail": {"queues": ["mail"]}},
            "migration": {"log_retention_days": 7},
            "scheduler": {"enabled": False},
            "observability": {
                "emails": ["other@example.com"],
                "monthly_budget_usd": 200,
                "dashboard": False,
                "exec_notifications": False,
                "slack": {"warning_channel_id": "C0456DEFG"},
                "event_log_retention_days": 30,
                "thresholds": {"cpu_percent": 80},
            },
        },
    )
    [listener] = [one for one in listeners(stack) if one["Port"] == 443]
    assert listener["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-3-2021-06"
    assert {item["name"] for item in stack.inventory()["ecs"] if item["type"] == "service"} == {
        *("web", "worker-default", "worker-mail"),
    }
    assert stack.is_clean()


def test_all_that_came_later_goes_again_in_one_update(stack: Stack) -> None:
    stack.configure_value("story:protect", False)
    edit(
        stack,
        {
            "network": {"interface_endpoints": []},
            "cluster": {"exec": True},
            "ingress": {"domain": None, "zone_id": None},
            "web": {"autoscaling": None, "readonly_root_filesystem": False},
            "workers": {"mail": {"enabled": False}},
            "scheduler": {"enabled": True},
            "observability": {
                "slack": None,
                "emails": [],
                "critical_emails": [],
                "monthly_budget_usd": None,
                "laravel_metrics": False,
                "dashboard": True,
            },
        },
    )
    assert [(one["Port"], one["Protocol"]) for one in listeners(stack)] == [(80, "HTTP")]
    assert {"acm", "application-autoscaling", "budgets", "chatbot"}.isdisjoint(stack.inventory())
    assert stack.is_clean()


def test_a_destroy_leaves_only_what_is_documented(stack: Stack) -> None:
    succeeded(stack.run("destroy", "--yes", "--skip-preview"))
    assert_on_record(stack, "edits")
    unknown, _ = left_after_destroy(stack.inventory(), "site")
    assert unknown == []


def listeners(stack: Stack) -> list[dict[str, Any]]:
    """The listeners of the load balancer."""
    elb = stack.client("elbv2")
    [balancer] = elb.describe_load_balancers()["LoadBalancers"]
    return elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]

"""Ingress, under the recorder."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from components.ingress import Ingress, IngressArgs
from settings.site import IngressSpec
from story.plan.fake_outputs import ACCOUNT, REGION
from story.plan.recorder import Record, record
from tests.components.given import stack

DOMAIN = {"domain": "www.example.com", "zone_id": "Z0123456789ABCDEFGHIJ"}


def ingress(*, protect: bool = True, preview: bool = False, **changes: Any) -> Record:
    args = IngressArgs(
        spec=IngressSpec(**changes),
        vpc_id="vpc-1",
        subnet_ids=["subnet-public-a", "subnet-public-c"],
        stack=stack(protect=protect),
    )
    return record(lambda: Ingress("ingress", args), preview=preview)


def with_domain(**changes: Any) -> Record:
    return ingress(**DOMAIN, **changes)


def statements(made: Record) -> list[Mapping[str, Any]]:
    return json.loads(made.one("BucketPolicy").inputs["policy"])["Statement"]


def default_action(made: Record, listener: str) -> Mapping[str, Any]:
    (action,) = made.one("Listener", listener).inputs["defaultActions"]
    return action


def test_the_token_never_changes() -> None:
    assert ingress().one("Ingress").type == "story:index:Ingress", (
        "a changed token replaces the load balancer, and every visitor's connection with it"
    )


def test_every_child_belongs_to_the_ingress() -> None:
    assert {resource.parent for resource in with_domain().resources if resource.custom} == {"ingress"}


@pytest.mark.parametrize("domain", [{}, DOMAIN])
def test_a_preview_shows_everything_that_an_update_makes(domain: dict[str, str]) -> None:
    preview, update = ingress(preview=True, **domain), ingress(**domain)
    assert {(r.type, r.name) for r in preview.resources} == {(r.type, r.name) for r in update.resources}


def test_the_load_balancer_stands_in_the_public_subnets_for_visitors_from_outside() -> None:
    inputs = ingress().one("LoadBalancer").inputs
    assert inputs["loadBalancerType"] == "application"
    assert inputs["internal"] is False
    assert inputs["subnets"] == ["subnet-public-a", "subnet-public-c"]
    assert inputs["securityGroups"] == ["ingress-id"]


def test_its_automatic_name_leaves_room_for_the_engines_suffix() -> None:
    balancer = with_domain().one("LoadBalancer")
    assert "name" not in balancer.inputs
    assert len(f"{balancer.name}-1234567") <= 32, "AWS takes no longer name"


def test_malformed_and_smuggled_requests_are_stopped() -> None:
    inputs = ingress().one("LoadBalancer").inputs
    assert (inputs["dropInvalidHeaderFields"], inputs["desyncMitigationMode"]) == (True, "defensive")


def test_an_idle_connection_is_closed_when_the_spec_says() -> None:
    assert ingress(idle_timeout_seconds=75).one("LoadBalancer").inputs["idleTimeout"] == 75


@pytest.mark.parametrize("protect", [True, False])
def test_load_balancer_and_access_logs_are_protected_as_the_stack_says(protect: bool) -> None:
    made = with_domain(protect=protect)
    assert made.one("LoadBalancer").inputs["enableDeletionProtection"] is protect
    assert {(r.kind, r.name) for r in made.resources if r.protect} == (
        {("LoadBalancer", "ingress"), ("Bucket", "ingress-logs")} if protect else set()
    )


def test_with_a_domain_visitors_reach_both_ports_from_each_range() -> None:
    made = with_domain(allowed_cidrs=("192.0.2.0/24", "198.51.100.0/24"))
    rules = {
        (r.inputs["cidrIpv4"], r.inputs["fromPort"], r.inputs["toPort"]) for r in made.all("SecurityGroupIngressRule")
    }
    assert rules == {(cidr, port, port) for cidr in ("192.0.2.0/24", "198.51.100.0/24") for port in (80, 443)}
    assert {rule.inputs["ipProtocol"] for rule in made.all("SecurityGroupIngressRule")} == {"tcp"}
    assert {rule.inputs["securityGroupId"] for rule in made.all("SecurityGroupIngressRule")} == {"ingress-id"}


def test_without_a_domain_no_port_is_open_on_which_nobody_listens() -> None:
    assert [rule.inputs["fromPort"] for rule in ingress().all("SecurityGroupIngressRule")] == [80]


def test_a_range_that_goes_takes_no_other_rule_along() -> None:
    both, last = (
        {rule.name: rule.inputs["cidrIpv4"] for rule in ingress(allowed_cidrs=cidrs).all("SecurityGroupIngressRule")}
        for cidrs in (("192.0.2.0/24", "198.51.100.0/24"), ("198.51.100.0/24",))
    )
    assert last.items() < both.items(), "rules named by position would close the site for the ranges that stay"


def test_a_range_given_twice_is_a_mistake() -> None:
    (found,) = IngressSpec(allowed_cidrs=("192.0.2.0/24", "192.0.2.0/24")).mistakes()
    assert (found.key, found.problem) == (
        "allowed_cidrs",
        "given 192.0.2.0/24, 192.0.2.0/24; allowed is each range once",
    )


def test_nothing_leaves_the_load_balancer_until_a_service_opens_the_way() -> None:
    made = with_domain()
    assert made.all("SecurityGroupEgressRule") == []
    assert not {"ingress", "egress"} & set(made.one("SecurityGroup").inputs)


def test_the_security_group_has_a_name_that_a_person_finds() -> None:
    assert ingress().one("SecurityGroup").inputs["tags"] == {"Name": "story-test-load-balancer"}


def test_with_a_domain_https_serves_under_the_policy_and_the_validated_certificate() -> None:
    listener = with_domain(tls_policy="ELBSecurityPolicy-TLS13-1-3-2021-06").one("Listener", "ingress-https")
    assert (listener.inputs["protocol"], listener.inputs["port"]) == ("HTTPS", 443)
    assert listener.inputs["sslPolicy"] == "ELBSecurityPolicy-TLS13-1-3-2021-06"
    assert listener.inputs["certificateArn"] == f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/ingress"
    assert "CertificateValidation ingress" in listener.depends_on, "AWS takes no certificate that is not yet issued"


def test_with_a_domain_http_only_sends_to_https_for_good() -> None:
    action = default_action(with_domain(), "ingress-http")
    assert action == {"type": "redirect", "redirect": {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}}


def test_nobody_is_sent_to_https_before_it_answers() -> None:
    made = with_domain()
    for sender in (made.one("Listener", "ingress-http"), made.one("Record", "ingress-alias")):
        assert "Listener ingress-https" in sender.depends_on, "ACM may take half an hour, or never come to an end"


def test_without_a_domain_http_serves_and_nothing_of_tls_exists() -> None:
    made = ingress()
    (listener,) = made.all("Listener")
    assert (listener.name, listener.inputs["protocol"], listener.inputs["port"]) == ("ingress-http", "HTTP", 80)
    assert not {"certificateArn", "sslPolicy"} & set(listener.inputs)
    assert not {"Certificate", "CertificateValidation", "Record"} & {resource.kind for resource in made.resources}


@pytest.mark.parametrize(("domain", "serving"), [({}, "ingress-http"), (DOMAIN, "ingress-https")])
def test_until_a_service_adds_its_rule_the_site_is_unavailable_and_not_unknown(
    domain: dict[str, str], serving: str
) -> None:
    action = default_action(ingress(**domain), serving)
    assert action["type"] == "fixed-response"
    assert action["fixedResponse"]["statusCode"] == "503", "a 404 makes search engines forget a page"


def test_a_domain_that_comes_later_changes_the_http_listener_and_replaces_nothing() -> None:
    before, after = ({(r.type, r.name) for r in made.resources} for made in (ingress(), with_domain()))
    assert before < after


def test_the_certificate_is_validated_by_a_record_in_the_sites_own_zone() -> None:
    made = with_domain()
    certificate, record_ = made.one("Certificate").inputs, made.one("Record", "ingress-validation").inputs
    assert (certificate["domainName"], certificate["validationMethod"]) == ("www.example.com", "DNS")
    assert certificate["keyAlgorithm"] == "RSA_2048"
    assert (record_["name"], record_["type"]) == ("_check.www.example.com.", "CNAME")
    assert record_["records"] == ["_check.acm-validations.aws."]
    assert record_["zoneId"] == "Z0123456789ABCDEFGHIJ"
    assert made.one("CertificateValidation").inputs["validationRecordFqdns"] == ["_check.www.example.com"]


def test_a_leftover_of_a_killed_update_is_taken_over_but_no_strangers_record() -> None:
    made = with_domain()
    assert made.one("Record", "ingress-validation").inputs["allowOverwrite"] is True
    assert "allowOverwrite" not in made.one("Record", "ingress-alias").inputs


def test_the_domain_leads_to_the_load_balancer() -> None:
    inputs = with_domain().one("Record", "ingress-alias").inputs
    assert (inputs["name"], inputs["type"], inputs["zoneId"]) == ("www.example.com", "A", "Z0123456789ABCDEFGHIJ")
    assert inputs["aliases"] == [
        {"name": f"ingress.{REGION}.example", "zoneId": "Z14GRHDCWA56QT", "evaluateTargetHealth": False}
    ]


def test_a_domain_without_its_zone_is_refused_before_a_plain_http_site_is_made() -> None:
    with pytest.raises(ValueError, match=r"domain is www\.example\.com, zone_id is not given; allowed is the id"):
        ingress(domain="www.example.com")


def test_access_logs_go_to_a_bucket_that_lets_them_in_already() -> None:
    balancer = ingress().one("LoadBalancer")
    assert balancer.inputs["accessLogs"] == {"bucket": "ingress-logs-bucket", "enabled": True}
    assert "BucketPolicy ingress-logs" in balancer.depends_on, "AWS writes a first file while it makes a load balancer"


def test_only_load_balancers_of_this_account_write_and_only_below_its_number() -> None:
    (delivery,) = [statement for statement in statements(ingress()) if statement["Effect"] == "Allow"]
    assert delivery["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    assert delivery["Action"] == ["s3:PutObject"]
    assert delivery["Resource"] == f"arn:aws:s3:::ingress-logs-bucket/AWSLogs/{ACCOUNT}/*"
    assert delivery["Condition"] == {
        "ArnLikeIfExists": {"aws:SourceArn": f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/*"}
    }


def test_the_logs_are_read_and_written_over_tls_only() -> None:
    (refusal,) = [statement for statement in statements(ingress()) if statement["Effect"] == "Deny"]
    assert refusal["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert refusal["Resource"] == ["arn:aws:s3:::ingress-logs-bucket", "arn:aws:s3:::ingress-logs-bucket/*"]


def test_the_logs_are_closed_to_the_public_before_anybody_may_write() -> None:
    made = ingress()
    block = made.one("BucketPublicAccessBlock").inputs
    assert {
        block[key] for key in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    } == {True}
    assert made.one("BucketOwnershipControls").inputs["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    assert {"BucketPublicAccessBlock ingress-logs", "BucketOwnershipControls ingress-logs"} <= set(
        made.one("BucketPolicy").depends_on
    )


def test_the_logs_are_encrypted_with_the_only_key_that_the_load_balancer_can_use() -> None:
    (rule,) = ingress().one("BucketServerSideEncryptionConfiguration").inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}


def test_the_logs_expire_and_leave_no_parts_behind() -> None:
    (rule,) = ingress(access_log_retention_days=400).one("BucketLifecycleConfiguration").inputs["rules"]
    assert rule["status"] == "Enabled"
    assert rule["filter"] == {"prefix": ""}, "a narrower rule would keep some for ever"
    assert rule["expiration"] == {"days": 400}
    assert rule["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}


@pytest.mark.parametrize("protect", [True, False])
def test_a_destroy_that_is_allowed_does_not_stop_at_the_logs(protect: bool) -> None:
    assert ingress(protect=protect).one("Bucket").inputs["forceDestroy"] is True


@pytest.mark.parametrize(
    ("domain", "url", "listener"),
    [({}, f"http://ingress.{REGION}.example", "ingress-http"), (DOMAIN, "https://www.example.com", "ingress-https")],
)
def test_what_a_service_and_a_visitor_need_is_given_out(domain: dict[str, str], url: str, listener: str) -> None:
    balancing, part = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}", "0123456789abcdef"
    assert ingress(**domain).registered_outputs["ingress"] == {
        "securityGroupId": "ingress-id",
        "listenerArn": f"{balancing}:listener/app/{listener}/{part}/{part}",
        "loadBalancerArn": f"{balancing}:loadbalancer/app/ingress/{part}",
        "loadBalancerArnSuffix": "app/ingress/0123456789abcdef",
        "dnsName": f"ingress.{REGION}.example",
        "url": url,
    }

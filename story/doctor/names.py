"""The site's name: in its zone, and as this machine resolves it."""

import socket
from collections.abc import Iterator, Sequence

from aws.client import Json, items, part
from story.doctor.certificate import domain_of
from story.doctor.context import DoctorContext
from story.doctor.finding import Finding, Severity, ok, unknown

DNS = "dns"
ADDRESS_RECORDS = ("A", "AAAA", "CNAME")
RECORDS = 10
"""More records of one name than there are types of addresses."""


def evaluate_records(domain: str, records: Sequence[Json], load_balancer: str) -> Finding:
    """Whether the zone sends the name to the load balancer.

    Args:
        domain: Host name of the site.
        records: Records of the zone, from this name on.
        load_balancer: Its DNS name.
    """
    own = [
        one
        for one in records
        if _plain(str(one.get("Name", ""))) == _plain(domain) and one.get("Type") in ADDRESS_RECORDS
    ]
    if not own:
        return _error(domain, "the hosted zone has no address record of this name", "nobody finds the site")
    leads_to = {_plain(name) for record in own for name in _targets(record)}
    if _plain(load_balancer) in leads_to:
        return ok(DNS, domain, "the hosted zone sends the name to the load balancer")
    return _error(
        domain,
        f"the hosted zone sends the name to {', '.join(sorted(leads_to)) or 'nothing'}, not to {load_balancer}",
        "visitors get to something else",
    )


def evaluate_resolved(domain: str, of_domain: Sequence[str] | None, of_balancer: Sequence[str] | None) -> Finding:
    """Whether a resolver gives the name the load balancer's addresses.

    Args:
        domain: Host name of the site.
        of_domain: Addresses of the name; None if it did not resolve.
        of_balancer: Addresses of the load balancer; None if it did not resolve.
    """
    if of_balancer is None:
        return unknown(DNS, domain, "its addresses: this machine cannot resolve the load balancer's name either")
    if of_domain is None:
        return Finding(
            area=DNS,
            subject=domain,
            severity=Severity.ERROR,
            what="this machine's resolver does not know the name, although it knows the load balancer's",
            why="nobody finds the site, if other resolvers say the same",
            fix="the registrar must name the zone's name servers, which `aws route53 get-hosted-zone` lists",
        )
    if set(of_domain) & set(of_balancer):
        return ok(DNS, domain, "this machine resolves the name to the load balancer")
    return Finding(
        area=DNS,
        subject=domain,
        severity=Severity.NOTE,
        what=f"this machine resolves the name to {', '.join(sorted(of_domain)[:3])}, not to the load balancer",
        why="a CDN in front of it is well; another zone or an old answer is not",
        fix="`dig +trace` shows who answers; an old answer goes with its TTL",
    )


def check_zone(context: DoctorContext) -> Iterator[Finding]:
    """The record in the hosted zone."""
    domain, zone, balancer = domain_of(context), context.output("zone"), context.output("loadBalancer")
    if domain and zone and balancer:
        answer = context.aws.call(
            "route53",
            "list_resource_record_sets",
            HostedZoneId=zone,
            StartRecordName=domain,
            MaxItems=str(RECORDS),
        )
        yield evaluate_records(domain, items(answer, "ResourceRecordSets"), balancer)


def check_resolution(context: DoctorContext) -> Iterator[Finding]:
    """The name, as this machine resolves it."""
    domain, balancer = domain_of(context), context.output("loadBalancer")
    if domain and balancer:
        yield evaluate_resolved(domain, _addresses(domain), _addresses(balancer))


def _addresses(name: str) -> Sequence[str] | None:
    try:
        found = socket.getaddrinfo(name, 443, type=socket.SOCK_STREAM)
    except OSError:
        return None
    return sorted({str(one[4][0]) for one in found})


def _targets(record: Json) -> Iterator[str]:
    alias = part(record, "AliasTarget").get("DNSName")
    if alias:
        yield str(alias)
    for one in items(record, "ResourceRecords"):
        yield str(one.get("Value", ""))


def _plain(name: str) -> str:
    """A name without what Route 53 and its console add to it:
    docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-alias.html"""
    return name.lower().rstrip(".").removeprefix("dualstack.")


def _error(domain: str, what: str, why: str) -> Finding:
    fix = "`pulumi up` puts the record back"
    return Finding(area=DNS, subject=domain, severity=Severity.ERROR, what=what, why=why, fix=fix)

"""The site's domain: its record in the hosted zone, and its resolution on this machine."""

import socket
from collections.abc import Iterator, Sequence

from aws.client import Json, items, part
from story.doctor.certificate import domain_of
from story.doctor.context import DoctorContext
from story.doctor.finding import Finding, Severity, ok, unknown

DNS = "dns"
ADDRESS_RECORDS = ("A", "AAAA", "CNAME")
RECORDS = 10
"""Number of records to read; there are fewer address records of a name."""


def evaluate_records(domain: str, records: Sequence[Json], load_balancer: str) -> Finding:
    """Whether the record in the hosted zone points to the load balancer.

    Args:
        domain: Host name of the site.
        records: Records of the zone, starting with this name.
        load_balancer: Its DNS name.
    """
    own = [
        one
        for one in records
        if _plain(str(one.get("Name", ""))) == _plain(domain) and one.get("Type") in ADDRESS_RECORDS
    ]
    if not own:
        return _error(
            domain, "the hosted zone has no address record of this name", "visitors cannot resolve the domain"
        )
    targets = {_plain(name) for record in own for name in _targets(record)}
    if _plain(load_balancer) in targets:
        return ok(DNS, domain, "the record in the hosted zone points to the load balancer")
    return _error(
        domain,
        f"the record in the hosted zone points to {', '.join(sorted(targets)) or 'nothing'}, not to {load_balancer}",
        "visitors do not reach the site",
    )


def evaluate_resolved(domain: str, of_domain: Sequence[str] | None, of_balancer: Sequence[str] | None) -> Finding:
    """Whether this machine resolves the domain to the load balancer.

    Args:
        domain: Host name of the site.
        of_domain: Addresses of the domain; None if it did not resolve.
        of_balancer: Addresses of the load balancer; None if it did not resolve.
    """
    if of_balancer is None:
        return unknown(DNS, domain, "its addresses: this machine cannot resolve the name of the load balancer either")
    if of_domain is None:
        return Finding(
            area=DNS,
            subject=domain,
            severity=Severity.ERROR,
            what="this machine cannot resolve the domain, although it can resolve the load balancer",
            why="if this is so for other resolvers, visitors cannot reach the site",
            fix="at the registrar, enter the zone's name servers, which `aws route53 get-hosted-zone` lists",
        )
    if set(of_domain) & set(of_balancer):
        return ok(DNS, domain, "this machine resolves the domain to the load balancer")
    return Finding(
        area=DNS,
        subject=domain,
        severity=Severity.NOTE,
        what=f"this machine resolves the domain to {', '.join(sorted(of_domain)[:3])}, not to the load balancer",
        why="that is expected with a CDN, but not with another hosted zone or an outdated DNS response",
        fix="`dig +trace` shows which name server responds; an outdated response expires with its TTL",
    )


def check_zone(context: DoctorContext) -> Iterator[Finding]:
    """The record in the hosted zone."""
    domain, zone, balancer = domain_of(context), context.output("zone"), context.output("loadBalancer")
    if domain and zone and balancer:
        response = context.aws.call(
            "route53",
            "list_resource_record_sets",
            HostedZoneId=zone,
            StartRecordName=domain,
            MaxItems=str(RECORDS),
        )
        yield evaluate_records(domain, items(response, "ResourceRecordSets"), balancer)


def check_resolution(context: DoctorContext) -> Iterator[Finding]:
    """The resolution of the domain on this machine."""
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
    """A name without the parts that Route 53 and its console add:
    docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-alias.html"""
    return name.lower().rstrip(".").removeprefix("dualstack.")


def _error(domain: str, what: str, why: str) -> Finding:
    fix = "run `pulumi up` to restore the record"
    return Finding(area=DNS, subject=domain, severity=Severity.ERROR, what=what, why=why, fix=fix)

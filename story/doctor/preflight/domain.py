"""The site's domain: its hosted zone, the delegation to it, conflicting records, and CAA records."""

import re
from collections.abc import Callable, Iterator, Sequence

from botocore.exceptions import ClientError

from aws.client import Json, items, part
from aws.errors import is_not_found
from story.doctor.finding import Finding, Severity, ok, unknown
from story.doctor.preflight.subject import Lookup, Subject

DOMAIN = "domain"
AMAZON = ("amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com")
"""Names of Amazon's certificate authority: docs.aws.amazon.com/acm/latest/userguide/setup-caa.html"""
ADDRESS_RECORDS = ("A", "AAAA", "CNAME")
RECORD = "aws:route53/record:Record"
CAA = re.compile(r'(?P<flags>\d+)\s+(?P<tag>\S+)\s+"(?P<value>[^"]*)"')
MOST_RECORDS = 10
"""Number of records to read; there are fewer address records of a name."""
ZONE_SETTING = "set ingress.zone_id to the ID of the public hosted zone of the domain"


def evaluate_zone(domain: str, zone_id: str, response: Json | None) -> Finding:
    """Whether the hosted zone can have the site's records.

    Args:
        domain: `ingress.domain`.
        zone_id: `ingress.zone_id`.
        response: Response of GetHostedZone; None if there is no such zone.
    """
    zone = part(response, "HostedZone")
    name = _plain(str(zone.get("Name", "")))
    if response is None:
        return _error(
            domain, f"the hosted zone {zone_id} does not exist", "the records cannot be created", ZONE_SETTING
        )
    if part(zone, "Config").get("PrivateZone"):
        why = "the domain cannot be resolved outside its VPCs, and the certificate is never issued"
        return _error(domain, f"the hosted zone {zone_id} ({name}) is private", why, ZONE_SETTING)
    if not _is_in(domain, name):
        why = "Route 53 rejects records outside the zone: InvalidChangeBatch"
        return _error(domain, f"the hosted zone {zone_id} is for {name}", why, ZONE_SETTING)
    return ok(DOMAIN, domain, f"the hosted zone {name} is public")


def evaluate_delegation(domain: str, zone: str, of_zone: Sequence[str], resolved: Sequence[str]) -> Finding:
    """Whether the domain is delegated to the hosted zone.

    Args:
        domain: `ingress.domain`.
        zone: Name of the hosted zone.
        of_zone: Its name servers.
        resolved: The name servers in the public DNS.
    """
    own, found = {_plain(one) for one in of_zone}, {_plain(one) for one in resolved}
    if own & found:
        return ok(DOMAIN, domain, f"{zone} is delegated to the hosted zone")
    what = f"the name servers of {zone} are {', '.join(sorted(found))}" if found else f"{zone} has no name servers"
    return _error(
        domain,
        f"in the DNS, {what}; the zone is not delegated to this hosted zone",
        "ACM never finds the validation record of the certificate: the update waits for an hour, and fails",
        f"at the registrar, or in the parent zone, enter the name servers {', '.join(sorted(own))}",
    )


def evaluate_records(domain: str, records: Sequence[Json], *, is_owned: bool | None) -> Finding:
    """Whether a record conflicts with the site's.

    Args:
        domain: `ingress.domain`.
        records: Records of the zone, starting with this name.
        is_owned: Whether the stack's state has the site's record; None if the state could not be read.
    """
    kinds = sorted({str(one.get("Type")) for one in records if _plain(str(one.get("Name", ""))) == _plain(domain)})
    conflicting = [kind for kind in kinds if kind in ADDRESS_RECORDS]
    if not conflicting:
        return ok(DOMAIN, domain, "no record conflicts with the site's")
    what = f"the zone has {' and '.join(conflicting)} of this name"
    if is_owned:
        return ok(DOMAIN, domain, f"{what}, which belongs to this stack")
    if is_owned is None:
        return unknown(
            DOMAIN, domain, f"whether the record belongs to this stack ({what}): its state could not be read"
        )
    return _error(
        domain,
        what,
        "the update fails at the end, when it creates its own record: InvalidChangeBatch, it already exists",
        "delete it just before the update (the site that it points to becomes unreachable), or run `pulumi import`",
    )


def evaluate_authorities(domain: str, at: str, records: Sequence[str]) -> Finding:
    """Whether Amazon may issue a certificate.

    Args:
        domain: `ingress.domain`.
        at: The name whose CAA records apply; "" if there are none.
        records: These records, as text.
    """
    found = [match for match in map(CAA.fullmatch, records) if match]
    issuers = [_plain(one["value"].partition(";")[0].strip()) for one in found if one["tag"].lower() == "issue"]
    if not issuers or set(issuers) & set(AMAZON):
        return ok(DOMAIN, domain, "the CAA records allow Amazon" if issuers else "no CAA record restricts certificates")
    return _error(
        domain,
        f"the CAA records of {at} allow only {', '.join(sorted(filter(None, issuers))) or 'no one'}",
        "ACM cannot issue the certificate: the update waits for an hour, and fails with CAA_ERROR",
        f'add a CAA record at {at}: 0 issue "amazon.com"',
    )


def authorities(domain: str, lookup: Lookup) -> tuple[str, Sequence[str]]:
    """The CAA records that apply to a name: its own, else those of the closest parent that has any.

    Source: www.rfc-editor.org/rfc/rfc8659#section-3
    """
    labels = _plain(domain).split(".")
    for first in range(len(labels)):
        name = ".".join(labels[first:])
        if records := lookup(name, "CAA"):
            return name, records
    return "", ()


def check_zone(subject: Subject) -> Iterator[Finding]:
    """The hosted zone, and the delegation to it."""
    for domain, zone_id in _domains(subject):
        response = _zone(subject, zone_id)
        finding = evaluate_zone(domain, zone_id, response)
        yield finding
        if finding.severity is Severity.OK:
            zone = _plain(str(part(response, "HostedZone").get("Name", "")))
            servers = [str(one) for one in part(response, "DelegationSet").get("NameServers") or ()]
            yield evaluate_delegation(domain, zone, servers, subject.lookup(zone, "NS"))


def check_records(subject: Subject) -> Iterator[Finding]:
    """The records of the domain in the hosted zone."""
    for domain, zone_id in _domains(subject):
        response = _records(subject, domain, zone_id)
        if response is None:
            continue
        is_owned = _plain(domain) in {_plain(one) for one in subject.owned.names(RECORD, "name")}
        yield evaluate_records(
            domain,
            items(response, "ResourceRecordSets"),
            is_owned=is_owned if subject.owned.is_known else None,
        )


def check_authorities(subject: Subject) -> Iterator[Finding]:
    """The CAA records."""
    for domain, _ in _domains(subject):
        at, records = authorities(domain, subject.lookup)
        yield evaluate_authorities(domain, at, records)


def _domains(subject: Subject) -> list[tuple[str, str]]:
    """Each domain of the stack, and its hosted zone."""
    return sorted(
        {
            (str(one.inputs["name"]), str(one.inputs["zoneId"]))
            for one in subject.planned.all(RECORD)
            if one.inputs.get("type") in ADDRESS_RECORDS and not str(one.inputs["name"]).startswith("_")
        }
    )


def _zone(subject: Subject, zone_id: str) -> Json | None:
    return _unless_missing(lambda: subject.aws.call("route53", "get_hosted_zone", Id=zone_id))


def _records(subject: Subject, domain: str, zone_id: str) -> Json | None:
    """The records of a zone, starting with a name; None if the zone does not exist, which its own check reports."""
    request = {"HostedZoneId": zone_id, "StartRecordName": domain, "MaxItems": str(MOST_RECORDS)}
    return _unless_missing(lambda: subject.aws.call("route53", "list_resource_record_sets", **request))


def _unless_missing(call: Callable[[], Json]) -> Json | None:
    try:
        return call()
    except ClientError as error:
        if is_not_found(error):
            return None
        raise


def _is_in(domain: str, zone: str) -> bool:
    return _plain(domain) == zone or _plain(domain).endswith(f".{zone}")


def _plain(name: str) -> str:
    """A name in lower case, without the dot at its end."""
    return name.lower().rstrip(".")


def _error(subject: str, what: str, why: str, fix: str) -> Finding:
    return Finding(area=DOMAIN, subject=subject, severity=Severity.ERROR, what=what, why=why, fix=fix)

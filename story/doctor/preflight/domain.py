"""The site's domain: its hosted zone, the delegation to it, the records in the way, and who may issue certificates."""

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
"""More records of one name than there are types of addresses."""
ZONE_SETTING = "ingress.zone_id: the id of the public hosted zone of the domain"


def evaluate_zone(domain: str, zone_id: str, answer: Json | None) -> Finding:
    """Whether the hosted zone can hold the site's records.

    Args:
        domain: `ingress.domain`.
        zone_id: `ingress.zone_id`.
        answer: Of GetHostedZone; None if there is no such zone.
    """
    zone = part(answer, "HostedZone")
    name = _plain(str(zone.get("Name", "")))
    if answer is None:
        return _error(domain, f"there is no hosted zone {zone_id}", "the records cannot be made", ZONE_SETTING)
    if part(zone, "Config").get("PrivateZone"):
        why = "nobody outside its VPCs finds the site, and the certificate is never issued"
        return _error(domain, f"the hosted zone {zone_id} ({name}) is a private one", why, ZONE_SETTING)
    if not _is_in(domain, name):
        why = "Route 53 refuses records that are not of the zone: InvalidChangeBatch"
        return _error(domain, f"the hosted zone {zone_id} is of {name}", why, ZONE_SETTING)
    return ok(DOMAIN, domain, f"the hosted zone {name} is public")


def evaluate_delegation(domain: str, zone: str, of_zone: Sequence[str], resolved: Sequence[str]) -> Finding:
    """Whether the world finds the hosted zone.

    Args:
        domain: `ingress.domain`.
        zone: Name of the hosted zone.
        of_zone: Its name servers.
        resolved: The name servers that the public DNS has for the name.
    """
    wanted, found = {_plain(one) for one in of_zone}, {_plain(one) for one in resolved}
    if wanted & found:
        return ok(DOMAIN, domain, f"{zone} is delegated to the hosted zone")
    what = f"sends {zone} to {', '.join(sorted(found))}" if found else f"knows no name servers of {zone}"
    return _error(
        domain,
        f"the DNS, as this machine resolves it, {what}; it is not delegated to this hosted zone",
        "the certificate's validation record is never found: the update waits for it for an hour, and fails",
        f"at the registrar, or in the zone above: the name servers {', '.join(sorted(wanted))}",
    )


def evaluate_records(domain: str, records: Sequence[Json], *, is_owned: bool | None) -> Finding:
    """Whether a record is in the way of the site's.

    Args:
        domain: `ingress.domain`.
        records: Records of the zone, from this name on.
        is_owned: Whether the stack's state records the site's own; None if the state could not be read.
    """
    kinds = sorted({str(one.get("Type")) for one in records if _plain(str(one.get("Name", ""))) == _plain(domain)})
    in_the_way = [kind for kind in kinds if kind in ADDRESS_RECORDS]
    if not in_the_way:
        return ok(DOMAIN, domain, "no record is in the way of the site's")
    told = f"the zone has {' and '.join(in_the_way)} of this name"
    if is_owned:
        return ok(DOMAIN, domain, f"{told}, which is this stack's")
    if is_owned is None:
        return unknown(DOMAIN, domain, f"whether the record is this stack's ({told}): its state was not read")
    return _error(
        domain,
        told,
        "the update ends at its own record, after everything else: InvalidChangeBatch, it already exists",
        "delete it just before the update (visitors lose the site that it leads to), or `pulumi import` it",
    )


def evaluate_authorities(domain: str, at: str, records: Sequence[str]) -> Finding:
    """Whether Amazon may issue a certificate.

    Args:
        domain: `ingress.domain`.
        at: The name whose CAA records count; "" if there are none.
        records: These records, as text.
    """
    found = [match for match in map(CAA.fullmatch, records) if match]
    issuers = [_plain(one["value"].partition(";")[0].strip()) for one in found if one["tag"].lower() == "issue"]
    if not issuers or set(issuers) & set(AMAZON):
        return ok(DOMAIN, domain, "CAA records allow Amazon's certificates" if issuers else "no CAA record forbids any")
    return _error(
        domain,
        f"the CAA records of {at} allow only {', '.join(sorted(filter(None, issuers))) or 'nobody'}",
        "ACM issues no certificate: the update waits for it for an hour, and fails with CAA_ERROR",
        f'one more CAA record at {at}: 0 issue "amazon.com"',
    )


def authorities(domain: str, lookup: Lookup) -> tuple[str, Sequence[str]]:
    """The CAA records that count for a name: its own, else those of the nearest name above that has any.

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
        answer = _zone(subject, zone_id)
        finding = evaluate_zone(domain, zone_id, answer)
        yield finding
        if finding.severity is Severity.OK:
            zone = _plain(str(part(answer, "HostedZone").get("Name", "")))
            servers = [str(one) for one in part(answer, "DelegationSet").get("NameServers") or ()]
            yield evaluate_delegation(domain, zone, servers, subject.lookup(zone, "NS"))


def check_records(subject: Subject) -> Iterator[Finding]:
    """The records of the name in the hosted zone."""
    for domain, zone_id in _domains(subject):
        answer = _records(subject, domain, zone_id)
        if answer is None:
            continue
        is_owned = _plain(domain) in {_plain(one) for one in subject.owned.names(RECORD, "name")}
        yield evaluate_records(
            domain,
            items(answer, "ResourceRecordSets"),
            is_owned=is_owned if subject.owned.is_known else None,
        )


def check_authorities(subject: Subject) -> Iterator[Finding]:
    """Who may issue certificates."""
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
    return _if_there(lambda: subject.aws.call("route53", "get_hosted_zone", Id=zone_id))


def _records(subject: Subject, domain: str, zone_id: str) -> Json | None:
    """The records of a zone from a name on; None if there is no such zone, which the check of the zone says."""
    asked = {"HostedZoneId": zone_id, "StartRecordName": domain, "MaxItems": str(MOST_RECORDS)}
    return _if_there(lambda: subject.aws.call("route53", "list_resource_record_sets", **asked))


def _if_there(ask: Callable[[], Json]) -> Json | None:
    try:
        return ask()
    except ClientError as error:
        if is_not_found(error):
            return None
        raise


def _is_in(domain: str, zone: str) -> bool:
    return _plain(domain) == zone or _plain(domain).endswith(f".{zone}")


def _plain(name: str) -> str:
    """A name without its last dot, in small letters."""
    return name.lower().rstrip(".")


def _error(subject: str, what: str, why: str, fix: str) -> Finding:
    return Finding(area=DOMAIN, subject=subject, severity=Severity.ERROR, what=what, why=why, fix=fix)

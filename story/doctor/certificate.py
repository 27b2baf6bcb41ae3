"""The certificate of the site: issued, renewed in time, and for the site's name."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from aws.client import Json, part
from story.doctor.context import DoctorContext
from story.doctor.finding import Finding, Severity, ok, unknown

CERTIFICATE = "certificate"
WARN_BEFORE = timedelta(days=30)
ALMOST_OVER = timedelta(days=7)
WHY = "browsers refuse the site when it is over"
VALIDATION = "docs.aws.amazon.com/acm/latest/userguide/troubleshooting-renewal.html"


def evaluate_state(domain: str, certificate: Json) -> Finding:
    """Whether it is issued."""
    status = str(certificate.get("Status", ""))
    if status == "ISSUED":
        return ok(CERTIFICATE, domain, "the certificate is issued")
    return Finding(
        area=CERTIFICATE,
        subject=domain,
        severity=Severity.ERROR,
        what=f"the certificate is {status or 'in no known state'}",
        why="browsers refuse the site",
        fix="put its validation record back with `pulumi up`; why it was not issued: "
        "docs.aws.amazon.com/acm/latest/userguide/troubleshooting.html",
    )


def evaluate_days(domain: str, certificate: Json, now: datetime) -> Finding:
    """Whether it lasts. ACM begins to renew sixty days before the end, so that the last thirty are late:
    docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html"""
    end = cast(datetime | None, certificate.get("NotAfter"))
    if end is None:
        return unknown(CERTIFICATE, domain, "how long the certificate lasts: ACM does not tell")
    left = end - now
    if left > WARN_BEFORE:
        return ok(CERTIFICATE, domain, f"the certificate lasts {left.days} more days")
    told = f"ends in {left.days} days" if left > timedelta() else "is over"
    return Finding(
        area=CERTIFICATE,
        subject=domain,
        severity=Severity.WARNING if left > ALMOST_OVER else Severity.ERROR,
        what=f"the certificate {told} ({end:%Y-%m-%d}), and ACM has not renewed it",
        why=WHY,
        fix=f"the validation record must be in the zone: `pulumi up`; {VALIDATION}",
    )


def evaluate_renewal(domain: str, certificate: Json) -> Finding | None:
    """How its renewal stands; None where there is nothing to say."""
    renewal = part(certificate, "RenewalSummary")
    status = str(renewal.get("RenewalStatus", ""))
    if certificate.get("RenewalEligibility") == "INELIGIBLE" and certificate.get("InUseBy"):
        return unknown(CERTIFICATE, domain, "the renewal: ACM says that it will not renew this certificate")
    if status not in ("FAILED", "PENDING_VALIDATION"):
        return None
    told = str(renewal.get("RenewalStatusReason") or "")
    return Finding(
        area=CERTIFICATE,
        subject=domain,
        severity=Severity.ERROR if status == "FAILED" else Severity.WARNING,
        what=f"its renewal is {status}{f' ({told})' if told else ''}",
        why=WHY,
        fix=f"put its validation record back with `pulumi up`; {VALIDATION}",
    )


def evaluate_names(domain: str, certificate: Json) -> Finding:
    """Whether it is for the site's name."""
    named = cast(Sequence[str], certificate.get("SubjectAlternativeNames") or ())
    names = list(dict.fromkeys([str(certificate.get("DomainName", "")), *named]))
    if any(covers(name, domain) for name in names):
        return ok(CERTIFICATE, domain, "the certificate is for this name")
    return Finding(
        area=CERTIFICATE,
        subject=domain,
        severity=Severity.ERROR,
        what=f"the certificate is for {', '.join(filter(None, names)) or 'no name'}",
        why="browsers refuse the site",
        fix="`pulumi up` makes one for ingress.domain",
    )


def covers(name: str, domain: str) -> bool:
    """Whether a certificate's name fits a host name; `*.` stands for one label:
    docs.aws.amazon.com/acm/latest/userguide/acm-concepts.html"""
    if name.startswith("*."):
        return domain.lower().partition(".")[2] == name[2:].lower()
    return domain.lower() == name.lower()


def domain_of(context: DoctorContext) -> str:
    """The host name of the site; "" without a domain of its own."""
    url = context.output("url")
    return url.removeprefix("https://").partition("/")[0] if url.startswith("https://") else ""


def check_stack(context: DoctorContext) -> Iterator[Finding]:
    """The certificate."""
    arn, domain = context.output("certificate"), domain_of(context)
    if not (arn and domain):
        yield Finding(
            area=CERTIFICATE,
            severity=Severity.NOTE,
            what="the site has no domain and no certificate, and speaks plain HTTP",
            why="fit for a trial only",
            fix="ingress.domain and ingress.zone_id in the stack's file, then `pulumi up`",
        )
        return
    answer: Any = context.aws.call("acm", "describe_certificate", CertificateArn=arn)
    certificate = part(answer, "Certificate")
    yield evaluate_state(domain, certificate)
    if certificate.get("Status") == "ISSUED":
        yield evaluate_days(domain, certificate, context.now)
    yield evaluate_names(domain, certificate)
    renewal = evaluate_renewal(domain, certificate)
    if renewal:
        yield renewal

"""The certificate of the site: whether it is issued, renewed in time, and covers the site's domain."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from aws.client import Json, part
from story.doctor.context import DoctorContext
from story.doctor.finding import Finding, Severity, ok, unknown

CERTIFICATE = "certificate"
WARN_BEFORE = timedelta(days=30)
ERROR_BEFORE = timedelta(days=7)
WHY = "browsers refuse the site when the certificate has expired"
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
        what=f"the certificate is {status or 'in an unknown state'}",
        why="browsers refuse the site",
        fix="run `pulumi up` to restore its validation record; for other reasons see "
        "docs.aws.amazon.com/acm/latest/userguide/troubleshooting.html",
    )


def evaluate_expiry(domain: str, certificate: Json, now: datetime) -> Finding:
    """Whether it expires soon. ACM starts to renew it sixty days before, so less than thirty days left is late:
    docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html"""
    end = cast(datetime | None, certificate.get("NotAfter"))
    if end is None:
        return unknown(CERTIFICATE, domain, "when the certificate expires: ACM returns no date")
    left = end - now
    if left > WARN_BEFORE:
        return ok(CERTIFICATE, domain, f"the certificate is valid for {left.days} more days")
    state = f"expires in {left.days} days" if left > timedelta() else "has expired"
    return Finding(
        area=CERTIFICATE,
        subject=domain,
        severity=Severity.WARNING if left > ERROR_BEFORE else Severity.ERROR,
        what=f"the certificate {state} ({end:%Y-%m-%d}), and ACM has not renewed it",
        why=WHY,
        fix=f"run `pulumi up` to restore its validation record; see {VALIDATION}",
    )


def evaluate_renewal(domain: str, certificate: Json) -> Finding | None:
    """The state of its renewal; None if there is no problem."""
    renewal = part(certificate, "RenewalSummary")
    status = str(renewal.get("RenewalStatus", ""))
    if certificate.get("RenewalEligibility") == "INELIGIBLE" and certificate.get("InUseBy"):
        return unknown(CERTIFICATE, domain, "the renewal: ACM reports this certificate as ineligible for renewal")
    if status not in ("FAILED", "PENDING_VALIDATION"):
        return None
    detail = str(renewal.get("RenewalStatusReason") or "")
    return Finding(
        area=CERTIFICATE,
        subject=domain,
        severity=Severity.ERROR if status == "FAILED" else Severity.WARNING,
        what=f"its renewal is {status}{f' ({detail})' if detail else ''}",
        why=WHY,
        fix=f"run `pulumi up` to restore its validation record; see {VALIDATION}",
    )


def evaluate_names(domain: str, certificate: Json) -> Finding:
    """Whether it covers the site's domain."""
    named = cast(Sequence[str], certificate.get("SubjectAlternativeNames") or ())
    names = list(dict.fromkeys([str(certificate.get("DomainName", "")), *named]))
    if any(covers(name, domain) for name in names):
        return ok(CERTIFICATE, domain, "the certificate covers this domain")
    return Finding(
        area=CERTIFICATE,
        subject=domain,
        severity=Severity.ERROR,
        what=f"the certificate covers only {', '.join(filter(None, names)) or 'no domain'}",
        why="browsers refuse the site",
        fix="run `pulumi up` to create one for ingress.domain",
    )


def covers(name: str, domain: str) -> bool:
    """Whether a domain name of a certificate covers a host name; `*.` stands for one label:
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
            what="the site has no domain and no certificate, and is served over HTTP",
            why="suitable for a trial only",
            fix="set ingress.domain and ingress.zone_id in the stack file, then run `pulumi up`",
        )
        return
    response: Any = context.aws.call("acm", "describe_certificate", CertificateArn=arn)
    certificate = part(response, "Certificate")
    yield evaluate_state(domain, certificate)
    if certificate.get("Status") == "ISSUED":
        yield evaluate_expiry(domain, certificate, context.now)
    yield evaluate_names(domain, certificate)
    renewal = evaluate_renewal(domain, certificate)
    if renewal:
        yield renewal

"""All checks of a stack, side by side. What one of them cannot do takes none of the others along."""

import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from aws.errors import EXPIRED, CredentialsExpiredError, code_of, in_one_line, reason
from story.doctor import (
    alarms,
    backups,
    certificate,
    drift,
    events,
    exec_checks,
    images,
    names,
    quotas,
    restarts,
    routes,
    secrets,
    targets,
)
from story.doctor.finding import CannotCheckError, Finding, ServiceGoneError, in_order, unknown
from story.doctor.patient import Patient

AT_ONCE = 8
LONGEST_SECONDS = 90.0
"""A check that takes longer is given up, such as a resolver that nobody answers."""

Step = Callable[[str, int, int], None]
"""Told of each check that ended: its area, how many ended, how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing to look at.

    Attributes:
        area: What it belongs to.
        subject: The service; "" for the stack.
        title: What it is about, for people.
        look: Looks, and says what it finds.
    """

    area: str
    subject: str = ""
    title: str
    look: Callable[[], Iterable[Finding]]


def checks_of(patient: Patient) -> list[Check]:
    """Every check of a stack and of its services that are looked at."""
    found = [
        Check(area="exec", title="ECS Exec", look=partial(exec_checks.look_at_stack, patient)),
        Check(area="exec", title="the plugin", look=partial(exec_checks.look_at_plugin, patient)),
        Check(
            area="secrets", title="its secrets", subject="migration", look=partial(secrets.look_at_migration, patient)
        ),
        Check(area="certificate", title="the certificate", look=partial(certificate.look_at_stack, patient)),
        Check(area="dns", title="the record of the name", look=partial(names.look_at_zone, patient)),
        Check(area="dns", title="the name from here", look=partial(names.look_from_here, patient)),
        Check(area="alarms", title="the alarms", look=partial(alarms.look_at_alarms, patient)),
        Check(area="alarms", title="the topics", look=partial(alarms.look_at_topics, patient)),
        Check(area="events", title="the deliveries of its events", look=partial(events.look_at_deliveries, patient)),
        Check(area="network", title="the way to S3", look=partial(routes.look_at_s3, patient)),
        Check(area="quotas", title=quotas.FARGATE_VCPU.name, look=partial(quotas.look_at_vcpu, patient)),
        Check(area="quotas", title=quotas.SPOT_VCPU.name, look=partial(quotas.look_at_spot, patient)),
        Check(area="quotas", title=quotas.INTERFACES.name, look=partial(quotas.look_at_interfaces, patient)),
        Check(area="quotas", title=quotas.RULES.name, look=partial(quotas.look_at_rules, patient)),
        Check(area="backups", title="the backups", look=partial(backups.look_at_stack, patient)),
    ]
    if exec_checks.is_on(patient):
        found += [
            Check(area="exec", title="the way to ssmmessages", look=partial(exec_checks.look_at_way_out, patient)),
            Check(area="exec", title="the key", look=partial(exec_checks.look_at_key, patient)),
            Check(area="exec", title="the record of sessions", look=partial(exec_checks.look_at_record, patient)),
        ]
    return [*found, *(check for name in patient.names for check in _of_service(patient, name))]


def examine(
    checks: Sequence[Check], step: Step, *, longest_seconds: float = LONGEST_SECONDS, debug: bool = False
) -> list[Finding]:
    """What all checks find, the worst first.

    Args:
        checks: What to look at.
        step: Told of each check that ended.
        longest_seconds: After that the checks that still go on are given up.
        debug: Raise an unexpected error of a check, where it is else a finding.

    Raises:
        aws.errors.CredentialsExpiredError: The credentials are no longer valid.
    """
    waiting: queue.SimpleQueue[Check] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[Check, list[Finding] | Exception]] = queue.SimpleQueue()
    for check in checks:
        waiting.put(check)
    # Ctrl-C does not wait for daemons; those of a pool would be waited for.
    for _ in range(min(AT_ONCE, len(checks))):
        threading.Thread(target=_work, args=(waiting, done, debug), daemon=True).start()
    found: list[Finding] = []
    open_checks, deadline = list(checks), time.monotonic() + longest_seconds
    while open_checks:
        try:
            check, result = done.get(timeout=max(0.01, deadline - time.monotonic()))
        except queue.Empty:
            late = [unknown(one.area, one.subject, f"{one.title}: no answer in time") for one in open_checks]
            return in_order([*found, *late])
        if isinstance(result, Exception):
            raise result
        open_checks.remove(check)
        found += result
        step(check.area, len(checks) - len(open_checks), len(checks))
    return in_order(found)


def _of_service(patient: Patient, name: str) -> Iterable[Check]:
    looks = {
        ("drift", "the service"): drift.look_at_service,
        ("image", "its images"): images.look_at_service,
        ("secrets", "its secrets"): secrets.look_at_service,
        ("secrets", "the age of its secrets"): secrets.look_at_age,
        ("targets", "its targets"): targets.look_at_service,
        ("restarts", "its stopped tasks"): restarts.look_at_service,
    }
    if exec_checks.is_on(patient):
        looks |= {
            ("exec", "whether it has ECS Exec"): exec_checks.look_at_service,
            ("exec", "the agents"): exec_checks.look_at_tasks,
            ("exec", "the task role"): exec_checks.look_at_rights,
        }
    for (area, title), look in looks.items():
        yield Check(area=area, subject=name, title=title, look=partial(look, patient, name))


def _work(
    waiting: "queue.SimpleQueue[Check]",
    done: "queue.SimpleQueue[tuple[Check, list[Finding] | Exception]]",
    debug: bool,
) -> None:
    while True:
        try:
            check = waiting.get_nowait()
        except queue.Empty:
            return
        try:
            done.put((check, _found(check, debug)))
        except Exception as error:
            done.put((check, error))


def _found(check: Check, debug: bool) -> list[Finding]:
    """What a check finds; where it fails, that it could not be made, beside what it found before.

    Raises:
        aws.errors.CredentialsExpiredError: The credentials are no longer valid.
    """
    found: list[Finding] = []
    try:
        for finding in check.look():
            found.append(finding)
    except ClientError as error:
        if code_of(error) in EXPIRED:
            raise CredentialsExpiredError(in_one_line(error)) from None
        found.append(unknown(check.area, check.subject, f"{check.title}: {reason(error)}"))
    except ServiceGoneError:
        pass
    except (BotoCoreError, CannotCheckError) as error:
        found.append(unknown(check.area, check.subject, f"{check.title}: {reason(error)}"))
    except Exception as error:
        # Also a key that an answer of AWS lacks: which of the two it is, only the traceback shows.
        if debug:
            raise
        fault = " ".join(f"{type(error).__name__}: {error}".split())
        told = f"a fault of this program, not of your stack ({fault}); `story --debug doctor` shows where"
        found.append(unknown(check.area, check.subject, f"{check.title}: {told}"))
    return found

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
from story.doctor.context import DoctorContext
from story.doctor.finding import CannotCheckError, Finding, ServiceGoneError, in_order, unknown

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
        run: Makes the check, and returns what it finds.
    """

    area: str
    subject: str = ""
    title: str
    run: Callable[[], Iterable[Finding]]


def checks_of(context: DoctorContext) -> list[Check]:
    """Every check of a stack and of its services that are looked at."""
    found = [
        Check(area="exec", title="ECS Exec", run=partial(exec_checks.check_stack, context)),
        Check(area="exec", title="the plugin", run=partial(exec_checks.check_plugin, context)),
        Check(area="secrets", title="its secrets", subject="migration", run=partial(secrets.check_migration, context)),
        Check(area="certificate", title="the certificate", run=partial(certificate.check_stack, context)),
        Check(area="dns", title="the record of the name", run=partial(names.check_zone, context)),
        Check(area="dns", title="the name from here", run=partial(names.check_resolution, context)),
        Check(area="alarms", title="the alarms", run=partial(alarms.check_alarms, context)),
        Check(area="alarms", title="the topics", run=partial(alarms.check_topics, context)),
        Check(area="events", title="the deliveries of its events", run=partial(events.check_deliveries, context)),
        Check(area="network", title="the way to S3", run=partial(routes.check_s3, context)),
        Check(area="quotas", title=quotas.FARGATE_VCPU.name, run=partial(quotas.check_vcpu, context)),
        Check(area="quotas", title=quotas.SPOT_VCPU.name, run=partial(quotas.check_spot, context)),
        Check(area="quotas", title=quotas.INTERFACES.name, run=partial(quotas.check_interfaces, context)),
        Check(area="quotas", title=quotas.RULES.name, run=partial(quotas.check_rules, context)),
        Check(area="backups", title="the backups", run=partial(backups.check_stack, context)),
    ]
    if exec_checks.is_on(context):
        found += [
            Check(area="exec", title="the way to ssmmessages", run=partial(exec_checks.check_way_out, context)),
            Check(area="exec", title="the key", run=partial(exec_checks.check_key, context)),
            Check(area="exec", title="the record of sessions", run=partial(exec_checks.check_record, context)),
        ]
    return [*found, *(check for name in context.names for check in _of_service(context, name))]


def examine(checks: Sequence[Check], step: Step, *, longest_seconds: float = LONGEST_SECONDS) -> list[Finding]:
    """What all checks find, the worst first.

    Args:
        checks: What to look at.
        step: Told of each check that ended.
        longest_seconds: After that the checks that still go on are given up.

    Raises:
        aws.errors.CredentialsExpiredError: The credentials are no longer valid.
    """
    waiting: queue.SimpleQueue[Check] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[Check, list[Finding] | Exception]] = queue.SimpleQueue()
    for check in checks:
        waiting.put(check)
    # Ctrl-C does not wait for daemons; those of a pool would be waited for.
    for _ in range(min(AT_ONCE, len(checks))):
        threading.Thread(target=_work, args=(waiting, done), daemon=True).start()
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


def _of_service(context: DoctorContext, name: str) -> Iterable[Check]:
    checks = {
        ("drift", "the service"): drift.check_service,
        ("image", "its images"): images.check_service,
        ("secrets", "its secrets"): secrets.check_service,
        ("secrets", "the age of its secrets"): secrets.check_age,
        ("targets", "its targets"): targets.check_service,
        ("restarts", "its stopped tasks"): restarts.check_service,
    }
    if exec_checks.is_on(context):
        checks |= {
            ("exec", "whether it has ECS Exec"): exec_checks.check_service,
            ("exec", "the agents"): exec_checks.check_tasks,
            ("exec", "the task role"): exec_checks.check_permissions,
        }
    for (area, title), check in checks.items():
        yield Check(area=area, subject=name, title=title, run=partial(check, context, name))


def _work(
    waiting: "queue.SimpleQueue[Check]", done: "queue.SimpleQueue[tuple[Check, list[Finding] | Exception]]"
) -> None:
    while True:
        try:
            check = waiting.get_nowait()
        except queue.Empty:
            return
        try:
            done.put((check, _found(check)))
        except Exception as error:
            done.put((check, error))


def _found(check: Check) -> list[Finding]:
    """What a check finds; where it fails, that it could not be made, beside what it found before.

    Raises:
        aws.errors.CredentialsExpiredError: The credentials are no longer valid.
    """
    found: list[Finding] = []
    try:
        for finding in check.run():
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
        told = f"AWS's answer has another form than expected ({type(error).__name__}: {error})"
        found.append(unknown(check.area, check.subject, f"{check.title}: {told}"))
    return found

"""Runs all checks of a stack in parallel. If one of them fails, the others still count."""

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
"""Maximum time for all checks. A check that is still running then, such as one that waits for a DNS server, is given
up."""

Step = Callable[[str, int, int], None]
"""Called after each check with its area, the number of checks that have ended, and the number of all checks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check.

    Attributes:
        area: Area of the stack: `exec`, `image`, `secrets` and so on.
        subject: The service; "" for the stack.
        title: What it checks, for messages.
        run: Makes the check, and returns what it finds.
    """

    area: str
    subject: str = ""
    title: str
    run: Callable[[], Iterable[Finding]]


def checks_of(context: DoctorContext) -> list[Check]:
    """Every check of a stack and of its selected services."""
    found = [
        Check(area="exec", title="ECS Exec", run=partial(exec_checks.check_stack, context)),
        Check(area="exec", title="the Session Manager plugin", run=partial(exec_checks.check_plugin, context)),
        Check(area="secrets", title="its secrets", subject="migration", run=partial(secrets.check_migration, context)),
        Check(area="certificate", title="the certificate", run=partial(certificate.check_stack, context)),
        Check(area="dns", title="the record of the domain", run=partial(names.check_zone, context)),
        Check(area="dns", title="the resolution of the domain", run=partial(names.check_resolution, context)),
        Check(area="alarms", title="the alarms", run=partial(alarms.check_alarms, context)),
        Check(area="alarms", title="the topics", run=partial(alarms.check_topics, context)),
        Check(area="events", title="the delivery of events", run=partial(events.check_deliveries, context)),
        Check(area="network", title="the route to S3", run=partial(routes.check_s3, context)),
        Check(area="quotas", title=quotas.FARGATE_VCPU.name, run=partial(quotas.check_vcpu, context)),
        Check(area="quotas", title=quotas.SPOT_VCPU.name, run=partial(quotas.check_spot, context)),
        Check(area="quotas", title=quotas.INTERFACES.name, run=partial(quotas.check_interfaces, context)),
        Check(area="quotas", title=quotas.RULES.name, run=partial(quotas.check_rules, context)),
        Check(area="backups", title="the backups", run=partial(backups.check_stack, context)),
    ]
    if exec_checks.is_on(context):
        found += [
            Check(area="exec", title="the route to ssmmessages", run=partial(exec_checks.check_route, context)),
            Check(area="exec", title="the key", run=partial(exec_checks.check_key, context)),
            Check(area="exec", title="the log of sessions", run=partial(exec_checks.check_log, context)),
        ]
    return [*found, *(check for name in context.names for check in _of_service(context, name))]


def examine(
    checks: Sequence[Check], step: Step, *, longest_seconds: float = LONGEST_SECONDS, debug: bool = False
) -> list[Finding]:
    """The findings of all checks, the most severe first.

    Args:
        checks: The checks.
        step: Called after each check.
        longest_seconds: Maximum time for all of them; checks that are still running then are given up.
        debug: Raise an unexpected error of a check instead of reporting it as a finding.

    Raises:
        aws.errors.CredentialsExpiredError: The credentials are no longer valid.
    """
    waiting: queue.SimpleQueue[Check] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[Check, list[Finding] | Exception]] = queue.SimpleQueue()
    for check in checks:
        waiting.put(check)
    # Ctrl-C does not wait for daemon threads; it would wait for the threads of a pool.
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
            ("exec", "its setting of ECS Exec"): exec_checks.check_service,
            ("exec", "the agents"): exec_checks.check_tasks,
            ("exec", "the task role"): exec_checks.check_permissions,
        }
    for (area, title), check in checks.items():
        yield Check(area=area, subject=name, title=title, run=partial(check, context, name))


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
    """The findings of a check; if it fails, they end with one that says that it could not be completed.

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
        # It may also be a key that a response of AWS does not have; only the traceback shows which of the two it is.
        if debug:
            raise
        fault = " ".join(f"{type(error).__name__}: {error}".split())
        message = f"a fault of this program, not of your stack ({fault}); `story --debug doctor` shows where"
        found.append(unknown(check.area, check.subject, f"{check.title}: {message}"))
    return found

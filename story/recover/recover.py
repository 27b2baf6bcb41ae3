"""`story recover`: repairs a stack after an update that was killed, or that failed because log groups already exist."""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from aws.client import Client
from aws.errors import reason
from settings.project import project_name
from story.engine.pulumi_command import PulumiCommand, PulumiError, heartbeat, state_text
from story.exit_codes import ExitCode
from story.image_given import KEEPING, any_image, releasing
from story.recover.account import Account, account_of
from story.recover.decisions import Choices, Decision, Outcome, PendingLookups, adopted_ids
from story.recover.leftovers import decide_on_log_group, missing_log_groups
from story.recover.locks import Lock, locks_of
from story.recover.lookups_network import close_security_group
from story.recover.state_file import StateFile

SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
VERBS = {"creating": "create", "updating": "update", "deleting": "delete", "reading": "read", "importing": "import"}
READY_TIMEOUT_SECONDS = 45 * 60
"""Longer than the creation of an Aurora or Valkey cluster takes."""
READY_POLL_SECONDS = 15


class RecoverError(Exception):
    """The repair cannot continue; the message is one line for the user."""


class UsageError(RecoverError):
    """An argument names something that does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to repair, and how.

    Attributes:
        stack: Name of the stack, short or in full (`organization/story/dev`).
        project: Folder of Pulumi.yaml.
        config_file: Settings of the stack, if they are not in that folder.
        yes: Repair without confirmation.
        force: Repair although the lock's process runs on this machine.
        choices: What the user decided for single operations (`--adopt`, `--forget`).
        backups: Folder for the backup of the state; None is `.local/recover` in the project.
    """

    stack: str
    project: Path
    config_file: Path | None = None
    yes: bool = False
    force: bool = False
    choices: Choices = field(default_factory=Choices)
    backups: Path | None = None

    @property
    def short_name(self) -> str:
        """The stack's name without organization and project."""
        return self.stack.rsplit("/", 1)[-1]

    @property
    def project_name(self) -> str:
        """The project's name."""
        parts = self.stack.split("/")
        return parts[1] if len(parts) == 3 else project_name(self.project)


def run(request: Request) -> int:
    """Show the interrupted operations, ask for confirmation, and repair the stack; returns the exit code.

    0: repaired, or nothing to repair. 1: not repaired; the last line says why. 2: only shown, or wrong usage.
    """
    try:
        return _Repair(request).run()
    except (PulumiError, RecoverError, OSError) as error:
        print(f"story recover: {error}", file=sys.stderr)
        return ExitCode.WRONG_USAGE if isinstance(error, UsageError) else ExitCode.FAILED
    except (BotoCoreError, ClientError) as error:
        print(f"story recover: AWS: {reason(error)}", file=sys.stderr)
        return ExitCode.FAILED


class _Repair:
    def __init__(self, request: Request) -> None:
        self._request = request
        self._pulumi = PulumiCommand(
            stack=request.stack, project=request.project, config_file=_existing(request.config_file)
        )
        self._accounts: dict[tuple[str | None, str | None], Account] = {}

    def run(self) -> int:
        request = self._request
        backend = self._pulumi.backend_url()
        state = StateFile(self._pulumi.export())
        locks = locks_of(backend, request.project_name, request.short_name)
        if not (locks or state.pending or state.unread):
            self._check(state)
            return self._adopt_log_groups(state, locks)
        self._check(state)
        self._pulumi.check_secrets()
        print(f"Stack {request.short_name}, state in {backend}")
        _show_locks(locks)
        alive = [lock for lock in locks or () if lock.is_alive_here]
        if alive and not request.force:
            raise RecoverError(
                f"process {alive[0].pid} is running on this machine, so its update is still in progress: wait until it "
                "ends, or press Ctrl-C there once (use --force if that process is not the update)"
            )
        lookups = PendingLookups(
            state=state,
            since=min((lock.since for lock in locks or ()), default=None),
            choices=request.choices,
            aws_of=lambda provider: self._aws(state, provider),
        )
        decisions = _decide_all(state, lookups)
        if any(decision.outcome is Outcome.UNDECIDED for decision in decisions):
            raise RecoverError(_undecided_line(decisions, request.short_name))
        if not request.yes and not _confirmed(locks, state):
            print("Nothing was changed. `story recover --yes` repairs without confirmation.")
            return ExitCode.WRONG_USAGE
        return self._repair(state, locks, lookups, decisions)

    def _adopt_log_groups(self, state: StateFile, locks: Sequence[Lock] | None) -> int:
        """Add log groups to the state that AWS created again after the last stack of this name was destroyed.

        A stack without a region in its state was never updated, so it has no component that they could belong to.
        """
        name = self._request.short_name
        if not state.region:
            print(
                f"{name} has {_nothing(locks)} and no resources in AWS, so no log groups were checked; update it "
                "first, and run this again if the update fails because a log group already exists."
            )
            return ExitCode.OK
        print(f"{name} has {_nothing(locks)}; checking for log groups that the next update would create", flush=True)
        # No log group depends on the image, but a preview of a stack without one needs a value.
        environment = KEEPING if state.has_image else releasing(any_image(state.region))
        with heartbeat("running pulumi preview"):
            steps = self._pulumi.planned(environment)
        planned = StateFile(state.document, missing_log_groups(steps, state))
        found = [decide_on_log_group(self._aws(state, one.provider), one, state) for one in planned.pending]
        decisions = [decision for decision in found if decision]
        if not decisions:
            print(f"{name} is in order: {_nothing(locks)}, no leftover log group found; nothing to repair.")
            return ExitCode.OK
        self._pulumi.check_secrets()
        print(f"{_number(len(decisions), 'log group')} that the next update would create:")
        for decision in decisions:
            print(f"  {decision.outcome:<9}  {decision.pending.label}: {decision.text}", flush=True)
        if any(decision.outcome is Outcome.UNDECIDED for decision in decisions):
            raise RecoverError(
                "nothing was changed, because some of them may not belong to this stack: see the lines above and "
                "docs/recover.md"
            )
        if not self._request.yes and not _confirmed_log_groups():
            print("Nothing was changed. `story recover --yes` adds them without confirmation.")
            return ExitCode.WRONG_USAGE
        lookups = PendingLookups(state=planned, since=None, choices=Choices(), aws_of=lambda urn: self._aws(state, urn))
        return self._repair(planned, [], lookups, decisions)

    def _check(self, state: StateFile) -> None:
        choices = self._request.choices
        for name in choices.unknown(state):
            raise UsageError(f"{name} is not an interrupted creation; --adopt and --forget accept only those")
        for name in choices.ambiguous(state):
            urns = ", ".join(pending.urn for pending in state.creates if pending.name == name)
            raise UsageError(f"{name} is the name of several interrupted creations; give the URN: {urns}")

    def _aws(self, state: StateFile, provider_urn: str) -> Client:
        provider = state.provider(provider_urn)
        location = (provider.region, provider.profile)
        if location not in self._accounts:
            self._accounts[location] = account_of(*location)
        account = self._accounts[location]
        if state.account_id not in (None, account.id):
            raise RecoverError(
                f"these credentials belong to account {account.id}, and the stack is in account {state.account_id}"
            )
        return account.aws

    def _repair(
        self, state: StateFile, locks: Sequence[Lock] | None, lookups: PendingLookups, decisions: list[Decision]
    ) -> int:
        backup = self._save(state.document, "before")
        print(f"- saved the state before the repair: {backup} (its secrets are encrypted)", flush=True)
        if self._pulumi.export() != state.document:
            raise RecoverError(
                "the state has changed since it was read, so an update is still running. Nothing was repaired"
            )
        self._unlock(locks)
        _wait_until_ready(lookups, decisions)
        adopted = adopted_ids(decisions)
        self._close_groups(state, decisions)
        if state.pending:
            self._replace(state.repaired(adopted))
            for decision in decisions:
                if decision.outcome is Outcome.ADOPT:
                    print(f"- added {decision.pending.label} to the state: {decision.id}", flush=True)
            if interrupted := len(StateFile(state.document).pending):
                print(f"- cleared {_number(interrupted, 'interrupted operation')}", flush=True)
        print("- reading every resource of the stack from AWS (pulumi refresh)", flush=True)
        try:
            self._pulumi.refresh()
        except PulumiError as error:
            back = f"pulumi stack import --stack {self._request.stack} --file {backup}"
            raise RecoverError(
                f"{error}. Run this command again, or restore the state from before the repair: {back}"
            ) from None
        after = StateFile(self._pulumi.export())
        lost = sorted(set(adopted) - set(after.ids(list(adopted))))
        if lost:
            raise RecoverError(f"exists in AWS, but `pulumi refresh` did not find it: {', '.join(lost)}")
        print(f"Repaired. Next: {_next(after, self._request.short_name)}")
        return ExitCode.OK

    def _close_groups(self, state: StateFile, decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            if decision.outcome is Outcome.ADOPT and decision.pending.type == SECURITY_GROUP:
                aws = self._aws(state, decision.pending.provider)
                if close_security_group(aws, decision.id):
                    print(f"- {decision.pending.label}: removed the rule that allows all outbound traffic", flush=True)

    def _unlock(self, locks: Sequence[Lock] | None) -> None:
        if locks is None:
            try:
                self._pulumi.cancel()
            except PulumiError as error:
                print(f"- no lock removed ({error})", flush=True)
                return
        elif locks:
            self._pulumi.cancel()
        else:
            return
        print("- removed the lock", flush=True)

    def _replace(self, document: Mapping[str, object]) -> None:
        file = self._save(document, "repaired")
        try:
            self._pulumi.import_state(file)
        finally:
            file.unlink()

    def _save(self, document: Mapping[str, object], what: str) -> Path:
        """A file that only its owner can read."""
        folder = self._request.backups or self._request.project / ".local" / "recover"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{self._request.short_name}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{what}.json"
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
            opened.write(state_text(document))
        return file


def _decide_all(state: StateFile, lookups: PendingLookups) -> list[Decision]:
    if not state.pending:
        print("No operation was interrupted.")
        return []
    print(f"{_number(len(state.pending), 'interrupted operation')}; checking what exists in AWS:", flush=True)
    decisions: list[Decision] = []
    for pending in state.pending:
        decision = lookups.decide(pending)
        decisions.append(decision)
        print(f"  {VERBS.get(pending.kind, pending.kind):<6}  {pending.label}: {decision.text}", flush=True)
    return decisions


def _show_locks(locks: Sequence[Lock] | None) -> None:
    if locks is None:
        print("Lock: this state backend does not show who holds it")
    elif not locks:
        print("Lock: none")
    for lock in locks or ():
        age = int((datetime.now(UTC) - lock.since).total_seconds() // 60)
        print(f"Lock: {lock} ({_number(age, 'minute')} ago)")


def _confirmed(locks: Sequence[Lock] | None, state: StateFile) -> bool:
    if not sys.stdin.isatty():
        return False
    if locks or locks is None:
        print(
            "The lock prevents two updates from running at once. If that update still runs (in a CI job, on a "
            "colleague's machine), removing the lock can lose the record of what it creates. Check there first."
        )
    if state.creates:
        print("Nothing is deleted in AWS. Objects that exist become resources of the stack.")
    return _answered_yes("Are you sure that the update has ended? Repair the stack?")


def _confirmed_log_groups() -> bool:
    if not sys.stdin.isatty():
        return False
    print("They become resources of the stack with their contents; the next update sets their retention.")
    return _answered_yes("Add them to the stack?")


def _answered_yes(question: str) -> bool:
    try:
        return input(f"{question} [y/N] ").strip().lower() == "y"
    except (EOFError, KeyboardInterrupt):
        print()
        return False


def _wait_until_ready(lookups: PendingLookups, decisions: Sequence[Decision]) -> None:
    """An update of an object that AWS is still creating would fail."""
    deadline = time.monotonic() + READY_TIMEOUT_SECONDS
    for decision in decisions:
        if decision.ready:
            continue
        label = decision.pending.label
        print(f"- waiting until AWS has created {label}", flush=True)
        with heartbeat(f"waiting for {label}"):
            while not lookups.is_ready(decision):
                if time.monotonic() > deadline:
                    raise RecoverError(f"{label} is not ready after {READY_TIMEOUT_SECONDS // 60} minutes; try again")
                time.sleep(READY_POLL_SECONDS)


def _undecided_line(decisions: Sequence[Decision], stack: str) -> str:
    names = [decision.pending.name for decision in decisions if decision.outcome is Outcome.UNDECIDED]
    return (
        f"nothing was changed, because {_number(len(names), 'operation')} needs your decision: "
        f"{', '.join(names)}. Check in AWS, delete an unused duplicate and run this again; or run "
        f"`story recover --stack {stack}` with `--adopt NAME=ID` for an object that belongs to the stack, and with "
        "`--forget NAME` if none was created (docs/recover.md)"
    )


def _next(state: StateFile, stack: str) -> str:
    if not state.has_image:
        return (
            f"STORY_IMAGE=<repository>@sha256:<digest> pulumi up --stack {stack}\n"
            "(with the image: no update of this stack has succeeded yet, so none is recorded)"
        )
    return (
        f"pulumi up --stack {stack}\n(with STORY_IMAGE=<repository>@sha256:<digest> in front it continues an "
        "interrupted release; without it the last good image stays)"
    )


def _nothing(locks: Sequence[Lock] | None) -> str:
    return "no interrupted operation" if locks is None else "no lock, no interrupted operation"


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _existing(file: Path | None) -> Path | None:
    if file is not None and not file.is_file():
        raise UsageError(f"there is no file {file}")
    return file

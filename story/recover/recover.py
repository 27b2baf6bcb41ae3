"""`story recover`: repairs a stack whose update was killed, or failed because of log groups that were left over."""

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
from story.engine.pulumi_command import PulumiCommand, PulumiError, explained, heartbeat
from story.exit_codes import ExitCode
from story.image_given import KEEPING, any_image, releasing
from story.recover.account import Account, account_of
from story.recover.findings import Choices, Finding, Looker, Outcome, settled
from story.recover.leftovers import look_for_leftover, missing_log_groups
from story.recover.locks import Lock, locks_of
from story.recover.lookups_network import close_security_group
from story.recover.state_file import State

SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
VERBS = {"creating": "create", "updating": "update", "deleting": "delete", "reading": "read", "importing": "import"}
READY_TIMEOUT_SECONDS = 45 * 60
"""The longest that an Aurora or Valkey cluster takes, and a good deal more."""
READY_POLL_SECONDS = 15


class RecoverError(Exception):
    """The repair cannot go on; the message is the one line to show."""


class UsageError(RecoverError):
    """The command was called with something that is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to repair, and how.

    Attributes:
        stack: Name of the stack, short or in full (`organization/story/dev`).
        project: Folder of Pulumi.yaml.
        config_file: Settings of the stack, if they are not in that folder.
        yes: Repair without asking.
        force: Repair although the lock's process runs on this machine.
        choices: What a person decided on single operations.
        backups: Folder for the state as it was.
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
    """Shows what was cut off, asks, and repairs; returns the exit code.

    0: repaired, or there was nothing to repair. 1: not repaired; the last line says why. 2: shown only, or wrong usage.
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
        state = State(self._pulumi.export())
        locks = locks_of(backend, request.project_name, request.short_name)
        if not (locks or state.pending or state.unread):
            self._check(state)
            return self._take_leftovers(state, locks)
        self._check(state)
        self._pulumi.check_secrets()
        print(f"Stack {request.short_name}, state in {backend}")
        _show_locks(locks)
        alive = [lock for lock in locks or () if lock.is_alive_here]
        if alive and not request.force:
            raise RecoverError(
                f"process {alive[0].pid} is alive on this machine, so its update still runs: wait for its end, or "
                "press Ctrl-C there once (--force if that process is not the update any more)"
            )
        looker = Looker(
            state=state,
            since=min((lock.since for lock in locks or ()), default=None),
            choices=request.choices,
            aws_of=lambda provider: self._aws(state, provider),
        )
        findings = _look(state, looker)
        if any(finding.outcome is Outcome.UNSETTLED for finding in findings):
            raise RecoverError(_by_hand(findings, request.short_name))
        if not request.yes and not _agreed(locks, state):
            print("Nothing was changed. `story recover --yes` repairs without asking.")
            return ExitCode.WRONG_USAGE
        return self._repair(state, locks, looker, findings)

    def _take_leftovers(self, state: State, locks: Sequence[Lock] | None) -> int:
        """Take log groups into the state that AWS made anew after the last stack of this name was destroyed.

        A stack without a region in its state was never updated: there is nothing yet that they could belong to.
        """
        name = self._request.short_name
        if not state.region:
            print(
                f"{name} has {_nothing(locks)} and no resources in AWS, so nothing was looked for there; update it "
                "first, and run this again if the update stops at a log group that exists."
            )
            return ExitCode.OK
        print(f"{name} has {_nothing(locks)}; checking for log groups that the next update would create", flush=True)
        # No log group hangs on the image; a preview of a stack that has none yet needs one all the same.
        environment = KEEPING if state.has_image else releasing(any_image(state.region))
        with heartbeat("looking"):
            steps = self._pulumi.planned(environment)
        planned = State(state.document, missing_log_groups(steps, state))
        looks = [look_for_leftover(self._aws(state, one.provider), one, state) for one in planned.pending]
        findings = [found for found in looks if found]
        if not findings:
            print(f"{name} is in order: {_nothing(locks)}, no leftover log group found; nothing to repair.")
            return ExitCode.OK
        self._pulumi.check_secrets()
        print(f"{_number(len(findings), 'log group')} that the next update would make:")
        for finding in findings:
            print(f"  {finding.outcome:<9}  {finding.pending.label}: {finding.text}", flush=True)
        if any(finding.outcome is Outcome.UNSETTLED for finding in findings):
            raise RecoverError(
                "nothing was changed, because not all of them are certainly this stack's: see what is said above, and "
                "docs/recover.md"
            )
        if not self._request.yes and not _agreed_to_take():
            print("Nothing was changed. `story recover --yes` adds them without asking.")
            return ExitCode.WRONG_USAGE
        looker = Looker(state=planned, since=None, choices=Choices(), aws_of=lambda urn: self._aws(state, urn))
        return self._repair(planned, [], looker, findings)

    def _check(self, state: State) -> None:
        choices = self._request.choices
        for name in choices.unknown(state):
            raise UsageError(f"no creation of {name} was cut off; --adopt and --forget take these alone")
        for name in choices.ambiguous(state):
            urns = ", ".join(pending.urn for pending in state.creates if pending.name == name)
            raise UsageError(f"{name} is the name of several cut-off creations; give the URN: {urns}")

    def _aws(self, state: State, provider_urn: str) -> Client:
        provider = state.provider(provider_urn)
        place = (provider.region, provider.profile)
        if place not in self._accounts:
            self._accounts[place] = account_of(*place)
        account = self._accounts[place]
        if state.account_id not in (None, account.id):
            raise RecoverError(
                f"these credentials belong to account {account.id}, and the stack lives in {state.account_id}"
            )
        return account.aws

    def _repair(self, state: State, locks: Sequence[Lock] | None, looker: Looker, findings: list[Finding]) -> int:
        backup = self._save(state.document, "before")
        print(f"- saved the state as it was: {backup} (its secrets are encrypted)", flush=True)
        if self._pulumi.export() != state.document:
            raise RecoverError("the state has changed since: an update still runs. Nothing was repaired")
        self._unlock(locks)
        _wait_until_ready(looker, findings)
        adopted = settled(findings)
        self._close_groups(state, findings)
        if state.pending:
            self._replace(state.mended(adopted))
            for finding in findings:
                if finding.outcome is Outcome.ADOPT:
                    print(f"- took {finding.pending.label} into the state: {finding.id}", flush=True)
            if cut_off := len(State(state.document).pending):
                print(f"- cleared {_number(cut_off, 'interrupted operation')}", flush=True)
        print("- reading every resource of the stack from AWS (pulumi refresh)", flush=True)
        try:
            self._pulumi.refresh()
        except PulumiError as error:
            back = f"pulumi stack import --stack {self._request.stack} --file {backup}"
            raise RecoverError(f"{error}. Run this command again; or go back to the state as it was: {back}") from None
        after = State(self._pulumi.export())
        lost = sorted(set(adopted) - set(after.ids(list(adopted))))
        if lost:
            raise RecoverError(f"AWS has it, but `pulumi refresh` did not find it: {', '.join(lost)}")
        print(f"Repaired. Next: {_next(after, self._request.short_name)}")
        return ExitCode.OK

    def _close_groups(self, state: State, findings: Sequence[Finding]) -> None:
        for finding in findings:
            if finding.outcome is Outcome.ADOPT and finding.pending.type == SECURITY_GROUP:
                aws = self._aws(state, finding.pending.provider)
                if close_security_group(aws, finding.id):
                    print(f"- closed {finding.pending.label}: the kill had left it open to the outside", flush=True)

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
        file = self._save(document, "mended")
        try:
            self._pulumi.import_state(file)
        finally:
            file.unlink()

    def _save(self, document: Mapping[str, object], what: str) -> Path:
        """A file that its owner alone can read."""
        folder = self._request.backups or self._request.project / ".local" / "recover"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{self._request.short_name}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{what}.json"
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
            opened.write(explained(document))
        return file


def _look(state: State, looker: Looker) -> list[Finding]:
    if not state.pending:
        print("No operation was cut off.")
        return []
    print(f"{_number(len(state.pending), 'operation')} cut off; looking at what AWS has:", flush=True)
    findings: list[Finding] = []
    for pending in state.pending:
        finding = looker.look(pending)
        findings.append(finding)
        print(f"  {VERBS.get(pending.kind, pending.kind):<6}  {pending.label}: {finding.text}", flush=True)
    return findings


def _show_locks(locks: Sequence[Lock] | None) -> None:
    if locks is None:
        print("Lock: this state store does not show who holds it")
    elif not locks:
        print("Lock: none")
    for lock in locks or ():
        age = int((datetime.now(UTC) - lock.since).total_seconds() // 60)
        print(f"Lock: {lock} ({_number(age, 'minute')} ago)")


def _agreed(locks: Sequence[Lock] | None, state: State) -> bool:
    if not sys.stdin.isatty():
        return False
    if locks or locks is None:
        print(
            "The lock keeps two updates from writing at once. If that update still runs (in a CI job, on a colleague's "
            "machine), then without it the record of what both make gets lost. Look there first."
        )
    if state.creates:
        print("Nothing is deleted in AWS. Things that exist become resources of the stack, as the update meant them.")
    return _says_yes("Is that update certainly dead, and shall the stack be repaired?")


def _agreed_to_take() -> bool:
    if not sys.stdin.isatty():
        return False
    print("They become resources of the stack, with what is written in them; the next update sets how long it is kept.")
    return _says_yes("Add them to the stack?")


def _says_yes(question: str) -> bool:
    try:
        return input(f"{question} [y/N] ").strip().lower() == "y"
    except (EOFError, KeyboardInterrupt):
        print()
        return False


def _wait_until_ready(looker: Looker, findings: Sequence[Finding]) -> None:
    """An update of a thing that AWS is still making would fail."""
    deadline = time.monotonic() + READY_TIMEOUT_SECONDS
    for finding in findings:
        if finding.ready:
            continue
        label = finding.pending.label
        print(f"- waiting until AWS has made {label}", flush=True)
        with heartbeat(f"waiting for {label}"):
            while not looker.is_ready(finding):
                if time.monotonic() > deadline:
                    raise RecoverError(f"{label} is not ready after {READY_TIMEOUT_SECONDS // 60} minutes; try again")
                time.sleep(READY_POLL_SECONDS)


def _by_hand(findings: Sequence[Finding], stack: str) -> str:
    names = [finding.pending.name for finding in findings if finding.outcome is Outcome.UNSETTLED]
    return (
        f"nothing was changed, because {_number(len(names), 'operation')} cannot be settled without you: "
        f"{', '.join(names)}. Look in AWS, delete what is there too often and empty, and run this again; or say "
        f"`story recover --stack {stack} --adopt NAME=ID` for a thing that is the stack's, `--forget NAME` where there "
        "is none (docs/recover.md)"
    )


def _next(state: State, stack: str) -> str:
    if not state.has_image:
        return (
            f"STORY_IMAGE=<repository>@sha256:<digest> pulumi up --stack {stack}\n"
            "(with the image: no update of this stack was ever finished, so none is recorded)"
        )
    return (
        f"pulumi up --stack {stack}\n(before it STORY_IMAGE=<repository>@sha256:<digest> to go on with a release that "
        "was cut off; without it the last good image stays)"
    )


def _nothing(locks: Sequence[Lock] | None) -> str:
    return "no interrupted operation" if locks is None else "no lock, no interrupted operation"


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _existing(file: Path | None) -> Path | None:
    if file is not None and not file.is_file():
        raise UsageError(f"there is no file {file}")
    return file

"""Runs a one-off task of a release: starts it once, shows what it writes, and judges by its container's exit code."""

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from aws.client import Connect, Json, connect, items
from aws.errors import CredentialsExpiredError, NoAnswerError, in_one_line
from aws.retrying import Clock, RetryingClient, retrying_client
from release.contract import OneOffTask, StepError, revision
from release.release_metrics import MIGRATION, publish_duration
from release.step_output import LogLines, Print, StepOutput, print_line
from release.stopped_task import advice, container_named, everything_known, has_not_started, has_started, why
from release.task_log import TaskLog, stream_name

POLL_SECONDS = 1.0
LINES_IN_AN_UPDATE = 2000
"""Pulumi keeps every line of an update in memory, and shows it once more at the end."""
CAPACITY_PAUSES_SECONDS = (5, 10, 20, 30, 30)
"""Fargate says "please try again later" where it has no capacity:
docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html"""
STARTS = 3
"""Of a thousand Fargate tasks one or two fail before they start, mostly at their network interface; the next one does
not."""
UNKNOWN_SECONDS = 60
"""A task may be MISSING for a while, above all right after its start, because ECS's answers are eventually consistent:
docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html"""
LATE_LINES_SECONDS = 5.0
LAST_LOOK_SECONDS = 0.5


def run_task(
    task: OneOffTask,
    *,
    output: Print = print_line,
    shown_lines: int | None = LINES_IN_AN_UPDATE,
    connect: Connect = connect,
    clock: Clock = time,
) -> None:
    """Run a task to its end, or follow the one of the same starter that still runs.

    Exactly one task is started, whatever answers are lost. If this process is interrupted the task goes on, and the
    next call follows it.

    Args:
        task: What to run.
        output: Gets each line.
        shown_lines: Most log lines to show; None for all.
        connect: Makes the client.
        clock: The time to go by.

    Raises:
        StepError: It did not end with exit code 0 of its container. What is known was said before.
    """
    step_output = StepOutput(step=task.step, output=output, clock=clock)
    try:
        aws = retrying_client(task.location, step_output.line, connect=connect, clock=clock)
    except BotoCoreError as error:
        raise StepError(f"{task.step}: {in_one_line(error)}; no task was started") from None
    run = _Run(task=task, step_output=step_output, aws=aws, clock=clock, shown_lines=shown_lines)
    try:
        run.to_its_end()
    except CredentialsExpiredError as error:
        raise StepError(f"{task.step}: the AWS credentials are no longer valid ({error}); {run.task_status}") from None
    except NoAnswerError as error:
        raise StepError(str(error)) from None
    except (BotoCoreError, ClientError) as error:
        raise StepError(f"{task.step}: {in_one_line(error)}; {run.task_status}") from None


def say_nothing_to_migrate(task: OneOffTask) -> None:
    """Say that no migration belongs to an update without a new image."""
    print_line(f"{task.step}: no new image, so there is nothing to migrate")


NEXT = {
    "users": ["Next: no service was changed; the next update runs this task again."],
    "migration": [
        "Next: no service was changed; all still run the earlier image. What the migration changed before it",
        "      failed remains changed. Correct it so that it can run again, and release again (docs/migrations.md).",
    ],
}
"""What a person should know and do when a step failed."""


class _DidNotStartError(Exception):
    """The task ended before any of its containers ran, for a reason that may be gone the next time."""


@dataclass(slots=True, kw_only=True)
class _Run:
    task: OneOffTask
    step_output: StepOutput
    aws: RetryingClient
    clock: Clock
    shown_lines: int | None
    arn: str = ""
    deadline: float = field(default=0)

    @property
    def task_status(self) -> str:
        """What becomes of the task when nobody follows it any more."""
        if not self.arn:
            return "no task was started"
        return f"the task continues, and the next update with this image follows it: {self.arn}"

    def to_its_end(self) -> None:
        self.deadline = self.clock.monotonic() + self.task.timeout_seconds
        for start in range(1, STARTS + 1):
            self.arn = self._running_already() or self._started()
            lines = LogLines(step_output=self.step_output, shown_at_most=self.shown_lines)
            log = self._log()
            try:
                self._evaluate(self._followed(log, lines), log, lines, is_last=start == STARTS)
                return
            except _DidNotStartError as error:
                self.step_output.line(f"{_id(self.arn)} did not start ({error}); starting it again")
                self.arn = ""

    def _running_already(self) -> str:
        """The task of this release that somebody else started and did not see end; "" if there is none.

        Raises:
            StepError: A task of another release runs.
        """
        running = self._running()
        if others := [one for one in running if one.get("startedBy") != self.task.started_by]:
            raise StepError(self._occupied_by(others[0]))
        if not running:
            return ""
        arn = str(_eldest(running)["taskArn"])
        self.step_output.line(f"follows {_id(arn)}, which an earlier update started")
        self._say_how_to_follow(arn)
        return arn

    def _running(self) -> list[Json]:
        """Tasks of the family that have not ended.

        Raises:
            StepError: ECS lists a task and does not describe it, so whether it has ended is unknown.
        """
        cluster = self.task.location.cluster
        until = self.clock.monotonic() + UNKNOWN_SECONDS
        while True:
            listed = self.aws.call(
                "ecs", "list_tasks", cluster=cluster, family=self.task.family, desiredStatus="RUNNING"
            )["taskArns"]
            if not listed:
                return []
            tasks = self.aws.call("ecs", "describe_tasks", cluster=cluster, tasks=listed)["tasks"]
            unknown = sorted(set(listed) - {task["taskArn"] for task in tasks})
            if not unknown:
                return [task for task in tasks if task["lastStatus"] != "STOPPED"]
            if self.clock.monotonic() >= until:
                raise StepError(
                    f"{self.task.step}: ECS lists a task of {self.task.family} and does not say whether it has ended: "
                    f"{unknown[0]}; try again in some minutes"
                )
            self.clock.sleep(POLL_SECONDS)

    def _occupied_by(self, other: Json) -> str:
        stop = f"aws ecs stop-task --cluster {self.task.location.cluster} --task {_id(other['taskArn'])}"
        return (
            f"{self.task.step}: another task is still running, started by {other.get('startedBy') or 'a user'}: "
            f"{other['taskArn']}; wait until it ends, or stop it ({stop}), and try again"
        )

    def _started(self) -> str:
        """The task that this call started."""
        pauses = iter(CAPACITY_PAUSES_SECONDS)
        while True:
            # A token makes a repeated request harmless, and only that: where AWS answers that it started nothing, the
            # next start is another one. docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html
            request = {**_request(self.task), "clientToken": str(uuid.uuid4())}
            answer = self.aws.call("ecs", "run_task", **request)
            if answer["tasks"]:
                return self._the_only_one(answer["tasks"][0])
            reason = _reasons(answer["failures"])
            if (pause_seconds := next(pauses, None)) is None:
                raise StepError(f"{self.task.step}: ECS could not start the task: {reason}")
            self.step_output.line(f"ECS could not start the task ({reason}); trying again in {pause_seconds} s")
            self.clock.sleep(pause_seconds)

    def _the_only_one(self, started: Json) -> str:
        """The task to follow where two updates looked at the same moment, and both started one: the elder.

        Raises:
            StepError: The elder one is of another release, or the younger one may have started.
        """
        arn = str(started["taskArn"])
        running = [one for one in self._running() if one["taskArn"] != arn]
        if running and _age(elder := _eldest(running)) < _age(started):
            self._give_way(started, elder)
            arn = str(elder["taskArn"])
        self.step_output.line(f"runs {revision(self.task.task_definition)} as {_id(arn)}")
        self._say_how_to_follow(arn)
        return arn

    def _give_way(self, started: Json, elder: Json) -> None:
        """Stop the task that this call started.

        Raises:
            StepError: The elder one is of another release, or this one may have started.
        """
        arn = str(started["taskArn"])
        # RunTask's answer is older than what ECS may have done since. Without a new one the task goes on, because
        # stopping it might cut a schema change in two.
        if not has_not_started(self._seen(arn) or {}):
            raise StepError(
                f"{self.task.step}: another update started a task at the same moment, and this one may have started "
                f"its work, so both continue: {elder['taskArn']} and {arn}; wait until both have ended, and try again"
            )
        self._stop(arn, "another update started one at the same moment")
        if elder.get("startedBy") != self.task.started_by:
            raise StepError(self._occupied_by(elder))

    def _say_how_to_follow(self, arn: str) -> None:
        location, stream = self.task.location, stream_name(self.task.log_stream_prefix, self.task.container, arn)
        self.step_output.details(
            [
                f"in cluster {location.cluster}; an interrupted update does not stop it; the next one follows it",
                f"aws logs tail {self.task.log_group} --log-stream-names {stream} --follow",
            ]
        )

    def _log(self) -> TaskLog:
        stream = stream_name(self.task.log_stream_prefix, self.task.container, self.arn)
        return TaskLog(aws=self.aws, group=self.task.log_group, stream=stream)

    def _seen(self, arn: str) -> Json | None:
        """A task as it is now: empty if ECS does not know it, None if AWS does not answer."""
        answer = self.aws.try_call("ecs", "describe_tasks", cluster=self.task.location.cluster, tasks=[arn])
        found = items(answer, "tasks")
        return None if answer is None else found[0] if found else {}

    def _followed(self, log: TaskLog, lines: LogLines) -> Json:
        """The task as it is after its end.

        Raises:
            StepError: It did not end in time, or ECS does not know it any more.
        """
        status, missing_since = "", None
        while True:
            now = self._seen(self.arn)
            if now and now["lastStatus"] == "STOPPED":
                return now
            if self.clock.monotonic() >= self.deadline:
                self._say_last(log, lines)
                raise StepError(self._timed_out(now, status))
            if now:
                missing_since = None
            elif now is not None:
                missing_since = missing_since or self.clock.monotonic()
                if self.clock.monotonic() - missing_since > UNKNOWN_SECONDS:
                    raise StepError(
                        f"{self.task.step}: ECS no longer has the task, so its result is unknown: {self.arn}"
                    )
            if now and now["lastStatus"] != status:
                status = now["lastStatus"]
                self.step_output.line(status)
            _show(log, lines)
            self.step_output.heartbeat(f"{status or 'waiting for ECS to show the task'}, {lines.seen} log lines")
            self.clock.sleep(POLL_SECONDS)

    def _timed_out(self, now: Json | None, last_status: str) -> str:
        """What became of a task that did not end in time.

        Args:
            now: The task at this moment; empty or None if that is not known.
            last_status: Its status when it was last seen; "" for never.
        """
        told = f"{self.task.step}: not ended within {self.task.timeout_seconds} s, the timeout in the stack's file"
        if now and has_not_started(now):
            self._stop(self.arn, "it did not start in time")
            return f"{told}; it did not start (last status {now['lastStatus']}) and was stopped: {self.arn}"
        # Stopping a task that runs, or may run, might cut a schema change in two.
        if now:
            return f"{told}; {self.task_status}"
        return (
            f"{told}; AWS does not say whether it started (last status {last_status or 'unknown'}), so it was not "
            f"stopped: {self.arn}; the next update with this image follows it if it is still running"
        )

    def _stop(self, arn: str, reason: str) -> None:
        cluster = self.task.location.cluster
        self.aws.call("ecs", "stop_task", cluster=cluster, task=arn, reason=f"story: {reason}")

    def _evaluate(self, ended: Json, log: TaskLog, lines: LogLines, *, is_last: bool) -> None:
        """Only exit code 0 of its own container is success: where ECS has none, nobody knows what was done.

        Raises:
            StepError: It is something else.
            _DidNotStartError: It never ran, and may be started again.
        """
        code = container_named(ended, self.task.container).get("exitCode")
        if code == 0:
            _show_late_lines(self.clock, log, lines, LAST_LOOK_SECONDS)
            self.step_output.line(f"done: {self.task.container} ended with exit code 0 ({lines.seen} log lines)")
            if self.task.step == "migration":
                self._publish_duration(ended)
            return
        if not is_last and ended.get("stopCode") == "TaskFailedToStart" and not has_started(ended) and _may_pass(ended):
            raise _DidNotStartError(why(ended))
        _show_late_lines(self.clock, log, lines, LATE_LINES_SECONDS if has_started(ended) else LAST_LOOK_SECONDS)
        told = "without an exit code" if code is None else f"with exit code {code}"
        self.step_output.line(f"FAILED: {self.task.container} ended {told}")
        self.step_output.details([*everything_known(ended), *advice(ended, self.task.container)])
        self._say_last(log, lines)
        self.step_output.details(NEXT.get(self.task.step, []))
        raise StepError(f"{self.task.step}: {self.task.container} ended {told}: {why(ended)} ({self.arn})")

    def _publish_duration(self, ended: Json) -> None:
        if "createdAt" in ended and "stoppedAt" in ended:
            seconds = (ended["stoppedAt"] - ended["createdAt"]).total_seconds()
            publish_duration(self.aws, self.task.location, MIGRATION, seconds, on_error=self.step_output.line)

    def _say_last(self, log: TaskLog, lines: LogLines) -> None:
        if log.missing:
            self.step_output.details([f"no log lines: {log.missing} ({log.group}, {log.stream})"])
        elif lines.last:
            self.step_output.details(
                [f"last {len(lines.last)} of {lines.seen} log lines:", *(f"| {line}" for line in lines.last)]
            )
        else:
            self.step_output.details([f"it wrote no log lines to {log.group}, {log.stream}"])


def _request(task: OneOffTask) -> dict[str, Any]:
    """RunTask for a task, but for its token: docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html"""
    overridden = {"containerOverrides": [{"name": task.container, "command": list(task.command)}]}
    return {
        "cluster": task.location.cluster,
        "taskDefinition": task.task_definition,
        "count": 1,
        # A migration must not end with two minutes' notice, as tasks on Spot do.
        "capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}],
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": list(task.subnet_ids),
                "securityGroups": [task.security_group_id],
                "assignPublicIp": "DISABLED",
            }
        },
        "startedBy": task.started_by,
        "propagateTags": "TASK_DEFINITION",
        "enableECSManagedTags": True,
        "enableExecuteCommand": task.exec,
        **({"overrides": overridden} if task.command else {}),
    }


def _may_pass(ended: Json) -> bool:
    """Whether a task that did not start may start the next time: not if its image or its secrets are missing."""
    said = why(ended).lower()
    passing = ("network interface", "capacity", "timeout", "timed out", "internal error", "unexpected")
    return any(word in said for word in passing)


def _reasons(failures: list[dict[str, str]]) -> str:
    told = [" ".join(filter(None, (one.get("reason"), one.get("detail")))) for one in failures]
    return "; ".join(dict.fromkeys(filter(None, told))) or "it gives no reason"


def _show(log: TaskLog, lines: LogLines) -> None:
    for line in log.new_lines():
        lines.add(line)


def _show_late_lines(clock: Clock, log: TaskLog, lines: LogLines, seconds: float) -> None:
    """CloudWatch Logs gets a container's last lines up to a few seconds after its end."""
    until = clock.monotonic() + seconds
    _show(log, lines)
    while clock.monotonic() < until:
        clock.sleep(min(0.5, seconds))
        _show(log, lines)


def _eldest(tasks: list[Json]) -> Json:
    return min(tasks, key=_age)


def _age(task: Json) -> tuple[Any, str]:
    return task["createdAt"], task["taskArn"]


def _id(task_arn: str) -> str:
    return task_arn.rpartition("/")[2]

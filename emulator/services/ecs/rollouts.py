"""How a service gets from what runs to what should: rollouts, their failures, rollbacks, and replaced tasks.

- Rolling updates, and their two limits:
  https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
- https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
- https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html
- The wordings of events:
  https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
"""

import math
from datetime import datetime, timedelta
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.exceptions import ServiceException
from moto.moto_api._internal import mock_random

from emulator.services.ecs import life, stages, starting, targets
from emulator.services.ecs.clock import timetable
from emulator.services.ecs.deployments import Deployment, ServiceDeployment, threshold

SECONDS_BETWEEN_FAILURES = 0.2
# A service that fails on and on is tried ever more seldom, here from so many failures on:
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html
FAILURES_BEFORE_THROTTLING, SECONDS_WHEN_THROTTLED = 250, 60
SECONDS_TO_STOP_A_DEPLOYMENT = 0.1
# For so long alarms are watched after the old tasks are gone; AWS computes a time from the alarms.
SECONDS_OF_WATCHING_ALARMS = 0.5
MOST_EVENTS = 100

STOPPING = ("STOP_REQUESTED", "ROLLBACK_REQUESTED")
CIRCUIT_BREAKER = "the circuit breaker threshold was exceeded"
NO_CANDIDATE = "No rollback candidate was found to run the rollback."


class DeploymentProgress:
    """All that happens to one service; `settle` brings it on."""

    def __init__(self, service: Any, backend: Any) -> None:
        self.service = service
        self.backend = backend
        self.deployments: list[Deployment] = []
        self.revisions: list[Deployment] = []
        self.records: list[ServiceDeployment] = []
        self.completed: Deployment | None = None
        self._paused_until: datetime | None = None
        self._quiet_since: datetime | None = None
        self._steady = False
        self._failures_in_a_row = 0
        service.events = []

    @property
    def primary(self) -> Deployment:
        return self.deployments[0]

    @property
    def record(self) -> ServiceDeployment:
        return self.records[0]

    def begin(self, moment: datetime) -> None:
        """Start a deployment of the service as it is configured now; it displaces one that is under way."""
        if self.records and self.record.ongoing:
            status = "ROLLBACK_FAILED" if self.record.rollback else "STOPPED"
            self.record.set_status(status, moment, "Service deployment stopped because a newer one replaced it.")
        configuration = getattr(self.service, "deployment_configuration", None) or {}
        before = self._target_groups_in_use()
        number = str(mock_random.randint(10**18, 10**19 - 1))
        deployment = Deployment(
            number=number,
            task_definition=self.service.task_definition,
            revision=starting.revision(self.service, self.backend, number, moment),
            created_at=moment,
            updated_at=moment,
            target_groups=before,
        )
        if stages.in_stages(configuration) or not before:
            deployment.target_groups = targets.groups_for(self.service, before)
        deployment.set_state("IN_PROGRESS", f"ECS deployment {deployment.id} in progress.", moment)
        record = ServiceDeployment(
            number="".join(mock_random.choices("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789", k=21)),
            target=deployment,
            source=[item for item in self.deployments if item.wanted()],
            configuration=configuration,
            created_at=moment,
            updated_at=moment,
            # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html: an alarm that
            # is on at the beginning switches the watching off for the whole deployment.
            ignores_alarms=bool(self._alarms_on(configuration)),
        )
        self.deployments.insert(0, deployment)
        self.revisions.insert(0, deployment)
        self.records.insert(0, record)
        self._paused_until = self._quiet_since = None
        self._steady, self._failures_in_a_row = False, 0
        self.settle(moment)

    def settle(self, moment: datetime) -> None:
        """Do what is to be done at this moment."""
        if self.service.status != "ACTIVE" or not self.deployments:
            return
        self._register(moment)
        self._stop_unhealthy_tasks(moment)
        self._count(moment)
        self._obey_stop_request(moment)
        if self.primary.state == "IN_PROGRESS":
            self._check_for_failure(moment)
        if self.record.status == "IN_PROGRESS" and stages.in_stages(self.record.configuration):
            stages.go_on(self, moment)
        else:
            self.replace_tasks(moment)
            self._complete_if_done(moment)
        self._register(moment)
        self.deployments = [self.primary, *(item for item in self.deployments[1:] if item.living())]
        self._say_when_steady(moment)
        self.show()

    def end(self, moment: datetime) -> None:
        """Stop all tasks of a service that was deleted, whose deployments go with it."""
        for deployment in self.deployments:
            self.stop(deployment, deployment.wanted(), moment)
        self._register(moment)
        self.deployments, self.records = [], []
        self.show()

    def request_stop(self, roll_back: bool, moment: datetime) -> None:
        self.record.set_status("ROLLBACK_REQUESTED" if roll_back else "STOP_REQUESTED", moment)
        timetable(self.backend).at(moment + timedelta(seconds=SECONDS_TO_STOP_A_DEPLOYMENT), lambda _: None)

    # Tasks

    def start(self, count: int, moment: datetime) -> None:
        """Start tasks of the primary deployment, unless the last one failed just now."""
        if count <= 0 or (self._paused_until is not None and moment < self._paused_until):
            return
        try:
            started = [starting.start_task(self.service, self.backend, self.primary, moment) for _ in range(count)]
        except ServiceException as problem:
            # Its subnet, security group or task definition is gone.
            self._count_failure(str(problem.message), moment)
        else:
            self.say(f"has started {count} tasks: {_named(started)}.", moment)

    def stop(self, deployment: Deployment, tasks: list[Any], moment: datetime) -> None:
        """Stop tasks that are not wanted any more."""
        for task in tasks:
            reason = f"Scaling activity initiated by (deployment {self.deployments[0].id})"
            life.stop(task, moment, "ServiceSchedulerInitiated", reason)
            deployment.noted.add(task.id)
        if tasks:
            self.say(f"has stopped {len(tasks)} running tasks: {_named(tasks)}.", moment)

    def replace_tasks(self, moment: datetime) -> None:
        """Start tasks of the primary deployment and stop others, within the limits of a rolling update."""
        if self.primary.state == "FAILED":
            return
        configuration = getattr(self.service, "deployment_configuration", None) or {}
        desired = self.service.desired_count
        least = math.ceil(desired * configuration.get("minimumHealthyPercent", 100) / 100)
        most = math.floor(desired * configuration.get("maximumPercent", 200) / 100)
        old = [(item, task) for item in self.deployments[1:] for task in item.wanted()]
        old.sort(key=lambda pair: life.is_healthy(pair[1]))
        primary = sorted(self.primary.wanted(), key=life.is_healthy)
        self.stop(self.primary, primary[: max(len(primary) - desired, 0)], moment)
        missing = desired - len(self.primary.wanted())
        room = most - sum(len(item.living()) for item in self.deployments)
        spare = len(old) - max(desired - len(self.primary.healthy()), 0)
        if missing > max(room, 0):
            spare = max(spare, missing)
        healthy = sum(len(item.healthy()) for item in self.deployments)
        for item, task in old[: max(spare, 0)]:
            if life.is_healthy(task):
                if healthy <= least:
                    break
                healthy -= 1
            self.stop(item, [task], moment)
        self.start(min(missing, max(room, 0)), moment)

    def _stop_unhealthy_tasks(self, moment: datetime) -> None:
        for deployment in self.deployments:
            for task in deployment.wanted():
                if task.life.given_up:
                    life.stop(task, moment, "ServiceSchedulerInitiated", self._why_unhealthy(deployment, task))

    def _why_unhealthy(self, deployment: Deployment, task: Any) -> str:
        if task.life.unhealthy == task.life.target:
            return f"Task failed ELB health checks in (target-group {deployment.target_groups[0]})"
        return "Task failed container health checks"

    def _count(self, moment: datetime) -> None:
        """Count the tasks that have ended without being told to, and those that have become healthy."""
        for deployment in self.deployments:
            for task in deployment.tasks:
                mark = task.id if task.desired_status == "STOPPED" else f"healthy {task.id}"
                if mark in deployment.noted:
                    continue
                if task.desired_status == "STOPPED":
                    deployment.noted.add(mark)
                    self._count_end(deployment, task, moment)
                elif task.life.was_healthy:
                    deployment.noted.add(mark)
                    self._count_healthy(deployment)
            deployment.tasks = deployment.living()

    def _target_groups_in_use(self) -> list[str]:
        in_use = self.completed.target_groups if self.completed else []
        return in_use if len(in_use) == len(self.service.load_balancers) else []

    def _count_healthy(self, deployment: Deployment) -> None:
        self._failures_in_a_row = 0
        if deployment.state == "IN_PROGRESS" and self.record.breaker.get("resetOnHealthyTask", True):
            deployment.failed_tasks = 0

    def _count_end(self, deployment: Deployment, task: Any, moment: datetime) -> None:
        if task.stopped_reason == "Task failed container health checks":
            self.say(f"(task {task.id}) failed container health checks.", moment)
        failed = not task.life.was_healthy and task.stop_code != "UserInitiated"
        if failed and deployment is self.primary:
            self._count_failure(task.stopped_reason if task.stop_code == "TaskFailedToStart" else "", moment)
        else:
            self._pause(moment)

    def _count_failure(self, not_started: str, moment: datetime) -> None:
        """Count a failed task of the primary deployment; `not_started` is why it wasn't even started, if so."""
        if not_started:
            self.say(f"was unable to place a task. Reason: {not_started.rstrip('.')}.", moment)
        self._failures_in_a_row += 1
        if self.primary.state == "IN_PROGRESS":
            self.primary.failed_tasks += 1
            self.record.failures = self.primary.failed_tasks
            if self.primary.failed_tasks == threshold(self.service.desired_count):
                self.say("is unable to consistently start tasks successfully.", moment)
        self._pause(moment)

    def _pause(self, moment: datetime) -> None:
        """Wait a little before the next task is started."""
        throttled = self._failures_in_a_row > FAILURES_BEFORE_THROTTLING
        seconds = SECONDS_WHEN_THROTTLED if throttled else SECONDS_BETWEEN_FAILURES
        self._steady = False
        self._paused_until = moment + timedelta(seconds=seconds)
        timetable(self.backend).at(self._paused_until, lambda _: None)

    def _register(self, moment: datetime) -> None:
        for deployment in self.deployments:
            registered, failing = targets.follow(self.service, deployment)
            for arn, count in registered:
                self.say(f"registered {count} targets in (target-group {arn})", moment)
            for arn, port in failing:
                self.say(
                    f"(port {port}) is unhealthy in (target-group {arn}) due to (reason Health checks failed)", moment
                )

    # Deployments

    def _check_for_failure(self, moment: datetime) -> None:
        record = self.record
        if record.breaker and self.primary.failed_tasks >= threshold(self.service.desired_count, record.breaker):
            record.tripped = True
            self.fail("circuit breaker", "tasks failed to start", CIRCUIT_BREAKER, record.breaker, moment)
        elif record.ongoing and not record.rollback and not record.ignores_alarms:
            record.triggered = self._alarms_on(record.configuration)
            if record.triggered:
                why = f"alarm(s) {', '.join(record.triggered)} went into ALARM"
                self.fail("alarm", "alarm detected", why, record.alarms, moment)

    def _alarms_on(self, configuration: dict[str, Any]) -> list[str]:
        watched = configuration.get("alarms") or {}
        known = cloudwatch_backends[self.service._account_id][self.service.region_name].alarms
        names = watched.get("alarmNames", []) if watched.get("enable") else []
        return [name for name in names if name in known and known[name].state_value == "ALARM"]

    def _obey_stop_request(self, moment: datetime) -> None:
        asked = self.record.updated_at + timedelta(seconds=SECONDS_TO_STOP_A_DEPLOYMENT)
        if self.record.status in STOPPING and asked <= moment:
            roll_back = self.record.status == "ROLLBACK_REQUESTED"
            self.fail("stop", "stopped by user", "it was stopped by a user", {"rollback": roll_back}, moment)

    def fail(self, means: str, short: str, why: str, settings: dict[str, Any], moment: datetime) -> None:
        """The primary deployment has failed; go back to the last one that was completed, if that is wanted."""
        failed, record = self.primary, self.record
        failed.set_state("FAILED", f"ECS deployment {means}: {short}.", moment)
        self.say(f"(deployment {failed.id}) deployment failed: {short}.", moment)
        candidate = self.completed
        if record.rollback:
            record.set_status("ROLLBACK_FAILED", moment, f"The rollback failed because {why}.")
        elif not settings.get("rollback"):
            record.set_status("STOPPED", moment, f"Service deployment stopped because {why}.")
        elif candidate is None or candidate is failed:
            record.set_status("ROLLBACK_FAILED", moment, NO_CANDIDATE)
        else:
            reason = f"Service deployment rolled back because {why}."
            record.rollback = {"reason": reason, "startedAt": moment, "serviceRevisionArn": candidate.arn}
            record.set_status("ROLLBACK_IN_PROGRESS", moment, reason)
            self._return_to(candidate, means, moment)

    def _return_to(self, candidate: Deployment, means: str, moment: datetime) -> None:
        """Make an earlier deployment the primary again, with its id and what is left of its tasks."""
        self.say(f"rolling back to deployment {candidate.id}.", moment)
        reason = f"ECS deployment {means}: rolling back to deploymentId {candidate.id}."
        candidate.set_state("IN_PROGRESS", reason, moment)
        candidate.failed_tasks = 0
        self.deployments = [candidate, *(item for item in self.deployments if item is not candidate)]
        self._paused_until = self._quiet_since = None
        if stages.in_stages(self.record.configuration):
            stages.shift_back(self, candidate)

    def _complete_if_done(self, moment: datetime) -> None:
        primary = self.primary
        done = len(primary.healthy()) >= self.service.desired_count == len(primary.wanted())
        if (
            primary.state != "IN_PROGRESS"
            or self.record.status in STOPPING
            or not done
            or any(item.living() for item in self.deployments[1:])
        ):
            self._quiet_since = None
            return
        if self.record.alarms and not self.record.rollback and not self.record.ignores_alarms:
            if self._quiet_since is None:
                self._quiet_since = moment
                timetable(self.backend).at(moment + timedelta(seconds=SECONDS_OF_WATCHING_ALARMS), lambda _: None)
            if moment < self._quiet_since + timedelta(seconds=SECONDS_OF_WATCHING_ALARMS):
                return
        self.complete(moment)

    def complete(self, moment: datetime) -> None:
        primary, record = self.primary, self.record
        primary.set_state("COMPLETED", f"ECS deployment {primary.id} completed.", moment)
        self.completed = primary
        self.say(f"(deployment {primary.id}) deployment completed.", moment)
        record.weight = record.test_weight = 0 if record.rollback else 100
        if record.ongoing:
            record.set_status("ROLLBACK_SUCCESSFUL" if record.rollback else "SUCCESSFUL", moment)

    # What others see

    def say(self, text: str, moment: datetime) -> None:
        event = {
            "id": str(mock_random.uuid4()),
            "createdAt": moment,
            "message": f"(service {self.service.name}) {text}",
        }
        self.service.events = [event, *self.service.events][:MOST_EVENTS]

    def _say_when_steady(self, moment: datetime) -> None:
        complete = len(self.primary.healthy()) == self.service.desired_count == len(self.primary.living())
        if not self._steady and self.primary.state == "COMPLETED" and complete:
            self._steady = True
            self.say("has reached a steady state.", moment)

    def show(self) -> None:
        """Put into the service what DescribeServices answers."""
        service, desired = self.service, self.service.desired_count
        wanted = [desired, *(len(item.wanted()) for item in self.deployments[1:])]
        service.deployments = [
            item.shown("ACTIVE" if place else "PRIMARY", count)
            for place, (item, count) in enumerate(zip(self.deployments, wanted, strict=False))
        ]
        counts = [item.counts() for item in self.deployments]
        service.running_count = sum(running for running, _ in counts)
        service.pending_count = sum(pending for _, pending in counts)
        service.current_service_deployment = self.record.arn(service) if self.records else None
        service.current_service_revisions = [
            item.summary(count) for item, count in zip(self.deployments, wanted, strict=False) if item.living()
        ]
        if self.deployments:
            service.task_definition = self.primary.task_definition


def _named(tasks: list[Any]) -> str:
    return " ".join(f"(task {task.id})" for task in tasks)

"""Follows a deployment of a service to its end, and says why it failed."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from aws.client import Connect, Json, connect, items
from aws.errors import CredentialsExpiredError, NoAnswerError, in_one_line
from aws.retrying import Clock, RetryingClient, retrying_client
from release.contract import Rollout, StepError, revision
from release.deployed_tasks import DeployedTasks
from release.deployment import DeploymentState, Verdict, bringing, created, evaluate, is_gone, is_over, primary
from release.release_metrics import ROLLOUT, publish_duration
from release.service_events import collapsed, is_routine, texts_since, without_ids
from release.step_output import Print, StepOutput, print_line

POLL_SECONDS = 3.0
APPEARS_WITHIN_SECONDS = 15.0
"""ECS's answers are eventually consistent: after UpdateService the deployment may not be listed at once."""
ROLLBACK_SECONDS = 900
SAME_MOMENT = timedelta(seconds=5)
MOST_EVENTS = 10


def follow_rollout(
    rollout: Rollout,
    *,
    output: Print = print_line,
    intervenes: bool = True,
    connect: Connect = connect,
    clock: Clock = time,
) -> None:
    """Wait until the deployment that brings a task definition is complete.

    Ends at once where it is complete already. One that failed in an earlier update, and that nothing replaced, is
    started again: what is not verified is never taken for good. At the timeout the deployment is stopped, and ECS goes
    back to the last one that was complete.

    Args:
        rollout: What to wait for.
        output: Gets each line.
        intervenes: Start a failed deployment again, and stop one at its timeout; otherwise it is only looked at.
        connect: Makes the client.
        clock: The time to go by.

    Raises:
        StepError: The service does not run the task definition. What is known was said before.
    """
    step_output = StepOutput(step=f"rollout {rollout.service}", output=output, clock=clock)
    try:
        aws = retrying_client(rollout.location, step_output.line, connect=connect, clock=clock)
        _Following(rollout=rollout, step_output=step_output, aws=aws, clock=clock, intervenes=intervenes).to_its_end()
    except CredentialsExpiredError as error:
        raise StepError(
            f"{step_output.step}: the AWS credentials are no longer valid ({error}); the deployment continues, "
            "and the next update waits for it again"
        ) from None
    except NoAnswerError as error:
        raise StepError(str(error)) from None
    except (BotoCoreError, ClientError) as error:
        raise StepError(f"{step_output.step}: {in_one_line(error)}") from None


@dataclass(slots=True, kw_only=True)
class _Following:
    rollout: Rollout
    step_output: StepOutput
    aws: RetryingClient
    clock: Clock
    intervenes: bool
    deadline: float = 0
    since: datetime | None = None
    service_deployment_arn: str = ""
    service_deployment: Json = field(default_factory=dict[str, Any])
    said: str = ""
    said_events: set[str] = field(default_factory=set[str])

    def to_its_end(self) -> None:
        self.deadline = self.clock.monotonic() + self.rollout.timeout_seconds
        service, deployment = self._own_deployment(self._service())
        if not deployment:
            raise self._failure(self._why_there_is_none(service), self._tasks(""))
        if deployment.get("rolloutState") == "COMPLETED":
            self.step_output.line(f"{revision(self.rollout.task_definition)} is already running")
            return
        is_stuck = deployment.get("rolloutState") == "FAILED" and deployment["id"] == primary(service).get("id")
        if is_stuck and self.intervenes:
            deployment = self._started_again(deployment)
        self.since = deployment["createdAt"]
        self.step_output.line(f"{revision(self.rollout.task_definition)} is deployed as {deployment['id']}")
        tasks = self._tasks(deployment["id"])
        verdict = self._verdict(deployment, tasks)
        if verdict.state is DeploymentState.FAILED:
            raise self._failure(verdict.reason, tasks)
        self.step_output.line(f"complete: {tasks.counts()}")
        if self.intervenes:
            self._publish_duration(deployment)

    def _publish_duration(self, deployment: Json) -> None:
        seconds = (datetime.now(UTC) - deployment["createdAt"]).total_seconds()
        service = {"Service": self.rollout.service}
        publish_duration(
            self.aws, self.rollout.location, ROLLOUT, seconds, on_error=self.step_output.line, dimensions=service
        )

    def _tasks(self, deployment_id: str) -> DeployedTasks:
        return DeployedTasks(aws=self.aws, clock=self.clock, rollout=self.rollout, deployment_id=deployment_id)

    def _service(self) -> Json:
        """The service now.

        Raises:
            StepError: It does not exist.
        """
        until = self.clock.monotonic() + APPEARS_WITHIN_SECONDS
        while True:
            answer = self.aws.call(
                "ecs", "describe_services", cluster=self.rollout.location.cluster, services=[self.rollout.service]
            )
            found = items(answer, "services")
            if found and not is_gone(found[0]):
                return found[0]
            # A service that ECS does not list may be one that it does not list yet.
            if found or self.clock.monotonic() >= until:
                raise StepError(f"{self.step_output.step}: the service was deleted, or was never created")
            self.clock.sleep(POLL_SECONDS)

    def _own_deployment(self, service: Json) -> tuple[Json, Json]:
        """The service, and the deployment of it that brings the task definition; empty if none appears."""
        until = self.clock.monotonic() + APPEARS_WITHIN_SECONDS
        while not (own := bringing(service, self.rollout.task_definition)) and self.clock.monotonic() < until:
            self.clock.sleep(POLL_SECONDS)
            service = self._service()
        return service, own

    def _why_there_is_none(self, service: Json) -> str:
        """ECS went back before anybody looked, or another deployment displaced it."""
        ended = self._service_deployment()
        reason = evaluate(service, "", ended).reason if ended else ""
        return reason or f"the service is to run {revision(primary(service).get('taskDefinition', 'nothing'))}"

    def _started_again(self, failed: Json) -> Json:
        """A deployment like the failed one, which nothing had replaced because there was nothing to go back to.

        Raises:
            StepError: It was replaced meanwhile.
        """
        self.step_output.line(f"{failed['id']} had failed and is started again: {failed.get('rolloutStateReason', '')}")
        self.aws.call(
            "ecs",
            "update_service",
            cluster=self.rollout.location.cluster,
            service=self.rollout.service,
            forceNewDeployment=True,
        )
        until = self.clock.monotonic() + APPEARS_WITHIN_SECONDS
        while (own := primary(self._service())).get("id") in (None, failed["id"]):
            if self.clock.monotonic() >= until:
                raise StepError(
                    f"{self.step_output.step}: ECS did not start a new deployment of {self.rollout.service}"
                )
            self.clock.sleep(POLL_SECONDS)
        return own

    def _verdict(self, deployment: Json, tasks: DeployedTasks) -> Verdict:
        """How the deployment ended."""
        while True:
            service = self._service()
            service_deployment = self._service_deployment(deployment)
            tasks.look(service)
            verdict = evaluate(service, deployment["id"], service_deployment)
            if verdict.state is not DeploymentState.GOING_ON:
                return verdict
            if self.clock.monotonic() >= self.deadline:
                return Verdict(state=DeploymentState.FAILED, reason=self._stopped())
            self._say_events(service)
            self._say_progress(deployment, service_deployment, tasks)
            self.clock.sleep(POLL_SECONDS)

    def _service_deployment(self, deployment: Json | None = None) -> Json:
        """The service deployment behind a deployment, as it was when AWS answered last; empty if ECS lists none, or
        none yet."""
        if not self.service_deployment_arn:
            self.service_deployment_arn = self._newest_service_deployment(deployment)
        if not self.service_deployment_arn:
            return {}
        arns = [self.service_deployment_arn]
        answer = self.aws.try_call("ecs", "describe_service_deployments", serviceDeploymentArns=arns)
        for found in items(answer, "serviceDeployments"):
            self.service_deployment = found
        return self.service_deployment

    def _newest_service_deployment(self, deployment: Json | None) -> str:
        """The newest one, if it brings the task definition; an earlier update may have brought the same before."""
        location, service = self.rollout.location, self.rollout.service
        answer = self.aws.try_call("ecs", "list_service_deployments", cluster=location.cluster, service=service)
        listed = items(answer, "serviceDeployments")
        if not listed:
            return ""
        newest = max(listed, key=created)
        if deployment and created(newest) < created(deployment) - SAME_MOMENT:
            return ""
        arns = [newest["targetServiceRevisionArn"]]
        found = self.aws.try_call("ecs", "describe_service_revisions", serviceRevisionArns=arns)
        brought = [one["taskDefinition"] for one in items(found, "serviceRevisions")]
        return str(newest["serviceDeploymentArn"]) if brought == [self.rollout.task_definition] else ""

    def _say_progress(self, deployment: Json, service_deployment: Json, tasks: DeployedTasks) -> None:
        stage = service_deployment.get("lifecycleStage")
        told = f"{tasks.counts()} of {deployment['desiredCount']}{f' ({stage})' if stage else ''}"
        if told != self.said:
            self.said = told
            self.step_output.line(told)
        self.step_output.heartbeat(f"waiting: {told}")

    def _say_events(self, service: Json) -> None:
        """Show what ECS says of the service since the deployment began, each thing once, whichever task it is about."""
        for text in texts_since(service, self.since):
            if not is_routine(text) and without_ids(text) not in self.said_events:
                self.said_events.add(without_ids(text))
                self.step_output.line(f"ECS: {text}")

    def _stopped(self) -> str:
        """Stops the deployment at its timeout, waits until ECS is back, and returns what happened."""
        told = f"not complete within {self.rollout.timeout_seconds} s, the timeout in the stack's file"
        arn = self.service_deployment_arn
        if not self.intervenes:
            return f"{told}; it continues"
        if not arn:
            return f"{told}; it continues, because AWS does not list a service deployment that can be stopped"
        self.step_output.line(f"{told}; stopping it, so that ECS rolls back")
        try:
            self.aws.call("ecs", "stop_service_deployment", serviceDeploymentArn=arn, stopType="ROLLBACK")
        except ClientError as error:
            return f"{told}; it could not be stopped ({in_one_line(error)})"
        until = self.clock.monotonic() + ROLLBACK_SECONDS
        while not is_over(ended := self._service_deployment()):
            if self.clock.monotonic() >= until:
                return f"{told}; the rollback is still in progress"
            self.step_output.heartbeat("waiting for the rollback")
            self.clock.sleep(POLL_SECONDS)
        return f"{told}; stopped: {ended.get('status')}"

    def _failure(self, reason: str, tasks: DeployedTasks) -> StepError:
        """The error to raise, once all that explains it is said."""
        self.step_output.line(f"FAILED: {reason}")
        answer = self.aws.try_call(
            "ecs", "describe_services", cluster=self.rollout.location.cluster, services=[self.rollout.service]
        )
        services = items(answer, "services")
        if services:
            tasks.look_until_settled(services[0])
        for told, count in tasks.reasons():
            self.step_output.details([f"{count} task{'s' if count > 1 else ''} stopped: {told}"])
        for told in dict.fromkeys(tasks.unhealthy.values()):
            self.step_output.details([f"health check of the load balancer: {told}"])
        if services and (events := collapsed(texts_since(services[0], self.since))):
            self.step_output.details(["events of the service:", *(f"- {event}" for event in events[-MOST_EVENTS:])])
        container, lines = tasks.last_log_lines()
        if lines:
            self.step_output.details([f"last log lines of {container}:", *(f"| {line}" for line in lines)])
        for operation, refusal in tasks.refused.items():
            self.step_output.details([f"AWS did not answer {operation}: {refusal}"])
        stack = self.rollout.location.stack
        self.step_output.details(
            [
                f"Next: story rollback --stack {stack} rolls back every service to the last good image.",
                "      If no update has succeeded yet, there is none: release an image that works.",
            ]
        )
        return StepError(f"{self.step_output.step}: {revision(self.rollout.task_definition)} failed: {reason}")

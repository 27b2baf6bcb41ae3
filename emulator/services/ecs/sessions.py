"""Sessions in tasks: ExecuteCommand of ECS, and StartSession of SSM with a task as its target.

Nothing listens behind the addresses that are answered. What is checked, and the words of the refusals:

- https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ExecuteCommand.html
- https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec-troubleshooting.html
- https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_StartSession.html
- The target `ecs:<cluster>_<task id>_<runtime id>` is what AWS's own command line builds:
  https://github.com/aws/aws-cli/blob/v2/awscli/customizations/ecs/executecommand.py
"""

from collections.abc import Iterator
from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.exceptions import ECSException, InvalidParameterException
from moto.ecs.models import ecs_backends
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.moto_api._internal import mock_random
from moto.ssm.exceptions import SSMException
from moto.ssm.models import ssm_backends
from moto.ssm.responses import SimpleSystemManagerResponse

from emulator.services.ecs import clock, exec_agents
from emulator.serving.patching import add_actions, kept

NOT_ENABLED = (
    "The execute command failed because execute command was not enabled when the task was run or the execute command "
    "agent isn't running. Wait and try again or run a new task with execute command enabled and try again."
)
FORWARDING = {
    "AWS-StartPortForwardingSession": {"portNumber", "localPortNumber"},
    "AWS-StartPortForwardingSessionToRemoteHost": {"host", "portNumber", "localPortNumber"},
}
"""Documents for sessions in tasks, and the parameters that each knows."""


class TargetNotConnectedException(ECSException):
    """Nobody answers in the container."""

    def __init__(self) -> None:
        super().__init__(
            "TargetNotConnectedException", "The execute command failed due to an internal error. Try again later."
        )


class TargetNotConnected(SSMException):
    """Nobody answers at the target."""

    def __init__(self, target: str) -> None:
        super().__init__("TargetNotConnected", f"{target} is not connected.")


class InvalidDocument(SSMException):
    """The document, or what is given to it, is none of those that there are."""

    def __init__(self, message: str) -> None:
        super().__init__("InvalidDocument", message)


def install() -> None:
    add_actions(EC2ContainerServiceResponse, execute_command)
    add_actions(SimpleSystemManagerResponse, start_session, terminate_session)


def execute_command(self: Any) -> ActionResult:
    given = dict(self._get_params())
    cluster = self.ecs_backend._get_cluster(given.get("cluster", "default"))
    task = self.ecs_backend.tasks.get(cluster.name, {}).get(_arn(cluster, given["task"]))
    if task is None or task.last_status != "RUNNING":
        raise InvalidParameterException("The specified task isn't running, or doesn't exist.")
    if not given["interactive"]:
        raise InvalidParameterException("Interactive is the only mode supported currently.")
    container = _container(task, given.get("container"))
    if not task.enable_execute_command:
        raise InvalidParameterException(NOT_ENABLED)
    if not exec_agents.is_running(container):
        raise TargetNotConnectedException
    session_id = f"ecs-execute-command-{mock_random.get_random_hex(17)}"
    return ActionResult(
        {
            "clusterArn": cluster.arn,
            "taskArn": task.task_arn,
            "containerArn": container.container_arn,
            "containerName": container.name,
            "interactive": True,
            "session": {
                "sessionId": session_id,
                "streamUrl": _stream_url(self.region, session_id),
                "tokenValue": mock_random.get_random_hex(64),
            },
        }
    )


def start_session(self: Any) -> ActionResult:
    target, document = self._get_param("Target"), self._get_param("DocumentName") or "SSM-SessionManagerRunShell"
    with clock.lock:
        clock.advance()
        if target not in _targets(self.current_account, self.region):
            raise TargetNotConnected(target)
    parameters = self._get_param("Parameters") or {}
    if document not in FORWARDING:
        raise InvalidDocument(f"Document {document} is none that the emulator knows.")
    if unknown := set(parameters) - FORWARDING[document]:
        raise InvalidDocument(f"Parameters {', '.join(sorted(unknown))} are not defined in the document.")
    session_id = f"test-{mock_random.get_random_hex(17)}"
    _sessions(self)[session_id] = target
    return ActionResult(
        {
            "SessionId": session_id,
            "StreamUrl": _stream_url(self.region, session_id),
            "TokenValue": mock_random.get_random_hex(64),
        }
    )


def terminate_session(self: Any) -> ActionResult:
    session_id = self._get_param("SessionId")
    _sessions(self).pop(session_id, None)
    return ActionResult({"SessionId": session_id})


def _sessions(response: Any) -> dict[str, str]:
    return kept(ssm_backends[response.current_account][response.region], "sessions")


def _arn(cluster: Any, task: str) -> str:
    return task if task.startswith("arn:") else f"{cluster.arn.replace(':cluster/', ':task/')}/{task}"


def _container(task: Any, name: str | None) -> Any:
    """The container that is meant: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ExecuteCommand.html,
    where a name may be left out only if there is no other."""
    named = [container for container in task.containers if name in (None, container.name)]
    if not named:
        raise InvalidParameterException(f"The specified container name {name} isn't found in the task.")
    if len(named) > 1:
        raise InvalidParameterException("A container name is required for tasks that have several containers.")
    return named[0]


def _targets(account: str, region: str) -> Iterator[str]:
    """The containers in which an agent runs, as SSM calls them."""
    backend: Any = ecs_backends[account][region]
    for cluster, tasks in backend.tasks.items():
        for task in tasks.values():
            for container in task.containers:
                if exec_agents.is_running(container):
                    yield f"ecs:{cluster}_{task.id}_{container.runtime_id}"


def _stream_url(region: str, session_id: str) -> str:
    return f"wss://ssmmessages.{region}.amazonaws.com/v1/data-channel/{session_id}?role=publish_subscribe"

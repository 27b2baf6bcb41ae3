"""ECS tasks: what RunTask starts, how it ends, and what is left of it.

- One container per container definition, with an exit code once the task has stopped. The control file decides the
  code and the stopped reason. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Container.html
- `clientToken`: a repeat returns the same tasks; another request with the token is a ConflictException.
  https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
- ListTasks lists what should run, unless asked for stopped tasks; DescribeTasks names what it doesn't know.
  https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html
- A task's network interface goes with it, so that its subnet can be deleted.
  https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html
"""

import json
from types import SimpleNamespace
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.ecs.exceptions import ECSException, InvalidParameterException
from moto.ecs.models import Container, EC2ContainerServiceBackend, Task
from moto.ecs.responses import DESCRIBE_TASKS_TAGS, EC2ContainerServiceResponse
from moto.moto_api._internal import mock_random

from emulator import control
from emulator.patching import kept, now, replace

MAXIMUM_TOKEN_LENGTH = 64


class ConflictException(ECSException):
    """The client token belongs to another request; `resource_ids` are the tasks that it started."""

    def __init__(self, task_arns: list[str]) -> None:
        super().__init__(
            "ConflictException", "The provided clientToken is already in use with a different RunTask request."
        )
        self.resource_ids = task_arns


def install() -> None:
    _accept_containers_without_memory()
    _make_every_container()
    _run_once_per_token()
    _observe_when_described()
    _list_what_should_run()
    _stop_by_user()


def _accept_containers_without_memory() -> None:
    # On Fargate the task's memory is enough: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
    # moto sums up the containers' for an EC2 instance, of which there is none here.
    def calculate_task_resource_requirements(_task_definition: Any) -> dict[str, Any]:
        return {"CPU": 0, "MEMORY": 0, "PORTS": [], "PORTS_UDP": []}

    replace(
        EC2ContainerServiceBackend,
        "_calculate_task_resource_requirements",
        staticmethod(calculate_task_resource_requirements),
    )


def _make_every_container() -> None:
    original_init: Any = Task.__init__

    def init(self: Any, cluster: Any, task_definition: Any, *args: Any, **kwargs: Any) -> None:
        # Without a security group AWS takes the VPC's default group, and shows none:
        # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AwsVpcConfiguration.html
        network = kwargs.get("networking_configuration") or {}
        if "awsvpcConfiguration" in network:
            network["awsvpcConfiguration"].setdefault("securityGroups", [])
        original_init(self, cluster, task_definition, *args, **kwargs)
        self.family = task_definition.family
        self.created_at = self.started_at = now()
        self.availability_zone = f"{self.region_name}a"
        self.cpu, self.memory = task_definition.cpu, task_definition.memory
        self.containers = [
            _container(self.task_arn, task_definition.arn, definition)
            for definition in task_definition.container_definitions
        ]

    replace(Task, "__init__", init)


def _container(task_arn: str, task_definition_arn: str, definition: dict[str, Any]) -> Any:
    only_this_one: Any = SimpleNamespace(arn=task_definition_arn, container_definitions=[definition])
    container: Any = Container(only_this_one)
    container.task_arn = task_arn
    container.container_arn = f"{task_arn.replace(':task/', ':container/')}/{mock_random.uuid4()}"
    # moto knows an exit code from the start; AWS has none until the container ends.
    del container.exitCode
    return container


def _run_once_per_token() -> None:
    original_run: Any = EC2ContainerServiceResponse.run_task

    def run_task(self: Any) -> ActionResult:
        given = dict(self._get_params())
        token = given.get("clientToken")
        if token is None:
            return _run(self, original_run, given)
        if len(token) > MAXIMUM_TOKEN_LENGTH:
            raise InvalidParameterException(f"clientToken is longer than {MAXIMUM_TOKEN_LENGTH} characters.")
        request = json.dumps(given, sort_keys=True, default=str)
        # A token counts for one cluster: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html
        cluster = self.ecs_backend._get_cluster(given.get("cluster", "default"))
        tokens = kept(self.ecs_backend, "run_task_tokens")
        if (cluster.name, token) not in tokens:
            answer = _run(self, original_run, given)
            tokens[cluster.name, token] = (request, answer.result["tasks"])
            return answer
        first_request, tasks = tokens[cluster.name, token]
        if request != first_request:
            raise ConflictException([task.task_arn for task in tasks])
        return ActionResult({"tasks": tasks, "failures": []})

    replace(EC2ContainerServiceResponse, "run_task", run_task)


def _run(response: Any, original_run: Any, given: dict[str, Any]) -> Any:
    answer = original_run(response)
    for task in answer.result["tasks"]:
        task.enable_execute_command = bool(given.get("enableExecuteCommand"))
        if given.get("propagateTags") == "TASK_DEFINITION":
            own = {tag["key"] for tag in task.tags}
            definition_tags = response.ecs_backend.list_tags_for_resource(task.task_definition_arn)
            task.tags = [*task.tags, *(tag for tag in definition_tags if tag["key"] not in own)]
    return answer


def _observe_when_described() -> None:
    original_describe: Any = EC2ContainerServiceBackend.describe_tasks

    def describe_tasks(self: Any, cluster_str: str, tasks: list[str]) -> list[Any]:
        found = original_describe(self, cluster_str, tasks)
        for task in found:
            _observe(task)
        return found

    def answer_describe_tasks(self: Any) -> ActionResult:
        asked = self._get_param("tasks", [])
        found = self.ecs_backend.describe_tasks(self._get_param("cluster", "default"), asked)
        if "TAGS" in self._get_param("include", []):
            self._include_in_response(DESCRIBE_TASKS_TAGS)
        else:
            self._exclude_from_response(DESCRIBE_TASKS_TAGS)
        known = {task.id for task in found}
        missing = [{"arn": task, "reason": "MISSING"} for task in asked if task.split("/")[-1] not in known]
        return ActionResult({"tasks": found, "failures": missing})

    replace(EC2ContainerServiceBackend, "describe_tasks", describe_tasks)
    replace(EC2ContainerServiceResponse, "describe_tasks", answer_describe_tasks)


def _observe(task: Any) -> None:
    """Bring everything about the task into line with the status that it has reached."""
    status = task.last_status
    if status != "RUNNING":
        task.desired_status = "STOPPED"
    for container in task.containers:
        container.last_status = "STOPPED" if status == "STOPPED" else "RUNNING"
    if status == "STOPPED" and not getattr(task, "stopped_at", None):
        _end(task)


def _end(task: Any) -> None:
    task.stopped_at = task.stopping_at = task.execution_stopped_at = now()
    if not task.stopped_reason:
        task.stopped_reason = control.answer(
            "ecs_stopped_reason", task.family, default="Essential container in task exited"
        )
        task.stop_code = "EssentialContainerExited"
    for container in task.containers:
        container.health_status = "UNKNOWN"
        container.exitCode = control.answer(
            "ecs_exit_codes", f"{task.family}/{container.name}", container.name, task.family, default=0
        )
    _delete_network_interface(task)


def _delete_network_interface(task: Any) -> None:
    interfaces = ec2_backends[task._account_id][task.region_name].enis
    for attachment in task.attachments:
        attachment["status"] = "DELETED"
        for detail in attachment["details"]:
            if detail["name"] == "networkInterfaceId":
                interfaces.pop(detail["value"], None)


def _list_what_should_run() -> None:
    original_list: Any = EC2ContainerServiceBackend.list_tasks

    def list_tasks(
        self: Any,
        cluster_str: str | None = None,
        container_instance: str | None = None,
        family: str | None = None,
        started_by: str | None = None,
        service_name: str | None = None,
        desired_status: str | None = None,
    ) -> list[Any]:
        for tasks in self.tasks.values():
            for task in tasks.values():
                _observe(task)
        found = original_list(
            self, cluster_str, container_instance, family, started_by, service_name, desired_status or "RUNNING"
        )
        # A service starts no tasks here, so none of the tasks belongs to one.
        return [] if service_name else found

    replace(EC2ContainerServiceBackend, "list_tasks", list_tasks)


def _stop_by_user() -> None:
    original_stop: Any = EC2ContainerServiceBackend.stop_task

    def stop_task(self: Any, cluster_str: str, task_str: str, reason: str | None) -> Any:
        cluster = self._get_cluster(cluster_str)
        task_id = task_str.split("/")[-1]
        if not any(task.id == task_id for task in self.tasks.get(cluster.name, {}).values()):
            raise InvalidParameterException("The referenced task was not found.")
        task = original_stop(self, cluster_str, task_str, reason or "Task stopped by user")
        task.stop_code = "UserInitiated"
        _observe(task)
        return task

    replace(EC2ContainerServiceBackend, "stop_task", stop_task)

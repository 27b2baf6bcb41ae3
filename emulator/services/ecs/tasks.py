"""ECS tasks: what RunTask starts, and what the API says of tasks; `life` is how they come and go.

- One container per container definition. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Container.html
- `clientToken`: a repeat returns the same tasks; another request with the token is a ConflictException.
  https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
- ListTasks lists what should run, unless asked for stopped tasks, in pages of 100; DescribeTasks takes 100, and names
  what it doesn't know. On AWS a stopped task is known for an hour, here until a reset.
  https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html
  https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html
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

from emulator.services.ecs import life
from emulator.serving.patching import kept, now, replace

MAXIMUM_TOKEN_LENGTH = 64
TASKS_AT_ONCE = 100


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
    _go_by_the_clock()
    _run_once_per_token()
    _describe_with_what_is_missing()
    _list_what_should_run()
    _list_in_pages()
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
        # 32 hexadecimal digits: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html
        self.id = self.id.replace("-", "")
        self.family, self.life = task_definition.family, None
        self.availability_zone = _zone(self, network)
        self.cpu, self.memory = task_definition.cpu, task_definition.memory
        self.containers = [
            _container(self.task_arn, task_definition.arn, definition)
            for definition in task_definition.container_definitions
        ]
        self.health_status = "UNKNOWN"
        for container in self.containers:
            container.health_status = "UNKNOWN"
            container.network_interfaces = _interfaces(self)

    replace(Task, "__init__", init)


def _zone(task: Any, network: dict[str, Any]) -> str:
    """The zone of the task's subnet, which is the first one of its network."""
    subnets = network.get("awsvpcConfiguration", {}).get("subnets") or [""]
    found = ec2_backends[task._account_id][task.region_name].describe_subnets(filters={"subnet-id": [subnets[0]]})
    return str(found[0].availability_zone) if found else f"{task.region_name}a"


def _container(task_arn: str, task_definition_arn: str, definition: dict[str, Any]) -> Any:
    only_this_one: Any = SimpleNamespace(arn=task_definition_arn, container_definitions=[definition])
    container: Any = Container(only_this_one)
    container.task_arn = task_arn
    container.container_arn = f"{task_arn.replace(':task/', ':container/')}/{mock_random.uuid4()}"
    # moto knows an exit code from the start; AWS has none until the container ends.
    del container.exitCode
    return container


def _interfaces(task: Any) -> list[dict[str, str]]:
    addresses = [
        (attachment["id"], detail["value"])
        for attachment in task.attachments
        for detail in attachment["details"]
        if detail["name"] == "privateIPv4Address"
    ]
    return [{"attachmentId": attachment, "privateIpv4Address": address} for attachment, address in addresses]


def _go_by_the_clock() -> None:
    # moto's own pace is a step per DescribeTasks; `life` says what a task's status is.
    def status(self: Any) -> str:
        return self._status

    def set_status(self: Any, value: str) -> None:
        self._status = value

    replace(Task, "last_status", property(status, set_status))


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
        life.begin(task, response.ecs_backend, now())
        task.enable_execute_command = bool(given.get("enableExecuteCommand"))
        if given.get("propagateTags") == "TASK_DEFINITION":
            own = {tag["key"] for tag in task.tags}
            definition_tags = response.ecs_backend.list_tags_for_resource(task.task_definition_arn)
            task.tags = [*task.tags, *(tag for tag in definition_tags if tag["key"] not in own)]
    return answer


def _describe_with_what_is_missing() -> None:
    def describe_tasks(self: Any) -> ActionResult:
        asked = self._get_param("tasks", [])
        if len(asked) > TASKS_AT_ONCE:
            raise InvalidParameterException(f"Tasks cannot have more than {TASKS_AT_ONCE} entries.")
        found = self.ecs_backend.describe_tasks(self._get_param("cluster", "default"), asked)
        if "TAGS" in self._get_param("include", []):
            self._include_in_response(DESCRIBE_TASKS_TAGS)
        else:
            self._exclude_from_response(DESCRIBE_TASKS_TAGS)
        known = {task.id for task in found}
        missing = [{"arn": task, "reason": "MISSING"} for task in asked if task.split("/")[-1] not in known]
        return ActionResult({"tasks": found, "failures": missing})

    replace(EC2ContainerServiceResponse, "describe_tasks", describe_tasks)


def _list_what_should_run() -> None:
    def list_tasks(
        self: Any,
        cluster_str: str | None = None,
        container_instance: str | None = None,
        family: str | None = None,
        started_by: str | None = None,
        service_name: str | None = None,
        desired_status: str | None = None,
    ) -> list[Any]:
        cluster = self._get_cluster(cluster_str or "default")
        group = f"service:{service_name.split('/')[-1]}" if service_name else None
        return [
            task
            for task in self.tasks.get(cluster.name, {}).values()
            if task.desired_status == (desired_status or "RUNNING")
            and family in (None, task.family)
            and started_by in (None, task.started_by)
            and group in (None, task.group)
            and container_instance in (None, task.container_instance_arn)
        ]

    replace(EC2ContainerServiceBackend, "list_tasks", list_tasks)


def _list_in_pages() -> None:
    original_list: Any = EC2ContainerServiceResponse.list_tasks

    def list_tasks(self: Any) -> ActionResult:
        arns = original_list(self).result["taskArns"]
        first = int(self._get_param("nextToken") or 0)
        end = first + int(self._get_param("maxResults") or TASKS_AT_ONCE)
        more = {"nextToken": str(end)} if end < len(arns) else {}
        return ActionResult({"taskArns": arns[first:end], **more})

    replace(EC2ContainerServiceResponse, "list_tasks", list_tasks)


def _stop_by_user() -> None:
    def stop_task(self: Any, cluster_str: str, task_str: str, reason: str | None) -> Any:
        cluster = self._get_cluster(cluster_str)
        task_id = task_str.split("/")[-1]
        for task in self.tasks.get(cluster.name, {}).values():
            if task.id == task_id:
                life.stop(task, now(), "UserInitiated", reason or "Task stopped by user")
                return task
        raise InvalidParameterException("The referenced task was not found.")

    replace(EC2ContainerServiceBackend, "stop_task", stop_task)

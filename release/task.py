"""What ECS tells of a task, by the parts that several commands read."""

from aws.client import Json, items

EXEC_AGENT = "ExecuteCommandAgent"
"""The managed agent of a container that ECS Exec goes through:
docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ManagedAgent.html"""
TASKS_AT_ONCE = 100
"""Tasks that ListTasks and DescribeTasks take:
docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html"""


def task_id(task: Json) -> str:
    """The last part of a task's ARN."""
    return str(task["taskArn"]).rpartition("/")[2]


def detail(task: Json, name: str) -> str:
    """A detail of a task's network interface, such as `privateIPv4Address` or `subnetId`; "" if there is none."""
    details = [one for attachment in items(task, "attachments") for one in items(attachment, "details")]
    return {str(one.get("name")): str(one.get("value", "")) for one in details}.get(name, "")

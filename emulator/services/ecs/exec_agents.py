"""The agent of ECS Exec, which ECS starts beside the containers of a task that was started with Exec.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ManagedAgent.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
"""

from datetime import datetime
from typing import Any

from emulator.services.ecs.behaviour import Behaviour

AGENT = "ExecuteCommandAgent"


def start(task: Any, container: Any, does: Behaviour, moment: datetime) -> None:
    """A container of a task starts: it has a runtime id from then on, and with Exec an agent."""
    # On Fargate the task's id and a number: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Container.html
    container.runtime_id = f"{task.id}-{1_000_000_000 + list(task.containers).index(container)}"
    if not getattr(task, "enable_execute_command", False):
        return
    agent: dict[str, Any] = {"name": AGENT, "lastStatus": does.exec_agent}
    if does.exec_agent == "RUNNING":
        agent["lastStartedAt"] = moment
    if does.exec_agent == "STOPPED":
        agent["reason"] = "Received Container Stopped event"
    container.managed_agents = [agent]


def end(container: Any) -> None:
    """A container ends, and its agent with it."""
    for agent in getattr(container, "managed_agents", []):
        agent["lastStatus"] = "STOPPED"


def is_running(container: Any) -> bool:
    """Whether somebody can be let in."""
    return any(agent["lastStatus"] == "RUNNING" for agent in getattr(container, "managed_agents", []))

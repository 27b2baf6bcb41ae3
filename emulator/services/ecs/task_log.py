"""What a container writes goes to CloudWatch Logs, as the log driver `awslogs` does it.

The stream is `<awslogs-stream-prefix>/<container>/<task id>`:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html
"""

from datetime import datetime
from typing import Any

from moto.logs.models import logs_backends


def write(task: Any, definition: dict[str, Any], lines: list[str], moment: datetime) -> None:
    """Write lines to the container's stream, which is made with the first ones; without its group, nothing is."""
    configuration = definition.get("logConfiguration") or {}
    options = configuration.get("options") or {}
    if configuration.get("logDriver") != "awslogs" or "awslogs-stream-prefix" not in options:
        return
    backend = logs_backends[task._account_id][options.get("awslogs-region") or task.region_name]
    group = backend.groups.get(options.get("awslogs-group", ""))
    if group is None:
        return
    stream = f"{options['awslogs-stream-prefix']}/{definition['name']}/{task.id}"
    if stream not in group.streams:
        group.create_log_stream(stream)
    if lines:
        timestamp = int(moment.timestamp() * 1000)
        group.put_log_events(stream, [{"timestamp": timestamp, "message": line} for line in lines])

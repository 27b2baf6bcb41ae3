"""CloudWatch Logs: saved queries of Logs Insights, which moto doesn't have.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutQueryDefinition.html
"""

import json
from typing import Any

from moto.logs.responses import LogsResponse
from moto.moto_api._internal import mock_random

from emulator.patching import add_actions, kept, now


def install() -> None:
    add_actions(LogsResponse, put_query_definition, describe_query_definitions, delete_query_definition)


def query_definitions(backend: Any) -> dict[str, dict[str, Any]]:
    return kept(backend, "query_definitions")


def put_query_definition(self: Any) -> str:
    given = json.loads(self.body)
    query_id = given.get("queryDefinitionId") or str(mock_random.uuid4())
    query_definitions(self.logs_backend)[query_id] = {
        "queryDefinitionId": query_id,
        "name": given["name"],
        "queryString": given["queryString"],
        "logGroupNames": given.get("logGroupNames") or [],
        "lastModified": int(now().timestamp() * 1000),
    }
    return json.dumps({"queryDefinitionId": query_id})


def describe_query_definitions(self: Any) -> str:
    prefix = self._get_param("queryDefinitionNamePrefix") or ""
    found = [query for query in query_definitions(self.logs_backend).values() if query["name"].startswith(prefix)]
    return json.dumps({"queryDefinitions": found})


def delete_query_definition(self: Any) -> str:
    removed = query_definitions(self.logs_backend).pop(self._get_param("queryDefinitionId"), None)
    return json.dumps({"success": removed is not None})

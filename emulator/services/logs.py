"""CloudWatch Logs: saved queries of Logs Insights and keys of existing log groups, which moto doesn't have, and pages
of events of at most 1 MB.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_AssociateKmsKey.html
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutQueryDefinition.html
"""

import json
from typing import Any

from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.models import LogsBackend, LogStream
from moto.logs.responses import LogsResponse
from moto.moto_api._internal import mock_random

from emulator.serving.patching import add_actions, kept, now, replace

BYTES_OF_A_PAGE = 1024 * 1024


def install() -> None:
    _end_pages_at_their_size()
    _forget_tags_with_a_group()
    add_actions(
        LogsResponse,
        put_query_definition,
        describe_query_definitions,
        delete_query_definition,
        associate_kms_key,
        disassociate_kms_key,
    )


def _forget_tags_with_a_group() -> None:
    """A group that is made again under the same name has none of the tags of the one before."""

    def delete_log_group(self: Any, log_group_name: str) -> None:
        group = self.groups.get(log_group_name)
        original(self, log_group_name)
        self.tagger.delete_all_tags_for_resource(group.arn)

    original: Any = replace(LogsBackend, "delete_log_group", delete_log_group)


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


def associate_kms_key(self: Any) -> str:
    _log_group(self).kms_key_id = self._get_param("kmsKeyId")
    return "{}"


def disassociate_kms_key(self: Any) -> str:
    _log_group(self).kms_key_id = None
    return "{}"


def _log_group(response: Any) -> Any:
    found = response.logs_backend.groups.get(response._get_param("logGroupName"))
    if found is None:
        raise ResourceNotFoundException
    return found


def _end_pages_at_their_size() -> None:
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html: as many events as fit
    # in 1 MB, and at most 10,000, which moto sees to. At its end, a stream answers the token that it was asked with.
    original_get: Any = LogStream.get_log_events

    def get_log_events(
        self: Any, start: Any, end: Any, limit: Any, next_token: str | None, start_from_head: Any
    ) -> tuple[list[dict[str, Any]], str, str]:
        events, backward, forward = original_get(self, start, end, limit, next_token, start_from_head)
        forwards = next_token.startswith("f") if next_token else bool(start_from_head)
        fitting = _fitting(events if forwards else events[::-1])
        left_out = len(events) - fitting
        if not left_out:
            return events, backward, forward
        if forwards:
            return events[:fitting], backward, f"f/{int(forward[2:]) - left_out:056d}"
        return events[left_out:], f"b/{int(backward[2:]) + left_out:056d}", forward

    replace(LogStream, "get_log_events", get_log_events)


def _fitting(events: list[dict[str, Any]]) -> int:
    """How many of the events fit in a page, which has at least one."""
    size = 0
    for place, event in enumerate(events):
        size += len(event["message"].encode())
        if size > BYTES_OF_A_PAGE and place:
            return place
    return len(events)

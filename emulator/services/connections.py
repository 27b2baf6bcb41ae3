"""CodeStar Connections and CodeConnections, its newer name, which moto lacks: connections to a code host, their tags.

Both APIs show the same connections; a connection's ARN has the name of the API that made it:
https://docs.aws.amazon.com/dtconsole/latest/userguide/rename.html

A new connection is PENDING, because a person must finish the handshake in the console:
https://docs.aws.amazon.com/codeconnections/latest/APIReference/API_Connection.html
"""

import json
import re
from typing import Any

import moto.backend_index
import moto.backends
from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.exceptions import JsonRESTError
from moto.core.responses import BaseResponse
from moto.moto_api._internal import mock_random

from emulator.serving.patching import replace

SERVICE = "codestar-connections"
NEWER_NAME = "codeconnections"
HOSTS = {name: rf"https?://{name}\.(.+)\.amazonaws\.com" for name in (SERVICE, NEWER_NAME)}


class ConnectionsBackend(BaseBackend):
    """The connections of one account in one region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.connections: dict[str, dict[str, Any]] = {}
        self.tags: dict[str, dict[str, str]] = {}

    @property
    def urls(self) -> dict[str, Any]:
        return {f"{host}/$": ConnectionsResponse.dispatch for host in HOSTS.values()}

    @property
    def url_paths(self) -> dict[str, Any]:
        return {"/$": ConnectionsResponse.dispatch}

    @property
    def url_bases(self) -> list[str]:
        return list(HOSTS.values())

    def create(self, given: dict[str, Any], service: str) -> str:
        arn = f"arn:aws:{service}:{self.region_name}:{self.account_id}:connection/{mock_random.uuid4()}"
        self.connections[arn] = {
            "ConnectionArn": arn,
            "ConnectionName": given["ConnectionName"],
            "ProviderType": given.get("ProviderType") or "GitHub",
            "OwnerAccountId": self.account_id,
            "ConnectionStatus": "PENDING",
        }
        if given.get("HostArn"):
            self.connections[arn]["HostArn"] = given["HostArn"]
        self.tags[arn] = {tag["Key"]: tag["Value"] for tag in given.get("Tags") or []}
        return arn

    def get(self, arn: str) -> dict[str, Any]:
        if arn not in self.connections:
            raise JsonRESTError("ResourceNotFoundException", f"Resource not found: {arn}")
        return self.connections[arn]

    def delete(self, arn: str) -> None:
        self.get(arn)
        del self.connections[arn]
        del self.tags[arn]


backends = BackendDict(ConnectionsBackend, SERVICE)


class ConnectionsResponse(BaseResponse):
    """The API actions; each method's name is the action in snake case."""

    def __init__(self) -> None:
        super().__init__(service_name=SERVICE)

    @property
    def backend(self) -> ConnectionsBackend:
        return backends[self.current_account][self.region]

    def create_connection(self) -> str:
        given = json.loads(self.body)
        asked = NEWER_NAME if NEWER_NAME in self.headers["X-Amz-Target"].lower() else SERVICE
        return json.dumps({"ConnectionArn": self.backend.create(given, asked), "Tags": given.get("Tags") or []})

    def get_connection(self) -> str:
        return json.dumps({"Connection": self.backend.get(self._get_param("ConnectionArn"))})

    def list_connections(self) -> str:
        return json.dumps({"Connections": list(self.backend.connections.values())})

    def delete_connection(self) -> str:
        self.backend.delete(self._get_param("ConnectionArn"))
        return "{}"

    def list_tags_for_resource(self) -> str:
        tags = self.backend.tags.get(self._get_param("ResourceArn"), {})
        return json.dumps({"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]})

    def tag_resource(self) -> str:
        arn = self._get_param("ResourceArn")
        self.backend.get(arn)
        self.backend.tags[arn].update({tag["Key"]: tag["Value"] for tag in self._get_param("Tags")})
        return "{}"

    def untag_resource(self) -> str:
        arn = self._get_param("ResourceArn")
        self.backend.get(arn)
        for key in self._get_param("TagKeys"):
            self.backend.tags[arn].pop(key, None)
        return "{}"


def install() -> None:
    moto.backend_index.backend_url_patterns.extend((SERVICE, re.compile(host)) for host in HOSTS.values())
    original_get_backend: Any = moto.backends.get_backend

    def get_backend(name: Any) -> Any:
        return backends if name == SERVICE else original_get_backend(name)

    replace(moto.backends, "get_backend", get_backend)

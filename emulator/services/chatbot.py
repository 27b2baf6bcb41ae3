"""Amazon Q Developer in chat applications, formerly AWS Chatbot, which moto lacks: Slack channels and their tags.

A workspace must have been authorized by a person; here every workspace is.
https://docs.aws.amazon.com/chatbot/latest/APIReference/API_CreateSlackChannelConfiguration.html (a name can't be used
twice: ConflictException)

A channel has one configuration in an account: github.com/hashicorp/terraform-provider-awscc/issues/1011
"""

import json
import re
from typing import Any

import moto.backend_index
import moto.backends
from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.exceptions import JsonRESTError
from moto.core.responses import BaseResponse

from emulator.serving.patching import replace

SERVICE = "chatbot"
HOST = rf"https?://{SERVICE}\.(.+)\.amazonaws\.com"
ACTIONS = (
    *("create-slack-channel-configuration", "delete-slack-channel-configuration"),
    *("describe-slack-channel-configurations", "list-tags-for-resource", "tag-resource", "untag-resource"),
    "update-slack-channel-configuration",
)


class ChatbotBackend(BaseBackend):
    """The channels of one account."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.channels: dict[str, dict[str, Any]] = {}
        self.tags: dict[str, dict[str, str]] = {}

    @property
    def urls(self) -> dict[str, Any]:
        return {f"{HOST}/{action}$": ChatbotResponse.dispatch for action in ACTIONS}

    @property
    def url_paths(self) -> dict[str, Any]:
        return {f"/{action}$": ChatbotResponse.dispatch for action in ACTIONS}

    @property
    def url_bases(self) -> list[str]:
        return [HOST]

    def create(self, given: dict[str, Any]) -> dict[str, Any]:
        name = given["ConfigurationName"]
        # It has no region: docs.aws.amazon.com/service-authorization/latest/reference/list_awschatbot.html
        arn = f"arn:aws:chatbot::{self.account_id}:chat-configuration/slack-channel/{name}"
        if arn in self.channels:
            raise JsonRESTError("ConflictException", f"{name} exists already")
        team, channel = given["SlackTeamId"], given["SlackChannelId"]
        if any((one["SlackTeamId"], one["SlackChannelId"]) == (team, channel) for one in self.channels.values()):
            problem = f"Slack channel with ID {channel} in Slack team {team} has already been configured"
            raise JsonRESTError("InvalidRequestException", f"{problem} for AWS account {self.account_id}.")
        self.tags[arn] = {tag["TagKey"]: tag["TagValue"] for tag in given.get("Tags") or []}
        self.channels[arn] = {
            **{key: value for key, value in given.items() if key != "Tags"},
            "ChatConfigurationArn": arn,
            "SlackTeamName": "team",
            "State": "ENABLED",
        }
        return self.channels[arn]

    def get(self, arn: str) -> dict[str, Any]:
        if arn not in self.channels:
            raise JsonRESTError("ResourceNotFoundException", f"{arn} does not exist")
        return self.channels[arn]


backends = BackendDict(ChatbotBackend, SERVICE, use_boto3_regions=False, additional_regions=["aws"])


class ChatbotResponse(BaseResponse):
    """The API actions; each method's name is the action in snake case."""

    def __init__(self) -> None:
        super().__init__(service_name=SERVICE)

    @property
    def backend(self) -> ChatbotBackend:
        # One for all regions, as AWS has it.
        return backends[self.current_account]["aws"]

    def create_slack_channel_configuration(self) -> str:
        return json.dumps({"ChannelConfiguration": self.backend.create(json.loads(self.body))})

    def describe_slack_channel_configurations(self) -> str:
        arn = self._get_param("ChatConfigurationArn")
        channels, tags = self.backend.channels, self.backend.tags
        found = [{**channels[one], "Tags": _listed(tags[one])} for one in channels if arn in (None, one)]
        return json.dumps({"SlackChannelConfigurations": found})

    def update_slack_channel_configuration(self) -> str:
        given = json.loads(self.body)
        channel = self.backend.get(given["ChatConfigurationArn"])
        channel.update(given)
        return json.dumps({"ChannelConfiguration": channel})

    def delete_slack_channel_configuration(self) -> str:
        arn = self._get_param("ChatConfigurationArn")
        self.backend.get(arn)
        del self.backend.channels[arn], self.backend.tags[arn]
        return "{}"

    def list_tags_for_resource(self) -> str:
        tags = self.backend.tags.get(self._get_param("ResourceARN"), {})
        return json.dumps({"Tags": _listed(tags)})

    def tag_resource(self) -> str:
        arn = self._get_param("ResourceARN")
        self.backend.get(arn)
        self.backend.tags[arn].update({tag["TagKey"]: tag["TagValue"] for tag in self._get_param("Tags")})
        return "{}"

    def untag_resource(self) -> str:
        arn = self._get_param("ResourceARN")
        self.backend.get(arn)
        for key in self._get_param("TagKeys"):
            self.backend.tags[arn].pop(key, None)
        return "{}"


def _listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in tags.items()]


def install() -> None:
    moto.backend_index.backend_url_patterns.append((SERVICE, re.compile(HOST)))
    original_get_backend: Any = moto.backends.get_backend

    def get_backend(name: Any) -> Any:
        return backends if name == SERVICE else original_get_backend(name)

    replace(moto.backends, "get_backend", get_backend)

"""Task definitions: listed in the order that was asked for, page by page.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTaskDefinitions.html: ascending by family and revision
"so that the newest task definitions in a family are listed last", or DESC, the reverse; 100 a page.
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.responses import EC2ContainerServiceResponse

from emulator.serving.patching import replace

MOST_ON_A_PAGE = 100


def install() -> None:
    original_list: Any = EC2ContainerServiceResponse.list_task_definitions

    def list_task_definitions(self: Any) -> ActionResult:
        arns = sorted(original_list(self).result["taskDefinitionArns"], key=_family_and_revision)
        if self._get_param("sort") == "DESC":
            arns.reverse()
        first = int(self._get_param("nextToken", "0"))
        after = first + int(self._get_param("maxResults", MOST_ON_A_PAGE))
        more = {"nextToken": str(after)} if after < len(arns) else {}
        return ActionResult({"taskDefinitionArns": arns[first:after], **more})

    replace(EC2ContainerServiceResponse, "list_task_definitions", list_task_definitions)


def _family_and_revision(arn: str) -> tuple[str, int]:
    family, _, revision = arn.rpartition("/")[2].rpartition(":")
    return family, int(revision)

"""The account's limits and its plan: quotas beyond the VPC's, which are all that moto has, and the paid plan.

The account has run Fargate tasks before, so that AWS has raised what it may run.

- https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ServiceQuota.html
- https://docs.aws.amazon.com/codebuild/latest/userguide/limits.html
- https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_freetier_GetAccountPlanState.html
"""

import json
import re
from typing import Any

import moto.backend_index
import moto.backends
from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.responses import BaseResponse
from moto.servicequotas.exceptions import NoSuchResource
from moto.servicequotas.models import ServiceQuotasBackend
from moto.servicequotas.responses import ServiceQuotasResponse

from emulator.serving.patching import add_actions, replace

PLAN_SERVICE = "freetier"
PLAN_HOST = r"https?://freetier\.(.+)\.(amazonaws\.com|api\.aws)"


def _usage(kind: str) -> dict[str, Any]:
    return {
        "MetricNamespace": "AWS/Usage",
        "MetricName": "ResourceCount",
        "MetricDimensions": {"Class": f"Standard/{kind}", "Resource": "vCPU", "Service": "Fargate", "Type": "Resource"},
        "MetricStatisticRecommendation": "Maximum",
    }


QUOTAS: dict[str, list[dict[str, Any]]] = {
    "codebuild": [
        # Found by name; the code is not AWS's.
        {"QuotaCode": "L-00000001", "QuotaName": f"Concurrently running builds for {kind} environment", "Value": 20.0}
        for kind in ("ARM/Small", "ARM/Large", "Linux/Small", "Linux/Large")
    ],
    "ec2": [{"QuotaCode": "L-0263D0A3", "QuotaName": "EC2-VPC Elastic IPs", "Value": 5.0}],
    "elasticloadbalancing": [
        {"QuotaCode": "L-53DA6B97", "QuotaName": "Application Load Balancers per Region", "Value": 50.0},
        {"QuotaCode": "L-7EED9B64", "QuotaName": "Rules per Application Load Balancer", "Value": 100.0},
    ],
    "fargate": [
        {
            "QuotaCode": "L-3032A538",
            "QuotaName": "Fargate On-Demand vCPU resource count",
            "Value": 140.0,
            "UsageMetric": _usage("OnDemand"),
        },
        {
            "QuotaCode": "L-36FBB829",
            "QuotaName": "Fargate Spot vCPU resource count",
            "Value": 140.0,
            "UsageMetric": _usage("Spot"),
        },
    ],
}


class PlanBackend(BaseBackend):
    """The plan of one account."""

    @property
    def urls(self) -> dict[str, Any]:
        return {f"{PLAN_HOST}/$": PlanResponse.dispatch}

    @property
    def url_paths(self) -> dict[str, Any]:
        return {"/$": PlanResponse.dispatch}

    @property
    def url_bases(self) -> list[str]:
        return [PLAN_HOST]


plans = BackendDict(PlanBackend, PLAN_SERVICE, use_boto3_regions=False, additional_regions=["us-east-1"])


class PlanResponse(BaseResponse):
    """The API actions; each method's name is the action in snake case."""

    def __init__(self) -> None:
        super().__init__(service_name=PLAN_SERVICE)

    def get_account_plan_state(self) -> str:
        return json.dumps(
            {"accountId": self.current_account, "accountPlanType": "PAID", "accountPlanStatus": "NOT_STARTED"}
        )


def install() -> None:
    _know_more_quotas()
    moto.backend_index.backend_url_patterns.append((PLAN_SERVICE, re.compile(PLAN_HOST)))
    original_get_backend: Any = moto.backends.get_backend

    def get_backend(name: Any) -> Any:
        return plans if name == PLAN_SERVICE else original_get_backend(name)

    replace(moto.backends, "get_backend", get_backend)


def _know_more_quotas() -> None:
    original_get: Any = ServiceQuotasBackend.get_service_quota
    original_list: Any = ServiceQuotasBackend.list_aws_default_service_quotas

    def get_service_quota(self: Any, service_code: str, quota_code: str) -> dict[str, Any]:
        if service_code not in QUOTAS:
            return original_get(self, service_code, quota_code)
        found = [one for one in list_quotas(self, service_code) if one["QuotaCode"] == quota_code]
        if not found:
            raise NoSuchResource
        return found[0]

    def list_quotas(self: Any, service_code: str) -> list[dict[str, Any]]:
        if service_code not in QUOTAS:
            return original_list(self, service_code)
        return [{"ServiceCode": service_code, "Adjustable": True, **one} for one in QUOTAS[service_code]]

    replace(ServiceQuotasBackend, "get_service_quota", get_service_quota)
    replace(ServiceQuotasBackend, "list_aws_default_service_quotas", list_quotas)
    add_actions(ServiceQuotasResponse, get_aws_default_service_quota, list_service_quotas)


def get_aws_default_service_quota(self: Any) -> str:
    return self.get_service_quota()


def list_service_quotas(self: Any) -> str:
    return self.list_aws_default_service_quotas()

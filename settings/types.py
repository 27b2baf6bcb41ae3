"""Types of single values, with AWS's rules."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

from settings.rules.instance_types import AURORA_MYSQL, DOCUMENTDB, VALKEY, Engine, refusal
from settings.rules.secret_reference import ALLOWED as REFERENCE_ALLOWED
from settings.rules.secret_reference import REFERENCE_FORM, checked_reference

RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180),
    *(365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""Retention times of CloudWatch Logs, in days:
docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""

EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
KEY_ARN = re.compile(
    r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})"
)
FAMILY = r"[a-z]+[0-9][a-z0-9]*"
SIZE = r"(nano|micro|small|medium|large|[0-9]*xlarge)"
SERVERLESS = "db.serverless"
INSTANCE_CLASS = re.compile(rf"db\.(serverless|{FAMILY}\.{SIZE})")
PROVISIONED_CLASS = re.compile(rf"db\.{FAMILY}\.{SIZE}")
NODE_TYPE = re.compile(rf"cache\.{FAMILY}\.{SIZE}")
POLICY_ARN = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[A-Za-z0-9/_+=,.@-]+")
HOSTED_ZONE_ID = re.compile(r"Z[A-Z0-9]{1,31}")
DOMAIN = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
IMAGE = re.compile(
    r"(?P<registry>[a-z0-9.-]+\.[a-z0-9.-]+(:[0-9]+)?|localhost(:[0-9]+)?)"
    r"/(?P<repository>[a-z0-9._/-]+)@sha256:[0-9a-f]{64}"
)
IMAGE_FORM = "<registry>/<repository>@sha256:<64 hexadecimal digits>"
ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
NAME = re.compile(r"(?=.{1,16}$)[a-z][a-z0-9]*(-[a-z0-9]+)*")
"""Short enough that `story-<stack>-worker-<name>-execution` and Pulumi's ending fit into IAM's 64 characters:
docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
PROJECT_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
MYSQL_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")


def image_problem(value: str) -> str | None:
    """The problem of an image reference, or None. Allowed is `<registry>/<repository>@sha256:<64 hex>`."""
    if IMAGE.fullmatch(value):
        return None
    name, _, digest = value.partition("@")
    first, slash, _ = name.partition("/")
    why = ""
    if not (slash and ("." in first or ":" in first or first == "localhost")):
        why = ", which contains no registry"
    elif not digest and ":" in name.rsplit("/", 1)[-1]:
        why = ", which has a tag instead of a digest"
    return f'given "{value}"{why}; allowed is {IMAGE_FORM}'


@dataclass(frozen=True, slots=True)
class Format:
    """Text of a format: a regular expression, and its description. Editors show both."""

    pattern: re.Pattern[str]
    allowed: str

    def check(self, value: str) -> str:
        if not self.pattern.fullmatch(value):
            raise ValueError(f"allowed is {self.allowed}")
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "pattern": f"^({self.pattern.pattern})$", "patternErrorMessage": self.allowed}


def _cidr(value: str) -> str:
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise ValueError("allowed is an IPv4 range such as 10.0.0.0/16") from None
    if network.version != 4 or "/" not in value:
        raise ValueError("allowed is an IPv4 range such as 10.0.0.0/16")
    if str(network) != value:
        raise ValueError(f"the address is not the first one of its range; use {network}")
    return value


def _image(value: str) -> str:
    if problem := image_problem(value):
        raise ValueError(problem)
    return value


def _retention(value: int) -> int:
    if value not in RETENTION_DAYS:
        raise ValueError(f"allowed by CloudWatch Logs are {', '.join(map(str, RETENTION_DAYS))}")
    return value


def _offered_by(engine: Engine) -> Callable[[str], str]:
    def offered(value: str) -> str:
        if value != SERVERLESS and (problem := refusal(engine, value)):
            raise ValueError(problem)
        return value

    return offered


def _not_serverless(value: object) -> object:
    # AWS offers it for clusters with a range of capacity units, which the program does not set:
    # docs.aws.amazon.com/documentdb/latest/devguide/docdb-serverless-limitations.html
    if value == SERVERLESS:
        raise ValueError("serverless DocumentDB is not supported; allowed is a class such as db.t4g.medium")
    return value


Cidr = Annotated[str, AfterValidator(_cidr)]
RetentionDays = Annotated[int, AfterValidator(_retention), Field(json_schema_extra={"enum": [*RETENTION_DAYS]})]
Email = Annotated[str, Format(EMAIL, "an e-mail address such as team@example.com")]
AuroraClass = Annotated[
    str,
    Format(INSTANCE_CLASS, "db.serverless, or a class such as db.r6g.large"),
    AfterValidator(_offered_by(AURORA_MYSQL)),
]
DocumentDbClass = Annotated[
    str,
    BeforeValidator(_not_serverless),
    Format(PROVISIONED_CLASS, "a class such as db.t4g.medium"),
    AfterValidator(_offered_by(DOCUMENTDB)),
]
NodeType = Annotated[str, Format(NODE_TYPE, "a node type such as cache.t4g.small"), AfterValidator(_offered_by(VALKEY))]
SecretArn = Annotated[
    str,
    AfterValidator(checked_reference),
    Field(json_schema_extra={"pattern": f"^({REFERENCE_FORM})$", "patternErrorMessage": REFERENCE_ALLOWED}),
]
KeyArn = Annotated[
    str,
    Format(
        KEY_ARN,
        "the ARN of a KMS key, not of an alias (`aws kms describe-key --key-id <alias ARN>` shows it): "
        "arn:aws:kms:ap-northeast-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    ),
]
PolicyArn = Annotated[
    str,
    Format(POLICY_ARN, "the ARN of a policy such as arn:aws:iam::123456789012:policy/bootstrap-story-boundary-prod"),
]
HostedZoneId = Annotated[str, Format(HOSTED_ZONE_ID, "a Route 53 hosted zone id such as Z0123456789ABCDEFGHIJ")]
Domain = Annotated[str, Format(DOMAIN, "a host name such as www.example.com, in lower case")]
Image = Annotated[str, AfterValidator(_image)]
EnvironmentName = Annotated[str, Format(ENVIRONMENT_NAME, "a name of A-Z, a-z, 0-9 and _ that begins with no digit")]
Name = Annotated[str, Format(NAME, "a name of a-z, 0-9 and - that begins with a letter, of at most 16 characters")]
MysqlName = Annotated[
    str, Format(MYSQL_NAME, "a name of A-Z, a-z, 0-9 and _ that begins with a letter, of at most 32 characters")
]
Percent = Annotated[int, Field(ge=1, le=100)]
Port = Annotated[int, Field(ge=1024, le=65535)]

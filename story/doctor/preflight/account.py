"""The account: its plan, its region, the service-linked roles, the boundary and the tags of bootstrap/."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from aws.caching import CachingClient
from aws.client import Json, items, part
from aws.errors import is_not_found
from settings.partition import COMMERCIAL, partition_of
from story.doctor.finding import Finding, Severity, ok, unknown
from story.doctor.preflight.subject import Subject

ACCOUNT, ROLES, BOUNDARY = "account", "roles", "permissions"
AWS_MANAGED = "aws"
"""Account in the ARN of an AWS managed policy."""
RESPONSE_KEYS = {"get_role": "Role", "get_policy": "Policy"}
AURORA = "aws:rds/cluster:Cluster"
DOCUMENTDB = "aws:docdb/cluster:Cluster"
VALKEY = "aws:elasticache/replicationGroup:ReplicationGroup"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRole:
    """A service-linked role.

    Attributes:
        name: Its name.
        service: The service that assumes it, as `aws iam create-service-linked-role` names it.
        types: Types of resources that need it.
    """

    name: str
    service: str
    types: Sequence[str]


SERVICE_ROLES = (
    # docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles.html
    ServiceRole(name="AWSServiceRoleForECS", service="ecs.amazonaws.com", types=["aws:ecs/service:Service"]),
    # docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-service-linked-roles.html
    ServiceRole(
        name="AWSServiceRoleForElasticLoadBalancing",
        service="elasticloadbalancing.amazonaws.com",
        types=["aws:lb/loadBalancer:LoadBalancer"],
    ),
    # DocumentDB uses the role of RDS: docs.aws.amazon.com/documentdb/latest/developerguide/service-linked-roles.html
    ServiceRole(name="AWSServiceRoleForRDS", service="rds.amazonaws.com", types=[AURORA, DOCUMENTDB]),
    # docs.aws.amazon.com/AmazonElastiCache/latest/dg/using-service-linked-roles.html
    ServiceRole(name="AWSServiceRoleForElastiCache", service="elasticache.amazonaws.com", types=[VALKEY]),
    # docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-service-linked-roles.html
    ServiceRole(
        name="AWSServiceRoleForApplicationAutoScaling_ECSService",
        service="ecs.application-autoscaling.amazonaws.com",
        types=["aws:appautoscaling/target:Target"],
    ),
)


def evaluate_plan(response: Json, *, has_aurora: bool) -> Finding:
    """Whether the account's plan allows the stack.

    The free plan has Aurora only in its express configuration, which this stack does not use:
    docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/CHAP_GettingStartedAurora.AuroraPostgreSQL.ExpressConfig.html

    Args:
        response: Response of GetAccountPlanState.
        has_aurora: Whether the stack has Aurora.
    """
    plan, status = str(response.get("accountPlanType", "")), str(response.get("accountPlanStatus", ""))
    fix = "upgrade to the paid plan: `aws freetier upgrade-account-plan --account-plan-type PAID --region us-east-1`"
    if plan == "PAID":
        return ok(ACCOUNT, "plan", "the account is on the paid plan")
    if plan != "FREE":
        return unknown(ACCOUNT, "plan", f'AWS returns the plan "{plan}"')
    if status == "EXPIRED":
        what, severity = "the account's free plan has expired", Severity.ERROR
    elif has_aurora:
        what, severity = "the account is on the free plan", Severity.ERROR
    else:
        what, severity = "the account is on the free plan", Severity.WARNING
    why = (
        "the update fails with FreeTierRestrictionError: this plan limits database instances, their sizes and "
        "their backups"
    )
    return Finding(area=ACCOUNT, subject="plan", severity=severity, what=what, why=why, fix=fix)


def evaluate_region(region: str, response: Json) -> Finding:
    """Whether the account may use the region: docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html

    Args:
        region: The stack's region.
        response: Response of DescribeRegions, with regions that are not enabled.
    """
    found = {str(one.get("RegionName")): str(one.get("OptInStatus", "")) for one in items(response, "Regions")}
    status = found.get(region)
    if status in ("opt-in-not-required", "opted-in"):
        return ok(ACCOUNT, "region", f"{region} is enabled")
    home = partition_of(region).home_region
    enable = f"`aws account enable-region --region-name {region} --region {home}` (this may take hours)"
    listed = f"`aws ec2 describe-regions --all-regions --region {home}` lists them"
    return Finding(
        area=ACCOUNT,
        subject="region",
        severity=Severity.ERROR,
        what=f"{region} is {status}" if status else f"{region} is not a region of this account",
        why="requests to this region fail, so nothing else was checked",
        fix=f"{enable}, or set another aws:region" if status else f"set another aws:region; {listed}",
    )


def evaluate_service_role(role: ServiceRole, *, exists: bool) -> Finding:
    """Whether a service-linked role exists.

    Args:
        role: The role.
        exists: Whether it exists in IAM.
    """
    if exists:
        return ok(ROLES, role.name, f"{role.service} has its service-linked role")
    return Finding(
        area=ROLES,
        subject=role.name,
        severity=Severity.WARNING,
        what="does not exist yet",
        why="AWS creates it at the first use; that fails without the permission, and if two resources need it at once",
        fix=f"`aws iam create-service-linked-role --aws-service-name {role.service}`; bootstrap/ creates it too",
    )


def evaluate_boundary(arn: str, account: str, *, exists: bool | None) -> Finding:
    """Whether the permissions boundary exists in this account.

    Args:
        arn: `permissions.boundary_arn`.
        account: Account of the credentials.
        exists: Whether it exists in IAM; None if that was not checked, because the ARN is of another account.
    """
    named = arn.split(":")[4] if arn.count(":") >= 5 else ""
    fix = "set permissions.boundary_arn to the output boundaryArns of bootstrap/ in this account"
    if named not in (account, AWS_MANAGED):
        what = f"{arn} belongs to account {named or '?'}, but the credentials belong to {account}"
    elif exists is False:
        what = f"the policy {arn} does not exist"
    else:
        return ok(BOUNDARY, "boundary", f"the policy {arn.rpartition('/')[2]} exists")
    why = "creating the first role fails with MalformedPolicyDocument or NoSuchEntity, or AccessDenied"
    return Finding(area=BOUNDARY, subject="boundary", severity=Severity.ERROR, what=what, why=why, fix=fix)


def evaluate_tags(stack: str, project: str, tags: Mapping[str, str]) -> Finding:
    """Whether the default tags are those that the policies of bootstrap/ require of the stack's resources.

    Args:
        stack: Name of the stack.
        project: Name of the project.
        tags: `aws:defaultTags` of the stack file.
    """
    required = {"Project": project, "Environment": stack}
    missing = [f"{name}: {value}" for name, value in required.items() if tags.get(name) != value]
    if not missing:
        return ok(BOUNDARY, "default tags", "aws:defaultTags has the project and the stack")
    return Finding(
        area=BOUNDARY,
        subject="default tags",
        severity=Severity.ERROR,
        what=f"aws:defaultTags does not have {', '.join(missing)}",
        why="the policies of bootstrap/ allow the deploying role only resources with these tags: AccessDenied",
        fix=f"set aws:defaultTags: {{ tags: {{ Project: {project}, Environment: {stack} }} }} in the stack file",
    )


def check_plan(subject: Subject) -> Iterator[Finding]:
    """The account's plan. Only the commercial partition has plans, with an API in one region."""
    if partition_of(subject.region) is not COMMERCIAL:
        return
    response = subject.home.call("freetier", "get_account_plan_state")
    yield evaluate_plan(response, has_aurora=subject.planned.has(AURORA))


def check_region(subject: Subject) -> Iterator[Finding]:
    """The region of the stack."""
    yield _region(subject.home, subject.region)


def closed_region(home: CachingClient, region: str) -> Finding | None:
    """Why this account cannot use a region; None if it can, or if that could not be read.

    Args:
        home: Client for the account in its partition's home region; requests to a region that is not enabled fail.
        region: The stack's region.
    """
    try:
        found = _region(home, region)
    except (BotoCoreError, ClientError):
        return None
    return found if found.severity is Severity.ERROR else None


def _region(home: CachingClient, region: str) -> Finding:
    # No region is named: AWS rejects a request that names one that does not exist.
    return evaluate_region(region, home.call("ec2", "describe_regions", AllRegions=True))


def needed_roles(subject: Subject) -> list[ServiceRole]:
    """The service-linked roles that the stack's resources need."""
    return [role for role in SERVICE_ROLES if subject.planned.has(*role.types)]


def check_service_role(subject: Subject, role: ServiceRole) -> Iterator[Finding]:
    """A service-linked role."""
    yield evaluate_service_role(role, exists=_exists(subject, "get_role", RoleName=role.name))


def check_boundary(subject: Subject) -> Iterator[Finding]:
    """The permissions boundary."""
    for arn in subject.planned.boundaries:
        is_own = arn.split(":")[4:5] in ([subject.account], [AWS_MANAGED])
        exists = _exists(subject, "get_policy", PolicyArn=arn) if is_own else None
        yield evaluate_boundary(arn, subject.account, exists=exists)


def check_tags(subject: Subject) -> Iterator[Finding]:
    """The default tags, if a permissions boundary shows that the policies of bootstrap/ are in use."""
    if subject.planned.boundaries:
        yield evaluate_tags(subject.planned.stack, subject.planned.project, subject.planned.default_tags)


def _exists(subject: Subject, operation: str, **parameters: str) -> bool:
    try:
        return bool(part(subject.aws.call("iam", operation, **parameters), RESPONSE_KEYS[operation]))
    except ClientError as error:
        if is_not_found(error):
            return False
        raise

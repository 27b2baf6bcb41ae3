"""The account: its plan, its region, the roles that AWS's services need, the boundary and the tags of bootstrap/."""

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
"""Account in the ARN of a policy that AWS itself keeps."""
PROJECT = "story"
ANSWERS = {"get_role": "Role", "get_policy": "Policy"}
AURORA = "aws:rds/cluster:Cluster"
DOCUMENTDB = "aws:docdb/cluster:Cluster"
VALKEY = "aws:elasticache/replicationGroup:ReplicationGroup"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRole:
    """A service-linked role.

    Attributes:
        name: Its name.
        service: The service that takes it on, as `aws iam create-service-linked-role` wants it.
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


def evaluate_plan(answer: Json, *, has_aurora: bool) -> Finding:
    """Whether the account's plan lets the stack be made.

    Aurora on the free plan is offered in its express configuration alone, which this stack is not:
    docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/CHAP_GettingStartedAurora.AuroraPostgreSQL.ExpressConfig.html

    Args:
        answer: Of GetAccountPlanState.
        has_aurora: Whether the stack has Aurora.
    """
    plan, status = str(answer.get("accountPlanType", "")), str(answer.get("accountPlanStatus", ""))
    fix = "choose the paid plan: `aws freetier upgrade-account-plan --account-plan-type PAID --region us-east-1`"
    if plan == "PAID":
        return ok(ACCOUNT, "plan", "the account is on the paid plan")
    if plan != "FREE":
        return unknown(ACCOUNT, "plan", f'AWS names the plan "{plan}"')
    if status == "EXPIRED":
        what, severity = "the account's free plan is over", Severity.ERROR
    elif has_aurora:
        what, severity = "the account is on the free plan", Severity.ERROR
    else:
        what, severity = "the account is on the free plan", Severity.WARNING
    why = (
        "the update ends with FreeTierRestrictionError: this plan has limits on database instances, their sizes and "
        "their backups"
    )
    return Finding(area=ACCOUNT, subject="plan", severity=severity, what=what, why=why, fix=fix)


def evaluate_region(region: str, answer: Json) -> Finding:
    """Whether the account may use the region: docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html

    Args:
        region: The stack's region.
        answer: Of DescribeRegions, with regions that are not enabled.
    """
    found = {str(one.get("RegionName")): str(one.get("OptInStatus", "")) for one in items(answer, "Regions")}
    status = found.get(region)
    if status in ("opt-in-not-required", "opted-in"):
        return ok(ACCOUNT, "region", f"{region} is enabled")
    home = partition_of(region).home_region
    enable = f"`aws account enable-region --region-name {region} --region {home}` (it may take hours)"
    listed = f"`aws ec2 describe-regions --all-regions --region {home}` lists them"
    return Finding(
        area=ACCOUNT,
        subject="region",
        severity=Severity.ERROR,
        what=f"{region} is {status}" if status else f"{region} is not a region of AWS for this account",
        why="no request to this region is answered, so nothing else was checked",
        fix=f"{enable}, or another aws:region" if status else f"another aws:region; {listed}",
    )


def evaluate_service_role(role: ServiceRole, *, exists: bool) -> Finding:
    """Whether a service-linked role exists.

    Args:
        role: The role.
        exists: Whether IAM has it.
    """
    if exists:
        return ok(ROLES, role.name, f"{role.service} has its role")
    return Finding(
        area=ROLES,
        subject=role.name,
        severity=Severity.WARNING,
        what="does not exist yet",
        why="AWS makes it at the first use: that fails without the right, and if two resources need it at once",
        fix=f"`aws iam create-service-linked-role --aws-service-name {role.service}`; bootstrap/ does it too",
    )


def evaluate_boundary(arn: str, account: str, *, exists: bool | None) -> Finding:
    """Whether the policy that bounds the roles exists in this account.

    Args:
        arn: `permissions.boundary_arn`.
        account: Account of the credentials.
        exists: Whether IAM has it; None if it was not asked, because the ARN is of another account.
    """
    named = arn.split(":")[4] if arn.count(":") >= 5 else ""
    fix = "permissions.boundary_arn: the output boundaryArns of bootstrap/ in this account"
    if named not in (account, AWS_MANAGED):
        what = f"{arn} is of the account {named or '?'}, the credentials are of {account}"
    elif exists is False:
        what = f"there is no policy {arn}"
    else:
        return ok(BOUNDARY, "boundary", f"the policy {arn.rpartition('/')[2]} exists")
    why = "the first role fails with MalformedPolicyDocument or NoSuchEntity, or AccessDenied"
    return Finding(area=BOUNDARY, subject="boundary", severity=Severity.ERROR, what=what, why=why, fix=fix)


def evaluate_tags(stack: str, project: str, tags: Mapping[str, str]) -> Finding:
    """Whether the default tags are those by which the policies of bootstrap/ know the stack's resources.

    Args:
        stack: Name of the stack.
        project: Name of the project.
        tags: `aws:defaultTags` of the stack's file.
    """
    wanted = {"Project": project, "Environment": stack}
    wrong = [f"{name}: {value}" for name, value in wanted.items() if tags.get(name) != value]
    if not wrong:
        return ok(BOUNDARY, "default tags", "aws:defaultTags names the project and the stack")
    return Finding(
        area=BOUNDARY,
        subject="default tags",
        severity=Severity.ERROR,
        what=f"aws:defaultTags lacks {', '.join(wrong)}",
        why="the policies of bootstrap/ allow the deploying role only what has these tags: AccessDenied",
        fix=f"aws:defaultTags: {{ tags: {{ Project: {project}, Environment: {stack} }} }} in the stack's file",
    )


def check_plan(subject: Subject) -> Iterator[Finding]:
    """The account's plan. AWS answers for it in one region alone, and has plans in the commercial partition alone."""
    if partition_of(subject.region) is not COMMERCIAL:
        return
    answer = subject.home.call("freetier", "get_account_plan_state")
    yield evaluate_plan(answer, has_aurora=subject.planned.has(AURORA))


def check_region(subject: Subject) -> Iterator[Finding]:
    """The region of the stack."""
    yield _region(subject.home, subject.region)


def closed_region(home: CachingClient, region: str) -> Finding | None:
    """Why a region answers no request of this account; None if it does, or if that could not be read.

    Args:
        home: The account in its partition's home region: a region that is not enabled answers nothing itself.
        region: The stack's region.
    """
    try:
        found = _region(home, region)
    except (BotoCoreError, ClientError):
        return None
    return found if found.severity is Severity.ERROR else None


def _region(home: CachingClient, region: str) -> Finding:
    # Without names of regions: AWS refuses a request that names one that does not exist.
    return evaluate_region(region, home.call("ec2", "describe_regions", AllRegions=True))


def needed_roles(subject: Subject) -> list[ServiceRole]:
    """The service-linked roles that the stack's resources need."""
    return [role for role in SERVICE_ROLES if subject.planned.has(*role.types)]


def check_service_role(subject: Subject, role: ServiceRole) -> Iterator[Finding]:
    """A service-linked role."""
    yield evaluate_service_role(role, exists=_exists(subject, "get_role", RoleName=role.name))


def check_boundary(subject: Subject) -> Iterator[Finding]:
    """The policy that bounds the roles, and the tags that the policies beside it ask for."""
    for arn in subject.planned.boundaries:
        is_ours = arn.split(":")[4:5] in ([subject.account], [AWS_MANAGED])
        exists = _exists(subject, "get_policy", PolicyArn=arn) if is_ours else None
        yield evaluate_boundary(arn, subject.account, exists=exists)


def check_tags(subject: Subject) -> Iterator[Finding]:
    """The default tags, where a boundary shows that the policies of bootstrap/ are in use."""
    if subject.planned.boundaries:
        yield evaluate_tags(subject.planned.stack, PROJECT, subject.planned.default_tags)


def _exists(subject: Subject, operation: str, **parameters: str) -> bool:
    try:
        return bool(part(subject.aws.call("iam", operation, **parameters), ANSWERS[operation]))
    except ClientError as error:
        if is_not_found(error):
            return False
        raise

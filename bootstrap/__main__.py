"""What an AWS account needs before its first stack, once per account."""

import pulumi

from bootstrap import account_settings
from bootstrap.audit_trail import AuditTrail, AuditTrailArgs, trail_name
from bootstrap.boundaries import Boundaries, BoundariesArgs
from bootstrap.delivery import Delivery, DeliveryArgs
from bootstrap.foundation import Foundation
from bootstrap.github import Github, GithubArgs
from bootstrap.image_repository import ImageRepository, ImageRepositoryArgs
from bootstrap.operators import Operators, OperatorsArgs
from bootstrap.private_bucket import PrivateBucket, PrivateBucketArgs
from bootstrap.service_linked_roles import ServiceLinkedRoles, ServiceLinkedRolesArgs
from components.base import physical_name
from components.encryption import Encryption, EncryptionArgs

STATE_VERSION_DAYS = 90

account = account_settings.read()
site, region = account.settings, account.region

# AWS makes them with the first resource that needs one, and two at once may fail.
ServiceLinkedRoles("linked-roles", ServiceLinkedRolesArgs(region=region, profile=account.profile))

# The state's secrets have a key of their own: whoever may use it reads them.
state_key = Encryption("state-key", EncryptionArgs(region=region, protect=site.protect, alias="state"))
account_id = state_key.account_id
trail = trail_name() if site.trail.enabled else None
delivery_key = Encryption(
    "delivery-key", EncryptionArgs(region=region, protect=site.protect, alias="delivery", trail=trail)
)
state = PrivateBucket(
    "state",
    PrivateBucketArgs(key_arn=state_key.key_arn, protect=site.protect, noncurrent_days=STATE_VERSION_DAYS),
)
images = ImageRepository(
    "images",
    ImageRepositoryArgs(image_name=pulumi.get_stack(), key_arn=delivery_key.key_arn, protect=site.protect),
)
if site.trail.enabled:
    AuditTrail(
        "trail",
        AuditTrailArgs(
            region=region,
            account_id=account_id,
            key_arn=delivery_key.key_arn,
            protect=site.protect,
            retention_days=site.trail.retention_days,
        ),
    )

foundation = Foundation(
    region=region, account_id=account_id, state_bucket_arn=state.arn, state_key_arn=state_key.key_arn
)
state_url = pulumi.Output.concat("s3://", state.name, "?region=", region, "&awssdk=v2")
bounds = Boundaries("boundary", BoundariesArgs(stacks=site.stages, foundation=foundation, task_rights=site.task_rights))
operators = Operators("operators", OperatorsArgs(stacks=site.stages, foundation=foundation))
github = Github(
    "github",
    GithubArgs(
        repository=site.infrastructure.full_name,
        provider_arn=site.infrastructure.oidc_provider_arn,
        stacks=site.stages,
        foundation=foundation,
    ),
)
delivery = Delivery(
    "delivery",
    DeliveryArgs(
        settings=site,
        foundation=foundation,
        key_arn=delivery_key.key_arn,
        images=images,
        boundary_arns=bounds.arns,
        state_url=state_url,
    ),
)

pulumi.export("stateUrl", state_url)
pulumi.export("secretsProvider", f"awskms:///alias/{physical_name('state')}?region={region}")
pulumi.export("imageRepository", images.url)
pulumi.export("boundaryArns", dict(bounds.arns))
pulumi.export("operatorPolicyArns", dict(operators.policy_arns))
pulumi.export("connectionArn", delivery.connection_arn)
pulumi.export("previewRoleArns", dict(github.role_arns))
pulumi.export("buildPipeline", delivery.build_pipeline)
pulumi.export("deployPipeline", delivery.deploy_pipeline)
pulumi.export("newestImageParameter", delivery.newest_image_parameter)

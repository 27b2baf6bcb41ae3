"""The IAM actions behind API calls, as the emulator notes them.

An action has the name of its API operation, but for some:
docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import re
from collections.abc import Iterable

SERVICES = {"monitoring": "cloudwatch"}
"""Services whose requests are signed for another name than IAM's."""
S3 = {
    "DELETE /{}": "DeleteBucket",
    "DELETE /{}?encryption": "PutEncryptionConfiguration",
    "DELETE /{}?lifecycle": "PutLifecycleConfiguration",
    "DELETE /{}?ownershipControls": "PutBucketOwnershipControls",
    "DELETE /{}?policy": "DeleteBucketPolicy",
    "DELETE /{}?publicAccessBlock": "PutBucketPublicAccessBlock",
    "GET /{}?accelerate": "GetAccelerateConfiguration",
    "GET /{}?acl": "GetBucketAcl",
    "GET /{}?cors": "GetBucketCORS",
    "GET /{}?encryption": "GetEncryptionConfiguration",
    "GET /{}?lifecycle": "GetLifecycleConfiguration",
    "GET /{}?logging": "GetBucketLogging",
    "GET /{}?object-lock": "GetBucketObjectLockConfiguration",
    "GET /{}?ownershipControls": "GetBucketOwnershipControls",
    "GET /{}?policy": "GetBucketPolicy",
    "GET /{}?publicAccessBlock": "GetBucketPublicAccessBlock",
    "GET /{}?replication": "GetReplicationConfiguration",
    "GET /{}?requestPayment": "GetBucketRequestPayment",
    "GET /{}?tagging": "GetBucketTagging",
    "GET /{}?versioning": "GetBucketVersioning",
    "GET /{}?website": "GetBucketWebsite",
    "HEAD /{}": "ListBucket",
    "PUT /{}": "CreateBucket",
    "PUT /{}?encryption": "PutEncryptionConfiguration",
    "PUT /{}?lifecycle": "PutLifecycleConfiguration",
    "PUT /{}?ownershipControls": "PutBucketOwnershipControls",
    "PUT /{}?policy": "PutBucketPolicy",
    "PUT /{}?publicAccessBlock": "PutBucketPublicAccessBlock",
    "PUT /{}?tagging": "PutBucketTagging",
    "PUT /{}?versioning": "PutBucketVersioning",
    "GET /{}?versions": "ListBucketVersions",
    "POST /{}?delete": "DeleteObjectVersion",
}
BUDGETS = {
    "CreateBudget": "ModifyBudget",
    "CreateNotification": "ModifyBudget",
    "CreateSubscriber": "ModifyBudget",
    "DeleteBudget": "ModifyBudget",
    "DeleteNotification": "ModifyBudget",
    "DeleteSubscriber": "ModifyBudget",
    "DescribeBudget": "ViewBudget",
    "DescribeNotificationsForBudget": "ViewBudget",
    "DescribeSubscribersForNotification": "ViewBudget",
    "UpdateBudget": "ModifyBudget",
    "UpdateNotification": "ModifyBudget",
    "UpdateSubscriber": "ModifyBudget",
}
"""AWS Budgets has two actions for all of them:
docs.aws.amazon.com/service-authorization/latest/reference/list_awsbudgetservice.html"""
ROUTE_53 = {
    "GET change": "GetChange",
    "GET hostedzone": "GetHostedZone",
    "GET rrset": "ListResourceRecordSets",
    "POST rrset": "ChangeResourceRecordSets",
}


def actions_of(operations: Iterable[str]) -> set[str]:
    """The IAM action of each noted request, such as `ecs:RunTask`.

    Raises:
        KeyError: A request to S3 or Route 53 that this table does not know.
    """
    return {_action(operation) for operation in operations}


def _action(operation: str) -> str:
    service, _, rest = operation.partition(" ")
    if rest and service == "chatbot":
        return f"chatbot:{rest.rpartition('/')[2].title().replace('-', '')}"
    if rest and service == "s3":
        return f"s3:{S3[re.sub(r'&.*', '', rest)]}"
    if rest:
        method, _, path = rest.partition(" ")
        words = [word for word in path.partition("?")[0].split("/") if word and "{" not in word]
        return f"{service}:{ROUTE_53[f'{method} {words[-1]}']}"
    service, _, name = operation.partition(".")
    if service == "budgets":
        return f"budgets:{BUDGETS.get(name, name)}"
    return f"{SERVICES.get(service, service)}:{name}"

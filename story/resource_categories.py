"""The category of a resource type, from the operators' view: data, stores, tasks, network, permissions, or other."""

from enum import StrEnum

MARKER = "random:index/randomUuid:RandomUuid"
SERVICE = "aws:ecs/service:Service"
TASK_DEFINITION = "aws:ecs/taskDefinition:TaskDefinition"
KEY = "aws:kms/key:Key"
SECRET_VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
RANDOM_BYTES = "random:index/randomBytes:RandomBytes"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
ROLLOUT = "rollout-"


class Category(StrEnum):
    """What a resource of this category does for the site."""

    DATA = "data"
    STORE = "store"
    TASKS = "tasks"
    NETWORK = "network"
    ACCESS = "access"
    OTHER = "other"


HOLDS_DATA = frozenset(
    {
        "aws:rds/cluster:Cluster",
        "aws:rds/instance:Instance",
        "aws:rds/globalCluster:GlobalCluster",
        "aws:rds/clusterSnapshot:ClusterSnapshot",
        "aws:docdb/cluster:Cluster",
        "aws:elasticache/cluster:Cluster",
        "aws:elasticache/replicationGroup:ReplicationGroup",
        "aws:elasticache/serverlessCache:ServerlessCache",
        "aws:s3/bucket:Bucket",
        "aws:s3/bucketV2:BucketV2",
        "aws:dynamodb/table:Table",
        "aws:efs/fileSystem:FileSystem",
        "aws:sqs/queue:Queue",
        "aws:ecr/repository:Repository",
        "aws:backup/vault:Vault",
        "aws:secretsmanager/secret:Secret",
        KEY,
        # The application key is made of it: a new key cannot decrypt what Laravel encrypted with the old one.
        RANDOM_BYTES,
    }
)
"""Types whose deletion loses data."""

ABOUT_STORES = (
    "aws:rds/",
    "aws:docdb/",
    "aws:elasticache/",
    "aws:dynamodb/",
    "aws:efs/",
    "aws:s3/bucketVersioning:",
    "aws:s3/bucketLifecycleConfiguration:",
    "aws:s3/bucketServerSideEncryptionConfiguration:",
    "aws:secretsmanager/",
    "aws:kms/",
    "random:index/randomPassword:",
)
RESTARTS = frozenset(
    {
        TASK_DEFINITION,
        SERVICE,
        MARKER,
        "aws:rds/clusterInstance:ClusterInstance",
        "aws:docdb/clusterInstance:ClusterInstance",
    }
)
GIVES_ACCESS = (
    "aws:iam/",
    "aws:s3/bucketPolicy:",
    "aws:s3/bucketPublicAccessBlock:",
    "aws:s3/bucketOwnershipControls:",
    "aws:s3/bucketAcl:",
    "aws:kms/keyPolicy:",
    "aws:kms/grant:",
    "aws:sns/topicPolicy:",
    "aws:sqs/queuePolicy:",
    "aws:secretsmanager/secretPolicy:",
    "aws:ecr/repositoryPolicy:",
    "aws:lambda/permission:",
    "aws:cloudwatch/logResourcePolicy:",
)
CARRIES_TRAFFIC = (
    "aws:ec2/",
    "aws:vpc/",
    "aws:lb/",
    "aws:alb/",
    "aws:route53/",
    "aws:acm/",
    "aws:wafv2/",
    "aws:cloudfront/",
    "aws:servicediscovery/",
)
CARRIES_NONE = ("aws:ec2/flowLog:",)


def category_of(type_: str) -> Category:
    """The category of a resource type."""
    if type_ in HOLDS_DATA:
        return Category.DATA
    if type_ in RESTARTS:
        return Category.TASKS
    if type_.startswith(GIVES_ACCESS):
        return Category.ACCESS
    if type_.startswith(ABOUT_STORES):
        return Category.STORE
    if type_.startswith(CARRIES_TRAFFIC) and not type_.startswith(CARRIES_NONE):
        return Category.NETWORK
    return Category.OTHER


def short(type_: str) -> str:
    """A short form of a type: `ecs Service` for `aws:ecs/service:Service`."""
    package, _, rest = type_.partition(":")
    service = rest.partition("/")[0]
    word = type_.rpartition(":")[2]
    return f"{service} {word}" if package == "aws" and service != rest else word

"""Every metric that dashboards and alarms name, with the sets of dimensions under which its publisher has it.

A metric with other dimensions does not exist: CloudWatch shows an empty graph, and an alarm that never goes off. What
is not in the tables of AWS is not in this one, and the tests look up here whatever a body or an alarm names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Dimensions = frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page that lists metrics of a namespace.

    Attributes:
        link: Where AWS says so.
        sets: Sets of dimensions by metric.
    """

    namespace: str
    link: str
    sets: Mapping[str, Sequence[Dimensions]]


def sets(*names: str) -> tuple[Dimensions, ...]:
    """Sets of dimensions, each written with spaces between its members."""
    return tuple(frozenset(name.split()) for name in names)


BALANCER = sets("LoadBalancer", "AvailabilityZone LoadBalancer")
TARGETS = sets("LoadBalancer TargetGroup", "AvailabilityZone LoadBalancer TargetGroup")
SERVICE = sets("ClusterName ServiceName")
TASK = sets(
    "ClusterName",
    "ClusterName TaskDefinitionFamily",
    "ClusterName ServiceName",
    "ClusterName ServiceName TaskId",
    "ClusterName TaskDefinitionFamily TaskId",
)
AURORA = sets("DBInstanceIdentifier", "DBClusterIdentifier", "DBClusterIdentifier Role")
"""Aurora's metrics of instances are also there for their cluster, alone or with the role:
docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/dimensions.html"""
DOCUMENTDB = AURORA
"""docs.aws.amazon.com/documentdb/latest/developerguide/cloud_watch.html#cloud_watch-metrics_dimensions"""
NODE = sets("CacheClusterId", "CacheClusterId CacheNodeId")

PAGES: Sequence[Page] = (
    Page(
        namespace="AWS/ApplicationELB",
        link="docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html",
        sets={
            "ActiveConnectionCount": BALANCER,
            "RejectedConnectionCount": BALANCER,
            "HTTPCode_ELB_4XX_Count": BALANCER,
            "HTTPCode_ELB_5XX_Count": BALANCER,
            "RequestCount": (*BALANCER, *TARGETS),
            "HTTPCode_Target_4XX_Count": (*BALANCER, *TARGETS),
            "HTTPCode_Target_5XX_Count": (*BALANCER, *TARGETS),
            "TargetConnectionErrorCount": (*BALANCER, *TARGETS),
            "TargetResponseTime": (*BALANCER, *TARGETS),
            "HealthyHostCount": TARGETS,
            "UnHealthyHostCount": TARGETS,
        },
    ),
    Page(
        namespace="AWS/ECS",
        link="docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html",
        sets={"CPUUtilization": SERVICE, "MemoryUtilization": SERVICE},
    ),
    Page(
        namespace="ECS/ContainerInsights",
        link="docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html",
        sets={
            "DesiredTaskCount": SERVICE,
            "PendingTaskCount": SERVICE,
            "RunningTaskCount": SERVICE,
            "DeploymentCount": SERVICE,
        },
    ),
    Page(
        namespace="ECS/ContainerInsights",
        link=(
            "docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/"
            "Container-Insights-enhanced-observability-metrics-ECS.html"
        ),
        sets={
            "TaskCpuUtilization": TASK,
            "TaskMemoryUtilization": TASK,
            "TaskEphemeralStorageUtilization": TASK,
            "RestartCount": (
                *TASK,
                *sets("ClusterName ServiceName ContainerName", "ClusterName ServiceName TaskId ContainerName"),
            ),
        },
    ),
    Page(
        namespace="AWS/RDS",
        link="docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html",
        sets={
            "AuroraReplicaLag": AURORA,
            "AuroraReplicaLagMaximum": AURORA,
            "CommitLatency": AURORA,
            "CPUUtilization": AURORA,
            "DatabaseConnections": AURORA,
            "DMLLatency": AURORA,
            "FreeableMemory": AURORA,
            "SelectLatency": AURORA,
        },
    ),
    Page(
        namespace="AWS/RDS",
        link=(
            "docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/"
            "aurora-serverless-v2.setting-capacity.html#aurora-serverless-v2.viewing.monitoring"
        ),
        sets={"ACUUtilization": AURORA, "ServerlessDatabaseCapacity": AURORA},
    ),
    Page(
        namespace="AWS/ElastiCache",
        # The sets of dimensions:
        # docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Best_Practice_Recommended_Alarms_AWS_Services.html
        link="docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheMetrics.Redis.html",
        sets={
            "CacheHitRate": NODE,
            "CurrConnections": NODE,
            "DatabaseMemoryUsagePercentage": NODE,
            "EngineCPUUtilization": NODE,
            "Evictions": NODE,
            "ReplicationLag": NODE,
        },
    ),
    Page(
        namespace="AWS/DocDB",
        link="docs.aws.amazon.com/documentdb/latest/developerguide/cloud_watch.html",
        sets={
            "CPUUtilization": DOCUMENTDB,
            "DatabaseConnections": DOCUMENTDB,
            "FreeableMemory": DOCUMENTDB,
            "LowMemNumOperationsThrottled": DOCUMENTDB,
        },
    ),
    Page(
        namespace="AWS/CertificateManager",
        link="docs.aws.amazon.com/acm/latest/userguide/cloudwatch-metrics.html",
        sets={"DaysToExpiry": sets("CertificateArn")},
    ),
    Page(
        namespace="AWS/Events",
        link="docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html",
        sets={"FailedInvocations": sets("RuleName"), "TriggeredRules": sets("RuleName")},
    ),
    Page(
        namespace="story/test",
        # AWS has none of these: the application and the steps of a release publish them.
        link="docs/laravel-metrics.md",
        sets={
            "SchedulerHeartbeat": sets(""),
            "QueueDepth": sets("Queue"),
            "OldestJobSeconds": sets("", "Queue"),
            "FailedJobs": sets(""),
            "PhpFpmSaturated": sets(""),
            "MigrationSeconds": sets(""),
            "RolloutSeconds": sets("Service"),
        },
    ),
)


def documented(namespace: str, name: str) -> Sequence[Dimensions]:
    """The sets of dimensions that a metric has; none if nobody documents it."""
    return [each for page in PAGES if page.namespace == namespace for each in page.sets.get(name, ())]

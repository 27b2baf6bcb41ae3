"""What a stack tells people and tools: names, addresses and ARNs; never a password."""

from collections.abc import Mapping
from typing import Any

import pulumi

from components.cluster import Cluster
from components.image import OUTPUT, remembered
from components.ingress import Ingress
from components.observability import Observability
from components.service.application import Application
from components.service.fargate_service import FargateService
from components.service.migration_task import MigrationTask


def stack_outputs(
    image: pulumi.Output[str],
    ingress: Ingress,
    cluster: Cluster,
    application: Application,
    migration: MigrationTask,
    services: Mapping[str, FargateService],
    observability: Observability,
) -> dict[str, Any]:
    """Outputs of the stack by name; a store that does not exist has none."""
    steps = [*migration.markers, *(service.rollout_id for service in services.values())]
    return {
        OUTPUT: remembered(image, steps),
        "url": ingress.url,
        "loadBalancer": ingress.dns_name,
        "cluster": cluster.name,
        "services": {
            name: {
                "taskDefinition": service.task_definition_arn,
                "logGroup": service.log_group_name,
                "targetGroups": dict(service.target_group_arns),
                "rolloutTimeoutSeconds": service.rollout_timeout_seconds,
            }
            for name, service in services.items()
        },
        "region": application.context.stack.region,
        "migration": migration.task.apply(
            lambda task: {
                "taskDefinition": task.task_definition,
                "container": task.container,
                "subnetIds": list(task.subnet_ids),
                "securityGroupId": task.security_group_id,
                "logGroup": task.log_group,
                "timeoutSeconds": task.timeout_seconds,
                "exec": task.exec,
            }
        ),
        "key": application.context.stack.key_arn,
        **({"execLogGroup": cluster.exec_log_group} if cluster.exec_log_group else {}),
        **({"certificate": ingress.certificate_arn, "zone": ingress.zone_id} if ingress.certificate_arn else {}),
        "uploadsBucket": application.uploads.bucket_name,
        "alarmTopics": dict(observability.topic_arns),
        "appKeySecret": application.secrets["APP_KEY"].arn,
        **{store.access.store: store.stack_output for store in application.stores.enabled},
    }

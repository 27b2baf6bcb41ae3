"""What those may do who operate a stack: look, read its logs, and go into its tasks, on record."""

from bootstrap.scope import Scope
from bootstrap.stack_reads import DESCRIBES_COMPOSITE_ALARMS
from components.iam import Statement, allow
from settings.project import PROJECT

FORWARDING = "AWS-StartPortForwardingSessionToRemoteHost"
CONTAINERS = ("app", "nginx")
"""Those that may be gone into: the site's own, since agents' hold other keys."""
READABLE = ("events", "migration", "scheduler", "web", "worker-*")
"""Log groups of a stack that may be read; not the record of sessions, in which stands what others typed."""


def operator_statements(scope: Scope) -> list[Statement]:
    """The rights in one stack."""
    return [*_looking(scope), *_entering(scope)]


def _looking(scope: Scope) -> list[Statement]:
    """What reads, and what AWS knows no resource for:
    docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html"""
    cluster, kinds = scope.arn("ecs", f"cluster/{scope.prefix}"), ("service", "task")
    kept = ("service-deployment", "service-revision")
    return [
        # AWS knows no resource for any of these.
        allow(
            ["cloudwatch:GetMetricData", "ecs:DescribeTaskDefinition", "elasticloadbalancing:DescribeTargetHealth"],
            "*",
        ),
        allow(DESCRIBES_COMPOSITE_ALARMS, "*"),
        allow(
            [
                "ecs:DescribeClusters",
                "ecs:DescribeServiceDeployments",
                "ecs:DescribeServiceRevisions",
                "ecs:DescribeServices",
                "ecs:DescribeTasks",
                "ecs:ListServiceDeployments",
            ],
            [cluster, *(scope.arn("ecs", f"{kind}/{scope.prefix}/*") for kind in (*kinds, *kept))],
        ),
        # Tasks are listed of a cluster, which is a condition and no resource:
        # docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
        allow(["ecs:ListTasks"], scope.arn("ecs", "container-instance/*"), {"ArnEquals": {"ecs:cluster": cluster}}),
        allow(
            ["logs:FilterLogEvents", "logs:GetLogEvents"],
            [scope.arn("logs", f"log-group:/{PROJECT}/{scope.stack}/{name}:*") for name in READABLE],
        ),
    ]


def _entering(scope: Scope) -> list[Statement]:
    cluster, tasks = scope.arn("ecs", f"cluster/{scope.prefix}"), scope.arn("ecs", f"task/{scope.prefix}/*")
    partition = scope.partition.name
    own = {"StringLike": {"ssm:resourceTag/aws:ssmmessages:session-id": "${aws:userid}*"}}
    return [
        # docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html (limit access)
        allow(["ecs:ExecuteCommand"], [cluster, tasks], {"StringEquals": {"ecs:container-name": list(CONTAINERS)}}),
        # The plugin makes the key of a session, for a target that it names; only the task decrypts it (same page).
        # docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html (kms:EncryptionContext)
        allow(
            ["kms:GenerateDataKey"],
            scope.arn("kms", "key/*"),
            {
                **scope.of_this_stack,
                "StringLike": {"kms:EncryptionContext:aws:ssm:TargetId": f"ecs:{scope.prefix}_*"},
            },
        ),
        # With the condition a document has to be named, and allowed:
        # docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-specify-session-document.html
        allow(["ssm:StartSession"], tasks, {"BoolIfExists": {"ssm:SessionDocumentAccessCheck": "true"}}),
        allow(["ssm:StartSession"], f"arn:{partition}:ssm:{scope.region}::document/{FORWARDING}"),
        # Own sessions bear the user's id as a tag:
        # docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-restrict-access-examples.html
        allow(["ssm:ResumeSession", "ssm:TerminateSession"], scope.arn("ssm", "session/*"), own),
        # What follows holds whatever other policies allow: a session past ECS Exec is not recorded.
        # docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html (limit access to Start Session)
        {
            "Effect": "Deny",
            "Action": ["ssm:StartSession"],
            "Resource": tasks,
            "Condition": {"Bool": {"ssm:SessionDocumentAccessCheck": "false"}},
        },
        # No condition knows the document of a request, but it is a resource of it, beside the target. So all others
        # are denied, and no targets, or this policy would take from a person what another stack's gives.
        {
            "Effect": "Deny",
            "Action": ["ssm:StartSession"],
            "NotResource": [
                f"arn:{partition}:ecs:*:*:task/*",
                f"arn:{partition}:ec2:*:*:instance/*",
                f"arn:{partition}:ssm:*:*:managed-instance/*",
                f"arn:{partition}:ssm:*:*:document/{FORWARDING}",
            ],
        },
    ]

"""Controls of AWS's security standard that a stack does not meet on purpose, and what stands instead.

`docs/standards.md` quotes this list; a test compares them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """One control that is not met.

    Attributes:
        control: Id of the control.
        stacks: Committed stacks that do not meet it.
        reason: Why.
        instead: What compensates, or from when on it will be met.
    """

    control: str
    stacks: tuple[str, ...]
    reason: str
    instead: str


BOTH = ("dev", "prod")

DEPARTURES = [
    Departure(
        control="EC2.15",
        stacks=BOTH,
        reason="awsx makes public subnets that give addresses to what is started in them, and has no setting for it.",
        instead="Only the load balancer and NAT gateways stand there; tasks say that they want no address (ECS.2).",
    ),
    Departure(
        control="EC2.55",
        stacks=BOTH,
        reason="An interface endpoint costs about 10 USD a month and zone, and there is a NAT gateway anyway.",
        instead="ECR is reached over TLS. With `nat: none`, or in `interface_endpoints`, the endpoints are there.",
    ),
    Departure(
        control="ECS.5",
        stacks=BOTH,
        reason="AWS does not support ECS Exec in containers with a read-only root.",
        instead="Containers run without privileges. `cluster.exec: false` lets `readonly_root_filesystem` be true.",
    ),
    Departure(
        control="ELB.6",
        stacks=("dev",),
        reason="A trial may be thrown away: `protect: false`.",
        instead="It holds no data. `protect: true` turns it on.",
    ),
    Departure(
        control="ELB.16",
        stacks=BOTH,
        reason="There is no web application firewall yet.",
        instead="Invalid headers are dropped, and requests that could smuggle others are refused (desync mitigation).",
    ),
    Departure(
        control="ElastiCache.3",
        stacks=("dev",),
        reason="Failover needs a replica, which doubles the price.",
        instead="`valkey.replicas: 1` turns it on, as in prod.",
    ),
    Departure(
        control="RDS.7",
        stacks=("dev",),
        reason="A trial may be thrown away: `protect: false`.",
        instead="A final snapshot is taken all the same. `protect: true` turns it on.",
    ),
    Departure(
        control="DocumentDB.5",
        stacks=("dev",),
        reason="A trial may be thrown away: `protect: false`.",
        instead="A final snapshot is taken all the same. `protect: true` turns it on.",
    ),
    Departure(
        control="RDS.14",
        stacks=BOTH,
        reason="Backtrack rewinds a whole cluster in place, and cannot be turned on for one that exists.",
        instead="Point-in-time recovery within `backup_retention_days`.",
    ),
    Departure(
        control="RDS.15",
        stacks=("dev",),
        reason="A second instance doubles the price.",
        instead="The storage is in three zones all the same. `aurora.readers: 1`, as in prod.",
    ),
    Departure(
        control="RDS.19",
        stacks=BOTH,
        reason="There are no event subscriptions yet.",
        instead="Alarms on capacity, CPU, connections, lag and missing snapshots.",
    ),
    Departure(
        control="RDS.23",
        stacks=BOTH,
        reason="The default port is what every tool expects.",
        instead="Isolated subnets and a group that opens for the tasks that use the store. `aurora.port` changes it.",
    ),
    Departure(
        control="S3.9",
        stacks=BOTH,
        reason="Access logs of a bucket that only tasks reach cost more than they tell.",
        instead="CloudTrail of the account, where data events can be turned on.",
    ),
    Departure(
        control="SecretsManager.1",
        stacks=BOTH,
        reason="A rotation takes the site down: tasks read secrets only when they start, and keep the old value.",
        instead="`password_version` and `token_version` make new ones and new revisions of the tasks.",
    ),
]

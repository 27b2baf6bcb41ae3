"""Aurora MySQL."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from components.base import Component, physical_name
from components.data_stores.aurora.laravel import STATE_DRIVER, aurora_environment, aurora_secrets
from components.data_stores.aurora.monitoring import MonitoredAurora
from components.data_stores.aurora.user_statements import aurora_user_statements
from components.data_stores.credential import database_user
from components.data_stores.names import exported_log_groups, promotion_tier, zone_of
from components.data_stores.parts import closed_security_group, final_snapshot, log_groups
from components.data_stores.store import Endpoint, StoreArgs
from components.data_stores.user_statements import UserSetup, user_setup
from components.iam import assumed_by
from components.wiring import SecretRef, StoreAccess
from settings.site import ApplicationSpec
from settings.stores import MASTER_USERNAME, AuroraSpec

LOGS = ("audit", "error", "slowquery")
FAMILY = "aurora-mysql8.0"
# None of them has the value that AWS's default group has: AWS does not take that for a value of ours, and every refresh
# would show a difference (github.com/hashicorp/terraform-provider-aws/issues/23335). That group has no value for the
# character set, and a collation must fit the one that is given: github.com/hashicorp/terraform-provider-aws/issues/2304
PARAMETERS = {
    "require_secure_transport": "ON",
    "server_audit_logging": "1",
    # Who came, who changed rights, who changed tables. Every query would copy personal data into the log.
    "server_audit_events": "CONNECT,QUERY_DCL,QUERY_DDL",
    "slow_query_log": "1",
    "long_query_time": "1",
    "character_set_server": "utf8mb4",
    "collation_server": "utf8mb4_unicode_ci",
}
"""All of them dynamic, so they take effect without a restart:
docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Reference.ParameterGroups.html"""
MONITORING_POLICY = "service-role/AmazonRDSEnhancedMonitoringRole"


class Aurora(Component):
    """An Aurora MySQL cluster, its instances, and the application's own user.

    Backups and maintenance happen at the time that AWS chooses, in the region's night. The database and the user are
    made by the task `users`; the master's password is RDS's to keep and to rotate. Protected are the cluster, its first
    instance and the user's secret: Pulumi deletes what depends on a protected resource before it comes to refuse, and
    the site is down without one of these. The other instances are not, so that their number stays a setting.

    Makes: LogGroups, SecurityGroup, SubnetGroup, ClusterParameterGroup, RandomId, Cluster, ClusterInstances,
    Credential, and a Role with a RolePolicyAttachment for enhanced monitoring.
    """

    spec: AuroraSpec
    access: StoreAccess
    endpoint: pulumi.Output[str]
    reader_endpoint: pulumi.Output[str]
    cluster_identifier: pulumi.Output[str]
    master_secret_arn: pulumi.Output[str]
    user_secret_arn: pulumi.Output[str]
    user_secret_version: pulumi.Output[str]

    def __init__(self, name: str, args: StoreArgs[AuroraSpec], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.spec = args.spec
        self.access = closed_security_group(name, vpc_id=args.vpc_id, port=args.spec.port, opts=self.child())
        cluster = self._cluster(name, args)
        self._instances(name, args, cluster)
        user = database_user(name, args.spec, key_arn=args.stack.key_arn, protect=args.protect, opts=self.child())

        self.endpoint = cluster.endpoint
        self.reader_endpoint = cluster.reader_endpoint
        self.cluster_identifier = cluster.cluster_identifier
        self.master_secret_arn = cluster.master_user_secrets.apply(lambda secrets: secrets[0].secret_arn or "")
        self.user_secret_arn = user.secret_arn
        self.user_secret_version = user.secret_version
        self.register_outputs(
            {
                "endpoint": self.endpoint,
                "readerEndpoint": self.reader_endpoint,
                "port": args.spec.port,
                "masterSecretArn": self.master_secret_arn,
                "userSecretArn": self.user_secret_arn,
            }
        )

    @property
    def state_driver(self) -> str | None:
        return STATE_DRIVER

    def laravel_environment(self, application: ApplicationSpec) -> pulumi.Output[Mapping[str, str]]:
        port, database = self.spec.port, self.spec.database
        reader_host = self.reader_endpoint if self.spec.readers else None
        return pulumi.Output.all(self.endpoint, reader_host).apply(
            lambda known: aurora_environment(
                Endpoint(host=known[0], port=port, database=database, reader_host=known[1]), application
            )
        )

    @property
    def laravel_secrets(self) -> Mapping[str, SecretRef]:
        return aurora_secrets(self._user())

    @property
    def user_setup(self) -> UserSetup | None:
        return user_setup(
            self.access.store,
            aurora_user_statements(),
            host=self.endpoint,
            port=self.spec.port,
            database=self.spec.database,
            master_secret_arn=self.master_secret_arn,
            user=self._user(),
        )

    @property
    def stack_output(self) -> Mapping[str, Any]:
        return {
            "endpoint": self.endpoint,
            "readerEndpoint": self.reader_endpoint,
            "port": self.access.port,
            "masterSecret": self.master_secret_arn,
            "userSecret": self.user_secret_arn,
        }

    @property
    def monitored(self) -> MonitoredAurora:
        return MonitoredAurora(spec=self.spec, cluster_identifier=self.cluster_identifier)

    def _user(self) -> SecretRef:
        return SecretRef(arn=self.user_secret_arn, version=self.user_secret_version)

    def _cluster(self, name: str, args: StoreArgs[AuroraSpec]) -> aws.rds.Cluster:
        groups = log_groups(
            exported_log_groups("rds", physical_name(name), LOGS),
            retention_days=args.spec.log_retention_days,
            key_arn=args.stack.key_arn,
            opts=self.child(),
        )
        subnets = aws.rds.SubnetGroup(
            physical_name(name), description="Isolated subnets", subnet_ids=args.subnet_ids, opts=self.child()
        )
        return aws.rds.Cluster(
            name,
            cluster_identifier=physical_name(name),
            engine=aws.rds.EngineType.AURORA_MYSQL,
            engine_version=args.spec.engine_version,
            auto_minor_version_upgrade=args.spec.upgraded_by_aws,
            serverlessv2_scaling_configuration=_scaling(args.spec),
            db_cluster_parameter_group_name=self._parameters(name).name,
            port=args.spec.port,
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[self.access.security_group_id],
            master_username=MASTER_USERNAME,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=args.stack.key_arn,
            iam_database_authentication_enabled=True,
            storage_encrypted=True,
            kms_key_id=args.stack.key_arn,
            enabled_cloudwatch_logs_exports=list(LOGS),
            backup_retention_period=args.spec.backup_retention_days,
            copy_tags_to_snapshot=True,
            skip_final_snapshot=False,
            final_snapshot_identifier=final_snapshot(name, opts=self.child()),
            deletion_protection=args.protect,
            # Otherwise an edit waits for the maintenance window, and every preview until then shows it again.
            apply_immediately=True,
            opts=self.child(protect=args.protect, depends_on=groups, never_deleted_first=True),
        )

    def _parameters(self, name: str) -> aws.rds.ClusterParameterGroup:
        return aws.rds.ClusterParameterGroup(
            physical_name(name),
            family=FAMILY,
            description="TLS only, audit and slow query log, utf8mb4",
            parameters=[
                aws.rds.ClusterParameterGroupParameterArgs(name=key, value=value, apply_method="immediate")
                for key, value in sorted(PARAMETERS.items())
            ],
            opts=self.child(),
        )

    def _instances(
        self, name: str, args: StoreArgs[AuroraSpec], cluster: aws.rds.Cluster
    ) -> list[aws.rds.ClusterInstance]:
        role = aws.iam.Role(
            physical_name(f"{name}-monitoring"),
            assume_role_policy=assumed_by("monitoring.rds.amazonaws.com"),
            permissions_boundary=args.stack.boundary_arn,
            opts=self.child(),
        )
        permission = aws.iam.RolePolicyAttachment(
            physical_name(f"{name}-monitoring"),
            role=role.name,
            policy_arn=f"arn:{args.stack.partition.name}:iam::aws:policy/{MONITORING_POLICY}",
            opts=self.child(),
        )
        insights = args.spec.performance_insights
        return [
            aws.rds.ClusterInstance(
                f"{name}-{index + 1}",
                identifier=physical_name(f"{name}-{index + 1}"),
                cluster_identifier=cluster.id,
                engine=aws.rds.EngineType.AURORA_MYSQL,
                instance_class=args.spec.instance_class,
                availability_zone=zone_of(index, args.zones),
                promotion_tier=promotion_tier(index),
                db_subnet_group_name=cluster.db_subnet_group_name,
                publicly_accessible=False,
                auto_minor_version_upgrade=args.spec.upgraded_by_aws,
                monitoring_interval=args.spec.monitoring_interval_seconds,
                monitoring_role_arn=role.arn,
                performance_insights_enabled=insights,
                performance_insights_kms_key_id=args.stack.key_arn if insights else None,
                copy_tags_to_snapshot=True,
                apply_immediately=True,
                # AWS may put a lone instance into another zone when its own fails, and an added zone moves nothing.
                opts=self.child(
                    protect=args.protect and index == 0, depends_on=[permission], ignore_changes=["availabilityZone"]
                ),
            )
            for index in range(args.spec.readers + 1)
        ]


def _scaling(spec: AuroraSpec) -> aws.rds.ClusterServerlessv2ScalingConfigurationArgs | None:
    if not spec.serverless:
        return None
    return aws.rds.ClusterServerlessv2ScalingConfigurationArgs(min_capacity=spec.min_acu, max_capacity=spec.max_acu)

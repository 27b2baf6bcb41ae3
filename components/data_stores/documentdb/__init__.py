"""DocumentDB, the store with MongoDB's protocol."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from components.base import Component, physical_name
from components.data_stores.credential import database_user
from components.data_stores.documentdb.laravel import documentdb_environment, documentdb_secrets
from components.data_stores.documentdb.monitoring import MonitoredDocumentDb
from components.data_stores.documentdb.user_statements import documentdb_user_statements
from components.data_stores.names import exported_log_groups, promotion_tier, zone_of
from components.data_stores.parts import closed_security_group, final_snapshot, log_groups
from components.data_stores.store import Endpoint, StoreArgs
from components.data_stores.user_statements import UserSetup, user_setup
from components.wiring import SecretRef, StoreAccess
from settings.site import ApplicationSpec
from settings.stores import MASTER_USERNAME, DocumentDbSpec

LOGS = ("audit", "profiler")
PARAMETERS = {
    "audit_logs": ("enabled", "immediate"),
    "profiler": ("enabled", "immediate"),
    "profiler_threshold_ms": ("1000", "immediate"),
}
"""Value and how it is applied. None of them has AWS's default, which AWS does not take for a value of ours, so that a
refresh may show a difference each time. So `tls` is not here; it is `enabled` unless somebody says otherwise:
docs.aws.amazon.com/documentdb/latest/developerguide/cluster_parameter_groups-list_of_parameters.html and
github.com/hashicorp/terraform-provider-aws/issues/23335"""


class DocumentDb(Component):
    """A DocumentDB cluster, its instances, and the application's own user.

    As with Aurora: times are AWS's choice, the task `users` makes the user, the master's password is DocumentDB's to
    keep and rotate, cluster, first instance and secret are protected. DocumentDB makes no minor upgrades, so nothing
    here asks for them: docs.aws.amazon.com/documentdb/latest/developerguide/API_DBInstance.html

    Makes: LogGroups, SecurityGroup, SubnetGroup, ClusterParameterGroup, RandomId, Cluster, ClusterInstances,
    Credential.
    """

    spec: DocumentDbSpec
    access: StoreAccess
    endpoint: pulumi.Output[str]
    reader_endpoint: pulumi.Output[str]
    cluster_identifier: pulumi.Output[str]
    master_secret_arn: pulumi.Output[str]
    user_secret_arn: pulumi.Output[str]
    user_secret_version: pulumi.Output[str]

    def __init__(self, name: str, args: StoreArgs[DocumentDbSpec], opts: pulumi.ResourceOptions | None = None) -> None:
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
        return None

    def laravel_environment(self, application: ApplicationSpec) -> pulumi.Output[Mapping[str, str]]:
        port, database = self.spec.port, self.spec.database
        return self.endpoint.apply(
            lambda host: documentdb_environment(Endpoint(host=host, port=port, database=database), application)
        )

    @property
    def laravel_secrets(self) -> Mapping[str, SecretRef]:
        return documentdb_secrets(self._user())

    @property
    def user_setup(self) -> UserSetup | None:
        return user_setup(
            self.access.store,
            documentdb_user_statements(),
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
    def monitored(self) -> MonitoredDocumentDb:
        return MonitoredDocumentDb(cluster_identifier=self.cluster_identifier)

    def _user(self) -> SecretRef:
        return SecretRef(arn=self.user_secret_arn, version=self.user_secret_version)

    def _cluster(self, name: str, args: StoreArgs[DocumentDbSpec]) -> aws.docdb.Cluster:
        groups = log_groups(
            exported_log_groups("docdb", physical_name(name), LOGS),
            retention_days=args.spec.log_retention_days,
            key_arn=args.stack.key_arn,
            opts=self.child(),
        )
        subnets = aws.docdb.SubnetGroup(
            physical_name(name), description="Isolated subnets", subnet_ids=args.subnet_ids, opts=self.child()
        )
        return aws.docdb.Cluster(
            name,
            cluster_identifier=physical_name(name),
            engine_version=args.spec.engine_version,
            # AWS never goes to another major version by itself; an edit of the settings means it.
            allow_major_version_upgrade=True,
            db_cluster_parameter_group_name=self._parameters(name, args).name,
            port=args.spec.port,
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[self.access.security_group_id],
            master_username=MASTER_USERNAME,
            manage_master_user_password=True,
            storage_encrypted=True,
            kms_key_id=args.stack.key_arn,
            enabled_cloudwatch_logs_exports=list(LOGS),
            backup_retention_period=args.spec.backup_retention_days,
            skip_final_snapshot=False,
            final_snapshot_identifier=final_snapshot(name, opts=self.child()),
            deletion_protection=args.protect,
            # As with Aurora: otherwise every preview until the maintenance window shows the same edit.
            apply_immediately=True,
            opts=self.child(protect=args.protect, depends_on=groups, never_deleted_first=True),
        )

    def _parameters(self, name: str, args: StoreArgs[DocumentDbSpec]) -> aws.docdb.ClusterParameterGroup:
        return aws.docdb.ClusterParameterGroup(
            physical_name(name),
            family=args.spec.parameter_family,
            description="TLS only, audit log, profiler",
            parameters=[
                aws.docdb.ClusterParameterGroupParameterArgs(name=key, value=value, apply_method=method)
                for key, (value, method) in sorted(PARAMETERS.items())
            ],
            opts=self.child(),
        )

    def _instances(
        self, name: str, args: StoreArgs[DocumentDbSpec], cluster: aws.docdb.Cluster
    ) -> list[aws.docdb.ClusterInstance]:
        return [
            aws.docdb.ClusterInstance(
                f"{name}-{index + 1}",
                identifier=physical_name(f"{name}-{index + 1}"),
                cluster_identifier=cluster.id,
                instance_class=args.spec.instance_class,
                availability_zone=zone_of(index, args.zones),
                promotion_tier=promotion_tier(index),
                copy_tags_to_snapshot=True,
                apply_immediately=True,
                opts=self.child(protect=args.protect and index == 0, ignore_changes=["availabilityZone"]),
            )
            for index in range(args.spec.instances)
        ]

"""ElastiCache for Valkey."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from components.base import Component, physical_name
from components.data_stores.credential import Credential, CredentialArgs
from components.data_stores.names import member_ids
from components.data_stores.parts import closed_security_group, final_snapshot
from components.data_stores.store import Endpoint, StoreArgs
from components.data_stores.valkey.laravel import STATE_DRIVER, valkey_environment, valkey_secrets
from components.data_stores.valkey.monitoring import MonitoredValkey
from components.wiring import SecretRef, StoreAccess
from settings.site import ApplicationSpec
from settings.stores import ValkeySpec

PORT = 6379
TOKEN_LENGTH = 64
"""16 to 128 characters: docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth.html"""


class Valkey(Component):
    """A Valkey replication group without shards, with TLS and a token, for sessions, cache and queues.

    Snapshots and maintenance happen at the time that AWS chooses. Keys without an expiry, and those of a queue have
    none, are never evicted: `maxmemory-policy` is `volatile-lru` by default. The parameter group does not repeat it,
    since the provider reads only what differs from the defaults, and every refresh would show a difference:
    docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.Engine.html

    Makes: SecurityGroup, SubnetGroup, ParameterGroup, RandomId, ReplicationGroup, Credential.
    """

    spec: ValkeySpec
    access: StoreAccess
    endpoint: pulumi.Output[str]
    replication_group_id: pulumi.Output[str]
    member_ids: pulumi.Output[Sequence[str]]
    user_secret_arn: pulumi.Output[str]
    user_secret_version: pulumi.Output[str]

    def __init__(self, name: str, args: StoreArgs[ValkeySpec], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.spec = args.spec
        self.access = closed_security_group(name, vpc_id=args.vpc_id, port=PORT, opts=self.child())
        token = self._token(name, args)
        group = self._group(name, args, token)

        self.endpoint = group.primary_endpoint_address
        self.replication_group_id = group.id
        self.member_ids = group.id.apply(lambda group_id: member_ids(group_id, args.spec.replicas))
        self.user_secret_arn = token.secret_arn
        self.user_secret_version = token.secret_version
        self.register_outputs({"endpoint": self.endpoint, "port": PORT, "userSecretArn": self.user_secret_arn})

    @property
    def state_driver(self) -> str | None:
        return STATE_DRIVER

    def laravel_environment(self, application: ApplicationSpec) -> pulumi.Output[Mapping[str, str]]:
        return self.endpoint.apply(lambda host: valkey_environment(Endpoint(host=host, port=PORT), application))

    @property
    def laravel_secrets(self) -> Mapping[str, SecretRef]:
        return valkey_secrets(SecretRef(arn=self.user_secret_arn, version=self.user_secret_version))

    @property
    def user_setup(self) -> None:
        return None

    @property
    def stack_output(self) -> Mapping[str, Any]:
        return {"endpoint": self.endpoint, "port": PORT, "userSecret": self.user_secret_arn}

    @property
    def monitored(self) -> MonitoredValkey:
        return MonitoredValkey(nodes=[self.member_ids[number] for number in range(self.spec.replicas + 1)])

    def _token(self, name: str, args: StoreArgs[ValkeySpec]) -> Credential:
        return Credential(
            f"{name}-token",
            CredentialArgs(
                description=f"The token of {physical_name(name)}",
                length=TOKEN_LENGTH,
                version=args.spec.token_version,
                key_arn=args.stack.key_arn,
                protect=args.protect,
            ),
            opts=self.child(),
        )

    def _group(self, name: str, args: StoreArgs[ValkeySpec], token: Credential) -> aws.elasticache.ReplicationGroup:
        spec = args.spec
        subnets = aws.elasticache.SubnetGroup(
            physical_name(name), description="Isolated subnets", subnet_ids=args.subnet_ids, opts=self.child()
        )
        parameters = aws.elasticache.ParameterGroup(
            physical_name(name),
            family=spec.parameter_family,
            description="Evicts only what may expire",
            opts=self.child(),
        )
        return aws.elasticache.ReplicationGroup(
            physical_name(name),
            description=f"Sessions, cache and queues of {physical_name('*')}",
            engine="valkey",
            engine_version=spec.first_version,
            auto_minor_version_upgrade=spec.upgraded_by_aws,
            node_type=spec.node_type,
            num_cache_clusters=spec.replicas + 1,
            automatic_failover_enabled=spec.replicas > 0,
            multi_az_enabled=spec.replicas > 0,
            parameter_group_name=parameters.name,
            port=PORT,
            subnet_group_name=subnets.name,
            security_group_ids=[self.access.security_group_id],
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            at_rest_encryption_enabled=True,
            kms_key_id=args.stack.key_arn,
            auth_token=token.password,
            # Both tokens are valid until the next change, so tasks that still have the old one work on.
            auth_token_update_strategy="ROTATE",
            snapshot_retention_limit=spec.snapshot_retention_days,
            final_snapshot_identifier=final_snapshot(name, opts=self.child()),
            # Otherwise an edit waits for the maintenance window, and every preview until then shows it again.
            apply_immediately=True,
            # The provider takes a version below the running one for a new group, without the data of the old.
            opts=self.child(protect=args.protect, ignore_changes=["engineVersion"] if spec.upgraded_by_aws else []),
        )

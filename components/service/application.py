"""The Laravel application: its key, its environment, its rights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_random as random

from components.base import Component, physical_name
from components.cluster import Cluster
from components.data_stores import DataStores
from components.iam import Statement
from components.service.fargate_task import TaskContext
from components.service.laravel import Site, given_secrets, laravel_environment
from components.service.task_policies import exec_statements, uploads_statements
from components.uploads import Uploads
from components.wiring import SecretRef
from settings.agents import AgentsSpec
from settings.site import ApplicationSpec

KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationArgs:
    """What an `Application` needs to know.

    Attributes:
        spec: Name, user, CA bundle, further environment and secrets.
        image: Image that its tasks run, by digest.
        url: Where visitors find the site.
        trusted_proxies: Range of the load balancer's addresses.
        stores: The data stores.
        uploads: Bucket of uploaded files.
        cluster: The cluster; whether it allows ECS Exec, and the record of shell sessions that tasks write.
        context: What all tasks of the stack share. A protected stack refuses to delete the application's key, without
            which nobody can read what the application encrypted.
        agents: Containers beside the application in the tasks of services.
    """

    spec: ApplicationSpec
    image: pulumi.Input[str]
    url: pulumi.Input[str]
    trusted_proxies: str
    stores: DataStores
    uploads: Uploads
    cluster: Cluster
    context: TaskContext
    agents: AgentsSpec


class Application(Component):
    """What every task of the site gets, whatever it runs.

    Makes: RandomBytes, Secret and SecretVersion of `APP_KEY`.
    """

    spec: ApplicationSpec
    image: pulumi.Input[str]
    stores: DataStores
    uploads: Uploads
    context: TaskContext
    agents: AgentsSpec
    exec: bool
    environment: pulumi.Output[Mapping[str, str]]
    secrets: Mapping[str, SecretRef]
    task_statements: pulumi.Output[Sequence[Statement]]

    def __init__(self, name: str, args: ApplicationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.spec, self.image = args.spec, args.image
        self.stores, self.uploads = args.stores, args.uploads
        self.context, self.exec, self.agents = args.context, args.cluster.exec, args.agents
        self.environment = _environment(args)
        self.secrets = {
            "APP_KEY": self._app_key(args),
            **{name: secret for store in args.stores.enabled for name, secret in store.laravel_secrets.items()},
            **given_secrets(args.spec.secrets),
        }
        self.task_statements = _task_statements(args)
        self.register_outputs({"appKeySecretArn": self.secrets["APP_KEY"].arn})

    def _app_key(self, args: ApplicationArgs) -> SecretRef:
        key = random.RandomBytes("app-key", length=KEY_BYTES, opts=self.child(protect=args.context.stack.protect))
        secret = aws.secretsmanager.Secret(
            physical_name("app-key"),
            description="APP_KEY of the application",
            kms_key_id=args.context.stack.key_arn,
            opts=self.child(protect=args.context.stack.protect),
        )
        version = aws.secretsmanager.SecretVersion(
            "app-key",
            secret_id=secret.id,
            secret_string_wo=pulumi.Output.concat("base64:", key.base64),
            secret_string_wo_version=1,
            opts=self.child(protect=args.context.stack.protect),
        )
        return SecretRef(arn=secret.arn, version=version.version_id)


def _environment(args: ApplicationArgs) -> pulumi.Output[Mapping[str, str]]:
    stores = args.stores.enabled

    def environment(known: dict[str, Any]) -> Mapping[str, str]:
        site = Site(
            stack=pulumi.get_stack(),
            name=args.spec.name,
            url=known["url"],
            region=args.context.stack.region,
            bucket=known["bucket"],
            trusted_proxies=args.trusted_proxies,
            connections={name: value for each in known["connections"] for name, value in each.items()},
            state_drivers=[store.state_driver for store in stores if store.state_driver],
        )
        return {**laravel_environment(site), **args.spec.environment}

    connections = [store.laravel_environment(args.spec) for store in stores]
    return pulumi.Output.all(url=args.url, bucket=args.uploads.bucket_name, connections=connections).apply(environment)


def _task_statements(args: ApplicationArgs) -> pulumi.Output[Sequence[Statement]]:
    def statements(known: dict[str, str | None]) -> Sequence[Statement]:
        key_arn = str(known["key"])
        uploads = uploads_statements(bucket_arn=str(known["bucket"]), key_arn=key_arn)
        if not known["exec_log_group"]:
            return uploads
        return [*exec_statements(log_group_arn=str(known["exec_log_group"]), key_arn=key_arn), *uploads]

    return pulumi.Output.all(
        key=args.context.stack.key_arn, bucket=args.uploads.bucket_arn, exec_log_group=args.cluster.exec_log_group_arn
    ).apply(statements)

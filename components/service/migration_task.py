"""The two one-off tasks of a release, and the gate that every service waits behind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pulumi

from components.base import Component
from components.data_stores.user_statements import users_command
from components.marker import marker
from components.service.application import Application
from components.service.containers import Container
from components.service.fargate_task import FargateTask, FargateTaskArgs
from components.wiring import SecretRef
from release.contract import OneOffTask, started_by
from release.migrate import run_task, say_nothing_to_migrate
from settings.services import MigrationSpec, TaskSpec

APP = "app"


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationTaskArgs:
    """What a `MigrationTask` needs to know.

    Attributes:
        spec: Size and command of the migration, and the timeouts.
        application: What every task of the site gets.
        migrates: This update brings an image. Otherwise nothing is migrated, whatever the marker says.
    """

    spec: MigrationSpec
    application: Application
    migrates: bool


class MigrationTask(Component):
    """The task that makes the databases' users, the task that migrates, and their markers.

    Only the users' task can read the master secrets; it is there if there is a database. The marker `migration` is made
    after `users`, and every task definition of a service after `migration`.

    Makes: FargateTasks `users` and `migration`, markers `users` and `migration`.
    """

    gate: pulumi.Resource
    markers: Sequence[pulumi.Output[str]]
    task: pulumi.Output[OneOffTask]
    task_definition_arn: pulumi.Output[str]
    log_group_name: str

    def __init__(self, name: str, args: MigrationTaskArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        users = self._users(args)
        migration = self._migration_task(args)
        self.task = one_off_task(
            "migration", args.application, migration, args.spec.timeout_seconds, exec=args.application.exec
        )
        gate = self._migration(args, migration, after=users)

        self.gate = gate
        self.markers = [marker.id for marker in (*users, gate)]
        self.task_definition_arn = migration.task_definition_arn
        self.log_group_name = migration.log_group_name
        self.register_outputs({"taskDefinitionArn": self.task_definition_arn})

    def _users(self, args: MigrationTaskArgs) -> list[pulumi.CustomResource]:
        application = args.application
        users = {store: setup for store in application.stores.enabled if (setup := store.user_setup)}
        if not users:
            return []
        environment: dict[str, pulumi.Input[str]] = {"CA_BUNDLE_PATH": application.spec.ca_bundle_path}
        secrets: dict[str, SecretRef] = {}
        keepers: dict[str, pulumi.Input[str]] = {}
        for setup in users.values():
            environment |= setup.environment
            secrets |= setup.secrets
            keepers |= setup.keepers
        task = FargateTask(
            "users",
            FargateTaskArgs(
                spec=TaskSpec(log_retention_days=args.spec.log_retention_days),
                # It reads the stack's own secrets alone.
                context=replace(args.application.context, secret_key_arns=()),
                containers=[
                    self._container(
                        args,
                        command=users_command([setup.statements for setup in users.values()]),
                        environment=pulumi.Output.all(**environment),
                        secrets=secrets,
                    )
                ],
                stores=[store.access for store in users],
            ),
            opts=self.child(),
        )
        made = marker(
            self,
            "users",
            keepers=keepers,
            contract=one_off_task("users", args.application, task, args.spec.users_timeout_seconds),
            work=run_task,
            depends_on=[*task.needed_to_start, args.application.stores],
        )
        return [made]

    def _migration_task(self, args: MigrationTaskArgs) -> FargateTask:
        return FargateTask(
            "migration",
            FargateTaskArgs(
                spec=args.spec,
                context=args.application.context,
                containers=[
                    self._container(
                        args,
                        command=args.spec.command,
                        environment=args.application.environment,
                        secrets=args.application.secrets,
                    )
                ],
                task_statements=args.application.task_statements,
                stores=args.application.stores.accesses,
                internet=True,
            ),
            opts=self.child(),
        )

    def _migration(
        self, args: MigrationTaskArgs, task: FargateTask, after: Sequence[pulumi.Resource]
    ) -> pulumi.CustomResource:
        return marker(
            self,
            "migration",
            keepers={"image": args.application.image},
            contract=self.task,
            work=run_task if args.migrates else say_nothing_to_migrate,
            depends_on=[*after, *task.needed_to_start, args.application.stores],
        )

    def _container(
        self,
        args: MigrationTaskArgs,
        *,
        command: Sequence[str],
        environment: pulumi.Output[Mapping[str, str]],
        secrets: Mapping[str, SecretRef],
    ) -> Container:
        return Container(
            name=APP,
            image=args.application.image,
            user=args.application.spec.user,
            log_mode="blocking",
            command=command,
            environment=environment,
            secrets=secrets,
            stop_timeout_seconds=120,
        )


def one_off_task(
    step: str, application: Application, task: FargateTask, timeout_seconds: int, *, exec: bool = False
) -> pulumi.Output[OneOffTask]:
    """What the step of a release needs to know in order to run a task.

    Args:
        step: `users` or `migration`.
        application: Whose image it runs.
        task: Its task definition, security group and log group.
        timeout_seconds: Longest wait for its end.
        exec: Allow ECS Exec. Not for the users' task, in which a shell would show the master passwords.
    """
    location, log_group, subnet_ids = (
        application.context.location,
        task.log_group_name,
        application.context.subnet_ids,
    )
    known = pulumi.Output.all(task.task_definition_arn, subnet_ids, task.security_group_id, application.image)
    return known.apply(
        lambda known: OneOffTask(
            step=step,
            location=location,
            started_by=started_by(location, step, image=known[3], task_definition=known[0]),
            task_definition=known[0],
            container=APP,
            subnet_ids=known[1],
            security_group_id=known[2],
            log_group=log_group,
            log_stream_prefix=step,
            timeout_seconds=timeout_seconds,
            exec=exec,
        )
    )

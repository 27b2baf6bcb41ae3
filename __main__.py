"""A Laravel site on AWS Fargate, one stack per environment."""

import pulumi

import settings
from components.cluster import Cluster, ClusterArgs
from components.context import StackContext
from components.data_stores import DataStores, DataStoresArgs
from components.encryption import Encryption, EncryptionArgs
from components.image import running_image
from components.ingress import Ingress, IngressArgs
from components.network import Network, NetworkArgs
from components.observability import Observability, ObservabilityArgs
from components.observability.monitored_stack import monitored_stack
from components.service.application import Application, ApplicationArgs
from components.service.fargate_task import TaskContext
from components.service.laravel_services import scheduler, web, worker
from components.service.migration_task import MigrationTask, MigrationTaskArgs
from components.stack_outputs import stack_outputs
from components.uploads import Uploads, UploadsArgs

given = settings.read()
site = given.settings
image = running_image(given.image_given)

encryption = Encryption("encryption", EncryptionArgs(region=given.region, protect=site.protect))
stack = StackContext(
    region=given.region,
    profile=given.profile,
    account_id=encryption.account_id,
    key_arn=encryption.key_arn,
    protect=site.protect,
    boundary_arn=site.permissions.boundary_arn,
)

network = Network("network", NetworkArgs(spec=site.network, stack=stack))
stores = DataStores(
    "stores",
    DataStoresArgs(
        aurora=site.aurora,
        valkey=site.valkey,
        documentdb=site.documentdb,
        vpc_id=network.vpc_id,
        subnet_ids=network.isolated_subnet_ids,
        zones=site.network.zones,
        stack=stack,
    ),
)
uploads = Uploads("uploads", UploadsArgs(spec=site.uploads, stack=stack))
ingress = Ingress(
    "ingress",
    IngressArgs(
        spec=site.ingress,
        vpc_id=network.vpc_id,
        subnet_ids=network.public_subnet_ids,
        stack=stack,
        test_listener=site.web.test_listener,
    ),
)
cluster = Cluster("cluster", ClusterArgs(spec=site.cluster, stack=stack))

application = Application(
    "application",
    ApplicationArgs(
        spec=site.application,
        image=image,
        url=ingress.url,
        trusted_proxies=site.network.cidr,
        stores=stores,
        uploads=uploads,
        cluster=cluster,
        context=TaskContext.within(stack, network, cluster, site.application.secret_key_arns),
        agents=site.agents,
    ),
)

# A release: users and migration; then workers and scheduler side by side; then web. Going back, web waits for nobody.
migration = MigrationTask(
    "migration", MigrationTaskArgs(spec=site.migration, application=application, migrates=given.is_release)
)
gate = [migration.gate]
services = {f"worker-{name}": worker(name, spec, application, gate) for name, spec in site.enabled_workers}
if site.scheduler.enabled:
    services["scheduler"] = scheduler(site.scheduler, application, gate)
if site.web.enabled:
    consumers = [service.rollout for service in services.values()] if given.is_release else []
    services["web"] = web(site.web, application, ingress, [*gate, *consumers])

monitored = monitored_stack(site.network, ingress, cluster, stores, services)
observability = Observability(
    "observability",
    ObservabilityArgs(spec=site.observability, monitored=monitored, services=services, context=application.context),
)

for name, value in stack_outputs(image, ingress, cluster, application, migration, services, observability).items():
    pulumi.export(name, value)

"""A Laravel site on AWS Fargate, one stack per environment."""

import pulumi

import settings
from components.cluster import Cluster, ClusterArgs
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

stack = settings.read()
site, region, is_release = stack.settings, stack.region, stack.is_release
image = running_image(stack.image_given)
encryption = Encryption("encryption", EncryptionArgs(region=region, protect=site.protect))
key_arn, account_id, boundary = encryption.key_arn, encryption.account_id, site.permissions.boundary_arn
network = Network("network", NetworkArgs(spec=site.network, region=region, key_arn=key_arn, boundary_arn=boundary))
stores = DataStores(
    "stores",
    DataStoresArgs(
        aurora=site.aurora,
        valkey=site.valkey,
        documentdb=site.documentdb,
        vpc_id=network.vpc_id,
        subnet_ids=network.isolated_subnet_ids,
        region=region,
        zones=site.network.zones,
        key_arn=key_arn,
        protect=site.protect,
        boundary_arn=boundary,
    ),
)
uploads = Uploads("uploads", UploadsArgs(spec=site.uploads, key_arn=key_arn, protect=site.protects(site.uploads)))
ingress = Ingress(
    "ingress",
    IngressArgs(
        spec=site.ingress,
        vpc_id=network.vpc_id,
        subnet_ids=network.public_subnet_ids,
        account_id=account_id,
        region=region,
        protect=site.protects(site.ingress),
        test_listener=site.web.test_listener,
    ),
)
cluster = Cluster("cluster", ClusterArgs(spec=site.cluster, key_arn=key_arn))
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
        context=TaskContext.within(
            network,
            cluster,
            region=region,
            profile=stack.profile,
            account_id=account_id,
            key_arn=key_arn,
            boundary_arn=boundary,
            secret_key_arns=site.application.secret_key_arns,
        ),
        agents=site.agents,
        protect=site.protect,
    ),
)

# A release: users and migration; then workers and scheduler side by side; then web. Going back, web waits for nobody.
release = MigrationTaskArgs(spec=site.migration, application=application, migrates=is_release)
migration = MigrationTask("migration", release)
gate = [migration.gate]
services = {f"worker-{name}": worker(name, spec, application, gate) for name, spec in site.enabled_workers}
if site.scheduler.enabled:
    services["scheduler"] = scheduler(site.scheduler, application, gate)
if site.web.enabled:
    consumers = [service.rollout for service in services.values()] if is_release else []
    services["web"] = web(site.web, application, ingress, [*gate, *consumers])

monitored = monitored_stack(site.network, ingress, cluster, stores, migration, services)
watch = ObservabilityArgs(spec=site.observability, monitored=monitored, services=services, context=application.context)
observability = Observability("observability", watch)

for name, value in stack_outputs(image, ingress, cluster, application, migration, services, observability).items():
    pulumi.export(name, value)

"""ECS: services that roll out (`services`, `rollouts`), tasks that live (`tasks`, `life`), by one clock (`clock`)."""

from emulator.services.ecs import clock, clusters, definitions, service_deployments, services, tasks


def install() -> None:
    clock.install()
    clusters.install()
    definitions.install()
    services.install()
    service_deployments.install()
    tasks.install()

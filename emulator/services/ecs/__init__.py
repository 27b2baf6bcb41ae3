"""ECS: services that roll out (`services`, `rollouts`), tasks that live (`tasks`, `life`) and
let people in (`sessions`), by one clock (`clock`)."""

from emulator.services.ecs import clock, clusters, definitions, service_deployments, services, sessions, tasks


def install() -> None:
    clock.install()
    clusters.install()
    definitions.install()
    services.install()
    service_deployments.install()
    sessions.install()
    tasks.install()

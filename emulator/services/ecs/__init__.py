"""ECS, in two halves: `services` (what a service remembers, and its deployments) and `tasks` (RunTask and after).

A service is at steady state as soon as it is asked for, and starts no tasks; only RunTask makes tasks.
"""

from emulator.services.ecs import clusters, services, tasks


def install() -> None:
    clusters.install()
    services.install()
    tasks.install()

"""RDS, which is Aurora and DocumentDB here: both speak the same API, and share its names.

moto knows Aurora; DocumentDB is the engine `docdb` of the same API
(https://docs.aws.amazon.com/documentdb/latest/developerguide/functional-differences.html). `engines` teaches moto the
engines and versions, `clusters` and `instances` what the provider reads, `guards` what AWS refuses.
"""

from emulator.services.rds import clusters, engines, guards, instances


def install() -> None:
    engines.install()
    clusters.install()
    instances.install()
    guards.install()

"""Another port for a DocumentDB cluster that no protection holds: the update stops, and the data stays."""

import pytest

from tests.e2e.conftest import Begin
from tests.e2e.support import WITHOUT_STORES, Change, Stack, image

CLUSTER = "aws:docdb/cluster:Cluster"


@pytest.fixture(scope="module")
def stack(begin: Begin) -> Stack:
    stack = begin("port")
    stack.engine.prepare(
        {
            **WITHOUT_STORES,
            "story:documentdb": {"enabled": True},
            "story:web": {"enabled": False},
            "story:workers": {},
            "story:scheduler": {"enabled": False},
        }
    )
    return stack


def cluster(stack: Stack) -> dict[str, object]:
    (found,) = stack.client("docdb").describe_db_clusters()["DBClusters"]
    return {key: found[key] for key in ("DBClusterIdentifier", "DbClusterResourceId", "Port")}


def test_another_port_replaces_no_cluster_even_without_protection(stack: Stack) -> None:
    stack.up(image(1))
    before = cluster(stack)
    stack.configure("story:documentdb", {"port": 27018})
    assert Change(op="replace", type=CLUSTER, name="documentdb") in stack.changes()
    assert "DBClusterAlreadyExistsFault" in stack.failing_up()
    assert cluster(stack) == before

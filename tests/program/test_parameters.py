"""Parameter groups of the stores say only what differs from AWS's defaults."""

import pytest

from tests.components.data_stores.parameter_defaults import of
from tests.program.given import program

GROUPS = {
    "aurora": "aws:rds/clusterParameterGroup:ClusterParameterGroup",
    "documentdb": "aws:docdb/clusterParameterGroup:ClusterParameterGroup",
    "valkey": "aws:elasticache/parameterGroup:ParameterGroup",
}


def given(store: str) -> dict[str, str]:
    """The parameters of a store in prod, by name."""
    [group] = program("prod").all(GROUPS[store])
    return {one["name"]: str(one["value"]) for one in group.inputs.get("parameters", [])}


@pytest.mark.parametrize("store", GROUPS)
def test_no_parameter_has_awss_default_or_every_refresh_would_show_a_difference(store: str) -> None:
    same = [name for name, value in given(store).items() if of(store, name).default == value]
    assert same == [], "leave it out: AWS does not take its default for a value of ours"


def test_a_parameter_whose_default_nobody_looked_up_is_found_out() -> None:
    with pytest.raises(LookupError, match="aurora: the default of innodb_purge_threads is not in"):
        of("aurora", "innodb_purge_threads")

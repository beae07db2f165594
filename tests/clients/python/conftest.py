"""Fixtures of the tests that run in the virtual environment where the package is installed."""

import dataclasses

import pytest

import policytrack
import world
from harness import CALL_SECONDS, ROOT

HENAN = ROOT / "catalog/henan-auto-2024"
ENGLAND = ROOT / "catalog/england-smokefree-2030"


def document(kind, request):
    """What a file for `apply` has, from the request that creates it."""
    noun = kind.lower()
    return {"kind": kind, "name": f"{noun}s/{request[f'{noun}Id']}", **request[noun]}


@dataclasses.dataclass
class Connected:
    """A server and a client of it."""

    server: object
    client: policytrack.Client


@pytest.fixture
def connected(server):
    with policytrack.connect(server.address, timeout=CALL_SECONDS) as client:
        yield Connected(server, client)


@pytest.fixture
def client(connected):
    return connected.client


@pytest.fixture
def paths(client):
    """The client, with the small plan of cycle paths."""
    client.apply([document(*item) for item in (*world.DOCUMENTS, ("Indicator", world.GROWTH))])
    # From here on commits are those of the test.
    client.wait(client.commits(limit=1)[0].revision)
    return client


@pytest.fixture
def regional(client):
    """The client, with a monthly dataset by region and one by a dimension that is called like a column."""
    common = {"kind": "Dataset", "unit": "vehicles", "frequency": "FREQUENCY_MONTH", "accumulation": "ACCUMULATION_FLOW"}
    client.apply([
        {**common, "name": "datasets/regional", "display_name": "Output by region",
         "dimensions": [{"id": "region"}, {"id": "fuel", "values": [{"code": "EV"}, {"code": "ICE"}]}],
         "allowed_range": {"minimum": 0}},
        {**common, "name": "datasets/odd", "display_name": "Odd names", "dimensions": [{"id": "status"}]}])
    return client

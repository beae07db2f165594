"""Lists read page by page while others write: what was there at the first page comes once, as it
was then, and nothing else does."""

import copy

import grpc
import pytest

import stubs as generated
import world
from harness import CALL_SECONDS

DATASET = "datasets/flows"
DIMENSIONS = [{"id": "area"}, {"id": "kind"}]
FLOWS = {"datasetId": "flows", "dataset": {
    "displayName": "Flows", "unit": "km", "frequency": "FREQUENCY_YEAR", "accumulation": "ACCUMULATION_FLOW",
    "dimensions": DIMENSIONS}}
LEVEL = {"indicatorId": "flows", "indicator": {
    "displayName": "Flows", "plugin": "plugins/level", "groupBy": ["area", "kind"],
    "inputs": [{"slot": "value", "source": DATASET}]}}
# Below what the server takes for one text.
LARGE = 60_000


def pages(method, request, between=lambda turn: None):
    """All pages of a list; other writes come between them."""
    found = []
    while True:
        answer = method(request, timeout=CALL_SECONDS)
        found.append(answer)
        if not answer.next_page_token:
            return found
        request.page_token = answer.next_page_token
        between(len(found))
        assert len(found) < 1000


def items(found, field):
    return [item for page in found for item in getattr(page, field)]


def refused(api, call):
    with pytest.raises(grpc.RpcError) as caught:
        call()
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT, caught.value
    assert api.error_info(caught.value).reason == "PAGE_TOKEN_INVALID"


class Documents:
    """Documents of one kind, that of the world under other ids."""

    def __init__(self, api, kind):
        self.api, self.kind, self.noun = api, kind, kind.lower()
        self.request = dict(world.DOCUMENTS)[kind]
        self.stub = getattr(api, self.noun)
        for document in world.DOCUMENTS:
            api.create(*document)

    def create(self, id_, display_name, description=""):
        request = copy.deepcopy(self.request)
        request[f"{self.noun}Id"] = id_
        request[self.noun].update(displayName=display_name, description=description)
        return self.api.create(self.kind, request)

    def rename(self, id_, display_name):
        message = getattr(self.api.v1, self.kind)(name=f"{self.noun}s/{id_}", display_name=display_name)
        request = getattr(self.api.v1, f"Update{self.kind}Request")(**{self.noun: message})
        return getattr(self.stub, f"Update{self.kind}")(request, timeout=CALL_SECONDS)

    def delete(self, id_):
        request = getattr(self.api.v1, f"Delete{self.kind}Request")(name=f"{self.noun}s/{id_}")
        return getattr(self.stub, f"Delete{self.kind}")(request, timeout=CALL_SECONDS)

    def list(self, between=lambda turn: None, **arguments):
        request = getattr(self.api.v1, f"List{self.kind}sRequest")(**arguments)
        found = pages(getattr(self.stub, f"List{self.kind}s"), request, between)
        assert len({page.revision for page in found}) == 1
        return items(found, f"{self.noun}s")


@pytest.mark.parametrize("order_by", ["", "display_name desc", "update_time"])
@pytest.mark.parametrize("kind", ["Plan", "Measure", "Dataset", "Indicator"])
def test_documents(api, kind, order_by):
    documents = Documents(api, kind)
    for number in range(40):
        documents.create(f"d{number:02}", f"Name {number * 7 % 10}")
    documents.delete("d05")
    everything = documents.list(order_by=order_by, page_size=1000)
    assert len(everything) == 40  # with the one of the world

    def between(turn):
        # Before, within and behind what was shown, by name and by every order.
        for id_ in ("a", "d20-", "z"):
            documents.create(f"{id_}{turn}", f"Name {turn % 10}")
        documents.rename(f"d{turn + 5:02}", "A")
        documents.rename(f"d{39 - turn:02}", "Z")
        documents.delete(f"d{30 - turn:02}")

    assert documents.list(between, order_by=order_by, page_size=7) == everything
    filtered = [document for document in documents.list(order_by=order_by, page_size=1000)
                if document.display_name == "Name 1"]
    assert len(filtered) > 4
    again = documents.list(lambda turn: documents.create(f"again{turn}", "Name 1"), order_by=order_by, page_size=2,
                           filter='display_name = "Name 1"')
    assert again == filtered


def test_deleted_measures(api):
    documents = Documents(api, "Measure")
    for number in range(20):
        documents.create(f"d{number:02}", "Name")
    for number in range(0, 20, 2):
        documents.delete(f"d{number:02}")
    everything = documents.list(show_deleted=True, page_size=1000)
    assert [measure.HasField("delete_time") for measure in everything[1:]] == [True, False] * 10

    def between(turn):
        documents.delete(f"d{turn * 2 + 1:02}")
        api.measure.UndeleteMeasure(api.v1.UndeleteMeasureRequest(name=f"measures/d{20 - turn * 2:02}"),
                                    timeout=CALL_SECONDS)

    assert documents.list(between, show_deleted=True, page_size=3) == everything


@pytest.mark.parametrize("order_by", ["", "display_name"])
def test_a_page_of_documents_ends_by_bytes(api, order_by):
    """120 of 60 kB each are no answer that a client takes in one."""
    documents = Documents(api, "Plan")
    for number in range(120):
        documents.create(f"d{number:03}", f"Name {number * 7 % 120:03}", f"{number:03}" * (LARGE // 3))
    request = api.v1.ListPlansRequest(order_by=order_by, page_size=1000)
    found = pages(api.plan.ListPlans, request)
    assert len(found) > 2
    assert all(page.ByteSize() < 4 << 20 for page in found)
    # No page is short of what still fits.
    assert all(page.ByteSize() > 2 << 20 for page in found[:-1])
    names = [plan.name for plan in items(found, "plans") if plan.name != "plans/paths"]
    wanted = range(120) if not order_by else sorted(range(120), key=lambda number: number * 7 % 120)
    assert names == [f"plans/d{number:03}" for number in wanted]


def test_revisions(api):
    documents = Documents(api, "Measure")
    request = api.v1.ListMeasureRevisionsRequest(name="measures/build-paths", page_size=1000)
    for number in range(60):
        measure = api.v1.Measure(name=request.name, description=f"{number:03}" * (LARGE // 3))
        api.measure.UpdateMeasure(api.v1.UpdateMeasureRequest(measure=measure), timeout=CALL_SECONDS)
    everything = items(pages(api.measure.ListMeasureRevisions, request), "measure_revisions")
    assert [one.snapshot.description[:3] for one in everything] == [f"{n:03}" for n in range(59, -1, -1)] + [""]
    request = api.v1.ListMeasureRevisionsRequest(name=request.name, page_size=7)
    found = pages(api.measure.ListMeasureRevisions, request, lambda turn: documents.rename("build-paths", f"N {turn}"))
    assert len(found) == 9
    assert items(found, "measure_revisions") == everything
    request = api.v1.ListMeasureRevisionsRequest(name=request.name, page_size=1000)
    by_bytes = pages(api.measure.ListMeasureRevisions, request)
    assert len(by_bytes) == 2 and all(page.ByteSize() < 4 << 20 for page in by_bytes)
    assert items(by_bytes, "measure_revisions")[8:] == everything


def flow(api, area, kind, year, value):
    return api.v1.Observation(period=str(year), dimensions={"area": area, "kind": kind}, value=value,
                              deleted=value is None)


@pytest.fixture
def flows(api):
    """Six series of 30 years in a dataset, and an indicator over it."""
    api.create("Dataset", FLOWS)
    api.create("Indicator", LEVEL)
    api.push(DATASET, [flow(api, area, kind, year, year + 0.5) for area in ("b", "d", "_T") for kind in ("x", "_T")
                       for year in range(2000, 2030)])
    return api


def disturb(api, turn):
    """Series before, between and behind, figures before, within and behind, revised and deleted."""
    api.push(DATASET, [
        flow(api, area, kind, year, float(turn)) for area in (f"a{turn}", "b", "c", "d", "e") for kind in ("w", "x")
        for year in (1990 + turn, 2010, 2000 + turn, 2030 + turn)])
    api.push(DATASET, [flow(api, "d", "_T", 2015 + turn, None)])


@pytest.mark.parametrize("page_size", [1, 7, 30, 31])
def test_observations(flows, page_size):
    request = flows.v1.ListObservationsRequest(parent=DATASET, page_size=10000, start_period="2003")
    everything = items(pages(flows.observation.ListObservations, request), "observations")
    assert len(everything) == 6 * 27
    request = flows.v1.ListObservationsRequest(parent=DATASET, page_size=page_size, start_period="2003")
    found = pages(flows.observation.ListObservations, request,
                  lambda turn: disturb(flows, turn) if turn < 10 else None)
    assert all(len(page.observations) <= page_size for page in found)
    assert len(found) == -(-len(everything) // page_size)
    assert len({page.revision for page in found}) == 1
    assert items(found, "observations") == everything
    # The present is another by now.
    request = flows.v1.ListObservationsRequest(parent=DATASET, page_size=10000, start_period="2003")
    assert items(pages(flows.observation.ListObservations, request), "observations") != everything


@pytest.mark.parametrize("parent", [DATASET, "indicators/flows"])
@pytest.mark.parametrize("page_size", [1, 4])
def test_series(flows, parent, page_size):
    head = flows.event.ListCommits(flows.v1.ListCommitsRequest(page_size=1), timeout=CALL_SECONDS).commits[0].revision
    wait = {} if parent == DATASET else {"at_least_revision": head}
    request = flows.v1.ReadSeriesRequest(parent=parent, **wait)
    everything = items(pages(flows.observation.ReadSeries, request), "series")
    assert len(everything) == 6 and all(len(series.periods) == 30 for series in everything)
    request = flows.v1.ReadSeriesRequest(parent=parent, page_size=page_size, **wait)
    found = pages(flows.observation.ReadSeries, request, lambda turn: disturb(flows, turn))
    assert [len(page.series) for page in found] == ([1] * 6 if page_size == 1 else [4, 2])
    assert items(found, "series") == everything


def test_outputs_of_an_indicator_that_changes_and_goes(flows):
    """Its definition and then it and the dataset are gone; the pages are of the time of the first."""
    v1 = flows.v1
    head = flows.event.ListCommits(v1.ListCommitsRequest(page_size=1), timeout=CALL_SECONDS).commits[0].revision
    request = v1.ListObservationsRequest(parent="indicators/flows", page_size=10000, at_least_revision=head)
    everything = items(pages(flows.observation.ListObservations, request), "observations")
    assert len(everything) == 6 * 30

    def between(turn):
        if turn == 1:
            indicator = v1.Indicator(name="indicators/flows", plugin="plugins/growth")
            flows.indicator.UpdateIndicator(v1.UpdateIndicatorRequest(indicator=indicator), timeout=CALL_SECONDS)
        if turn == 2:
            flows.indicator.DeleteIndicator(v1.DeleteIndicatorRequest(name="indicators/flows"), timeout=CALL_SECONDS)
        if turn == 3:
            flows.dataset.DeleteDataset(v1.DeleteDatasetRequest(name=DATASET), timeout=CALL_SECONDS)
        if turn == 4:
            # Others under the same names.
            flows.create("Dataset", {**FLOWS, "dataset": {**FLOWS["dataset"], "dimensions": DIMENSIONS[:1]}})
            flows.push(DATASET, [v1.Observation(period="2001", dimensions={"area": "b"}, value=1)])

    request = v1.ListObservationsRequest(parent="indicators/flows", page_size=25, at_least_revision=head)
    found = pages(flows.observation.ListObservations, request, between)
    rows = items(found, "observations")
    for row in (*rows, *everything):
        # Outputs computed anew for the past have no revision that wrote them.
        row.ClearField("revision")
    assert rows == everything


def test_a_dataset_that_takes_a_dimension(flows):
    request = flows.v1.ListObservationsRequest(parent=DATASET, page_size=10000)
    everything = items(pages(flows.observation.ListObservations, request), "observations")

    def between(turn):
        if turn == 1:
            dataset = flows.v1.Dataset(name=DATASET, dimensions=[
                flows.v1.Dimension(id=id_) for id_ in ("area", "kind", "scope")])
            flows.dataset.UpdateDataset(flows.v1.UpdateDatasetRequest(dataset=dataset), timeout=CALL_SECONDS)
            for scope in ("a", "_T"):
                row = flow(flows, "b", "x", 2001, 1.0)
                row.dimensions["scope"] = scope
                flows.push(DATASET, [row])

    request = flows.v1.ListObservationsRequest(parent=DATASET, page_size=50)
    assert items(pages(flows.observation.ListObservations, request, between), "observations") == everything


def test_a_long_series_goes_on_over_pages(api):
    """200 000 days are more than fit into one answer."""
    api.create("Dataset", {**FLOWS, "dataset": {
        **FLOWS["dataset"], "frequency": "FREQUENCY_DAY", "dimensions": []}})
    days = range(-100_000, 100_000)
    for part in (days[:100_000], days[100_000:]):
        api.push(DATASET, columns=[api.v1.ObservationColumns(periods=part, values=[day / 8 for day in part])])
    request = api.v1.ReadSeriesRequest(parent=DATASET)
    found = pages(api.observation.ReadSeries, request, lambda turn: api.push(
        DATASET, columns=[api.v1.ObservationColumns(periods=[turn, 200_000 + turn], values=[1, 1])]))
    assert len(found) > 1 and all(page.ByteSize() < 4 << 20 for page in found)
    series = items(found, "series")
    assert [period for one in series for period in one.periods] == list(days)
    assert [value for one in series for value in one.values] == [day / 8 for day in days]


@pytest.mark.parametrize("filter_", ["", "kind = COMMIT_KIND_PUSH"])
def test_commits(flows, filter_):
    for turn in range(20):
        disturb(flows, turn)
    # Until evaluation has come to rest, so that both lists are of the same commits.
    head = flows.push(DATASET, [flow(flows, "b", "x", 2001, -1.0)]).revision
    flows.observation.ListObservations(flows.v1.ListObservationsRequest(
        parent="indicators/flows", at_least_revision=head), timeout=CALL_SECONDS)
    request = flows.v1.ListCommitsRequest(filter=filter_, page_size=1000)
    everything = items(pages(flows.event.ListCommits, request), "commits")
    assert len(everything) > 30
    request = flows.v1.ListCommitsRequest(filter=filter_, page_size=6)
    found = pages(flows.event.ListCommits, request, lambda turn: disturb(flows, turn + 20))
    assert items(found, "commits") == everything


def test_a_token_is_of_its_request_alone(flows):
    v1 = flows.v1
    for number in range(5):
        flows.create("Plan", {"planId": f"p{number}", "plan": {"displayName": "P"}})
        flows.create("Measure", {**world.MEASURE, "measureId": f"m{number}", "measure": {
            **world.MEASURE["measure"], "plan": "plans/p0", "targets": [], "displayName": "M"}})
        flows.measure.UpdateMeasure(v1.UpdateMeasureRequest(measure=v1.Measure(
            name="measures/m0", display_name=f"M{number}")), timeout=CALL_SECONDS)
    then = v1.AsOf(revision=3)
    listed = [
        (flows.plan.ListPlans, v1.ListPlansRequest(), {
            "filter": "display_name:*", "order_by": "display_name", "as_of": then}),
        (flows.measure.ListMeasures, v1.ListMeasuresRequest(), {
            "filter": "display_name:*", "order_by": "display_name", "as_of": then, "show_deleted": True}),
        (flows.measure.ListMeasureRevisions, v1.ListMeasureRevisionsRequest(name="measures/m0"), {
            "name": "measures/m1"}),
        (flows.observation.ListObservations, v1.ListObservationsRequest(parent=DATASET), {
            "parent": "indicators/flows", "filter": "value > 0", "start_period": "2000", "end_period": "2029",
            "as_of": then, "at_least_revision": 1}),
        (flows.observation.ReadSeries, v1.ReadSeriesRequest(parent=DATASET), {
            "parent": "indicators/flows", "filter": 'dimensions.area = "b"', "start_period": "2000",
            "end_period": "2029", "as_of": then, "at_least_revision": 1}),
        (flows.event.ListCommits, v1.ListCommitsRequest(), {"filter": "revision > 0"}),
    ]
    tokens = []
    for method, request, changes in listed:
        request.page_size = 2
        token = method(request, timeout=CALL_SECONDS).next_page_token
        assert token, request
        tokens.append(token)
        for field, value in changes.items():
            other = type(request)()
            other.CopyFrom(request)
            other.ClearField(field)
            other.MergeFrom(type(request)(**{field: value}, page_token=token))
            refused(flows, lambda: method(other, timeout=CALL_SECONDS))
        # Of its own request it is good, whatever the size of the page.
        request.page_token, request.page_size = token, 3
        assert method(request, timeout=CALL_SECONDS)
        for at in range(len(token)):
            request.page_token = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1:]
            refused(flows, lambda: method(request, timeout=CALL_SECONDS))
        for broken in (token[:-1], token + "A", token + "=", " " + token, "x"):
            request.page_token = broken
            refused(flows, lambda: method(request, timeout=CALL_SECONDS))
    for number, (method, request, _) in enumerate(listed):
        for other, token in enumerate(tokens):
            if other != number:
                request.page_token = token
                refused(flows, lambda: method(request, timeout=CALL_SECONDS))


def test_a_token_outlives_the_server(start, stubs):
    server = start().start()
    with generated.Api(stubs, server.address) as api:
        api.create("Dataset", FLOWS)
        api.push(DATASET, [flow(api, "b", "x", year, float(year)) for year in range(2000, 2020)])
        request = stubs.ListObservationsRequest(parent=DATASET, page_size=12)
        first = api.observation.ListObservations(request, timeout=CALL_SECONDS)
        api.push(DATASET, [flow(api, "b", "x", year, 1.0) for year in range(2000, 2020)])
    server.kill()
    with generated.Api(stubs, start(data_dir=server.data_dir).start().address) as api:
        request.page_token = first.next_page_token
        rest = api.observation.ListObservations(request, timeout=CALL_SECONDS)
    assert [row.value for row in (*first.observations, *rest.observations)] == list(range(2000, 2020))

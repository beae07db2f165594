"""Steps of tests that push files and export them."""

import json

MONTH = {"frequency": "FREQUENCY_MONTH", "accumulation": "ACCUMULATION_FLOW"}


def create(server, name, **fields):
    server.grpcurl_ok("policytrack.v1.DatasetService/CreateDataset", {"datasetId": name, "dataset": {
        "displayName": name, "unit": "vehicles", **MONTH, **fields}})


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def revision(server):
    """Of the newest commit."""
    return int(json.loads(server.client_ok("-o", "json", "commits", "--page-size", "1"))["commits"][0]["revision"])


def export(server, name, form="csv", *flags):
    return server.client_ok("list", "observations", f"datasets/{name}", "--output", form, *flags)


def rows_of(done):
    """The lines of a report of rows and the summary."""
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return lines[:-1], lines[-1]

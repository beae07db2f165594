"""Good requests for every unary method, as proto JSON, against a server that holds full_world.CALLS and
full_world.PUSH. The tests of bad input change one field at a time in them, so between them they have to
set every field that a client can set; a test says which is not set, and which method has none.

`@head` stands for the present revision, `@time` for its time, `@etag NAME` for the etag of a resource,
`@token` for a token of a watch of everything.
Page tokens are not written here: they are had by asking for the first page."""

import full_world as world

UUID = "6fa459ea-ee8a-4ca4-894e-db77e160355e"
AS_OF = {"revision": "@head"}
SHOWN = {"unit": "m", "unitMultiplier": 4}
AS_OF_TIME = {"time": "@time"}
# Of what a request holds only this is changed on purpose: nothing may be written by a good one.
CHECKED = {"validateOnly": True}

GOOD = {
    "ListCommits": [{"pageSize": 1, "filter": "kind = COMMIT_KIND_DOCUMENT"}],
    "GetCommit": [{"name": "commits/1"}],
    # All of them end.
    "WatchEvents": [{"stopAtPresent": True, "afterRevision": "@head", "heartbeatInterval": "2s",
                     "names": ["measures/build-paths", "measures/build-paths/targets/about", "datasets"],
                     "kinds": ["EVENT_KIND_DOCUMENT_CREATED", "EVENT_KIND_STATUS_CHANGED"],
                     "filter": "name = \"measures/*\""},
                    {"stopAtPresent": True, "afterTime": "@time"}, {"stopAtPresent": True, "resumeToken": "@token"}],
    "GetPlugin": [{"name": "plugins/level"}],
    "ListPlugins": [{"pageSize": 1, "filter": "state = PLUGIN_STATE_ACTIVE"}],
    "ReloadPlugins": [CHECKED],
    "QuarantinePlugin": [{"name": "plugins/level", "version": "1.1.0", "reason": "Wrong before 2015.", **CHECKED}],
    "ReleasePlugin": [{"name": "plugins/level", "version": "1.1.0", **CHECKED}],
    "SelectPluginVersion": [{"name": "plugins/level", "version": "1.1.0", **CHECKED}],
    "GetMeasureProgress": [{"name": "measures/build-paths", "asOf": AS_OF, "period": "2022", **SHOWN},
                           {"name": "measures/build-paths", "atLeastRevision": "@head"}],
    "GetPlanProgress": [{"name": "plans/paths", "asOf": AS_OF, **SHOWN}, {"name": "plans/paths", "atLeastRevision": "@head"}],
    "ExplainProgress": [{"target": "measures/build-paths/targets/about", "asOf": AS_OF, "period": "2022"},
                        {"target": "measures/build-paths/targets/about", "atLeastRevision": "@head"}],
    "PreviewIndicator": [{"indicator": world.FULL_INDICATOR, "asOf": AS_OF}],
    "CreateBackup": [{"backupId": "new", **CHECKED}],
    "DownloadBackup": [{}],
    "VerifyStore": [{}],
    "UndeleteMeasure": [{"name": "measures/gone", "etag": "@etag measures/gone", **CHECKED}],
}

for method, filter_ in (("ListObservations", "dimensions.city = east"), ("ReadSeries", "dimensions.kind:*")):
    GOOD[method] = [
        {"parent": "datasets/paths-km", "pageSize": 1, "filter": filter_, "startPeriod": "2020",
         "endPeriod": "2022", "asOf": AS_OF, **SHOWN},
        {"parent": "indicators/paths-km", "pageSize": 1, "atLeastRevision": "@head"},
        {"parent": "measures/build-paths/targets/about", "pageSize": 1}]

KINDS = {"Plan": ("plans/paths", world.FULL_PLAN), "Dataset": ("datasets/paths-km", world.FULL_DATASET),
         "Indicator": ("indicators/share", world.FULL_INDICATOR),
         "Script": ("scripts/share", world.FULL_SCRIPT),
         "Measure": ("measures/build-paths", world.FULL_MEASURE)}

for kind, (name, document) in KINDS.items():
    field = kind.lower()
    stored = {**document, "name": name}
    listing = {"pageSize": 1, "filter": "display_name:*", "orderBy": "display_name desc"}
    GOOD |= {
        f"Get{kind}": [{"name": name, "asOf": AS_OF}, {"name": name, "asOf": AS_OF_TIME}],
        f"List{kind}s": [{**listing, "asOf": AS_OF}, {"pageSize": 1}],
        f"List{kind}Revisions": [{"name": name, "pageSize": 1}],
        f"Create{kind}": [{f"{field}Id": "new", "requestId": UUID, **CHECKED,
                           field: {**document, "name": f"{field}s/ignored", "etag": '"ignored"'}}],
        f"Update{kind}": [
            {field: {**stored, "etag": f"@etag {name}"}, "updateMask": ",".join(document), **CHECKED},
            {field: {**stored, "name": f"{field}s/newer"}, "allowMissing": True, **CHECKED}],
        f"Delete{kind}": [{"name": f"{field}s/spare", "etag": f"@etag {field}s/spare", **CHECKED}],
    }

GOOD["DeleteIndicator"] = [{"name": "indicators/share", "etag": "@etag indicators/share", **CHECKED}]
GOOD["ListMeasures"].append({"pageSize": 1, "showDeleted": True})
for field, document in (("dataset", world.RUNNING), ("indicator", world.PARTS), ("indicator", world.WEIGHED),
                        ("indicator", world.BY_QUARTER), ("script", world.CODE)):
    kind = field.capitalize()
    GOOD[f"Create{kind}"].append({f"{field}Id": "new", field: document, **CHECKED})
    GOOD[f"Update{kind}"].append({field: {**document, "name": f"{field}s/newer"}, "allowMissing": True, **CHECKED})
GOOD["PreviewIndicator"] += [{"indicator": document} for document in (world.PARTS, world.WEIGHED, world.BY_QUARTER)]

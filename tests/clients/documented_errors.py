"""What provokes each error that the comment of an RPC lists: test_documented_errors.py sends it, and
lint_covered holds the keys against the comments. Errors that no request can provoke are shown in
tests/rpc by SHOWS. Data alone: the lint reads it without anything installed.

The server holds full_world.CALLS, full_world.PUSH and SETUP. After those it was started again with
plugins changed: growth cannot be read, attainment knows no natural_limit any more, judge is not trusted,
and fails, not-a-number and waits-for-cancel do what they are called."""

import json
import pathlib

import full_world as world

UUID = "9f4f2b7a-6d0e-4c57-9a3c-2b8f0a1d5e61"
JUDGE_VERSION = json.loads((pathlib.Path(__file__).parents[2] / "plugins/builtin/attainment/attainment.json")
                           .read_text(encoding="utf-8"))["version"]
NEVER = {"asOf": {"revision": "999999"}}
TARGET = {**world.ABOUT, "id": "t", "assessment": {"plugin": "plugins/attainment"}, "references": []}
MEASURE = {"plan": "plans/paths", "displayName": "Widen", **world.SPARE}
GROWTH = {"displayName": "Growth", "plugin": "plugins/growth", "groupBy": ["city"],
          "inputs": [{"slot": "value", "source": "datasets/paths-km"}]}
GONE = {
    "gone-plugin": {**TARGET, "indicator": "indicators/growing", "output": "growth", "unit": "percent",
                    "unitMultiplier": 0},
    "gone-parameters": {**TARGET, "assessment": world.ASSESSMENT},
    "gone-misfit": {**TARGET, "indicator": "indicators/moving"},
}
NEW = {"Plan": world.FULL_PLAN, "Dataset": world.FULL_DATASET, "Indicator": world.LEVEL, "Script": world.CODE,
       "Measure": MEASURE}
SETUP = [
    ("CreateIndicator", {"indicatorId": "growing", "indicator": GROWTH}),
    ("CreateIndicator", {"indicatorId": "moving", "indicator": world.LEVEL}),
    *(("CreateMeasure", {"measureId": name, "measure": {**MEASURE, "targets": [target]}})
      for name, target in GONE.items()),
    *(("DeleteMeasure", {"name": f"measures/{name}"}) for name in GONE),
    # What the target names no longer is as it was.
    ("UpdateIndicator", {"indicator": {"name": "indicators/moving"}, "updateMask": "groupBy"}),
    *((f"Create{kind}", {f"{kind.lower()}Id": "once", kind.lower(): document, "requestId": UUID})
      for kind, document in NEW.items()),
]

# Method and reason: the messages to send, and what the answer must name.
RECIPES = {}


def shows(method, reason, *messages, names=""):
    assert (method, reason) not in RECIPES, (method, reason)
    RECIPES[method, reason] = messages, names


def bad_name(method, field, good, **others):
    """What every method has that takes one name."""
    shows(method, "FIELD_REQUIRED", {**others}, names=field)
    shows(method, "NAME_INVALID", {field: good.upper(), **others}, names=field)
    shows(method, "RESOURCE_NOT_FOUND", {field: good.replace("/", "/no-", 1), **others}, names=good.split("/")[0])


def bad_listing(method, **request):
    shows(method, "FILTER_INVALID", {**request, "filter": "name ="}, names="filter")
    shows(method, "PAGE_TOKEN_INVALID", {**request, "pageToken": "made-up"}, names="page_token")


KINDS = {"Plan": ("plans/paths", world.FULL_PLAN), "Dataset": ("datasets/paths-km", world.FULL_DATASET),
         "Indicator": ("indicators/paths-km", world.LEVEL), "Script": ("scripts/twice", world.CODE),
         "Measure": ("measures/build-paths", world.FULL_MEASURE)}

for kind, (name, document) in KINDS.items():
    field = kind.lower()
    bad_name(f"Get{kind}", "name", name)
    shows(f"Get{kind}", "FIELD_INVALID", {"name": name, **NEVER}, names="as_of.revision")

    bad_listing(f"List{kind}s")
    shows(f"List{kind}s", "FIELD_INVALID", {"pageSize": -1}, names="page_size")
    shows(f"List{kind}s", "ORDER_BY_INVALID", {"orderBy": "no_such"}, names="no_such")

    revisions = f"List{kind}Revisions"
    bad_name(revisions, "name", name)
    shows(revisions, "FIELD_INVALID", {"name": name, "pageSize": -1}, names="page_size")
    shows(revisions, "PAGE_TOKEN_INVALID", {"name": name, "pageToken": "made-up"}, names="page_token")

    create, new = f"Create{kind}", {f"{field}Id": "new", field: document}
    shows(create, "FIELD_REQUIRED", {**new, field: {}}, names=f"{field}.")
    shows(create, "FIELD_INVALID", {**new, field: {**document, "languageCode": "!"}}, names=f"{field}.language_code")
    shows(create, "NAME_INVALID", {**new, f"{field}Id": "Bad_Id"}, names=f"{field}_id")
    shows(create, "REQUEST_ID_REUSED", {**new, "requestId": UUID}, names=UUID)
    shows(create, "RESOURCE_EXISTS", {**new, f"{field}Id": name.split("/")[1]}, names=name)

    update = f"Update{kind}"
    shows(update, "FIELD_REQUIRED", {field: {"name": name}, "updateMask": "displayName"}, names=f"{field}.display_name")
    shows(update, "FIELD_INVALID", {field: {"name": name}, "updateMask": "noSuch"}, names="no_such")
    shows(update, "NAME_INVALID", {field: {"name": "x"}}, names=f"{field}.name")
    shows(update, "RESOURCE_NOT_FOUND", {field: {"name": f"{field}s/none", "displayName": "x"}}, names=f"{field}s/none")
    large = {"references": [{"title": "A reference", "note": "n" * 65536}] * 17}
    shows(update, "REQUEST_TOO_LARGE", {field: {"name": name, **large}, "updateMask": "references"}, names=name)
    shows(f"Create{kind}", "REQUEST_TOO_LARGE", {f"{field}Id": "large", field: {**document, **large}}, names="/large")
    shows(update, "ETAG_MISMATCH", {field: {"name": name, "displayName": "x", "etag": '"stale"'}}, names=name)

    bad_name(f"Delete{kind}", "name", name)
    shows(f"Delete{kind}", "ETAG_MISMATCH", {"name": name, "etag": '"stale"'}, names=name)

for kind, referrer in (("Plan", "measures/build-paths"), ("Dataset", "indicators/growing"),
                       ("Indicator", "indicators/share"), ("Script", "indicators/by-script")):
    shows(f"Delete{kind}", "RESOURCE_IN_USE", {"name": KINDS[kind][0]}, names=referrer)

# A value that an indicator adds to others becomes a total over them.
shows("UpdateDataset", "RESOURCE_IN_USE", {"updateMask": "dimensions", "dataset": {
    "name": "datasets/paths-km", "dimensions": [world.FULL_DATASET["dimensions"][0],
                                                {"id": "kind", "totalCodes": ["raised"]}]}}, names="indicators/share")

shows("UpdateScript", "RESOURCE_IN_USE", {"updateMask": "inputs,code,unit", "script": {
    "name": "scripts/twice", "inputs": [{"slot": "length"}], "unit": "@length",
    "code": "function compute(length) return length end"}}, names="indicators/by-script")

for method, request in (("CreateIndicator", {"indicatorId": "new"}), ("PreviewIndicator", {}),
                        ("UpdateIndicator", {"updateMask": "*"})):
    name = {"name": "indicators/share"} if method == "UpdateIndicator" else {}

    def of(**change):
        return {**request, "indicator": {**world.FULL_INDICATOR, **name, **change}}

    if method == "PreviewIndicator":
        shows(method, "FIELD_REQUIRED", {}, names="indicator")
        shows(method, "FIELD_INVALID", {**of(), **NEVER}, names="as_of.revision")
        shows(method, "NAME_INVALID", of(plugin="ratio"), names="indicator.plugin")
    if method != "UpdateIndicator":
        shows(method, "RESOURCE_NOT_FOUND", of(plugin="plugins/none"), names="plugins/none")
    shows(method, "PARAMETERS_INVALID", of(parameters={"per": -1}), names="indicator.parameters.per")
    shows(method, "PLUGIN_NOT_ACTIVE", {**request, "indicator": {**GROWTH, **name}}, names="plugins/growth")

for plugin, reason in (("fails", "PLUGIN_FAILED"), ("not-a-number", "RESULT_REFUSED"),
                       ("waits-for-cancel", "PLUGIN_TIMEOUT")):
    shows("PreviewIndicator", reason, {"indicator": {**world.LEVEL, "plugin": f"plugins/{plugin}"}}, names=plugin)

FED_BY_ITSELF = {**world.LEVEL, "inputs": [{"slot": "value", "source": "indicators/itself", "output": "value"}]}
shows("CreateIndicator", "INDICATOR_CYCLE", {"indicatorId": "itself", "indicator": FED_BY_ITSELF}, names="indicators/itself")
shows("UpdateIndicator", "INDICATOR_CYCLE", {"updateMask": "inputs", "indicator": {
    "name": "indicators/paths-km", "inputs": [{"slot": "value", "source": "indicators/share", "output": "ratio"}]}},
    names="indicators/share")
shows("UpdateIndicator", "RESOURCE_IN_USE", {"updateMask": "groupBy", "indicator": {"name": "indicators/paths-km"}},
      names="indicators/share")

for method, request, name in (("CreateMeasure", {"measureId": "new"}, {}),
                              ("UpdateMeasure", {"updateMask": "targets"}, {"name": "measures/spare"})):
    def of(**change):
        return {**request, "measure": {**MEASURE, **name, "targets": [{**TARGET, **change}]}}

    shows(method, "PARAMETERS_INVALID", of(assessment=world.ASSESSMENT), names="natural_limit")
    shows(method, "PLUGIN_NOT_ACTIVE", of(assessment={"plugin": "plugins/judge"}), names="plugins/judge")

shows("CreateMeasure", "RESOURCE_NOT_FOUND", {"measureId": "new", "measure": {**MEASURE, "plan": "plans/none"}},
      names="plans/none")
shows("UpdateMeasure", "RESOURCE_DELETED", {"measure": {"name": "measures/gone", "displayName": "x"}}, names="measures/gone")

shows("CreateBackup", "FIELD_REQUIRED", {}, names="backup_id")
shows("CreateBackup", "NAME_INVALID", {"backupId": "../data/policytrack"}, names="backup_id")

bad_name("UndeleteMeasure", "name", "measures/gone")
shows("UndeleteMeasure", "ETAG_MISMATCH", {"name": "measures/gone", "etag": '"stale"'}, names="measures/gone")
shows("UndeleteMeasure", "RESOURCE_EXISTS", {"name": "measures/spare"}, names="measures/spare")
shows("UndeleteMeasure", "FIELD_INVALID", {"name": "measures/gone-misfit"}, names="measure.targets[0].group.city")
shows("UndeleteMeasure", "PARAMETERS_INVALID", {"name": "measures/gone-parameters"}, names="natural_limit")
shows("UndeleteMeasure", "PLUGIN_NOT_ACTIVE", {"name": "measures/gone-plugin"}, names="growth")

PUSH, ROW = "PushObservations", {"period": "2020", "value": 1, "dimensions": {"city": "east", "kind": "kerbed"}}
INTO = {"dataset": "datasets/paths-km"}
shows(PUSH, "ROWS_INVALID", {**INTO, "rows": [ROW, {**ROW, "period": "soon"}]}, names="soon")
shows(PUSH, "FIELD_REQUIRED", {"rows": [ROW]}, names="dataset")
shows(PUSH, "FIELD_INVALID", {**INTO, "options": {"requestId": "1"}}, names="options.request_id")
shows(PUSH, "NAME_INVALID", {"dataset": "paths-km"}, names="dataset")
shows(PUSH, "REQUEST_ID_REUSED", {**INTO, "options": {"requestId": UUID}, "rows": [ROW]}, names=UUID)
shows(PUSH, "RESOURCE_NOT_FOUND", {"dataset": "datasets/none", "rows": [ROW]}, names="datasets/none")
# More than the 1 MiB that the server of the test gathers.
MANY = {**INTO, "columns": [{"dimensions": ROW["dimensions"], "periods": [*range(1, 9001)], "values": [1.0] * 9000}]}
shows(PUSH, "REQUEST_TOO_LARGE", *[MANY] * 5, names="1 MiB")

for method in ("ListObservations", "ReadSeries"):
    parent = {"parent": "datasets/paths-km"}
    bad_name(method, "parent", parent["parent"])
    bad_listing(method, **parent)
    shows(method, "FIELD_INVALID", {**parent, "startPeriod": "soon"}, names="start_period")

for method, field, name in (("GetMeasureProgress", "name", "measures/build-paths"),
                            ("GetPlanProgress", "name", "plans/paths"),
                            ("ExplainProgress", "target", "measures/build-paths/targets/about")):
    bad_name(method, field, name)
    shows(method, "FIELD_INVALID", {field: name, **NEVER}, names="as_of.revision")

bad_name("GetPlugin", "name", "plugins/level")
for method, others in (("QuarantinePlugin", {"reason": "x"}), ("ReleasePlugin", {}), ("SelectPluginVersion", {})):
    bad_name(method, "name", "plugins/level", **others)
    shows(method, "FIELD_INVALID", {"name": "plugins/level", "version": "1", **others}, names="version")
shows("QuarantinePlugin", "PLUGIN_NOT_ACTIVE", {"name": "plugins/growth", "reason": "x"}, names="plugins/growth")
shows("SelectPluginVersion", "PLUGIN_NOT_ACTIVE", {"name": "plugins/judge", "version": JUDGE_VERSION},
      names="plugins/judge")
bad_name("GetCommit", "name", "commits/1")
RECIPES["GetCommit", "RESOURCE_NOT_FOUND"] = ({"name": "commits/999999"},), "commits/999999"
for method in ("ListPlugins", "ListCommits"):
    bad_listing(method)
    shows(method, "FIELD_INVALID", {"pageSize": -1}, names="page_size")

WATCH = {"stopAtPresent": True}
shows("WatchEvents", "FIELD_INVALID", {**WATCH, "afterRevision": "999999"}, names="after_revision")
shows("WatchEvents", "NAME_INVALID", {**WATCH, "names": ["plans/paths", "Plans"]}, names="names[1]")
shows("WatchEvents", "FILTER_INVALID", {**WATCH, "filter": "no_such = 1"}, names="no_such")
shows("WatchEvents", "RESUME_TOKEN_INVALID", {**WATCH, "resumeToken": "made-up"}, names="resume_token")

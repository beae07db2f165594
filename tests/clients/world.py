"""A small plan about cycle paths in a made-up city: the documents that the tests create, as proto
JSON, and rows for them."""

PLAN = {"planId": "paths", "plan": {"displayName": "Cycle paths", "languageCode": "en"}}
DATASET = {"datasetId": "paths-km", "dataset": {
    "displayName": "Length of cycle paths", "unit": "km", "frequency": "FREQUENCY_YEAR",
    "accumulation": "ACCUMULATION_STOCK"}}
INDICATOR = {"indicatorId": "paths-km", "indicator": {
    "displayName": "Length of cycle paths", "plugin": "plugins/level",
    "inputs": [{"slot": "value", "source": "datasets/paths-km"}]}}
GROWTH = {"indicatorId": "paths-growth", "indicator": {
    "displayName": "Growth of cycle paths", "plugin": "plugins/growth",
    "inputs": [{"slot": "value", "source": "datasets/paths-km"}]}}
MEASURE = {"measureId": "build-paths", "measure": {
    "plan": "plans/paths", "displayName": "Build cycle paths",
    "lifecycle": [{"stage": "MEASURE_STAGE_IN_FORCE", "effectiveDate": {"year": 2020, "month": 1, "day": 1}}],
    "targets": [{
        "id": "km-2030", "displayName": "200 km in 2030", "indicator": "indicators/paths-km",
        "output": "value", "relation": "TARGET_RELATION_AT_LEAST",
        "baseline": {"period": "2020", "value": 100}, "finalPoint": {"period": "2030", "value": 200},
        "unit": "km",
        "assessment": {"plugin": "plugins/attainment", "parameters": {"method": "linear_pace"}}}]}}

# In the order in which they can be created.
DOCUMENTS = (("Plan", PLAN), ("Dataset", DATASET), ("Indicator", INDICATOR), ("Measure", MEASURE))

ROWS = [{"period": "2020", "value": 100}, {"period": "2021", "value": 110}, {"period": "2022", "value": 121}]
PUSH = {"dataset": "datasets/paths-km", "rows": ROWS}

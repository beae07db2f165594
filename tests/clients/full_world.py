"""The small plan of world.py once more, with every field of every kind set and two of everything, so
that whatever is tested field by field, or page by page, meets each of them."""

FULL_REFERENCE = {"title": "Cycling Strategy", "uri": "https://example.org/strategy", "publisher": "City Council",
                  "publishDate": {"year": 2020, "month": 3, "day": 1}, "languageCode": "en", "note": "Chapter 2"}
TRANSLATIONS = {"zh-Hans": {"displayName": "自行车道", "description": "全市"}}

FULL_PLAN = {
    "displayName": "Cycle paths", "description": "All paths of the city.", "languageCode": "en",
    "translations": TRANSLATIONS, "issuingBody": "City Council", "region": "CN-HA",
    "startDate": {"year": 2020, "month": 1, "day": 1}, "endDate": {"year": 2030, "month": 12, "day": 31},
    "references": [FULL_REFERENCE]}

FULL_DATASET = {
    "displayName": "Length of cycle paths", "description": "Paths with a kerb.", "languageCode": "en",
    "translations": TRANSLATIONS, "unit": "km", "unitMultiplier": 1, "frequency": "FREQUENCY_YEAR",
    "yearStartMonth": 4, "accumulation": "ACCUMULATION_STOCK",
    "dimensions": [
        {"id": "city", "displayName": "City", "values": [{"code": "east", "displayName": "East"},
                                                         {"code": "west", "displayName": "West"}]},
        {"id": "kind", "displayName": "Kind", "totalCodes": ["all"]}],
    "producer": "Road Office", "scope": "Without shared lanes.", "allowedRange": {"minimum": 0, "maximum": 10000},
    "references": [FULL_REFERENCE]}

# What is not for a yearly stock.
RUNNING = {"displayName": "Paths opened since January", "unit": "km", "frequency": "FREQUENCY_MONTH",
           "accumulation": "ACCUMULATION_YEAR_TO_DATE", "januaryFebruaryJoint": True}

LEVEL = {"displayName": "Length", "plugin": "plugins/level", "groupBy": ["city"],
         "inputs": [{"slot": "value", "source": "datasets/paths-km"}]}

FULL_INDICATOR = {
    "displayName": "Share of kerbed paths", "description": "Of all paths.", "languageCode": "en",
    "translations": TRANSLATIONS, "plugin": "plugins/ratio", "pluginVersion": "1", "parameters": {"per": 1},
    "inputs": [
        {"slot": "numerator", "source": "datasets/paths-km", "aggregation": "AGGREGATION_SUM",
         "accumulation": "ACCUMULATION_STOCK", "selection": {"kind": {"values": ["kerbed", "raised"]}}},
        {"slot": "denominator", "source": "indicators/paths-km", "output": "value"}],
    "groupBy": ["city"], "frequency": "FREQUENCY_YEAR", "references": [FULL_REFERENCE]}

FULL_SCRIPT = {
    "displayName": "Share of two parts", "description": "Of all paths.", "languageCode": "en",
    "translations": TRANSLATIONS, "expression": "100 * (part + or_else(more, 0)) / lag('whole', 1)",
    "inputs": [{"slot": "part", "summary": "Kerbed paths.", "sameUnitAs": "whole",
                "accumulations": ["ACCUMULATION_STOCK"]},
               {"slot": "more", "optional": True}, {"slot": "whole"}],
    "unit": "percent", "accumulation": "ACCUMULATION_LEVEL", "lookBack": 1, "handlesMissing": True,
    "references": [FULL_REFERENCE]}
# What is not for an expression.
CODE = {"displayName": "Twice", "code": "function compute(value)\n  return 2 * value\nend", "inputs": [{"slot": "value"}],
        "unit": "@value", "accumulation": "ACCUMULATION_STOCK"}
BY_SCRIPT = {"displayName": "Twice", "plugin": "scripts/twice", "groupBy": ["city"],
             "inputs": [{"slot": "value", "source": "datasets/paths-km"}]}

# What is not for a sum: parts, and a mean that is weighed.
BY_KIND = {**LEVEL, "groupBy": ["city", "kind"]}
PARTS = {"displayName": "Concentration", "plugin": "plugins/concentration", "groupBy": ["city"],
         "inputs": [{"slot": "value", "source": "datasets/paths-km", "spreadBy": "kind"}]}
WEIGHED = {"displayName": "Mean length", "plugin": "plugins/level", "groupBy": ["city"],
           "inputs": [{"slot": "value", "source": "datasets/paths-km", "aggregation": "AGGREGATION_WEIGHTED_MEAN",
                       "weightSource": "indicators/by-kind", "weightOutput": "value"}]}
# And what is not for figures that stay by year.
BY_QUARTER = {"displayName": "Opened by quarter", "plugin": "plugins/level", "frequency": "FREQUENCY_QUARTER",
              "inputs": [{"slot": "value", "source": "datasets/opened", "periodRule": "PERIOD_RULE_LAST"}]}

ASSESSMENT = {"plugin": "plugins/attainment", "pluginVersion": "1",
              "parameters": {"method": "linear_pace", "natural_limit": 900}}
ABOUT = {
    "id": "about", "displayName": "About 200 km in 2030", "translations": TRANSLATIONS,
    "indicator": "indicators/paths-km", "output": "value", "group": {"city": "east"},
    "relation": "TARGET_RELATION_ABOUT", "baseline": {"period": "2020", "value": 100},
    "interimPoints": [{"period": "2025", "value": 150}], "finalPoint": {"period": "2030", "value": 200},
    "tolerancePercent": 5, "unit": "km", "unitMultiplier": 1, "assessment": ASSESSMENT,
    "furtherAssessments": [{"plugin": "plugins/attainment", "parameters": {"method": "weather"}}],
    "references": [FULL_REFERENCE]}
WITHIN = {
    "id": "within", "displayName": "190 to 210 km in 2030", "indicator": "indicators/paths-km", "output": "value",
    "group": {"city": "west"}, "relation": "TARGET_RELATION_WITHIN",
    "finalPoint": {"period": "2030", "value": 190, "upperValue": 210}, "unit": "km",
    "assessment": {"plugin": "plugins/attainment"}}

FULL_MEASURE = {
    "plan": "plans/paths", "displayName": "Build cycle paths", "description": "Ten a year.", "languageCode": "en",
    "translations": TRANSLATIONS, "category": "building",
    "lifecycle": [{"stage": "MEASURE_STAGE_ADOPTED", "effectiveDate": {"year": 2020, "month": 1, "day": 1},
                   "note": "Resolution 7"},
                  {"stage": "MEASURE_STAGE_IN_FORCE", "effectiveDate": {"year": 2021, "month": 1, "day": 1}}],
    "agencies": [{"displayName": "Road Office", "role": "AGENCY_ROLE_LEAD", "translations": {"zh-Hans": "道路局"}}],
    "regions": ["CN-HA", "CN-BJ"],
    "milestones": [{"id": "first", "displayName": "First path", "dueDate": {"year": 2021, "month": 6, "day": 1},
                    "doneDate": {"year": 2021, "month": 5, "day": 1}, "evidence": [FULL_REFERENCE],
                    "translations": TRANSLATIONS}],
    "targets": [ABOUT, WITHIN],
    "parameters": [{"id": "budget", "displayName": "Budget", "number": 3.5, "unit": "yuan", "unitMultiplier": 6,
                    "validFrom": {"year": 2020, "month": 1, "day": 1}, "validTo": {"year": 2025, "month": 12, "day": 31},
                    "references": [FULL_REFERENCE]},
                   {"id": "who", "text": "Residents"}],
    "references": [FULL_REFERENCE]}

SPARE = {"lifecycle": [{"stage": "MEASURE_STAGE_PROPOSED", "effectiveDate": {"year": 2020, "month": 1, "day": 1}}]}

# Method and request, in the order in which they can be called on an empty store.
CALLS = [
    *(("CreatePlan", {"planId": name, "plan": FULL_PLAN}) for name in ("paths", "spare")),
    *(("CreateDataset", {"datasetId": name, "dataset": FULL_DATASET}) for name in ("paths-km", "spare")),
    ("CreateDataset", {"datasetId": "opened", "dataset": RUNNING}),
    ("CreateIndicator", {"indicatorId": "paths-km", "indicator": LEVEL}),
    ("CreateIndicator", {"indicatorId": "share", "indicator": FULL_INDICATOR}),
    ("CreateIndicator", {"indicatorId": "by-kind", "indicator": BY_KIND}),
    *(("CreateScript", {"scriptId": name, "script": FULL_SCRIPT}) for name in ("share", "spare")),
    ("CreateScript", {"scriptId": "twice", "script": CODE}),
    ("CreateIndicator", {"indicatorId": "by-script", "indicator": BY_SCRIPT}),
    *(("CreateMeasure", {"measureId": name, "measure": {"plan": "plans/paths", "displayName": name, **SPARE}})
      for name in ("spare", "gone", "gone-too")),
    ("CreateMeasure", {"measureId": "build-paths", "measure": FULL_MEASURE}),
    *(("DeleteMeasure", {"name": f"measures/{name}"}) for name in ("gone", "gone-too")),
    # A second revision of what revisions are listed of.
    ("UpdatePlan", {"plan": {"name": "plans/paths", "issuingBody": "The City Council"}}),
    ("UpdateDataset", {"dataset": {"name": "datasets/paths-km", "producer": "The Road Office"}}),
    ("UpdateIndicator", {"indicator": {"name": "indicators/share", "description": "Of all of them."}}),
    ("UpdateScript", {"script": {"name": "scripts/share", "description": "Of all of them."}}),
    ("UpdateMeasure", {"measure": {"name": "measures/build-paths", "category": "works"}}),
]

ROWS = [{"period": str(year), "value": 10 * number + year - 2020, "dimensions": {"city": city, "kind": kind}}
        for number, (city, kind) in enumerate((city, kind) for city in ("east", "west")
                                              for kind in ("_T", "kerbed", "raised"))
        for year in (2020, 2021, 2022)]
PUSH = {"dataset": "datasets/paths-km", "rows": ROWS}

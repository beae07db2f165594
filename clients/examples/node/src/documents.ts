// The documents of the example, the cycle paths of a made-up city, as the requests that create them.
import { Accumulation, Frequency } from "../gen/policytrack/v1/common.js";
import { CreateDatasetRequest } from "../gen/policytrack/v1/dataset_service.js";
import { CreateIndicatorRequest } from "../gen/policytrack/v1/indicator_service.js";
import { MeasureStage, TargetRelation } from "../gen/policytrack/v1/measure.js";
import { CreateMeasureRequest } from "../gen/policytrack/v1/measure_service.js";
import { CreatePlanRequest } from "../gen/policytrack/v1/plan_service.js";

export const planRequest = CreatePlanRequest.fromPartial({
  planId: "cycle-paths",
  plan: { displayName: "Cycle paths" },
});
export const datasetRequest = CreateDatasetRequest.fromPartial({
  datasetId: "cycle-paths-km",
  dataset: {
    displayName: "Length of cycle paths",
    unit: "km",
    frequency: Frequency.FREQUENCY_YEAR,
    accumulation: Accumulation.ACCUMULATION_STOCK,
  },
});
export const indicatorRequest = CreateIndicatorRequest.fromPartial({
  indicatorId: "cycle-paths-km",
  indicator: {
    displayName: "Length of cycle paths",
    plugin: "plugins/level",
    inputs: [{ slot: "value", source: "datasets/cycle-paths-km" }],
  },
});
export const measureRequest = CreateMeasureRequest.fromPartial({
  measureId: "build-cycle-paths",
  measure: {
    plan: "plans/cycle-paths",
    displayName: "Build cycle paths",
    lifecycle: [
      {
        stage: MeasureStage.MEASURE_STAGE_IN_FORCE,
        effectiveDate: { year: 2020, month: 1, day: 1 },
      },
    ],
    targets: [
      {
        id: "km-2030",
        displayName: "200 km in 2030",
        indicator: "indicators/cycle-paths-km",
        output: "value",
        unit: "km",
        relation: TargetRelation.TARGET_RELATION_AT_LEAST,
        baseline: { period: "2020", value: 100 },
        finalPoint: { period: "2030", value: 200 },
        assessment: { plugin: "plugins/attainment", parameters: { method: "linear_pace" } },
      },
    ],
  },
});

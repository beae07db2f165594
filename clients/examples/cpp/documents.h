// The documents of the example, the cycle paths of a made-up city, as the requests that create them
// in protobuf's text format.
#ifndef CLIENTS_EXAMPLES_CPP_DOCUMENTS_H_
#define CLIENTS_EXAMPLES_CPP_DOCUMENTS_H_

inline constexpr char kCreatePlan[] =
    R"(plan_id: "cycle-paths" plan { display_name: "Cycle paths" })";
inline constexpr char kCreateDataset[] = R"(dataset_id: "cycle-paths-km" dataset {
  display_name: "Length of cycle paths" unit: "km"
  frequency: FREQUENCY_YEAR accumulation: ACCUMULATION_STOCK })";
inline constexpr char kCreateIndicator[] = R"(indicator_id: "cycle-paths-km" indicator {
  display_name: "Length of cycle paths" plugin: "plugins/level"
  inputs { slot: "value" source: "datasets/cycle-paths-km" } })";
inline constexpr char kCreateMeasure[] = R"(measure_id: "build-cycle-paths" measure {
  plan: "plans/cycle-paths" display_name: "Build cycle paths"
  lifecycle { stage: MEASURE_STAGE_IN_FORCE effective_date { year: 2020 month: 1 day: 1 } }
  targets {
    id: "km-2030" display_name: "200 km in 2030"
    indicator: "indicators/cycle-paths-km" output: "value" unit: "km"
    relation: TARGET_RELATION_AT_LEAST
    baseline { period: "2020" value: 100 } final_point { period: "2030" value: 200 }
    assessment {
      plugin: "plugins/attainment"
      parameters { fields { key: "method" value { string_value: "linear_pace" } } }
    }
  } })";

#endif  // CLIENTS_EXAMPLES_CPP_DOCUMENTS_H_

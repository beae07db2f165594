// The whole way with stubs generated from proto/: documents, a push of rows and columns, a revised
// figure, the series now and before, the progress of a measure, and a refusal.
import { Readable, type Writable } from "node:stream";
import { credentials, Metadata, status } from "@grpc/grpc-js";
import { ObservationStatus } from "../gen/policytrack/v1/common.js";
import { DatasetServiceClient } from "../gen/policytrack/v1/dataset_service.js";
import { IndicatorServiceClient } from "../gen/policytrack/v1/indicator_service.js";
import { MeasureServiceClient } from "../gen/policytrack/v1/measure_service.js";
import {
  ObservationServiceClient,
  PushObservationsRequest,
  type PushObservationsResponse,
  ReadSeriesRequest,
} from "../gen/policytrack/v1/observation_service.js";
import { PlanServiceClient } from "../gen/policytrack/v1/plan_service.js";
import { ProgressStatus } from "../gen/policytrack/v1/progress.js";
import {
  GetMeasureProgressRequest,
  ProgressServiceClient,
} from "../gen/policytrack/v1/progress_service.js";
import { call, Failure, options, settle } from "./call.js";
import { datasetRequest, indicatorRequest, measureRequest, planRequest } from "./documents.js";

// An int64, such as a revision or a period, is a bigint: gRPC has 64 bits, a number of JavaScript 53.
const dataset = "datasets/cycle-paths-km";

// Says that a document was created; that one of an earlier run is there already is no failure.
async function createOrFind(creation: Promise<{ name: string }>): Promise<void> {
  try {
    console.log(`${(await creation).name}: created`);
  } catch (failure) {
    if (!(failure instanceof Failure && failure.info?.reason === "RESOURCE_EXISTS")) throw failure;
    console.log(`${failure.info.metadata["resource"]}: found`);
  }
}

// One stream is one commit: all rows are written at its end, or none.
async function push(
  client: ObservationServiceClient,
  messages: PushObservationsRequest[],
): Promise<bigint> {
  const response = await new Promise<PushObservationsResponse>((resolve, reject) => {
    const stream = client.pushObservations(new Metadata(), options(), settle(resolve, reject));
    // pipe() waits for a server that is slower than the messages, and closes the stream.
    Readable.from(messages).pipe(stream as Writable);
  });
  console.log(
    `pushed: ${response.createdCount} created, ${response.revisedCount} revised, ` +
      `${response.unchangedCount} unchanged`,
  );
  return response.revision;
}

async function printSeries(
  client: ObservationServiceClient,
  title: string,
  revision?: bigint,
): Promise<void> {
  const request = ReadSeriesRequest.fromPartial({
    parent: dataset,
    asOf: revision === undefined ? undefined : { revision },
  });
  // A page holds 1000 series, and this dataset has one; nextPageToken leads to the next page.
  for (const series of (await call(client, client.readSeries, request)).series) {
    const points = series.periods.map((period, i) => {
      // The ordinal of a year is the year. No statuses means that all are normal.
      const provisional = series.statuses[i] === ObservationStatus.OBSERVATION_STATUS_PROVISIONAL;
      return `${period}=${series.values[i]}${provisional ? "p" : ""}`;
    });
    console.log(`${title}: ${points.join(" ")}`);
  }
}

async function printProgress(
  client: ProgressServiceClient,
  measure: string,
  revision: bigint,
): Promise<void> {
  // atLeastRevision waits until what was pushed has been evaluated.
  const request = GetMeasureProgressRequest.fromPartial({
    name: measure,
    atLeastRevision: revision,
  });
  const progress = await call(client, client.getMeasureProgress, request);
  console.log(
    `${measure}: ${ProgressStatus[progress.status]}, ` +
      `${progress.judgedTargetCount} of ${progress.targetCount} targets judged`,
  );
  for (const target of progress.targets) {
    const latest =
      target.latestValue === undefined ? "" : `, ${target.latestValue} in ${target.period}`;
    const expected = target.expectedValue === undefined ? "" : `, expected ${target.expectedValue}`;
    console.log(`${target.target}: ${ProgressStatus[target.status]}${latest}${expected}`);
  }
}

async function run(server: string, measure: string): Promise<void> {
  // The server speaks neither TLS nor authentication; across a network use a tunnel or a proxy. The
  // clients of one server share a connection.
  const insecure = credentials.createInsecure();
  const plans = new PlanServiceClient(server, insecure);
  const datasets = new DatasetServiceClient(server, insecure);
  const indicators = new IndicatorServiceClient(server, insecure);
  const measures = new MeasureServiceClient(server, insecure);
  await createOrFind(call(plans, plans.createPlan, planRequest));
  await createOrFind(call(datasets, datasets.createDataset, datasetRequest));
  await createOrFind(call(indicators, indicators.createIndicator, indicatorRequest));
  await createOrFind(call(measures, measures.createMeasure, measureRequest));

  // Columns suit programs that have many figures; rows suit a few, with their periods as people
  // write them. The dataset of the first message holds for those after it.
  const observations = new ObservationServiceClient(server, insecure);
  const first = await push(observations, [
    PushObservationsRequest.fromPartial({
      dataset,
      columns: [{ periods: [2020n, 2021n, 2022n], values: [100, 110, 121] }],
    }),
    PushObservationsRequest.fromPartial({
      rows: [
        { period: "2023", value: 128, status: ObservationStatus.OBSERVATION_STATUS_PROVISIONAL },
      ],
    }),
  ]);
  const revised = await push(observations, [
    PushObservationsRequest.fromPartial({ dataset, rows: [{ period: "2023", value: 126 }] }),
  ]);
  await printSeries(observations, "now");
  await printSeries(observations, "before the revision", first);
  await printProgress(new ProgressServiceClient(server, insecure), measure, revised);

  try {
    await push(observations, [
      PushObservationsRequest.fromPartial({ dataset, rows: [{ period: "2023-13", value: 126 }] }),
    ]);
  } catch (failure) {
    // What a program does about a failure hangs on the reason; docs/errors.md lists them.
    if (!(failure instanceof Failure && failure.info?.reason === "ROWS_INVALID")) throw failure;
    console.log(`refused: ${failure.message}`);
  }
}

// Ends as `policytrack` does: 1 refused, 2 usage, 3 the server cannot be reached or is too slow.
const [server, measure = "measures/build-cycle-paths", ...rest] = process.argv.slice(2);
if (server === undefined || rest.length > 0) {
  console.error("usage: npm start -- HOST:PORT [measures/MEASURE]");
  process.exitCode = 2;
} else {
  try {
    await run(server, measure);
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    console.error(`error: ${server}: ${failure.message}`);
    process.exitCode = [status.UNAVAILABLE, status.DEADLINE_EXCEEDED].includes(failure.code)
      ? 3
      : 1;
  }
}

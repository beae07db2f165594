// Calls with a deadline as promises, and what a failed one says. Copy it into a client of your own.
import {
  type CallOptions,
  type Client,
  type ClientUnaryCall,
  Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { ErrorInfo } from "../gen/google/rpc/error_details.js";
import { Status } from "../gen/google/rpc/status.js";

// A call that failed. Programs decide by the reason in `info`, which never changes its meaning; the
// message is for people. The server sends both as a google.rpc.Status in the trailer
// grpc-status-details-bin. `info` is undefined when the failure is not the server's own: when it
// could not be reached, say.
export class Failure extends Error {
  readonly code: status;
  readonly info: ErrorInfo | undefined;

  constructor(error: ServiceError) {
    const info = errorInfo(error);
    super(`${status[error.code]}${info ? ` ${info.reason}` : ""}: ${error.details}`);
    this.code = error.code;
    this.info = info;
  }
}

function errorInfo(error: ServiceError): ErrorInfo | undefined {
  for (const bytes of error.metadata.get("grpc-status-details-bin")) {
    for (const detail of Status.decode(bytes as Buffer).details) {
      if (detail.typeUrl.endsWith("/google.rpc.ErrorInfo")) return ErrorInfo.decode(detail.value);
    }
  }
  return undefined;
}

// Without a deadline a call waits for as long as it takes.
export function options(): Partial<CallOptions> {
  return { deadline: Date.now() + 30_000 };
}

type Callback<Response> = (error: ServiceError | null, response: Response) => void;

// A callback for a promise.
export function settle<Response>(
  resolve: (response: Response) => void,
  reject: (failure: Failure) => void,
): Callback<Response> {
  return (error, response) => (error ? reject(new Failure(error)) : resolve(response));
}

// Calls a method with one request and one response: await call(plans, plans.getPlan, { name, ... }).
export function call<Request, Response>(
  client: Client,
  method: (
    request: Request,
    metadata: Metadata,
    options: Partial<CallOptions>,
    callback: Callback<Response>,
  ) => ClientUnaryCall,
  request: Request,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    method.call(client, request, new Metadata(), options(), settle(resolve, reject));
  });
}

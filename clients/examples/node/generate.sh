#!/bin/sh
# Generates gen/ from the protos: TypeScript with stubs for @grpc/grpc-js. The
# compiler is the distribution's protoc, the generator ts-proto from npm.
set -eu
cd "$(dirname "$0")"
proto=${POLICYTRACK_PROTO:-../../../proto}
command -v protoc >/dev/null || {
  echo "error: protoc is not installed: apt-get install protobuf-compiler" >&2
  exit 1
}
rm -rf gen
mkdir gen
# What is imported is generated with it. The folder third_party comes first:
# protoc names a file by the first folder that has it.
# forceLong=bigint: an int64 is a bigint; the default, number, refuses those
# above 2^53.
protoc -I "$proto/third_party" -I "$proto" \
  --plugin=protoc-gen-ts_proto=node_modules/.bin/protoc-gen-ts_proto \
  --ts_proto_out=gen \
  --ts_proto_opt=outputServices=grpc-js,forceLong=bigint,esModuleInterop=true,importSuffix=.js \
  "$proto"/policytrack/v1/*_service.proto \
  google/rpc/status.proto google/rpc/error_details.proto

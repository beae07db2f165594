// Previewing an indicator: its definition evaluated on stored data without
// storing anything.
//
// Thread rule: safe from any thread.
#ifndef POLICYTRACK_SERVICES_APP_PREVIEW_H_
#define POLICYTRACK_SERVICES_APP_PREVIEW_H_

#include "absl/status/statusor.h"
#include "plugins/engine.h"
#include "policytrack/v1/indicator_service.pb.h"
#include "storage/store.h"

namespace policytrack::app {

class Preview {
 public:
  // None of the pointers is owned; all must outlive this.
  Preview(storage::Store* store, plugins::Engine* engine) : store_(store), engine_(engine) {}

  // The errors are those that IndicatorService documents.
  absl::StatusOr<v1::PreviewIndicatorResponse> PreviewIndicator(
      const v1::PreviewIndicatorRequest& request);

 private:
  storage::Store* const store_;
  plugins::Engine* const engine_;
};

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_PREVIEW_H_

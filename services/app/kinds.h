// The five kinds of documents: what is checked of a plan, a measure, a dataset,
// an indicator and a script beyond what their field annotations say.
//
// Thread rule: factories; the objects are stateless and safe from any thread.
#ifndef POLICYTRACK_SERVICES_APP_KINDS_H_
#define POLICYTRACK_SERVICES_APP_KINDS_H_

#include <memory>

#include "plugins/engine.h"
#include "services/app/documents.h"

namespace policytrack::app {

std::unique_ptr<DocumentKind> MakePlanKind();
// The engine checks assessments, parameters and who reads a source; it must outlive
// the kind.
std::unique_ptr<DocumentKind> MakeMeasureKind(plugins::Engine* engine);
std::unique_ptr<DocumentKind> MakeDatasetKind(plugins::Engine* engine);
std::unique_ptr<DocumentKind> MakeIndicatorKind(plugins::Engine* engine);
std::unique_ptr<DocumentKind> MakeScriptKind(plugins::Engine* engine);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_KINDS_H_

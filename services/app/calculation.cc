#include "services/app/calculation.h"

#include <algorithm>

#include "core/digest.h"

namespace policytrack::app {

v1::Evaluation Calculation::Provenance() const {
  v1::Evaluation record;
  record.set_parent(parent);
  record.set_definition_revision(definition_revision);
  record.set_plugin(plugin);
  record.set_plugin_version(plugin_version);
  record.set_plugin_digest(plugin_digest);
  if (build != nullptr) record.set_suspect_message(build->audit_message());
  record.set_parameters_digest(Sha256Hex(DeterministicBytes(parameters)));
  return record;
}

int ResolvedInput::SpreadRule() const {
  const auto found = std::find_if(rules.begin(), rules.end(),
                                  [](const DimensionRule& rule) { return rule.spread; });
  return found == rules.end() ? -1 : static_cast<int>(found - rules.begin());
}

bool FormsGroups(const Calculation& calculation, const ResolvedInput& input) {
  if (input.unaligned || input.source.empty()) return false;
  if (!input.optional) return true;
  return std::none_of(calculation.inputs.begin(), calculation.inputs.end(),
                      [](const ResolvedInput& other) {
                        return !other.optional && !other.unaligned && !other.source.empty();
                      });
}

}  // namespace policytrack::app

// clients/cli/yaml_document.h: the YAML documents of a catalogue.
#include "clients/cli/yaml_document.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace policytrack;
  std::vector<cli::Diagnostic> errors;
  const auto documents =
      cli::ParseDocuments(std::string(fuzz::Text(data, size)), "a.yaml", &errors);
  for (const cli::Diagnostic& error : errors) {
    fuzz::Require(error.file == "a.yaml" && !error.message.empty(), "an error says what and where");
  }
  for (const cli::ResourceDocument& document : documents) {
    fuzz::Require(document.kind != nullptr && document.message != nullptr && !document.name.empty(),
                  "a document is whole");
    cli::FindPosition(document, "targets[0].unit");
  }
  return 0;
}

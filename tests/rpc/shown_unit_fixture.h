// Yearly datasets in several units, for tests of reads and definitions that name one.
#ifndef POLICYTRACK_TESTS_RPC_SHOWN_UNIT_FIXTURE_H_
#define POLICYTRACK_TESTS_RPC_SHOWN_UNIT_FIXTURE_H_

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/rpc/server_fixture.h"

namespace policytrack::rpc_test {

class ShownUnitTest : public ServerFixture {
 protected:
  void SetUp() override {
    ServerFixture::SetUp();
    MakeYearly("made", "vehicles", 0, "ACCUMULATION_FLOW");
    MakeYearly("parked", "vehicles", 4, "ACCUMULATION_FLOW");
    MakeYearly("money", "yuan", 8, "ACCUMULATION_FLOW");
    MakeYearly("share", "percent", 0, "ACCUMULATION_LEVEL");
    MakeYearly("points", "percentage_points", 0, "ACCUMULATION_LEVEL");
    MakeYearly("mass", "kg", 0, "ACCUMULATION_FLOW");
  }

  void MakeYearly(const std::string& id, const std::string& unit, int multiplier,
                  const std::string& accumulation) {
    v1::CreateDatasetRequest create;
    create.set_dataset_id(id);
    *create.mutable_dataset() = Text<v1::Dataset>(
        absl::StrCat("display_name: 'D' unit: '", unit, "' unit_multiplier: ", multiplier,
                     " frequency: FREQUENCY_YEAR accumulation: ", accumulation));
    v1::Dataset made;
    ASSERT_EQ(CodeOf(CALL(datasets_, CreateDataset, create, &made)), "OK");
  }
  int64_t PushYear(const std::string& dataset, int year, double value) {
    v1::PushObservationsRequest message;
    message.set_dataset("datasets/" + dataset);
    message.add_rows()->set_period(absl::StrCat(year));
    message.mutable_rows(0)->set_value(value);
    v1::PushObservationsResponse response;
    EXPECT_EQ(CodeOf(Push({message}, &response)), "OK");
    return response.revision();
  }
  grpc::Status Create(const std::string& id, const std::string& text, v1::Indicator* made) {
    v1::CreateIndicatorRequest create;
    create.set_indicator_id(id);
    *create.mutable_indicator() = Text<v1::Indicator>("display_name: 'I' " + text);
    return CALL(indicators_, CreateIndicator, create, made);
  }
  // Code, reason and field of a refused definition.
  std::string Refused(const std::string& text, std::string* message = nullptr) {
    v1::Indicator made;
    const grpc::Status status = Create("refused", text, &made);
    if (message != nullptr) *message = status.error_message();
    return absl::StrCat(CodeOf(status), " ", MetadataOf(status, "field"));
  }

  v1::ListObservationsRequest Request(const std::string& parent, const std::string& unit = "",
                                      int multiplier = 0) {
    v1::ListObservationsRequest request;
    request.set_parent(parent);
    request.set_unit(unit);
    request.set_unit_multiplier(multiplier);
    return request;
  }
  v1::ListObservationsResponse List(const v1::ListObservationsRequest& request) {
    v1::ListObservationsResponse response;
    const grpc::Status status = CALL(observations_, ListObservations, request, &response);
    EXPECT_EQ(CodeOf(status), "OK") << status.error_message();
    return response;
  }
  static std::vector<double> Values(const v1::ListObservationsResponse& response) {
    std::vector<double> values;
    for (const auto& row : response.observations()) values.push_back(row.value());
    return values;
  }
  template <typename Response>
  static std::string Units(const Response& response) {
    std::vector<std::string> units;
    for (const auto& unit : response.units()) {
      units.push_back(absl::StrCat(unit.output(), ":", unit.unit(), "*", unit.unit_multiplier()));
    }
    return absl::StrJoin(units, " ");
  }
};

}  // namespace policytrack::rpc_test

#endif  // POLICYTRACK_TESTS_RPC_SHOWN_UNIT_FIXTURE_H_

// What filters match where something is unset, in a Struct, in a search, and in
// fields of kinds that the contract does not use yet.
#include <memory>
#include <string>

#include "core/error.h"
#include "core/filter.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "policytrack/v1/dataset.pb.h"
#include "policytrack/v1/indicator.pb.h"
#include "policytrack/v1/measure.pb.h"
#include "policytrack/v1/observation.pb.h"

namespace policytrack {
namespace {

struct Case {
  const char* text;
  bool matches;
};

template <size_t kSize>
void ExpectMatches(const Case (&cases)[kSize], const google::protobuf::Message& message) {
  for (const Case& c : cases) {
    const auto filter = Filter::Parse(c.text, message.GetDescriptor());
    ASSERT_TRUE(filter.ok()) << c.text << ": " << filter.status();
    EXPECT_EQ(filter->Matches(message), c.matches) << c.text;
  }
}

TEST(FilterUnsetTest, NothingIsSet) {
  const Case kMeasure[] = {
      // A plain field always has its value.
      {"revision = 0", true},
      {"revision != 0", false},
      {"revision:*", false},
      {"category = \"\"", true},
      {"category:*", false},
      {"stage = MEASURE_STAGE_UNSPECIFIED", true},
      {"stage:*", false},
      // An unset message has none.
      {"create_time = 1970-01-01T00:00:00Z", false},
      {"create_time != 1970-01-01T00:00:00Z", true},
      {"create_time < 9999-01-01T00:00:00Z", false},
      {"create_time >= 0001-01-01T00:00:00Z", false},
      {"NOT create_time < 9999-01-01T00:00:00Z", true},
      {"create_time:*", false},
      {"create_time.seconds = 0", false},
      {"delete_time.seconds != 0", true},
      {"NOT delete_time:*", true},
      {"regions:*", false},
      {"regions:\"\"", false},
      {"translations:*", false},
      {"anything", false},
      {"NOT anything", true},
  };
  ExpectMatches(kMeasure, v1::Measure());
  const Case kDataset[] = {
      {"allowed_range.minimum = 0", false}, {"allowed_range.minimum != 0", true},
      {"allowed_range.minimum < 1", false}, {"allowed_range:*", false},
      {"allowed_range:minimum", false},
  };
  ExpectMatches(kDataset, v1::Dataset());
  v1::Dataset open;
  open.mutable_allowed_range();
  const Case kOpen[] = {{"allowed_range:*", true},
                        {"allowed_range:minimum", false},
                        {"allowed_range.minimum = 0", false}};
  ExpectMatches(kOpen, open);
  open.mutable_allowed_range()->set_minimum(0);
  const Case kZero[] = {{"allowed_range:minimum", true},
                        {"allowed_range.minimum:*", true},
                        {"allowed_range.minimum = 0", true},
                        {"allowed_range.maximum:*", false}};
  ExpectMatches(kZero, open);
  // A missing value is not zero.
  const Case kObservation[] = {{"value = 0", false},     {"value < 1", false},
                               {"value != 0", true},     {"value:*", false},
                               {"NOT value:*", true},    {"series_break = false", true},
                               {"series_break:*", false}};
  ExpectMatches(kObservation, v1::Observation());
}

TEST(FilterUnsetTest, Structs) {
  v1::Assessment assessment;
  ASSERT_TRUE(
      google::protobuf::TextFormat::ParseFromString(R"pb(
                                                      parameters {
                                                        fields {
                                                          key: "pace"
                                                          value { number_value: -0.5 }
                                                        }
                                                        fields {
                                                          key: "mode"
                                                          value { string_value: "linear" }
                                                        }
                                                        fields {
                                                          key: "five"
                                                          value { string_value: "5" }
                                                        }
                                                        fields {
                                                          key: "strict"
                                                          value { bool_value: true }
                                                        }
                                                        fields {
                                                          key: "nothing"
                                                          value { null_value: NULL_VALUE }
                                                        }
                                                        fields {
                                                          key: "empty"
                                                          value { list_value {} }
                                                        }
                                                        fields {
                                                          key: "years"
                                                          value {
                                                            list_value {
                                                              values { number_value: 2024 }
                                                              values {
                                                                struct_value {
                                                                  fields {
                                                                    key: "from"
                                                                    value { string_value: "2025" }
                                                                  }
                                                                }
                                                              }
                                                            }
                                                          }
                                                        }
                                                        fields {
                                                          key: "nested"
                                                          value {
                                                            struct_value {
                                                              fields {
                                                                key: "a.b"
                                                                value { number_value: 1 }
                                                              }
                                                            }
                                                          }
                                                        }
                                                      })pb",
                                                    &assessment));
  const Case kCases[] = {
      {"parameters.pace = -0.5", true},
      {"parameters.pace < 0", true},
      {"parameters.pace > 0", false},
      {"parameters.pace = \"-0.5\"", false},  // a string it is not
      {"parameters.mode = linear", true},
      {"parameters.mode = \"lin*\"", true},
      {"parameters.mode > 5", true},
      {"parameters.five = 5", true},
      {"parameters.five = \"5\"", true},
      {"parameters.strict = true", true},
      {"parameters.strict = \"true\"", false},
      {"parameters.strict = false", false},
      {"parameters.strict < true", false},
      {"parameters.nothing = null", true},
      {"parameters.nothing = \"null\"", false},
      {"parameters.nothing:*", true},
      {"parameters.missing = null", false},
      {"parameters.missing:*", false},
      {"parameters.missing != 1", true},
      {"parameters.pace.deeper = 1", false},
      {"parameters.nested.\"a.b\" = 1", true},
      {"parameters.nested:\"a.b\"", true},
      {"parameters.nested = 1", false},
      {"parameters.years:2024", true},
      {"parameters.years:2025", false},
      {"parameters.years.from:2025", true},
      {"parameters.years.from = 2025", false},  // lists only with :
      {"parameters.years = 2024", false},
      {"parameters.empty:*", true},
      {"parameters.empty:1", false},
      {"parameters:pace", true},
      {"parameters:p*", true},
      {"parameters:linear", false},
      {"parameters:*", true},
      {"parameters.pace:(1 OR null OR linear)", false},
      {"parameters.mode:(1 OR null OR linear)", true},
  };
  ExpectMatches(kCases, assessment);
}

TEST(FilterUnsetTest, Search) {
  v1::Measure measure;
  measure.set_display_name("Scrappage Subsidy 100%");
  measure.set_stage(v1::MEASURE_STAGE_ADOPTED);
  measure.set_revision(42);
  (*measure.mutable_translations())["zh"].set_display_name("汽车报废更新补贴 É");
  auto* const target = measure.add_targets();
  (*target->mutable_group())["region"] = "CN-HA";
  auto& fields = *target->mutable_assessment()->mutable_parameters()->mutable_fields();
  *fields["deep"].mutable_list_value()->add_values()->mutable_string_value() = "Inside";
  const Case kCases[] = {
      {"scrappage", true},
      {"SUBSIDY", true},
      {"cRaPpAgE", true},
      {"scrappage subsidy", true},
      {"scrappage nothing", false},
      {"scrappage OR nothing", true},
      {"-nothing", true},
      {"-scrappage", false},
      {"\"scrappage subsidy\"", true},
      {"\"subsidy scrappage\"", false},
      {"100%", true},
      {"*rapp*", true},
      {"报废更新", true},
      {"报废补贴", false},
      {"É", true},
      {"é", false},  // only ASCII without case
      {"cn-ha", true},
      {"inside", true},
      {"region", false},  // a key
      {"deep", false},
      {"adopted", false},  // an enum is no string
      {"42", false},
  };
  ExpectMatches(kCases, measure);
}

// A type with a field of every kind, in proto3.
class FilterAnyTypeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    google::protobuf::FileDescriptorProto duration;
    google::protobuf::Duration::descriptor()->file()->CopyTo(&duration);
    ASSERT_NE(pool_.BuildFile(duration), nullptr);
    google::protobuf::FileDescriptorProto file;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
        R"pb(
          name: "any_type.proto"
          syntax: "proto3"
          dependency: "google/protobuf/duration.proto"
          message_type {
            name: "AnyType"
            field { name: "u64" number: 1 type: TYPE_UINT64 label: LABEL_OPTIONAL }
            field { name: "f32" number: 2 type: TYPE_FLOAT label: LABEL_OPTIONAL }
            field { name: "raw" number: 3 type: TYPE_BYTES label: LABEL_OPTIONAL }
            field {
              name: "wait"
              number: 4
              type: TYPE_MESSAGE
              label: LABEL_OPTIONAL
              type_name: ".google.protobuf.Duration"
            }
            field {
              name: "waits"
              number: 5
              type: TYPE_MESSAGE
              label: LABEL_REPEATED
              type_name: ".google.protobuf.Duration"
            }
            field {
              name: "by_id"
              number: 6
              type: TYPE_MESSAGE
              label: LABEL_REPEATED
              type_name: ".AnyType.ByIdEntry"
            }
            field {
              name: "self"
              number: 7
              type: TYPE_MESSAGE
              label: LABEL_OPTIONAL
              type_name: ".AnyType"
            }
            field { name: "flags" number: 8 type: TYPE_BOOL label: LABEL_REPEATED }
            field { name: "i32" number: 9 type: TYPE_SINT32 label: LABEL_REPEATED }
            nested_type {
              name: "ByIdEntry"
              field { name: "key" number: 1 type: TYPE_INT32 label: LABEL_OPTIONAL }
              field { name: "value" number: 2 type: TYPE_DOUBLE label: LABEL_OPTIONAL }
              options { map_entry: true }
            }
          })pb",
        &file));
    const auto* const built = pool_.BuildFile(file);
    ASSERT_NE(built, nullptr);
    message_.reset(factory_.GetPrototype(built->message_type(0))->New());
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
        R"pb(u64: 18446744073709551615
             f32: 0.1
             raw: "\377"
             wait { seconds: -1 nanos: -500000000 }
             waits { seconds: 20 }
             by_id { key: -7 value: 2.5 }
             self { f32: 2 }
             flags: true
             i32: -3
             i32: 4)pb",
        message_.get()));
  }

  google::protobuf::DescriptorPool pool_;
  google::protobuf::DynamicMessageFactory factory_;
  std::unique_ptr<google::protobuf::Message> message_;
};

TEST_F(FilterAnyTypeTest, Matches) {
  const Case kCases[] = {
      {"u64 = 18446744073709551615", true},
      {"u64 > 18446744073709551614", true},
      {"u64 < 1.8446744073709552e19", true},
      {"u64 > -1", true},
      {"u64 > 9223372036854775807", true},
      {"f32 = 0.1", true},
      {"f32 > 0.1", false},
      {"f32 < 1e300", true},
      {"raw:*", true},
      {"wait = -1.5s", true},
      {"wait < 0s", true},
      {"wait < -1.499999999s", true},
      {"wait > -1.6s", true},
      {"wait:(-1.5s OR 3s)", true},
      {"waits:20s", true},
      {"waits:21s", false},
      {"by_id.-7 = 2.5", true},
      {"by_id.7 = 2.5", false},
      {"by_id:\"-7\"", true},
      {"self.f32 = 2", true},
      {"self.self.f32 = 2", false},
      {"flags:true", true},
      {"flags:false", false},
      {"i32:-3", true},
      {"i32:(-3 4)", true},
      {"i32:3", false},
  };
  ExpectMatches(kCases, *message_);
}

TEST_F(FilterAnyTypeTest, Refused) {
  for (const char* text : {"raw = x", "raw:x", "raw < x", "wait = 20", "wait = 20m", "wait = 1.s",
                           "wait = 315576000001s", "wait = \"\"", "by_id.7 = x", "by_id = 7",
                           "flags = true", "u64 = -", "self = x", "f32 = 1e400"}) {
    const auto filter = Filter::Parse(text, message_->GetDescriptor());
    EXPECT_EQ(ReasonOf(filter.status()), reason::kFilterInvalid) << text;
  }
}

}  // namespace
}  // namespace policytrack

// ApplyUpdate of core/field_behavior.h.
#include <string>
#include <vector>

#include "core/error.h"
#include "core/field_behavior.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "policytrack/v1/dataset.pb.h"
#include "policytrack/v1/indicator.pb.h"
#include "policytrack/v1/measure.pb.h"
#include "policytrack/v1/plan.pb.h"

namespace policytrack {
namespace {

using ::testing::HasSubstr;

google::protobuf::FieldMask Mask(const std::vector<std::string>& paths) {
  google::protobuf::FieldMask mask;
  for (const std::string& path : paths) mask.add_paths(path);
  return mask;
}

v1::Dataset PresentDataset() {
  v1::Dataset dataset;
  dataset.set_name("datasets/d");
  dataset.set_display_name("Output");
  dataset.set_description("old");
  dataset.set_unit("vehicles");
  dataset.set_unit_multiplier(4);
  dataset.set_frequency(v1::FREQUENCY_MONTH);
  dataset.set_accumulation(v1::ACCUMULATION_YEAR_TO_DATE);
  dataset.add_dimensions()->set_id("region");
  dataset.mutable_allowed_range()->set_minimum(0);
  dataset.mutable_allowed_range()->set_maximum(10);
  (*dataset.mutable_translations())["zh"].set_display_name("产量");
  (*dataset.mutable_translations())["ar"].set_display_name("إنتاج");
  dataset.mutable_create_time()->set_seconds(1);
  dataset.set_revision(7);
  dataset.set_etag("\"7\"");
  return dataset;
}

void ExpectRefused(const absl::Status& status, const char* field, const char* text) {
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), reason::kFieldInvalid);
  EXPECT_EQ(MetadataOf(status, "field"), field);
  EXPECT_THAT(std::string(status.message()), HasSubstr(text));
}

TEST(ApplyUpdateTest, AnUnsetMaskMeansThePopulatedFields) {
  v1::Dataset present = PresentDataset();
  v1::Dataset update;
  update.set_name("datasets/other");
  update.set_description("new");
  update.mutable_allowed_range()->set_minimum(1);
  update.set_etag("\"old\"");
  update.set_revision(99);
  v1::Dataset expected = present;
  expected.set_description("new");
  expected.mutable_allowed_range()->clear_maximum();
  expected.mutable_allowed_range()->set_minimum(1);
  const absl::Status status = ApplyUpdate(update, {}, &present);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(present.DebugString(), expected.DebugString());
}

TEST(ApplyUpdateTest, ListsAreReplacedAndNotAppendedTo) {
  v1::Dataset present = PresentDataset();
  v1::Dataset update;
  update.add_dimensions()->set_id("maker");
  ASSERT_TRUE(ApplyUpdate(update, {}, &present).ok());
  ASSERT_EQ(present.dimensions_size(), 1);
  EXPECT_EQ(present.dimensions(0).id(), "maker");
}

TEST(ApplyUpdateTest, AStarReplacesAllButWhatTheServiceKeeps) {
  v1::Dataset present = PresentDataset();
  v1::Dataset update = PresentDataset();
  update.clear_description();
  update.clear_translations();
  update.clear_allowed_range();
  update.set_producer("bureau");
  update.set_name("datasets/other");
  update.set_etag("\"x\"");
  update.clear_revision();
  update.mutable_create_time()->set_seconds(99);
  v1::Dataset expected = PresentDataset();
  expected.clear_description();
  expected.clear_translations();
  expected.clear_allowed_range();
  expected.set_producer("bureau");
  const absl::Status status = ApplyUpdate(update, Mask({"*"}), &present);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(present.DebugString(), expected.DebugString());
}

TEST(ApplyUpdateTest, APathClearsWhatIsUnsetInTheUpdate) {
  v1::Dataset present = PresentDataset();
  ASSERT_TRUE(
      ApplyUpdate(v1::Dataset(), Mask({"description", "dimensions", "allowed_range"}), &present)
          .ok());
  EXPECT_EQ(present.description(), "");
  EXPECT_EQ(present.dimensions_size(), 0);
  EXPECT_FALSE(present.has_allowed_range());
  EXPECT_EQ(present.display_name(), "Output");
}

TEST(ApplyUpdateTest, NestedPaths) {
  v1::Dataset present = PresentDataset();
  v1::Dataset update;
  update.mutable_allowed_range()->set_minimum(3);
  ASSERT_TRUE(ApplyUpdate(update, Mask({"allowed_range.minimum"}), &present).ok());
  EXPECT_EQ(present.allowed_range().minimum(), 3);
  EXPECT_EQ(present.allowed_range().maximum(), 10);
  ASSERT_TRUE(ApplyUpdate(v1::Dataset(), Mask({"allowed_range.maximum"}), &present).ok());
  EXPECT_FALSE(present.allowed_range().has_maximum());
  v1::Dataset bare;
  ASSERT_TRUE(ApplyUpdate(v1::Dataset(), Mask({"allowed_range.maximum"}), &bare).ok());
  EXPECT_FALSE(bare.has_allowed_range()) << "no empty message from a path to nothing";
  ASSERT_TRUE(ApplyUpdate(update, Mask({"allowed_range.minimum"}), &bare).ok());
  EXPECT_EQ(bare.allowed_range().minimum(), 3);
}

TEST(ApplyUpdateTest, TheSamePathTwiceAndPathsInsideEachOther) {
  v1::Dataset present = PresentDataset();
  v1::Dataset update;
  update.set_description("new");
  update.mutable_allowed_range()->set_minimum(3);
  ASSERT_TRUE(
      ApplyUpdate(update,
                  Mask({"description", "description", "allowed_range", "allowed_range.minimum"}),
                  &present)
          .ok());
  EXPECT_EQ(present.description(), "new");
  EXPECT_EQ(present.allowed_range().minimum(), 3);
  EXPECT_FALSE(present.allowed_range().has_maximum());
}

TEST(ApplyUpdateTest, MapKeys) {
  v1::Dataset present = PresentDataset();
  v1::Dataset update;
  (*update.mutable_translations())["zh"].set_display_name("新");
  (*update.mutable_translations())["fr"].set_display_name("Production");
  (*update.mutable_translations())["de"].set_display_name("not named");
  ASSERT_TRUE(
      ApplyUpdate(update, Mask({"translations.zh", "translations.fr", "translations.ar"}), &present)
          .ok());
  EXPECT_EQ(present.translations_size(), 2);
  EXPECT_EQ(present.translations().at("zh").display_name(), "新");
  EXPECT_EQ(present.translations().at("fr").display_name(), "Production");
}

TEST(ApplyUpdateTest, FieldsOfMapValues) {
  v1::Dataset present = PresentDataset();
  v1::Dataset update;
  (*update.mutable_translations())["zh"].set_description("说明");
  (*update.mutable_translations())["fr"].set_description("texte");
  ASSERT_TRUE(ApplyUpdate(update,
                          Mask({"translations.zh.description", "translations.fr.description",
                                "translations.de.description"}),
                          &present)
                  .ok());
  EXPECT_EQ(present.translations().at("zh").display_name(), "产量");
  EXPECT_EQ(present.translations().at("zh").description(), "说明");
  EXPECT_EQ(present.translations().at("fr").description(), "texte");
  EXPECT_EQ(present.translations().count("de"), 0u);
  ExpectRefused(ApplyUpdate(update, Mask({"translations.de.colour"}), &present), "update_mask",
                "translations.de.colour");
}

TEST(ApplyUpdateTest, KeysInBackticksMayHoldDots) {
  v1::Indicator present;
  (*present.mutable_parameters()->mutable_fields())["a.b"].set_number_value(1);
  (*present.mutable_parameters()->mutable_fields())["c"].set_number_value(1);
  v1::Indicator update;
  (*update.mutable_parameters()->mutable_fields())["a.b"].set_number_value(2);
  (*update.mutable_parameters()->mutable_fields())["c"].set_number_value(2);
  ASSERT_TRUE(ApplyUpdate(update, Mask({"parameters.`a.b`"}), &present).ok());
  EXPECT_EQ(present.parameters().fields().at("a.b").number_value(), 2);
  EXPECT_EQ(present.parameters().fields().at("c").number_value(), 1);
  ExpectRefused(ApplyUpdate(update, Mask({"parameters.c.number_value"}), &present), "update_mask",
                "no fields");
}

TEST(ApplyUpdateTest, PathsThatDoNotExistAreRefusedByName) {
  const v1::Dataset before = PresentDataset();
  v1::Dataset update;
  update.set_description("new");
  for (const char* path :
       {"colour", "allowed_range.middle", "description.x", "dimensions.id", "dimensions.0.id",
        "displayName", ".description", "description.", "allowed_range..minimum",
        "translations.zh.colour", "`description", "description`", " description"}) {
    v1::Dataset present = before;
    ExpectRefused(ApplyUpdate(update, Mask({"description", path}), &present), "update_mask",
                  "update_mask: path ");
    EXPECT_EQ(present.DebugString(), before.DebugString()) << "nothing of it is applied";
    EXPECT_THAT(std::string(ApplyUpdate(update, Mask({path}), &present).message()),
                HasSubstr(path));
  }
  v1::Dataset present = before;
  ExpectRefused(ApplyUpdate(update, Mask({""}), &present), "update_mask", "\"\"");
  ExpectRefused(ApplyUpdate(update, Mask({"*", "description"}), &present), "update_mask",
                "stand alone");
  ExpectRefused(ApplyUpdate(update, Mask({"\xff"}), &present), "update_mask", "update_mask");
  ExpectRefused(ApplyUpdate(update, Mask(std::vector<std::string>(1001, "description")), &present),
                "update_mask", "1000");
}

TEST(ApplyUpdateTest, OutputOnlyIdentifierAndEtagAreIgnored) {
  v1::Dataset present = PresentDataset();
  v1::Dataset update;
  update.set_name("datasets/other");
  update.set_revision(99);
  update.set_etag("\"x\"");
  update.mutable_create_time()->set_seconds(99);
  const absl::Status status = ApplyUpdate(
      update, Mask({"name", "revision", "etag", "create_time", "create_time.seconds"}), &present);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(present.DebugString(), PresentDataset().DebugString());
}

TEST(ApplyUpdateTest, ImmutableFieldsDoNotChange) {
  v1::Dataset present = PresentDataset();
  v1::Dataset update = PresentDataset();
  EXPECT_TRUE(ApplyUpdate(update, Mask({"unit"}), &present).ok()) << "the same is no change";
  update.set_unit("pieces");
  ExpectRefused(ApplyUpdate(update, {}, &present), "unit", "cannot change");
  ExpectRefused(ApplyUpdate(update, Mask({"*"}), &present), "unit", "cannot change");
  ExpectRefused(ApplyUpdate(update, Mask({"unit"}), &present), "unit", "cannot change");
  EXPECT_TRUE(ApplyUpdate(update, Mask({"display_name"}), &present).ok()) << "not named";
  update = PresentDataset();
  update.clear_unit_multiplier();
  ExpectRefused(ApplyUpdate(update, Mask({"*"}), &present), "unit_multiplier", "cannot change");
  ExpectRefused(ApplyUpdate(update, Mask({"unit_multiplier"}), &present), "unit_multiplier",
                "cannot change");
  EXPECT_TRUE(ApplyUpdate(update, {}, &present).ok()) << "an unset field is not named";
  update = PresentDataset();
  update.set_frequency(v1::FREQUENCY_YEAR);
  ExpectRefused(ApplyUpdate(update, {}, &present), "frequency", "cannot change");
  EXPECT_EQ(present.DebugString(), PresentDataset().DebugString());
}

TEST(ApplyUpdateTest, TheUpdateItselfIsLeftAlone) {
  v1::Dataset present = PresentDataset();
  v1::Dataset update = PresentDataset();
  update.set_description("new");
  const std::string before = update.DebugString();
  ASSERT_TRUE(ApplyUpdate(update, {}, &present).ok());
  ASSERT_TRUE(ApplyUpdate(update, Mask({"*"}), &present).ok());
  ASSERT_TRUE(ApplyUpdate(update, Mask({"description", "translations.zh"}), &present).ok());
  EXPECT_EQ(update.DebugString(), before);
}

TEST(ApplyUpdateTest, TypesMustBeTheSame) {
  v1::Dataset present;
  EXPECT_EQ(ApplyUpdate(v1::Plan(), {}, &present).code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace policytrack

#include "core/observation_status.h"

#include <fstream>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"

namespace policytrack {
namespace {

TEST(ObservationStatusTest, EveryStatusOfTheContractIsKnown) {
  std::set<char> letters;
  const auto* type = v1::ObservationStatus_descriptor();
  for (int i = 0; i < type->value_count(); ++i) {
    const auto status = static_cast<v1::ObservationStatus>(type->value(i)->number());
    EXPECT_EQ(IsStatus(status), status != v1::OBSERVATION_STATUS_UNSPECIFIED);
  }
  EXPECT_EQ(AllStatuses().size(), static_cast<size_t>(type->value_count() - 1));
  for (const StatusInfo& info : AllStatuses()) {
    EXPECT_TRUE(letters.insert(info.letter).second) << info.letter;
    EXPECT_EQ(LetterOf(info.status), info.letter);
  }
  // CL_OBS_STATUS 2.2 without B, the break.
  EXPECT_EQ(std::string(letters.begin(), letters.end()), "ADEFGHIJKLMNOPQSUVW");
  EXPECT_EQ(LetterOf(v1::OBSERVATION_STATUS_UNSPECIFIED), 'A');
}

TEST(ObservationStatusTest, FlagsComeBackAsTheStatus) {
  for (const StatusInfo& info : AllStatuses()) {
    const Flags flags = FlagsOfStatus(info.status);
    EXPECT_EQ(flags & ~kDefinedFlags, 0);
    EXPECT_EQ(StatusOfFlags(flags), info.status);
    EXPECT_EQ(StatusOfFlags(flags | kBreak), info.status);
    EXPECT_EQ(IsMissing(flags), IsMissingStatus(info.status)) << info.letter;
    EXPECT_EQ(IsMissingAtSource(flags), IsMissingStatus(info.status));
    EXPECT_EQ(IsNothing(flags), info.nothing);
    if (!IsMissing(flags)) {
      EXPECT_EQ(PropagatedQuality(flags), info.propagated);
    }
  }
  EXPECT_EQ(FlagsOfStatus(v1::OBSERVATION_STATUS_UNSPECIFIED), kNormal);
  EXPECT_EQ(FlagsOfStatus(v1::OBSERVATION_STATUS_IMPUTED), kImputed);
  EXPECT_EQ(FlagsOfStatus(v1::OBSERVATION_STATUS_FORECAST), kForecast);
  // What a computation lacks is no status of a source.
  const Flags computed = MissingFlags(v1::MISSING_REASON_ZERO_BASE);
  EXPECT_EQ(StatusOfFlags(computed), v1::OBSERVATION_STATUS_NORMAL);
  EXPECT_FALSE(IsMissingAtSource(computed));
}

TEST(ObservationStatusTest, WordsAreLettersAndNames) {
  v1::ObservationStatus status = v1::OBSERVATION_STATUS_UNSPECIFIED;
  for (const StatusInfo& info : AllStatuses()) {
    const std::string name = v1::ObservationStatus_Name(info.status);
    for (const std::string& word : {std::string(1, info.letter), name,
                                    std::string(absl::StripPrefix(name, "OBSERVATION_STATUS_"))}) {
      EXPECT_TRUE(ParseStatus(word, &status)) << word;
      EXPECT_EQ(status, info.status) << word;
    }
  }
  for (const char* word : {"", "B", "a", "p", "AA", "OBSERVATION_STATUS_", "UNSPECIFIED", "5"}) {
    EXPECT_FALSE(ParseStatus(word, &status)) << word;
  }
}

TEST(ObservationStatusTest, TheDocumentHasTheTable) {
  std::ifstream document(POLICYTRACK_STATUS_DOCUMENT);
  ASSERT_TRUE(document.good());
  size_t row = 0;
  for (std::string line; std::getline(document, line);) {
    const std::vector<std::string> cells = absl::StrSplit(line, " | ");
    if (line.rfind("| `", 0) != 0 || cells.size() != 4) continue;
    ASSERT_LT(row, AllStatuses().size());
    const StatusInfo& info = AllStatuses()[row++];
    const std::string name(
        absl::StripPrefix(v1::ObservationStatus_Name(info.status), "OBSERVATION_STATUS_"));
    EXPECT_EQ(cells[0], absl::StrCat("| `", name, "`"));
    EXPECT_EQ(cells[1], std::string(1, info.letter));
    static constexpr const char* kQualities[] = {"normal", "imputed", "estimated", "provisional",
                                                 "forecast"};
    EXPECT_EQ(cells[3], info.nothing ? "nothing to add |"
                        : info.reason != v1::MISSING_REASON_UNSPECIFIED
                            ? "missing |"
                            : absl::StrCat(kQualities[info.propagated], " |"));
  }
  EXPECT_EQ(row, AllStatuses().size());
}

}  // namespace
}  // namespace policytrack

#include "core/utf8.h"

#include <string>

#include "gtest/gtest.h"

namespace policytrack {
namespace {

TEST(Utf8Test, KnowsUtf8) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("plain"));
  EXPECT_TRUE(IsUtf8("河南 حنان \xf0\x9f\x9a\x97"));
  EXPECT_TRUE(IsUtf8(absl::string_view("\0", 1)));
  EXPECT_FALSE(IsUtf8("\x80"));
  EXPECT_FALSE(IsUtf8("\xc0\xaf"));          // overlong
  EXPECT_FALSE(IsUtf8("\xed\xa0\x80"));      // surrogate
  EXPECT_FALSE(IsUtf8("\xf4\x90\x80\x80"));  // beyond U+10FFFF
  EXPECT_FALSE(IsUtf8("\xe4\xb8"));          // cut short
}

TEST(Utf8Test, ReplacesWhatIsNot) {
  EXPECT_EQ(ToUtf8("河南"), "河南");
  EXPECT_EQ(ToUtf8("a\xff"
                   "b"),
            "a\xef\xbf\xbd"
            "b");
  for (int byte = 0; byte < 256; ++byte) {
    EXPECT_TRUE(IsUtf8(ToUtf8(std::string(3, static_cast<char>(byte)))));
  }
}

TEST(Utf8Test, OneLineHasNoControlCharacters) {
  EXPECT_EQ(OneLine("a\nb\t\x01\x1b\x7f"), "a\\nb\\u0009\\u0001\\u001b\\u007f");
  EXPECT_EQ(OneLine("\xc2\x80\xc2\x9f"), "\\u0080\\u009f");
  EXPECT_EQ(OneLine("\xc2\xa0 é 万辆 🚗"), "\xc2\xa0 é 万辆 🚗");
  EXPECT_EQ(OneLine(""), "");
}

TEST(Utf8Test, QuotesForMessages) {
  EXPECT_EQ(Quoted("河南"), "\"河南\"");
  EXPECT_EQ(Quoted("a\"b\n"), "\"a\\\"b\\n\"");
  EXPECT_EQ(Quoted("\xff"), "\"\\377\"");
  EXPECT_LE(Quoted(std::string(10000, 'x')).size(), 82u);
}

}  // namespace
}  // namespace policytrack

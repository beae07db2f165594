#include "core/digest.h"

#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "policytrack/v1/plan.pb.h"

namespace policytrack {
namespace {

TEST(DigestTest, IsSha256) {
  // FIPS 180-2, appendix B.
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256("abc").size(), 32u);
  EXPECT_EQ(ToHex(Sha256("abc")), Sha256Hex("abc"));
}

TEST(DigestTest, TheBytesAddedAreTheDocumentedOnes) {
  Digest digest;
  digest.Add("ab").AddInt(-2).AddRaw("z", 1);
  const std::string bytes("\x02\0\0\0\0\0\0\0ab\xfe\xff\xff\xff\xff\xff\xff\xffz", 19);
  EXPECT_EQ(digest.Finish(), Sha256(bytes));
}

TEST(DigestTest, FieldsCannotRunTogether) {
  Digest a, b;
  a.Add("ab").Add("c");
  b.Add("a").Add("bc");
  EXPECT_NE(a.Finish(), b.Finish());
}

TEST(DigestTest, Moves) {
  Digest a;
  a.Add("x");
  Digest b(std::move(a));
  Digest c;
  c = std::move(b);
  Digest same;
  same.Add("x");
  EXPECT_EQ(c.Finish(), same.Finish());
}

TEST(DigestTest, MapsAreSerializedInKeyOrder) {
  v1::Plan forward, backward;
  for (int i = 0; i < 50; ++i) {
    (*forward.mutable_translations())["k" + std::to_string(i)].set_display_name("x");
    (*backward.mutable_translations())["k" + std::to_string(49 - i)].set_display_name("x");
  }
  EXPECT_EQ(DeterministicBytes(forward), DeterministicBytes(backward));
  v1::Plan read;
  ASSERT_TRUE(read.ParseFromString(DeterministicBytes(forward)));
  EXPECT_EQ(read.translations_size(), 50);
  EXPECT_EQ(DeterministicBytes(v1::Plan()), "");
}

}  // namespace
}  // namespace policytrack

// The grammar of filters: what binds how, and what strings mean.
#include "core/filter_parser.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "policytrack/v1/measure.pb.h"
#include "policytrack/v1/observation.pb.h"

namespace policytrack {
namespace {

// The tree as text: `(& a b)`, `(| a b)`, `(! a)`, restrictions by field and
// string, searches in brackets.
std::string Show(const Filter::Node* node) {
  if (node == nullptr) return "everything";
  const auto children = [node](absl::string_view sign) {
    return absl::StrCat(
        "(", sign, " ",
        absl::StrJoin(node->children, " ",
                      [](std::string* out, const auto& child) { out->append(Show(child.get())); }),
        ")");
  };
  switch (node->kind) {
    case Filter::Node::Kind::kAnd:
      return children("&");
    case Filter::Node::Kind::kOr:
      return children("|");
    case Filter::Node::Kind::kNot:
      return children("!");
    case Filter::Node::Kind::kRestriction: {
      static constexpr const char* kSigns[] = {"=", "!=", "<", "<=", ">", ">=", ":"};
      return absl::StrCat(node->restriction.path.text,
                          kSigns[static_cast<int>(node->restriction.comparator)],
                          node->restriction.literal.pattern.text);
    }
    case Filter::Node::Kind::kSearch:
      return absl::StrCat("[", node->word, "]");
  }
  return "?";
}

std::string ShowParsed(absl::string_view text) {
  const auto tree = ParseFilter(text, v1::Measure::descriptor());
  return tree.ok() ? Show(tree->get()) : std::string(tree.status().message());
}

TEST(FilterParserTest, Binding) {
  const struct {
    const char* text;
    const char* tree;
  } kCases[] = {
      {"", "everything"},
      {" \t\r\n ", "everything"},
      {"a", "[a]"},
      {"  a  ", "[a]"},
      {"a AND b", "(& [a] [b])"},
      {"a OR b", "(| [a] [b])"},
      {"a b", "(& [a] [b])"},
      // OR is tighter than AND.
      {"a AND b OR c", "(& [a] (| [b] [c]))"},
      {"a OR b AND c", "(& (| [a] [b]) [c])"},
      {"a OR b AND c OR d", "(& (| [a] [b]) (| [c] [d]))"},
      {"(a AND b) OR c", "(| (& [a] [b]) [c])"},
      // A sequence is tighter than AND and looser than OR.
      {"a b AND c d", "(& (& [a] [b]) (& [c] [d]))"},
      {"New York Giants OR Yankees", "(& [new] [york] (| [giants] [yankees]))"},
      {"New York (Giants OR Yankees)", "(& [new] [york] (| [giants] [yankees]))"},
      {"a b OR c AND d", "(& (& [a] (| [b] [c])) [d])"},
      // Negation is tightest.
      {"NOT a OR b", "(| (! [a]) [b])"},
      {"NOT a AND b", "(& (! [a]) [b])"},
      {"NOT a b", "(& (! [a]) [b])"},
      {"NOT (a OR b)", "(! (| [a] [b]))"},
      {"NOT(a)", "(! [a])"},
      {"-a -b", "(& (! [a]) (! [b]))"},
      {"-(a b)", "(! (& [a] [b]))"},
      {"-30", "(! [30])"},
      {"-plan:x", "(! plan:x)"},
      {"NOT (NOT a)", "(! (! [a]))"},
      {"a-b", "[a-b]"},
      {"((a))", "[a]"},
      {"( a )OR( b )", "(| [a] [b])"},
      {"(a)AND(b)", "(& [a] [b])"},
      {"(a)(b)", "(& [a] [b])"},
      // Comparators, with and without spaces.
      {"plan=x", "plan=x"},
      {"plan = x", "plan=x"},
      {"plan\n!=\tx", "plan!=x"},
      {"plan<x plan<=x plan>x plan>=x plan:x", "(& plan<x plan<=x plan>x plan>=x plan:x)"},
      {"plan = a plan = b OR plan = c", "(& plan=a (| plan=b plan=c))"},
      {"plan = v1.2-rc.3", "plan=v1.2-rc.3"},
      {"plan = -5", "plan=-5"},
      // Words that only look like operators.
      {"ANDROID ORDER NOTE", "(& [android] [order] [note])"},
      {"\"AND\"", "[and]"},
      {"plan = \"OR\"", "plan=OR"},
      {"3.14", "[3.14]"},
      {"foo.AND.bar", "[foo.and.bar]"},
      {"\"New York\"", "[new york]"},
      {"*lectri*", "[lectri]"},
      // Values in parentheses.
      {"plan:(a OR b)", "(| plan:a plan:b)"},
      {"plan = (a OR b) x", "(& (| plan=a plan=b) [x])"},
      {"regions:(a b)", "(& regions:a regions:b)"},
      {"regions:(a AND NOT b)", "(& regions:a (! regions:b))"},
      {"regions:(a -b)", "(& regions:a (! regions:b))"},
      {"regions:((a OR b) c)", "(& (| regions:a regions:b) regions:c)"},
      {"plan:(a.b \"c d\")", "(& plan:a.b plan:c d)"},
  };
  for (const auto& c : kCases) EXPECT_EQ(ShowParsed(c.text), c.tree) << c.text;
}

TEST(FilterParserTest, SignOfNumbersInParentheses) {
  const auto tree = ParseFilter("value:(-5 OR 5)", v1::Observation::descriptor());
  ASSERT_TRUE(tree.ok()) << tree.status();
  ASSERT_EQ((*tree)->kind, Filter::Node::Kind::kOr);
  EXPECT_EQ((*tree)->children[0]->kind, Filter::Node::Kind::kRestriction);
  EXPECT_EQ((*tree)->children[0]->restriction.literal.number->signed_value, -5);
}

TEST(FilterParserTest, Strings) {
  const struct {
    const char* text;
    const char* value;
  } kCases[] = {
      {R"(plan = "a b")", "a b"},
      {R"(plan = 'a "b"')", "a \"b\""},
      {R"(plan = "it's")", "it's"},
      {R"(plan = 'it\'s')", "it's"},
      {R"(plan = "a\"b\\c")", "a\"b\\c"},
      {R"(plan = "\*x")", "*x"},
      {R"(plan = "a\*b")", "a*b"},
      {R"(plan = "\n\r\t")", "\n\r\t"},
      {R"(plan = "\u6CB3\u5357")", "河南"},
      {R"(plan = "\uD83D\uDE97")", "🚗"},
      {R"(plan = "é")", "é"},
      {"plan = 新能源汽车", "新能源汽车"},
      {"plan = \"السيارات\"", "السيارات"},
      {"plan = \"“curly”\"", "“curly”"},
      {R"(plan = "")", ""},
      {R"(plan = "(a OR b) AND")", "(a OR b) AND"},
      {"plan = plans/henan-auto-2024", "plans/henan-auto-2024"},
      {"plan = a+b_c/d%e@f#g$h^i&j;k[l]{m}|n?o`p", "a+b_c/d%e@f#g$h^i&j;k[l]{m}|n?o`p"},
  };
  for (const auto& c : kCases) {
    const auto tree = ParseFilter(c.text, v1::Measure::descriptor());
    ASSERT_TRUE(tree.ok()) << c.text << ": " << tree.status();
    EXPECT_EQ((*tree)->restriction.literal.pattern.text, c.value) << c.text;
    EXPECT_FALSE((*tree)->restriction.literal.pattern.open_start) << c.text;
  }
  const auto nul = ParseFilter(R"(plan = "a\u0000b")", v1::Measure::descriptor());
  ASSERT_TRUE(nul.ok()) << nul.status();
  EXPECT_EQ((*nul)->restriction.literal.pattern.text, std::string("a\0b", 3));
}

}  // namespace
}  // namespace policytrack

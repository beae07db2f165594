#include "core/filter_parser.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "core/filter_path.h"
#include "core/filter_scanner.h"
#include "core/utf8.h"

namespace policytrack {
namespace {

using Node = Filter::Node;
using NodeOr = absl::StatusOr<std::unique_ptr<Node>>;

std::unique_ptr<Node> MakeNode(Node::Kind kind) {
  auto node = std::make_unique<Node>();
  node->kind = kind;
  return node;
}

// What the values of a parenthesis are compared with.
struct Subject {
  const FilterPath* path;
  FilterComparator comparator;
};

// Recursive descent. The functions that take a subject parse values in place of
// restrictions when it is not null.
class Parser {
 public:
  Parser(absl::string_view text, const google::protobuf::Descriptor* type)
      : scanner_(text), type_(type) {}

  NodeOr Parse() {
    scanner_.SkipSpace();
    if (scanner_.AtEnd()) return nullptr;
    PT_ASSIGN_OR_RETURN(auto root, Expression(nullptr));
    if (!scanner_.AtEnd()) {
      return Error(scanner_.Peek() == ')' ? "this parenthesis was not opened"
                                          : absl::StrCat("unexpected ", scanner_.Found()));
    }
    return root;
  }

 private:
  absl::Status Error(absl::string_view message) const {
    return scanner_.ErrorAt(scanner_.position(), message);
  }

  bool AtSequenceEnd() const {
    return scanner_.AtEnd() || scanner_.Peek() == ')' || scanner_.PeekKeyword("AND");
  }

  NodeOr Expression(const Subject* subject) {
    auto node = MakeNode(Node::Kind::kAnd);
    while (true) {
      PT_ASSIGN_OR_RETURN(auto sequence, Sequence(subject));
      node->children.push_back(std::move(sequence));
      if (!scanner_.PeekKeyword("AND")) break;
      scanner_.SkipKeyword("AND");
      scanner_.SkipSpace();
    }
    return Flatten(std::move(node));
  }

  NodeOr Sequence(const Subject* subject) {
    auto node = MakeNode(Node::Kind::kAnd);
    do {
      PT_ASSIGN_OR_RETURN(auto factor, Factor(subject));
      node->children.push_back(std::move(factor));
    } while (!AtSequenceEnd());
    return Flatten(std::move(node));
  }

  NodeOr Factor(const Subject* subject) {
    auto node = MakeNode(Node::Kind::kOr);
    while (true) {
      PT_ASSIGN_OR_RETURN(auto term, Term(subject));
      node->children.push_back(std::move(term));
      scanner_.SkipSpace();
      if (!scanner_.PeekKeyword("OR")) break;
      scanner_.SkipKeyword("OR");
      scanner_.SkipSpace();
    }
    return Flatten(std::move(node));
  }

  NodeOr Term(const Subject* subject) {
    const size_t start = scanner_.position();
    bool negated = false;
    if (scanner_.PeekKeyword("NOT")) {
      negated = true;
      scanner_.SkipKeyword("NOT");
      scanner_.SkipSpace();
    } else if (scanner_.Peek() == '-' && !IsSign(subject)) {
      if (subject != nullptr && IsDynamicLeaf(*subject->path)) {
        return Error("a - here could be a sign or a NOT; write NOT, or put the value into quotes");
      }
      negated = true;
      scanner_.Take('-');
      const char next = scanner_.Peek();
      if (next == ' ' || next == '\t' || next == '\n' || next == '\r') {
        return scanner_.ErrorAt(start, "a - must stand right before what it negates");
      }
    }
    if (negated && (scanner_.PeekKeyword("NOT") || (scanner_.Peek() == '-' && !IsSign(subject)))) {
      return Error("only one NOT or - may stand before a term; use parentheses");
    }
    PT_ASSIGN_OR_RETURN(auto simple, Simple(subject));
    if (!negated) return simple;
    auto node = MakeNode(Node::Kind::kNot);
    node->children.push_back(std::move(simple));
    return node;
  }

  NodeOr Simple(const Subject* subject) {
    if (scanner_.AtEnd()) return Error("expected a term, found the end");
    if (scanner_.PeekKeyword()) {
      return Error(
          "expected a term before this operator; to search for the word, put it into quotes");
    }
    if (scanner_.Peek() == '(') return Composite(subject);
    return subject != nullptr ? Value(*subject) : Restriction();
  }

  NodeOr Composite(const Subject* subject) {
    const size_t start = scanner_.position();
    if (++depth_ > kMaxFilterDepth) {
      return Error(absl::StrCat("parentheses may be ", kMaxFilterDepth, " deep"));
    }
    scanner_.Take('(');
    scanner_.SkipSpace();
    if (scanner_.Peek() == ')') return Error("there is nothing in this parenthesis");
    PT_ASSIGN_OR_RETURN(auto node, Expression(subject));
    if (!scanner_.Take(')')) {
      if (scanner_.AtEnd()) return scanner_.ErrorAt(start, "this parenthesis is not closed");
      return Error(absl::StrCat("expected ), found ", scanner_.Found()));
    }
    --depth_;
    return node;
  }

  absl::Status CountTerm(size_t position) {
    if (++terms_ <= kMaxFilterTerms) return absl::OkStatus();
    return scanner_.ErrorAt(position,
                            absl::StrCat("a filter may have ", kMaxFilterTerms, " terms"));
  }

  NodeOr Restriction() {
    const size_t start = scanner_.position();
    std::vector<FilterToken> names;
    do {
      if (!names.empty() && (IsNameEnd(scanner_.Peek()))) {
        return Error(absl::StrCat("expected a name after the point, found ", scanner_.Found(),
                                  "; a text with points needs quotes"));
      }
      PT_ASSIGN_OR_RETURN(FilterToken name, scanner_.Name());
      names.push_back(std::move(name));
    } while (scanner_.Take('.'));
    if (scanner_.Peek() == '(') {
      return scanner_.ErrorAt(start,
                              "functions are not supported; put a space before a parenthesis "
                              "that is not one");
    }
    const size_t end = scanner_.position();
    scanner_.SkipSpace();
    const size_t comparator_position = scanner_.position();
    FilterComparator comparator;
    if (!scanner_.TakeComparator(&comparator)) {
      if (scanner_.Peek() == '!') return Error("a single ! is no comparator; use != or NOT");
      if (end == comparator_position) PT_RETURN_IF_ERROR(scanner_.CheckBoundary());
      return Search(names, start);
    }
    PT_ASSIGN_OR_RETURN(const FilterPath path, ResolveFilterPath(scanner_, names, type_));
    PT_RETURN_IF_ERROR(CheckComparator(scanner_, path, comparator, comparator_position));
    scanner_.SkipSpace();
    if (scanner_.Peek() == '(') {
      if (comparator != FilterComparator::kEqual && comparator != FilterComparator::kHas) {
        return Error("a parenthesis with values may follow only = and :");
      }
      const Subject subject{&path, comparator};
      return Composite(&subject);
    }
    return Value({&path, comparator});
  }

  NodeOr Value(const Subject& subject) {
    const size_t start = scanner_.position();
    PT_RETURN_IF_ERROR(CountTerm(start));
    if (scanner_.AtEnd() || scanner_.Peek() == ')') {
      return Error(absl::StrCat("expected a value, found ", scanner_.Found()));
    }
    if (scanner_.PeekKeyword()) {
      return Error(
          "expected a value before this operator; to compare with the word, put it into "
          "quotes");
    }
    if (FilterComparator comparator; scanner_.TakeComparator(&comparator)) {
      return scanner_.ErrorAt(start, "there is no such comparator; use one of = != < <= > >= :");
    }
    PT_ASSIGN_OR_RETURN(const FilterToken token, scanner_.Value());
    if (!token.quoted && absl::StartsWith(token.text, "~")) {
      return scanner_.ErrorAt(start,
                              "regular expressions are not supported; use * at the ends of "
                              "a string");
    }
    PT_RETURN_IF_ERROR(scanner_.CheckBoundary());
    auto node = MakeNode(Node::Kind::kRestriction);
    node->restriction.path = *subject.path;
    node->restriction.comparator = subject.comparator;
    PT_ASSIGN_OR_RETURN(node->restriction.literal,
                        ReadFilterLiteral(scanner_, *subject.path, subject.comparator, token));
    return node;
  }

  // A term without a comparator: a word to search for.
  NodeOr Search(const std::vector<FilterToken>& names, size_t start) {
    PT_RETURN_IF_ERROR(CountTerm(start));
    FilterToken word = names.front();
    for (size_t i = 1; i < names.size(); ++i) {
      for (const size_t star : names[i].stars) word.stars.push_back(word.text.size() + 1 + star);
      absl::StrAppend(&word.text, ".", names[i].text);
    }
    if (names.size() == 1 && !word.quoted) PT_RETURN_IF_ERROR(CheckBareWord(word.text, start));
    PT_ASSIGN_OR_RETURN(const FilterPattern pattern, ReadFilterPattern(scanner_, word));
    if (pattern.text.empty()) {
      return scanner_.ErrorAt(start, "there is nothing to search for in an empty word");
    }
    auto node = MakeNode(Node::Kind::kSearch);
    node->word = absl::AsciiStrToLower(pattern.text);
    return node;
  }

  // Words that are more likely meant as something else.
  absl::Status CheckBareWord(absl::string_view word, size_t position) const {
    const std::string upper = absl::AsciiStrToUpper(word);
    if (upper == "AND" || upper == "OR" || upper == "NOT") {
      return scanner_.ErrorAt(position,
                              absl::StrCat("the operator is written ", upper,
                                           "; to search for the word, put it into quotes"));
    }
    if (word == "&&" || word == "||") {
      return scanner_.ErrorAt(position, "the operators are written AND and OR");
    }
    const auto* const field = type_->FindFieldByName(std::string(word));
    if (field != nullptr && field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_BOOL) {
      return scanner_.ErrorAt(position, absl::StrCat(word, " is a field; write ", word,
                                                     " = true; to search for the word, put it into "
                                                     "quotes"));
    }
    return absl::OkStatus();
  }

  // Whether a - that is next belongs to a number and does not negate.
  bool IsSign(const Subject* subject) const {
    if (subject == nullptr) return false;
    switch (subject->path->leaf) {
      case FilterLeaf::kInteger:
      case FilterLeaf::kDouble:
      case FilterLeaf::kFloat:
      case FilterLeaf::kDuration:
        return !subject->path->is_map;
      default:
        return false;
    }
  }

  static bool IsDynamicLeaf(const FilterPath& path) {
    return path.leaf == FilterLeaf::kValue || path.leaf == FilterLeaf::kListValue;
  }

  static bool IsNameEnd(char c) {
    return c == '\0' || c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ')' || c == '.' ||
           c == '=' || c == '<' || c == '>' || c == '!' || c == ':' || c == '(' || c == ',';
  }

  // A node of one child is that child.
  static std::unique_ptr<Node> Flatten(std::unique_ptr<Node> node) {
    if (node->children.size() > 1) return node;
    return std::move(node->children.front());
  }

  FilterScanner scanner_;
  const google::protobuf::Descriptor* const type_;
  int depth_ = 0;
  int terms_ = 0;
};

// The byte offset of the first byte that is not part of UTF-8.
size_t FindInvalidUtf8(absl::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    size_t length = 1;
    while (length <= 4 && !IsUtf8(text.substr(i, length))) ++length;
    if (length > 4) break;
    i += length;
  }
  return i;
}

}  // namespace

NodeOr ParseFilter(absl::string_view text, const google::protobuf::Descriptor* type) {
  if (text.size() > kMaxFilterBytes) {
    return FilterErrorAt(
        text.substr(0, kMaxFilterBytes), kMaxFilterBytes,
        absl::StrCat("a filter may have ", kMaxFilterBytes, " bytes, this one has ", text.size()));
  }
  if (!IsUtf8(text)) {
    return FilterErrorAt(text, FindInvalidUtf8(text), "this is not UTF-8");
  }
  return Parser(text, type).Parse();
}

}  // namespace policytrack

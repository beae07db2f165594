#include "clients/cli/text_input.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/file_format.h"
#include "core/utf8.h"

namespace policytrack::cli {
namespace {

constexpr size_t kBlockBytes = 64 << 10;
// No character of these encodings is longer; one may lie across two blocks.
constexpr size_t kMaxCharacterBytes = 4;
constexpr absl::string_view kMark = "\xef\xbb\xbf";  // U+FEFF in UTF-8

struct Encoding {
  absl::string_view name;   // as it is stated
  const char* iconv;        // as iconv knows it
  absl::string_view words;  // as people know it
};
constexpr std::array kEncodings = {
    Encoding{"utf-8", "UTF-8", "UTF-8"},
    Encoding{"gb18030", "GB18030", "GB18030"},
    Encoding{"gbk", "GBK", "GBK"},
    Encoding{"windows-1256", "CP1256", "Windows-1256"},
    // Which of the two byte orders is said by its mark.
    Encoding{"utf-16", "UTF-16", "UTF-16"},
    Encoding{"utf-16le", "UTF-16LE", "UTF-16LE"},
    Encoding{"utf-16be", "UTF-16BE", "UTF-16BE"},
};

const Encoding* Find(absl::string_view name) {
  for (const Encoding& encoding : kEncodings) {
    if (absl::EqualsIgnoreCase(encoding.name, name)) return &encoding;
  }
  return nullptr;
}

bool StartsWithUtf16Mark(absl::string_view bytes) {
  return absl::StartsWith(bytes, "\xff\xfe") || absl::StartsWith(bytes, "\xfe\xff");
}

const iconv_t kClosed = reinterpret_cast<iconv_t>(-1);  // as iconv_open says it

class Converter {
 public:
  explicit Converter(const char* from) : descriptor_(iconv_open("UTF-8", from)) {}
  ~Converter() {
    if (open()) iconv_close(descriptor_);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  bool open() const { return descriptor_ != kClosed; }

  // Appends what can be converted and takes it from `in`. False when what is left
  // does not begin with a character; a character cut off at the end is left.
  bool Convert(absl::string_view* in, std::string* out) {
    // No character of these grows to more than three times its bytes.
    const size_t before = out->size();
    out->resize(before + 3 * in->size() + 16);
    char* from = const_cast<char*>(in->data());  // iconv does not write there
    char* to = out->data() + before;
    size_t from_left = in->size();
    size_t to_left = out->size() - before;
    errno = 0;
    const size_t result = iconv(descriptor_, &from, &from_left, &to, &to_left);
    const bool valid = result != static_cast<size_t>(-1) || errno == EINVAL;
    out->resize(out->size() - to_left);
    in->remove_prefix(in->size() - from_left);
    return valid && in->size() < kMaxCharacterBytes;
  }

 private:
  iconv_t descriptor_;
};

// Whether the bytes, which may end within a character, are text in it.
bool Reads(absl::string_view encoding, absl::string_view bytes) {
  Converter converter(Find(encoding)->iconv);
  std::string ignored;
  return converter.open() && converter.Convert(&bytes, &ignored);
}

// What to do about a block that is not text in the stated encoding.
std::string Hint(absl::string_view encoding, absl::string_view block, bool start) {
  if (start && StartsWithUtf16Mark(block)) {
    return "it is UTF-16: save it as UTF-8 (spreadsheets call it \"CSV UTF-8\"), or say "
           "`encoding: utf-16`";
  }
  if (encoding != kUtf8Encoding) {
    return Reads("utf-8", block) ? "it is UTF-8: leave `encoding` out"
                                 : absl::StrCat("say which it is: ", Encodings());
  }
  constexpr absl::string_view kSave =
      "save it as UTF-8 (spreadsheets call it \"CSV UTF-8\"), or say `encoding: ";
  // Arabic text reads as such, too; nobody but the sender knows.
  constexpr absl::string_view kArabic = "windows-1256` for an Arabic one";
  return Reads("gb18030", block)
             ? absl::StrCat(kSave, "gb18030` for a Chinese file, `encoding: ", kArabic)
             : absl::StrCat(kSave, kArabic, "; there is ", Encodings());
}

}  // namespace

std::string Encodings() {
  std::vector<absl::string_view> names;
  for (const Encoding& encoding : kEncodings) names.push_back(encoding.name);
  return absl::StrJoin(names, ", ");
}

bool IsEncoding(absl::string_view name) { return Find(name) != nullptr; }

// Counts ends of lines, block by block: "\n", "\r\n", and "\r" alone.
class LineEnds {
 public:
  int64_t Count(absl::string_view text) {
    int64_t ends = 0;
    for (const char c : text) {
      if (c == '\r' || (c == '\n' && !after_return_)) ++ends;
      after_return_ = c == '\r';
    }
    return ends;
  }

 private:
  bool after_return_ = false;
};

// Whether all bytes of a file are UTF-8, with more of it than another encoding can
// have by chance.
class Utf8Suspicion {
 public:
  explicit Utf8Suspicion(absl::string_view encoding)
      : active_(encoding == "gb18030" || encoding == "gbk" || encoding == "windows-1256"),
        wide_(encoding != "windows-1256") {}

  void Add(absl::string_view bytes, int64_t line) {
    if (!active_) return;
    rest_.append(bytes.data(), bytes.size());
    absl::string_view left = rest_;
    std::string text;
    if (!converter_.open() || !converter_.Convert(&left, &text)) {
      active_ = false;
      return;
    }
    rest_ = std::string(left);
    for (const char c : text) {
      line += ends_.Count(absl::string_view(&c, 1));
      const auto byte = static_cast<unsigned char>(c);
      if (byte < (wide_ ? kThreeBytes : kTwoBytes)) continue;
      if (seen_++ == 0) line_ = line;
    }
  }

  // The line of the first such character, or 0 when the file may be what is said.
  // Two of two bytes are no word of Arabic; one of three bytes is no Chinese of GBK.
  int64_t line() const { return active_ && rest_.empty() && seen_ >= (wide_ ? 1 : 2) ? line_ : 0; }

 private:
  static constexpr unsigned char kTwoBytes = 0xc2;
  static constexpr unsigned char kThreeBytes = 0xe0;

  bool active_;
  bool wide_;
  Converter converter_{"UTF-8"};
  LineEnds ends_;
  std::string rest_;  // a character that is not complete
  int64_t seen_ = 0;
  int64_t line_ = 0;
};

struct TextInput::State {
  State(std::istream& s, const Encoding& e)
      : stream(s), encoding(e), converter(e.iconv), utf8(e.name) {}

  absl::Status Wrong(absl::string_view text_before, absl::string_view what, absl::string_view hint,
                     int64_t byte) {
    error_line = line + LineEnds(ends).Count(text_before);
    return absl::InvalidArgumentError(absl::StrCat("the file is not ", encoding.words,
                                                   " text: ", what, " at byte ", byte,
                                                   " of the file; ", hint));
  }

  // What the mark at the start says against the stated encoding.
  absl::Status CheckStart() {
    const bool utf16 = absl::StartsWith(encoding.name, "utf-16");
    if (utf16 && encoding.name == "utf-16" && !in.empty() && !StartsWithUtf16Mark(in)) {
      return Wrong("", "there is no byte order mark",
                   "say `encoding: utf-16le` or `utf-16be`, or save it as UTF-8", 0);
    }
    if (encoding.name != kUtf8Encoding && absl::StartsWith(in, kMark)) {
      return Wrong("", "there is the mark of UTF-8", "leave `encoding` out", 0);
    }
    return absl::OkStatus();
  }

  absl::Status Fill() {
    if (!converter.open()) {
      return absl::UnavailableError(
          absl::StrCat("the system cannot read ", encoding.words,
                       "; its conversions are in libc6 or libc-gconv-modules-extra"));
    }
    const size_t kept = in.size();
    in.resize(kept + kBlockBytes);
    stream.read(in.data() + kept, static_cast<std::streamsize>(kBlockBytes));
    in.resize(kept + static_cast<size_t>(stream.gcount()));
    if (stream.bad()) return absl::UnavailableError("cannot be read");
    ended = stream.eof();
    utf8.Add(absl::string_view(in).substr(kept), line);
    if (first) {
      if (absl::Status status = CheckStart(); !status.ok()) return status;
    }
    absl::string_view rest = in;
    out.clear();
    const bool valid = converter.Convert(&rest, &out);
    const size_t done = in.size() - rest.size();
    const int64_t at = offset + static_cast<int64_t>(done);
    const size_t nul = out.find('\0');
    text = absl::string_view(out).substr(0, nul);
    absl::Status status;
    if (nul != std::string::npos) {
      status =
          Wrong(text, "there is a NUL character", "it is no table, or UTF-16 (`encoding: utf-16`)",
                encoding.name == kUtf8Encoding ? offset + static_cast<int64_t>(nul) : at);
    } else if (!valid || (ended && !rest.empty())) {
      status = Wrong(text, valid ? "it ends within a character" : "there is no character",
                     Hint(encoding.name, in, first), at);
    } else if (ended && utf8.line() > 0) {
      error_line = utf8.line();
      status = absl::InvalidArgumentError(
          absl::StrCat("the file is not ", encoding.words,
                       " text: all of it is UTF-8, and would be garbage as that; leave `encoding` "
                       "out"));
    }
    in.erase(0, done);
    offset = at;
    if (first && absl::StartsWith(text, kMark)) text.remove_prefix(kMark.size());
    if (done > 0) first = false;
    return status;
  }

  std::istream& stream;
  const Encoding& encoding;
  Converter converter;
  Utf8Suspicion utf8;
  std::string in;   // read and not yet converted
  std::string out;  // converted
  absl::string_view text;
  int64_t offset = 0;  // in the file, of `in`
  int64_t line = 1;    // that the next block starts on
  LineEnds ends;
  int64_t error_line = 0;
  bool first = true;
  bool ended = false;
  absl::Status failure;
};

TextInput::TextInput(std::istream& stream, absl::string_view encoding)
    : state_(std::make_unique<State>(stream, *Find(encoding))) {}
TextInput::~TextInput() = default;

absl::StatusOr<absl::string_view> TextInput::Next() {
  State& state = *state_;
  if (!state.failure.ok()) return state.failure;
  state.line += state.ends.Count(state.text);
  state.text = {};
  while (state.text.empty() && !state.ended) {
    state.failure = state.Fill();
    // What comes before the error is given first.
    if (!state.failure.ok() && state.text.empty()) return state.failure;
  }
  return state.text;
}

int64_t TextInput::error_line() const { return state_->error_line; }

}  // namespace policytrack::cli

#include "plugins/builtin/concentration/market.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>

namespace concentration {
namespace {

constexpr double kScale = 10000;

double SumOfSquares(const std::vector<double>& shares) {
  std::vector<double> squares;
  for (const double share : shares) squares.push_back(share * share);
  return SumOf(squares);
}

// A share of the whole is never more than it, whatever rounding says.
double AtMostOne(double value) { return std::min(value, 1.0); }

std::string Trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(' ');
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// The code that begins at `at`, up to the next comma or the end, where `at` is then.
std::string TakePlain(const std::string& text, size_t* at) {
  const size_t comma = std::min(text.find(',', *at), text.size());
  std::string code = Trimmed(text.substr(*at, comma - *at));
  *at = comma;
  return code;
}

// The same of a code in double quotes, in which two of them stand for one.
std::string TakeQuoted(const std::string& text, size_t* at) {
  std::string code;
  size_t i = *at + 1;
  while (true) {
    const size_t quote = text.find('"', i);
    if (quote == std::string::npos) {
      throw std::invalid_argument("other has a quote that does not end");
    }
    code.append(text, i, quote - i);
    i = quote + 1;
    if (i >= text.size() || text[i] != '"') break;
    code += text[i++];
  }
  const size_t next = std::min(text.find_first_not_of(' ', i), text.size());
  if (next < text.size() && text[next] != ',') {
    throw std::invalid_argument("other goes on after the quotes around " + code);
  }
  *at = next;
  return code;
}

}  // namespace

double SumOf(const std::vector<double>& values) {
  double total = 0;
  double lost = 0;
  for (const double value : values) {
    const double next = total + value;
    lost += std::fabs(total) >= std::fabs(value) ? (total - next) + value : (value - next) + total;
    total = next;
  }
  return std::isfinite(total) ? total + lost : total;
}

Market MakeMarket(const std::vector<double>& firms, const std::vector<double>& buckets, double rest,
                  double whole) {
  Market market;
  for (const double value : firms) {
    if (value > 0) market.firms.push_back(value / whole);
  }
  for (const double value : buckets) {
    if (value > 0) market.buckets.push_back(value / whole);
  }
  if (rest > 0) market.buckets.push_back(rest / whole);
  std::sort(market.firms.begin(), market.firms.end(), std::greater<>());
  return market;
}

double ConcentrationRatio(const Market& market, size_t n) {
  const auto count = static_cast<std::ptrdiff_t>(std::min(n, market.firms.size()));
  return 100 * AtMostOne(SumOf({market.firms.begin(), market.firms.begin() + count}));
}

double HerfindahlLower(const Market& market) {
  return kScale * AtMostOne(SumOfSquares(market.firms));
}

double HerfindahlUpper(const Market& market) {
  std::vector<double> shares = market.firms;
  shares.insert(shares.end(), market.buckets.begin(), market.buckets.end());
  return kScale * AtMostOne(SumOfSquares(shares));
}

double Normalised(const Market& market) {
  if (market.firms.size() == 1) return 1;
  const double equal = 1.0 / static_cast<double>(market.firms.size());
  return std::clamp((SumOfSquares(market.firms) - equal) / (1 - equal), 0.0, 1.0);
}

std::vector<std::string> ParseCodes(const std::string& text) {
  std::vector<std::string> codes;
  if (Trimmed(text).empty()) return codes;
  size_t at = 0;
  for (bool more = true; more;) {
    while (at < text.size() && text[at] == ' ') ++at;
    const bool quoted = at < text.size() && text[at] == '"';
    std::string code = quoted ? TakeQuoted(text, &at) : TakePlain(text, &at);
    if (code.empty()) throw std::invalid_argument("other has an empty code between its commas");
    if (std::find(codes.begin(), codes.end(), code) != codes.end()) {
      throw std::invalid_argument("other names " + code + " twice");
    }
    codes.push_back(std::move(code));
    more = at < text.size();
    ++at;  // the comma
  }
  return codes;
}

}  // namespace concentration

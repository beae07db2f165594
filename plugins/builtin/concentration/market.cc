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
  size_t from = 0;
  while (from <= text.size()) {
    const size_t comma = std::min(text.find(',', from), text.size());
    std::string code = Trimmed(text.substr(from, comma - from));
    if (code.empty()) throw std::invalid_argument("other has an empty code between its commas");
    if (std::find(codes.begin(), codes.end(), code) != codes.end()) {
      throw std::invalid_argument("other names " + code + " twice");
    }
    codes.push_back(std::move(code));
    from = comma + 1;
  }
  return codes;
}

}  // namespace concentration

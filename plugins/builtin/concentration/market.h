// A market at one period: the shares of its parts, told from buckets of which
// nobody knows how many firms are in them.
//
// Thread rule: plain data and free functions, any thread.
#ifndef POLICYTRACK_PLUGINS_BUILTIN_CONCENTRATION_MARKET_H_
#define POLICYTRACK_PLUGINS_BUILTIN_CONCENTRATION_MARKET_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace concentration {

// Shares from 0 to 1, each above 0.
struct Market {
  std::vector<double> firms;    // the largest first
  std::vector<double> buckets;  // `other` codes, and what is not among the parts
};

// A sum in which small parts are not lost beside large ones.
double SumOf(const std::vector<double>& values);

// Values as shares of `whole`; those that are 0 are left out. `rest` is a bucket
// of its own. REQUIRES: no value is negative, and `whole` is above 0.
Market MakeMarket(const std::vector<double>& firms, const std::vector<double>& buckets, double rest,
                  double whole);

// The share of the n largest firms, in percent; of all when there are fewer.
double ConcentrationRatio(const Market& market, size_t n);

// Sum of squared shares on the scale to 10 000, a bucket as infinitely many firms.
double HerfindahlLower(const Market& market);
// The same, each bucket as one firm.
double HerfindahlUpper(const Market& market);

// (H - 1/N) / (1 - 1/N) with H from 0 to 1 and N firms; 1 for one firm.
// REQUIRES: there is a firm and no bucket.
double Normalised(const Market& market);

// The codes of a comma separated list, without the spaces around them. A code in
// double quotes is taken as it is, commas included; two quotes in it stand for one.
// Throws std::invalid_argument, saying what is wrong, for an empty or repeated code
// and for quotes that do not end with their code.
std::vector<std::string> ParseCodes(const std::string& text);

}  // namespace concentration

#endif  // POLICYTRACK_PLUGINS_BUILTIN_CONCENTRATION_MARKET_H_

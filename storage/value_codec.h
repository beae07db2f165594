// The bytes of values: how a body of points (storage/chunk_codec.h) of version 2
// keeps them. Figures are published with a few decimals, so most are the quotient
// of an integer and a power of ten, and such integers of one series lie close
// together: they take two bytes where a double takes eight.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_STORAGE_VALUE_CODEC_H_
#define POLICYTRACK_STORAGE_VALUE_CODEC_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace policytrack::storage {

// Appends values to `*out`: as integers over a power of ten where every one of
// them comes back bit for bit, else as they lie in memory.
// REQUIRES: at least one value; all finite, none a negative zero.
void PutValues(const std::vector<double>& values, std::string* out);

// Takes `count` values off the front of `*in` and appends those from position `begin`
// to before `end` to `*values`. False when they are cut off or are what PutValues
// never writes, as far as it has to look for these; `*values` may then have grown.
// REQUIRES: count is at least 1; begin <= end <= count.
bool TakeValues(absl::string_view* in, size_t count, size_t begin, size_t end,
                std::vector<double>* values);

// The same of values that lie there as in memory, as all do in a body of version 1.
bool TakePlainValues(absl::string_view* in, size_t count, size_t begin, size_t end,
                     std::vector<double>* values);

}  // namespace policytrack::storage

#endif  // POLICYTRACK_STORAGE_VALUE_CODEC_H_

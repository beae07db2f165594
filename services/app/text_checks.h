// Checks of texts that several kinds of documents share: languages, translations,
// references, regions and spans of dates.
//
// Thread rule: free functions, any thread. Each returns INVALID_ARGUMENT /
// FIELD_INVALID with the path of what is wrong, `prefix` being its first part.
#ifndef POLICYTRACK_SERVICES_APP_TEXT_CHECKS_H_
#define POLICYTRACK_SERVICES_APP_TEXT_CHECKS_H_

#include <string>

#include "absl/status/status.h"
#include "google/protobuf/map.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "google/type/date.pb.h"
#include "policytrack/v1/common.pb.h"
#include "policytrack/v1/indicator.pb.h"

namespace policytrack::app {

// A BCP-47 tag by its form: "en", "zh-Hans", "ar-EG". "" is allowed.
absl::Status CheckLanguage(const std::string& field, const std::string& code);

// The same where "" is not allowed: the key of a map.
absl::Status CheckLanguageKey(const std::string& field, const std::string& code);

// Keys are language tags other than `language_code`, and each entry says something.
absl::Status CheckTranslations(
    const std::string& prefix, const std::string& language_code,
    const google::protobuf::Map<std::string, v1::Translation>& translations);

// URIs are http or https, languages are tags.
absl::Status CheckReferences(const std::string& prefix,
                             const google::protobuf::RepeatedPtrField<v1::Reference>& references);

// The texts of an indicator, as CheckLanguage, CheckTranslations and CheckReferences.
absl::Status CheckIndicatorTexts(const v1::Indicator& indicator);

// A code such as "CN-HA": letters, digits, hyphens, underscores, at most 32.
absl::Status CheckRegion(const std::string& field, const std::string& region);

// Ok unless both are full dates and the second is before the first.
absl::Status CheckDateOrder(const std::string& field, const google::type::Date& first,
                            const google::type::Date& second, const std::string& message);
// The date is a full one: year, month and day.
absl::Status CheckFullDate(const std::string& field, const google::type::Date& date);
// year*10000 + month*100 + day: orders full dates.
int DateNumber(const google::type::Date& date);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_TEXT_CHECKS_H_

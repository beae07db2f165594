// The fields that every kind of document has, reached by descriptor: name,
// etag, revision and the times.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_SERVICES_APP_DOCUMENT_FIELDS_H_
#define POLICYTRACK_SERVICES_APP_DOCUMENT_FIELDS_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "services/app/times.h"

namespace policytrack::app {

// REQUIRES of all: the message has a field of this name and type.
std::string GetText(const google::protobuf::Message& document, const char* field);
void SetText(google::protobuf::Message* document, const char* field, const std::string& value);
void SetInt(google::protobuf::Message* document, const char* field, int64_t value);
void SetTime(google::protobuf::Message* document, const char* field, absl::Time time);
// Also false when the kind has no such field.
bool HasField(const google::protobuf::Message& document, const char* field);
void ClearField(google::protobuf::Message* document, const char* field);
absl::Time GetTime(const google::protobuf::Message& document, const char* field);

// The strong entity tag of the state that `revision` wrote, quoted.
std::string EtagOf(int64_t revision);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_DOCUMENT_FIELDS_H_

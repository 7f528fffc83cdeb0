// The version of this build. Their values stand in one source alone, so that a migration compiles that one anew.
#pragma once

namespace o365 {

// The schema that the programs were built with: the highest number in sql/migrations.
extern const int kSchema;

// "0.1.0+30": the project's version and the schema's.
extern const char* const kVersion;

}  // namespace o365

// What the codes of PostgreSQL's errors mean to us (PostgreSQL manual, Appendix A).
#pragma once

#include <string_view>

#include "lib/database/database.h"

namespace o365 {

// A standby, or a server on which writing is switched off.
constexpr std::string_view kReadOnly = "25006";

// The schema is older than what was asked for.
constexpr std::string_view kNoSuchFunction = "42883";

// A prepared statement is missing, or is there already: a pooler serves one session of ours by several of the server,
// or several of ours by one.
inline bool is_pooled(std::string_view sqlstate) { return sqlstate == "26000" || sqlstate == "42P05"; }

// Statements that were prepared do not fit any more: a function was replaced, or a pooler has changed the session.
inline bool is_stale(std::string_view sqlstate) { return sqlstate == "0A000" || is_pooled(sqlstate); }

// What a statement's error means for the call. Five characters.
inline Fault fault_of(std::string_view sqlstate) {
    if (sqlstate == "40001" || sqlstate == "40P01" || sqlstate.starts_with("55")) return Fault::retry;
    // Out of resources, cancelled, or a server that is a standby for the moment.
    if (sqlstate.starts_with("53") || sqlstate == "57014" || sqlstate == kReadOnly) return Fault::retry;
    if (sqlstate.starts_with("57P") || sqlstate.starts_with("08")) return Fault::in_doubt;
    if (sqlstate.starts_with("22") || sqlstate.starts_with("23") || sqlstate.starts_with("P0") || sqlstate == "42501") {
        return Fault::refused;
    }
    return Fault::bug;
}

}  // namespace o365

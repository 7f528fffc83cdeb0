// What PostgreSQL's error codes mean to us (PostgreSQL manual, Appendix A).
#pragma once

#include <string_view>

#include "lib/database/database.h"

namespace o365 {

// read_only_sql_transaction: a standby, or a server that does not accept writes.
constexpr std::string_view kReadOnly = "25006";

// undefined_function: the schema is older than the function.
constexpr std::string_view kNoSuchFunction = "42883";

// A prepared statement is missing or exists already: a pooler has mixed up sessions of ours and of the server.
inline bool is_pooled(std::string_view sqlstate) { return sqlstate == "26000" || sqlstate == "42P05"; }

// Prepared statements are not valid any more: a function was replaced, or a pooler has changed the session.
inline bool is_stale(std::string_view sqlstate) { return sqlstate == "0A000" || is_pooled(sqlstate); }

// What an error of a statement means for its caller. `sqlstate` has five characters.
inline Fault fault_of(std::string_view sqlstate) {
    if (sqlstate == "40001" || sqlstate == "40P01" || sqlstate.starts_with("55")) return Fault::retry;
    // Out of resources, cancelled, or a server that does not accept writes.
    if (sqlstate.starts_with("53") || sqlstate == "57014" || sqlstate == kReadOnly) return Fault::retry;
    if (sqlstate.starts_with("57P") || sqlstate.starts_with("08")) return Fault::in_doubt;
    if (sqlstate.starts_with("22") || sqlstate.starts_with("23") || sqlstate.starts_with("P0") || sqlstate == "42501") {
        return Fault::refused;
    }
    return Fault::bug;
}

}  // namespace o365

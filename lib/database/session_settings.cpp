#include "lib/database/session_settings.h"

#include <fmt/format.h>

namespace o365 {
namespace {

// Settings that the form of answers depends on. SQL: a list of (name, value), as is the next one.
constexpr std::string_view kOurSettings =
    "('array_nulls', 'on'), ('bytea_output', 'hex'), ('DateStyle', 'ISO, MDY'), "
    "('default_transaction_deferrable', 'off'), ('default_transaction_isolation', 'read committed'), "
    "('exit_on_error', 'off'), ('extra_float_digits', '1'), ('IntervalStyle', 'postgres'), ('row_security', 'on'), "
    "('search_path', 'pg_catalog, pg_temp'), ('standard_conforming_strings', 'on'), ('synchronous_commit', 'on'), "
    "('TimeZone', 'UTC'), ('transform_null_equals', 'off')";

// Limits that end a session whose client is gone or does nothing. Each is set only where the operator has set none.
constexpr std::string_view kSessionLimits =
    "('client_connection_check_interval', '2000'), ('idle_in_transaction_session_timeout', '15000'), "
    "('tcp_keepalives_count', '3'), ('tcp_keepalives_idle', '10'), ('tcp_keepalives_interval', '3'), "
    "('tcp_user_timeout', '15000')";

}  // namespace

std::string session_settings(const Patience& patience) {
    return fmt::format(
        "{}; SET search_path = pg_catalog, pg_temp; SELECT set_config(ours.name, ours.value, false) "
        // What is answered with success is on the disk; local, remote_write and remote_apply keep that.
        "FROM (VALUES {}) AS ours (name, value) WHERE ours.name <> 'synchronous_commit' "
        "OR current_setting('synchronous_commit') = 'off'; SELECT set_config(limits.name, limits.value, false) "
        "FROM (VALUES {}, ('lock_timeout', '{}'), ('statement_timeout', '{}'), ('transaction_timeout', '{}')) "
        "AS limits (name, value) JOIN pg_settings AS known ON known.name = limits.name "
        "WHERE limits.value <> '0' AND (known.source = 'default' OR known.setting = '0' AND "
        "known.source NOT IN ('client', 'database', 'user', 'database user')) "
        "AND (limits.name <> 'client_connection_check_interval' OR version() ~ 'linux')",
        kPlainTransaction, kOurSettings, kSessionLimits, patience.lock_ms, patience.statement_ms,
        patience.transaction_ms);
}

std::string transaction_settings(const Patience& patience) {
    // idle_in_transaction_session_timeout is not among them: no call leaves a transaction idle.
    return fmt::format(
        "SELECT pg_catalog.set_config(s.name, s.value, true) FROM (VALUES {}, ('lock_timeout', '{}'), "
        "('statement_timeout', '{}'), ('transaction_timeout', '{}')) AS s (name, value) "
        "WHERE CASE WHEN s.name OPERATOR(pg_catalog.~~) '%\\_timeout' THEN s.value OPERATOR(pg_catalog.<>) '0' "
        "AND pg_catalog.current_setting(s.name, true) OPERATOR(pg_catalog.=) '0' "
        "WHEN s.name OPERATOR(pg_catalog.=) 'synchronous_commit' "
        "THEN pg_catalog.current_setting(s.name) OPERATOR(pg_catalog.=) 'off' ELSE true END",
        kOurSettings, patience.lock_ms, patience.statement_ms, patience.transaction_ms);
}

}  // namespace o365

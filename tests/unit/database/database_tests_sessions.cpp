// What a session is set to, and what it keeps.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tests/unit/database/own_database.h"

using namespace o365::test;  // NOLINT(google-build-using-namespace)

namespace o365 {
namespace {

// The settings that answers depend on, each with a value that would break them.
struct HostileSettings {
    HostileSettings() : owner(connect()) {
        for (const std::string role : {"hostile", "limited"})
            owner.call("do $$ begin if to_regrole('" + role + "') is null then create role " + role +
                       " login; end if; end $$");
        for (const std::string_view setting :
             {"array_nulls = off", "bytea_output = escape", "\"DateStyle\" = 'SQL, DMY'", "extra_float_digits = -5",
              "default_transaction_isolation = serializable", "default_transaction_deferrable = on",
              "\"IntervalStyle\" = iso_8601", "row_security = off", "search_path = o365, public",
              "standard_conforming_strings = off", "\"TimeZone\" = 'Pacific/Apia'", "transform_null_equals = on",
              "exit_on_error = on", "synchronous_commit = off"})
            owner.call(std::string("alter role hostile set ") + std::string(setting));
    }
    ~HostileSettings() { owner.call("alter role hostile reset all"); }
    HostileSettings(const HostileSettings&) = delete;
    HostileSettings& operator=(const HostileSettings&) = delete;
    mutable Database owner;
};

void answers_do_not_depend_on_settings(Database& database) {
    const auto value = [&](const std::string& expression) {
        return std::string(database.call("select (" + expression + ")::text").text(0, 0));
    };
    BOOST_TEST(database.call("select '\\x00ff'::bytea").bytes(0, 0) == std::string("\0\377", 2));
    BOOST_TEST(value("('{1,NULL}'::int[])[2] is null") == "true");
    BOOST_TEST(value("timestamptz '2026-03-04 05:06:07+00'") == "2026-03-04 05:06:07+00");
    BOOST_TEST(value("interval '90 minutes'") == "01:30:00");
    BOOST_TEST(value("0.1::float8 + 0.2::float8") == "0.30000000000000004");
    BOOST_TEST(value("null = null") == "");
    BOOST_TEST(value("current_setting('transaction_isolation')") == "read committed");
    BOOST_TEST(value("current_setting('search_path')") == "pg_catalog, pg_temp");
    BOOST_TEST(value("current_setting('standard_conforming_strings')") == "on");
    BOOST_TEST(value("current_setting('row_security')") == "on");
    BOOST_TEST(value("current_setting('synchronous_commit')") == "on");
    // The session lives on after an error.
    BOOST_TEST((fault_of(database, "select 1/0") == Fault::refused));
    const std::vector<Rows> together = database.call_together(
        {{"select '\\x01'::bytea", {}}, {"select current_setting('transaction_isolation')", {}}});
    BOOST_TEST(together.at(0).bytes(0, 0) == "\1");
    BOOST_TEST(together.at(1).text(0, 0) == "read committed");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(database_tests)

BOOST_AUTO_TEST_CASE(settings_of_the_role_do_not_reach_our_answers) {
    const HostileSettings hostile;
    Database database("dbname=postgres", "hostile", "database_tests");
    answers_do_not_depend_on_settings(database);
    Database unprepared("dbname=postgres", "hostile", "database_tests", {}, Statements::unprepared);
    answers_do_not_depend_on_settings(unprepared);
}

BOOST_AUTO_TEST_CASE(only_commits_that_wait_for_nothing_are_changed) {
    const HostileSettings roles;
    for (const std::string level : {"local", "remote_write", "on", "remote_apply"}) {
        roles.owner.call("alter role limited set synchronous_commit = " + level);
        for (const Statements statements : {Statements::prepared, Statements::unprepared}) {
            Database database("dbname=postgres", "limited", "database_tests", {}, statements);
            BOOST_TEST(database.call("show synchronous_commit").text(0, 0) == level);
        }
    }
    roles.owner.call("alter role limited reset synchronous_commit");
}

BOOST_AUTO_TEST_CASE(limits_are_set_where_the_operator_has_set_none) {
    const HostileSettings roles;
    Database owner = connect();
    owner.call("alter role limited set statement_timeout = '7s'");
    owner.call("alter role limited set idle_in_transaction_session_timeout = '1h'");
    const auto shown = [](const std::string& role, Statements statements) {
        Database database("dbname=postgres", role, "database_tests", {.lock_ms = 2000, .statement_ms = 10000},
                          statements);
        const Rows rows = database.call(
            "select concat_ws(' ', current_setting('lock_timeout'), current_setting('statement_timeout'), "
            "current_setting('idle_in_transaction_session_timeout'), "
            "current_setting('client_connection_check_interval'))");
        return std::string(rows.text(0, 0));
    };
    BOOST_TEST(shown("hostile", Statements::prepared) == "2s 10s 15s 2s");
    BOOST_TEST(shown("limited", Statements::prepared) == "2s 7s 1h 2s");
    BOOST_TEST(shown("limited", Statements::unprepared).starts_with("2s 7s "));
    BOOST_TEST(shown("hostile", Statements::unprepared).starts_with("2s 10s "));
    // With `options` the connection string itself sets one.
    Database by_options("dbname=postgres options='-c statement_timeout=3s'", "hostile", "database_tests",
                        {.statement_ms = 10000});
    BOOST_TEST(by_options.call("select current_setting('statement_timeout')").text(0, 0) == "3s");
}

BOOST_AUTO_TEST_CASE(without_prepared_statements_a_session_keeps_nothing_of_a_call) {
    CopyTable table;
    Database database("dbname=postgres", "", "database_tests", {.lock_ms = 1234}, Statements::unprepared);
    const std::string bytes("\0zero", 5);
    const Rows rows = database.copy_row("o365.inbox (a, b)", {"webhook", Value::bytes(bytes)},
                                        "select b, current_setting('lock_timeout') from o365.inbox");
    BOOST_TEST(rows.bytes(0, 0) == bytes);
    BOOST_TEST(rows.text(0, 1) == "1234ms");
    BOOST_TEST(database.call("select count(*) from pg_prepared_statements").integer(0, 0) == 0);
    BOOST_CHECK_THROW(database.copy_row("o365.inbox (a)", {"x"}, "select 1 / 0"), DatabaseError);
    BOOST_TEST(database.call("select count(*) from o365.inbox").integer(0, 0) == 1);
}

BOOST_AUTO_TEST_CASE(a_prepared_statement_that_is_gone_or_is_there_already_ends_preparing_and_fails_no_call) {
    const auto prepares_after = [](const char* what_a_pooler_does) {
        Database database = connect();
        database.call("select 1");
        database.call(what_a_pooler_does);
        BOOST_TEST(database.call("select 1").integer(0, 0) == 1);
        BOOST_TEST(database.call_together({{"select 2", {}}, {"select 3", {}}})[1].integer(0, 0) == 3);
        return database.call("select count(*) from pg_prepared_statements").integer(0, 0) > 0;
    };
    BOOST_TEST(prepares_after("select 4"));
    BOOST_TEST(!prepares_after("deallocate all"));
    // Under the name that Database gives to "select 2".
    BOOST_TEST(!prepares_after("prepare o365_02fb775a1a5a953f as select 2"));
}

BOOST_AUTO_TEST_CASE(what_fails_only_at_the_commit_of_a_copy_fails_it) {
    CopyTable table;
    table.database.call("alter table o365.inbox add unique (c) deferrable initially deferred");
    table.database.call("insert into o365.inbox (c) values ('same')");
    BOOST_TEST(
        (error_of([&] { table.database.copy_row("o365.inbox (c)", {"same"}, "select 1"); }).fault() == Fault::refused));
    BOOST_TEST(table.database.call("select count(*) from o365.inbox").integer(0, 0) == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365

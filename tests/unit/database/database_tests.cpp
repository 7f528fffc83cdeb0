#include "lib/database/database.h"

#include <boost/test/unit_test.hpp>

#include "tests/unit/database/own_database.h"

using namespace o365::test;  // NOLINT(google-build-using-namespace)

namespace o365 {

BOOST_AUTO_TEST_SUITE(database_tests)

BOOST_AUTO_TEST_CASE(values_of_every_kind_come_back) {
    Database database = connect();
    const std::string bytes("\0\1\377", 3);
    const Rows rows = database.call("select $1::text, $2::bigint, $3::bytea, $4::text, $5::boolean",
                                    {"it's", std::int64_t{1} << 40, Value::bytes(bytes), Value(), "true"});
    BOOST_REQUIRE(rows.size() == 1);
    BOOST_TEST(rows.text(0, 0) == "it's");
    BOOST_TEST(rows.integer(0, 1) == std::int64_t{1} << 40);
    BOOST_TEST(rows.bytes(0, 2) == bytes);
    BOOST_TEST(rows.is_null(0, 3));
    BOOST_TEST(rows.boolean(0, 4));
    BOOST_CHECK_THROW(rows.text(1, 0), std::out_of_range);
    BOOST_CHECK_THROW(rows.text(0, 5), std::out_of_range);
    BOOST_CHECK_THROW(rows.integer(0, 0), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(columns_are_found_by_their_names_wherever_they_stand) {
    Database database = connect();
    const Rows rows = database.call("select 'a' as text, 7 as card_id where false");
    BOOST_TEST(rows.column("card_id") == 1);
    BOOST_TEST(rows.column("text") == 0);
    BOOST_CHECK_EXCEPTION(rows.column("position"), std::out_of_range, [](const std::out_of_range& error) {
        return std::string(error.what()) == "the answer has no column position";
    });
    BOOST_CHECK_THROW(Rows().column("text"), std::out_of_range);
}

BOOST_AUTO_TEST_CASE(array_literals_keep_quotes_and_nulls) {
    Database database = connect();
    const std::vector<std::optional<std::string>> texts = {"a\"b\\c", std::nullopt, "NULL", "", "{x,y}"};
    const Rows rows = database.call("select v is null, v from unnest($1::text[]) with ordinality as u(v, n) order by n",
                                    {array_literal(texts)});
    BOOST_REQUIRE(rows.size() == 5);
    for (int i = 0; i < 5; ++i) {
        const auto& text = texts.at(static_cast<std::size_t>(i));
        BOOST_TEST(rows.boolean(i, 0) == !text.has_value());
        if (text) BOOST_TEST(rows.text(i, 1) == *text);
    }
    BOOST_TEST(array_literal(std::vector<std::int64_t>{}) == "{}");
    BOOST_TEST(array_literal(std::vector<std::optional<std::int64_t>>{1, std::nullopt}) == "{1,NULL}");
}

BOOST_AUTO_TEST_CASE(a_row_travels_by_binary_copy_and_the_select_sees_it) {
    CopyTable table;
    const std::string bytes("\0zero", 5);
    const Rows rows = table.database.copy_row("o365.inbox (a, b, c)", {"webhook", Value::bytes(bytes), Value()},
                                              "select a, b, c is null from o365.inbox");
    BOOST_REQUIRE(rows.size() == 1);
    BOOST_TEST(rows.text(0, 0) == "webhook");
    BOOST_TEST(rows.bytes(0, 1) == bytes);
    BOOST_TEST(rows.boolean(0, 2));
}

BOOST_AUTO_TEST_CASE(rows_travel_as_one_row_of_arrays) {
    CopyTable table;
    table.database.call("create table o365.several (a text[], b bytea[], c text[], d bytea[])");
    const std::string bytes("\0zero", 5);
    const std::vector<std::vector<Value>> sent{{"webhook", Value::bytes(bytes), Value(), Value()},
                                               {"{\"}", Value::bytes(""), Value(), Value::bytes(bytes)}};
    const Rows rows = table.database.copy_rows(
        "o365.several (a, b, c, d)", sent,
        "select s.a[1], s.a[2], s.b[1], s.b[2], s.c is null, s.d[1] is null, s.d[2], cardinality(s.a) "
        "from o365.several as s",
        std::nullopt, CopyForm::arrays);
    BOOST_REQUIRE(rows.size() == 1);
    BOOST_TEST(rows.text(0, 0) == "webhook");
    BOOST_TEST(rows.text(0, 1) == "{\"}");
    BOOST_TEST(rows.bytes(0, 2) == bytes);
    BOOST_TEST(rows.bytes(0, 3).empty());
    BOOST_TEST(rows.boolean(0, 4));
    BOOST_TEST(rows.boolean(0, 5));
    BOOST_TEST(rows.bytes(0, 6) == bytes);
    BOOST_TEST(rows.integer(0, 7) == 2);
    const std::vector<std::vector<Value>> ragged{{"a", "b"}, {"a"}};
    BOOST_CHECK_THROW(
        table.database.copy_rows("o365.several (a, b)", ragged, "select 1", std::nullopt, CopyForm::arrays),
        std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(copy_and_select_are_one_transaction) {
    CopyTable table;
    BOOST_CHECK_THROW(table.database.copy_row("o365.inbox (a)", {"x"}, "select 1 / 0"), DatabaseError);
    BOOST_TEST(table.database.call("select count(*) from o365.inbox").integer(0, 0) == 0);
}

BOOST_AUTO_TEST_CASE(a_failed_copy_leaves_a_usable_connection_and_names_no_value) {
    CopyTable table;
    for (const std::string_view bad : {"\xff\xfe secret", "secret"}) {
        try {
            table.database.copy_row(bad == "secret" ? "o365.nothing (a)" : "o365.inbox (a)", {bad}, "select 1");
            BOOST_FAIL("the copy was expected to fail");
        } catch (const DatabaseError& error) {
            BOOST_TEST(std::string_view(error.what()).find("secret") == std::string_view::npos);
        }
        BOOST_TEST(table.database.call("select 1").integer(0, 0) == 1);
    }
}

BOOST_AUTO_TEST_CASE(statements_together_are_one_transaction_and_each_has_its_rows) {
    CopyTable table;
    Database other = connect();
    const std::string long_text(100000, 'x');
    const std::vector<Rows> answers =
        table.database.call_together({{"insert into o365.inbox (a) values ($1), ($2)", {"one", long_text}},
                                      {"select pg_current_xact_id(), length(a) from o365.inbox order by 2", {}},
                                      {"select pg_current_xact_id(), a from o365.inbox where length(a) > 100", {}}});
    BOOST_REQUIRE(answers.size() == 3);
    BOOST_TEST(answers[0].size() == 0);
    BOOST_TEST(answers[1].integer(1, 1) == 100000);
    BOOST_TEST(answers[2].text(0, 1) == long_text);
    BOOST_TEST(answers[1].text(0, 0) == answers[2].text(0, 0));
    BOOST_TEST(other.call("select count(*) from o365.inbox").integer(0, 0) == 2);
}

BOOST_AUTO_TEST_CASE(of_statements_together_one_that_fails_undoes_all_and_the_connection_goes_on) {
    CopyTable table;
    table.database.call("alter table o365.inbox add unique (c) deferrable initially deferred");
    const auto fault_together = [&](const std::vector<Statement>& statements) {
        try {
            table.database.call_together(statements);
        } catch (const DatabaseError& error) {
            return error.fault();
        }
        BOOST_FAIL("the statements were expected to fail");
        return Fault::bug;
    };
    const Statement insert{"insert into o365.inbox (c) values ('same')", {}};
    const std::int64_t session = table.database.call("select pg_backend_pid()").integer(0, 0);
    BOOST_CHECK(fault_together({insert, {"select 1/0", {}}, {"select 1", {}}}) == Fault::refused);
    BOOST_CHECK(fault_together({{"select 1/0", {}}, insert}) == Fault::refused);
    // A deferred constraint speaks when the transaction ends.
    BOOST_CHECK(fault_together({insert, insert}) == Fault::refused);
    BOOST_TEST(table.database.call("select count(*) from o365.inbox").integer(0, 0) == 0);
    BOOST_TEST(table.database.call("select pg_backend_pid()").integer(0, 0) == session);
    BOOST_CHECK(fault_together({insert, {"select pg_terminate_backend(pg_backend_pid())", {}}}) == Fault::in_doubt);
    BOOST_TEST(table.database.call("select count(*) from o365.inbox").integer(0, 0) == 0);
}

BOOST_AUTO_TEST_CASE(failures_are_sorted_by_what_to_do_about_them) {
    Database database = connect();
    BOOST_TEST((fault_of(database, "select 'x'::integer") == Fault::refused));
    BOOST_TEST((fault_of(database, "select nothing()") == Fault::bug));
    database.call("create schema if not exists o365");
    database.call(
        "create or replace function o365.fail(state text) returns void language plpgsql as "
        "$$ begin raise exception 'told you' using errcode = state, hint = 'Do this'; end $$");
    BOOST_TEST((fault_of(database, "select o365.fail('40001')") == Fault::retry));
    BOOST_TEST((fault_of(database, "select o365.fail('55000')") == Fault::retry));
    BOOST_TEST((fault_of(database, "select o365.fail('42501')") == Fault::refused));
    try {
        database.call("select o365.fail($1)", {"23514"});
        BOOST_FAIL("the statement was expected to fail");
    } catch (const DatabaseError& error) {
        BOOST_TEST(error.what() == "o365.fail: told you. Do this (23514)");
        BOOST_TEST(error.sqlstate() == "23514");
    }
}

BOOST_AUTO_TEST_CASE(a_failure_names_the_function_that_was_called) {
    Database database = connect();
    for (const std::string name : {"o365.none", "o365_programs.worker_none"}) {
        BOOST_CHECK_EXCEPTION(
            database.call("select a, b from " + name + "($1) as x", {"y"}), DatabaseError,
            [&](const DatabaseError& error) { return std::string(error.what()).starts_with(name + ": "); });
    }
}

BOOST_AUTO_TEST_CASE(no_server_is_down) {
    Database database("host=/nonexistent dbname=x", "", "database_tests");
    BOOST_TEST((fault_of(database, "select 1") == Fault::down));
    BOOST_TEST(!database.connected());
}

BOOST_AUTO_TEST_CASE(a_connection_that_died_while_idle_comes_back_by_itself) {
    Database database = connect();
    Database killer = connect();
    BOOST_TEST(database.call("select 1").integer(0, 0) == 1);
    const std::string pid(database.call("select pg_backend_pid()").text(0, 0));
    killer.call("select pg_terminate_backend($1, 5000)", {pid});
    // Prepared on the old connection, and asked again: it has to be prepared anew.
    BOOST_TEST(database.call("select 1").integer(0, 0) == 1);
    BOOST_TEST(database.call("select pg_backend_pid()").text(0, 0) != pid);
}

BOOST_AUTO_TEST_CASE(a_connection_that_dies_in_a_statement_leaves_it_in_doubt) {
    Database database = connect();
    BOOST_TEST((fault_of(database, "select pg_terminate_backend(pg_backend_pid())") == Fault::in_doubt));
    BOOST_TEST(database.call("select 1").integer(0, 0) == 1);
}

BOOST_AUTO_TEST_CASE(the_role_and_the_application_name_are_what_was_asked_for) {
    Database owner = connect();
    owner.call("do $$ begin if to_regrole('somebody') is null then create role somebody login; end if; end $$");
    Database database("dbname=postgres user=postgres", "somebody", "a name");
    BOOST_TEST(database.call("select session_user").text(0, 0) == "somebody");
    BOOST_TEST(database.call("select current_setting('application_name')").text(0, 0) == "a name");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365

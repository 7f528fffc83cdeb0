#include "lib/database/database.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <thread>

#include "lib/base/fd.h"
#include "lib/database/database_hosts.h"

namespace o365 {
namespace {

// tests/with-postgres runs this file and says by PGHOST where its server is.
Database connect() { return Database("dbname=postgres", "", "database_tests"); }

Fault fault_of(Database& database, std::string_view statement) {
    try {
        database.call(statement);
    } catch (const DatabaseError& error) {
        return error.fault();
    }
    BOOST_FAIL("the statement was expected to fail");
    return Fault::bug;
}

struct CopyTable {
    CopyTable() : database(connect()) {
        database.call("create schema if not exists o365");
        database.call("drop table if exists o365.inbox");
        database.call("create table o365.inbox (a text, b bytea, c text)");
    }
    Database database;
};

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr Patience kShort{.connect = 400ms, .call = 400ms};

DatabaseError error_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const DatabaseError& error) {
        return error;
    }
    BOOST_FAIL("a DatabaseError was expected");
    std::abort();
}

bool comes_true(const std::function<bool()>& condition) {
    for (const auto end = Clock::now() + 20s; Clock::now() < end; std::this_thread::sleep_for(5ms)) {
        if (condition()) return true;
    }
    return false;
}

std::string backend_of(Database& database) { return std::string(database.call("select pg_backend_pid()").text(0, 0)); }

// The session's process stands still until this is destroyed.
class Frozen {
  public:
    explicit Frozen(const std::string& backend) : pid_(std::stoi(backend)) {
        BOOST_REQUIRE(::kill(pid_, SIGSTOP) == 0);
    }
    Frozen(const Frozen&) = delete;
    Frozen& operator=(const Frozen&) = delete;
    ~Frozen() { ::kill(pid_, SIGCONT); }

  private:
    pid_t pid_;
};

// Listens on a port of loopback and accepts nobody by itself.
class Listener {
  public:
    explicit Listener(int backlog = 16) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address = loopback(0);
        socklen_t size = sizeof address;
        BOOST_REQUIRE(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
        BOOST_REQUIRE(::listen(socket_.get(), backlog) == 0);
        BOOST_REQUIRE(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
        port_ = ntohs(address.sin_port);
    }
    int fd() const { return socket_.get(); }
    int port() const { return port_; }
    Fd connect() const {
        Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        const sockaddr_in address = loopback(port_);
        ::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
        return client;
    }

  private:
    static sockaddr_in loopback(int port) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return address;
    }
    Fd socket_;
    int port_ = 0;
};

// Passes one connection on to the server, until it is told to stand still: from then on it reads nothing, as when
// packets are lost.
class Relay {
  public:
    Relay() : thread_([this](const std::stop_token& stop) { run(stop); }) {}
    int port() const { return listener_.port(); }
    void stand_still() { still_ = true; }

  private:
    void run(const std::stop_token& stop) {
        while (!ready(listener_.fd())) {
            if (stop.stop_requested()) return;
        }
        const Fd client(::accept(listener_.fd(), nullptr, nullptr));
        const Fd server(::socket(AF_UNIX, SOCK_STREAM, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string path = std::string(std::getenv("PGHOST")) + "/.s.PGSQL.5432";
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        if (::connect(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return;
        while (!stop.stop_requested()) {
            for (const auto& [from, to] :
                 {std::pair{client.get(), server.get()}, std::pair{server.get(), client.get()}}) {
                if (still_) {
                    std::this_thread::sleep_for(5ms);
                    continue;
                }
                std::array<char, 4096> buffer{};
                if (!ready(from)) continue;
                const ssize_t count = ::recv(from, buffer.data(), buffer.size(), 0);
                if (count <= 0) return;
                ::send(to, buffer.data(), static_cast<std::size_t>(count), MSG_NOSIGNAL);
            }
        }
    }
    static bool ready(int fd) {
        pollfd one{.fd = fd, .events = POLLIN, .revents = 0};
        return ::poll(&one, 1, 2) > 0;
    }
    Listener listener_;
    std::atomic<bool> still_ = false;
    std::jthread thread_;
};

std::string at_port(int port) { return "host=127.0.0.1 sslmode=disable dbname=postgres port=" + std::to_string(port); }

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
              "exit_on_error = on"})
            owner.call(std::string("alter role hostile set ") + std::string(setting));
    }
    ~HostileSettings() { owner.call("alter role hostile reset all"); }
    HostileSettings(const HostileSettings&) = delete;
    HostileSettings& operator=(const HostileSettings&) = delete;
    Database owner;
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
    // The session lives on after an error.
    BOOST_TEST((fault_of(database, "select 1/0") == Fault::refused));
    const std::vector<Rows> together = database.call_together(
        {{"select '\\x01'::bytea", {}}, {"select current_setting('transaction_isolation')", {}}});
    BOOST_TEST(together.at(0).bytes(0, 0) == "\1");
    BOOST_TEST(together.at(1).text(0, 0) == "read committed");
}

}  // namespace

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

// ---- Deadlines ------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_session_that_stands_still_ends_at_the_deadline_of_the_call_whatever_the_call_is) {
    CopyTable table;
    Database database("dbname=postgres", "", "database_tests", {.call = 400ms});
    const std::vector<std::function<void()>> calls = {
        [&] { database.call("select 1"); },
        [&] { database.call("select 'never prepared before'"); },
        [&] {
            database.call_together({{"select 1", {}}, {"select 2", {}}});
        },
        [&] { database.copy_row("o365.inbox (a)", {"x"}, "select 1"); },
    };
    for (const auto& call : calls) {
        BOOST_TEST(database.call("select 1").integer(0, 0) == 1);
        const std::string session = backend_of(database);
        {
            const Frozen frozen(session);
            const DatabaseError error = error_of(call);
            BOOST_TEST((error.fault() == Fault::in_doubt));
            BOOST_TEST(error.timed_out());
            BOOST_TEST(std::string_view(error.what()).find("the database has not answered within ") !=
                       std::string_view::npos);
            BOOST_TEST(!database.connected());
            // Its server is there: a new session works while the old one still stands.
            BOOST_TEST(backend_of(database) != session);
        }
    }
    BOOST_TEST(table.database.call("select count(*) from o365.inbox").integer(0, 0) <= 1);
}

BOOST_AUTO_TEST_CASE(a_call_that_is_given_up_is_cancelled_at_the_server) {
    Database owner = connect();
    owner.call("do $$ begin if to_regrole('patient') is null then create role patient login; end if; end $$");
    // Without it, only the request to cancel ends the statement.
    owner.call("alter role patient set client_connection_check_interval = 0");
    Database database("dbname=postgres", "patient", "given up", {.call = 300ms});
    BOOST_TEST(error_of([&] { database.call("select pg_sleep(300)"); }).timed_out());
    BOOST_TEST(comes_true([&] {
        return owner.call("select count(*) from pg_stat_activity where usename = 'patient'").integer(0, 0) == 0;
    }));
}

BOOST_AUTO_TEST_CASE(a_server_that_accepts_and_is_silent_is_down_at_the_deadline) {
    const Listener silent;
    Database database(at_port(silent.port()), "postgres", "database_tests", kShort);
    const DatabaseError error = error_of([&] { database.call("select 1"); });
    BOOST_TEST((error.fault() == Fault::down));
    BOOST_TEST(error.timed_out());
    BOOST_TEST(std::string_view(error.what())
                   .starts_with("could not connect to the database: 127.0.0.1: no answer within 0.4"));
}

BOOST_AUTO_TEST_CASE(a_host_that_does_not_answer_syn_is_down_at_the_deadline) {
    // A listener whose queue is full drops what comes.
    const Listener full(0);
    const Fd first = full.connect();
    const Fd second = full.connect();
    Database database(at_port(full.port()), "postgres", "database_tests", kShort);
    BOOST_TEST(error_of([&] { database.call("select 1"); }).timed_out());
}

BOOST_AUTO_TEST_CASE(a_server_that_stops_reading_or_answering_ends_the_call_at_the_deadline) {
    CopyTable table;
    const std::string big(32 << 20, 'x');  // more than the sockets between take
    const std::vector<std::function<void(Database&)>> calls = {
        [&](Database& database) { database.call("select 1"); },
        [&](Database& database) { database.call("select length($1::text)", {big}); },
        [&](Database& database) { database.copy_row("o365.inbox (a)", {big}, "select 1"); },
    };
    for (const auto& call : calls) {
        Relay relay;
        Database database(at_port(relay.port()), "postgres", "database_tests");
        BOOST_TEST(database.call("select 1").integer(0, 0) == 1);
        relay.stand_still();
        database.set_timeout(400ms);
        const DatabaseError error = error_of([&] { call(database); });
        BOOST_TEST((error.fault() == Fault::in_doubt));
        BOOST_TEST(error.timed_out());
    }
}

BOOST_AUTO_TEST_CASE(a_silent_host_is_left_for_the_next_one) {
    const Listener silent;
    const std::string folder = std::getenv("PGHOST");
    Database database("host=127.0.0.1," + folder + " port=" + std::to_string(silent.port()) + ",5432 dbname=postgres",
                      "postgres", "database_tests", {.connect = 600ms});
    BOOST_TEST(database.call("select 1").integer(0, 0) == 1);
}

BOOST_AUTO_TEST_CASE(a_host_that_refuses_the_role_is_left_for_the_next_one) {
    const Listener refusing;
    const std::jthread server([&](const std::stop_token& stop) {
        pollfd one{.fd = refusing.fd(), .events = POLLIN, .revents = 0};
        while (::poll(&one, 1, 10) == 0) {
            if (stop.stop_requested()) return;
        }
        const Fd client(::accept(refusing.fd(), nullptr, nullptr));
        std::array<char, 1024> startup{};
        ::recv(client.get(), startup.data(), startup.size(), 0);
        // ErrorResponse, as of a server that knows another password.
        const std::string fields("SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user \"postgres\"\0\0",
                                 74);
        std::string message = "E";
        const std::uint32_t length = htonl(static_cast<std::uint32_t>(fields.size() + 4));
        message.append(reinterpret_cast<const char*>(&length), 4);
        message += fields;
        ::send(client.get(), message.data(), message.size(), MSG_NOSIGNAL);
        ::shutdown(client.get(), SHUT_WR);
        ::recv(client.get(), startup.data(), startup.size(), 0);
    });
    const std::string folder = std::getenv("PGHOST");
    Database database("host=127.0.0.1," + folder + " port=" + std::to_string(refusing.port()) +
                          ",5432 dbname=postgres sslmode=disable",
                      "postgres", "database_tests");
    BOOST_TEST(database.call("select 1").integer(0, 0) == 1);
}

BOOST_AUTO_TEST_CASE(after_a_session_that_stood_still_the_next_host_comes_first) {
    Relay relay;
    const std::string folder = std::getenv("PGHOST");
    Database database(
        "host=127.0.0.1," + folder + " port=" + std::to_string(relay.port()) + ",5432 dbname=postgres sslmode=disable",
        "postgres", "database_tests", {.call = 500ms});
    BOOST_TEST(database.call("select inet_client_addr() is null").boolean(0, 0));  // the relay ends at the Unix socket
    const std::string session = backend_of(database);
    relay.stand_still();
    BOOST_TEST(error_of([&] { database.call("select 1"); }).timed_out());
    // The relay takes connections and no more: had it been tried first, half the time would be gone.
    database.set_timeout(60s);
    BOOST_TEST(backend_of(database) != session);
}

BOOST_AUTO_TEST_CASE(another_thread_ends_a_call_that_runs) {
    Database database = connect();
    BOOST_TEST(database.call("select 1").integer(0, 0) == 1);
    Database owner = connect();
    const std::string session = backend_of(database);
    const std::jthread other([&] {
        comes_true([&] {
            return owner
                       .call("select count(*) from pg_stat_activity where pid = $1::int and wait_event = 'PgSleep'",
                             {session})
                       .integer(0, 0) == 1;
        });
        database.end_by(Clock::now() + 50ms);
    });
    BOOST_TEST(error_of([&] { database.call("select pg_sleep(300)"); }).timed_out());
    // It holds for what comes later, until it is lifted.
    BOOST_TEST((error_of([&] { database.call("select 1"); }).fault() == Fault::down));
    database.end_by(Clock::time_point::max());
    BOOST_TEST(database.call("select 1").integer(0, 0) == 1);
}

BOOST_AUTO_TEST_CASE(the_hosts_of_a_connection_string_are_read_as_libpq_does) {
    const auto hosts = [](const std::string& conninfo) {
        std::string text;
        for (const DatabaseHost& host : database_hosts(conninfo).hosts)
            text += host.host + "|" + host.hostaddr + "|" + host.port + " ";
        return text;
    };
    BOOST_TEST(hosts("host=a,b port=1,2") == "a||1 b||2 ");
    BOOST_TEST(hosts("host=a,b port=1") == "a||1 b||1 ");
    BOOST_TEST(hosts("postgresql://x@a:1,b:2/db?target_session_attrs=read-write") == "a||1 b||2 ");
    BOOST_TEST(hosts("host=a,b hostaddr=127.0.0.1,127.0.0.2 port=7") == "a|127.0.0.1|7 b|127.0.0.2|7 ");
    BOOST_TEST(hosts("dbname=x") == std::string(std::getenv("PGHOST")) + "||5432 ");  // tests/with-postgres sets both
    BOOST_TEST(hosts("nonsense=1") == "|| ");
    BOOST_TEST(database_hosts("host=a,b target_session_attrs=prefer-standby").prefers_standby);
    BOOST_TEST(!database_hosts("host=a,b").random_order);
    BOOST_TEST(addresses_of("/run/postgresql", Clock::now()).front() == "");
    BOOST_TEST(addresses_of("127.0.0.1", Clock::now()).front() == "127.0.0.1");
    BOOST_TEST(!addresses_of("localhost", Clock::now() + 20s).empty());
    BOOST_CHECK_THROW(addresses_of("nobody.invalid", Clock::now() + 60s), std::runtime_error);
}

// ---- Sessions -------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(settings_of_the_role_do_not_reach_our_answers) {
    const HostileSettings hostile;
    Database database("dbname=postgres", "hostile", "database_tests");
    answers_do_not_depend_on_settings(database);
    Database unprepared("dbname=postgres", "hostile", "database_tests", {}, Statements::unprepared);
    answers_do_not_depend_on_settings(unprepared);
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

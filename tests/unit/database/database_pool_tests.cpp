#include "lib/database/database_pool.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <thread>

#include "lib/base/fd.h"

namespace o365 {
namespace {

using namespace std::chrono_literals;

// tests/with-postgres runs this file and says by PGHOST where its server is.
Database connect() { return Database("dbname=postgres", "", "database_pool_tests"); }

template <class Call>
DatabaseError error_of(Call&& call) {
    try {
        call();
    } catch (const DatabaseError& error) {
        return error;
    }
    BOOST_FAIL("a DatabaseError was expected");
    std::abort();
}

// A port of loopback that takes connections into its queue and says nothing.
class SilentServer {
  public:
    SilentServer() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        BOOST_REQUIRE(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
        BOOST_REQUIRE(::listen(socket_.get(), 64) == 0);
        BOOST_REQUIRE(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
        port_ = ntohs(address.sin_port);
    }
    Database connect() const {
        return Database("host=127.0.0.1 dbname=x sslmode=disable port=" + std::to_string(port_), "postgres",
                        "database_pool_tests", {.connect = 300ms, .call = 300ms});
    }
    // How many have connected since the last look.
    int connections() const {
        int count = 0;
        while (Fd(::accept(socket_.get(), nullptr, nullptr)).get() >= 0) ++count;
        return count;
    }

  private:
    Fd socket_;
    int port_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(database_pool_tests)

BOOST_AUTO_TEST_CASE(calls_one_after_the_other_use_one_connection) {
    DatabasePool pool(connect, 4);
    const std::string first(pool.call("select pg_backend_pid()").text(0, 0));
    for (int i = 0; i < 5; ++i) BOOST_TEST(pool.call("select pg_backend_pid()").text(0, 0) == first);
    BOOST_TEST(pool.last_look().answered);
}

BOOST_AUTO_TEST_CASE(when_all_connections_are_in_use_for_long_a_call_fails_and_a_look_does_not_wait) {
    DatabasePool pool(connect, 1);
    Database other = connect();
    std::jthread holder([&] { error_of([&] { pool.call("select pg_sleep(300)"); }); });
    while (other.call("select 1 from pg_stat_activity where wait_event = 'PgSleep'").size() == 0)
        std::this_thread::sleep_for(5ms);
    BOOST_TEST(!pool.look("select 1", 1000ms).has_value());
    const DatabaseError error = error_of([&] { pool.call("select 1"); });
    BOOST_TEST((error.fault() == Fault::retry));
    BOOST_TEST(error.what() == "all 1 connections to the database are in use, one of them for more than 2 s");
    pool.end_by(DatabasePool::Clock::now());
    holder.join();
    pool.end_by(DatabasePool::Clock::time_point::max());
    // It did not answer: a second long nobody asks, then it is asked again.
    BOOST_TEST((error_of([&] { pool.call("select 1"); }).fault() == Fault::down));
    std::this_thread::sleep_for(DatabasePool::kDown);
    BOOST_TEST(pool.call("select 1").integer(0, 0) == 1);
}

BOOST_AUTO_TEST_CASE(a_database_that_does_not_answer_is_tried_by_one_call_and_fails_the_others_at_once) {
    const SilentServer silent;
    DatabasePool pool([&] { return silent.connect(); }, 8);
    const DatabaseError first = error_of([&] { pool.call("select 1"); });
    BOOST_TEST(first.timed_out());
    BOOST_TEST(silent.connections() == 1);
    for (int i = 0; i < 1000; ++i) {
        const DatabaseError error = error_of([&] { pool.call("select 1"); });
        BOOST_TEST_REQUIRE((error.fault() == Fault::down));
        BOOST_TEST_REQUIRE(error.what() == first.what());
    }
    BOOST_TEST(silent.connections() <= 1);  // a second may have passed meanwhile
    BOOST_TEST(!pool.look("select 1", 100ms).has_value());
    BOOST_TEST(!pool.last_look().answered);
    std::this_thread::sleep_for(DatabasePool::kDown);
    {
        std::vector<std::jthread> calls;
        for (int i = 0; i < 8; ++i) calls.emplace_back([&] { error_of([&] { pool.call("select 1"); }); });
    }
    BOOST_TEST(silent.connections() == 1);
}

BOOST_AUTO_TEST_CASE(an_error_of_a_statement_or_a_session_that_ended_closes_nothing) {
    DatabasePool pool(connect, 2);
    BOOST_TEST((error_of([&] { pool.call("select 1/0"); }).fault() == Fault::refused));
    BOOST_TEST(pool.last_look().answered);
    BOOST_TEST(
        (error_of([&] { pool.call("select pg_terminate_backend(pg_backend_pid())"); }).fault() == Fault::in_doubt));
    BOOST_TEST(pool.call("select 1").integer(0, 0) == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365

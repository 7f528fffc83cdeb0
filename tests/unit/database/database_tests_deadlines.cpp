// Servers that are silent, frozen or refuse: no call outlives its deadline.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>

#include "lib/base/fd.h"
#include "lib/database/database_hosts.h"
#include "tests/unit/database/own_database.h"

using namespace o365::test;  // NOLINT(google-build-using-namespace)

namespace o365 {
namespace {

constexpr Patience kShort{.connect = 400ms, .call = 400ms};

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

}  // namespace

BOOST_AUTO_TEST_SUITE(database_tests)

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

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365

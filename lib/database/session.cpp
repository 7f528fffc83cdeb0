#include "lib/database/session.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "lib/base/system_error.h"

namespace o365 {

using std::chrono::milliseconds;

namespace {

void ignore_notice(void* /*argument*/, const PGresult* /*result*/) noexcept {}

constexpr int kMostCancels = 4;

// Asks the server to cancel the statement of this session. PQcancel() waits for the server without a deadline, so it
// runs in a thread of its own. Beyond kMostCancels such threads nothing is asked: the server notices by itself that the
// connection is closed.
void cancel_later(PGconn* connection) noexcept {
    static std::atomic<int> running{0};
    if (running.fetch_add(1) >= kMostCancels) {
        --running;
        return;
    }
    try {
        std::unique_ptr<PGcancel, CFree<PQfreeCancel>> cancel(PQgetCancel(connection));
        std::thread([cancel = std::move(cancel)] {
            std::array<char, 256> why{};
            if (cancel) PQcancel(cancel.get(), why.data(), why.size());
            --running;
        }).detach();
    } catch (const std::exception&) {
        --running;
    }
}

std::string name_of(const DatabaseHost& host, const std::string& address) {
    if (host.host.empty()) return address.empty() ? "the default host" : address;
    return address.empty() || address == host.host ? host.host : fmt::format("{} ({})", host.host, address);
}

std::string seconds_of(Session::Clock::duration duration) {
    return fmt::format("{:.2g} s", std::chrono::duration<double>(duration).count());
}

}  // namespace

std::string one_line(std::string_view message) {
    std::string text;
    for (const char c : message) text += c == '\n' ? ' ' : c;
    while (!text.empty() && text.back() == ' ') text.pop_back();
    return text;
}

std::string statement_name(std::string_view statement) {
    const auto begin = std::min(statement.find("o365_programs."), statement.find("o365."));
    if (begin == std::string_view::npos) return std::string(statement.substr(0, 40));
    const auto end = statement.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_.", begin);
    return std::string(statement.substr(begin, end == std::string_view::npos ? end : end - begin));
}

Session::Session(Options options) : options_(std::move(options)), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (wake_.get() < 0) throw std::runtime_error(fmt::format("could not make a descriptor: {}", system_error_text()));
}

void Session::end_by(Clock::time_point when) noexcept {
    end_by_ = when;
    eventfd_write(wake_.get(), 1);
}

// ---- Time -----------------------------------------------------------------------------------------------------------

// Waits for the socket. False when `limit` or the time of end_by() has passed.
bool Session::wait_until(short events, Clock::time_point limit) {
    while (true) {
        const Clock::time_point end = std::min(limit, end_by_.load());
        const auto left = std::chrono::ceil<milliseconds>(end - Clock::now());
        if (left.count() <= 0) return false;
        std::array<pollfd, 2> both{{{.fd = PQsocket(connection_.get()), .events = events, .revents = 0},
                                    {.fd = wake_.get(), .events = POLLIN, .revents = 0}}};
        // poll() takes an int: wait at most an hour, then look again.
        const int ready =
            poll(both.data(), both.size(), static_cast<int>(std::min(left, milliseconds(3600000)).count()));
        if (both[1].revents != 0) {
            eventfd_t count = 0;
            eventfd_read(wake_.get(), &count);
        }
        if (ready > 0 && both[0].revents != 0) return true;
    }
}

void Session::wait(short events, std::string_view what) {
    if (!wait_until(events, until_)) expire(what);
}

// The deadline has passed. Only the server knows whether the statement was committed.
void Session::expire(std::string_view what) {
    cancel_later(connection_.get());
    connection_.reset();
    begin_with_next_host();
    throw DatabaseError(Fault::in_doubt, "",
                        fmt::format("{}: the database has not answered within {}; the connection was closed",
                                    statement_name(what), seconds_of(Clock::now() - begun_)),
                        true);
}

// A server sends a long answer 8 KiB at a time. If this thread woke for each part, it and the server would take turns,
// which costs both more than their work. So after the first part it lets the next ones gather before it reads.
Result Session::next(std::string_view what) {
    constexpr std::chrono::microseconds kGather{500};
    for (bool first_part = true; PQisBusy(connection_.get()) != 0; first_part = false) {
        if (!first_part) {
            pollfd more{.fd = PQsocket(connection_.get()), .events = POLLIN, .revents = 0};
            if (poll(&more, 1, 0) <= 0) std::this_thread::sleep_for(kGather);
        }
        wait(POLLIN, what);
        if (PQconsumeInput(connection_.get()) == 0) break;  // PQgetResult says why
    }
    return Result{PQgetResult(connection_.get())};
}

void Session::flush(std::string_view what) {
    // An error while sending shows in the next result. A server that does not read may be waiting for us to read.
    while (PQflush(connection_.get()) == 1) {
        wait(POLLIN | POLLOUT, what);
        if (PQconsumeInput(connection_.get()) == 0) return;
    }
}

// ---- Connecting -----------------------------------------------------------------------------------------------------

// Connects if there is no connection, or if the server has closed it while it was idle: then its last message, or the
// end of the stream, waits in the socket. A connection that ends after this look leaves the statement in doubt, because
// no statement is sent twice.
bool Session::begin(milliseconds timeout) {
    begun_ = Clock::now();
    until_ = std::min(begun_ + timeout, end_by_.load());
    while (connection_ && !lost()) {
        pollfd readable{.fd = PQsocket(connection_.get()), .events = POLLIN, .revents = 0};
        if (poll(&readable, 1, 0) <= 0) return false;
        if (PQconsumeInput(connection_.get()) == 0) break;
    }
    connect();
    return true;
}

void Session::begin_with_next_host() noexcept {
    first_ = hosts_.hosts.empty() ? 0 : (current_ + 1) % hosts_.hosts.size();
}

void Session::connect() {
    connection_.reset();
    if (hosts_.hosts.empty()) hosts_ = database_hosts(options_.conninfo);
    const std::size_t count = hosts_.hosts.size();
    if (hosts_.random_order) first_ = std::random_device{}() % count;
    // prefer-standby, as libpq does it: first look for a standby among all hosts, then take any server.
    const bool two_passes = hosts_.prefers_standby && count > 1;
    const std::size_t tries = two_passes ? 2 * count : count;
    const Clock::time_point limit = std::min(until_, Clock::now() + options_.connect);
    std::string problems;
    for (std::size_t n = 0; n < tries; ++n) {
        const auto share = (limit - Clock::now()) / static_cast<int>(tries - n);
        const char* const session_kind = !two_passes ? nullptr : n < count ? "standby" : "any";
        current_ = (first_ + n) % count;
        const auto problem = try_host(current_, session_kind, Clock::now() + share);
        if (!problem) return;
        connection_.reset();
        problems += (problems.empty() ? "" : "; ") + *problem;
    }
    const bool timed_out = Clock::now() >= limit || Clock::now() >= end_by_.load();
    throw DatabaseError(Fault::down, "", fmt::format("could not connect to the database: {}", problems), timed_out);
}

// nullopt when it has connected; else why it has not.
std::optional<std::string> Session::try_host(std::size_t index, const char* session_kind, Clock::time_point share) {
    const DatabaseHost& host = hosts_.hosts[index];
    std::vector<std::string> addresses{host.hostaddr};
    try {
        if (host.hostaddr.empty()) addresses = addresses_of(host.host, std::min(share, end_by_.load()));
    } catch (const std::exception& error) {
        return error.what();
    }
    std::string problems;
    for (std::size_t n = 0; n < addresses.size(); ++n) {
        const auto part = (share - Clock::now()) / static_cast<int>(addresses.size() - n);
        const auto problem = try_address(host, addresses[n], session_kind, Clock::now() + part);
        if (!problem) return std::nullopt;
        problems += (problems.empty() ? "" : "; ") + *problem;
    }
    return problems;
}

std::optional<std::string> Session::try_address(const DatabaseHost& host, const std::string& address,
                                                const char* session_kind, Clock::time_point share) {
    const Clock::time_point from = Clock::now();
    const auto or_null = [](const std::string& text) { return text.empty() ? nullptr : text.c_str(); };
    // With expand_dbname the connection string in `dbname` comes first and later parameters override it; a null value
    // counts as absent. The keepalives find a silent server within seconds, not after the kernel's quarter of an hour.
    const std::array<std::pair<const char*, const char*>, 14> parameters = {{
        {"dbname", options_.conninfo.c_str()},
        {"user", or_null(options_.role)},
        {"host", or_null(host.host)},
        {"hostaddr", or_null(address)},
        {"port", or_null(host.port)},
        {"target_session_attrs", session_kind},
        {"application_name", options_.application_name.c_str()},
        {"client_encoding", "UTF8"},
        {"keepalives", "1"},
        {"keepalives_idle", "10"},
        {"keepalives_interval", "3"},
        {"keepalives_count", "3"},
        {"tcp_user_timeout", "15000"},
        {nullptr, nullptr},
    }};
    std::array<const char*, parameters.size()> keywords{};
    std::array<const char*, parameters.size()> values{};
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        keywords.at(i) = parameters.at(i).first;
        values.at(i) = parameters.at(i).second;
    }
    connection_.reset(PQconnectStartParams(keywords.data(), values.data(), 1));
    if (!connection_) throw std::bad_alloc();
    short events = POLLOUT;
    while (PQstatus(connection_.get()) != CONNECTION_BAD) {
        if (!wait_until(events, share)) {
            return fmt::format("{}: no answer within {}", name_of(host, address), seconds_of(Clock::now() - from));
        }
        const PostgresPollingStatusType state = PQconnectPoll(connection_.get());
        if (state == PGRES_POLLING_OK) break;
        events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    }
    if (lost()) return one_line(PQerrorMessage(connection_.get()));
    PQsetNoticeReceiver(connection_.get(), ignore_notice, nullptr);
    PQsetnonblocking(connection_.get(), 1);
    if (auto problem = set_up(share)) return fmt::format("{}: {}", name_of(host, address), *problem);
    return std::nullopt;
}

// Runs Options::set_up. nullopt when that is done; else why it failed.
std::optional<std::string> Session::set_up(Clock::time_point share) {
    if (options_.set_up.empty()) return std::nullopt;
    PGconn* const session = connection_.get();
    std::string problem;
    if (PQsendQuery(session, options_.set_up.c_str()) != 1) return one_line(PQerrorMessage(session));
    while (true) {
        while (PQflush(session) == 1 || PQisBusy(session) != 0) {
            const auto events = static_cast<short>(PQflush(session) == 1 ? POLLIN | POLLOUT : POLLIN);
            if (!wait_until(events, share)) return "connected, but the session does not answer";
            if (PQconsumeInput(session) == 0) break;
        }
        const Result result{PQgetResult(session)};
        if (!result) break;
        if (!has_rows(result.get()) && problem.empty()) problem = one_line(PQresultErrorMessage(result.get()));
    }
    if (problem.empty() && lost()) problem = one_line(PQerrorMessage(session));
    if (problem.empty()) return std::nullopt;
    return "could not set up the session: " + problem;
}

}  // namespace o365

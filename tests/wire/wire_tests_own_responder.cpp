// Cases that need a responder of their own: its end, its database, its descriptors, its memory.
#include <arpa/inet.h>
#include <sys/resource.h>

#include <memory>
#include <stop_token>

#include "lib/base/crypto.h"
#include "tests/support/needs.h"
#include "tests/wire/requests.h"

using namespace o365;
using namespace o365::test;

namespace {

// A TCP listener on this machine whose connections have little room for what the peer does not read: an answer of 59 KB
// gets stuck half-way. Handed over as descriptor 0.
class NarrowListener {
  public:
    explicit NarrowListener(in_addr_t on = INADDR_LOOPBACK) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const int room = 4096;
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(on);
        socklen_t size = sizeof(address);
        if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
            ::listen(fd_.get(), 128) != 0 ||
            ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
            throw std::runtime_error("no listener on this machine");
        }
        port_ = ntohs(address.sin_port);
    }
    int fd() const { return fd_.get(); }
    in_port_t port() const { return port_; }
    std::unique_ptr<Peer> stuck_in_writing() const {
        auto peer = connect();
        peer->send(request(get("/connect/wire/logo")));
        // The first part of the answer is here, and the rest has no room.
        if (peer->receive_some(10s).empty()) throw std::runtime_error("no answer");
        return peer;
    }
    std::unique_ptr<Peer> connect() const { return std::make_unique<Peer>(port_, 2048); }
    bool answers() const {
        const auto peer = connect();
        peer->send(page_request());
        return is_page(parse(peer->receive()));
    }

  private:
    Fd fd_;
    in_port_t port_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(own_responder_tests)

BOOST_AUTO_TEST_CASE(peers_that_do_not_take_their_answer_hold_no_thread) {
    const NarrowListener listener;
    Responder responder(listener.fd());
    std::vector<std::unique_ptr<Peer>> stuck;
    for (int i = 0; i < 32; ++i) stuck.push_back(listener.stuck_in_writing());
    BOOST_TEST(listener.answers());
    // One of them reads on, and has all of it.
    const std::string rest = stuck.front()->receive();
    BOOST_TEST(rest.size() > 40000U);
    // The others break off while the answer is being written.
    for (const auto& peer : stuck) peer->reset_at_close();
    stuck.clear();
    BOOST_TEST(listener.answers());
    BOOST_TEST((responder.stop() < kPromptly));
}

BOOST_AUTO_TEST_CASE(a_listener_that_others_than_this_machine_reach_is_refused) {
    BOOST_CHECK_EXCEPTION(Responder(NarrowListener(INADDR_ANY).fd()), std::runtime_error, [](const auto& error) {
        return std::string(error.what())
            .ends_with("could not use the listener handed over: it is TCP beyond this machine; use a Unix socket\n");
    });
    const NarrowListener loopback;
    Responder responder(loopback.fd());
    BOOST_TEST(loopback.answers());
    BOOST_TEST((responder.stop() < kPromptly));
}

BOOST_AUTO_TEST_CASE(running_out_of_descriptors_costs_the_oldest_silent_peer_its_place) {
    Responder responder;
    responder.connect_all();
    const auto room = static_cast<rlim_t>(responder.descriptors() + 4);
    const rlimit limit{room, 4096};
    BOOST_REQUIRE(::prlimit(responder.pid(), RLIMIT_NOFILE, &limit, nullptr) == 0);
    std::vector<std::unique_ptr<Peer>> silent;
    for (int i = 0; i < 64; ++i) silent.push_back(std::make_unique<Peer>(responder.socket()));
    for (int i = 0; i < 20; ++i) BOOST_TEST(responder.answers());
    BOOST_TEST(responder.log_gets("event=accept_waits"));
    BOOST_TEST(silent.front()->closed());
    silent.clear();
    BOOST_TEST(responder.answers());
    BOOST_TEST((responder.stop() < kPromptly));
}

BOOST_AUTO_TEST_CASE(sigterm_ends_an_idle_responder) {
    Responder responder;
    BOOST_TEST(responder.answers());
    BOOST_TEST((responder.stop() < kPromptly));
    BOOST_TEST(
        responder.log_has("event=stopped threads=9"));  // one more than the setting says, for what needs no database
}

BOOST_AUTO_TEST_CASE(sigterm_does_not_wait_for_peers_that_are_silent_or_dribble) {
    Responder responder;
    std::vector<std::unique_ptr<Peer>> silent;
    const std::string bytes = page_request();
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        silent.push_back(std::make_unique<Peer>(responder.socket()));
        silent.back()->send(bytes.substr(0, at));
    }
    const std::jthread dribble([&](const std::stop_token& stop) {
        const Peer peer(responder.socket());
        peer.send(begin(false) + record(kParams, std::string(60000, 'x')).substr(0, 8));
        while (!stop.stop_requested() && peer.send("x")) std::this_thread::sleep_for(10ms);
    });
    BOOST_TEST(responder.answers());
    BOOST_TEST((responder.stop() < kPromptly));
}

BOOST_AUTO_TEST_CASE(a_request_that_is_half_here_at_sigterm_is_answered) {
    Responder responder;
    const Peer peer(responder.socket());
    peer.send(page_request().substr(0, 40));
    peer.wait_until_read();
    responder.signal(SIGTERM);
    BOOST_TEST(responder.log_gets("event=stopping"));
    peer.send(page_request().substr(40));
    BOOST_TEST(is_page(parse(peer.receive())));
    BOOST_TEST((responder.wait_for_end(Clock::now()) < kPromptly));
}

BOOST_AUTO_TEST_CASE(a_request_that_waits_for_the_database_at_sigterm_is_answered) {
    Responder responder;
    BOOST_TEST(responder.answers());
    Held held("o365_internal.connector");
    std::vector<std::unique_ptr<Peer>> waiting;
    for (int i = 0; i < 12; ++i) {  // more than there are threads
        waiting.push_back(std::make_unique<Peer>(responder.socket()));
        waiting.back()->send(page_request());
    }
    BOOST_TEST(Held::waiting(8));
    const auto begun = Clock::now();
    responder.signal(SIGTERM);
    BOOST_TEST(responder.log_gets("event=stopping signal=15 in_work=9"));
    std::this_thread::sleep_for(700ms);
    held.release();
    for (const auto& peer : waiting) BOOST_TEST(is_page(parse(peer->receive())));
    BOOST_TEST((responder.wait_for_end(begun) < kPromptly));
}

BOOST_AUTO_TEST_CASE(sigterm_does_not_wait_for_peers_that_do_not_take_their_answer) {
    const NarrowListener listener;
    Responder responder(listener.fd());
    std::vector<std::unique_ptr<Peer>> stuck;
    for (int i = 0; i < 16; ++i) stuck.push_back(listener.stuck_in_writing());
    BOOST_TEST((responder.stop() < kPromptly));
}

// Only root may read its memory, and builds with sanitizers do not clear what they free (fcgi/cleared_memory.cpp).
boost::test_tools::assertion_result memory_is_cleared(boost::unit_test::test_unit_id id) {
#ifdef O365_TRACEABLE
    static_cast<void>(id);
    return false;
#else
    return is_root(id);
#endif
}

BOOST_AUTO_TEST_CASE(of_callbacks_that_were_answered_an_idle_responder_keeps_one_webhook_a_connection_at_most,
                     *boost::unit_test::precondition(memory_is_cleared)) {
    Responder responder;
    const std::string secret = "memory-" + random_token();
    for (int i = 0; i < 17; ++i) {
        const Answer started = responder.ask(request(start_of_connect()));
        const std::string location = started.header("Location");
        const auto at = location.find("state=") + 6;
        Pairs params = get("/connect/wire/callback",
                           "state=" + location.substr(at, location.find('&', at) - at) +
                               "&webhook_url=https%3A%2F%2Foutlook.office.com%2Fwebhookb2%2Fa%2Fb%2Fc%2F" + secret +
                               std::to_string(i) + "&group_name=G&user_objectId=object-" + secret + "&app_type=Groups");
        const std::string cookie = started.header("Set-Cookie");
        params.emplace_back("HTTP_COOKIE", cookie.substr(0, cookie.find(';')));
        const Answer answer = responder.ask(request(params));
        BOOST_REQUIRE(answer.header("Location").find("/connect/wire/done/") != std::string::npos);
    }
    // As names of the query, escaped, and decoded. A thread is idle a moment after its answer was read.
    std::vector<std::size_t> copies;
    // libpq's buffers for output, one a thread, hold the last row until a longer statement.
    const bool few = comes_true([&] {
        copies = responder.copies_in_memory(
            {"webhook_url=", "https%3A%2F%2Foutlook", "webhookb2/a/b/c/" + secret, "object-" + secret});
        return copies[0] == 0 && copies[1] == 0 && copies[2] <= 8 && copies[3] <= 8;
    });
    BOOST_TEST_MESSAGE("webhook_url= " << copies[0] << ", escaped " << copies[1] << ", decoded " << copies[2]
                                       << ", object id " << copies[3]);
    BOOST_TEST(few, "webhook_url= " << copies[0] << ", escaped " << copies[1] << ", decoded " << copies[2]
                                    << ", object id " << copies[3]);
    // The search finds what is there.
    BOOST_TEST(copies[2] > 0U);
}

BOOST_AUTO_TEST_CASE(a_callback_whose_responder_is_killed_before_its_answer_is_stored_once) {
    auto responder = std::make_unique<Responder>();
    const Answer started = responder->ask(request(start_of_connect()));
    const std::string location = started.header("Location");
    const auto at = location.find("state=") + 6;
    const std::string state = location.substr(at, location.find('&', at) - at);
    const std::string cookie = started.header("Set-Cookie");
    Pairs params =
        get("/connect/wire/callback",
            "state=" + state +
                "&webhook_url=https%3A%2F%2Foutlook.office.com%2Fwebhookb2%2Fa%2Fb%2Fc%2Fwire&group_name=Killed"
                "&user_objectId=5f0c2b1a-7d43-4e0e-9d5b-6a1c9f3e2b10&app_type=Groups");
    params.emplace_back("HTTP_COOKIE", cookie.substr(0, cookie.find(';')));
    Database db = database();
    const auto stored = [&] {
        return db.call("SELECT count(*) FROM o365_internal.subscription WHERE group_name = 'Killed'").integer(0, 0);
    };
    {
        // The insert waits, so the answer cannot have been sent.
        Held held("o365_internal.subscription", "SHARE");
        const Peer peer(responder->socket());
        peer.send(request(params));
        BOOST_TEST(Held::waiting(1));
        responder->kill();
        BOOST_TEST(peer.receive() == "");
        BOOST_TEST(stored() == 0);
        held.release();
    }
    // The database has all of it, and goes on with nobody there to answer.
    BOOST_TEST(comes_true([&] { return stored() > 0; }));
    BOOST_TEST(stored() == 1);
    responder = std::make_unique<Responder>();
    // The browser tries again: this is success, and there is still one connection.
    const Answer again = responder->ask(request(params));
    BOOST_TEST(again.text.starts_with("Status: 302 "));
    BOOST_TEST(again.header("Location").find("/connect/wire/done/") != std::string::npos);
    BOOST_TEST(stored() == 1);
    BOOST_TEST((responder->stop() < kPromptly));
}

// ---- A database that does not answer --------------------------------------------------------------------------------

bool is_busy_page(const Answer& answer) {
    return answer.text.starts_with("Status: 503 ") && answer.header("Retry-After") == "5" &&
           answer.header("Refresh") == "5";
}

// What needs no database is there at once, whatever the others wait for.
void needs_no_database(const Responder& responder) {
    const auto begun = Clock::now();
    BOOST_TEST(responder.ask(request(get("/connect/static/o365.css"))).text.starts_with("Status: 200 OK"));
    BOOST_TEST((Clock::now() - begun < kPromptly));
    const Answer health = responder.ask(request(get("/healthz")));
    BOOST_TEST(health.text.starts_with("Status: "));
    BOOST_TEST((Clock::now() - begun < 2 * kPromptly));
}

BOOST_AUTO_TEST_CASE(sessions_that_stand_still_stop_neither_files_nor_health_nor_later_pages) {
    Responder responder;
    responder.connect_all();
    Frozen frozen;
    BOOST_TEST(frozen.count() >= 8U);
    std::vector<std::unique_ptr<Peer>> waiting;
    for (int i = 0; i < 40; ++i) {
        waiting.push_back(std::make_unique<Peer>(responder.socket()));
        waiting.back()->send(page_request());
    }
    needs_no_database(responder);
    // The first ones wait as long as a call may take, the others learn by them.
    for (const auto& peer : waiting) BOOST_TEST(is_busy_page(parse(peer->receive(20s))));
    BOOST_TEST(responder.log_has("event=database_down count=1 why="));
    // Only the sessions stand still: new ones are made, and pages are back although nothing was thawed.
    BOOST_TEST(comes_true([&] { return responder.answers(); }));
    BOOST_TEST(responder.log_has("event=database_back"));
    BOOST_TEST(responder.ask(request(get("/healthz"))).has("\r\n\r\nok\n"));
    frozen.thaw();
    BOOST_TEST((responder.stop() < kPromptly));
}

BOOST_AUTO_TEST_CASE(a_database_host_that_is_silent_costs_one_page_its_time_and_files_none) {
    const NarrowListener silent;  // accepts by its queue, and says nothing
    Responder responder(-1, "host=127.0.0.1 dbname=o365 port=" + std::to_string(silent.port()));
    const auto begun = Clock::now();
    std::vector<std::unique_ptr<Peer>> waiting;
    for (int i = 0; i < 40; ++i) {
        waiting.push_back(std::make_unique<Peer>(responder.socket()));
        waiting.back()->send(page_request());
    }
    needs_no_database(responder);
    for (const auto& peer : waiting) BOOST_TEST(is_busy_page(parse(peer->receive(20s))));
    // 40 pages of five seconds each on 8 threads would be 25.
    BOOST_TEST((Clock::now() - begun < 15s));
    const Answer health = responder.ask(request(get("/healthz")));
    BOOST_TEST(health.text.starts_with("Status: 503 "));
    BOOST_TEST(health.has("no database\nit did not answer "));
    // A call is under way, or the next begins: neither is waited for.
    const Peer late(responder.socket());
    late.send(page_request());
    BOOST_TEST((responder.stop() < kPromptly));
}

BOOST_AUTO_TEST_CASE(sigterm_does_not_wait_for_sessions_that_stand_still) {
    Responder responder;
    responder.connect_all();
    const Frozen frozen;
    std::vector<std::unique_ptr<Peer>> waiting;
    for (int i = 0; i < 8; ++i) {
        waiting.push_back(std::make_unique<Peer>(responder.socket()));
        waiting.back()->send(page_request());
        waiting.back()->wait_until_read();
    }
    BOOST_TEST((responder.stop() < kPromptly));
    for (const auto& peer : waiting) BOOST_TEST(is_busy_page(parse(peer->receive())));
}

BOOST_AUTO_TEST_CASE(requests_whose_peer_has_left_or_aborted_are_not_worked_for) {
    Responder responder;
    responder.connect_all();
    Held held("o365_internal.connector");
    std::vector<std::unique_ptr<Peer>> working;
    for (int i = 0; i < 9; ++i) {
        working.push_back(std::make_unique<Peer>(responder.socket()));
        working.back()->send(page_request());
    }
    BOOST_TEST(Held::waiting(8));
    const Peer aborted(responder.socket());
    aborted.send(page_request() + record(kAbort, ""));
    for (int i = 0; i < 40; ++i) {
        const Peer left(responder.socket());
        left.send(page_request());
    }
    // Its sending side alone is closed, as some clients do: it waits for its answer.
    const Peer honest(responder.socket());
    honest.send(page_request());
    honest.end_of_sending();
    held.release();
    for (const auto& peer : working) BOOST_TEST(is_page(parse(peer->receive())));
    BOOST_TEST(is_page(parse(honest.receive())));
    BOOST_TEST(aborted.receive() == "");
    const std::string log = responder.log();
    std::size_t left = 0;
    for (auto at = log.find("event=peer_left"); at != std::string::npos; at = log.find("event=peer_left", at + 1))
        ++left;
    BOOST_TEST(left == 41U);
    BOOST_TEST((responder.stop() < kPromptly));
}

// F56
BOOST_AUTO_TEST_CASE(sighup_opens_the_log_file_again_and_ends_nothing) {
    Responder responder;
    BOOST_TEST(responder.answers());
    std::filesystem::rename(responder.log_path(), responder.log_path() + ".1");
    responder.signal(SIGHUP);
    BOOST_TEST(responder.log_gets("event=log_reopened"));
    BOOST_TEST(!responder.log_has("event=serving"));
    BOOST_TEST(responder.answers());
    BOOST_TEST((responder.stop() < kPromptly));
}

BOOST_AUTO_TEST_SUITE_END()

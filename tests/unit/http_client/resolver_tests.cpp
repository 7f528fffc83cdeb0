#include "lib/http_client/resolver.h"

#include <poll.h>

#include <boost/test/unit_test.hpp>
#include <optional>

#include "tests/support/name_server.h"

namespace o365 {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using Behaviour = NameServer::Behaviour;

// Once, before anything is looked up.
bool in_own_namespaces() {
    static const bool entered = enter_own_namespaces("nameserver 127.0.0.1\n", "127.0.0.7 in-the-file.example\n");
    return entered;
}

boost::test_tools::assertion_result may_have_namespaces(boost::unit_test::test_unit_id /*unit*/) {
    boost::test_tools::assertion_result result(in_own_namespaces());
    result.message() << "this user may not have namespaces of its own";
    return result;
}

void run(Resolver& resolver) {
    pollfd ready{.fd = resolver.descriptor(), .events = POLLIN, .revents = 0};
    const auto next = resolver.next_run();
    const auto wait = next ? std::chrono::ceil<milliseconds>(*next - Clock::now()).count() : 100;
    ::poll(&ready, 1, static_cast<int>(std::max<std::int64_t>(0, wait)));
    resolver.run();
}

struct Answer {
    std::optional<ResolvedHost> host;
    milliseconds took{0};
};

// Looks up all of them at once.
std::vector<Answer> look_up(const std::vector<std::string>& names, milliseconds deadline = milliseconds(5000)) {
    Resolver resolver(deadline);
    std::vector<Answer> answers(names.size());
    std::size_t ended = 0;
    const auto begun = Clock::now();
    for (std::size_t i = 0; i < names.size(); ++i) {
        resolver.look_up(names[i], [&, i](ResolvedHost host) {
            answers[i] = {std::move(host), std::chrono::duration_cast<milliseconds>(Clock::now() - begun)};
            ++ended;
        });
    }
    BOOST_TEST(ended == 0U, "done is called from run() alone");
    while (ended < names.size()) run(resolver);
    BOOST_TEST(!resolver.next_run().has_value());
    return answers;
}

const std::vector<std::string> kLoopback{"127.0.0.1"};

}  // namespace

BOOST_AUTO_TEST_SUITE(resolver_tests, *boost::unit_test::precondition(may_have_namespaces))

BOOST_AUTO_TEST_CASE(a_name_of_the_hosts_file_is_not_asked_for) {
    const auto answers = look_up({"in-the-file.example"});
    BOOST_TEST(answers[0].host->addresses == std::vector<std::string>{"127.0.0.7"}, boost::test_tools::per_element());
    BOOST_TEST(answers[0].host->problem.empty());
}

BOOST_AUTO_TEST_CASE(a_name_server_s_address_is_found) {
    NameServer server;
    BOOST_REQUIRE(server.bound());
    server.set("there.example", Behaviour::answers);
    const auto answers = look_up({"there.example"});
    BOOST_TEST(answers[0].host->addresses == kLoopback, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(why_there_is_no_address_is_said) {
    NameServer server;
    server.set("failing.example", Behaviour::fails);
    const auto answers = look_up({"nowhere.example", "failing.example", "not a name"});
    BOOST_TEST(answers[0].host->problem == "has no address");
    BOOST_TEST(answers[1].host->problem == "has no address yet: its name servers fail");
    BOOST_TEST(!answers[2].host->problem.empty());
    for (const Answer& answer : answers) {
        BOOST_TEST(answer.host->addresses.empty());
        BOOST_TEST(!answer.host->is_ours);
    }
}

BOOST_AUTO_TEST_CASE(no_name_server_at_all_is_said) {
    const auto answers = look_up({"there.example"});
    BOOST_TEST(answers[0].host->problem == "has no address yet: no name server of /etc/resolv.conf is reached");
    BOOST_TEST(answers[0].host->is_ours);
}

BOOST_AUTO_TEST_CASE(a_silent_name_server_delays_its_own_names_alone_and_those_until_the_deadline) {
    NameServer server;
    server.set("there.example", Behaviour::answers);
    server.set("silent.example", Behaviour::silent);
    // More of them than any pool of threads would have.
    std::vector<std::string> names(200, "silent.example");
    names.emplace_back("there.example");
    const auto answers = look_up(names, milliseconds(1500));
    BOOST_TEST(answers.back().host->addresses == kLoopback, boost::test_tools::per_element());
    BOOST_TEST(answers.back().took.count() < 1000);
    BOOST_TEST(answers.front().host->problem == "has no address yet: its name servers do not answer");
    BOOST_TEST(!answers.front().host->is_ours);
    BOOST_TEST(answers.front().took.count() >= 1500);
    BOOST_TEST(answers.front().took.count() < 2500);
}

BOOST_AUTO_TEST_CASE(a_name_server_that_is_silent_about_ipv6_does_not_delay_ipv4) {
    NameServer server;
    server.set("half.example", Behaviour::answers_ipv4_only);
    const auto answers = look_up({"half.example"});
    BOOST_TEST(answers[0].host->addresses == kLoopback, boost::test_tools::per_element());
    BOOST_TEST(answers[0].took.count() < 1000);
}

BOOST_AUTO_TEST_CASE(a_look_up_that_is_under_way_delays_no_end) {
    NameServer server;
    server.set("silent.example", Behaviour::silent);
    const auto begun = Clock::now();
    {
        Resolver resolver(milliseconds(60000));
        resolver.look_up("silent.example", [](const ResolvedHost&) { BOOST_ERROR("nobody waits for it"); });
        resolver.run();
    }
    BOOST_TEST((Clock::now() - begun < std::chrono::seconds(1)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365

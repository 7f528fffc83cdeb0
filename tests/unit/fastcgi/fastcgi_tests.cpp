#include "lib/fastcgi/fastcgi.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/unit/fastcgi/forked_server.h"

using namespace o365;
using namespace o365::test;
using namespace std::chrono_literals;
BOOST_AUTO_TEST_SUITE(fastcgi_tests)

BOOST_AUTO_TEST_CASE(a_request_reaches_the_handler_and_its_answer_comes_back) {
    const ForkedServer server;
    const Answer answer = server.ask(request(get("/connect/", "name=a+b")));
    BOOST_TEST(answer.text.starts_with("Status: 200 OK\r\n"));
    BOOST_TEST(answer.has("Cache-Control: no-store\r\n"));
    BOOST_TEST(answer.has("method=GET path=/connect/ body=0 name=a b"));
    BOOST_TEST(answer.ends == 1);
    BOOST_TEST(!answer.wrote_stderr);
}

BOOST_AUTO_TEST_CASE(a_status_has_its_words) {
    const ForkedServer server;
    const std::vector<std::pair<int, std::string>> expected = {{200, "OK"},
                                                               {202, "Accepted"},
                                                               {303, "See Other"},
                                                               {400, "Bad Request"},
                                                               {401, "Unauthorized"},
                                                               {403, "Forbidden"},
                                                               {404, "Not Found"},
                                                               {405, "Method Not Allowed"},
                                                               {409, "Conflict"},
                                                               {410, "Gone"},
                                                               {413, "Content Too Large"},
                                                               {429, "Too Many Requests"},
                                                               {500, "Internal Server Error"},
                                                               {503, "Service Unavailable"}};
    for (const auto& [status, words] : expected) {
        const std::string number = std::to_string(status);
        const Answer answer = server.ask(request(get("/status/" + number)));
        BOOST_TEST(answer.text.starts_with("Status: " + number + " " + words + "\r\n"), number);
    }
}

BOOST_AUTO_TEST_CASE(the_socket_has_mode_0660_and_is_gone_afterwards) {
    ForkedServer server;
    struct stat found {};
    BOOST_REQUIRE(::stat(server.socket().c_str(), &found) == 0);
    BOOST_TEST((found.st_mode & 07777U) == 0660U);
    server.stop();
    BOOST_TEST(::stat(server.socket().c_str(), &found) != 0);
}

BOOST_AUTO_TEST_CASE(a_head_request_is_answered_without_a_body) {
    const ForkedServer server;
    Pairs params = get("/x");
    params[0].second = "HEAD";
    const Answer answer = server.ask(request(params));
    BOOST_TEST(answer.has("Status: 200 OK\r\n"));
    BOOST_TEST(answer.body() == "");
}

BOOST_AUTO_TEST_CASE(other_methods_are_refused_with_what_is_allowed) {
    const ForkedServer server;
    Pairs params = get("/x");
    params[0].second = "PUT";
    const Answer answer = server.ask(request(params));
    BOOST_TEST(answer.has("Status: 405 "));
    BOOST_TEST(answer.has("Allow: GET, HEAD, POST\r\n"));
    BOOST_TEST(answer.has("error page 405"));
}

BOOST_AUTO_TEST_CASE(a_parameter_that_counts_is_refused_when_it_comes_twice) {
    const ForkedServer server;
    for (const char* name : {"QUERY_STRING", "REQUEST_METHOD", "PATH_INFO", "HTTP_ORIGIN"}) {
        Pairs params = get("/x");
        params.emplace_back(name, "GET");
        params.emplace_back(name, "GET");
        BOOST_TEST(server.ask(request(params)).has("Status: 400 "), name);
    }
}

BOOST_AUTO_TEST_CASE(other_headers_that_come_twice_and_names_out_of_form_are_left_out) {
    const ForkedServer server;
    Pairs params = get("/x");
    for (const char* name : {"HTTP_ACCEPT", "HTTP_ACCEPT", "HTTP_lower", "HTTP_A-B", "nokeepalive", "HTTP_HOST"})
        params.emplace_back(name, "v");
    BOOST_TEST(server.ask(request(params)).has("headers=1"));
}

BOOST_AUTO_TEST_CASE(the_route_comes_from_request_uri_where_there_is_no_path_info) {
    const ForkedServer server;
    const auto path_of = [&](const Pairs& params) {
        Pairs all = {{"REQUEST_METHOD", "GET"}};
        all.insert(all.end(), params.begin(), params.end());
        const std::string text = server.ask(request(all)).text;
        const auto at = text.find("path=") + 5;
        return text.substr(at, text.find(' ', at) - at);
    };
    BOOST_TEST(path_of({{"REQUEST_URI", "/connect/x/?a=b"}}) == "/connect/x/");
    BOOST_TEST(path_of({{"REQUEST_URI", "/c.fcgi/connect/x/"}, {"SCRIPT_NAME", "/c.fcgi"}}) == "/connect/x/");
    BOOST_TEST(path_of({{"REQUEST_URI", "/connect/x/?a"}, {"SCRIPT_NAME", "/connect/x/"}}) == "/connect/x/");
    BOOST_TEST(path_of({{"REQUEST_URI", "https://host/connect/?a=/"}}) == "/connect/");
    BOOST_TEST(path_of({{"REQUEST_URI", "/other"}, {"PATH_INFO", "/mine"}}) == "/mine");
    BOOST_TEST(path_of({}) == "/");
}

BOOST_AUTO_TEST_CASE(F43_cookie_headers_that_come_apart_are_joined) {
    const ForkedServer server;
    Pairs params = get("/x");
    for (const char* value : {"a=1", "b=2; c=3", "d=4"}) params.emplace_back("HTTP_COOKIE", value);
    BOOST_TEST(server.ask(request(params)).has("cookies=a=1; b=2; c=3; d=4 headers=1"));
}

BOOST_AUTO_TEST_CASE(F35_a_parameter_of_the_query_that_is_at_fault_is_refused_where_it_is_asked_for) {
    const ForkedServer server;
    BOOST_TEST(server.ask(request(get("/x", "name=1&name=2"))).has("Status: 400 "));
    BOOST_TEST(server.ask(request(get("/x", "name=%ff"))).has("Status: 400 "));
    BOOST_TEST(server.ask(request(get("/x", "name=n&a=1&a=2&b=%ff&c=%zz"))).has("name=n"));
}

BOOST_AUTO_TEST_CASE(a_form_is_parsed_and_any_other_body_is_handed_over) {
    const ForkedServer server;
    Pairs form = post("/x", "11");
    form[3].second = "Application/x-www-form-urlencoded; charset=utf-8";
    BOOST_TEST(server.ask(request(form, "field=v%201")).has("body=0 name=- form=v 1"));
    BOOST_TEST(server.ask(request(post("/x", "11"), "field=v%201")).has("body=11"));
    form[2].second = "15";
    BOOST_TEST(server.ask(request(form, "field=1&field=2")).has("Status: 400 "));
}

BOOST_AUTO_TEST_CASE(a_route_that_takes_any_request_gets_any_method_query_and_form) {
    const ForkedServer server;
    Pairs form = post("/any", "9");
    form[3].second = "application/x-www-form-urlencoded";
    BOOST_TEST(server.ask(request(form, "100 % off")).has("Status: 200"));
    BOOST_TEST(server.ask(request(form, "100 % off")).has("method=POST path=/any body=9 name=- form=-"));
    BOOST_TEST(server.ask(request(get("/any", "a=1&a=2"))).has("Status: 200"));
    Pairs put = get("/any");
    for (auto& [name, value] : put) {
        if (name == "REQUEST_METHOD") value = "PUT";
    }
    BOOST_TEST(server.ask(request(put)).has("method=PUT"));
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_kept_back_holds_no_thread) {
    const ForkedServer server(1);
    std::vector<std::unique_ptr<Peer>> late;
    const auto begun = Clock::now();
    for (int i = 0; i < 20; ++i) {
        late.push_back(std::make_unique<Peer>(server.socket()));
        late.back()->send(request(get("/late")));
    }
    // There is one thread, and none of the twenty has its answer yet.
    BOOST_TEST(server.ask(request(get("/x"))).has("Status: 200"));
    for (const auto& peer : late) {
        const Answer answer = parse(peer->receive());
        BOOST_TEST(answer.has("path=/late"));
        BOOST_TEST(answer.ends == 1);
        BOOST_TEST((Clock::now() - begun >= 1500ms));
    }
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_kept_back_is_sent_when_the_program_ends_and_forgotten_with_its_peer) {
    ForkedServer server(1);
    const Peer stays(server.socket());
    stays.send(request(get("/very-late")));
    {
        const Peer goes(server.socket());
        goes.send(request(get("/very-late")));
        std::this_thread::sleep_for(300ms);
    }
    BOOST_TEST(server.ask(request(get("/x"))).has("Status: 200"));
    BOOST_TEST((server.stop() < kPromptly));
    BOOST_TEST(parse(stays.receive()).has("path=/very-late"));
}

BOOST_AUTO_TEST_CASE(a_body_that_is_too_long_is_answered_413) {
    const ForkedServer server;
    BOOST_TEST(server.ask(request(post("/x", "1000"), std::string(1000, 'b'))).has("body=1000"));
    BOOST_TEST(server.ask(request(post("/x", "1001"), std::string(1001, 'b'))).has("Status: 413 "));
    BOOST_TEST(server.ask(request(post("/x", "10"), std::string(200000, 'b'))).has("Status: 413 "));
    BOOST_TEST(server.ask(request(post("/x", "99999999999999999999999"), "b")).has("Status: 413 "));
}

BOOST_AUTO_TEST_CASE(a_body_that_is_not_as_long_as_said_is_answered_400) {
    const ForkedServer server;
    for (const char* said : {"4", "6", "", "-1", "5x"}) {
        BOOST_TEST(server.ask(request(post("/x", said), "12345")).has("Status: 400 "), said);
    }
}

BOOST_AUTO_TEST_CASE(nothing_after_a_request_is_read_as_another_one) {
    const ForkedServer server;
    const std::string forged = request({{"REQUEST_METHOD", "GET"}, {"PATH_INFO", "/forged"}, {"REMOTE_USER", "admin"}});
    // A body that the handler never looks at, with a request inside, and one more behind it; the web server asked to
    // keep the connection.
    const Answer answer = server.ask(request(post("/x", std::to_string(forged.size())), forged, true) + forged);
    BOOST_TEST(answer.ends == 1);
    BOOST_TEST(!answer.has("/forged"));
    const Answer long_one =
        server.ask(request(post("/x", "5000"), std::string(5000 - forged.size(), 'x') + forged, true) + forged);
    BOOST_TEST(long_one.ends == 1);
    BOOST_TEST(long_one.has("Status: 413 "));
    BOOST_TEST(!server.log_has("admin"));
}

BOOST_AUTO_TEST_CASE(what_a_handler_throws_becomes_an_error_page_and_one_log_line) {
    const ForkedServer server;
    const Answer answer = server.ask(request(get("/throw", "webhook_url=geheim")));
    BOOST_TEST(answer.has("Status: 500 "));
    BOOST_TEST(answer.has("error page 500 r-"));
    BOOST_TEST(!answer.has("secret-of-the-handler"));
    BOOST_TEST(server.log_gets("event=request_failed"));
    BOOST_TEST(!server.log_has("geheim"));
}

BOOST_AUTO_TEST_CASE(an_error_page_learns_which_language_the_browser_asks_for) {
    const ForkedServer server;
    Pairs params = get("/throw", "");
    BOOST_TEST(server.ask(request(params)).has(" for ''"));
    params.emplace_back("HTTP_ACCEPT_LANGUAGE", "de-AT,de;q=0.9");
    BOOST_TEST(server.ask(request(params)).has(" for 'de-AT,de;q=0.9'"));
    params.emplace_back("CONTENT_LENGTH", "x");
    const Answer refused = server.ask(request(params));
    BOOST_TEST(refused.has("Status: 400 "));
    BOOST_TEST(refused.has(" for 'de-AT,de;q=0.9'"));
}

BOOST_AUTO_TEST_CASE(a_request_at_debug_level_logs_neither_its_path_nor_its_query) {
    const ForkedServer server;
    server.ask(request(get("/connect/tokenpath", "name=tokenquery")));
    BOOST_TEST(server.log_gets("event=request "));
    BOOST_TEST(!server.log_has("tokenpath"));
    BOOST_TEST(!server.log_has("tokenquery"));
}

BOOST_AUTO_TEST_CASE(broken_records_close_the_connection_and_nothing_else) {
    const ForkedServer server;
    for (const std::string& bytes :
         {std::string("x"), std::string(64, '\xff'), record(kParams, "abc"), begin(false) + std::string(8, '\2')}) {
        const Peer peer(server.socket());
        peer.send(bytes);
    }
    BOOST_TEST(server.ask(request(get("/x"))).has("Status: 200"));
}

BOOST_AUTO_TEST_CASE(peers_that_hang_lose_their_connection_and_free_the_thread) {
    const ForkedServer server(1);
    const Peer half(server.socket());
    half.send(begin(false).substr(0, 4));
    // One thread: this is only answered once the other was given up.
    BOOST_TEST(server.ask(request(get("/x"))).has("Status: 200"));
    const Peer without_body(server.socket());
    without_body.send(begin(false) + stream(kParams, ""));
    BOOST_TEST(server.ask(request(get("/x"))).has("Status: 200"));
}

BOOST_AUTO_TEST_CASE(sigterm_ends_idle_threads) {
    ForkedServer server(8);
    BOOST_TEST((server.stop() < kPromptly));
    BOOST_TEST(server.log_has("event=stopped threads=8"));
}

BOOST_AUTO_TEST_CASE(sigint_ends_the_program_too) {
    ForkedServer server;
    server.signal(SIGINT);
    BOOST_TEST((server.wait_for_end(Clock::now()) < kPromptly));
}

BOOST_AUTO_TEST_CASE(sigterm_does_not_wait_for_silent_peers) {
    ForkedServer server(4);
    const Peer silent(server.socket());
    const Peer half(server.socket());
    half.send(begin(false).substr(0, 1));
    const Peer without_body(server.socket());
    without_body.send(begin(false) + stream(kParams, ""));
    std::this_thread::sleep_for(100ms);
    BOOST_TEST((server.stop() < kPromptly));
    BOOST_TEST(server.log_has("event=stop"));
}

BOOST_AUTO_TEST_CASE(a_request_in_work_is_finished_after_sigterm) {
    ForkedServer server;
    const Peer peer(server.socket());
    peer.send(request(get("/slow")));
    std::this_thread::sleep_for(300ms);
    const auto took = server.stop();
    BOOST_TEST((took > 500ms));
    BOOST_TEST((took < kPromptly));
    const Answer answer = parse(peer.receive());
    BOOST_TEST(answer.has("path=/slow"));
    BOOST_TEST(answer.ends == 1);
}

BOOST_AUTO_TEST_CASE(a_second_signal_while_the_server_ends_changes_nothing_and_keeps_no_core_busy) {
    ForkedServer server;
    const Peer peer(server.socket());
    peer.send(request(get("/slow")));
    std::this_thread::sleep_for(300ms);
    server.signal(SIGTERM);
    BOOST_TEST(server.log_gets("event=stopping"));
    server.stop();
    BOOST_TEST(parse(peer.receive()).has("path=/slow"));
    // The handler slept for a second more; a main thread that turns in a loop meanwhile would have used most of it.
    BOOST_TEST((server.cpu_time() < 500ms));
}

BOOST_AUTO_TEST_CASE(running_out_of_descriptors_is_waited_out) {
    const ForkedServer server(8);
    BOOST_TEST(server.ask(request(get("/limit"))).has("Status: 200"));
    {
        std::vector<std::unique_ptr<Peer>> peers;
        for (int i = 0; i < 8; ++i) {
            peers.push_back(std::make_unique<Peer>(server.socket()));
            peers.back()->send(begin(false).substr(0, 4));
        }
        BOOST_TEST(server.log_gets("event=accept_waits"));
    }
    BOOST_TEST(server.ask(request(get("/x"))).has("Status: 200"));
    BOOST_TEST(server.running());
}

BOOST_AUTO_TEST_CASE(a_listener_handed_over_as_descriptor_0_is_used) {
    ForkedServer server(2, true);
    BOOST_TEST(server.ask(request(get("/x"))).has("Status: 200"));
    BOOST_TEST((server.stop() < kPromptly));
    struct stat found {};
    BOOST_TEST(::stat(server.socket().c_str(), &found) == 0);  // not ours to remove
}

BOOST_AUTO_TEST_CASE(a_socket_that_a_killed_process_left_is_replaced) {
    ForkedServer server(2, false, false);
    server.start();
    server.signal(SIGKILL);
    struct stat found {};
    while (Peer(server.socket()).connected()) std::this_thread::sleep_for(10ms);
    BOOST_REQUIRE(::stat(server.socket().c_str(), &found) == 0);
    std::filesystem::remove(std::filesystem::path(server.socket()).parent_path() / "log");
    server.start();
    BOOST_TEST(server.running());
    BOOST_TEST(server.ask(request(get("/x"))).has("Status: 200"));
}

BOOST_AUTO_TEST_CASE(a_socket_in_use_and_a_file_are_left_alone) {
    const ForkedServer server;
    ServerOptions options;
    options.socket = server.socket();
    const auto refused = [&] {
        return [&](const std::exception& error) {
            return std::string(error.what()).find(options.socket) != std::string::npos;
        };
    };
    // A child each, because serve() changes the process's signals.
    const auto why = [&] {
        const pid_t child = ::fork();
        if (child == 0) {
            try {
                serve(
                    options, [] { return describe; },
                    [](int status, const std::string&, std::string_view) { return Response::text(status, ""); });
            } catch (const std::exception& error) {
                end_child(refused()(error) ? 7 : 8);
            }
            end_child(9);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return WEXITSTATUS(status);
    };
    BOOST_TEST(why() == 7);
    BOOST_TEST(server.ask(request(get("/x"))).has("Status: 200"));
    options.socket = server.socket() + ".file";
    std::ofstream(options.socket) << "mine";
    BOOST_TEST(why() == 7);
    BOOST_TEST(std::filesystem::file_size(options.socket) == 4U);
    options.socket = "/nowhere/at/all";
    BOOST_TEST(why() == 7);
    options.socket = "/tmp/" + std::string(200, 'x');
    BOOST_TEST(why() == 7);
}

BOOST_AUTO_TEST_SUITE_END()

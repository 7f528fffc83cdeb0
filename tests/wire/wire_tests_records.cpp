// Records that a web server sends, and records that it never sends.
#include <algorithm>
#include <string>

#include "tests/wire/shared_responder.h"

using namespace o365;
using namespace o365::test;

BOOST_FIXTURE_TEST_SUITE(wire_tests, Case)

BOOST_AUTO_TEST_CASE(padding_of_255_bytes_is_skipped) {
    BOOST_TEST(is_page(
        ask(begin(false, 1, 1, 255) + stream(kParams, pairs(get("/connect/wire/")), 255) + stream(kStdin, "", 255))));
}

BOOST_AUTO_TEST_CASE(records_of_65535_bytes_are_taken) {
    Pairs params = post("/connect/wire/", "65535");
    params.emplace_back("HTTP_X", "");
    params.back().second = std::string(65535 - pairs(params).size() - 3, 'v');
    const std::string text = pairs(params);
    BOOST_REQUIRE(text.size() == 65535U);
    // The landing page takes no POST; that it says so means that both records were read to their end.
    BOOST_TEST(
        is_refusal(ask(begin(false) + stream(kParams, text, 255) + stream(kStdin, std::string(65535, 'b'), 255)), 405));
}

BOOST_AUTO_TEST_CASE(records_of_one_byte_are_taken) {
    std::string bytes = begin(false);
    for (const char byte : pairs(get("/connect/wire/"))) bytes += record(kParams, {byte});
    BOOST_TEST(is_page(ask(bytes + record(kParams, "") + record(kStdin, ""))));
}

BOOST_AUTO_TEST_CASE(another_version_is_closed_without_a_word) {
    for (const std::size_t version : {0U, 2U, 255U}) {
        BOOST_TEST(ask_raw(record(kBegin, std::string("\0\1\0\0\0\0\0\0", 8), 1, 0, version)) == "");
        BOOST_TEST(ask_raw(begin(false) + record(kParams, "", 1, 0, version)) == "");
    }
    BOOST_TEST(ask_raw("GET / HTTP/1.1\r\n\r\n") == "");
}

BOOST_AUTO_TEST_CASE(an_unknown_management_record_is_named_and_the_request_goes_on) {
    for (const int type : {10, 11, 12, 99, 255}) {
        const Answer answer = ask(record(type, "what", 0, 3) + page_request());
        BOOST_TEST(is_page(answer));
        BOOST_TEST(answer.records[0].type == kUnknownType);
        BOOST_TEST(answer.records[0].id == 0U);
        BOOST_TEST(answer.records[0].content == std::string{static_cast<char>(type)} + std::string(7, '\0'));
    }
}

BOOST_AUTO_TEST_CASE(an_unknown_record_of_the_request_closes_and_one_of_another_is_skipped) {
    for (const int type : {kEnd, kStdout, kStderr, 8, 12, 255}) {
        BOOST_TEST(ask_raw(begin(false) + record(type, "what")) == "");
        if (type <= 8) BOOST_TEST(ask_raw(record(type, "what", 0)) == "");  // of a request, with the id of none
        BOOST_TEST(is_page(
            ask(record(type, "what", 7) + begin(false) + record(type, "what", 7) + page_request().substr(kBegins))));
    }
}

BOOST_AUTO_TEST_CASE(records_of_a_request_out_of_turn_close) {
    const std::string params = stream(kParams, pairs(get("/connect/wire/")));
    BOOST_TEST(ask_raw(begin(false) + stream(kStdin, "")) == "");
    BOOST_TEST(ask_raw(begin(false) + params + params) == "");
    BOOST_TEST(ask_raw(record(kBegin, "short")) == "");
    BOOST_TEST(ask_raw(begin(false, 0)) == "");
}

BOOST_AUTO_TEST_CASE(get_values_is_answered_once_whatever_it_repeats) {
    const auto values = [](const std::string& content) {
        const Answer answer = ask(record(kGetValues, content, 0) + page_request());
        BOOST_TEST(is_page(answer));
        BOOST_REQUIRE(!answer.records.empty());
        BOOST_TEST(answer.records[0].type == kGetValuesResult);
        return answer.records[0].content;
    };
    const std::string asked = pairs({{"FCGI_MPXS_CONNS", ""}});
    const std::string said = pairs({{"FCGI_MPXS_CONNS", "0"}});
    BOOST_TEST(values("") == "");
    BOOST_TEST(values(pairs({{"UNKNOWN", ""}, {"X", "FCGI_MPXS_CONNS"}})) == "");
    BOOST_TEST(values(asked) == said);
    // Debian's library writes all answers into 64 bytes of its stack: the fourth ended the process.
    for (const int times : {4, 3800}) {
        std::string content;
        for (int i = 0; i < times; ++i) content += asked;
        BOOST_TEST(values(content) == said);
    }
    std::string all;
    for (int i = 0; i < 1300; ++i)
        all += pairs({{"FCGI_MAX_CONNS", ""}, {"FCGI_MAX_REQS", ""}, {"FCGI_MPXS_CONNS", ""}});
    BOOST_TEST(values(all) == said);
    BOOST_TEST(ask_raw(record(kGetValues, long_length(0x7fffffff), 0)) == "");
}

BOOST_AUTO_TEST_CASE(a_flood_of_get_values_is_cut_off) {
    const std::string one = record(kGetValues, pairs({{"FCGI_MPXS_CONNS", ""}}), 0);
    std::string flood;
    for (int i = 0; i < 4000; ++i) flood += one;
    const Peer peer(responder().socket());
    peer.send(flood);
    BOOST_TEST(parse(peer.receive()).records.size() == 8U);
}

BOOST_AUTO_TEST_CASE(a_second_request_on_the_connection_is_told_that_it_cannot_be) {
    const std::string other = begin(false, 2) + record(kParams, "whatever", 2) + record(kParams, "", 2);
    const std::string bytes = ask_raw(begin(false) + other + page_request().substr(kBegins));
    BOOST_TEST(bytes.starts_with(end_request(2, 1)));  // FCGI_CANT_MPX_CONN
    BOOST_TEST(is_page(parse(bytes.substr(16))));
    BOOST_TEST(ask_raw(begin(false) + begin(false)) == "");  // the same one again
}

BOOST_AUTO_TEST_CASE(an_aborted_request_is_ended_and_nothing_is_done) {
    BOOST_TEST(ask_raw(begin(false) + record(kAbort, "")) == end_request(1, 0));
    BOOST_TEST(ask_raw(begin(false) + stream(kParams, pairs(get("/connect/wire/"))) + record(kAbort, "")) ==
               end_request(1, 0));
    BOOST_TEST(is_page(ask(begin(false) + record(kAbort, "", 9) + page_request().substr(kBegins))));
    // When the request is complete, and no thread has begun with it, it is dropped.
    BOOST_TEST(ask_raw(page_request() + record(kAbort, "")) == "");
}

BOOST_AUTO_TEST_CASE(other_roles_are_told_that_they_are_unknown) {
    for (const std::size_t role : {0U, 2U, 3U, 257U, 65535U}) {
        BOOST_TEST(ask_raw(begin(false, 5, role) + stream(kParams, "")) == end_request(5, 3), role);
    }
}

BOOST_AUTO_TEST_CASE(request_ids_come_back_as_they_were) {
    for (const std::size_t id : {1U, 255U, 256U, 65535U}) {
        const Answer answer = ask(begin(false, id) + record(kParams, pairs(get("/connect/wire/")), id) +
                                  record(kParams, "", id) + record(kStdin, "", id));
        BOOST_TEST(is_page(answer));
        BOOST_TEST(std::all_of(answer.records.begin(), answer.records.end(),
                               [&](const Record& record) { return record.id == id; }));
    }
}

BOOST_AUTO_TEST_SUITE_END()

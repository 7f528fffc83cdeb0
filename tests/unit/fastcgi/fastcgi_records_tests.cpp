#include "lib/fastcgi/fastcgi_records.h"

#include <boost/test/unit_test.hpp>
#include <random>
#include <string>

#include "tests/support/fastcgi_peer.h"

using namespace o365;
using namespace o365::test;
using State = RecordReader::State;

namespace {

constexpr std::size_t kMaxBody = 1000;

std::string frames_of(const std::string& bytes) {
    RecordReader reader(kMaxBody);
    BOOST_REQUIRE(reader.take(bytes) == State::complete);
    return reader.take_frames();
}

// As the library must see it: one id, no padding, kept, the shortest form of each length.
std::string framed(const Pairs& params, const std::string& body = {}) { return request(params, body, true); }

}  // namespace

BOOST_AUTO_TEST_SUITE(fastcgi_records_tests)

BOOST_AUTO_TEST_CASE(nothing_is_not_a_request) {
    RecordReader reader(kMaxBody);
    BOOST_TEST((reader.take("") == State::reading));
    BOOST_TEST((reader.take("\1") == State::reading));
    BOOST_TEST(reader.take_replies() == "");
}

BOOST_AUTO_TEST_CASE(a_request_is_the_same_however_its_bytes_come) {
    const std::string bytes = record(kGetValues, "", 0, 9) + begin(false, 1, 1, 200) +
                              stream(kParams, pairs(get("/x", "a=b")), 255) + stream(kStdin, "body", 3);
    const std::string expected = framed(get("/x", "a=b"), "body");
    BOOST_TEST(frames_of(bytes) == expected);
    std::mt19937 random(7);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same pieces in every run
    for (int round = 0; round < 500; ++round) {
        RecordReader reader(kMaxBody);
        for (std::size_t at = 0; at < bytes.size();) {
            BOOST_REQUIRE(reader.state() == State::reading);
            const std::size_t count = 1 + random() % 40;
            reader.take(std::string_view(bytes).substr(at, count));
            at += count;
        }
        BOOST_REQUIRE(reader.state() == State::complete);
        BOOST_TEST(reader.take_frames() == expected);
        BOOST_TEST(!reader.more_to_come());
    }
}

BOOST_AUTO_TEST_CASE(what_stands_behind_a_request_is_not_part_of_it) {
    RecordReader reader(kMaxBody);
    BOOST_TEST((reader.take(request(get("/x")) + request(get("/forged"))) == State::complete));
    BOOST_TEST(reader.more_to_come());
    BOOST_TEST(reader.take_frames() == framed(get("/x")));
    BOOST_TEST((reader.take(request(get("/forged"))) == State::complete));
    BOOST_TEST(reader.take_frames() == "");
}

BOOST_AUTO_TEST_CASE(lengths_come_out_in_their_shortest_form) {
    const std::string value(200, 'v');
    const std::string text = long_length(3) + long_length(0) + "ABC" + length(1) + length(200) + "D" + value;
    BOOST_TEST(frames_of(begin(false) + stream(kParams, text) + stream(kStdin, "")) ==
               framed({{"ABC", ""}, {"D", value}}));
}

BOOST_AUTO_TEST_CASE(long_parameters_and_bodies_are_split_into_records) {
    RecordReader reader(200000);
    const Pairs params = {{"A", std::string(70000, 'a')}};
    const std::string body(150000, 'b');
    BOOST_TEST((reader.take(request(params, body)) == State::complete));
    BOOST_TEST((reader.take_frames() == framed(params, body)));
}

BOOST_AUTO_TEST_CASE(a_body_at_the_limit_is_taken_and_one_byte_more_is_refused_without_it) {
    RecordReader at_limit(kMaxBody);
    BOOST_TEST((at_limit.take(request({}, std::string(kMaxBody, 'b'))) == State::complete));
    BOOST_TEST(at_limit.refused() == 0);
    RecordReader beyond(kMaxBody);
    // It is refused as soon as a record says so.
    BOOST_TEST((beyond.take(begin(false) + stream(kParams, pairs(get("/x"))) +
                            record(kStdin, std::string(kMaxBody + 1, 'b')).substr(0, 8)) == State::complete));
    BOOST_TEST(beyond.refused() == 413);
    BOOST_TEST(beyond.more_to_come());
    BOOST_TEST(beyond.take_frames() == framed(get("/x")));
}

BOOST_AUTO_TEST_CASE(too_many_parameter_bytes_are_refused_without_any) {
    RecordReader reader(kMaxBody);
    const std::string part = record(kParams, std::string(60000, 'x'));
    BOOST_TEST((reader.take(begin(false) + part + part) == State::reading));
    BOOST_TEST((reader.take(part) == State::complete));
    BOOST_TEST(reader.refused() == 431);
    BOOST_TEST(reader.take_frames() == framed({}));
}

BOOST_AUTO_TEST_CASE(broken_bytes_say_why_and_quote_nothing) {
    for (const std::string& bytes :
         {std::string("GET /secret"), begin(false, 0), begin(false) + begin(false), record(kStdin, "", 0),
          begin(false) + stream(kStdin, ""), begin(false) + stream(kParams, "\1"), begin(false, 1, 2)}) {
        RecordReader reader(kMaxBody);
        BOOST_TEST((reader.take(bytes) == State::broken));
        BOOST_TEST(std::string(reader.why()) != "");
        BOOST_TEST(std::string(reader.why()).find("secret") == std::string::npos);
        BOOST_TEST((reader.take(request(get("/x"))) == State::broken));
    }
}

BOOST_AUTO_TEST_SUITE_END()

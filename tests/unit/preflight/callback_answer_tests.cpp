#include "lib/preflight/callback_answer.h"

#include <boost/test/unit_test.hpp>

using namespace o365;

namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

PostResult answer(int status, Headers headers, std::string body = {}) {
    PostResult result;
    result.transport = TransportStatus::answered;
    result.status = status;
    result.headers = std::move(headers);
    result.body = std::move(body);
    return result;
}

std::string verdict(const PostResult& result) { return judge_callback(result, {"state-1", "error="}).verdict; }

const std::pair<std::string, std::string> kHtml = {"content-type", "text/html; charset=utf-8"};

}  // namespace

BOOST_AUTO_TEST_CASE(a_redirect_to_an_address_without_the_parameters_passes) {
    for (const int status : {302, 303, 307})
        BOOST_TEST(verdict(answer(status, {{"location", "https://app.example.org/failed?reason=denied"}})) == "pass");
}

BOOST_AUTO_TEST_CASE(a_redirect_that_browsers_keep_or_that_takes_the_parameters_along_fails) {
    for (const int status : {301, 308})
        BOOST_TEST(verdict(answer(status, {{"location", "https://app.example.org/failed"}})) == "fail");
    BOOST_TEST(verdict(answer(302, {{"location", "https://app.example.org/x?state=state-1"}})) == "fail");
    BOOST_TEST(verdict(answer(302, {{"location", "/x?error=AccessDenied"}})) == "fail");
    BOOST_TEST(verdict(answer(302, {})) == "fail");
}

BOOST_AUTO_TEST_CASE(a_page_passes_with_a_referrer_policy_of_its_header_or_its_meta_tag) {
    BOOST_TEST(verdict(answer(200, {kHtml, {"referrer-policy", "no-referrer"}})) == "pass");
    BOOST_TEST(verdict(answer(200, {kHtml, {"referrer-policy", "unsafe-url, Origin"}})) == "pass");
    BOOST_TEST(verdict(answer(200, {kHtml}, "<meta name=referrer content=no-referrer>")) == "pass");
    BOOST_TEST(verdict(answer(200, {kHtml})) == "fail");
    BOOST_TEST(verdict(answer(200, {kHtml, {"referrer-policy", "no-referrer, unsafe-url"}})) == "fail");
    // Browsers take the last of several fields.
    BOOST_TEST(verdict(answer(200, {kHtml, {"referrer-policy", "no-referrer"}, {"referrer-policy", "unsafe-url"}})) ==
               "fail");
}

BOOST_AUTO_TEST_CASE(what_is_no_callback_fails_whatever_its_headers_say) {
    for (const int status : {404, 405, 410, 500, 503})
        BOOST_TEST(verdict(answer(status, {kHtml, {"referrer-policy", "no-referrer"}})) == "fail");
    BOOST_TEST(verdict(answer(200, {{"content-type", "application/json"}, {"referrer-policy", "no-referrer"}})) ==
               "fail");
    PostResult silent;
    silent.problem = "no route to host";
    BOOST_TEST(judge_callback(silent, {}).detail == "It did not answer: no route to host.");
}

BOOST_AUTO_TEST_CASE(a_state_that_is_refused_with_a_policy_is_for_a_person_to_look_at) {
    BOOST_TEST(verdict(answer(400, {kHtml, {"referrer-policy", "no-referrer"}})) == "look");
    BOOST_TEST(verdict(answer(403, {kHtml})) == "fail");
}

#include "lib/http/http.h"

#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <string>

#include "lib/base/text.h"
#include "lib/http/url.h"

using namespace o365;

namespace {

bool is_refused(std::string_view query) {
    try {
        Parameters::parse(query);
        return false;
    } catch (const BadRequest& refused) {
        return refused.status() == 400;
    }
}

std::string header(const Response& response, std::string_view name) {
    std::string all;
    for (const auto& [key, value] : response.headers()) {
        if (key == name) all += (all.empty() ? "" : "|") + value;
    }
    return all;
}

Request post(const std::string& origin, const std::string& site) {
    Request request;
    request.method = "POST";
    request.origin = origin;
    request.sec_fetch_site = site;
    return request;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_tests)

BOOST_AUTO_TEST_CASE(plus_and_percent_20_are_blanks) {
    const Parameters parameters = Parameters::parse("group_name=My+own%20group%2B1&empty=&bare&a=b=c");
    BOOST_TEST(*parameters.get("group_name") == "My own group+1");
    BOOST_TEST(*parameters.get("empty") == "");
    BOOST_TEST(*parameters.get("bare") == "");
    BOOST_TEST(*parameters.get("a") == "b=c");
    BOOST_TEST(!parameters.get("Group_name"));
    BOOST_TEST(parameters.get_or("absent", "other") == "other");
}

BOOST_AUTO_TEST_CASE(an_empty_query_has_no_parameters) {
    BOOST_TEST(Parameters::parse("").empty());
    BOOST_TEST(Parameters::parse("&&").empty());
}

BOOST_AUTO_TEST_CASE(a_name_that_occurs_twice_is_refused) {
    BOOST_TEST(is_refused("state=a&state=a"));
    BOOST_TEST(is_refused("state=a&st%61te=b"));
    BOOST_TEST(is_refused("state&state"));
}

BOOST_AUTO_TEST_CASE(broken_escapes_zero_bytes_and_bad_utf8_are_refused) {
    for (const char* query : {"a=%", "a=%4", "a=%zz", "a=%+1", "%=a", "a=%00", "%00=a", "a=%ff", "a=%c0%af",
                              "a=%ed%a0%80", "a=%f4%90%80%80", "a=%e2%82"}) {
        BOOST_TEST(is_refused(query), query);
    }
    BOOST_TEST(*Parameters::parse("a=%e2%82%ac").get("a") == "\xe2\x82\xac");
}

BOOST_AUTO_TEST_CASE(F35_in_a_query_only_what_is_asked_for_matters) {
    const std::string good = "state=s1&webhook_url=https%3A%2F%2Fa.example%2F";
    for (const char* other : {"utm=%FF", "utm=%zz", "%zz=1", "%FF=1", "utm=1&utm=2", "utm&utm", "utm=a%00b", "utm=%",
                              "&&=&==", "amp;state=x"}) {
        const Parameters query = Parameters::parse_query(good + "&" + other);
        BOOST_TEST(*query.get("state") == "s1", other);
        BOOST_TEST(*query.get("webhook_url") == "https://a.example/", other);
        BOOST_TEST(!query.get("group_name"), other);
    }
    BOOST_TEST(*Parameters::parse_query(good + "&" + std::string(65, 'n') + "=1").get("state") == "s1");
    std::string many = good;
    for (int i = 0; i < 2000; ++i) many += "&p" + std::to_string(i) + "=1";
    BOOST_TEST(*Parameters::parse_query(many).get("state") == "s1");
    for (const auto& [part, fault] : std::initializer_list<std::pair<std::string, const char*>>{
             {"group_name=%FF", "is not UTF-8"},
             {"group_name=%zz", "holds a % that no two hex digits follow"},
             {"group_name=a%00", "holds a zero byte"},
             {"group_name=a&group_name=b", "occurs twice"},
             {"group_name=a&group%5fname=%FF&group_name=c", "occurs twice"},
             {"group_name=" + std::string(8193, 'x'), "is too long"}}) {
        const Parameters query = Parameters::parse_query(part + "&" + good);
        BOOST_TEST(query.fault("group_name") == std::string_view(fault), part);
        BOOST_TEST(query.fault("state") == nullptr);
        BOOST_TEST(!query.empty());
        try {
            query.get("group_name");
            BOOST_ERROR("taken: " << part);
        } catch (const BadRequest& refused) {
            BOOST_TEST(refused.what() == "the parameter group_name " + std::string(fault));
        }
    }
    BOOST_TEST(Parameters::parse_query("").empty());
}

BOOST_AUTO_TEST_CASE(names_values_and_counts_have_limits) {
    BOOST_TEST(!is_refused(std::string(64, 'n') + "=1"));
    BOOST_TEST(is_refused(std::string(65, 'n') + "=1"));
    BOOST_TEST(!is_refused("a=" + std::string(8192, 'v')));
    BOOST_TEST(is_refused("a=" + std::string(8193, 'v')));
    std::string many;
    for (int i = 0; i < 64; ++i) many += "p" + std::to_string(i) + "=1&";
    BOOST_TEST(!is_refused(many));
    BOOST_TEST(is_refused(many + "q=1"));
}

BOOST_AUTO_TEST_CASE(a_refusal_never_quotes_the_input) {
    try {
        Parameters::parse("sig=geheim&sig=geheim");
        BOOST_FAIL("not refused");
    } catch (const BadRequest& refused) {
        BOOST_TEST(std::string(refused.what()).find("geheim") == std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(a_cookie_is_found_by_its_whole_name) {
    BOOST_TEST(*cookie("a=1; __Host-o365-12ab=x=y ;b=2", "__Host-o365-12ab") == "x=y");
    BOOST_TEST(!cookie("x__Host-o365-12ab=1; __Host-o365-12abc=2", "__Host-o365-12ab"));
    BOOST_TEST(!cookie("", "a"));
    BOOST_TEST(*cookie("a=", "a") == "");
}

BOOST_AUTO_TEST_CASE(a_cookie_that_arrives_twice_counts_as_none) { BOOST_TEST(!cookie("a=1; a=1", "a")); }

BOOST_AUTO_TEST_CASE(utf8_has_no_second_spelling) {
    BOOST_TEST(is_utf8(""));
    BOOST_TEST(is_utf8("Grüße \xf0\x9f\x98\x80"));
    for (const char* bytes : {"\x80", "\xc3", "\xc1\x81", "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xed\xbf\xbf",
                              "\xf5\x80\x80\x80", "\xff", "\xe2\x28\xa1"}) {
        BOOST_TEST(!is_utf8(bytes));
    }
}

BOOST_AUTO_TEST_CASE(text_is_encoded_for_urls_and_html) {
    BOOST_TEST(url_encode("a b/\xc3\xbc?~-._") == "a%20b%2F%C3%BC%3F~-._");
    BOOST_TEST(html_escape("<a href=\"'&'\">") == "&lt;a href=&quot;&#39;&amp;&#39;&quot;&gt;");
}

BOOST_AUTO_TEST_CASE(a_post_from_another_site_is_told_apart) {
    const std::string ours = "https://app.example:8443/mount";
    BOOST_TEST(is_same_site_post(post("", ""), ours));
    BOOST_TEST(is_same_site_post(post("null", "same-origin"), ours));
    BOOST_TEST(is_same_site_post(post("https://app.example:8443", "same-origin"), ours));
    BOOST_TEST(is_same_site_post(post("https://APP.example:8443", "none"), ours));
    BOOST_TEST(!is_same_site_post(post("", "cross-site"), ours));
    BOOST_TEST(!is_same_site_post(post("", "same-site"), ours));
    BOOST_TEST(!is_same_site_post(post("https://app.example", ""), ours));
    BOOST_TEST(!is_same_site_post(post("http://app.example:8443", ""), ours));
    BOOST_TEST(!is_same_site_post(post("https://app.example.evil:8443", ""), ours));
    BOOST_TEST(!is_same_site_post(post("nonsense", ""), ours));
    BOOST_TEST(!is_same_site_post(post("https://elsewhere.example", "same-origin"), ours));
    BOOST_TEST(is_same_site_post(post("https://elsewhere.example", ""), ""));
}

BOOST_AUTO_TEST_CASE(our_own_url_is_asked_for_only_where_the_origin_decides) {
    BOOST_TEST(is_judged_by_origin(post("https://app.example", "")));
    BOOST_TEST(is_judged_by_origin(post("https://app.example", "none")));
    BOOST_TEST(!is_judged_by_origin(post("https://app.example", "same-origin")));
    BOOST_TEST(!is_judged_by_origin(post("https://app.example", "cross-site")));
    BOOST_TEST(!is_judged_by_origin(post("null", "")));
    BOOST_TEST(!is_judged_by_origin(post("", "")));
}

BOOST_AUTO_TEST_CASE(a_form_is_known_by_its_media_type) {
    for (const char* type : {"application/x-www-form-urlencoded", "Application/X-WWW-Form-URLEncoded",
                             " application/x-www-form-urlencoded ; charset=utf-8"}) {
        BOOST_TEST(is_form(type));
    }
    for (const char* type : {"", " ", ";", "application/json", "application/x-www-form-urlencodedx",
                             "multipart/form-data; boundary=application/x-www-form-urlencoded"}) {
        BOOST_TEST(!is_form(type));
    }
}

BOOST_AUTO_TEST_CASE(every_response_has_the_header_profile) {
    for (const Response& response : {Response(), Response::html(200, "x"), Response::text(200, "x"),
                                     Response::json(200, "{}"), Response::redirect(302, "https://a/")}) {
        BOOST_TEST(header(response, "Cache-Control") == "no-store");
        BOOST_TEST(header(response, "Referrer-Policy") == "no-referrer");
        BOOST_TEST(header(response, "X-Content-Type-Options") == "nosniff");
        BOOST_TEST(header(response, "Content-Security-Policy") ==
                   "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; "
                   "frame-ancestors 'none'");
        BOOST_TEST(header(response, "Cross-Origin-Opener-Policy") == "same-origin");
        BOOST_TEST(header(response, "X-Frame-Options") == "DENY");
        BOOST_TEST(header(response, "X-Accel-Expires") == "0");
        BOOST_TEST(header(response, "X-Robots-Tag") == "noindex");
    }
}

BOOST_AUTO_TEST_CASE(form_actions_are_added_and_cannot_change_the_policy) {
    Response response = Response::html(200, "");
    response.allow_form_action("https://outlook.office.com");
    response.allow_form_action("https://sandbox.localhost:8443");
    BOOST_TEST(header(response, "Content-Security-Policy")
                   .find("form-action 'self' https://outlook.office.com https://sandbox.localhost:8443; frame") !=
               std::string::npos);
    for (const char* bad : {"", "https://a; script-src *", "https://a b", "https://a,b"}) {
        BOOST_CHECK_THROW(response.allow_form_action(bad), std::invalid_argument);
    }
}

BOOST_AUTO_TEST_CASE(origins_of_pictures_are_added_and_cannot_change_the_policy) {
    Response response = Response::html(200, "");
    response.allow_picture("https://app.localhost:8443");
    response.allow_form_action("https://outlook.office.com");
    const std::string policy = header(response, "Content-Security-Policy");
    BOOST_TEST(policy.find("img-src 'self' data: https://app.localhost:8443; base-uri") != std::string::npos);
    BOOST_TEST(policy.find("form-action 'self' https://outlook.office.com; frame") != std::string::npos);
    for (const char* bad : {"", "https://a; script-src *", "https://a b", "https://a,b"}) {
        BOOST_CHECK_THROW(response.allow_picture(bad), std::invalid_argument);
    }
}

BOOST_AUTO_TEST_CASE(a_page_may_be_framed_only_when_it_says_so) {
    const auto header = [](const Response& response, std::string_view name) -> std::string {
        for (const auto& [key, value] : response.headers()) {
            if (key == name) return value;
        }
        return {};
    };
    Response response;
    response.allow_form_action("https://example.org");
    response.allow_framing();
    const std::string policy = header(response, "Content-Security-Policy");
    BOOST_TEST(policy.find("frame-ancestors") == std::string::npos);
    BOOST_TEST(policy.find("form-action 'self' https://example.org") != std::string::npos);
    BOOST_TEST(policy.find("default-src 'none'") != std::string::npos);
    BOOST_TEST(header(response, "X-Frame-Options").empty());
    BOOST_TEST(header(Response(), "X-Frame-Options") == "DENY");
}

BOOST_AUTO_TEST_CASE(a_redirect_must_be_absolute) {
    for (const char* bad : {"/clean", "clean", "//evil.example/", "javascript:alert(1)", ""}) {
        BOOST_CHECK_THROW(Response::redirect(302, bad), std::invalid_argument);
    }
    const Response response = Response::redirect(303, "https://a.example/b");
    BOOST_TEST(response.status == 303);
    BOOST_TEST(header(response, "Location") == "https://a.example/b");
}

BOOST_AUTO_TEST_CASE(a_header_cannot_be_split) {
    Response response;
    BOOST_CHECK_THROW(response.set("Location", "https://a/\r\nSet-Cookie: x=y"), std::invalid_argument);
    BOOST_CHECK_THROW(response.set("X", std::string_view("a\0b", 3)), std::invalid_argument);
    BOOST_CHECK_THROW(response.set("X: y", "z"), std::invalid_argument);
    BOOST_CHECK_THROW(response.add("Set-Cookie", "a=b\nX: y"), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(set_replaces_whatever_the_case_and_add_does_not) {
    Response response;
    response.set("cache-control", "public");
    BOOST_TEST(header(response, "Cache-Control") == "");
    BOOST_TEST(header(response, "cache-control") == "public");
    response.add("Set-Cookie", "a=1");
    response.add("Set-Cookie", "b=2");
    BOOST_TEST(header(response, "Set-Cookie") == "a=1|b=2");
}

BOOST_AUTO_TEST_CASE(text_is_cut_between_characters) {
    BOOST_TEST(utf8_beginning("abc", 3) == "abc");
    BOOST_TEST(utf8_beginning("abcd", 3) == "abc");
    BOOST_TEST(utf8_beginning("abé", 3) == "ab");
    BOOST_TEST(utf8_beginning("abé", 4) == "abé");
    BOOST_TEST(utf8_beginning("a€b", 3) == "a");
    BOOST_TEST(utf8_beginning("a€b", 4) == "a€");
    BOOST_TEST(utf8_beginning("😀", 3).empty());
    BOOST_TEST(utf8_beginning("", 0).empty());
}

BOOST_AUTO_TEST_SUITE_END()

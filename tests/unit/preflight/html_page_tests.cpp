#include "lib/preflight/html_page.h"

#include <boost/test/unit_test.hpp>

using namespace o365;

namespace {

std::string fetched(std::string_view page) {
    std::string all;
    for (const std::string& origin : fetched_origins(page, "https://app.example.org"))
        all += (all.empty() ? "" : " ") + origin;
    return all;
}

}  // namespace

BOOST_AUTO_TEST_CASE(only_no_referrer_and_origin_keep_a_query_from_other_sites) {
    BOOST_TEST(is_referrer_policy("no-referrer"));
    BOOST_TEST(is_referrer_policy("origin"));
    for (const char* policy : {"", "none", "unsafe-url", "same-origin", "origin-when-cross-origin", "no-referrer "})
        BOOST_TEST(!is_referrer_policy(policy), policy);
}

BOOST_AUTO_TEST_CASE(a_meta_tag_is_found_however_it_is_written) {
    for (const char* page :
         {"<meta name=\"referrer\" content=\"no-referrer\">", "<META NAME='referrer' CONTENT='Origin'/>",
          "<meta content=origin name=referrer>", "<meta name=referrer content=origin/>",
          "<meta charset=utf-8>\n<meta\n name=\"referrer\"\n content=\"no-referrer\" />"})
        BOOST_TEST(has_referrer_meta(page), page);
    for (const char* page :
         {"", "<meta name=\"referrer\" content=\"unsafe-url\">", "<meta name=\"referer\" content=\"no-referrer\">",
          "<meta data-name=\"referrer\" content=\"no-referrer\">", "<p>referrer no-referrer</p>", "<meta",
          "<meta name="})
        BOOST_TEST(!has_referrer_meta(page), page);
}

BOOST_AUTO_TEST_CASE(what_a_browser_fetches_by_itself_is_found_with_its_origin) {
    BOOST_TEST(fetched("<script src=\"https://cdn.example.net/a.js\"></script>") == "https://cdn.example.net");
    BOOST_TEST(fetched("<img src='//Pictures.example.net:8443/a.png'>") == "https://pictures.example.net:8443");
    BOOST_TEST(fetched("<img srcset=\"/a.png 1x, https://cdn.example.net/b.png 2x\">") == "https://cdn.example.net");
    BOOST_TEST(fetched("<link rel=stylesheet href=https://fonts.example.net/css>") == "https://fonts.example.net");
    BOOST_TEST(fetched("<link href='https://x.example.net/' rel='preconnect'>") == "https://x.example.net");
    BOOST_TEST(fetched("<iframe src=http://app.example.org/></iframe>") == "http://app.example.org");
    BOOST_TEST(fetched("<video poster=https://v.example.net/p></video>") == "https://v.example.net");
    BOOST_TEST(fetched("<style>body { background: url( 'https://bg.example.net/x' ) }</style>") ==
               "https://bg.example.net");
    BOOST_TEST(fetched("<base href=https://elsewhere.example.net/>") == "https://elsewhere.example.net");
    BOOST_TEST(fetched("<img src=https://a.example.net/1><img src=https://b.example.net/><img "
                       "src=https://a.example.net/2>") == "https://a.example.net https://b.example.net");
}

BOOST_AUTO_TEST_CASE(links_that_somebody_has_to_follow_and_the_own_origin_are_no_fetches) {
    for (const char* page :
         {"", "<a href=https://contoso.example>Go</a>", "<img src=../logo>", "<link rel=icon href=\"data:,\">",
          "<link rel=stylesheet href=\"https://app.example.org/o365.css\">", "<link rel=canonical href=https://x.net/>",
          "<form action=https://outlook.office.com/connectors/Connect></form>", "<p>src=https://x.example.net</p>",
          "<img data-src=https://x.example.net/>", "<img src=", "<", "url("})
        BOOST_TEST(fetched(page) == "", page);
}

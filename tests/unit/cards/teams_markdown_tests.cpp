#include "lib/cards/teams_markdown.h"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

using namespace o365;  // NOLINT(google-build-using-namespace)

BOOST_AUTO_TEST_SUITE(teams_markdown_tests)

BOOST_AUTO_TEST_CASE(markdown_that_is_not_rendered_reads_well) {
    BOOST_TEST(teams_markdown("# Head\nbody") == "**Head**\n\nbody");
    BOOST_TEST(teams_markdown("see ![a cat](https://e.example/c.png)!") == "see [a cat](https://e.example/c.png)!");
    BOOST_TEST(teams_markdown("|a|b|\n|-|-|\n|1|2|") == "a|b\n\n1|2");
    BOOST_TEST(teams_markdown("a<br>b <B>c</B>") == "a\n\nb **c**");
    BOOST_TEST(teams_markdown("<a href=\"https://e.example/\">x</a>") == "[x](https://e.example/)");
    BOOST_TEST(teams_markdown("<a href=\"javascript:x\">x</a>") == "<a href=\"javascript:x\">x</a>");
    BOOST_TEST(teams_markdown("`<b>` <script>") == "`<b>` <script>");
    BOOST_TEST(teams_markdown("```\na\nb\n```\n") == "a\n\nb\n\n");
    BOOST_TEST(teams_markdown("Log:\n\n```error: disk full```\n\n# Next") ==
               "Log:\n\n```error: disk full```\n\n**Next**");
    BOOST_TEST(teams_markdown("```py\nin __init__ of x[0]*2\n- 1. a\n1. b\n17\n```\n_a_") ==
               "in \\_\\_init\\_\\_ of x\\[0\\]\\*2\n\n\\- 1. a\n\n1\\. b\n\n17\n\n_a_");
    BOOST_TEST(teams_markdown("````\n```\na_b\n````\nc_d") == "\\`\\`\\`\n\na\\_b\n\nc_d");
    BOOST_TEST(teams_markdown("#17 is open, **bold** stays") == "#17 is open, **bold** stays");
}

BOOST_AUTO_TEST_CASE(f21_html_becomes_markdown_by_whole_pairs) {
    BOOST_TEST(teams_markdown("# One\r## Two\r### Three") == "**One**\n\n**Two**\n\n**Three**");
    BOOST_TEST(teams_markdown("a:\r- b\r\n- c") == "a:\n- b\n- c");
    BOOST_TEST(teams_markdown("<b style=\"color:red\">Failed</b> now") == "**Failed** now");
    BOOST_TEST(teams_markdown("<i class=x>a</i>") == "_a_");
    BOOST_TEST(teams_markdown("<code class=\"l\">x</code>") == "`x`");
    BOOST_TEST(teams_markdown("a </b> b") == "a </b> b");
    BOOST_TEST(teams_markdown("<b>a") == "<b>a");
    BOOST_TEST(teams_markdown("<b class=x>1</b><b>2</b>") == "**12**");
    BOOST_TEST(teams_markdown("<b> a </b>b") == " **a** b");
    BOOST_TEST(teams_markdown("<b></b>a") == "a");
    BOOST_TEST(teams_markdown("<b><i>x</b></i>y") == "**_x_**y");
    BOOST_TEST(teams_markdown("un<i>do</i>ne") == "un*do*ne");
    BOOST_TEST(teams_markdown("<p class=x>a</p>b") == "a\n\nb");
    BOOST_TEST(teams_markdown("<ol><li>a</li><li>b</li></ol><ul><li>c</li></ul>") == "\n1. a\n2. b\n\n\n- c\n\n");
    BOOST_TEST(teams_markdown("<span style='x'>a</span> <font color=red>b</font> <u>c</u>") == "a b c");
    BOOST_TEST(teams_markdown("<h2 id=x>Head</h2>body") == "**Head**\n\nbody");
    BOOST_TEST(teams_markdown("<a class='x' href='https://e.example/a(b)?a=1&amp;b=2'>A [b] <b>c</b></a>") ==
               "[A \\[b\\] **c**](https://e.example/a%28b%29?a=1&b=2)");
    BOOST_TEST(teams_markdown("<a href=\"javascript:x\">x</a>") == "<a href=\"javascript:x\">x</a>");
    BOOST_TEST(teams_markdown("a < b, 1 <2> <x@y.example> <bogus>") == "a < b, 1 <2> <x@y.example> <bogus>");
    BOOST_TEST(teams_markdown("> a `<b>` ~~c~~ &copy;") == "> a `<b>` ~~c~~ \u00a9");
}

BOOST_AUTO_TEST_CASE(a_text_without_marks_stays_byte_for_byte) {
    for (const char* text : {"", " ", "a\nb", "**b** _i_ [l](https://a.example/)", "a\n\n- b\n"})
        BOOST_TEST(teams_markdown(text) == text);
}

BOOST_AUTO_TEST_CASE(pictures_of_the_web_are_given_back) {
    std::vector<TextPicture> pictures;
    BOOST_TEST(teams_markdown("a ![n](https://e.example/n.png) ![](u)\n![](https://e.example/o.png)\n## b",
                              &pictures) == "a [n](https://e.example/n.png) u\n\n**b**");
    BOOST_REQUIRE_EQUAL(pictures.size(), 2U);
    BOOST_TEST(pictures[0].name == "n");
    BOOST_TEST(pictures[0].url == "https://e.example/n.png");
    BOOST_TEST(pictures[1].name == "");
    BOOST_TEST(pictures[1].url == "https://e.example/o.png");
    BOOST_TEST(teams_markdown("![](https://e.example/o.png)") == "https://e.example/o.png");
    BOOST_TEST(teams_markdown("![a](b") == "![a](b");
}

BOOST_AUTO_TEST_CASE(a_text_after_a_table_begins_a_paragraph) {
    BOOST_TEST(teams_markdown("|a|\n|-|\n|1|\nb\nc") == "a\n\n1\n\nb\nc");
    BOOST_TEST(teams_markdown("|-|-|") == "");
    BOOST_TEST(teams_markdown("||\nb") == "||\nb");
}

BOOST_AUTO_TEST_SUITE_END()

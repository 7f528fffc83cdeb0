#include "lib/cards/markdown.h"

#include <boost/test/unit_test.hpp>

using o365::markdown_html;

BOOST_AUTO_TEST_SUITE(markdown_tests)

BOOST_AUTO_TEST_CASE(what_cards_use_is_rendered) {
    BOOST_TEST(markdown_html("") == "");
    BOOST_TEST(markdown_html("a *b* **c**") == "<p>a <em>b</em> <strong>c</strong></p>\n");
    BOOST_TEST(markdown_html("- x\n- y") == "<ul>\n<li>x</li>\n<li>y</li>\n</ul>\n");
    BOOST_TEST(markdown_html("[t](https://example.org/a?b=1&c=2)") ==
               "<p><a href=\"https://example.org/a?b=1&amp;c=2\">t</a></p>\n");
}

BOOST_AUTO_TEST_CASE(html_is_shown_as_the_text_that_it_is) {
    BOOST_TEST(markdown_html("a <b>c</b>") == "<p>a &lt;b&gt;c&lt;/b&gt;</p>\n");
    for (const char* text : {"<script>alert(1)</script>", "x <img src=x onerror=alert(1)> y", "<div onclick='x'>\n\nz",
                             "<!-- c -->", "**<svg/onload=x>**", "`<i>`"}) {
        const std::string html = markdown_html(text);
        for (const char* tag : {"<script", "<img", "<div", "<!--", "<svg", "<i>"})
            BOOST_TEST(html.find(tag) == std::string::npos, text);
    }
}

BOOST_AUTO_TEST_CASE(links_lead_to_the_web_or_to_mail_only) {
    BOOST_TEST(markdown_html("[a](javascript:alert(1))") == "<p>a</p>\n");
    BOOST_TEST(markdown_html("[a](data:text/html,x)") == "<p>a</p>\n");
    BOOST_TEST(markdown_html("[a](/here)") == "<p>a</p>\n");
    BOOST_TEST(markdown_html("[a](mailto:a@example.org)") == "<p><a href=\"mailto:a@example.org\">a</a></p>\n");
    BOOST_TEST(markdown_html("[**a**](x:y) b") == "<p><strong>a</strong> b</p>\n");
}

BOOST_AUTO_TEST_CASE(a_picture_becomes_a_link) {
    BOOST_TEST(markdown_html("![a](https://example.org/a.png)") ==
               "<p><a href=\"https://example.org/a.png\">a</a></p>\n");
    BOOST_TEST(markdown_html("[![a](https://example.org/a.png)](javascript:x)") ==
               "<p><a href=\"https://example.org/a.png\">a</a></p>\n");
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_text_do_no_harm) {
    BOOST_TEST(markdown_html(std::string_view("a\0b", 3)) ==
               "<p>a\xEF\xBF\xBD"
               "b</p>\n");
    BOOST_TEST(markdown_html("a\xff") == "<p>a\xEF\xBF\xBD</p>\n");
}

BOOST_AUTO_TEST_CASE(f10_the_first_line_is_without_markdown) {
    using o365::markdown_first_line;
    BOOST_TEST(markdown_first_line("") == "");
    BOOST_TEST(markdown_first_line("\n \n") == "");
    BOOST_TEST(markdown_first_line("# **a** [b](https://c.example) `d` &amp; \\*e\\*") == "a b d & *e*");
    BOOST_TEST(markdown_first_line("a\nb") == "a");
    BOOST_TEST(markdown_first_line("---\n\n1. x\n2. y") == "x");
    BOOST_TEST(markdown_first_line("<b>a</b> c") == "a c");
    BOOST_TEST(markdown_first_line("```\ncode\nmore\n```") == "code");
    BOOST_TEST(markdown_first_line("![p](https://c.example/p.png)") == "p");
}

BOOST_AUTO_TEST_SUITE_END()

#include "lib/pages/pages.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

using namespace o365;

namespace {

// A folder of an operator's own files, gone at the end.
class Folder {
  public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "o365-pages.XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
        path_ = name;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    void write(const std::string& name, const std::string& text) const {
        std::filesystem::create_directories((path_ / name).parent_path());
        std::ofstream(path_ / name) << text;
    }
    std::string path() const { return path_.string(); }

  private:
    std::filesystem::path path_;
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

Json::Value connector() {
    Json::Value values;
    values["lang"] = "en";
    values["base"] = "../";
    values["referrer"] = "no-referrer";
    values["slug"] = "helpdesk";
    values["name"] = "Contoso <Helpdesk>";
    values["again_here"] = true;
    values["t"]["heading"] = "It's \"here\"";
    return values;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(page_tests)

BOOST_AUTO_TEST_CASE(a_page_stands_inside_the_layout) {
    const Pages pages("");
    const std::string page = pages.render("failed", connector());
    BOOST_TEST(has(page, "<!doctype html>"));
    BOOST_TEST(has(page, "<meta name=\"referrer\" content=\"no-referrer\">"));
    BOOST_TEST(has(page, "href=\"../static/o365.css\""));
    BOOST_TEST(has(page, "../helpdesk/logo"));
}

BOOST_AUTO_TEST_CASE(values_are_escaped_once) {
    const std::string page = Pages("").render("failed", connector());
    BOOST_TEST(has(page, "Contoso &lt;Helpdesk&gt;"));
    BOOST_TEST(has(page, "<h1>It&#39;s &quot;here&quot;</h1>"));
    BOOST_TEST(!has(page, "&amp;lt;"));
}

BOOST_AUTO_TEST_CASE(an_empty_text_and_null_count_as_absent) {
    Json::Value values = connector();
    values["again_link"] = true;
    values["website"] = "";
    values["request_id"] = Json::nullValue;
    const std::string page = Pages("").render("failed", values);
    BOOST_TEST(!has(page, "button quiet"));
    BOOST_TEST(!has(page, "<code>"));
    values["website"] = "https://contoso.example/?a&b";
    values["request_id"] = "r-0123456789ab";
    const std::string more = Pages("").render("failed", values);
    BOOST_TEST(has(more, "href=\"https://contoso.example/?a&amp;b\""));
    BOOST_TEST(has(more, "<code>r-0123456789ab</code>"));
}

BOOST_AUTO_TEST_CASE(a_list_is_rendered_in_order) {
    Json::Value values = connector();
    values["may_start"] = true;
    values["has_events"] = true;
    values["events"].append("first & foremost");
    values["events"].append("second");
    const std::string page = Pages("").render("landing", values);
    const auto first = page.find("<li>first &amp; foremost</li>");
    BOOST_REQUIRE(first != std::string::npos);
    BOOST_TEST(page.find("<li>second</li>") > first);
    BOOST_TEST(has(page, "action=\"../helpdesk/start\""));
}

BOOST_AUTO_TEST_CASE(no_page_has_a_script_or_a_style_of_its_own) {
    for (const auto& [name, content] : embedded_files()) {
        if (!name.ends_with(".mustache")) continue;
        BOOST_TEST(content.find("<script") == std::string_view::npos, name);
        BOOST_TEST(content.find("<style") == std::string_view::npos, name);
        BOOST_TEST(content.find("style=") == std::string_view::npos, name);
    }
}

BOOST_AUTO_TEST_CASE(every_text_of_a_template_stands_in_the_strings) {
    const Pages pages("");
    const Texts& strings = *pages.find_texts("en");
    for (const auto& [name, content] : embedded_files()) {
        if (!name.ends_with(".mustache")) continue;
        const std::string page = name.substr(10, name.size() - 19);
        Pages::UsedTexts used = pages.used_texts(page);
        BOOST_TEST((page == "layout" || content.find("{{t.") == std::string_view::npos || !used.plain.empty()), page);
        used.plain.merge(used.html);
        for (const std::string& text : used.plain) {
            const bool found = strings["common"].isMember(text) || strings[page].isMember(text) || text == "title" ||
                               (page == "failed" && strings["reasons"]["other"].isMember(text)) ||
                               (page == "message" && strings["messages"]["404"].isMember(text)) ||
                               (page == "done" && text == "connected") ||
                               (page == "confirm" && text == "question" && strings[page].isMember("question_other"));
            BOOST_TEST(found, name << ": " << text);
        }
    }
    for (const std::string& reason : strings["reasons"].getMemberNames())
        BOOST_TEST(strings["reasons"][reason]["happened"].isString(), reason);
}

BOOST_AUTO_TEST_CASE(a_file_of_the_operator_takes_the_place_of_ours) {
    const Folder folder;
    folder.write("templates/failed.mustache", "own {{name}}");
    folder.write("static/o365.css", "body{}");
    const Pages pages(folder.path());
    BOOST_TEST(has(pages.render("failed", connector()), "own Contoso &lt;Helpdesk&gt;"));
    BOOST_TEST(*pages.file("o365.css") == "body{}");
    BOOST_TEST(has(pages.render("done", connector()), "<h1>"));
}

BOOST_AUTO_TEST_CASE(texts_of_the_operator_take_the_place_of_ours_one_by_one) {
    const Folder folder;
    folder.write("strings/en.json", R"({"done": {"heading": "Fine"}})");
    const Pages ours("");
    const Pages own(folder.path());
    BOOST_TEST(own.texts("en")["done"]["heading"].asString() == "Fine");
    BOOST_TEST(own.texts("en")["done"]["next"] == ours.texts("en")["done"]["next"]);
    BOOST_TEST(own.texts("en")["failed"] == ours.texts("en")["failed"]);
    BOOST_TEST(own.warnings().empty());
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_none_is_named) {
    BOOST_CHECK_EXCEPTION(Pages("/nowhere"), std::runtime_error,
                          [](const std::exception& error) { return has(error.what(), "/nowhere"); });
}

BOOST_AUTO_TEST_CASE(a_template_that_does_not_parse_is_named) {
    const Folder folder;
    folder.write("templates/failed.mustache", "{{#open}} never closed");
    BOOST_CHECK_EXCEPTION(Pages(folder.path()), std::runtime_error,
                          [](const std::exception& error) { return has(error.what(), "templates/failed.mustache"); });
    const Folder other;
    other.write("strings/en.json", "{ \"lang\": ");
    BOOST_CHECK_EXCEPTION(Pages(other.path()), std::runtime_error,
                          [](const std::exception& error) { return has(error.what(), "strings/en.json"); });
}

BOOST_AUTO_TEST_CASE(an_unknown_page_is_out_of_range_and_an_unknown_file_is_none) {
    const Pages pages("");
    BOOST_CHECK_THROW(pages.render("nothing", connector()), std::out_of_range);
    BOOST_TEST(pages.file("nothing.css") == nullptr);
    BOOST_TEST(pages.file("../strings/en.json") == nullptr);
    BOOST_TEST(pages.file("o365.css") != nullptr);
}

BOOST_AUTO_TEST_SUITE_END()

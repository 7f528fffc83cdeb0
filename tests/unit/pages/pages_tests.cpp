#include "lib/pages/pages.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

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

// A shipped strings file as it is, without English beneath it.
Json::Value shipped(const std::string& language) {
    const std::string_view text = embedded_files().at("strings/" + language + ".json");
    Json::Value tree;
    std::string problems;
    const std::unique_ptr<Json::CharReader> reader{Json::CharReaderBuilder().newCharReader()};
    if (!reader->parse(text.data(), text.data() + text.size(), &tree, &problems)) throw std::runtime_error(problems);
    return tree;
}

// How a text shows its placeholders: "{account:strong}".
std::multiset<std::string> shown_placeholders(const Json::Value& text) {
    const std::string all = text.isString() ? text.asString() : text["other"].asString();
    std::multiset<std::string> found;
    for (auto open = all.find('{'); open != std::string::npos; open = all.find('{', open + 1))
        found.insert(all.substr(open, all.find('}', open) - open));
    return found;
}

// What is wrong with a text of a language, or with its plural forms.
void check_forms(const Json::Value& text, const std::string& at, std::vector<std::string>& problems) {
    if (text.isString() && text.asString().empty()) problems.push_back(at + ": an empty text");
    if (!text.isObject()) return;
    for (const Json::Value& form : text)
        if (!form.isString() || form.asString().empty()) problems.push_back(at + ": an empty plural form");
    for (const char* needed : {"count", "one", "other"})
        if (!text.isMember(needed)) problems.push_back(at + ": it has no " + needed);
}

void compare_texts(const Json::Value& english, const Json::Value& other, const std::string& at,
                   std::vector<std::string>& problems) {
    if (placeholders(english) != placeholders(other))
        problems.push_back(at + ": other placeholders");
    else if (shown_placeholders(english) != shown_placeholders(other))
        problems.push_back(at + ": placeholders are shown in another way");
    if (english.isObject() != other.isObject()) problems.push_back(at + ": plural forms in one only");
    check_forms(other, at, problems);
}

// What is different about the texts of a language, a line each: keys, placeholders, how values are shown, empty texts.
void compare(const Json::Value& english, const Json::Value& other, const std::string& at,
             std::vector<std::string>& problems) {
    if (is_text(english) != is_text(other)) return problems.push_back(at + ": a text in one and none in the other");
    if (is_text(english)) return compare_texts(english, other, at, problems);
    std::set<std::string> names;
    for (const std::string& name : english.getMemberNames()) names.insert(name);
    for (const std::string& name : other.getMemberNames()) names.insert(name);
    for (const std::string& name : names) {
        const std::string path = at.empty() ? name : at + "." + name;
        if (!english.isMember(name) || !other.isMember(name)) {
            problems.push_back(path + ": missing in one of them");
        } else {
            compare(english[name], other[name], path, problems);
        }
    }
}

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
    values["h"]["request"] = "Mention <code>r-0123456789ab</code>.";
    const std::string more = Pages("").render("failed", values);
    BOOST_TEST(has(more, "href=\"https://contoso.example/?a&amp;b\""));
    BOOST_TEST(has(more, "<code>r-0123456789ab</code>"));
}

BOOST_AUTO_TEST_CASE(a_list_is_rendered_in_order) {
    Json::Value values = connector();
    values["may_start"] = true;
    values["only_button"] = true;
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

BOOST_AUTO_TEST_CASE(english_german_french_and_spanish_have_the_same_texts) {
    const std::vector<std::string> languages{"de", "en", "es", "fr"};
    BOOST_TEST(Pages("").languages() == languages, boost::test_tools::per_element());
    for (const std::string& language : languages) {
        std::vector<std::string> problems;
        compare(shipped("en"), shipped(language), "", problems);
        for (const std::string& problem : problems) BOOST_ERROR(language << ": " << problem);
    }
    std::vector<std::string> found;
    Json::Value broken = shipped("de");
    broken["done"]["next"] = "";
    broken["done"].removeMember("place");
    broken["landing"]["account"] = "Sie verbinden {account}.";
    broken["landing"]["hint"] = "Nichts von {name}.";
    broken["confirm"]["next"] = "Ohne {minutes}.";
    compare(shipped("en"), broken, "", found);
    BOOST_TEST(found.size() == 5U);
}

BOOST_AUTO_TEST_CASE(a_reader_gets_the_language_that_the_browser_asks_for) {
    const Pages pages("");
    BOOST_TEST(pages.texts("de-AT,de;q=0.9,en;q=0.8").language() == "de");
    BOOST_TEST(pages.texts("zh").language() == "en");
    BOOST_TEST(pages.texts("").language() == "en");
    const Pages french("", "fr-CA");
    BOOST_TEST(french.texts("").language() == "fr");
    BOOST_TEST(french.texts("zh").language() == "fr");
    BOOST_TEST(french.texts("es").language() == "es");
    BOOST_TEST(pages.find_texts("de-CH")->language() == "de");
    BOOST_TEST(pages.find_texts("it") == nullptr);
}

BOOST_AUTO_TEST_CASE(a_default_language_without_texts_is_named_with_those_that_there_are) {
    BOOST_CHECK_EXCEPTION(Pages("", "it"), std::runtime_error, [](const std::exception& error) {
        return has(error.what(), "'it'") && has(error.what(), "de, en, es, fr");
    });
}

BOOST_AUTO_TEST_CASE(a_language_of_the_operator_is_offered_and_english_where_it_lacks_a_text) {
    const Folder folder;
    folder.write("strings/it.json", R"({"done": {"heading": "{name} connesso"}, "list": {"choose": "Scelga."}})");
    folder.write("strings/en.json", R"({"done": {"next": "Bye."}})");
    folder.write("strings/it.json~", "{");
    folder.write("strings/read me.json", "{");
    const Pages pages(folder.path(), "it");
    const Texts& italian = pages.texts("it-IT");
    BOOST_TEST(italian.language() == "it");
    BOOST_TEST(italian["done"]["heading"].asString() == "{name} connesso");
    BOOST_TEST(italian["done"]["next"].asString() == "Bye.");
    BOOST_TEST(italian["done"]["place"] == Pages("").texts("en")["done"]["place"]);
    BOOST_TEST(pages.texts("").language() == "it");
    BOOST_REQUIRE(pages.warnings().size() == 1U);
    BOOST_TEST(has(pages.warnings()[0], "it.json lacks texts, which are shown in English: action.card, "));
}

BOOST_AUTO_TEST_CASE(a_part_of_german_changes_german_alone_and_is_nothing_to_warn_of) {
    const Folder folder;
    folder.write("strings/de.json", R"({"done": {"heading": "Fertig", "next": ""}})");
    const Pages own(folder.path());
    BOOST_TEST(own.texts("de")["done"]["heading"].asString() == "Fertig");
    BOOST_TEST(own.texts("de")["done"]["next"].asString().empty());
    BOOST_TEST(own.texts("de")["done"]["place"] == Pages("").texts("de")["done"]["place"]);
    BOOST_TEST(own.texts("en")["done"] == Pages("").texts("en")["done"]);
    BOOST_TEST(own.warnings().empty());
}

BOOST_AUTO_TEST_CASE(a_plural_is_replaced_as_a_whole) {
    const Folder folder;
    folder.write("strings/de.json", R"({"confirm": {"next": "In {minutes} min.", "title": {"count": "minutes",
        "other": "{minutes} Minuten"}}})");
    const Pages own(folder.path());
    BOOST_TEST(own.texts("de")["confirm"]["next"].asString() == "In {minutes} min.");
    BOOST_TEST(own.texts("de")["confirm"]["title"].size() == 2U);
    BOOST_TEST(own.texts("de")["confirm"]["replace_next"].isMember("one"));
}

BOOST_AUTO_TEST_CASE(texts_and_placeholders_that_there_are_none_of_are_warned_of) {
    const Folder folder;
    folder.write("strings/de.json", R"({"done": {"haeding": "Fertig", "heading": "{nmae} {name} {since:date}"}})");
    const Pages own(folder.path());
    BOOST_REQUIRE(own.warnings().size() == 2U);
    BOOST_TEST(has(own.warnings()[0], "de.json has texts that no page shows: done.haeding"));
    BOOST_TEST(has(own.warnings()[1], "de.json has placeholders that nothing fills: {nmae} in done.heading"));
}

BOOST_AUTO_TEST_CASE(what_is_no_text_is_named_with_its_file) {
    for (const char* wrong : {R"({"done": "Fine"})", R"({"done": {"next": 5}})", R"({"done": {"next": ["a"]}})",
                              R"({"done": {"next": {"one": "a"}}})", R"({"done": {"next": {"other": "a"}}})",
                              R"({"done": {"next": {"count": "n", "other": "a", "one": 1}}})", R"([])", R"({"done")"}) {
        const Folder folder;
        folder.write("strings/it.json", wrong);
        BOOST_CHECK_EXCEPTION(Pages(folder.path()), std::runtime_error,
                              [](const std::exception& error) { return has(error.what(), "strings/it.json"); });
    }
}

BOOST_AUTO_TEST_CASE(templates_name_the_texts_that_they_show) {
    const Pages pages("");
    BOOST_TEST(pages.used_texts("landing").html.contains("account"));
    BOOST_TEST(pages.used_texts("landing").plain.contains("heading"));
    BOOST_TEST(pages.used_texts("landing").plain.contains("title"));
    BOOST_TEST(pages.used_texts("failed").plain.contains("next"));
    BOOST_CHECK_THROW(pages.used_texts("nothing"), std::out_of_range);
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

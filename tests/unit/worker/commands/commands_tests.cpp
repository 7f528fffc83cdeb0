// The worker's commands as an operator runs them, against an installation on the server of tests/with-postgres.
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <regex>
#include <sstream>
#include <thread>

#include "lib/base/exit_code.h"
#include "lib/base/version.h"
#include "lib/database/schema.h"
#include "lib/json/json_text.h"
#include "lib/keys/key_ring.h"
#include "lib/settings/settings.h"
#include "tests/support/installation.h"
#include "worker/chores/chores.h"
#include "worker/commands/card.h"
#include "worker/commands/find_user.h"
#include "worker/commands/import.h"
#include "worker/commands/keys.h"
#include "worker/commands/preflight.h"

namespace o365 {
namespace {

Installation& installation() {
    static Installation made("commands");
    static const bool filled = [] {
        made.add_connector("desk");
        return true;
    }();
    BOOST_REQUIRE(filled);
    return made;
}

class Folder {
  public:
    Folder() {
        std::string pattern = "/tmp/o365-commands-XXXXXX";
        path_ = mkdtemp(pattern.data());
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    std::string path(const std::string& name) const { return path_ / name; }
    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream(path_ / name) << text;
        return path(name);
    }

  private:
    std::filesystem::path path_;
};

std::string text_of(const std::string& file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// How a command ended, and what it wrote.
struct Ended {
    int code = -1;
    std::string out;
    std::string err;
};
Ended run(const std::function<int()>& command, const std::string& input = {}) {
    std::ios::sync_with_stdio(false);  // as a command does, which would take the stream's buffer away
    const Folder folder;
    const auto into = [&](int descriptor, const std::string& name) {
        const int kept = dup(descriptor);
        const int file = open(folder.path(name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        dup2(file, descriptor);
        close(file);
        return kept;
    };
    std::fflush(stdout);
    std::fflush(stderr);
    const int out = into(STDOUT_FILENO, "out");
    const int err = into(STDERR_FILENO, "err");
    std::istringstream typed(input);
    std::streambuf* const before = std::cin.rdbuf(typed.rdbuf());
    Ended ended;
    std::exception_ptr thrown;
    try {
        ended.code = command();
    } catch (...) {
        thrown = std::current_exception();
    }
    std::cin.rdbuf(before);
    std::fflush(stdout);
    std::fflush(stderr);
    for (const auto& [kept, descriptor] : {std::pair(out, STDOUT_FILENO), std::pair(err, STDERR_FILENO)}) {
        dup2(kept, descriptor);
        close(kept);
    }
    if (thrown) std::rethrow_exception(thrown);
    ended.out = text_of(folder.path("out"));
    ended.err = text_of(folder.path("err"));
    return ended;
}

// Runs a command with a pipe as its standard output, whose reader ends 200 ms later without having read.
int with_reader_that_ends(const std::function<int()>& command) {
    std::array<int, 2> ends{};
    BOOST_REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[1]);
    const std::jthread reader([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        close(ends[0]);
    });
    return command();
}

// The keys of this installation, made once; each test that needs them asks.
const Settings& settings() {
    static const Folder folder;
    static const Settings made = [] {
        installation();
        Settings one;
        one.database = "dbname=commands";
        one.environment = "development";
        one.worker_name = "commands-tests";
        one.key_file = folder.path("keys");
        const Ended ended = run([&] { return keys_generate(one, false); });
        BOOST_TEST(ended.code == 0);
        BOOST_TEST(has(ended.out, "Losing this file loses every connection"));
        return one;
    }();
    return made;
}

std::string webhook(const std::string& name) {
    return "https://prod-00.westeurope.logic.azure.com/workflows/0123456789abcdef/triggers/manual/paths/invoke"
           "?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=abcdefghijklmnopqrstuvwxyz012345678" +
           name;
}

Ended import(const std::string& csv, const std::function<void(ImportOptions&)>& change = {}) {
    ImportOptions options;
    options.file = "-";
    options.connector = "desk";
    if (change) change(options);
    return run([&] { return import_webhooks(settings(), options); }, csv);
}

constexpr const char* kMessageCard =
    R"({"@type": "MessageCard", "@context": "https://schema.org/extensions", "summary": "s", "title": "Ticket",
        "text": "It is *on* fire.", "sections": [{"title": "Part", "activityTitle": "Ann", "activityImage":
        "https://example.org/a.png", "heroImage": {"image": "https://example.org/h.png", "title": "Hero"},
        "facts": [{"name": "Priority", "value": "high"}], "images": [{"image": "https://example.org/i.png"}]}],
        "potentialAction": [{"@type": "OpenUri", "name": "Open", "targets": [{"os": "default", "uri":
        "https://example.org"}]}]})";
constexpr const char* kAdaptiveCard =
    R"({"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "Title", "weight": "Bolder",
        "size": "Large"}, {"type": "Image", "url": "https://example.org/i.png", "altText": "Plan"}, {"type": "FactSet",
        "facts": [{"title": "a", "value": "b"}]}, {"type": "RichTextBlock", "inlines": ["run"]}, {"type": "Input.Text",
        "id": "i", "label": "Say"}, {"type": "Container", "style": "good", "separator": true, "items": []},
        {"type": "Media"}], "actions": [{"type": "Action.ShowCard", "title": "More", "card": {"type": "AdaptiveCard",
        "body": [{"type": "TextBlock", "text": "Inner"}]}}]})";

}  // namespace

BOOST_AUTO_TEST_SUITE(commands_tests)

BOOST_AUTO_TEST_CASE(keys_are_made_listed_checked_and_backed_up) {
    const Folder folder;
    BOOST_TEST(has(run([] { return keys_check(settings()); }).out, "keys: ok"));
    const Ended listed = run([] { return keys_list(settings()); });
    BOOST_TEST(listed.code == 0);
    BOOST_TEST(has(listed.out, "never"));
    // What ends without reading, as ssh does that cannot connect, has made no backup.
    BOOST_CHECK_THROW(run([] { return with_reader_that_ends([] { return keys_backup(settings(), "-"); }); }), KeyError);
    BOOST_TEST(has(run([] { return keys_list(settings()); }).out, "never"));
    BOOST_TEST(run([&] { return keys_backup(settings(), folder.path("copy")); }).code == 0);
    BOOST_TEST(text_of(folder.path("copy")) == text_of(settings().key_file));
    const Ended piped = run([] { return keys_backup(settings(), "-"); });
    BOOST_TEST(piped.out == text_of(settings().key_file));
    BOOST_TEST(!has(run([] { return keys_list(settings()); }).out, "never"));
    BOOST_TEST(has(run([] { return keys_add(settings(), false); }).out, "sealed under"));
}

BOOST_AUTO_TEST_CASE(a_second_key_file_is_refused_until_the_first_is_given_up) {
    const Folder folder;
    Settings other = settings();
    other.key_file = folder.path("other");
    BOOST_CHECK_THROW(keys_generate(other, false), KeyError);
    BOOST_TEST(!std::filesystem::exists(other.key_file));
    write_key_file(other.key_file, new_key_file());
    BOOST_CHECK_THROW(keys_check(other), KeyError);
    BOOST_CHECK_THROW(keys_backup(other, folder.path("copy")), KeyError);
    Settings pinned = settings();
    pinned.sealing_key = "0123456789ABCDEF";
    BOOST_CHECK_THROW(run([&] { return keys_check(pinned); }), KeyError);
}

BOOST_AUTO_TEST_CASE(webhooks_of_a_file_are_taken_line_by_line_and_what_is_wrong_is_named) {
    const std::string file =
        "app_user,webhook_url,group_name,label,other\n"
        "ann," +
        webhook("ann") +
        ",Sales,Label,x\n"
        "ann," +
        webhook("ann") +
        ",Sales,Label,x\n"
        "ann," +
        webhook("more") +
        ",Sales,,\n"
        "," +
        webhook("nobody") +
        ",,,\n"
        "ben,http://prod-00.westeurope.logic.azure.com/x,,,\n"
        "ben,hello,,,\n"
        "ben,,,,\n"
        "ben,https://contoso.webhook.office.com/webhookb2/x,,,\n"
        "ben,https://elsewhere.example/workflows/x?sig=abcdefghijklmnopqrstuvwxyz0123456789abcdefg,,,\n"
        "ben," +
        webhook("ben") + "," + webhook("ben") +
        ",,\n"
        "ben," +
        webhook("ben") + ",a,b,c,d,e\n";
    const Ended dry = import(file, [](ImportOptions& options) { options.dry_run = true; });
    BOOST_TEST(dry.code == exit_code::kBadData);
    BOOST_TEST(has(dry.err, "nothing was changed"), dry.err);
    BOOST_TEST(installation().text("select count(*) from o365.subscriptions") == "0");
    const Ended ended = import(file);
    BOOST_TEST(ended.code == exit_code::kBadData);
    BOOST_TEST(has(ended.out, "ann,Sales,https://app.example/connect/desk/"));
    for (const char* why : {"line 4: line 2 has the same user", "line 5: app_user is empty", "begins with http://",
                            "is no address", "webhook_url is empty", "in another column", "it has 7 fields"})
        BOOST_TEST(has(ended.err, why), why);
    BOOST_TEST(!has(ended.err, "sig="));
    BOOST_TEST(installation().text("select count(*) from o365.subscriptions where app_user = 'ann'") == "1");
    const Ended active = import("app_user,webhook_url,group_name\nann," + webhook("ann") + ",Sales\n",
                                [](ImportOptions& options) { options.active = true; });
    BOOST_TEST(active.code == 0, active.err);
    BOOST_TEST(active.out.empty());
    BOOST_TEST(installation().text("select status from o365.subscriptions where app_user = 'ann'") == "active");
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_imported_as_a_whole_says_why) {
    BOOST_TEST(has(import("").err, "the file is empty"));
    BOOST_TEST(has(import("app_user,app_user\n").err, "stands there twice"));
    BOOST_TEST(import("app_user,group_name\nx,y\n").code == exit_code::kBadData);
    const std::string file = "app_user,webhook_url\ncem," + webhook("cem") + "\n";
    BOOST_TEST(import(file, [](ImportOptions& options) { options.connector = "none"; }).code == exit_code::kUsage);
    for (const char* name : {"/nonexistent/file", "/tmp"})
        BOOST_TEST(import("", [&](ImportOptions& options) { options.file = name; }).code == exit_code::kNoInput, name);
    Settings away = settings();
    away.database = "host=/nonexistent dbname=none";
    ImportOptions options;
    options.file = "-";
    options.connector = "desk";
    BOOST_TEST(run([&] { return import_webhooks(away, options); }, file).code == exit_code::kUnavailable);
}

BOOST_AUTO_TEST_CASE(the_connections_of_a_person_are_found_by_the_directory_id_alone) {
    const Ended none = run([] { return find_user(settings()); }, "11111111-2222-4333-8444-555555555555\n");
    BOOST_TEST(none.code == 0);
    BOOST_TEST(none.out == "subscription_id,connector,app_user,group_name,status,connected_at\n");
    installation().owner().call(
        "insert into o365_internal.subscription (connector_id, app_user, dialect, webhook_host, status, group_name, "
        "sealed, key_id, user_index) select c.connector_id, 'dora', 'connector', 'far.example', 'active', '=1+1', "
        "'\\x00', k.key_id, o365_internal.blind_index('user_object_id', 'abcdef') from o365_internal.connector as c, "
        "o365_internal.sealing_key as k limit 1");
    const Ended found = run([] { return find_user(settings()); }, "ABCDEF\n");
    BOOST_TEST(has(found.out, ",desk,dora,"), found.out);
    BOOST_TEST(has(found.out, ",active,"));
    BOOST_TEST(run([] { return find_user(settings()); }, "").code == exit_code::kBadData);
    BOOST_TEST(run([] { return find_user(settings()); }, std::string(201, 'x')).code == exit_code::kBadData);
    Settings away = settings();
    away.database = "host=/nonexistent dbname=none";
    BOOST_TEST(run([&] { return find_user(away); }, "x\n").code == exit_code::kUnavailable);
}

BOOST_AUTO_TEST_CASE(a_card_is_judged_converted_and_shown_before_it_is_sent) {
    const Folder folder;
    CardFile card;
    card.file = folder.write("card.json", kMessageCard);
    card.output = folder.path("page.html");
    BOOST_TEST(run([&] { return card_check(settings(), card); }).code == 0);
    BOOST_TEST(has(run([&] { return card_convert(card); }).out, "\"MessageCard\""));
    card.dialect = "workflow";
    BOOST_TEST(has(run([&] { return card_convert(card); }).out, "\"AdaptiveCard\""));
    BOOST_TEST(run([&] { return card_preview(card); }).code == 0);
    for (const char* part : {"Ticket", "Priority", "Hero", "Open"}) BOOST_TEST(has(text_of(card.output), part), part);
    card.file = folder.write("adaptive.json", kAdaptiveCard);
    BOOST_TEST(run([&] { return card_preview(card); }).code == 0);
    for (const char* part : {"picture: Plan", "run", "Input.Text", "Media: not drawn here", "Inner"})
        BOOST_TEST(has(text_of(card.output), part), part);
    card.connector = "none";
    BOOST_TEST(run([&] { return card_check(settings(), card); }).code == exit_code::kUsage);
    card.output = "/nonexistent/page.html";
    BOOST_TEST(run([&] { return card_preview(card); }).code == exit_code::kCannotWrite);
    Settings away = settings();
    away.database = "host=/nonexistent dbname=none";
    BOOST_TEST(run([&] { return card_check(away, card); }).code == exit_code::kUnavailable);
}

BOOST_AUTO_TEST_CASE(what_is_no_card_is_refused_with_its_place) {
    const Folder folder;
    CardFile card;
    card.file = "-";
    for (const auto& [text, said] : {std::pair("{\"text\": }", "-:1:"), std::pair("[]", "It is not an object")}) {
        const Ended ended = run([&] { return card_convert(card); }, text);
        BOOST_TEST(ended.code == exit_code::kBadData);
        BOOST_TEST(has(ended.err, said), ended.err);
    }
    BOOST_TEST(run([&] { return card_check(settings(), card); }, "{\"sections\": 5}").code == exit_code::kBadData);
    BOOST_TEST(run([&] { return card_preview(card); }, "{\"text\": \" \"}").code == exit_code::kBadData);
    card.file = folder.path("absent");
    BOOST_TEST(run([&] { return card_convert(card); }).code == exit_code::kNoInput);
}

// Nobody listens where the pages are said to be.
BOOST_AUTO_TEST_CASE(preflight_says_of_each_item_what_it_found_and_leaves_nothing) {
    settings();
    Installation& made = installation();
    made.owner().call("select o365.set('public_url', 'https://localhost:1')");
    PreflightOptions options;
    options.connector = "desk";
    Settings near = settings();
    near.allow_loopback = true;
    const Ended words = run([&] { return preflight_connector(near, options); });
    BOOST_TEST(words.code == exit_code::kBadData);
    for (const char* line : {"fail  landing: The landing page is reached and leads straight to the button\n",
                             "      https://localhost:1/connect/desk/: It could not be reached: ",
                             "      next: Run curl -v https://localhost:1/connect/desk/ on this machine",
                             "look  reviewer: ", "look  log: ", "preflight: desk: "})
        BOOST_TEST(has(words.out, line), line);
    options.json = true;
    options.logs = {"/nonexistent/access.log"};
    const Ended json = run([&] { return preflight_connector(near, options); });
    BOOST_TEST(json.code == exit_code::kBadData);
    const auto all = parse_json(json.out);
    BOOST_REQUIRE(all.has_value());
    BOOST_TEST((*all)["connector"].asString() == "desk");
    int failed = 0;
    std::string log;
    for (const Json::Value& one : (*all)["findings"]) {
        failed += one["verdict"] == Json::Value("fail") ? 1 : 0;
        if (one["item"] == Json::Value("log")) log = one["problem"].asString();
        const std::string severity = one["verdict"] == Json::Value("fail")   ? "error"
                                     : one["verdict"] == Json::Value("look") ? "warning"
                                                                             : "info";
        BOOST_TEST(one["severity"].asString() == severity);
    }
    BOOST_TEST(failed > 0);
    BOOST_TEST((*all)["failed"].asInt() == failed);
    BOOST_TEST(has(log, "It cannot be read: "), log);
    const std::regex planted("preflight-[A-Za-z0-9_-]{20}");
    BOOST_TEST(!std::regex_search(words.out + json.out, planted), "no secret that was planted is printed");
    BOOST_TEST(made.text("select count(*) from o365_internal.connect_attempt") == "0");
    made.owner().call("select o365.set('public_url', 'https://app.example')");
}

BOOST_AUTO_TEST_CASE(preflight_needs_a_connector_that_is_there_and_a_database) {
    PreflightOptions options;
    options.connector = "none";
    const Ended unknown = run([&] { return preflight_connector(settings(), options); });
    BOOST_TEST(unknown.code == exit_code::kUsage);
    BOOST_TEST(has(unknown.err, "there is no connector 'none'"));
    Settings away = settings();
    away.database = "host=/nonexistent dbname=none";
    BOOST_TEST(run([&] { return preflight_connector(away, options); }).code == exit_code::kUnavailable);
}

// F51. Numbers of the newest migrations are put aside for that long.
BOOST_AUTO_TEST_CASE(with_a_schema_that_is_too_old_no_command_does_anything) {
    settings();
    Database& owner = installation().owner();
    const auto put = [&](const std::string& condition) {
        owner.call("update o365_internal.migration set number = -number where " + condition);
    };
    const std::string before = installation().text("select count(*)::text from o365.subscriptions");
    put("number >= " + std::to_string(kOldestSchema));
    const auto says_both = [](const SettingsError& error) {
        return has(error.what(), "schema has version " + std::to_string(kOldestSchema - 1) +
                                     ", and this program is of version " + std::to_string(kSchema)) &&
               has(error.what(), "run sql/install.sql of this version");
    };
    BOOST_CHECK_EXCEPTION(import("app_user,webhook\nold," + webhook("old") + "\n"), SettingsError, says_both);
    BOOST_CHECK_EXCEPTION(run([] { return find_user(settings()); }, "ABCDEF\n"), SettingsError, says_both);
    BOOST_CHECK_EXCEPTION(run([] { return preflight_connector(settings(), {.connector = "desk", .logs = {}}); }),
                          SettingsError, says_both);
    const std::string copy = settings().key_file + ".copy";
    for (const auto& keys :
         {std::function([] { return keys_generate(settings(), true); }),
          std::function([] { return keys_check(settings()); }), std::function([] { return keys_list(settings()); }),
          std::function([] { return keys_add(settings(), false); }),
          std::function([&] { return keys_backup(settings(), copy); })}) {
        BOOST_CHECK_EXCEPTION(run(keys), SettingsError, says_both);
    }
    BOOST_TEST(!std::filesystem::exists(copy));
    put("number < 0");
    BOOST_TEST(installation().text("select count(*)::text from o365.subscriptions") == before);
}

BOOST_AUTO_TEST_CASE(chores_are_done_at_least_once_and_end_with_their_worker) {
    const std::string worker =
        installation().text("select o365_programs.worker_start('chores', '1', 'development') ->> 'worker'");
    bool differs = false;
    Chores chores(settings(), [&] { differs = true; });
    installation().owner().call(
        "insert into o365_internal.ticket (ticket_hash, connector_id, app_user, expires_at) "
        "select '\\x00', connector_id, 'old', now() - interval '30 days' from "
        "o365_internal.connector limit 1");
    std::stop_source ends;
    ends.request_stop();
    chores.run(ends.get_token(), std::stoi(worker));
    BOOST_TEST(!differs);
    BOOST_TEST(installation().text("select count(*) from o365_internal.ticket where app_user = 'old'") == "0");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365

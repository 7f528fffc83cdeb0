#include "worker/commands/import.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "lib/base/crypto.h"
#include "lib/base/exit_code.h"
#include "lib/base/process.h"
#include "lib/base/secret.h"
#include "lib/base/system_error.h"
#include "lib/base/text.h"
#include "lib/database/database.h"
#include "lib/http/pasted_webhook.h"
#include "lib/keys/key_ring.h"
#include "worker/commands/csv.h"
#include "worker/commands/failure.h"

namespace o365 {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kLinesTogether = 50;  // in a transaction
constexpr int kTries = 6;                   // of a transaction
constexpr std::size_t kLongestField = 1000;

// A file of which nothing can be imported. what() says why and what to do.
class BadFile : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// The indexes of our columns in a record.
struct Columns {
    std::size_t count = 0;
    std::optional<std::size_t> app_user;
    std::optional<std::size_t> webhook_url;
    std::optional<std::size_t> group_name;
    std::optional<std::size_t> label;
};

struct Line {
    std::int64_t number = 0;
    std::string refused;   // why the line is refused, and what to do; empty when it is not
    bool repeats = false;  // it repeats an earlier line, and is not stored
    std::string app_user;
    std::string group_name;
    std::string label;
    Secret webhook;
    std::string host;
    int port = 0;
    Secret ticket;  // for the user's link; empty when the webhook is active at once
};

std::string problem_of(PasteFault fault) {
    switch (fault) {
        case PasteFault::empty:
            return "webhook_url is empty. Fill it in, or delete the line";
        case PasteFault::too_long:
            return "webhook_url is too long for a webhook. Copy it once more";
        case PasteFault::not_a_url:
            return "webhook_url is no address. Copy the one that begins with https:// in Teams";
        case PasteFault::http:
            return "webhook_url begins with http://. Copy it once more: a webhook begins with https://";
        case PasteFault::teams_link:
            return "webhook_url is a link to a channel, a chat or a message. Take the address that Workflows shows";
        case PasteFault::flow_page:
            return "webhook_url is the page on which the workflow is edited. Take the address in its first step";
        case PasteFault::connector_webhook:
            return "webhook_url is that of a connector, which Microsoft switched off in May 2026. Make a workflow";
        case PasteFault::no_signature:
            return "webhook_url has no sig. Set \"Who can trigger the flow\" to Anyone, save, and copy it once more";
        case PasteFault::cut_off:
            return "the end of webhook_url is missing. Copy it once more";
        case PasteFault::names_user:
            return "webhook_url names a user before the host. Copy it once more";
        case PasteFault::bad_host:
            return "webhook_url does not name a host of Microsoft's. Copy it once more";
        case PasteFault::none:
            break;
    }
    return {};
}

// The problem for a verdict of o365_programs.worker_import_outcome; empty when the verdict does not refuse the line.
std::string problem_of(const Line& line, std::string_view verdict, std::string_view subscription) {
    if (verdict == "app_user")
        return "app_user is empty, longer than 200 characters or has a control character. Write your application's "
               "name of the user";
    if (verdict == "refused_host") {
        return fmt::format(
            "webhooks may not lie on {}:{}. If it is right: select o365.allow_webhook_host('workflow', '{}'); "
            "o365.webhook_hosts lists them",
            line.host, line.port, line.host);
    }
    if (verdict == "connector_webhook") return problem_of(PasteFault::connector_webhook);
    if (verdict == "works") {
        return fmt::format(
            "subscription {} is of the same user and place and works with another webhook, which a proof would stop. "
            "Import it with --active, or send its user what select o365.renewal_link({}) returns",
            subscription, subscription);
    }
    return {};
}

// nullptr when it is not a column of ours.
std::optional<std::size_t>* column_called(Columns& columns, std::string_view name) {
    if (name == "app_user") return &columns.app_user;
    if (name == "webhook_url") return &columns.webhook_url;
    if (name == "group_name") return &columns.group_name;
    if (name == "label") return &columns.label;
    return nullptr;
}

Columns read_header(CsvReader& reader) {
    CsvRecord header;
    if (!reader.next(header))
        throw BadFile("the file is empty. Its first line names the columns: app_user,webhook_url,group_name,label");
    if (!header.problem.empty()) throw BadFile(fmt::format("line {}: {}", header.line, header.problem));
    Columns columns;
    columns.count = header.fields.size();
    int others = 0;
    for (std::size_t i = 0; i < header.fields.size(); ++i) {
        const std::string name = lower(trimmed(header.fields[i]));
        std::optional<std::size_t>* const column = column_called(columns, name);
        if (column == nullptr) {
            ++others;
            continue;
        }
        if (*column) throw BadFile(fmt::format("line {}: the column {} stands there twice", header.line, name));
        *column = i;
    }
    // Do not print the names of other columns: in a file without a header one of them is a webhook.
    if (!columns.app_user || !columns.webhook_url) {
        throw BadFile(fmt::format(
            "line {}: no column {}. The first line names the columns, with commas or semicolons between them: "
            "app_user,webhook_url,group_name,label; the last two may be left out",
            header.line, !columns.app_user ? "app_user" : "webhook_url"));
    }
    if (others > 0)
        fmt::print(stderr, "o365-worker: {} other column{} not used\n", others, others == 1 ? " is" : "s are");
    return columns;
}

bool holds_webhook(const std::string& text) {
    return text.find("://") != std::string::npos && parse_pasted_webhook(text).fault == PasteFault::none;
}

// SIGINT and SIGTERM end an import between two transactions; a second one ends the process at once.
class Interruption {
  public:
    Interruption() {
        struct sigaction action {};
        // A stream repeats a read that was interrupted. Closing standard input ends it.
        action.sa_handler = [](int) {
            seen_ = 1;
            ::close(STDIN_FILENO);
        };
        action.sa_flags = static_cast<int>(SA_RESETHAND);
        for (const int number : {SIGINT, SIGTERM}) sigaction(number, &action, nullptr);
    }
    static bool seen() noexcept { return seen_ != 0; }

  private:
    static inline volatile std::sig_atomic_t seen_ = 0;
};

class Import {
  public:
    struct Interrupted {};

    Import(const Settings& settings, const ImportOptions& options)
        : options_(options),
          sealing_key_(KeyRing(read_key_file(settings.key_file), settings.key_file).rsa().key_id),
          database_(settings.database, settings.worker_role, "o365-worker import", Patience{},
                    statements_when(settings.prepared_statements)),
          tells_every_(::isatty(STDERR_FILENO) != 0 ? std::chrono::seconds(1) : std::chrono::seconds(10)) {}

    int run(std::istream& in) {
        require_schema_of_program(database_);
        CsvReader reader(in);
        const Columns columns = read_header(reader);
        print_link("app_user", "group_name", "link");
        CsvRecord record;
        while (!Interruption::seen() && reader.next(record)) {
            lines_.push_back(judge(record, columns));
            if (lines_.size() == kLinesTogether) store();
        }
        if (Interruption::seen()) throw Interrupted();
        if (in.bad()) throw BadFile("the file could not be read to its end");
        store();
        tell_end();
        return refused_ == 0 ? exit_code::kDone : exit_code::kBadData;
    }

    // The last line whose result is known; 0 for none.
    std::int64_t last_line() const { return last_line_; }

  private:
    bool makes_links() const { return !options_.active && !options_.dry_run; }

    Line judge(CsvRecord& record, const Columns& columns) {
        Line line;
        line.number = record.line;
        if (!record.problem.empty()) {
            line.refused = record.problem;
            return line;
        }
        if (record.fields.size() > columns.count) {
            line.refused = fmt::format(
                "it has {} fields, and the first line {}. Put a field with a separator in it in quotation marks",
                record.fields.size(), columns.count);
            return line;
        }
        const auto field = [&](const std::optional<std::size_t>& column) {
            return column && *column < record.fields.size() ? std::string(trimmed(record.fields[*column]))
                                                            : std::string();
        };
        line.app_user = field(columns.app_user);
        line.group_name = field(columns.group_name);
        line.label = field(columns.label);
        const Secret pasted(field(columns.webhook_url));
        line.refused = problem_with(line, pasted);
        if (!line.refused.empty()) return line;
        PastedWebhook found = parse_pasted_webhook(pasted.reveal());
        line.refused = problem_of(found.fault);
        if (!line.refused.empty()) return line;
        line.host = found.url.host;
        line.port = found.url.port;
        line.webhook = Secret(std::move(found.text));
        line.refused = meet_others(line);
        if (makes_links()) line.ticket = Secret(random_token());
        return line;
    }

    // What is wrong with the fields of this line; "" for nothing.
    static std::string problem_with(const Line& line, const Secret& pasted) {
        for (const std::string* text : {&line.app_user, &line.group_name, &line.label}) {
            if (!is_utf8(*text) || text->find('\0') != std::string::npos)
                return "it is not in UTF-8. Save the file as CSV in UTF-8";
            if (text->size() > kLongestField) return fmt::format("a field is longer than {} bytes", kLongestField);
            // The text of these columns is not kept secret.
            if (holds_webhook(*text))
                return "a webhook stands in another column than webhook_url. Exchange the columns";
        }
        if (!is_utf8(pasted.reveal()) || pasted.reveal().find('\0') != std::string::npos)
            return "it is not in UTF-8. Save the file as CSV in UTF-8";
        if (line.app_user.empty()) return "app_user is empty. Write your application's name of the user";
        return {};
    }

    // Compares the line with earlier ones: sets Line::repeats for the same user and webhook. Returns a problem for the
    // same user and place with another webhook, because it would replace the earlier one; "" for none.
    std::string meet_others(Line& line) {
        const std::string webhook = sha256(line.webhook.reveal());
        line.repeats = !webhooks_.insert(sha256(line.app_user + '\0' + webhook)).second;
        if (line.repeats || line.group_name.empty()) return {};
        const auto [place, is_first] = places_.emplace(sha256(line.app_user + '\0' + line.group_name), line.number);
        if (is_first) return {};
        return fmt::format("line {} has the same user and group_name and another webhook. Give each place its own name",
                           place->second);
    }

    std::vector<Value> row_of(const Line& line) const {
        return {line.number,
                options_.connector,
                line.app_user,
                Value::or_null(line.label),
                Value::or_null(line.group_name),
                line.host,
                line.port,
                line.webhook.reveal(),
                options_.active ? Value() : Value::bytes(sha256(line.ticket.reveal())),
                options_.dry_run ? "true" : "false",
                sealing_key_};
    }

    // Repeats a transaction that failed or may have been committed. A webhook that is stored already stays unchanged.
    Rows copy(const std::vector<std::vector<Value>>& rows) {
        for (int tries = 1;; ++tries) {
            try {
                return database_.copy_rows(
                    "o365_programs.import (line, slug, app_user, label, group_name, webhook_host, webhook_port, "
                    "webhook_url, ticket_hash, dry_run, sealing_key)",
                    rows,
                    fmt::format(
                        "SELECT line, verdict, subscription_id, page FROM o365_programs.worker_import_outcome('{}')",
                        options_.connector));
            } catch (const DatabaseError& error) {
                const bool passes =
                    (error.fault() == Fault::retry && error.sqlstate() != "55000") || error.fault() == Fault::in_doubt;
                if (!passes || tries == kTries) throw;
                std::this_thread::sleep_for(std::chrono::milliseconds(100) * (1 << tries));
            }
        }
    }

    void store() {
        std::vector<std::vector<Value>> rows;
        for (const Line& line : lines_) {
            if (line.refused.empty() && !line.repeats) rows.push_back(row_of(line));
        }
        Rows verdicts;
        if (!rows.empty()) verdicts = copy(rows);
        for (std::vector<Value>& row : rows) {
            for (Value& value : row) {
                if (value.data) wipe(*value.data);
            }
        }
        int next = 0;
        for (Line& line : lines_) {
            if (line.repeats) {
                ++unchanged_;
            } else if (line.refused.empty()) {
                if (next >= verdicts.size() || verdicts.integer(next, 0) != line.number)
                    throw std::runtime_error("the database did not say what became of each line");
                count(line, verdicts.text(next, 1), verdicts.text(next, 2), verdicts.text(next, 3));
                ++next;
            }
            if (!line.refused.empty()) {
                ++refused_;
                fmt::print(stderr, "line {}: {}.\n", line.number, line.refused);
            }
            ++read_;
            last_line_ = line.number;
        }
        lines_.clear();
        if (makes_links() && std::fflush(stdout) != 0) throw CannotWrite();
        tell_progress();
    }

    void count(Line& line, std::string_view verdict, std::string_view subscription, std::string_view page) {
        line.refused = problem_of(line, verdict, subscription);
        if (!line.refused.empty()) return;
        if (verdict == "connected") ++connected_;
        if (verdict == "replaced") ++replaced_;
        if (verdict == "activated") ++activated_;
        if (verdict == "unchanged") ++unchanged_;
        if (verdict != "to_prove") return;
        ++to_prove_;
        print_link(line.app_user, line.group_name, fmt::format("{}?ticket={}", page, line.ticket.reveal()));
    }

    void print_link(const std::string& app_user, const std::string& group_name, const std::string& link) const {
        if (!makes_links()) return;
        const std::string text = fmt::format("{},{},{}\n", csv_field(app_user), csv_label(group_name), link);
        if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) throw CannotWrite();
    }

    void tell_progress() {
        const Clock::time_point now = Clock::now();
        if (now - told_ < tells_every_) return;
        told_ = now;
        const double seconds = std::chrono::duration<double>(now - begun_).count();
        fmt::print(stderr, "o365-worker: {} lines read, {} refused, {:.0f} a second\n", read_, refused_,
                   static_cast<double>(read_) / seconds);
    }

    void tell_end() const {
        fmt::print(stderr,
                   "o365-worker: {}{} line{}: {} connected, {} replaced, {} activated, {} to prove, {} unchanged, {} "
                   "refused\n",
                   options_.dry_run ? "nothing was changed; of " : "", read_, read_ == 1 ? "" : "s", connected_,
                   replaced_, activated_, to_prove_, unchanged_, refused_);
        if (to_prove_ > 0 && !options_.dry_run)
            fmt::print(stderr,
                       "o365-worker: send each user the link that stands in standard output; it serves for seven days. "
                       "Cards wait until the user has typed the code\n");
    }

  public:
    class CannotWrite : public std::runtime_error {
      public:
        CannotWrite() : std::runtime_error("could not write the links to standard output") {}
    };

  private:
    const ImportOptions& options_;
    std::string sealing_key_;
    Database database_;
    Clock::duration tells_every_;
    Clock::time_point begun_ = Clock::now();
    Clock::time_point told_ = begun_;
    std::vector<Line> lines_;                               // lines to store, at most kLinesTogether
    std::unordered_set<std::string> webhooks_;              // hashes of user and webhook
    std::unordered_map<std::string, std::int64_t> places_;  // line numbers by the hash of user and place
    std::int64_t read_ = 0;
    std::int64_t last_line_ = 0;
    std::int64_t refused_ = 0;
    std::int64_t connected_ = 0;
    std::int64_t replaced_ = 0;
    std::int64_t activated_ = 0;
    std::int64_t unchanged_ = 0;
    std::int64_t to_prove_ = 0;
};

std::string how_to_go_on(const Import& import) {
    if (import.last_line() == 0) return "Nothing was stored";
    return fmt::format(
        "Line {} was the last that was stored; the same command again goes on, and leaves what is stored as it is",
        import.last_line());
}

}  // namespace

int import_webhooks(const Settings& settings, const ImportOptions& options) {
    hide_memory();  // it holds webhooks
    std::ifstream file;
    if (options.file != "-") {
        std::error_code error;
        if (std::filesystem::is_directory(options.file, error)) {
            errno = EISDIR;
        } else {
            file.open(options.file, std::ios::binary);
        }
        if (!file.is_open())
            return fail(exit_code::kNoInput, fmt::format("{}: cannot be read: {}", options.file, system_error_text()));
    }
    std::ios::sync_with_stdio(false);
    const Interruption interruption;
    Import import(settings, options);
    try {
        return import.run(options.file == "-" ? std::cin : file);
    } catch (const BadFile& error) {
        return fail(exit_code::kBadData, error.what());
    } catch (const Import::CannotWrite& error) {
        return fail(exit_code::kCannotWrite, error.what());
    } catch (const Import::Interrupted&) {
        return fail(exit_code::kTryAgainLater, "interrupted. " + how_to_go_on(import));
    } catch (const DatabaseError& error) {
        const bool is_usage = error.sqlstate() == "42704" || error.sqlstate() == "55000";
        return fail(is_usage ? exit_code::kUsage : exit_code_of(error),
                    fmt::format("{}. {}", error.what(), how_to_go_on(import)));
    }
}

}  // namespace o365

#include "worker/commands/find_user.h"

#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "lib/base/exit_code.h"
#include "lib/base/process.h"
#include "lib/base/secret.h"
#include "lib/base/text.h"
#include "lib/database/database.h"
#include "worker/commands/csv.h"
#include "worker/commands/failure.h"

namespace o365 {
namespace {

constexpr std::size_t kMostIds = 100;
constexpr std::size_t kLongestId = 200;  // as the callback takes it

// Reads the ids as rows for the database; an id that is not in lower case gets a second row in lower case. Stops at the
// first line that is not an id and sets `line` to its number, else to 0.
std::vector<std::vector<Value>> read_ids(std::istream& in, std::size_t& line) {
    std::vector<std::vector<Value>> rows;
    std::string text;
    std::size_t read = 0;
    std::size_t ids = 0;
    line = 0;
    while (std::getline(in, text)) {
        ++read;
        const std::string id(trimmed(text));
        wipe(text);
        if (id.empty()) continue;
        if (++ids > kMostIds || id.size() > kLongestId || !is_utf8(id) || id.find('\0') != std::string::npos) {
            line = read;
            break;
        }
        rows.push_back({Value(id)});
        if (lower(id) != id) rows.push_back({Value(lower(id))});
    }
    return rows;
}

bool print(const Rows& rows) {
    constexpr int kGroupName = 3;
    fmt::print("subscription_id,connector,app_user,group_name,status,connected_at\n");
    for (int i = 0; i < rows.size(); ++i) {
        std::string line;
        for (int column = 0; column < 6; ++column) {
            const std::string text(rows.text(i, column));
            line += (column > 0 ? "," : "") + (column == kGroupName ? csv_label(text) : csv_field(text));
        }
        fmt::print("{}\n", line);
    }
    return std::fflush(stdout) == 0;
}

}  // namespace

int find_user(const Settings& settings) {
    hide_memory();  // it holds what names a person
    std::size_t wrong = 0;
    std::vector<std::vector<Value>> ids = read_ids(std::cin, wrong);
    if (wrong > 0) {
        return fail(exit_code::kBadData,
                    fmt::format("line {} is no directory object id, or the {}st. Write one a line, at most {}", wrong,
                                kMostIds + 1, kMostIds));
    }
    if (ids.empty())
        return fail(exit_code::kBadData, "there is no directory object id in standard input. Write one a line");
    try {
        Database database(settings.database, settings.worker_role, "o365-worker find-user", Patience{},
                          statements_when(settings.prepared_statements));
        require_schema_of_program(database);
        const Rows found =
            database.copy_rows("o365_programs.user_object_id (id)", ids,
                               "SELECT subscription_id, connector, app_user, group_name, status, connected_at "
                               "FROM o365_programs.worker_subscriptions_by_user_object_id()");
        for (std::vector<Value>& row : ids) wipe(*row[0].data);
        if (!print(found)) return fail(exit_code::kCannotWrite, "could not write to standard output");
        return exit_code::kDone;
    } catch (const DatabaseError& error) {
        return fail(exit_code_of(error), error.what());
    }
}

}  // namespace o365

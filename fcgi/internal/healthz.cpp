// GET /healthz - for load balancers and monitors: whether this process reaches a database that has our schema. Answers
// within kPatience whatever the database does: when it cannot be asked, by its last answer.
#include <fmt/format.h>

#include "fcgi/routes.h"
#include "lib/json/json_text.h"

namespace o365 {
namespace {

constexpr std::chrono::milliseconds kPatience{2000};

Response by_last_look(const DatabasePool::Look& last) {
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(DatabasePool::Clock::now() - last.at);
    if (last.at == DatabasePool::Clock::time_point{}) return Response::text(503, "no database\nit was not asked yet\n");
    if (last.answered) return Response::text(200, fmt::format("ok\nthe database answered {} s ago\n", age.count()));
    return Response::text(503, fmt::format("no database\nit did not answer {} s ago\n", age.count()));
}

}  // namespace

Response healthz(Site& site, const Request& /*request*/, const RouteParts& /*parts*/) {
    try {
        const std::optional<Rows> rows = site.database().look("SELECT o365_programs.responder_health()", kPatience);
        if (!rows) return by_last_look(site.database().last_look());
        if (database_json(rows->text(0, 0))["ok"].asBool()) return Response::text(200, "ok\n");
        return Response::text(503, "the schema o365 is not installed; run sql/install.sql\n");
    } catch (const DatabaseError& error) {
        if (error.fault() == Fault::down || error.timed_out()) return by_last_look(site.database().last_look());
        // The error of require_schema() has no SQLSTATE; its text has both versions.
        if (error.fault() == Fault::retry && error.sqlstate().empty())
            return Response::text(503, fmt::format("{}\n", error.what()));
        return Response::text(503, fmt::format("no database\nit answered with an error {}\n", error.sqlstate()));
    }
}

}  // namespace o365

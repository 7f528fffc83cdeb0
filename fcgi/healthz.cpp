// GET /healthz - for load balancers and monitors: does this process reach a database with our schema in it?
#include <fmt/format.h>

#include "fcgi/routes.h"
#include "lib/schema.h"

namespace o365 {

Response healthz(Site& site, const Request& request) {
    if (request.method == "POST") return site.wrong_method(request, "GET, HEAD");
    try {
        require_schema(site.database());
        if (site.ask("SELECT o365.responder_health()")["ok"].asBool()) return Response::text(200, "ok\n");
        return Response::text(503, "the schema o365 is not installed; run sql/install.sql\n");
    } catch (const DatabaseError& error) {
        site.database_answered(false, error.what());
        // What a schema of another version says has no SQLSTATE, and both numbers.
        return Response::text(503, error.fault() == Fault::retry && error.sqlstate().empty()
                                       ? fmt::format("{}\n", error.what())
                                       : "no database\n");
    }
}

}  // namespace o365

// GET /healthz - for load balancers and monitors: does this process reach a database with our schema in it?
#include "fcgi/routes.h"
#include "lib/schema.h"

namespace o365 {

Response healthz(Site& site, const Request& request) {
    if (request.method == "POST") return site.wrong_method(request, "GET, HEAD");
    try {
        if (const std::string problem = schema_problem(site.database()); !problem.empty())
            return Response::text(503, problem + "\n");
        if (site.ask("SELECT o365.responder_health()")["ok"].asBool()) return Response::text(200, "ok\n");
        return Response::text(503, "the schema o365 is not installed; run sql/install.sql\n");
    } catch (const DatabaseError& error) {
        site.database_answered(false, error.what());
        return Response::text(503, "no database\n");
    }
}

}  // namespace o365

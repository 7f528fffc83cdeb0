// GET /connect/<slug>/done/<id> - the clean page after success. The id is unguessable and names nothing else.
#include "fcgi/routes.h"

namespace o365 {
namespace {

constexpr std::size_t kMaxId = 64;

}  // namespace

Response done(Site& site, const Request& request, const std::string& slug, const std::string& id) {
    if (request.method == "POST") return site.wrong_method(request, "GET, HEAD");
    if (id.empty() || id.size() > kMaxId || !is_utf8(id)) return site.message(request, 404);
    Json::Value page = site.ask("SELECT o365.responder_done($1, $2)", {slug, id});
    if (!page["found"].asBool()) return site.message(request, 404);
    return site.connected(request, std::move(page));
}

}  // namespace o365

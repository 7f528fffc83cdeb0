// GET /connect/static/<name> - the stylesheet and other files of static/. Needs no database.
#include <array>
#include <utility>

#include "fcgi/routes.h"

namespace o365 {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kTypes = {{
    {".css", "text/css; charset=utf-8"},
    {".ico", "image/x-icon"},
    {".png", "image/png"},
    {".svg", "image/svg+xml"},
    {".woff2", "font/woff2"},
}};

}  // namespace

Response static_file(Site& site, const Request& request, const RouteParts& parts) {
    const std::string& name = parts.rest;
    const std::string* const content = site.pages().file(name);
    if (content == nullptr) return site.message(request, 404);
    Response response = Response::html(200, *content);
    response.set("Content-Type", "application/octet-stream");
    for (const auto& [ending, type] : kTypes) {
        if (name.ends_with(ending)) response.set("Content-Type", type);
    }
    response.set("Cache-Control", "public, max-age=3600");
    return response;
}

}  // namespace o365

#include "sandbox/sandbox.h"

#include "lib/json_text.h"

namespace o365 {

std::string Sandbox::origin() const {
    const std::string url = setting("connect_url");
    return url.substr(0, url.find('/', url.find("//") + 2));
}

Json::Value Sandbox::ask(std::string_view statement, const std::vector<Value>& parameters) {
    const Rows rows = database_.call(statement, parameters);
    if (rows.size() == 0 || rows.is_null(0, 0)) return {};
    return database_json(rows.text(0, 0));
}

Response Sandbox::page(int status, std::string_view name, const Json::Value& values) const {
    return Response::html(status, pages_.render(name, values));
}

Response Sandbox::message(int status, std::string_view heading, std::string_view text) const {
    Json::Value values;
    values["title"] = std::string(heading);
    values["text"] = std::string(text);
    return page(status, "message", values);
}

bool is_loopback_host(std::string_view host) {
    if (host.starts_with("[")) return host == "[::1]" || host.starts_with("[::1]:");
    host = host.substr(0, host.find(':'));
    return host == "localhost" || host.ends_with(".localhost") || host == "127.0.0.1" ||
           (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

Response answer(Sandbox& sandbox, const Request& request) {
    const std::string_view path = request.path;
    const auto host = request.headers.find("HTTP_HOST");
    if (host != request.headers.end() && !is_loopback_host(host->second)) {
        return sandbox.message(403, "Only on this machine", "The sandbox answers on loopback names alone.");
    }
    if (path.starts_with("/webhookb2/") || path.starts_with("/webhook/") || path.starts_with("/workflows/")) {
        return webhook(sandbox, request, request.uri);
    }
    if (path.starts_with("/static/")) {
        const std::string name(path.substr(8));
        const std::string* const file = sandbox.pages().file(name);
        if (file == nullptr) return sandbox.message(404, "Nothing here", "There is no such file.");
        Response response = Response::text(200, *file);
        response.set("Content-Type", name.ends_with(".css") ? "text/css; charset=utf-8" : "application/octet-stream");
        response.set("Cache-Control", "public, max-age=3600");
        return response;
    }
    if (path.starts_with("/logo/")) {
        const Rows rows =
            sandbox.database().call("select content_type, logo from o365.sandbox_logo($1)", {path.substr(6)});
        if (rows.size() == 0) return sandbox.message(404, "Nothing here", "There is no such connector.");
        Response response = Response::text(200, rows.bytes(0, 1));
        response.set("Content-Type", rows.text(0, 0));
        return response;
    }
    if (path == "/") return home(sandbox, request);
    if (path == "/connectors/Connect") return connect_page(sandbox, request);
    if (path == "/feed") return feed(sandbox, request, "");
    if (path == "/feed.json") return feed_json(sandbox, request);
    if (path.starts_with("/feed/")) return feed(sandbox, request, path.substr(6));
    if (path == "/faults") return faults(sandbox, request);
    return sandbox.message(404, "Nothing here", "The sandbox has a start page, a feed and faults.");
}

}  // namespace o365

#include "sandbox/sandbox.h"

#include <algorithm>
#include <array>

#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/http/url.h"
#include "lib/json/json_text.h"
#include "sandbox/webhooks/answers.h"

namespace o365 {
namespace {

constexpr const char* kCookie = "sandbox-person";

std::string person_in(const Request& request) {
    const auto value = cookie(request.cookies, kCookie);
    if (!value || value->empty()) return {};
    std::string padded = *value;
    for (char& c : padded) c = c == '-' ? '+' : (c == '_' ? '/' : c);
    padded.append((4 - padded.size() % 4) % 4, '=');
    try {
        std::string person = base64_decode(padded);
        return is_utf8(person) && is_name(person, kMaxPerson) && person.find('\0') == std::string::npos ? person : "";
    } catch (const std::invalid_argument&) {
        return {};
    }
}

// A path of ours that a browser may be sent to, or the start page.
std::string own_path(const std::string& next) {
    const bool ours = next.starts_with('/') && !next.starts_with("//") && next.size() < 300 &&
                      std::all_of(next.begin(), next.end(), [](char c) { return c > ' ' && c < 127 && c != '\\'; });
    return ours ? next : "/";
}

Response static_file(const Sandbox& sandbox, const std::string& name) {
    const std::string* const file = sandbox.pages().file(name);
    if (file == nullptr) return sandbox.message(404, "Nothing here", "There is no such file.");
    Response response = Response::text(200, *file);
    response.set("Content-Type", name.ends_with(".css")   ? "text/css; charset=utf-8"
                                 : name.ends_with(".js")  ? "text/javascript; charset=utf-8"
                                 : name.ends_with(".svg") ? "image/svg+xml"
                                 : name.ends_with(".png") ? "image/png"
                                                          : "application/octet-stream");
    response.set("Cache-Control", "public, max-age=3600");
    return response;
}

Response logo(Sandbox& sandbox, std::string_view app_id) {
    const Rows rows =
        sandbox.database().call("select content_type, logo from o365_programs.sandbox_logo($1)", {app_id});
    if (rows.size() == 0) return sandbox.message(404, "Nothing here", "There is no such connector.");
    Response response = Response::text(200, rows.bytes(0, 1));
    response.set("Content-Type", rows.text(0, 0));
    return response;
}

// "/tenant" or "/tenant/<rest>".
std::optional<std::string_view> below(std::string_view path, std::string_view folder) {
    if (!path.starts_with(folder)) return std::nullopt;
    path.remove_prefix(folder.size());
    if (path.empty()) return path;
    return path.front() == '/' ? std::optional(path.substr(1)) : std::nullopt;
}

// Hosts of Microsoft's that /etc/hosts may lead here, for programs that post to no others; only for webhooks.
bool is_stand_in(std::string_view host) {
    constexpr std::array<std::string_view, 6> kHosts = {
        "contoso.webhook.office.com",
        "outlook.office.com",
        "outlook.office365.com",
        "prod-00.westeurope.logic.azure.com",
        "default00000000000000000000000000000a.0b.environment.api.powerplatform.com",
        "contoso.azure-api.net"};
    host = host.substr(0, host.find(':'));
    return std::any_of(kHosts.begin(), kHosts.end(), [&](std::string_view one) { return same_name(host, one); });
}

Response page_of(Sandbox& sandbox, const Request& request) {
    const std::string_view path = request.path;
    if (path.starts_with("/static/")) return static_file(sandbox, std::string(path.substr(8)));
    if (path.starts_with("/logo/")) return logo(sandbox, path.substr(6));
    if (path == "/") return home(sandbox, request);
    if (path == "/sign-in") return sign_in(sandbox, request);
    if (path == "/sign-out") return sign_out(sandbox, request);
    if (path == "/connectors/Connect" || path == "/connectors/ConnectToO365") return connect_page(sandbox, request);
    if (const auto rest = below(path, "/dashboard")) return dashboard(sandbox, request, *rest);
    if (const auto rest = below(path, "/store")) return store(sandbox, request, *rest);
    if (const auto rest = below(path, "/tenant")) return tenant(sandbox, request, *rest);
    if (path == "/feed.json") return feed_json(sandbox, request);
    if (const auto rest = below(path, "/feed")) return feed(sandbox, request, *rest);
    if (path == "/act") return act(sandbox, request);
    if (path == "/playground") return playground(sandbox, request);
    if (path == "/faults") return faults(sandbox, request);
    if (path == "/faults.json") return faults_json(sandbox, request);
    if (path == "/throttle") return throttle(sandbox, request);
    if (path == "/slow-line") return slow_line(sandbox, request);
    if (path == "/log" || path == "/log.json") return request_log(sandbox, request, path == "/log.json");
    if (auto response = token_metadata(sandbox, path)) return *std::move(response);
    return sandbox.message(404, "Nothing here", "The menu above leads to what there is.");
}

}  // namespace

void Sandbox::begin(const Request& request) {
    person_ = person_in(request);
    path_ = request.path;
}

std::string Sandbox::origin() const {
    const std::string url = setting("connect_url");
    return url.substr(0, url.find('/', url.find("//") + 2));
}

Json::Value Sandbox::ask(std::string_view statement, const std::vector<Value>& parameters) {
    const Rows rows = database_.call(statement, parameters);
    if (rows.size() == 0 || rows.is_null(0, 0)) return {};
    return database_json(rows.text(0, 0));
}

Response Sandbox::page(int status, std::string_view name, Json::Value values) const {
    values["signed_in_as"] = person_;
    // The menu marks the current page, or the one above it.
    const auto end = path_.find('/', 1);
    if (path_.size() > 1) values["at_" + path_.substr(1, end - 1)] = end == std::string::npos ? "page" : "true";
    return Response::html(status, pages().render(name, values));
}

Response Sandbox::message(int status, std::string_view heading, std::string_view text) const {
    Json::Value values;
    values["title"] = std::string(heading);
    values["text"] = std::string(text);
    return page(status, "message", values);
}

Response Sandbox::sign_in_first(std::string_view next) const { return redirect("/sign-in?next=" + url_encode(next)); }

PostResult Sandbox::fetch(HttpRequest request) const {
    HttpClient client(parts_.http);
    return o365::fetch(client, std::move(request)).value();
}

Response sign_in(Sandbox& sandbox, const Request& request) {
    if (request.method != "POST") {
        Json::Value values;
        values["title"] = "Sign in";
        values["next"] = own_path(request.query.get_or("next", "/"));
        return with_scripts(sandbox.page(200, "sign-in", values));
    }
    const std::string name = request.form.get_or("person", "");
    if (!is_name(name, kMaxPerson))
        return sandbox.message(400, "Who are you?", "Go back and type a name of at most 60 characters.");
    sandbox.database().call("select o365_programs.sandbox_sign_in($1)", {name});
    Response response = sandbox.redirect(own_path(request.form.get_or("next", "/")));
    response.add("Set-Cookie", person_cookie(name));
    return response;
}

Response sign_out(Sandbox& sandbox, const Request& request) {
    Response response = sandbox.redirect("/");
    if (request.method == "POST") response.add("Set-Cookie", person_cookie(""));
    return response;
}

bool is_loopback_host(std::string_view host) {
    if (host.starts_with("[")) return host == "[::1]" || host.starts_with("[::1]:");
    host = host.substr(0, host.find(':'));
    return host == "localhost" || host.ends_with(".localhost") || host == "127.0.0.1" ||
           (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

std::optional<Response> refused_filter(const Sandbox& sandbox, const Request& request) {
    std::string why;
    for (const char* name : {"target", "after", "before", "count", "flow"}) {
        const std::string value = request.query.get_or(name, "");
        if (value.empty() || is_number(value, name[0] == 'a' || name[0] == 'b' ? 18 : 9)) continue;
        why =
            std::string(name) +
            " is a number: of a place (target), of a post (after, before), of posts (count), of a workflow (flow); or "
            "leave it out";
    }
    const std::string answered = request.query.get_or("answered", "");
    if (!answered.empty() && answered != "other-method" && !is_answer(answered))
        why = "answered is one of the answers that /faults.json lists, or other-method; or leave it out";
    if (why.empty()) return std::nullopt;
    if (!request.path.ends_with(".json")) return sandbox.message(400, "That is no filter", why + ".");
    Json::Value error;
    error["error"] = why;
    return Response::json(400, json_text(error));
}

std::vector<Value> filters(Sandbox& sandbox, const Parameters& query, std::string_view target, bool newest, int most) {
    const std::string after = query.get_or("after", "");
    const std::string before = query.get_or("before", "");
    const std::string count = query.get_or("count", "");
    const std::int64_t settled = sandbox.database().call("select o365_programs.sandbox_settled()", {}).integer(0, 0);
    const std::int64_t end = before.empty() ? settled + 1 : std::min<std::int64_t>(std::stoll(before), settled + 1);
    return {target.empty() ? Value() : Value(target), after.empty() ? Value("0") : Value(after), end,
            newest ? "true" : "false", count.empty() ? most : std::min(std::stoi(count), most)};
}

void say_oldest(Sandbox& sandbox, Response& response) {
    const Rows rows = sandbox.database().call("select o365_programs.sandbox_oldest_post()", {});
    response.set("Oldest-Post", rows.text(0, 0));
}

bool is_name(std::string_view text, std::size_t most) {
    return text.find_first_not_of(" \t\r\n") != std::string_view::npos && utf8_length(text) <= most;
}

bool is_number(std::string_view text, std::size_t digits) {
    return !text.empty() && text.size() <= digits && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string guid_of(std::string_view bytes) {
    const std::string h = hex(bytes.substr(0, 16));
    return h.substr(0, 8) + "-" + h.substr(8, 4) + "-4" + h.substr(13, 3) + "-a" + h.substr(17, 3) + "-" +
           h.substr(20, 12);
}

std::string object_id(const std::string& person) { return guid_of(sha256("sandbox person " + person)); }

std::string person_cookie(const std::string& name) {
    return std::string(kCookie) + "=" + base64url(name) + "; Path=/" + (name.empty() ? "; Max-Age=0" : "") +
           "; HttpOnly; Secure; SameSite=Lax";
}

Response with_scripts(Response response) {
    response.set(
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data: https://localhost:* "
        "https://*.localhost:*; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'");
    return response;
}

std::string json_text(const Json::Value& value, bool indented) {
    Json::StreamWriterBuilder writer;
    writer["indentation"] = indented ? "  " : "";
    writer["emitUTF8"] = true;
    return Json::writeString(writer, value);
}

Response answer(Sandbox& sandbox, const Request& request) {
    const std::string_view path = request.path;
    const auto host = request.headers.find("HTTP_HOST");
    const bool to_webhook = is_webhook(path) || (path == "/too-large" && is_webhook(request.uri));
    if (host != request.headers.end() && !is_loopback_host(host->second) &&
        !(to_webhook && is_stand_in(host->second))) {
        return sandbox.message(403, "Only on this machine", "The sandbox answers on loopback names alone.");
    }
    if (is_webhook(path)) return webhook(sandbox, request, request.uri);
    if (path == "/too-large") return too_large(sandbox, request);
    if (path == "/example/action") return example_action(sandbox, request);
    // A page of the application leads to the Connect page by a link, and nothing else may post here.
    if (request.method == "POST" && !is_same_site_post(request, sandbox.origin()))
        return sandbox.message(403, "That came from another site", "The sandbox takes forms of its own pages only.");
    sandbox.begin(request);
    return page_of(sandbox, request);
}

}  // namespace o365

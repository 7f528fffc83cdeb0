#include "fcgi/site.h"
#include "lib/json/json_fields.h"
#include "lib/json/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>

#include "lib/http/url.h"

namespace o365 {
namespace {

constexpr std::string_view kMount = "/connect/";
constexpr std::string_view kActions = "/action/";
constexpr std::size_t kMaxSlug = 40;
constexpr std::size_t kRequestIdDigits = 12;

// Where Microsoft's page sends a browser that is not signed in yet. Chromium holds every redirect after a form's POST
// against form-action, also those of the other site.
constexpr std::array kMicrosoftSignIn = {"https://outlook.office.com", "https://outlook.office365.com",
                                         "https://login.microsoftonline.com", "https://login.microsoft.com",
                                         "https://login.live.com"};

// From the page's own URL to ".../connect/": relative, because only the browser knows where the web server mounted us.
std::string way_to_mount(std::string_view path) {
    const auto up = [](std::string_view below) {
        std::string way;
        for (auto slashes = std::count(below.begin(), below.end(), '/'); slashes > 0; --slashes) way += "../";
        return way;
    };
    if (const auto at = path.find(kMount); at != std::string_view::npos) {
        const std::string way = up(path.substr(at + kMount.size()));
        return way.empty() ? "./" : way;
    }
    // Links to actions lie beside it.
    if (const auto at = path.find(kActions); at != std::string_view::npos)
        return up(path.substr(at + 1)) + std::string(kMount.substr(1));
    return path == "/connect" ? "connect/" : std::string(kMount);
}

Json::Value filled(const Json::Value& texts, const Json::Value& values) {
    if (texts.isString()) return fill_placeholders(texts.asString(), values);
    if (!texts.isObject()) return texts;
    Json::Value all(Json::objectValue);
    for (const std::string& name : texts.getMemberNames()) all[name] = filled(texts[name], values);
    return all;
}

}  // namespace

std::string fill_placeholders(std::string_view text, const Json::Value& values) {
    std::string result;
    while (!text.empty()) {
        const auto open = text.find('{');
        result += text.substr(0, open);
        if (open == std::string_view::npos) break;
        const auto close = text.find('}', open);
        if (close == std::string_view::npos) return result += text.substr(open);
        const std::string name{text.substr(open + 1, close - open - 1)};
        if (values.isMember(name) && values[name].isString()) result += values[name].asString();
        text.remove_prefix(close + 1);
    }
    return result;
}

Response render_page(const Pages& pages, std::string_view path, int status, std::string_view name, Json::Value values) {
    const Json::Value& strings = pages.strings();
    Json::Value texts = strings.get("common", Json::objectValue);
    const Json::Value own = strings.get(std::string(name), Json::objectValue);
    for (const std::string& key : own.getMemberNames()) texts[key] = own[key];
    if (values.isMember("texts")) {
        for (const std::string& key : values["texts"].getMemberNames()) texts[key] = values["texts"][key];
    }
    values["t"] = filled(texts, values);
    values["lang"] = strings.get("lang", "en");
    values["base"] = way_to_mount(path);
    if (!values.isMember("referrer")) values["referrer"] = "no-referrer";
    Response response = Response::html(status, pages.render(name, values));
    response.set("Referrer-Policy", values["referrer"].asString());
    return response;
}

Response render_message(const Pages& pages, std::string_view path, int status, const std::string& request_id) {
    Json::Value values(Json::objectValue);
    const Json::Value& all = pages.strings()["messages"];
    values["texts"] = all.get(std::to_string(status), all["500"]);
    values["request_id"] = request_id;
    return render_page(pages, path, status, "message", std::move(values));
}

std::vector<std::string> connect_route(std::string_view path) {
    const auto at = path.find(kMount);
    if (at == std::string_view::npos) return {};
    path.remove_prefix(at + kMount.size());
    std::vector<std::string> parts;
    while (true) {
        const auto slash = path.find('/');
        parts.emplace_back(path.substr(0, slash));
        if (slash == std::string_view::npos) return parts;
        path.remove_prefix(slash + 1);
    }
}

std::optional<std::string_view> action_route(std::string_view path) {
    const auto at = path.find(kActions);
    if (at == std::string_view::npos || path.find(kMount) != std::string_view::npos) return std::nullopt;
    return path.substr(at + kActions.size());
}

bool is_slug(std::string_view text) {
    return !text.empty() && text.size() <= kMaxSlug && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

bool is_request_id(std::string_view text) {
    return text.size() == kRequestIdDigits + 2 && text.starts_with("r-") &&
           std::all_of(text.begin() + 2, text.end(),
                       [](char c) { return (c >= 'a' && c <= 'f') || (c >= '0' && c <= '9'); });
}

void allow_connect_page(Response& response, const std::string& connect_url) {
    const auto url = parse_url(connect_url);
    if (!url) return;
    response.allow_form_action(origin_of(*url));
    if (url->host == "outlook.office.com" || url->host == "outlook.office365.com") {
        for (const char* origin : kMicrosoftSignIn) response.allow_form_action(origin);
    }
}

void Site::refuse_other_sites(const Request& request) {
    const std::string public_url =
        is_judged_by_origin(request) ? text_in(ask("SELECT o365.responder_connectors()"), "public_url") : "";
    if (!is_same_site_post(request, public_url)) throw BadRequest(400, "the form was sent from another site");
}

Json::Value Site::ask(std::string_view statement, const std::vector<Value>& parameters) {
    return database_json(call(statement, parameters).text(0, 0));
}

Response Site::page(const Request& request, int status, std::string_view name, Json::Value values) const {
    return render_page(pages_, request.path, status, name, std::move(values));
}

Response Site::message(const Request& request, int status) const {
    return render_message(pages_, request.path, status, status >= 500 ? request.id : std::string());
}

Response Site::wrong_method(const Request& request, std::string_view allowed) const {
    Response response = message(request, 405);
    response.set("Allow", allowed);
    return response;
}

Response Site::failed(const Request& request, Json::Value page, const std::string& reason,
                      const std::string& shown_id) const {
    const Json::Value& reasons = pages_.strings()["reasons"];
    const bool stands = page["stands"].asBool();
    const std::string shown = stands ? "already_connected" : reason == "already_connected" ? "used" : reason;
    page["texts"] = reasons.isMember(shown) ? reasons[shown] : reasons["other"];
    page["request_id"] = shown_id;
    if (stands) page["place"] = text_in(page, "group_name");
    const std::string again = text_in(page, "again");
    const std::string connect_url = text_in(page, "connect_url");
    // These say themselves how to go on, and elsewhere.
    const bool not_from_here = reason == "framed" || reason == "confirm_elsewhere";
    page["in_frame"] = reason == "framed";
    page["again_post"] = again == "ticket" && !not_from_here;
    page["again_link"] = again == "landing" && !not_from_here;
    page["from_application"] = again == "application" && !not_from_here && reason != "ticket";
    page["only_website"] = again != "ticket" && again != "landing" && !not_from_here;
    Response response = this->page(request, 200, "failed", std::move(page));
    if (again == "ticket") allow_connect_page(response, connect_url);
    return response;
}

Response Site::to_failed(const Request& request, const Json::Value& page, const std::string& reason,
                         const std::string& shown_id) {
    return Response::redirect(request.method == "POST" ? 303 : 302,
                              fmt::format("{}/connect/{}/failed?reason={}&request={}", text_in(page, "public_url"),
                                          text_in(page, "slug"), url_encode(reason), url_encode(shown_id)));
}

Response Site::confirm(const Request& request, Json::Value page, const std::string& shown_id) const {
    const Json::Value& texts = pages_.strings()["confirm"];
    const std::string by_type = "question_" + text_in(page, "app_type");
    page["texts"]["question"] = texts.isMember(by_type) ? texts[by_type] : texts["question_other"];
    page["place"] = text_in(page, "group_name");
    page["plain"] = !page["replaces"].asBool();
    if (page["replaces"].asBool()) {
        page["texts"]["question"] = texts["replace"];
        page["texts"]["title"] = texts["replace_title"];
        page["texts"]["heading"] = texts["replace_heading"];
        page["texts"]["next"] = texts["replace_next"];
    }
    page["request_id"] = shown_id;
    return this->page(request, 200, "confirm", std::move(page));
}

Response Site::connected(const Request& request, Json::Value page) const {
    const Json::Value& texts = pages_.strings()["done"];
    const std::string by_type = "connected_" + text_in(page, "app_type");
    page["texts"]["connected"] = texts.isMember(by_type) ? texts[by_type] : texts["connected_other"];
    const std::string renewal = text_in(page, "renewal");
    if (renewal == "unchanged" || renewal == "replaced") page["texts"]["connected"] = texts[renewal];
    if (page["elsewhere"].asBool()) page["texts"]["connected"] = texts["connected_elsewhere"];
    page["place"] = text_in(page, "group_name");
    return this->page(request, 200, "done", std::move(page));
}

}  // namespace o365

#include "fcgi/page_view.h"

#include <array>
#include <string>

#include "fcgi/mount.h"
#include "lib/http/url.h"

namespace o365 {
namespace {

// Where Microsoft's page sends a browser that is not signed in yet. Chromium holds every redirect after a form's POST
// against form-action, also those of the other site.
constexpr std::array kMicrosoftSignIn = {"https://outlook.office.com", "https://outlook.office365.com",
                                         "https://login.microsoftonline.com", "https://login.microsoft.com",
                                         "https://login.live.com"};

Json::Value filled(const Json::Value& texts, const Json::Value& values) {
    if (texts.isString()) return fill_placeholders(texts.asString(), values);
    if (!texts.isObject()) return texts;
    Json::Value all(Json::objectValue);
    for (const std::string& name : texts.getMemberNames()) all[name] = filled(texts[name], values);
    return all;
}

// Texts of "common", of the page and of `values` themselves, under `t`; and what every page has.
void add_texts(Json::Value& values, const Json::Value& strings, std::string_view path, std::string_view name) {
    Json::Value texts = strings.get("common", Json::objectValue);
    for (const Json::Value& more : {strings.get(std::string(name), Json::objectValue), values["texts"]}) {
        for (const std::string& key : more.getMemberNames()) texts[key] = more[key];
    }
    values["t"] = filled(texts, values);
    values["lang"] = strings.get("lang", "en");
    values["base"] = path_to_mount(path);
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
    add_texts(values, pages.strings(), path, name);
    if (!values.isMember("referrer")) values["referrer"] = "no-referrer";
    Response response = Response::html(status, pages.render(name, values));
    response.set("Referrer-Policy", values["referrer"].asString());
    return response;
}

std::string render_part(const Pages& pages, std::string_view path, std::string_view name, Json::Value values) {
    add_texts(values, pages.strings(), path, name);
    return pages.render_part(name, values);
}

Response render_message(const Pages& pages, std::string_view path, int status, const std::string& request_id) {
    Json::Value values(Json::objectValue);
    const Json::Value& all = pages.strings()["messages"];
    values["texts"] = all.get(std::to_string(status), all["500"]);
    values["request_id"] = request_id;
    return render_page(pages, path, status, "message", std::move(values));
}

void allow_connect_page(Response& response, const std::string& connect_url) {
    const auto url = parse_url(connect_url);
    if (!url) return;
    response.allow_form_action(origin_of(*url));
    if (url->host == "outlook.office.com" || url->host == "outlook.office365.com") {
        for (const char* origin : kMicrosoftSignIn) response.allow_form_action(origin);
    }
}

}  // namespace o365

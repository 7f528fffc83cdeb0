#include "fcgi/page_view.h"

#include <array>
#include <string>
#include <utility>

#include "fcgi/mount.h"
#include "lib/http/url.h"

namespace o365 {
namespace {

// Where Microsoft's page redirects a browser that is not signed in. Chromium checks every redirect after a form's POST
// against form-action, also redirects of the other site.
constexpr std::array kMicrosoftSignIn = {"https://outlook.office.com", "https://outlook.office365.com",
                                         "https://login.microsoftonline.com", "https://login.microsoft.com",
                                         "https://login.live.com"};

// Adds the texts that the template and the layout use, as `t` and `h`, and the values that every page has.
void add_texts(Json::Value& values, const Pages& pages, const Texts& texts, std::string_view path,
               std::string_view name) {
    Json::Value more;
    values.removeMember("texts", &more);
    const auto find = [&](const std::string& text) -> const Json::Value& {
        for (const Json::Value* section : {&std::as_const(more), &texts[std::string(name)]}) {
            if (section->isMember(text)) return (*section)[text];
        }
        return texts["common"][text];
    };
    const Pages::UsedTexts& used = pages.used_texts(name);
    Json::Value plain(Json::objectValue);
    Json::Value html(Json::objectValue);
    for (const std::string& text : used.plain) plain[text] = texts.fill(find(text), values);
    for (const std::string& text : used.html) html[text] = texts.fill_html(find(text), values);
    values["t"] = std::move(plain);
    values["h"] = std::move(html);
    values["lang"] = texts.language();
    values["direction"] = texts["language"]["direction"];
    values["base"] = path_to_mount(path);
}

}  // namespace

Response render_page(const Pages& pages, const Texts& texts, std::string_view path, int status, std::string_view name,
                     Json::Value values) {
    add_texts(values, pages, texts, path, name);
    if (!values.isMember("referrer")) values["referrer"] = "no-referrer";
    Response response = Response::html(status, pages.render(name, values));
    response.set("Referrer-Policy", values["referrer"].asString());
    response.set("Content-Language", texts.language());
    response.set("Vary", "Accept-Language");
    return response;
}

std::string render_part(const Pages& pages, const Texts& texts, std::string_view path, std::string_view name,
                        Json::Value values) {
    add_texts(values, pages, texts, path, name);
    return pages.render_part(name, values);
}

Response render_message(const Pages& pages, const Texts& texts, std::string_view path, int status,
                        const std::string& request_id) {
    Json::Value values(Json::objectValue);
    const Json::Value& all = texts["messages"];
    values["texts"] = all.get(std::to_string(status), all["500"]);
    values["request_id"] = request_id;
    return render_page(pages, texts, path, status, "message", std::move(values));
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

#include "fcgi/site.h"
#include "lib/json/json_fields.h"
#include "lib/json/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "lib/http/url.h"

namespace o365 {
namespace {

constexpr std::size_t kMaxSlug = 40;
constexpr std::size_t kRequestIdDigits = 12;

}  // namespace

CopyDoor callback_door() {
    return {.row = "o365_programs.callback",
            .rows = "o365_programs.callbacks",
            .outcome_of = "o365_programs.responder_callback_outcome",
            .outcomes_of = "o365_programs.responder_callback_outcomes"};
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

bool is_prefetch(const Request& request) {
    for (const char* name : {"HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_PURPOSE", "HTTP_X_MOZ"}) {
        const auto found = request.headers.find(name);
        if (found == request.headers.end()) continue;
        const std::string& purpose = found->second;
        for (const char* word : {"prefetch", "prerender", "preview"}) {
            if (purpose.find(word) != std::string::npos) return true;
        }
    }
    return false;
}

void Site::refuse_other_sites(const Request& request) {
    const std::string public_url =
        is_judged_by_origin(request) ? text_in(ask("SELECT o365_programs.responder_connectors()"), "public_url") : "";
    if (!is_same_site_post(request, public_url)) throw BadRequest(400, "the form was sent from another site");
}

Json::Value Site::ask(std::string_view statement, const std::vector<Value>& parameters) {
    return database_json(call(statement, parameters).text(0, 0));
}

const Texts& Site::texts(const Request& request, const Json::Value& page) const {
    const std::string pinned = text_in(page, "language");
    if (!pinned.empty()) {
        if (const Texts* const texts = pages_.find_texts(pinned)) return *texts;
        const std::string pair = fmt::format("connector={} language={}", text_in(page, "slug"), log::quoted(pinned));
        if (const auto count = no_such_language_.due(pair)) log::warn("no_such_language", "{} count={}", pair, *count);
    }
    const auto header = request.headers.find("HTTP_ACCEPT_LANGUAGE");
    return pages_.texts(header == request.headers.end() ? std::string_view{} : header->second);
}

Response Site::page(const Request& request, int status, std::string_view name, Json::Value values) const {
    const Texts& texts = this->texts(request, values);
    return render_page(pages_, texts, request.path, status, name, std::move(values));
}

Response Site::message(const Request& request, int status) const {
    return render_message(pages_, texts(request), request.path, status, status >= 500 ? request.id : std::string());
}

Response Site::wrong_method(const Request& request, std::string_view allowed) const {
    Response response = message(request, 405);
    response.set("Allow", allowed);
    return response;
}

Response Site::failed(const Request& request, Json::Value page, const std::string& reason,
                      const std::string& shown_id) const {
    const Json::Value& reasons = texts(request, page)["reasons"];
    const bool stands = page["stands"].asBool();
    const std::string shown = stands ? "already_connected" : reason == "already_connected" ? "used" : reason;
    page["texts"] = reasons.isMember(shown) ? reasons[shown] : reasons["other"];
    page["request_id"] = shown_id;
    if (stands) page["place"] = text_in(page, "group_name");
    const std::string again = text_in(page, "again");
    const std::string connect_url = text_in(page, "connect_url");
    // The texts of these two say how to go on in another place.
    const bool not_from_here = reason == "framed" || reason == "confirm_elsewhere";
    page["in_frame"] = reason == "framed";
    page["again_post"] = again == "ticket" && !not_from_here;
    const std::string again_way = text_in(page, "again_way");
    page["again_path"] = again_way == "start" ? "start" : "workflow";
    page["again_link"] = again == "landing" && !not_from_here;
    page["from_application"] = again == "application" && !not_from_here && reason != "ticket";
    page["only_website"] = again != "ticket" && again != "landing" && !not_from_here;
    Response response = this->page(request, 200, "failed", std::move(page));
    if (again == "ticket" && again_way == "start") allow_connect_page(response, connect_url);
    return response;
}

Response Site::to_failed(const Request& request, const Json::Value& page, const std::string& reason,
                         const std::string& shown_id) {
    return Response::redirect(request.method == "POST" ? 303 : 302,
                              fmt::format("{}/connect/{}/failed?reason={}&request={}", text_in(page, "public_url"),
                                          text_in(page, "slug"), url_encode(reason), url_encode(shown_id)));
}

void Site::log_too_many(const std::string& slug, std::string_view what) {
    static std::mutex mutex;  // for all threads: each has a Site of its own
    static log::Repeated lines;
    const std::string pairs = fmt::format("connector={} what={}", slug, what);
    const std::lock_guard lock(mutex);
    if (const auto count = lines.due(pairs)) log::warn("too_many", "{} count={}", pairs, *count);
}

Response Site::confirm(const Request& request, Json::Value page, const std::string& shown_id) const {
    const Json::Value& texts = this->texts(request, page)["confirm"];
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
    const Json::Value& texts = this->texts(request, page)["done"];
    const std::string by_type = "connected_" + text_in(page, "app_type");
    page["texts"]["connected"] = texts.isMember(by_type) ? texts[by_type] : texts["connected_other"];
    const std::string renewal = text_in(page, "renewal");
    if (renewal == "unchanged" || renewal == "replaced") page["texts"]["connected"] = texts[renewal];
    if (page["elsewhere"].asBool()) page["texts"]["connected"] = texts["connected_elsewhere"];
    page["place"] = text_in(page, "group_name");
    return this->page(request, 200, "done", std::move(page));
}

}  // namespace o365

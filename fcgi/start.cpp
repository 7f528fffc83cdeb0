// POST /connect/<slug>/start - mints state and cookie together and sends the browser to the Connect page.
#include <fmt/format.h>

#include "fcgi/routes.h"
#include "lib/crypto.h"

namespace o365 {
namespace {

constexpr std::size_t kMaxTicket = 200;
constexpr std::size_t kNameDigits = 8;
constexpr std::string_view kCookiePrefix = "__Host-o365-";
// Attempts of one browser that stay open. Each has a cookie for an hour, and servers refuse requests whose cookies fill
// more than a few KB.
constexpr std::size_t kMaxAttempts = 20;

// Takes the oldest of our cookies back until there is room for one more. Browsers send them in the order in which they
// were set (RFC 6265 5.4).
void forget_oldest(const Request& request, Response& response) {
    std::vector<std::string_view> names;
    std::string_view rest = request.cookies;
    while (!rest.empty()) {
        const auto end = rest.find(';');
        std::string_view pair = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
        while (pair.starts_with(' ')) pair.remove_prefix(1);
        const std::string_view name = pair.substr(0, pair.find('='));
        const bool ours = name.starts_with(kCookiePrefix) && name.size() == kCookiePrefix.size() + kNameDigits &&
                          name.find_first_not_of("0123456789abcdef", kCookiePrefix.size()) == std::string_view::npos;
        if (ours) names.push_back(name);
    }
    for (std::size_t i = 0; i + kMaxAttempts <= names.size(); ++i) {
        response.add("Set-Cookie", fmt::format("{}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0", names[i]));
    }
}

}  // namespace

std::string state_cookie_name(const std::string& state) {
    return std::string(kCookiePrefix) + hex(sha256(state)).substr(0, kNameDigits);
}

Response start(Site& site, const Request& request, const std::string& slug) {
    if (request.method != "POST") return site.wrong_method(request, "POST");
    const auto refuse_other_site = [] { throw BadRequest(400, "the form was sent from another site"); };
    if (!is_same_site_post(request, "")) refuse_other_site();
    const std::string ticket = request.form.get_or("ticket", "");
    if (ticket.size() > kMaxTicket) throw BadRequest(400, "the ticket is too long");
    const std::string state = random_token();
    const std::string cookie = random_token();
    const Json::Value page = site.ask("SELECT o365.responder_start($1, $2, $3, $4, $5)",
                                      {slug, ticket.empty() ? Value() : Value::bytes(sha256(ticket)),
                                       Value::bytes(sha256(state)), Value::bytes(sha256(cookie)), request.id});
    if (!page["found"].asBool()) return site.message(request, 404);
    const std::string public_url = text_of(page, "public_url");
    // The attempt that was just made dies with its state, which nobody gets to know.
    if (!is_same_site_post(request, public_url)) refuse_other_site();
    if (!page["started"].asBool()) {
        return Response::redirect(
            303, fmt::format("{}/connect/{}/failed?reason=ticket&request={}", public_url, slug, request.id));
    }
    const std::string connect_url = text_of(page, "connect_url");
    Response response = Response::redirect(
        303, fmt::format("{}{}state={}&app_id={}&callback_url={}", connect_url,
                         connect_url.find('?') == std::string::npos ? '?' : '&', state,
                         url_encode(text_of(page, "app_id")), url_encode(text_of(page, "callback_url"))));
    response.add("Set-Cookie", fmt::format("{}={}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={}",
                                           state_cookie_name(state), cookie, page["max_age"].asInt()));
    forget_oldest(request, response);
    return response;
}

}  // namespace o365

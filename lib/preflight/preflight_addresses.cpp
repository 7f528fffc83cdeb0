// Addresses of the application's own: its website and the targets of its actions.
#include "lib/preflight/preflight_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lib/http/url.h"
#include "lib/json/json_fields.h"

namespace o365 {
namespace {

constexpr std::size_t kMaxTargets = 20;

// Names that nobody can have on the internet (RFC 2606). What is on this machine is asked, where that is allowed.
bool is_reserved(std::string_view host) {
    constexpr std::array<std::string_view, 3> kReserved = {"example", "test", "invalid"};
    return std::any_of(kReserved.begin(), kReserved.end(),
                       [&](std::string_view domain) { return is_at_or_below(host, domain); });
}

}  // namespace

// A site of the application's own; any answer will do.
void PreflightRun::look_at_site(std::string_view item, const std::string& url, std::string_view what) {
    const auto parsed = parse_url(url);
    if (!parsed) return;  // the registration says so
    if (is_reserved(parsed->host)) {
        add(item, is_development() ? "look" : "fail", url,
            fmt::format("{} is at a name that is reserved for examples and tests: nobody answers there.", what),
            "Right for development. Before real users come register the real one: select o365.alter_connector(...).");
        return;
    }
    if (parsed->scheme != "https") {
        add(item, is_development() ? "look" : "fail", url, fmt::format("{} has no https.", what),
            "Register its https address: select o365.alter_connector(...).");
        return;
    }
    const PostResult result = get(url);
    if (!is_reached(item, url, result)) return;
    if (item == "website" && result.status >= 400)
        fail(item, url, fmt::format("It answers {}.", result.status), "Register an address that shows the company.");
}

void PreflightRun::look_at_addresses() {
    look_at_site("website", text("website"), "The website");
    std::size_t count = 0;
    for (const Json::Value& target : list_in(site_, "target_urls")) {
        if (++count > kMaxTargets) {
            add("targets", "look", connector(), fmt::format("Only the first {} were asked.", kMaxTargets),
                "Ask the others by yourself: curl -v <url>.");
            break;
        }
        look_at_site("targets", target.asString(), "This target");
    }
}

}  // namespace o365

#include "worker/delivery/allow_list.h"

#include <fmt/format.h>

namespace o365 {

AllowList::AllowList(const Json::Value& rows) {
    for (const Json::Value& row : rows) {
        hosts_.push_back({row["dialect"].asString(), row["host"].asString(), row["subdomains"].asBool(),
                          row["port"].asInt(), row["far_end"].asString()});
    }
}

const AllowedHost* AllowList::find(const Url& url) const {
    const AllowedHost* best = nullptr;
    for (const AllowedHost& one : hosts_) {
        const bool fits =
            one.port == url.port && (one.subdomains ? url.host.ends_with("." + one.host) : url.host == one.host);
        if (fits && (best == nullptr || one.host.size() > best->host.size())) best = &one;
    }
    return best;
}

std::string AllowList::far_end(const Url& url) const {
    const AllowedHost* const entry = find(url);
    return entry == nullptr || entry->far_end.empty() ? url.host : entry->far_end;
}

std::string AllowList::problem(const Url& url, const std::string& dialect) const {
    const AllowedHost* const entry = find(url);
    if (entry != nullptr && entry->dialect == dialect) return {};
    return fmt::format(
        "webhooks on host {0} port {2} are not allowed: select o365.allow_webhook_host('{1}', '{0}', {2})", url.host,
        dialect, url.port);
}

}  // namespace o365

// The hosts that webhooks may lie on, as the installation's allow-list has them. Immutable once made: any thread.
#pragma once

#include <json/json.h>

#include <string>
#include <utility>
#include <vector>

#include "lib/http/url.h"

namespace o365 {

struct AllowedHost {
    std::string dialect;      // of webhooks on it
    std::string host;         // lower case
    bool subdomains = false;  // any host below it, never the host itself
    int port = 0;
    std::string far_end;  // what its transfers are counted under
};

class AllowList {
  public:
    AllowList() = default;
    explicit AllowList(std::vector<AllowedHost> hosts) : hosts_(std::move(hosts)) {}
    // The array `hosts` of o365_programs.worker_heartbeat.
    explicit AllowList(const Json::Value& rows);

    // The entry that allows a webhook's URL; null when there is none. Of several that fit the longest counts. The same
    // rule as o365_internal.webhook_dialect, which cannot see the webhook that was opened here. Valid while this lives.
    const AllowedHost* find(const Url& url) const;
    // The far end that a URL belongs to: that of its entry, or the host itself.
    std::string far_end(const Url& url) const;
    // Why no webhook of that dialect may lie at the URL, and what to do; empty when it may.
    std::string problem(const Url& url, const std::string& dialect) const;

  private:
    std::vector<AllowedHost> hosts_;
};

}  // namespace o365

// The installation's allow-list: the hosts on which webhooks may lie. Immutable: any thread.
#pragma once

#include <json/json.h>

#include <string>
#include <utility>
#include <vector>

#include "lib/http/url.h"

namespace o365 {

struct AllowedHost {
    std::string dialect;      // of webhooks there: connector or workflow
    std::string host;         // lower case
    bool subdomains = false;  // allows all hosts below `host`, and not `host` itself
    int port = 0;
    std::string far_end;  // under which transfers there are counted
};

class AllowList {
  public:
    AllowList() = default;
    explicit AllowList(std::vector<AllowedHost> hosts) : hosts_(std::move(hosts)) {}
    // `rows`: the array `hosts` of o365_programs.worker_heartbeat.
    explicit AllowList(const Json::Value& rows);

    // The entry that allows a URL, of several the one with the longest host; nullptr when there is none. The same rule
    // as o365_internal.webhook_dialect; it is needed here too, because the database cannot read the opened webhook.
    // Valid as long as the AllowList.
    const AllowedHost* find(const Url& url) const;
    // The far end of a URL: that of its entry, or the host itself.
    std::string far_end(const Url& url) const;
    // Why a webhook of that dialect may not lie at the URL, and what to do; empty when it may.
    std::string problem(const Url& url, const std::string& dialect) const;

  private:
    std::vector<AllowedHost> hosts_;
};

}  // namespace o365

#include "worker/delivery/settings_snapshot.h"

#include "lib/json/json_text.h"

namespace o365 {

SettingsSnapshot read_settings_snapshot(std::string_view answer) {
    const Json::Value json = database_json(answer);
    SettingsSnapshot snapshot;
    snapshot.worker = json["worker"].asInt();
    // False for a worker that starts, and for one whose row was deleted.
    snapshot.described = json["described"].asBool();
    snapshot.sends = json["sends"].asBool();
    snapshot.why = json["why"].asString();
    snapshot.post_timeout = std::chrono::milliseconds(json["post_timeout_ms"].asInt64());
    snapshot.classifier = Classifier(json["rules"]);
    snapshot.hosts = AllowList(json["hosts"]);
    snapshot.public_url = json["public_url"].asString();
    snapshot.adaptive_card_version = json["adaptive_card_version"].asString();
    snapshot.others = json["others"].asInt64();
    return snapshot;
}

}  // namespace o365

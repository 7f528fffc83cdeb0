// What the database says of the installation at a heartbeat. Immutable once made: the database thread replaces it
// whole, so that the sender reads one state at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/secret.h"
#include "worker/delivery/allow_list.h"
#include "worker/delivery/classifier.h"

namespace o365 {

struct SettingsSnapshot {
    int worker = 0;         // this worker's number
    bool described = true;  // the database knows the worker's name, version and keys
    bool sends = false;
    std::string why;  // it does not; empty when it does
    std::chrono::milliseconds post_timeout{0};
    Classifier classifier{Json::Value()};
    AllowList hosts;
    std::string public_url;             // where links to card actions lead; empty: there are none
    Secret action_key;                  // of those links
    std::string adaptive_card_version;  // of converted cards; empty: the lowest that they need
    std::int64_t others = 0;            // workers of this environment that are alive beside this one
};

// Reads the answer of o365_programs.worker_start and o365_programs.worker_heartbeat, which is JSON by contract and has
// no action_key. Throws std::runtime_error when it is no JSON.
SettingsSnapshot read_settings_snapshot(std::string_view answer);

}  // namespace o365

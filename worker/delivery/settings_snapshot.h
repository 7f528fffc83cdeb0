// The settings of the installation, as the database returns them at a heartbeat. Immutable: the database thread
// replaces it as a whole, so that the sender always sees one state.
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
    bool sends = false;     // the worker may send
    std::string why;        // why it may not; empty when it may
    std::chrono::milliseconds post_timeout{0};
    Classifier classifier{Json::Value()};
    AllowList hosts;
    std::string public_url;             // for links to card actions; empty: make no links
    Secret action_key;                  // for those links
    std::string adaptive_card_version;  // of converted cards; empty: the lowest that a card needs
    std::int64_t others = 0;            // how many other workers of this environment are alive
};

// Reads the answer of o365_programs.worker_start and o365_programs.worker_heartbeat, which does not have action_key.
// Throws std::runtime_error when it is not JSON.
SettingsSnapshot read_settings_snapshot(std::string_view answer);

}  // namespace o365

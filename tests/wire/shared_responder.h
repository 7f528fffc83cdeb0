// The responder that most cases share: what one of them left behind would be found by the next.
#pragma once

#include <optional>
#include <string>

#include "tests/wire/requests.h"

namespace o365::test {

struct Shared {
    static void setup() {
        responder.emplace();
        responder->connect_all();
    }
    // When all cases are through, or the only one. It ends by itself, as only such a process is asked what it leaked.
    static void teardown() {
        BOOST_REQUIRE(responder->alive());
        BOOST_TEST((responder->stop() < kPromptly));
        responder.reset();
    }
    static inline std::optional<Responder> responder;
};

inline const Responder& responder() { return *Shared::responder; }

struct Case {
    ~Case() {
        BOOST_TEST(responder().answers());
        BOOST_TEST(responder().alive());
        BOOST_TEST(responder().output() == "");
    }
};

inline std::string ask_raw(const std::string& bytes) {
    const Peer peer(responder().socket());
    peer.send(bytes);
    return peer.receive();
}

inline Answer ask(const std::string& bytes) { return parse(ask_raw(bytes)); }

}  // namespace o365::test

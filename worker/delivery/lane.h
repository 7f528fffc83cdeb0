// A leased lane on its way: the database thread opens its webhook and reports it, the sender posts its cards. What both
// touch meanwhile is atomic.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/secret.h"
#include "lib/http/url.h"
#include "worker/delivery/clock.h"
#include "worker/delivery/outbox.h"

namespace o365 {

// A webhook as the key opened it, read once. Immutable.
struct OpenWebhook {
    explicit OpenWebhook(Secret opened) : text(std::move(opened)), parsed(parse_webhook(text.reveal())) {}
    Secret text;
    Webhook parsed;
};

struct Lane {
    // A POST is held to the lease and the timeout of the claim, whatever the settings say since. `asked_at`: when the
    // call that claimed it began, from which the lease counts.
    Lane(Claimed claimed, Clock::time_point asked_at, std::chrono::milliseconds timeout)
        : lease(claimed.lease),
          dialect(std::move(claimed.dialect)),
          payload(claimed.payload),
          post_timeout(timeout),
          last_start(asked_at + claimed.lasts - timeout - kLeaseMargin) {}

    // For the report to arrive before the lease ends.
    static constexpr std::chrono::seconds kLeaseMargin{3};

    const Lease lease;
    const std::string dialect;
    const Payload payload;
    const std::chrono::milliseconds post_timeout;
    const Clock::time_point last_start;  // a POST that started later could outlive the lease
    std::vector<Card> cards;
    Clock::time_point fetched_at{};               // when the call that brought them began
    std::size_t next = 0;                         // of cards: the one to post next
    std::shared_ptr<const OpenWebhook> webhook;   // null: not opened
    std::string cannot_send;                      // why the webhook cannot be used; empty: it can
    std::string cannot_send_outcome;              // the outcome to report then
    bool is_off_the_list = false;                 // the allow-list, as the sender has it, does not have its host
    std::atomic<bool> may_send = true;            // as the database said when it was asked last
    std::atomic<Clock::time_point> checked_at{};  // when it was asked

    // The sender's.
    std::string far_end;  // what the gate counts it under
    bool has_transfer = false;
    std::shared_ptr<const void> checked_against;  // the settings that the webhook was last checked against
    std::vector<CardResult> results;              // not handed over yet
};

// What a lane has to report, on its way from the sender to the database thread.
struct LaneReport {
    std::shared_ptr<Lane> lane;
    std::vector<CardResult> results;
    bool releases = false;  // the lane is given back
};

}  // namespace o365

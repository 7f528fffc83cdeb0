// A leased lane. The database thread opens its webhook and reports it, the sender posts its cards; one of the two has
// the lane at a time. What the other may use meanwhile is atomic.
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

// An opened webhook, parsed once. Immutable.
struct OpenWebhook {
    explicit OpenWebhook(Secret opened) : text(std::move(opened)), parsed(parse_webhook(text.reveal())) {}
    Secret text;
    Webhook parsed;
};

struct Lane {
    // `asked_at`: when the call that claimed the lane began, from which the lease counts. `timeout`: of each POST. A
    // lane keeps its timeout when the setting changes.
    Lane(Claimed claimed, Clock::time_point asked_at, std::chrono::milliseconds timeout)
        : lease(claimed.lease),
          dialect(std::move(claimed.dialect)),
          payload(claimed.payload),
          post_timeout(timeout),
          last_start(asked_at + claimed.lasts - timeout - kLeaseMargin) {}

    // The time for the report to arrive before the lease ends.
    static constexpr std::chrono::seconds kLeaseMargin{3};

    const Lease lease;
    const std::string dialect;
    const Payload payload;
    const std::chrono::milliseconds post_timeout;
    const Clock::time_point last_start;  // a POST that started later could outlive the lease
    std::vector<Card> cards;
    Clock::time_point fetched_at{};               // when the call that fetched the cards began
    std::size_t next = 0;                         // index of the card to post next
    std::shared_ptr<const OpenWebhook> webhook;   // null: not opened
    std::string cannot_send;                      // why the webhook cannot be used; empty when it can
    std::string cannot_send_outcome;              // the outcome to report then
    bool is_off_the_list = false;                 // the sender's allow-list does not have its host
    std::atomic<bool> may_send = true;            // the database's last answer
    std::atomic<Clock::time_point> checked_at{};  // when the database was asked

    // For the sender only.
    std::string far_end;  // under which the gate counts the lane
    bool has_transfer = false;
    std::shared_ptr<const void> checked_against;  // the settings with which the webhook was checked last
    std::vector<CardResult> results;              // not handed over yet
};

// The results of a lane, from the sender for the database thread.
struct LaneReport {
    std::shared_ptr<Lane> lane;
    std::vector<CardResult> results;
    bool releases = false;  // the lane is given back
};

}  // namespace o365

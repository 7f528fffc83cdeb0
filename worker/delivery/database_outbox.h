// The Outbox in PostgreSQL. Has all SQL statements of delivery, which call o365_programs.worker_... (sql/functions).
// One thread, except for end_by().
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/database/database.h"
#include "lib/settings/settings.h"
#include "worker/delivery/outbox.h"

namespace o365 {

class DatabaseOutbox : public Outbox {
  public:
    // Does not connect yet.
    explicit DatabaseOutbox(const Settings& settings);

    // The worker's number; 0 before start().
    int worker() const noexcept { return worker_; }

    SettingsSnapshot start() override;
    SettingsSnapshot heartbeat() override;
    void describe(const std::vector<std::string>& key_ids) override;
    std::vector<std::string> keys_in_use() override;
    void stop(bool comes_back) override;
    ReportedAndClaimed report_and_claim(const std::vector<Ended>& ended, int lanes) override;
    std::vector<std::vector<Card>> cards(const std::vector<Lease>& leases, int bytes) override;
    std::vector<Rechecked> recheck(const std::vector<Lease>& leases) override;
    std::vector<SealedWebhook> secrets(const std::vector<std::int64_t>& subscription_ids) override;
    void adopt(std::int64_t subscription_id, int secret_version, const SealedMessage& message) override;
    Backlog backlog() override;
    void end_by(Clock::time_point when) noexcept override;
    void close() noexcept override { database_.close(); }

  private:
    SettingsSnapshot take_snapshot(std::string_view answer);
    Statement report_statement(const std::vector<Ended>& ended) const;
    Statement claim_statement(int lanes);
    std::vector<Claimed> take_claimed(const Rows& rows);

    const std::string name_;
    const std::string environment_;
    Database database_;
    int worker_ = 0;
    Secret action_key_;  // for links to card actions; it never changes
    // When the lanes that were claimed last became due. The next claim begins its scan there, so that it does not walk
    // over index entries of earlier claims. Every few seconds one scans from the start.
    std::string scanned_to_;
    BootClock::time_point scanned_all_at_{};
    // The database's state when the last claim found nothing, and until when that is valid. The next claim passes both
    // back, and costs little while nothing has changed. On another server they are valid for a second at most.
    std::string seen_;
    std::string quiet_until_;
};

}  // namespace o365

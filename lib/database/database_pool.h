// Connections to one database for several threads, and what is known of the database: while it does not answer, one
// call at a time tries it and all others fail at once, so that no thread waits for it in vain. Any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/log.h"
#include "lib/database/database.h"

namespace o365 {

class DatabasePool {
  public:
    using Clock = std::chrono::steady_clock;
    using Make = std::function<Database()>;
    using Check = std::function<void(Database& database)>;

    // What the database did at the last call.
    struct Look {
        bool answered = false;
        std::string why;         // it did not, in words for the log; empty when it did
        Clock::time_point at{};  // time_point{}: there was no call yet
    };

    // At most `size` connections, at least one. `make` makes them as they are needed; the one used last is used next.
    // `check` runs on a connection before its first call, and again once it is a minute old: it throws DatabaseError
    // when the database must not be used. May be empty.
    DatabasePool(const Make& make, int size, Check check = {});
    DatabasePool(const DatabasePool&) = delete;
    DatabasePool& operator=(const DatabasePool&) = delete;

    // As of Database. Throws DatabaseError as well when no connection could be had: Fault::down at once while the
    // database does not answer; Fault::retry when all connections are in use and one of them has been for kBusy.
    Rows call(std::string_view statement, const std::vector<Value>& parameters = {});
    Rows copy_row(std::string_view copy_target, const std::vector<Value>& fields, std::string_view then_select);
    Rows copy_rows(std::string_view copy_target, std::span<const std::vector<Value>> rows, std::string_view then_select,
                   std::optional<std::chrono::milliseconds> lock_timeout = std::nullopt);

    // The same as call, for who would rather know than wait: takes at most `timeout`, and is nullopt where call would
    // wait for a connection or fail because the database does not answer. Asks `check` each time. Throws DatabaseError.
    std::optional<Rows> look(std::string_view statement, std::chrono::milliseconds timeout);
    Look last_look() const;

    // No call goes on after `when`.
    void end_by(Clock::time_point when) noexcept;

    // How long a connection may be in use before others stop waiting for one.
    static constexpr std::chrono::seconds kBusy{2};
    // How long the answer of `check` holds.
    static constexpr std::chrono::minutes kChecked{1};
    // How long nobody tries a database that did not answer.
    static constexpr std::chrono::seconds kDown{1};

  private:
    struct Slot {
        explicit Slot(Database made) : database(std::move(made)) {}
        Database database;
        bool in_use = false;
        bool probes = false;  // of a database that is down, the only one that is in use
        Clock::time_point since{};
        Clock::time_point checked{};
    };
    using Work = std::function<Rows(Slot& slot)>;

    Rows with_slot(Slot& slot, const Work& work);
    void check(Slot& slot);
    Slot& take();
    Slot* free_slot();
    void refuse_while_down() const;
    void give_back(Slot& slot, const DatabaseError* error) noexcept;

    const Check check_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::unique_ptr<Slot>> slots_;  // in use or not; those at the front were used last
    bool down_ = false;
    bool probing_ = false;
    Clock::time_point down_until_{};
    Look last_;
    log::Repeated told_;
};

}  // namespace o365

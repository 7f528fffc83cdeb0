// Connections to one database for several threads. While the database does not answer, one call at a time tries it and
// all others fail at once, so that threads do not wait for it. Any thread.
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

    // Whether the database answered the last call that can tell.
    struct Look {
        bool answered = false;
        std::string why;         // why it did not answer, for the log; empty when it did
        Clock::time_point at{};  // time_point{}: there was no call yet
    };

    // `size` connections, or one if it is less. `make` is called for each at once; it should not connect. The first
    // that is free serves a call, so that few are connected when there is little to do. `check` runs on a connection
    // before its first call, and before the first one after each kChecked: it throws DatabaseError when the database
    // must not be used. May be empty.
    DatabasePool(const Make& make, int size, Check check = {});
    DatabasePool(const DatabasePool&) = delete;
    DatabasePool& operator=(const DatabasePool&) = delete;

    // The calls of Database, on a connection that is free. Throws DatabaseError also when there is none: Fault::down at
    // once while the database does not answer; Fault::retry when all connections are in use and one has been for kBusy.
    Rows call(std::string_view statement, const std::vector<Value>& parameters = {});
    Rows copy_row(std::string_view copy_target, const std::vector<Value>& fields, std::string_view then_select);
    Rows copy_rows(std::string_view copy_target, std::span<const std::vector<Value>> rows, std::string_view then_select,
                   std::optional<std::chrono::milliseconds> lock_timeout = std::nullopt,
                   CopyForm form = CopyForm::rows);

    // call() for a caller that does not want to wait: takes at most `timeout`. nullopt where call() would wait for a
    // connection, or fail because the database does not answer. Runs `check` each time. Throws DatabaseError.
    std::optional<Rows> look(std::string_view statement, std::chrono::milliseconds timeout);
    Look last_look() const;

    // Sets a deadline for all calls, also for those that are running now.
    void end_by(Clock::time_point when) noexcept;

    // How long a connection may be in use before calls stop waiting for a free one.
    static constexpr std::chrono::seconds kBusy{2};
    // How long a result of `check` is valid.
    static constexpr std::chrono::minutes kChecked{1};
    // How long a database that did not answer is not tried.
    static constexpr std::chrono::seconds kDown{1};

  private:
    struct Slot {
        explicit Slot(Database made) : database(std::move(made)) {}
        Database database;
        bool in_use = false;
        bool probes = false;  // this call is the one that tries a database which does not answer
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
    std::vector<std::unique_ptr<Slot>> slots_;  // searched from the front
    bool down_ = false;
    bool probing_ = false;
    Clock::time_point down_until_{};
    Look last_;
    log::Repeated failures_;
};

}  // namespace o365

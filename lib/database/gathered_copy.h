// Gathers the rows that several threads copy at the same time into one COPY: rows that wait while one COPY runs go
// together in the next, as one row of arrays. A transaction costs more than a row, above all the wait until it is on
// disk, and a statement for many rows little more than one for one. Any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/database/database_pool.h"

namespace o365 {

// Where rows go. Names are schema-qualified.
struct CopyDoor {
    std::string row;          // a view that takes one row
    std::string rows;         // one that takes several, as a row of arrays (CopyForm) with the columns of `row`
    std::string outcome_of;   // a function that takes the id of a row as text and returns the row's outcome
    std::string outcomes_of;  // the same for an array of ids: a set of outcomes, in the order of the ids
};

class GatheredCopy {
  public:
    // `at_once`: how many COPYs may run at the same time, at least one.
    GatheredCopy(DatabasePool& database, CopyDoor door, int at_once);
    GatheredCopy(const GatheredCopy&) = delete;
    GatheredCopy& operator=(const GatheredCopy&) = delete;

    // Copies one row and returns the outcome of `id`, which may have only letters, digits, - and _, because it is
    // inlined in the statement. `columns`: of the view, "a, b"; `fields` as for Database::copy_row. An error in another
    // row does not affect this one: when a COPY of several rows is refused, as by a database that has no view for them
    // yet, each row is copied alone. When the connection is lost all of them are in doubt. Takes at most as long as two
    // calls of the pool. Throws DatabaseError.
    std::string copy_row(const std::string& columns, std::vector<Value> fields, const std::string& id);

    // How many rows wait for the next COPY.
    std::size_t waiting() const;

    // The most rows of one COPY.
    static constexpr std::size_t kMostRows = 16;
    // How long a COPY of several rows waits for a lock. After that each row is copied alone, and waits as long as the
    // session's lock_timeout.
    static constexpr std::chrono::milliseconds kLockTimeout{50};

  private:
    enum class State { waits, leads, copied, failed, alone };
    struct Row {
        const std::string& columns;
        std::vector<Value>& fields;
        const std::string& id;
        State state = State::waits;
        std::string outcome{};
        std::optional<DatabaseError> error{};
        std::condition_variable changed{};
    };
    // The result of a COPY: an outcome for each row, in their order, or one state and error for all.
    struct Result {
        State state = State::alone;
        std::vector<std::string> outcomes{};
        std::optional<DatabaseError> error{};
    };

    void lead(Row& own, std::unique_lock<std::mutex>& lock);
    Result copy(std::span<Row* const> batch) noexcept;
    std::vector<std::string> copy_all(const std::string& columns, std::span<const std::vector<Value>> rows,
                                      const std::string& ids);

    DatabasePool& database_;
    const CopyDoor door_;
    const int at_once_;
    mutable std::mutex mutex_;
    std::deque<Row*> waiting_;  // in the order in which they came; empty unless at_once_ rows lead
    int leading_ = 0;
};

}  // namespace o365

#include "lib/database/gathered_copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace o365 {

GatheredCopy::GatheredCopy(DatabasePool& database, CopyDoor door, int at_once)
    : database_(database), door_(std::move(door)), at_once_(std::max(at_once, 1)) {}

std::string GatheredCopy::copy_row(const std::string& columns, std::vector<Value> fields, const std::string& id) {
    Row row{columns, fields, id};
    {
        std::unique_lock lock(mutex_);
        if (leading_ < at_once_) {
            ++leading_;
            row.state = State::leads;
        } else {
            waiting_.push_back(&row);
        }
        // The row that leads ends by the deadline of its call, and then sets the state of the others.
        row.changed.wait(lock, [&] { return row.state != State::waits; });
        if (row.state == State::leads) lead(row, lock);
    }
    if (row.state == State::alone) return copy_all(columns, {&fields, 1}, id).at(0);
    if (row.error) throw DatabaseError(*row.error);
    return std::move(row.outcome);
}

std::size_t GatheredCopy::waiting() const {
    const std::scoped_lock lock(mutex_);
    return waiting_.size();
}

// Copies `own` together with rows that wait, then lets the next row lead. `lock` is held before and after.
void GatheredCopy::lead(Row& own, std::unique_lock<std::mutex>& lock) {
    std::array<Row*, kMostRows> rows{&own};
    std::size_t size = 1;
    while (size < rows.size() && !waiting_.empty() && waiting_.front()->columns == own.columns) {
        rows[size++] = waiting_.front();
        waiting_.pop_front();
    }
    const std::span batch(rows.data(), size);
    lock.unlock();
    Result result = copy(batch);
    lock.lock();
    for (std::size_t i = 0; i < batch.size(); ++i) {
        batch[i]->state = result.state;
        batch[i]->error = result.error;
        if (result.state == State::copied) batch[i]->outcome = std::move(result.outcomes[i]);
        batch[i]->changed.notify_one();
    }
    if (waiting_.empty()) {
        --leading_;
    } else {
        // Take it out of the queue although it has not woken: another leader that ends now must choose another row.
        Row& next = *waiting_.front();
        waiting_.pop_front();
        next.state = State::leads;
        next.changed.notify_one();
    }
}

// Copies all rows. State::alone when nothing was stored and one of several rows may be the reason: then each row is
// copied by its own thread.
GatheredCopy::Result GatheredCopy::copy(std::span<Row* const> batch) noexcept {
    std::vector<std::vector<Value>> fields;
    try {
        fields.reserve(batch.size());
        std::string ids;
        for (const Row* row : batch) {
            fields.push_back(std::move(row->fields));
            ids += (ids.empty() ? "" : ",") + row->id;
        }
        return {State::copied, copy_all(batch[0]->columns, fields, ids), std::nullopt};
    } catch (const DatabaseError& error) {
        const bool is_lost = error.fault() == Fault::in_doubt || error.fault() == Fault::down;
        if (is_lost || batch.size() == 1) return {State::failed, {}, error};
    } catch (...) {
        // A single row gets the same exception again when it is copied alone.
    }
    for (std::size_t i = 0; i < fields.size(); ++i) batch[i]->fields = std::move(fields[i]);
    return {};
}

std::vector<std::string> GatheredCopy::copy_all(const std::string& columns, std::span<const std::vector<Value>> rows,
                                                const std::string& ids) {
    const bool one = rows.size() == 1;
    const std::string target = fmt::format("{} ({})", one ? door_.row : door_.rows, columns);
    const std::string select =
        one ? fmt::format("SELECT {}('{}')", door_.outcome_of, ids)
            : fmt::format("SELECT o.outcome FROM {}('{{{}}}') WITH ORDINALITY AS o (outcome, n) ORDER BY o.n",
                          door_.outcomes_of, ids);
    const Rows answer = one ? database_.copy_row(target, rows[0], select)
                            : database_.copy_rows(target, rows, select, kLockTimeout, CopyForm::arrays);
    std::vector<std::string> outcomes;
    outcomes.reserve(rows.size());
    for (int i = 0; i < answer.size(); ++i) outcomes.emplace_back(answer.text(i, 0));
    return outcomes;
}

}  // namespace o365

#include "lib/database/database_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace o365 {

DatabasePool::DatabasePool(const Make& make, int size, Check check) : check_(std::move(check)) {
    for (int i = 0; i < std::max(size, 1); ++i) slots_.push_back(std::make_unique<Slot>(make()));
}

Rows DatabasePool::call(std::string_view statement, const std::vector<Value>& parameters) {
    return with_slot(take(), [&](Slot& slot) {
        if (Clock::now() - slot.checked >= kChecked) check(slot);
        return slot.database.call(statement, parameters);
    });
}

Rows DatabasePool::copy_row(std::string_view copy_target, const std::vector<Value>& fields,
                            std::string_view then_select) {
    return copy_rows(copy_target, {&fields, 1}, then_select);
}

Rows DatabasePool::copy_rows(std::string_view copy_target, std::span<const std::vector<Value>> rows,
                             std::string_view then_select, std::optional<std::chrono::milliseconds> lock_timeout,
                             CopyForm form) {
    return with_slot(take(), [&](Slot& slot) {
        if (Clock::now() - slot.checked >= kChecked) check(slot);
        return slot.database.copy_rows(copy_target, rows, then_select, lock_timeout, form);
    });
}

std::optional<Rows> DatabasePool::look(std::string_view statement, std::chrono::milliseconds timeout) {
    Slot* slot = nullptr;
    {
        const std::lock_guard lock(mutex_);
        const bool refused = down_ && (probing_ || Clock::now() < down_until_);
        if (!refused) slot = free_slot();
    }
    if (slot == nullptr) return std::nullopt;
    return with_slot(*slot, [&](Slot& with) {
        Database& database = with.database;
        struct Restore {
            Database& database;
            std::chrono::milliseconds before;
            ~Restore() { database.set_timeout(before); }
        } const restore{database, database.timeout()};
        database.set_timeout(std::min(timeout, restore.before));
        check(with);
        return database.call(statement);
    });
}

void DatabasePool::check(Slot& slot) {
    if (!check_) return;
    slot.checked = {};
    check_(slot.database);
    slot.checked = Clock::now();
}

DatabasePool::Look DatabasePool::last_look() const {
    const std::lock_guard lock(mutex_);
    return last_;
}

void DatabasePool::end_by(Clock::time_point when) noexcept {
    for (const auto& slot : slots_) slot->database.end_by(when);
}

Rows DatabasePool::with_slot(Slot& slot, const Work& work) {
    try {
        Rows rows = work(slot);
        give_back(slot, nullptr);
        return rows;
    } catch (const DatabaseError& error) {
        give_back(slot, &error);
        throw;
    } catch (...) {
        const DatabaseError unknown(Fault::bug, "", "");
        give_back(slot, &unknown);
        throw;
    }
}

void DatabasePool::refuse_while_down() const {
    if (!down_ || (!probing_ && Clock::now() >= down_until_)) return;
    throw DatabaseError(Fault::down, "", last_.why);
}

DatabasePool::Slot* DatabasePool::free_slot() {
    const auto found = std::find_if(slots_.begin(), slots_.end(), [](const auto& slot) { return !slot->in_use; });
    if (found == slots_.end()) return nullptr;
    Slot& slot = **found;
    slot.in_use = true;
    slot.since = Clock::now();
    slot.probes = down_;
    probing_ = probing_ || down_;
    return &slot;
}

DatabasePool::Slot& DatabasePool::take() {
    std::unique_lock lock(mutex_);
    while (true) {
        refuse_while_down();
        if (Slot* const slot = free_slot()) return *slot;
        const auto longest = std::min_element(slots_.begin(), slots_.end(),
                                              [](const auto& a, const auto& b) { return a->since < b->since; });
        const Clock::time_point patience_ends = (*longest)->since + kBusy;
        if (Clock::now() >= patience_ends) {
            throw DatabaseError(
                Fault::retry, "",
                fmt::format("all {} connections to the database are in use, one of them for more than {} s",
                            slots_.size(), kBusy.count()));
        }
        changed_.wait_until(lock, patience_ends);
    }
}

void DatabasePool::give_back(Slot& slot, const DatabaseError* error) noexcept {
    const bool silent = error != nullptr && (error->fault() == Fault::down || error->timed_out());
    // A broken connection does not say whether the database answers. With any other error it has answered.
    const bool broke = error != nullptr && error->fault() == Fault::in_doubt && !silent;
    try {
        const std::lock_guard lock(mutex_);
        slot.in_use = false;
        if (std::exchange(slot.probes, false)) probing_ = false;
        if (silent) {
            down_ = true;
            down_until_ = Clock::now() + kDown;
        } else if (!broke) {
            if (std::exchange(down_, false)) log::info("database_back", "");
            failures_ = {};
        }
        if (silent || !broke) last_ = {!silent, silent ? error->what() : "", Clock::now()};
        if (silent) {
            if (const auto count = failures_.due(last_.why))
                log::warn("database_down", "count={} why={}", *count, log::quoted(last_.why));
        }
    } catch (const std::exception&) {
        // Out of memory: the next call logs it.
    }
    changed_.notify_all();
}

}  // namespace o365

// Deleter for handles of C libraries: std::unique_ptr<PGconn, CFree<PQfinish>>. The deleter is part of the type, so
// no owner can be made without it.
#pragma once

namespace o365 {

template <auto Free>
struct CFree {
    template <class T>
    void operator()(T* handle) const noexcept {
        Free(handle);
    }
};

}  // namespace o365

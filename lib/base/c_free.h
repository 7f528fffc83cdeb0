// Owners for handles of C libraries: std::unique_ptr<PGconn, CFree<PQfinish>>. The deleter is a type, so it cannot be
// left out.
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

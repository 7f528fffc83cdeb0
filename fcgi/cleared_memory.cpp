#include "fcgi/cleared_memory.h"

#include <malloc.h>

#include <cstdlib>
#include <cstring>
#include <new>

// Sanitizers have operators of their own.
#ifndef O365_TRACEABLE
// NOLINTBEGIN(cppcoreguidelines-owning-memory): below these operators there is nothing that owns.

void* operator new(std::size_t size) {
    void* const memory = std::malloc(size == 0 ? 1 : size);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

void operator delete(void* memory) noexcept {
    if (memory == nullptr) return;
    ::explicit_bzero(memory, ::malloc_usable_size(memory));
    std::free(memory);
}

void operator delete(void* memory, std::size_t size) noexcept {
    if (memory == nullptr) return;
    ::explicit_bzero(memory, size);
    std::free(memory);
}

// NOLINTEND(cppcoreguidelines-owning-memory)
#endif

namespace o365 {

// glibc fills freed blocks with this byte, and allocated ones with its complement, zeros. It does not fill freed blocks
// of up to a kilobyte that it keeps in a thread's cache.
void clear_blocks_of_libraries() noexcept { ::mallopt(M_PERTURB, 0xff); }

}  // namespace o365

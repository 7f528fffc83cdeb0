// Memory that the responder frees is cleared first. Webhooks, states and tickets come in every request's query and go
// through many strings on their way into the database; this one place takes care of all copies on the heap, those of
// jsoncpp and fmt included. What C libraries free themselves it does not see (docs/security.md).
#include <malloc.h>

#include <cstdlib>
#include <cstring>
#include <new>

// Sanitizers bring their own.
#ifndef O365_TRACEABLE

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

void operator delete(void* memory, std::size_t) noexcept { ::operator delete(memory); }

#endif

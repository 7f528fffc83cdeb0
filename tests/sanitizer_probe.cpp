// Does one thing wrong, so that a test can prove that reports of a sanitizer build are found: started as the programs
// are, after hide_memory(). usage: sanitizer_probe address|undefined|leak|thread
#include <climits>
#include <memory>
#include <string_view>
#include <thread>

#include "lib/base/process.h"

namespace {

volatile int zero = 0;

int past_the_end() {
    const auto numbers = std::make_unique<int[]>(4);
    return numbers[static_cast<std::size_t>(4 + zero)];
}

int overflow() { return INT_MAX - zero + 1 - zero; }

int* volatile kept = nullptr;

void leak() {
    kept = new int(1);  // NOLINT(cppcoreguidelines-owning-memory): that it is never freed is the point
    kept = nullptr;
}

int race() {
    int shared = 0;
    std::thread other([&] { ++shared; });
    ++shared;
    other.join();
    return shared;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view kind = argc == 2 ? argv[1] : "";
    o365::hide_memory();
    if (kind == "address") return past_the_end();
    if (kind == "undefined") return overflow();
    if (kind == "leak") leak();
    if (kind == "thread") return race();
    return 0;
}

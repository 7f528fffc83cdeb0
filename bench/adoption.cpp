// What adopting a webhook costs by itself: opens one sealed message over and over and seals its text anew.
// usage: bench_adoption --keys FILE --key-id ID --count N < MESSAGE      prints "ms <CPU a message>"
#include <cstdio>
#include <ctime>
#include <exception>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "bench/arguments.h"
#include "lib/keys/key_ring.h"

namespace {

double cpu_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

}  // namespace

int main(int argc, char** argv) try {
    std::string file;
    std::string key_id;
    std::size_t count = 100;
    if (const auto code =
            parse_arguments("CPU of opening and adopting a webhook",
                            {{"keys", &file, true}, {"key-id", &key_id, true}, {"count", &count}}, argc, argv))
        return *code;
    if (count == 0) throw std::invalid_argument("--count is 0");
    const std::string message{std::istreambuf_iterator<char>(std::cin), {}};
    o365::KeyRing keys(o365::read_key_file(file), file);
    const double begin = cpu_ms();
    for (std::size_t i = 0; i < count; ++i) keys.seal(keys.open(key_id, message));
    std::printf("ms %.3f\n", (cpu_ms() - begin) / static_cast<double>(count));
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "bench_adoption: %s\n", error.what());
    return 1;
}

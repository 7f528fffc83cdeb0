// POSTs through HttpClient, and counts what became of them. Prints: how many were answered, how many were in doubt, how
// many were not sent, seconds of CPU, and KB of memory for each transfer.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <string>

#include "bench/arguments.h"
#include "lib/http_client/http_client.h"

namespace {

long resident_kb() {
    std::ifstream file("/proc/self/statm");
    long all = 0;
    long resident = 0;
    file >> all >> resident;
    return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}

double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
    std::string url;
    int count = 10000;
    std::size_t bytes = 2048;
    o365::HttpClientOptions options;
    options.allow_loopback = true;
    options.max_body = 8192;  // as the worker has it
    if (const auto code = parse_arguments("POSTs through HttpClient.",
                                          {{"url", &url, true},
                                           {"ca", &options.ca_file},
                                           {"count", &count},
                                           {"transfers", &options.max_transfers},
                                           {"bytes", &bytes}},
                                          argc, argv))
        return *code;
    o365::start_http_client();
    o365::HttpClient client(options);
    const o365::Secret target(url);
    const std::string card(bytes, 'x');
    std::map<o365::TransportStatus, int> ends;
    const long before = resident_kb();
    long most = before;
    int begun = 0;
    int ended = 0;
    while (ended < count) {
        while (begun < count && client.in_flight() < options.max_transfers) {
            ++begun;
            client.post(
                target, card, [] { return true; },
                [&](const o365::PostResult& result) {
                    ++ends[result.transport];
                    ++ended;
                });
        }
        client.run_once(std::chrono::milliseconds(100));
        most = std::max(most, resident_kb());
    }
    fmt::print("{} {} {} {:.2f} {}\n", ends[o365::TransportStatus::answered], ends[o365::TransportStatus::in_doubt],
               ends[o365::TransportStatus::not_sent], cpu_seconds(), (most - before) / options.max_transfers);
}

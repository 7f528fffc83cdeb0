// The ceiling of a callback: the same COPY and SELECT by bare libpq, nothing in front of it and nothing around it.
// usage: bench_callback_libpq --conninfo S --slug S --prefix P --first N --count N --connections N --warm-up N
// Prints "rate <callbacks/s>". Each connection first stores --warm-up callbacks that do not count, the states behind
// the count: a new connection compiles the functions it calls, and plans their statements anew five times.
#include <libpq-fe.h>

#include <atomic>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "bench/arguments.h"
#include "lib/base/c_free.h"
#include "lib/base/crypto.h"

namespace {

using Clock = std::chrono::steady_clock;
using Link = std::unique_ptr<PGconn, o365::CFree<PQfinish>>;
using Result = std::unique_ptr<PGresult, o365::CFree<PQclear>>;

struct Options {
    std::string conninfo;
    std::string slug;
    std::string prefix;
    int first = 0;
    int count = 0;
    int connections = 0;
    int warm_up = 0;
};

void field(std::string& row, const std::string& value) {
    for (int shift = 24; shift >= 0; shift -= 8) row += static_cast<char>((value.size() >> shift) & 255U);
    row += value;
}

void callback(PGconn* link, const Options& options, int n) {
    const std::string state = options.prefix + "-" + std::to_string(n);
    const std::string id = "r-" + state;
    std::string row("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\14", 21);
    field(row, options.slug);
    field(row, id);
    field(row, o365::sha256(state));
    field(row, o365::sha256("c" + std::to_string(n)));
    field(row, "outlook.office.com");
    field(row, "443");
    field(row, "https://outlook.office.com/webhookb2/" + state +
                   "@1b9c6f2e-90a5-4f1e-8d24-0a7c3b5e6f70/IncomingWebhook/0123456789abcdef0123456789abcdef/7d1f");
    field(row, "5f0c2b1a-7d43-4e0e-9d5b-6a1c9f3e2b10");
    field(row, "Groups");
    field(row, "Sales team");
    field(row, o365::sha256(id));
    field(row, "{\"\\\\x" + o365::hex(o365::sha256("c" + std::to_string(n))) + "\"}");
    row += "\377\377";
    const std::string query =
        "COPY o365_programs.callback (slug, request_id, state_hash, cookie_hash, webhook_host, webhook_port, "
        "webhook_url, "
        "user_object_id, app_type, group_name, fresh_cookie_hash, cookie_hashes) FROM STDIN (FORMAT binary); "
        "SELECT o365_programs.responder_callback_outcome('" +
        id + "')";
    if (PQsendQuery(link, query.c_str()) != 1) throw std::runtime_error(PQerrorMessage(link));
    if (PQresultStatus(Result{PQgetResult(link)}.get()) != PGRES_COPY_IN)
        throw std::runtime_error(PQerrorMessage(link));
    if (PQputCopyData(link, row.data(), static_cast<int>(row.size())) != 1 || PQputCopyEnd(link, nullptr) != 1) {
        throw std::runtime_error(PQerrorMessage(link));
    }
    std::string answer;
    while (const Result result{PQgetResult(link)}) {
        if (PQresultStatus(result.get()) == PGRES_TUPLES_OK) answer = PQgetvalue(result.get(), 0, 0);
    }
    if (answer.find("\"connected\"") == std::string::npos)
        throw std::runtime_error("a callback was not stored: " + answer);
}

void run(const Options& options) {
    std::atomic<int> next = 0;
    std::atomic<bool> failed = false;
    std::vector<Link> links;
    links.reserve(static_cast<std::size_t>(options.connections));
    for (int i = 0; i < options.connections; ++i) {
        links.emplace_back(PQconnectdb(options.conninfo.c_str()));
        if (PQstatus(links.back().get()) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(links.back().get()));
    }
    Clock::time_point begin;
    std::barrier all_warm(options.connections, [&]() noexcept { begin = Clock::now(); });
    std::atomic<int> warm = options.first + options.count;
    std::vector<std::jthread> threads;
    threads.reserve(links.size());
    const auto unless_it_fails = [&](auto&& work) {
        try {
            work();
        } catch (const std::exception& error) {
            if (!failed.exchange(true)) std::fprintf(stderr, "bench_callback_libpq: %s\n", error.what());
        }
    };
    for (const Link& link : links) {
        threads.emplace_back([&, raw = link.get()] {
            unless_it_fails([&] {
                for (int i = 0; i < options.warm_up; ++i) callback(raw, options, warm++);
            });
            all_warm.arrive_and_wait();
            unless_it_fails([&] {
                for (int i = next++; i < options.count && !failed; i = next++)
                    callback(raw, options, options.first + i);
            });
        });
    }
    threads.clear();
    if (failed) throw std::runtime_error("not all callbacks were stored");
    std::printf("rate %.1f\n", options.count / std::chrono::duration<double>(Clock::now() - begin).count());
}

}  // namespace

int main(int argc, char** argv) {
    try {
        Options options;
        if (const auto code = parse_arguments("Stores callbacks by bare libpq.",
                                              {{"conninfo", &options.conninfo, true},
                                               {"slug", &options.slug, true},
                                               {"prefix", &options.prefix, true},
                                               {"first", &options.first, true},
                                               {"count", &options.count, true},
                                               {"connections", &options.connections, true},
                                               {"warm-up", &options.warm_up, true}},
                                              argc, argv))
            return *code;
        run(options);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_callback_libpq: %s\n", error.what());
        return 1;
    }
    return 0;
}

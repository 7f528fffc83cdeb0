// A responder for the server tests, never shipped: answers with what a request handler sees, as JSON.
// usage: fastcgi_echo [SOCKET]        without one it serves the listener that the web server handed over
#include <json/value.h>
#include <json/writer.h>
#include <unistd.h>

#include "lib/fastcgi/fastcgi.h"

namespace {

o365::Response echo(const o365::Request& request) {
    Json::Value seen(Json::objectValue);
    seen["pid"] = ::getpid();
    seen["method"] = request.method;
    seen["path"] = request.path;
    seen["authorization"] = request.authorization;
    seen["cookies"] = request.cookies;
    seen["body_bytes"] = Json::UInt64{request.body.size()};
    for (const auto& [name, value] : request.query.all()) seen["query"][name] = value;
    for (const auto& [name, value] : request.form.all()) seen["form"][name] = value;
    for (const auto& [name, value] : request.headers) seen["headers"][name] = value;
    return o365::Response::json(200, Json::writeString(Json::StreamWriterBuilder(), seen));
}

}  // namespace

int main(int argc, char** argv) {
    o365::ServerOptions options;
    if (argc > 1) options.socket = argv[1];
    return o365::serve(
        options, [] { return o365::Handler(echo); },
        [](int status, const std::string& id, std::string_view) { return o365::Response::text(status, id + "\n"); });
}

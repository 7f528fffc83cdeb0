// A database of its own with the schema in it, on the server of tests/with-postgres: for unit tests of what talks to
// it. Only the test program's first use of it pays for the installation.
#pragma once

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

#include "lib/database/database.h"

namespace o365 {

class Installation {
  public:
    // Makes the database `name` and installs there. It sends for `environment`.
    explicit Installation(const std::string& name, const std::string& environment = "development")
        : owner_("dbname=" + name, "", "unit tests") {
        Database("dbname=postgres", "", "unit tests").call("create database " + name);
        const std::string install = "cd / && psql -qX -v ON_ERROR_STOP=1 -d " + name +
                                    " -f '" O365_SOURCE_DIR "/sql/install.sql' > /dev/null 2>&1";
        if (std::system(install.c_str()) != 0) throw std::runtime_error("sql/install.sql failed");  // NOLINT
        owner_.call(
            "select o365.this_is($1), o365.set('public_url', 'https://app.example'), "
            "o365.set('connect_url', 'https://portal.example/connect'), "
            "o365.allow_webhook_host('connector', 'far.example')",
            {environment});
    }

    // A connector that the owner's role may use; `more`: further arguments of o365.register_connector.
    void add_connector(const std::string& slug, const std::string& more = {}) {
        owner_.call("select o365.register_connector('" + slug + "', initcap('" + slug +
                    "'), decode('89504e470d0a1a0a', 'hex'), 'short', 'long', 'https://example.org', "
                    "'{a ticket is opened}'" +
                    more + "), o365.grant_application('postgres', '" + slug + "')");
    }

    Database& owner() noexcept { return owner_; }
    // The first field of the first row; "" when there is none.
    std::string text(std::string_view statement) {
        const Rows rows = owner_.call(statement);
        return rows.size() == 0 ? std::string() : std::string(rows.text(0, 0));
    }

  private:
    Database owner_;
};

}  // namespace o365

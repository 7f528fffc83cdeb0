// What the modules of this folder share of libpq. Not for other folders: they see lib/database/database.h.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <string>
#include <vector>

#include "lib/base/c_free.h"
#include "lib/database/database.h"

namespace o365 {

using Result = std::unique_ptr<PGresult, CFree<PQclear>>;

struct Rows::Impl {
    Result result;
};

// One row in the format of COPY BINARY: signature, flags, header extension, field count, fields, trailer (PostgreSQL
// manual, COPY).
std::string copy_binary(const std::vector<Value>& fields);

}  // namespace o365

// What the modules of this folder share of libpq. Other folders include lib/database/database.h instead.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lib/base/c_free.h"
#include "lib/database/database.h"

namespace o365 {

using Result = std::unique_ptr<PGresult, CFree<PQclear>>;

struct Rows::Impl {
    Result result;
};

inline bool has_rows(const PGresult* result) {
    const ExecStatusType status = PQresultStatus(result);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

// Rows in the format of COPY BINARY (PostgreSQL manual, COPY): signature, flags, header extension, for each row its
// field count and fields, trailer.
std::string copy_binary(std::span<const std::vector<Value>> rows);
// The same as CopyForm::arrays. An array: dimensions, whether it has NULLs, type of its elements, their number, the
// index of the first, then each element as a field (array_recv of PostgreSQL).
std::string copy_binary_arrays(std::span<const std::vector<Value>> rows);

}  // namespace o365

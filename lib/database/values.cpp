// Values on their way to the database, and the rows that come back.
#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include "lib/database/libpq.h"

namespace o365 {
namespace {

template <class T, class Format>
std::string literal(const std::vector<T>& values, Format format) {
    std::string text = "{";
    for (const T& value : values) {
        if (text.size() > 1) text += ',';
        format(text, value);
    }
    return text + '}';
}

void append_quoted(std::string& text, std::string_view value) {
    text += '"';
    for (const char c : value) {
        if (c == '"' || c == '\\') text += '\\';
        text += c;
    }
    text += '"';
}

void append_be(std::string& bytes, std::uint32_t value, int width) {
    for (int shift = 8 * (width - 1); shift >= 0; shift -= 8) bytes += static_cast<char>((value >> shift) & 255U);
}

constexpr std::size_t kCopyFrame = 21;  // what copy_begin() writes, and the trailer
constexpr std::size_t kArrayHead = 20;
// Types of PostgreSQL, pg_type.oid.
constexpr std::uint32_t kBytea = 17;
constexpr std::uint32_t kText = 25;

// The head of a COPY that will have `size` bytes. Growing would leave copies of secrets behind.
std::string copy_begin(std::size_t size) {
    std::string bytes;
    bytes.reserve(size);
    bytes.append("PGCOPY\n\377\r\n\0", 11);
    append_be(bytes, 0, 4);
    append_be(bytes, 0, 4);
    return bytes;
}

std::size_t field_size(const Value& field) { return 4 + (field.data ? field.data->size() : 0); }

void append_field(std::string& bytes, const Value& field) {
    if (!field.data) {
        append_be(bytes, 0xFFFFFFFFU, 4);
        return;
    }
    append_be(bytes, static_cast<std::uint32_t>(field.data->size()), 4);
    bytes += *field.data;
}

// One column of the rows as a field that is an array. NULL where nothing tells the type of its elements.
void append_array(std::string& bytes, std::span<const std::vector<Value>> rows, std::size_t column) {
    std::size_t size = kArrayHead;
    const Value* first = nullptr;  // that is not NULL
    bool has_null = false;
    for (const std::vector<Value>& fields : rows) {
        size += field_size(fields[column]);
        if (!fields[column].data) {
            has_null = true;
        } else if (first == nullptr) {
            first = &fields[column];
        }
    }
    if (first == nullptr) {
        append_field(bytes, Value());
        return;
    }
    append_be(bytes, static_cast<std::uint32_t>(size), 4);
    append_be(bytes, 1, 4);
    append_be(bytes, has_null ? 1 : 0, 4);
    append_be(bytes, first->binary ? kBytea : kText, 4);
    append_be(bytes, static_cast<std::uint32_t>(rows.size()), 4);
    append_be(bytes, 1, 4);
    for (const std::vector<Value>& fields : rows) append_field(bytes, fields[column]);
}

}  // namespace

std::string copy_binary(std::span<const std::vector<Value>> rows) {
    std::size_t size = kCopyFrame;
    for (const std::vector<Value>& fields : rows) {
        size += 2;
        for (const Value& field : fields) size += field_size(field);
    }
    std::string bytes = copy_begin(size);
    for (const std::vector<Value>& fields : rows) {
        append_be(bytes, static_cast<std::uint32_t>(fields.size()), 2);
        for (const Value& field : fields) append_field(bytes, field);
    }
    append_be(bytes, 0xFFFFU, 2);
    return bytes;
}

std::string copy_binary_arrays(std::span<const std::vector<Value>> rows) {
    const std::size_t width = rows[0].size();
    std::size_t size = kCopyFrame + 2 + width * (4 + kArrayHead);
    for (const std::vector<Value>& fields : rows) {
        if (fields.size() != width) throw std::invalid_argument("rows of different lengths are no arrays");
        for (const Value& field : fields) size += field_size(field);
    }
    std::string bytes = copy_begin(size);
    append_be(bytes, static_cast<std::uint32_t>(width), 2);
    for (std::size_t column = 0; column < width; ++column) append_array(bytes, rows, column);
    append_be(bytes, 0xFFFFU, 2);
    return bytes;
}

Value::Value(std::int64_t number) : data(std::to_string(number)) {}

Value Value::bytes(std::string_view bytes) {
    Value value(bytes);
    value.binary = true;
    return value;
}

std::string array_literal(const std::vector<std::int64_t>& values) {
    return literal(values, [](std::string& text, std::int64_t value) { text += std::to_string(value); });
}
std::string array_literal(const std::vector<std::string>& values) {
    return literal(values, [](std::string& text, const std::string& value) { append_quoted(text, value); });
}
std::string array_literal(const std::vector<std::optional<std::int64_t>>& values) {
    return literal(values, [](std::string& text, const std::optional<std::int64_t>& value) {
        text += value ? std::to_string(*value) : "NULL";
    });
}
std::string array_literal(const std::vector<std::optional<std::string>>& values) {
    return literal(values, [](std::string& text, const std::optional<std::string>& value) {
        if (value) {
            append_quoted(text, *value);
        } else {
            text += "NULL";
        }
    });
}

Rows::Rows() = default;
Rows::Rows(Rows&&) noexcept = default;
Rows& Rows::operator=(Rows&&) noexcept = default;
Rows::~Rows() = default;
Rows::Rows(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

int Rows::size() const noexcept { return impl_ ? PQntuples(impl_->result.get()) : 0; }

int Rows::column(const char* name) const {
    const int number = impl_ ? PQfnumber(impl_->result.get(), name) : -1;
    if (number < 0) throw std::out_of_range(fmt::format("the answer has no column {}", name));
    return number;
}

bool Rows::is_null(int row, int column) const {
    if (row < 0 || row >= size() || column < 0 || column >= PQnfields(impl_->result.get())) {
        throw std::out_of_range(fmt::format("the answer has no row {} or no column {}", row, column));
    }
    return PQgetisnull(impl_->result.get(), row, column) != 0;
}

std::string_view Rows::text(int row, int column) const {
    if (is_null(row, column)) return {};
    return {PQgetvalue(impl_->result.get(), row, column),
            static_cast<std::size_t>(PQgetlength(impl_->result.get(), row, column))};
}

std::int64_t Rows::integer(int row, int column) const {
    const std::string_view value = text(row, column);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc{} || end != value.data() + value.size())
        throw std::invalid_argument("the answer's column is not a whole number");
    return number;
}

std::string Rows::bytes(int row, int column) const {
    const std::string_view value = text(row, column);
    if (!value.starts_with("\\x") || value.size() % 2 != 0)
        throw std::invalid_argument("the answer's column is not a bytea");
    std::string decoded;
    decoded.reserve(value.size() / 2);
    for (std::size_t i = 2; i < value.size(); i += 2) {
        unsigned byte = 0;
        std::from_chars(value.data() + i, value.data() + i + 2, byte, 16);
        decoded += static_cast<char>(byte);
    }
    return decoded;
}

}  // namespace o365

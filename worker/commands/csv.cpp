#include "worker/commands/csv.h"

#include <fmt/format.h>

#include <utility>

#include "lib/base/secret.h"
#include "lib/base/text.h"

namespace o365 {

CsvReader::CsvReader(std::istream& in) : in_(in) {
    constexpr int kMarkBytes = 3;
    const int first = in_.peek();
    if (first == 0xEF) {
        for (int i = 0; i < kMarkBytes; ++i) in_.get();
    } else if (first == 0xFF || first == 0xFE) {
        problem_ = "the file is in UTF-16; save it as CSV in UTF-8";
    }
}

int CsvReader::take() {
    const int c = in_.get();
    if (c == '\n') ++line_;
    return c;
}

bool CsvReader::at(char c) { return in_.peek() == static_cast<unsigned char>(c); }

bool CsvReader::next(CsvRecord& record) {
    for (std::string& field : record.fields) wipe(field);
    record.fields.clear();
    record.problem.clear();
    record.line = line_;
    if (ended_) return false;
    std::string field;
    std::size_t bytes = 0;
    bool inside = false;  // of quotation marks
    bool quoted = false;  // the field is
    const auto end_field = [&] {
        record.fields.emplace_back(quoted ? std::string_view(field) : trimmed(field));
        wipe(field);
        quoted = false;
    };
    const auto cannot_go_on = [&](std::string problem) {
        record.problem = std::move(problem);
        ended_ = true;
    };
    if (!problem_.empty()) cannot_go_on(problem_);
    while (!ended_) {
        const int taken = take();
        if (taken == std::istream::traits_type::eof()) {
            ended_ = true;
            if (inside) {
                cannot_go_on("a quotation mark that begins a field is never closed");
            } else if (record.fields.empty() && !quoted && trimmed(field).empty()) {
                return false;
            }
            end_field();
            break;
        }
        const char c = static_cast<char>(taken);
        if (++bytes > kMostBytes) {
            cannot_go_on(fmt::format(
                "it is longer than {} bytes: is a quotation mark not closed? Nothing behind it was read", kMostBytes));
            break;
        }
        if (inside) {
            if (c != '"') {
                field += c;
            } else if (at('"')) {
                field += static_cast<char>(take());
            } else {
                inside = false;
            }
            continue;
        }
        if (c == '\n') {
            if (record.fields.empty() && !quoted && trimmed(field).empty() && record.problem.empty()) {
                record.line = line_;
                field.clear();
                bytes = 0;
                continue;
            }
            end_field();
            break;
        }
        if (separator_ == 0 && (c == ',' || c == ';')) separator_ = c;
        if (c == separator_ && separator_ != 0) {
            end_field();
        } else if (c == '"' && !quoted && trimmed(field).empty()) {
            field.clear();
            inside = true;
            quoted = true;
        } else if (c == '"') {
            record.problem =
                "a quotation mark stands inside a field; write it twice, and put the field in quotation marks";
        } else if (!quoted) {
            field += c;
        } else if (c != ' ' && c != '\t' && c != '\r') {
            record.problem = "something follows the closing quotation mark of a field";
        }
    }
    wipe(field);
    if (!record.problem.empty()) {
        for (std::string& one : record.fields) wipe(one);
        record.fields.clear();
    }
    return true;
}

std::string csv_field(const std::string& text) {
    if (text.find_first_of(",;\"\r\n") == std::string::npos) return text;
    std::string field = "\"";
    for (const char c : text) {
        if (c == '"') field += '"';
        field += c;
    }
    return field + '"';
}

}  // namespace o365

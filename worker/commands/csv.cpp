#include "worker/commands/csv.h"

#include <fmt/format.h>

#include <string_view>
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

void CsvReader::cannot_go_on(CsvRecord& record, std::string problem) {
    record.problem = std::move(problem);
    ended_ = true;
}

// A field that is being read.
struct CsvReader::Field {
    std::string text;
    bool inside = false;  // of quotation marks
    bool quoted = false;

    Field() = default;
    Field(const Field&) = delete;
    Field& operator=(const Field&) = delete;
    ~Field() { wipe(text); }
    bool is_blank() const { return !quoted && trimmed(text).empty(); }
    void end(CsvRecord& record) {
        record.fields.emplace_back(quoted ? std::string_view(text) : trimmed(text));
        wipe(text);
        quoted = false;
    }
};

CsvReader::Step CsvReader::take_end_of_file(CsvRecord& record, Field& field) {
    ended_ = true;
    if (field.inside) {
        cannot_go_on(record, "a quotation mark that begins a field is never closed");
    } else if (record.fields.empty() && field.is_blank()) {
        return Step::nothing;
    }
    field.end(record);
    return Step::whole;
}

CsvReader::Step CsvReader::take_end_of_line(CsvRecord& record, Field& field) {
    if (record.fields.empty() && field.is_blank() && record.problem.empty()) {
        record.line = line_;
        field.text.clear();
        return Step::begin;
    }
    field.end(record);
    return Step::whole;
}

void CsvReader::take_quoted(Field& field, char c) {
    if (c != '"') {
        field.text += c;
    } else if (at('"')) {
        field.text += static_cast<char>(take());
    } else {
        field.inside = false;
    }
}

void CsvReader::take_plain(CsvRecord& record, Field& field, char c) {
    if (separator_ == 0 && (c == ',' || c == ';')) separator_ = c;
    if (c == separator_ && separator_ != 0) {
        field.end(record);
    } else if (c == '"' && field.is_blank()) {
        field.text.clear();
        field.inside = field.quoted = true;
    } else if (c == '"') {
        record.problem = "a quotation mark stands inside a field; write it twice, and put the field in quotation marks";
    } else if (!field.quoted) {
        field.text += c;
    } else if (c != ' ' && c != '\t' && c != '\r') {
        record.problem = "something follows the closing quotation mark of a field";
    }
}

CsvReader::Step CsvReader::step(CsvRecord& record, Field& field) {
    const int taken = take();
    if (taken == std::istream::traits_type::eof()) return take_end_of_file(record, field);
    const char c = static_cast<char>(taken);
    if (field.inside) {
        take_quoted(field, c);
    } else if (c == '\n') {
        return take_end_of_line(record, field);
    } else {
        take_plain(record, field, c);
    }
    return Step::more;
}

bool CsvReader::next(CsvRecord& record) {
    for (std::string& field : record.fields) wipe(field);
    record.fields.clear();
    record.problem.clear();
    record.line = line_;
    if (ended_) return false;
    if (!problem_.empty()) cannot_go_on(record, problem_);
    Field field;
    std::size_t bytes = 0;
    for (Step last = Step::more; !ended_ && last != Step::whole;) {
        if (++bytes > kMostBytes && in_.peek() != std::istream::traits_type::eof()) {
            cannot_go_on(record,
                         fmt::format("it is longer than {} bytes: is a quotation mark not closed? Nothing behind "
                                     "it was read",
                                     kMostBytes));
            break;
        }
        last = step(record, field);
        if (last == Step::nothing) return false;
        if (last == Step::begin) bytes = 0;
    }
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

std::string csv_label(const std::string& text) {
    return csv_field(
        !text.empty() && std::string_view("=+-@\t").find(text.front()) != std::string_view::npos ? "'" + text : text);
}

}  // namespace o365

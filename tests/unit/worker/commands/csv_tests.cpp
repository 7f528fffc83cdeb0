#include "worker/commands/csv.h"

#include <boost/test/unit_test.hpp>
#include <sstream>
#include <string>
#include <vector>

namespace o365 {
namespace {

// Each record as one text: "line: field|field", or "line! problem".
std::vector<std::string> read(const std::string& text) {
    std::istringstream in(text);
    CsvReader reader(in);
    CsvRecord record;
    std::vector<std::string> records;
    while (reader.next(record)) {
        std::string one = std::to_string(record.line) + (record.problem.empty() ? ":" : "! " + record.problem);
        for (std::size_t i = 0; i < record.fields.size(); ++i) one += (i == 0 ? " " : "|") + record.fields[i];
        records.push_back(one);
    }
    return records;
}

void is(const std::string& text, const std::vector<std::string>& wanted) {
    const std::vector<std::string> found = read(text);
    BOOST_CHECK_EQUAL_COLLECTIONS(found.begin(), found.end(), wanted.begin(), wanted.end());
}

const std::string kInside =
    "a quotation mark stands inside a field; write it twice, and put the field in quotation marks";

}  // namespace

BOOST_AUTO_TEST_SUITE(csv_tests)

BOOST_AUTO_TEST_CASE(a_label_is_no_formula_to_a_spreadsheet) {
    for (const std::string formula : {"=1+1", "+49 30", "-1", "@SUM(A1)", "\tx"})
        BOOST_CHECK_EQUAL(csv_label(formula), "'" + formula);
    BOOST_CHECK_EQUAL(csv_label("=1,2"), "\"'=1,2\"");
    for (const std::string plain : {"", "Sales", "a=b", "'=1"}) BOOST_CHECK_EQUAL(csv_label(plain), plain);
}

BOOST_AUTO_TEST_CASE(lines_end_as_any_system_writes_them_and_the_last_need_not) {
    for (const std::string end : {"\n", "\r\n"})
        for (const std::string last : {"", "\n", "\r\n", "\n\n \n"})
            is("a,b" + end + "1,2" + end + end + "3,4" + last, {"1: a|b", "2: 1|2", "4: 3|4"});
    is("", {});
    is("\n \n", {});
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_is_no_part_of_the_first_field) {
    is("\xEF\xBB\xBF"
       "a,b\n1,2",
       {"1: a|b", "2: 1|2"});
    is("\xEF\xBB\xBF"
       "\"a\",b",
       {"1: a|b"});
    is("\xEF\xBB\xBF", {});
    is(std::string("\xFF\xFE"
                   "a\0,\0",
                   6),
       {"1! the file is in UTF-16; save it as CSV in UTF-8"});
    is(std::string("\xFE\xFF\0a", 4), {"1! the file is in UTF-16; save it as CSV in UTF-8"});
}

BOOST_AUTO_TEST_CASE(the_first_separator_outside_of_quotation_marks_is_the_files) {
    is("a;b\n1,5;2", {"1: a|b", "2: 1,5|2"});
    is("a,b\n1;5,2", {"1: a|b", "2: 1;5|2"});
    is("\"a;b\",c;d\n", {"1: a;b|c;d"});
    is("a\n1,2\n3;4", {"1: a", "2: 1|2", "3: 3;4"});
}

BOOST_AUTO_TEST_CASE(a_quoted_field_holds_anything) {
    is("a,b\n\"x, \"\"y\"\"\nz\",2\n3,4", {"1: a|b", "2: x, \"y\"\nz|2", "4: 3|4"});
    is(" a , \" b \" ,\"\",", {"1: a| b ||"});
    is("\"\"\n", {"1: "});
    is("a,\xC3\xA4\n", {"1: a|\xC3\xA4"});
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_named_and_the_next_line_is_read) {
    is("a,b\n1\"2,3\n4,5", {"1: a|b", "2! " + kInside, "3: 4|5"});
    is("a,b\n\"1\"2,3\n4,5", {"1: a|b", "2! something follows the closing quotation mark of a field", "3: 4|5"});
    is("a,b\n1,\"2\n3,4\n", {"1: a|b", "2! a quotation mark that begins a field is never closed"});
}

BOOST_AUTO_TEST_CASE(a_record_without_an_end_is_read_so_far_and_no_further) {
    const std::vector<std::string> found =
        read("a,b\n\"" + std::string(10 * CsvReader::kMostBytes, 'x') + "\",2\n3,4\n");
    BOOST_REQUIRE_EQUAL(found.size(), 2);
    BOOST_TEST(found[1].starts_with("2! it is longer than 65536 bytes"));
}

BOOST_AUTO_TEST_CASE(a_field_that_is_written_reads_as_it_was) {
    for (const std::string text : {"a", "a,b", "a;b", "\"", "a\"b", "a\nb", "a\r\nb", ""})
        is("x," + csv_field(text), {"1: x|" + text});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365

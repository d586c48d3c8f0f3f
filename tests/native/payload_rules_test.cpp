// The rows a client may write: every rule at its boundary, all problems of a document in one pass.
#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include <photo_core/payload.hpp>

#include "payload/text_rules.hpp"

using namespace photo_core;

namespace {

const std::string user = "11111111-1111-4111-8111-111111111111";
const std::string project = "22222222-2222-4222-8222-222222222222";

// "/path code" of every issue, sorted; empty when the document is accepted.
std::vector<std::string> issues_of(PayloadTable table, std::string_view json) {
  std::vector<std::string> found;
  for (const PayloadIssue& issue : check_row(table, json).issues)
    found.push_back(issue.path + " " + std::string(code_name(issue.code)));
  std::sort(found.begin(), found.end());
  return found;
}

using Issues = std::vector<std::string>;
using Texts = std::vector<std::string>;

std::string repeated(std::string_view text, int count) {
  std::string out;
  while (count-- > 0) out.append(text);
  return out;
}

// A valid photo whose columns are followed by `more` (which wins).
std::string photo(std::string_view more = "") {
  return "{\"project_id\":\"" + project + "\",\"file_url\":\"" + user + "/" + project +
         "/a.jpg\",\"file_size_bytes\":1,\"mime_type\":\"image/jpeg\"" + std::string(more) + "}";
}

std::string media(std::string_view more = "") {
  return "{\"file_url\":\"" + user +
         "/a.mp4\",\"original_filename\":\"a.mp4\",\"file_type\":\"video\",\"file_size_bytes\":1,\"mime_type\":\"video/"
         "mp4\"" +
         std::string(more) + "}";
}

}  // namespace

TEST_CASE("payload: the four documents in their smallest form") {
  CHECK(issues_of(PayloadTable::project, "{}") == Issues{});
  CHECK(issues_of(PayloadTable::profile, "{}") == Issues{});
  CHECK(issues_of(PayloadTable::photo, photo()) == Issues{});
  CHECK(issues_of(PayloadTable::media_item, media()) == Issues{});
  CHECK(issues_of(PayloadTable::photo, "{}") ==
        Issues{"/file_size_bytes required", "/file_url required", "/mime_type required", "/project_id required"});
  CHECK(issues_of(PayloadTable::media_item, "{}") == Issues{"/file_size_bytes required", "/file_type required",
                                                            "/file_url required", "/mime_type required",
                                                            "/original_filename required"});
}

TEST_CASE("payload: a document that is no object") {
  CHECK(issues_of(PayloadTable::project, "nonsense") == Issues{" invalid_json"});
  CHECK(issues_of(PayloadTable::project, "{\"style\":\"modern\"") == Issues{" invalid_json"});
  CHECK(issues_of(PayloadTable::project, "[]") == Issues{" wrong_type"});
  CHECK(issues_of(PayloadTable::project, "3") == Issues{" wrong_type"});
  CHECK(issues_of(PayloadTable::project, std::string(5'000'000, ' ')) == Issues{" invalid_json"});
}

TEST_CASE("payload: all problems in one pass, each with its place") {
  CHECK(
      issues_of(
          PayloadTable::project,
          R"({"id":"x","title_i18n":{"en":1,"xx":"a","ko":"\u0000"},"style":"baroque","duration_minutes":31,"status":"draft",
                      "ai_prompt":3,"metadata":[],"a/b":1})") ==
      Issues{"/ai_prompt wrong_type", "/a~1b unknown_field", "/duration_minutes out_of_range", "/id invalid_uuid",
             "/metadata wrong_type", "/status unknown_field", "/style unknown_value", "/title_i18n/en wrong_type",
             "/title_i18n/ko invalid_text", "/title_i18n/xx unknown_field"});
}

TEST_CASE("payload: null means no value") {
  CHECK(issues_of(PayloadTable::project,
                  R"({"id":null,"user_id":null,"title_i18n":null,"style":null,"duration_minutes":null})") ==
        Issues{"/duration_minutes required", "/id required", "/style required", "/title_i18n required",
               "/user_id required"});
  CHECK(issues_of(PayloadTable::project, R"({"ai_prompt":null,"metadata":null})") == Issues{});
  CHECK(
      issues_of(
          PayloadTable::photo,
          photo(R"(,"width":null,"height":null,"upload_order":null,"thumbnail_url":null,"original_filename":null)")) ==
      Issues{});
  CHECK(issues_of(PayloadTable::profile, R"({"display_name":null,"avatar_url":null})") ==
        Issues{"/display_name required"});
}

TEST_CASE("payload: lengths are counted in code points") {
  const auto title = [](const std::string& text) {
    return issues_of(PayloadTable::project, "{\"title_i18n\":{\"en\":\"" + text + "\"}}");
  };
  CHECK(title(repeated("\U0001F600", 200)) == Issues{});
  CHECK(title(repeated("\U0001F600", 201)) == Issues{"/title_i18n/en too_long"});
  CHECK(title(repeated("e\u0301", 100)) == Issues{});
  CHECK(title(repeated("\\ud83d\\ude00", 200)) == Issues{});
  CHECK(title(repeated(" ", 201)) == Issues{"/title_i18n/en too_long"});
  const PayloadVerdict verdict = check_row(PayloadTable::project, "{\"ai_prompt\":\"" + std::string(2001, 'a') + "\"}");
  REQUIRE(verdict.issues.size() == 1);
  CHECK(verdict.issues[0].limit == 2000);
  CHECK(verdict.issues[0].actual == 2001);
}

TEST_CASE("payload: varchar cuts spaces and nothing else") {
  const auto name = [](const std::string& text) {
    return check_row(PayloadTable::profile, "{\"display_name\":\"" + text + "\"}");
  };
  CHECK(name(std::string(100, 'a') + "   ").payload == "{\"display_name\":\"" + std::string(100, 'a') + "\"}");
  CHECK(name("a" + std::string(100, ' ')).payload == "{\"display_name\":\"a" + std::string(99, ' ') + "\"}");
  CHECK_FALSE(name(std::string(100, 'a') + "\u00a0").ok());
  CHECK_FALSE(name(std::string(100, 'a') + " b").ok());
  CHECK(issues_of(PayloadTable::profile, "{\"display_name\":\"" + std::string(100, ' ') + "a\"}") ==
        Issues{"/display_name too_long"});
  CHECK(issues_of(PayloadTable::profile, "{\"display_name\":\"" + std::string(120, ' ') + "\"}") ==
        Issues{"/display_name blank"});
  CHECK(issues_of(PayloadTable::profile, R"({"display_name":"\u3000\ufeff\u200b\t"})") ==
        Issues{"/display_name blank"});
  CHECK(issues_of(PayloadTable::photo, photo(R"(,"original_filename":"")")) == Issues{"/original_filename blank"});
}

TEST_CASE("payload: integers are digits alone") {
  const auto minutes = [](const std::string& text) {
    return issues_of(PayloadTable::project, "{\"duration_minutes\":" + text + "}");
  };
  CHECK(minutes("1") == Issues{});
  CHECK(minutes("30") == Issues{});
  for (const char* text : {"0", "31", "-1", "-0", "2147483648", "99999999999999999999"})
    CHECK(minutes(text) == Issues{"/duration_minutes out_of_range"});
  for (const char* text : {"3.0", "1e1", "\"3\"", "true", "[]", "{}"})
    CHECK(minutes(text) == Issues{"/duration_minutes wrong_type"});
  const auto bytes = [](const std::string& text) {
    return issues_of(PayloadTable::photo, photo(",\"file_size_bytes\":" + text));
  };
  CHECK(bytes("10485760") == Issues{});
  CHECK(bytes("10485761") == Issues{"/file_size_bytes out_of_range"});
  CHECK(bytes("0") == Issues{"/file_size_bytes out_of_range"});
  CHECK(issues_of(PayloadTable::media_item, media(",\"file_size_bytes\":9223372036854775807")) == Issues{});
  CHECK(issues_of(PayloadTable::media_item, media(",\"file_size_bytes\":9223372036854775808")) ==
        Issues{"/file_size_bytes out_of_range"});
  CHECK(check_payload(PayloadTable::media_item, media(",\"file_size_bytes\":9223372036854775808"))
            .find("9223372036854775807") != std::string::npos);
}

TEST_CASE("payload: both sides or neither") {
  CHECK(issues_of(PayloadTable::photo, photo(",\"width\":1,\"height\":1")) == Issues{});
  CHECK(issues_of(PayloadTable::photo, photo(",\"width\":1")) == Issues{"/height required"});
  CHECK(issues_of(PayloadTable::photo, photo(",\"height\":1,\"width\":null")) == Issues{"/width required"});
  CHECK(issues_of(PayloadTable::photo, photo(",\"width\":0,\"height\":1")) == Issues{"/width out_of_range"});
}

TEST_CASE("payload: ids are put into PostgreSQL's spelling") {
  CHECK(canonical_uuid("{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}") == "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
  CHECK(canonical_uuid("a0eebc999c0b4ef8bb6d6bb9bd380a11") == "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
  CHECK(canonical_uuid("a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11") == "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
  for (const char* text :
       {"", "{}", "a0ee", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a111",
        "{a0eebc999c0b4ef8bb6d6bb9bd380a11", "a0eebc999c0b4ef8bb6d6bb9bd380a11}", "a0-eebc999c0b4ef8bb6d6bb9bd380a11",
        "a0eebc99--9c0b4ef8bb6d6bb9bd380a11", "a0eebc999c0b4ef8bb6d6bb9bd380a11-", " a0eebc999c0b4ef8bb6d6bb9bd380a11",
        "g0eebc999c0b4ef8bb6d6bb9bd380a11"}) {
    INFO(text);
    CHECK(canonical_uuid(text).empty());
  }
}

TEST_CASE("payload: paths stand in the row's own folder") {
  const auto path = [](const std::string& text) {
    return issues_of(PayloadTable::photo, photo(",\"file_url\":\"" + text + "\""));
  };
  const std::string folder = user + "/" + project + "/";
  CHECK(path(folder + std::string(200, 'a')) == Issues{});
  for (const std::string& text :
       Texts{std::string(), folder, folder + std::string(201, 'a'), folder + ".a", folder + "a b", folder + "a/b",
             folder + "a%20", folder + "\u00e9", "/" + folder + "a", user + "/a.jpg", user + "/" + user + "/a.jpg",
             "x/" + project + "/a.jpg", "https://example.org/a.jpg"}) {
    INFO(text);
    CHECK(path(text) == Issues{"/file_url invalid_path"});
  }
  CHECK(issues_of(PayloadTable::photo, photo(",\"thumbnail_url\":\"" + project + "/" + project + "/a\"")) ==
        Issues{"/thumbnail_url invalid_path"});
  CHECK(issues_of(PayloadTable::photo, photo(",\"thumbnail_url\":\"" + folder + "a.thumb.webp\"")) == Issues{});
  CHECK(issues_of(PayloadTable::media_item, media(",\"user_id\":\"" + project + "\"")) ==
        Issues{"/file_url invalid_path"});
}

TEST_CASE("payload: avatars, zones and languages of a profile") {
  const auto avatar = [](const std::string& text) {
    return issues_of(PayloadTable::profile, "{\"avatar_url\":\"" + text + "\"}");
  };
  CHECK(avatar("https://a") == Issues{});
  CHECK(avatar(user + "/a.png") == Issues{});
  CHECK(avatar("https://a" + std::string(2039, 'b')) == Issues{});
  for (const std::string& text :
       Texts{std::string(), std::string("http://a"), std::string("https://"), std::string("https:///a"),
             std::string("https://a b"), std::string("HTTPS://a"), std::string("https://\u00e9"),
             user + "/" + user + "/a", "https://a" + std::string(2040, 'b')}) {
    INFO(text);
    CHECK(avatar(text) == Issues{"/avatar_url invalid_path"});
  }
  CHECK(issues_of(PayloadTable::profile, R"({"timezone":"Asia/Seoul","language":"ko"})") == Issues{});
  CHECK(issues_of(PayloadTable::profile, R"({"timezone":"asia/seoul","language":"KO"})") ==
        Issues{"/language unknown_value", "/timezone unknown_value"});
  CHECK(issues_of(PayloadTable::profile, R"({"timezone":"","language":"en "})") ==
        Issues{"/language unknown_value", "/timezone unknown_value"});
  CHECK(issues_of(PayloadTable::profile, R"({"timezone":"UTC\nZulu"})") == Issues{"/timezone unknown_value"});
}

TEST_CASE("payload: a file type and its media types") {
  CHECK(issues_of(PayloadTable::media_item, media(R"(,"file_type":"image")")) == Issues{"/mime_type unknown_value"});
  CHECK(issues_of(PayloadTable::media_item, media(R"(,"mime_type":"image/png")")) ==
        Issues{"/mime_type unknown_value"});
  CHECK(issues_of(PayloadTable::media_item, media(R"(,"file_type":"image","mime_type":"image/png")")) == Issues{});
  CHECK(issues_of(PayloadTable::media_item, media(R"(,"file_type":"audio")")) == Issues{"/file_type unknown_value"});
}

TEST_CASE("payload: metadata is an object of bounded depth") {
  const auto nested = [](int levels) {
    return "{\"metadata\":{\"a\":" + std::string(levels - 1, '[') + "1" + std::string(levels - 1, ']') + "}}";
  };
  CHECK(issues_of(PayloadTable::project, nested(100)) == Issues{});
  CHECK(issues_of(PayloadTable::project, nested(101)) == Issues{"/metadata invalid_json"});
  CHECK(issues_of(PayloadTable::project, R"({"metadata":{"a":[0,{"b":1e131072}]}})") ==
        Issues{"/metadata/a/1/b invalid_json"});
  CHECK(issues_of(PayloadTable::project, R"({"metadata":{"a":1e131072,"a":1}})") == Issues{"/metadata invalid_json"});
  // Written out, 32 numbers of 131 072 digits are 4 MiB.
  const auto numbers = [](int count, const std::string& last) {
    std::string list;
    for (int i = 0; i < count; ++i) list += "1e131071,";
    return "{\"metadata\":{\"a\":[" + list + last + "]}}";
  };
  CHECK(issues_of(PayloadTable::project, numbers(31, "1e131071")) == Issues{});
  CHECK(issues_of(PayloadTable::project, numbers(32, "0")) == Issues{"/metadata invalid_json"});
  CHECK(issues_of(PayloadTable::project, numbers(32, "1e131072")) == Issues{"/metadata/a/32 invalid_json"});
  CHECK(check_row(PayloadTable::project, R"({"metadata":{"n":1.10e400}})").payload == R"({"metadata":{"n":1.10e400}})");
}

TEST_CASE("payload: hostile documents are answered in bounded time and space") {
  std::string unknown = "{";
  for (int i = 0; i < 100'000; ++i) unknown += (i > 0 ? ",\"x" : "\"x") + std::to_string(i) + "\":0";
  CHECK(check_row(PayloadTable::photo, unknown + "}").issues.size() == 1000);
  CHECK(issues_of(PayloadTable::project, "{\"metadata\":" + std::string(1'000'000, '[')) == Issues{" invalid_json"});
}

TEST_CASE("payload: the answer as JSON") {
  CHECK(check_payload(PayloadTable::profile, R"({"language":"ko"})") ==
        R"({"ok":true,"payload":{"language":"ko"},"issues":[]})");
  CHECK(
      check_payload(PayloadTable::profile, R"({"language":3})") ==
      R"({"ok":false,"issues":[{"path":"/language","code":"wrong_type","message":"A value of type string is expected here.","found":"string"}]})");
  CHECK(
      check_payload(PayloadTable::project, R"({"duration_minutes":31})") ==
      R"({"ok":false,"issues":[{"path":"/duration_minutes","code":"out_of_range","message":"Out of range: the limit is 30 (given: 31).","limit":30,"actual":31}]})");
  CHECK(
      check_payload(PayloadTable::project, R"({"style":"baroque"})") ==
      R"({"ok":false,"issues":[{"path":"/style","code":"unknown_value","message":"This value is not one of the possible ones (classic, modern, cinematic, vintage).","found":"classic, modern, cinematic, vintage"}]})");
  CHECK(
      check_payload(PayloadTable::profile, R"({"timezone":"Mars/Base"})") ==
      R"({"ok":false,"issues":[{"path":"/timezone","code":"unknown_value","message":"This value is not one of the possible ones."}]})");
  CHECK(payload_table("media-item") == PayloadTable::media_item);
  CHECK_FALSE(payload_table("media_item").has_value());
}

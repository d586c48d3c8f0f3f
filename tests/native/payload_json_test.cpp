// The JSON reader of the payloads: what is JSON, what PostgreSQL cannot store, numbers as they were written.
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "payload/json_text.hpp"
#include "payload/json_tree.hpp"

using namespace photo_core;

namespace {

bool parses(std::string_view json) {
  JsonTree tree;
  std::vector<PayloadIssue> issues;
  return parse_json(json, tree, issues);
}

// The document as it is written again, or "-" when it is no JSON.
std::string rewritten(std::string_view json) {
  JsonTree tree;
  std::vector<PayloadIssue> issues;
  if (!parse_json(json, tree, issues)) return "-";
  std::string out;
  append_json(out, tree, tree.nodes[0]);
  return out;
}

std::vector<std::string> invalid_texts(std::string_view json) {
  JsonTree tree;
  std::vector<PayloadIssue> issues;
  REQUIRE(parse_json(json, tree, issues));
  std::vector<std::string> paths;
  for (const PayloadIssue& issue : issues) {
    CHECK(issue.code == IssueCode::invalid_text);
    paths.push_back(issue.path);
  }
  return paths;
}

}  // namespace

TEST_CASE("payload JSON: every value is written again as it was") {
  CHECK(rewritten(R"( { "a" : [ 1 , -0.50 , 1E+400 , true , false , null ] , "b" : { } , "c" : [ ] } )") ==
        R"({"a":[1,-0.50,1E+400,true,false,null],"b":{},"c":[]})");
  CHECK(rewritten(R"({"n":1234567890123456789012345.000})") == R"({"n":1234567890123456789012345.000})");
  CHECK(rewritten(R"({"s":"\u00e9\ud83d\ude00\/\"\\\b\f\n\r\t"})") ==
        "{\"s\":\"\u00e9\U0001F600/\\\"\\\\\\u0008\\u000c\\u000a\\u000d\\u0009\"}");
  CHECK(rewritten("\"text\"") == "\"text\"");
  CHECK(rewritten(" 12 ") == "12");
}

TEST_CASE("payload JSON: of equal keys the last is kept, however they are spelt") {
  CHECK(rewritten(R"({"a":1,"b":2,"\u0061":3})") == R"({"b":2,"a":3})");
  CHECK(rewritten(R"({"x":{"a":1,"a":{"b":1,"b":2}}})") == R"({"x":{"a":{"b":2}}})");
  CHECK(rewritten(R"({"":1,"":2})") == R"({"":2})");
}

TEST_CASE("payload JSON: what is no JSON") {
  for (const std::string_view json : {"",
                                      " ",
                                      "{",
                                      "}",
                                      "[",
                                      "]",
                                      "{]",
                                      "[}",
                                      "{}}",
                                      "{}{}",
                                      "{} x",
                                      "[1,2",
                                      "[1 2]",
                                      "[1,]",
                                      "[,1]",
                                      "[,]",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{\"a\" 1}",
                                      "{\"a\":1,}",
                                      "{,}",
                                      "{\"a\":1 \"b\":2}",
                                      "{a:1}",
                                      "{'a':1}",
                                      "{1:2}",
                                      "[01]",
                                      "[-]",
                                      "[1.]",
                                      "[.5]",
                                      "[1e]",
                                      "[1e+]",
                                      "[+1]",
                                      "[0x1]",
                                      "[NaN]",
                                      "[Infinity]",
                                      "[tru]",
                                      "[truee]",
                                      "[nul]",
                                      "[True]",
                                      "nul",
                                      "[\"\\x\"]",
                                      "[\"\\u12g4\"]",
                                      "[\"\\u123\"]",
                                      "[\"a]",
                                      "[\"a\nb\"]",
                                      "[\"a\tb\"]",
                                      "[1]]",
                                      "[[1]",
                                      "{\"a\":[1}",
                                      "{\"a\":{\"b\":1]}",
                                      "[1}{2]",
                                      "1 2",
                                      "\"a\" \"b\"",
                                      "[\"a\"b]",
                                      "// x\n{}",
                                      "{/**/}",
                                      "\xef\xbb\xbf{}",
                                      "[\"\xff\"]",
                                      "[\"\xc0\x80\"]",
                                      "[\"\xed\xa0\x80\"]",
                                      "[\"\xf4\x90\x80\x80\"]",
                                      "[\"\xe2\x82\"]"}) {
    INFO("document: " << json);
    CHECK_FALSE(parses(json));
  }
  CHECK_FALSE(parses(std::string_view("[\0]", 3)));
  CHECK_FALSE(parses(std::string_view("[\"\0\"]", 5)));
}

TEST_CASE("payload JSON: depth costs no stack and ends somewhere") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(parses(nested(max_json_depth)));
  CHECK_FALSE(parses(nested(max_json_depth + 1)));
  CHECK_FALSE(parses(nested(1'000'000)));
  CHECK_FALSE(parses(std::string(1'000'000, '[')));
}

TEST_CASE("payload JSON: text that PostgreSQL cannot store") {
  CHECK(invalid_texts(R"({"a":"x\u0000y","b":["ok","\ud800"],"c/d~":{"e":"\udc00\ud800"}})") ==
        std::vector<std::string>{"/a", "/b/1", "/c~1d~0/e"});
  CHECK(invalid_texts(R"(["\ud800x","\ud800\n","\ud800\ud800","\ud83d\ude00","\uFFFF"])") ==
        std::vector<std::string>{"/0", "/1", "/2"});
  CHECK(invalid_texts("{\"\\u0000\":1}") == std::vector<std::string>{"/\uFFFD"});
  // jsonb reads a value before it drops it for a later one of the same name.
  CHECK(invalid_texts(R"({"a":"\u0000","a":1})") == std::vector<std::string>{"/a"});
}

TEST_CASE("payload JSON: numbers that numeric holds") {
  const std::string zeros(131'071, '0');
  for (const std::string& number :
       {std::string("0"), std::string("-0"), std::string("1e131071"), std::string("9.99e131071"), "1" + zeros,
        std::string("1e-16383"), std::string("0.1e-16382"), std::string("0e9999999"), std::string("10e131070"),
        std::string("0.01e131073"), std::string("1e000000000000000000000000005"), "0." + std::string(16'383, '1')}) {
    INFO("number: " << number.substr(0, 40));
    CHECK(numeric_characters(number) > 0);
  }
  // Of each the length of PostgreSQL's own text.
  for (const auto& [number, characters] : {std::pair{"0", 1},
                                           {"-0", 1},
                                           {"-0.0", 3},
                                           {"0e5", 1},
                                           {"0e-5", 7},
                                           {"-12", 3},
                                           {"1.50e1", 4},
                                           {"1e-5", 7},
                                           {"-1E-5", 8},
                                           {"0.001e5", 3},
                                           {"12.5e+2", 4},
                                           {"-1e131071", 131'073},
                                           {"1e-16383", 16'385}}) {
    INFO("number: " << number);
    CHECK(numeric_characters(number) == static_cast<std::uint64_t>(characters));
  }
  for (const std::string& number :
       {std::string("1e131072"), "1" + zeros + "0", std::string("-1e131072"), std::string("1e-16384"),
        std::string("0.1e-16383"), std::string("0e-16384"), std::string("0.01e131074"), std::string("10e131071"),
        std::string("1e1073741823"), std::string("0e1073741823"), std::string("1e99999999999999999999"),
        std::string("1e-99999999999999999999"), "0." + std::string(16'384, '1')}) {
    INFO("number: " << number.substr(0, 40));
    CHECK(numeric_characters(number) == 0);
  }
}

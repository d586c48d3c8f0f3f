// The libraries link and answer with the versions that are pinned.
#include <catch2/catch_test_macros.hpp>
#include <cstdio>
#include <string>

#include <jpeglib.h>
#include <lcms2.h>
#include <simdjson.h>
#include <webp/decode.h>
#include <webp/encode.h>
#include <zlib.h>

TEST_CASE("the bundled libraries are the pinned ones", "[dependencies]") {
  CHECK(LIBJPEG_TURBO_VERSION_NUMBER == 2001005);
  CHECK(WebPGetDecoderVersion() == 0x010500);
  CHECK(WebPGetEncoderVersion() == 0x010500);
  CHECK(std::string(zlibVersion()) == "1.2.13");
  CHECK(cmsGetEncodedCMMversion() == 2140);
  CHECK(simdjson::SIMDJSON_VERSION_MAJOR == 3);

  jpeg_error_mgr errors{};  // without methods: nothing goes wrong here
  jpeg_decompress_struct reader{};
  reader.err = &errors;
  jpeg_create_decompress(&reader);
  jpeg_destroy_decompress(&reader);

  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  const simdjson::padded_string json(std::string_view("{\"answer\": 42}"));
  REQUIRE(parser.iterate(json).get(document) == simdjson::SUCCESS);
  CHECK(document["answer"].raw_json_token().value_unsafe() == "42");
}

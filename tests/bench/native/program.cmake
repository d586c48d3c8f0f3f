# Adds the bench's native program to the build of any revision of the core:
#   cmake --preset release -B folder -DCMAKE_PROJECT_photo_core_INCLUDE=<this file> -DPHOTO_BUILD_TESTS=OFF
# Once the project is read, so that the library is there.
set(photo_core_bench_source ${CMAKE_CURRENT_LIST_DIR}/photo_core_bench.cpp)
cmake_language(DEFER CALL add_executable photo_core_bench ${photo_core_bench_source})
cmake_language(DEFER CALL target_link_libraries photo_core_bench PRIVATE photo_core)

# One target per folder of src/, so that a breach of the dependency direction fails to link.
#
#   holdfast_folder(journal DEPENDS base world model LINKS OpenSSL::Crypto [SUBFOLDERS real sim])
#
# Every *.cpp of the folder joins holdfast_journal; every *_test.cpp joins the test program
# journal_test, which ctest runs. Public headers are included as "journal/writer.h".
include(GoogleTest)

function(holdfast_folder name)
  cmake_parse_arguments(FOLDER "" "" "DEPENDS;LINKS;SUBFOLDERS;TEST_LINKS;TEST_DEPENDS" ${ARGN})
  set(patterns ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  foreach(sub ${FOLDER_SUBFOLDERS})
    list(APPEND patterns ${CMAKE_CURRENT_SOURCE_DIR}/${sub}/*.cpp)
  endforeach()
  file(GLOB all CONFIGURE_DEPENDS ${patterns})
  set(tests ${all})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  set(sources ${all})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  set(target holdfast_${name})
  if(sources)
    add_library(${target} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${target} ${scope} ${PROJECT_SOURCE_DIR}/src)
  list(TRANSFORM FOLDER_DEPENDS PREPEND holdfast_)
  list(TRANSFORM FOLDER_TEST_DEPENDS PREPEND holdfast_)
  target_link_libraries(${target} ${scope} ${FOLDER_DEPENDS} ${FOLDER_LINKS} fmt::fmt)
  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ${target} ${FOLDER_TEST_DEPENDS}
                          ${FOLDER_TEST_LINKS} GTest::gtest GTest::gmock GTest::gtest_main)
    # Under clang with sanitizers a test file takes three times as long to compile optimised.
    target_compile_options(${name}_test PRIVATE $<$<CONFIG:Debug>:-O0>)
    add_test(NAME ${name} COMMAND ${name}_test)
    set_tests_properties(${name} PROPERTIES TIMEOUT 900)
  endif()
endfunction()

# o365_embed(name folder...) makes the object library <name>: every file of the folders as o365::embedded_files(), see
# lib/pages/pages.h. A program links one of them.
# A file is named by its path below its folder's parent: templates/landing.mustache, static/o365.css, strings/en.json.
# FILES file... adds single ones.
function(o365_embed name)
  cmake_parse_arguments(embed "" "" "FILES" ${ARGN})
  set(inputs ${embed_FILES})
  foreach(folder ${embed_UNPARSED_ARGUMENTS})
    file(GLOB found CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*)
    list(APPEND inputs ${found})
  endforeach()
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -D OUTPUT=${output} -D "INPUTS=${inputs}" -P ${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake
    DEPENDS ${inputs} ${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake
    COMMENT "Embedding ${name}"
    VERBATIM)
  add_library(${name} OBJECT ${output})
  target_link_libraries(${name} PRIVATE o365_pages)
endfunction()

# o365_embed(target folder...) compiles every file of the folders into the target as o365::embedded_files(), see lib/pages/pages.h.
# A file is named by its path below its folder's parent: templates/landing.mustache, static/o365.css, strings/en.json.
# FILES file... adds single ones.
function(o365_embed target)
  cmake_parse_arguments(embed "" "" "FILES" ${ARGN})
  set(inputs ${embed_FILES})
  foreach(folder ${embed_UNPARSED_ARGUMENTS})
    file(GLOB found CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*)
    list(APPEND inputs ${found})
  endforeach()
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${target}_embedded.cpp)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -D OUTPUT=${output} -D "INPUTS=${inputs}" -P ${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake
    DEPENDS ${inputs} ${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake
    COMMENT "Embedding pages of ${target}"
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()

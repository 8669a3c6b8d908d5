# Compiles the migrations in: each NNNN_name.sql becomes an entry of
# atlas::store::built_in_migrations(), in the order of the numbers. Adds to `system_sources`.
file(GLOB migration_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/system/store/migrations/*.sql)
list(SORT migration_files)
set(entries)
foreach(file ${migration_files})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    get_filename_component(stem ${file} NAME_WE)
    if(NOT stem MATCHES "^0*([1-9][0-9]*)_([a-z0-9_]+)$")
        message(FATAL_ERROR "${file}: migrations are named NNNN_name.sql")
    endif()
    set(version ${CMAKE_MATCH_1})
    set(name ${CMAKE_MATCH_2})
    file(READ ${file} text)
    string(APPEND entries "        {${version}, \"${name}\", R\"SQL(${text})SQL\"},\n")
endforeach()
set(migrations_source ${CMAKE_BINARY_DIR}/built_in_migrations.cpp)
file(CONFIGURE OUTPUT ${migrations_source} @ONLY CONTENT [[
// Made from system/store/migrations by system/store/embed_migrations.cmake.
#include "system/store/migrations.hpp"

std::vector<atlas::store::Migration> atlas::store::built_in_migrations() {
    return {
@entries@    };
}
]])
list(APPEND system_sources ${migrations_source})

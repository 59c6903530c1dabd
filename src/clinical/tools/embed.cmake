# Writes the files of TABLES into OUTPUT as the rows of shipped_tables(): clinical/shipped.h.
set(rows "")
foreach(table ${TABLES})
  get_filename_component(name ${table} NAME_WE)
  file(READ ${table} text)
  string(APPEND rows "    {\"${name}\", \"clinical/${name}.toml\", R\"holdfast(${text})holdfast\"},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"clinical/shipped.h\"\n\nnamespace holdfast::clinical {\n\n"
  "std::span<const TableText> shipped_tables() {\n  static constexpr TableText tables[] = {\n${rows}  };\n"
  "  return tables;\n}\n\n}  // namespace holdfast::clinical\n")

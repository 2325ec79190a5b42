# Writes INPUT (a text file) as the C string sqlauth_schema_sql into OUTPUT, one literal per line.
file(READ ${INPUT} text)
string(REPLACE "\\" "\\\\" text "${text}")
string(REPLACE "\"" "\\\"" text "${text}")
string(REPLACE "\n" "\\n\"\n\t\"" text "${text}")
file(WRITE ${OUTPUT} "#include \"sqlauth/store.h\"\n\nconst char sqlauth_schema_sql[] =\n\t\"${text}\";\n")

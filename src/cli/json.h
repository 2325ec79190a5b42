/* Writing JSON (RFC 8259) on stdout. */
#ifndef SQLAUTH_CLI_JSON_H
#define SQLAUTH_CLI_JSON_H

/* What a column is, and so how it is written. NULL is null whatever the kind. */
enum cli_json_kind {
	CLI_JSON_TEXT,
	CLI_JSON_NUMBER, /* an integer in decimal */
	CLI_JSON_FLAG,   /* "0" or "1": false or true */
	CLI_JSON_RAW,    /* JSON already, in whose strings bytes that are no UTF-8 become U+FFFD */
};

/* A string in quotes. Bytes that are no UTF-8 become U+FFFD. */
void cli_json_print_string(const char *text);

void cli_json_print_value(enum cli_json_kind kind, const char *text);

#endif

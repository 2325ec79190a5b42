/* Listings: a page of rows as a table for people or as JSON for programs, with search, page and page length. */
#ifndef SQLAUTH_CLI_LISTING_H
#define SQLAUTH_CLI_LISTING_H

#include <stdbool.h>

#include "database.h"
#include "json.h"

#define CLI_PER_PAGE_DEFAULT 50
#define CLI_PER_PAGE_MAX     100000

struct cli_column {
	const char *title; /* of the table; NULL: not in it; of CLI_JSON_RAW: of a line below the row */
	const char *key;   /* in JSON; NULL: not in it */
	enum cli_json_kind kind;
};

struct cli_listing {
	const char *noun;                 /* plural with an s, the key of the rows in JSON: "clients" */
	enum sqlauth_admin_action count;  /* (search) */
	enum sqlauth_admin_action rows;   /* (search, at most, skipped) */
	const struct cli_column *columns; /* ended by a NULL title and key */
};

/* The values of the options that every listing has; NULL where not given. */
struct cli_page_options {
	const char *search, *page, *per_page, *json;
};

#define CLI_LISTING_OPTION_SEARCH                                                                                      \
	{                                                                                                              \
		"search", 's', "TEXT", "only rows in which this text is found"                                         \
	}
#define CLI_LISTING_OPTION_PAGE                                                                                        \
	{                                                                                                              \
		"page", 0, "N", "the page to show; default: 1"                                                         \
	}
#define CLI_LISTING_OPTION_PER_PAGE                                                                                    \
	{                                                                                                              \
		"per-page", 0, "N", "rows of a page; default: 50"                                                      \
	}
#define CLI_LISTING_OPTION_JSON                                                                                        \
	{                                                                                                              \
		"json", 0, NULL, "JSON instead of a table"                                                             \
	}

/* Opens the database and prints the page. A page beyond the last one is empty, and no error. */
enum cli_status cli_listing_print(const struct cli_arguments *arguments, const struct cli_listing *listing,
	const struct cli_page_options *options) __attribute__((warn_unused_result));

/* Prints all rows that the action gives for these parameters, as a table (indented by two; nothing where there are
 * none) or as a JSON array. */
enum cli_status cli_listing_print_all(struct cli_database *database, enum sqlauth_admin_action action,
	const char *const *values, size_t count, const struct cli_column *columns, bool is_json)
	__attribute__((warn_unused_result));

/* An integer of an option from 1 to `highest`. USAGE, with the message printed. */
enum cli_status cli_parse_number(const struct cli_arguments *arguments, const char *option, const char *text,
	int64_t highest, int64_t *number_r) __attribute__((warn_unused_result));

#endif
